//! Row types: one struct for each table, with a field for every column.

/// Defines the row type of a table, which can be queried, inserted and used as a changeset of all
/// columns. (Diesel's derives cannot insert values whose types belong to another crate, and a function
/// cannot define a type.)
macro_rules! row {
    ($(#[$meta:meta])* $name:ident in $table:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
        #[diesel(table_name = $table, check_for_backend($crate::connection::MultiBackend))]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $type,)+
        }

        impl<'row> diesel::Insertable<$table::table> for &'row $name {
            type Values = <($($crate::columns::ColumnAssignment<'row, $table::$field, $type>,)+)
                as diesel::Insertable<$table::table>>::Values;

            fn values(self) -> Self::Values {
                diesel::Insertable::values(($(diesel::ExpressionMethods::eq($table::$field, $crate::columns::bound(&self.$field)),)+))
            }
        }

        impl diesel::internal::derives::insertable::UndecoratedInsertRecord<$table::table> for $name {}

        impl<'row> diesel::query_builder::AsChangeset for &'row $name {
            type Target = $table::table;
            type Changeset = <($($crate::columns::ColumnAssignment<'row, $table::$field, $type>,)+)
                as diesel::query_builder::AsChangeset>::Changeset;

            fn as_changeset(self) -> Self::Changeset {
                diesel::query_builder::AsChangeset::as_changeset(
                    ($(diesel::ExpressionMethods::eq($table::$field, $crate::columns::bound(&self.$field)),)+)
                )
            }
        }
    };
}
pub(crate) use row;

use diesel::Expression;
use diesel::dsl::Eq;
use diesel::internal::derives::as_expression::Bound;

/// The assignment of a value to a column.
pub(crate) type ColumnAssignment<'row, Column, T> =
    Eq<Column, Bound<<Column as Expression>::SqlType, &'row T>>;

/// Binds a value to a column.
pub(crate) fn bound<ST, T>(value: &T) -> Bound<ST, &T> {
    Bound::new(value)
}
