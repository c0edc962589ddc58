//! Rows: one struct for each table, with every column.

/// Defines a row of a table: how it is read, inserted and, whole, updated. (The library's own derives cannot insert
/// values whose types belong to another crate.)
macro_rules! row {
    ($(#[$meta:meta])* $name:ident in $table:ident { $($(#[$fmeta:meta])* $field:ident: $type:ty),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq, diesel::Queryable, diesel::Selectable)]
        #[diesel(table_name = $table, check_for_backend($crate::connection::MultiBackend))]
        pub struct $name {
            $($(#[$fmeta])* pub $field: $type,)+
        }

        impl<'row> diesel::Insertable<$table::table> for &'row $name {
            type Values = <($($crate::rows::Set<'row, $table::$field, $type>,)+)
                as diesel::Insertable<$table::table>>::Values;

            fn values(self) -> Self::Values {
                diesel::Insertable::values(($(diesel::ExpressionMethods::eq($table::$field, $crate::rows::bound(&self.$field)),)+))
            }
        }

        impl diesel::internal::derives::insertable::UndecoratedInsertRecord<$table::table> for $name {}

        impl<'row> diesel::query_builder::AsChangeset for &'row $name {
            type Target = $table::table;
            type Changeset = <($($crate::rows::Set<'row, $table::$field, $type>,)+)
                as diesel::query_builder::AsChangeset>::Changeset;

            fn as_changeset(self) -> Self::Changeset {
                diesel::query_builder::AsChangeset::as_changeset(
                    ($(diesel::ExpressionMethods::eq($table::$field, $crate::rows::bound(&self.$field)),)+)
                )
            }
        }
    };
}
pub(crate) use row;

use diesel::Expression;
use diesel::dsl::Eq;
use diesel::internal::derives::as_expression::Bound;

/// A column with the value it takes.
pub(crate) type Set<'row, Column, T> = Eq<Column, Bound<<Column as Expression>::SqlType, &'row T>>;

/// A value as it is bound to a column.
pub(crate) fn bound<ST, T>(value: &T) -> Bound<ST, &T> {
    Bound::new(value)
}
