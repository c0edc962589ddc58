//! Three portable SQL types, and the conversions of domain types to them.
//!
//! | type | PostgreSQL | SQLite |
//! |---|---|---|
//! | [`Id`] | `uuid` | `BLOB`, 16 bytes |
//! | [`UtcTimestamp`] | `timestamptz` | `INTEGER`, microseconds since 1970 |
//! | [`EnumText`] | `text` | `TEXT` |

use diesel::deserialize::{self, FromSql, Queryable};
use diesel::expression::{AsExpression, TypedExpressionType};
use diesel::internal::derives::as_expression::Bound;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, IsNull, Output, ToSql};
use diesel::sql_types::is_nullable::NotNull;
use diesel::sql_types::{BigInt, Binary, HasSqlType, SqlOrd, SqlType, Text};
use diesel::sqlite::Sqlite;
use diesel::{backend::Backend, query_builder::QueryId};
use std::fmt;
use std::io::Write as _;
use uuid::Uuid;

use crate::connection::{MultiBackend, MultiRawValue};

/// An identifier.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 2950, array_oid = 2951))]
#[diesel(sqlite_type(name = "Binary"))]
pub struct Id;

/// An instant, to the microsecond.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 1184, array_oid = 1185))]
#[diesel(sqlite_type(name = "Long"))]
pub struct UtcTimestamp;

impl SqlOrd for UtcTimestamp {}
impl SqlOrd for Id {}

/// A value of a closed list, stored as a word.
#[derive(Debug, Clone, Copy, Default, SqlType, QueryId)]
#[diesel(postgres_type(oid = 25, array_oid = 1009))]
#[diesel(sqlite_type(name = "Text"))]
pub struct EnumText;

/// A domain value bound in a condition. (The value itself cannot be an expression: the type, the
/// trait and the blanket implementation belong to three other crates.)
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bind<T>(pub(crate) T);

impl<T, ST, DB> ToSql<ST, DB> for Bind<T>
where
    DB: Backend,
    T: ToSql<ST, DB> + fmt::Debug,
{
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, DB>) -> serialize::Result {
        self.0.to_sql(out)
    }
}

/// One of the SQL types of this module.
pub(crate) trait PortableType: SqlType<IsNull = NotNull> + TypedExpressionType {}

impl PortableType for Id {}
impl PortableType for UtcTimestamp {}
impl PortableType for EnumText {}

impl<T, ST: PortableType> AsExpression<ST> for Bind<T> {
    type Expression = Bound<ST, Self>;

    fn as_expression(self) -> Self::Expression {
        Bound::new(self)
    }
}

impl<ST> HasSqlType<ST> for MultiBackend
where
    ST: PortableType,
    Pg: HasSqlType<ST>,
    Sqlite: HasSqlType<ST>,
{
    fn metadata(lookup: &mut Self::MetadataLookup) -> Self::TypeMetadata {
        Self::lookup_sql_type::<ST>(lookup)
    }
}

/// A stored value that is invalid for its type.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("not a valid {0}")]
pub(crate) struct InvalidValue(pub(crate) &'static str);

/// Implements the conversions between Rust types and a portable SQL type: for the connection to
/// either database, and, for types that are stored as another Rust type is (`as`), for each of the
/// two databases. One generic implementation cannot do it, because neither diesel's traits nor the
/// Rust types belong to this crate.
macro_rules! portable_values {
    ($sql:ident: $($type:ty),+ $(,)?) => {$(
        impl ToSql<$sql, MultiBackend> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, MultiBackend>) -> serialize::Result {
                out.set_value(($sql, self));
                Ok(IsNull::No)
            }
        }

        impl FromSql<$sql, MultiBackend> for $type {
            fn from_sql(value: MultiRawValue<'_>) -> deserialize::Result<Self> {
                value.from_sql::<Self, $sql>()
            }
        }

        impl<DB> Queryable<$sql, DB> for $type
        where
            DB: Backend,
            Self: FromSql<$sql, DB>,
        {
            type Row = Self;

            fn build(row: Self) -> deserialize::Result<Self> {
                Ok(row)
            }
        }
    )+};
    ($sql:ident as $stored_sql:ident, |$value:ident| $to:expr, $from:expr; $($type:ty),+ $(,)?) => {$(
        portable_values!($sql: $type);
        portable_values!(Pg: $sql as $stored_sql, |$value| $to, $from, $type);
        portable_values!(Sqlite: $sql as $stored_sql, |$value| $to, $from, $type);
    )+};
    ($backend:ident: $sql:ident as $stored_sql:ident, |$value:ident| $to:expr, $from:expr, $type:ty) => {
        impl ToSql<$sql, $backend> for $type {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, $backend>) -> serialize::Result {
                let $value = self;
                ToSql::<$stored_sql, $backend>::to_sql($to, out)
            }
        }

        impl FromSql<$sql, $backend> for $type {
            fn from_sql(value: <$backend as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
                FromSql::<$stored_sql, $backend>::from_sql(value).and_then($from)
            }
        }
    };
}

