//! Types of columns and rows: portable SQL types, sealed bytes, closed lists, and the macro that
//! defines the row type of a table.

mod bytes;
mod rows;
mod types;

pub use bytes::{Sealed, Token};

pub(crate) use rows::{ColumnAssignment, bound, row};
pub(crate) use types::{Bind, EnumText, Id, InvalidValue, UtcTimestamp};
