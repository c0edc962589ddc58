//! Checks of the database settings and of the account that the service uses, for administrators.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::{DatabaseKind, Db, StoreError, Tx};

/// The settings on which durability and secure deletion depend, each with its value as the database
/// reports it.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn settings(db: &Db) -> Result<Vec<(&'static str, String)>, StoreError> {
    let (names, query): (&[&str], fn(&str) -> String) = match db.kind() {
        DatabaseKind::Postgresql => (
            &[
                "synchronous_commit",
                "fsync",
                "full_page_writes",
                "synchronous_standby_names",
                "archive_mode",
            ],
            |name| format!("SELECT current_setting('{name}')"),
        ),
        DatabaseKind::Sqlite => (
            &[
                "journal_mode",
                "synchronous",
                "secure_delete",
                "foreign_keys",
            ],
            |name| format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}"),
        ),
    };
    db.write("inspect.settings", |tx| {
        names
            .iter()
            .map(|name| Ok((*name, tx.run(|c| sql::<Text>(&query(name)).get_result(c))?)))
            .collect()
    })
}

/// The privileges on the audit tables, beyond inserting, of the account that the service uses on
/// PostgreSQL: each as `RIGHT on TABLE`, or `SUPERUSER` alone for a superuser.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn audit_privileges(db: &Db) -> Result<Vec<String>, StoreError> {
    if db.kind() == DatabaseKind::Sqlite {
        return Ok(Vec::new());
    }
    db.read("inspect.privileges", |tx| {
        let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
        if tx.run(|c| sql::<Bool>(superuser).get_result::<bool>(c))? {
            return Ok(vec!["SUPERUSER".to_owned()]);
        }
        load_texts(
            tx,
            "SELECT r.name || ' on ' || c.relname FROM pg_class c, \
             (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) r (name) \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace \
             AND c.relname IN ('audit_records', 'audit_tree') AND has_table_privilege(c.oid, r.name) ORDER BY 1",
        )
    })
}

/// Columns of ciphertext and wrapped keys of which PostgreSQL keeps samples as statistics, as
/// `TABLE.COLUMN`. The list should be empty.
///
/// # Errors
/// The [errors common to all functions](crate#errors).
pub fn sampled_columns(db: &Db) -> Result<Vec<String>, StoreError> {
    if db.kind() == DatabaseKind::Sqlite {
        return Ok(Vec::new());
    }
    db.read("inspect.sampled_columns", |tx| {
        load_texts(
            tx,
            "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace \
             AND (a.attname LIKE '%sealed' OR a.attname = 'wrapped_key') AND NOT a.attisdropped \
             AND COALESCE(a.attstattarget, -1) <> 0 ORDER BY 1",
        )
    })
}

fn load_texts(tx: &mut Tx<'_>, query: &'static str) -> Result<Vec<String>, StoreError> {
    tx.run(|c| sql::<Text>(query).load(c))
}