// An identifier whose kind is in another column: a hold's target, an audit record's object.
portable_values!(Id: Uuid);

impl ToSql<Id, Pg> for Uuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(self.as_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<Id, Sqlite> for Uuid {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_bytes().as_slice());
        Ok(IsNull::No)
    }
}

impl FromSql<Id, Pg> for Uuid {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        uuid_from(value.as_bytes())
    }
}

impl FromSql<Id, Sqlite> for Uuid {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        uuid_from(&<Vec<u8> as FromSql<Binary, Sqlite>>::from_sql(value)?)
    }
}

fn uuid_from(bytes: &[u8]) -> deserialize::Result<Uuid> {
    Uuid::from_slice(bytes).map_err(|_| InvalidValue("identifier").into())
}

portable_values!(
    Id as Id, |id| &id.0, |id: Uuid| Ok(Self(id));
    domain::PartnershipId,
    domain::AgencyId,
    domain::PractitionerId,
    domain::PersonId,
    domain::FamilyId,
    domain::ChronologyId,
    domain::InvitationId,
    domain::FragmentId,
    domain::EntryId,
    domain::ConsolidationId,
    domain::PersonLinkId,
    domain::LinkDecisionId,
    domain::HoldId,
    domain::AddressRefusalId,
    domain::DestructionRequestId,
    domain::EmergencyAccessId,
    domain::AuditId,
    domain::DeletionCertificateId,
    domain::OutboxId,
    domain::RequestId,
);

portable_values!(UtcTimestamp: domain::Instant);

/// Microseconds from 1970 to 2000, the epoch of PostgreSQL.
const POSTGRESQL_EPOCH: i64 = 946_684_800_000_000;

impl ToSql<UtcTimestamp, Pg> for domain::Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        out.write_all(&(self.as_micros() - POSTGRESQL_EPOCH).to_be_bytes())?;
        Ok(IsNull::No)
    }
}

impl ToSql<UtcTimestamp, Sqlite> for domain::Instant {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Sqlite>) -> serialize::Result {
        out.set_value(self.as_micros());
        Ok(IsNull::No)
    }
}

impl FromSql<UtcTimestamp, Pg> for domain::Instant {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let micros = <i64 as FromSql<BigInt, Pg>>::from_sql(value)?;
        instant_from(micros.checked_add(POSTGRESQL_EPOCH))
    }
}

impl FromSql<UtcTimestamp, Sqlite> for domain::Instant {
    fn from_sql(value: <Sqlite as Backend>::RawValue<'_>) -> deserialize::Result<Self> {
        instant_from(Some(<i64 as FromSql<BigInt, Sqlite>>::from_sql(value)?))
    }
}

/// Refuses `infinity` and years that RFC 3339 cannot represent instead of clamping them: this
/// program never writes them.
fn instant_from(micros: Option<i64>) -> deserialize::Result<domain::Instant> {
    let micros = micros.ok_or(InvalidValue("instant"))?;
    let instant = domain::Instant::from_micros(micros);
    if instant.as_micros() == micros {
        Ok(instant)
    } else {
        Err(InvalidValue("instant").into())
    }
}

portable_values!(
    EnumText as Text, |word| word.as_str(), enum_from_text;
    domain::AgencyKind,
    domain::PersonKind,
    domain::Purpose,
    domain::ChronologyState,
    domain::InvitationState,
    domain::DeclineReason,
    domain::Marking,
    domain::LinkVerdict,
    domain::EmergencyReason,
    domain::ReviewFinding,
    domain::DestructionReason,
    domain::SnapshotKept,
    domain::OutboxEvent,
    domain::OutboxSubject,
    domain::FragmentState,
    domain::HoldScope,
    domain::PersonLinkBand,
    domain::PersonLinkState,
    domain::PersonVerdict,
    domain::SubmissionOutcome,
    domain::TombstoneKind,
    domain::TombstoneReason,
);

/// Parses a word of a closed list. An unknown word is an error, never a default: a state must not
/// be guessed.
fn enum_from_text<T: std::str::FromStr<Err = domain::UnknownVariant>>(
    text: String,
) -> deserialize::Result<T> {
    text.parse()
        .map_err(|unknown: domain::UnknownVariant| InvalidValue(unknown.name).into())
}
