//! What a database and the account we use there are like, for whoever looks after them.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};

use crate::{Db, Kind, StoreError, Tx};

/// Settings that the promises rest on, each with its value, as the database shows them.
///
/// # Errors
/// When the database fails.
pub fn settings(db: &Db) -> Result<Vec<(&'static str, String)>, StoreError> {
    let (names, query): (&[&str], fn(&str) -> String) = match db.kind() {
        Kind::Postgresql => (
            &["synchronous_commit", "fsync", "full_page_writes", "synchronous_standby_names", "archive_mode"],
            |name| format!("SELECT current_setting('{name}')"),
        ),
        Kind::Sqlite => (&["journal_mode", "synchronous", "secure_delete", "foreign_keys"], |name| {
            format!("SELECT CAST({name} AS TEXT) FROM pragma_{name}")
        }),
    };
    db.write("inspect.settings", |tx| {
        names.iter().map(|name| Ok((*name, tx.run(|c| sql::<Text>(&query(name)).get_result(c))?))).collect()
    })
}

/// What the account that we use may do to the audit on PostgreSQL, beyond adding to it: each as `RIGHT on TABLE`, and
/// `SUPERUSER` alone when it may do anything.
///
/// # Errors
/// When the database fails.
pub fn rights_over_the_audit(db: &Db) -> Result<Vec<String>, StoreError> {
    if db.kind() == Kind::Sqlite {
        return Ok(Vec::new());
    }
    db.read("inspect.rights", |tx| {
        let superuser = "SELECT rolsuper FROM pg_roles WHERE rolname = current_user";
        if tx.run(|c| sql::<Bool>(superuser).get_result::<bool>(c))? {
            return Ok(vec!["SUPERUSER".to_owned()]);
        }
        list(
            tx,
            "SELECT r.name || ' on ' || c.relname FROM pg_class c, \
             (VALUES ('UPDATE'), ('DELETE'), ('TRUNCATE')) r (name) \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace \
             AND c.relname IN ('audit_records', 'audit_tree') AND has_table_privilege(c.oid, r.name) ORDER BY 1",
        )
    })
}

/// Columns of ciphertext and wrapped keys of which PostgreSQL keeps samples as statistics, as `TABLE.COLUMN`. There should
/// be none.
///
/// # Errors
/// When the database fails.
pub fn sampled_columns(db: &Db) -> Result<Vec<String>, StoreError> {
    if db.kind() == Kind::Sqlite {
        return Ok(Vec::new());
    }
    db.read("inspect.samples", |tx| {
        list(
            tx,
            "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
             WHERE c.relkind IN ('r', 'p') AND c.relnamespace = current_schema()::regnamespace \
             AND (a.attname LIKE '%sealed' OR a.attname = 'wrapped_key') AND NOT a.attisdropped \
             AND COALESCE(a.attstattarget, -1) <> 0 ORDER BY 1",
        )
    })
}

fn list(tx: &mut Tx<'_>, query: &'static str) -> Result<Vec<String>, StoreError> {
    tx.run(|c| sql::<Text>(query).load(c))
}
