//! Checks of the database: its settings, the rights of the service's account, and its separation
//! from the keys.

use store::keystore::Separation;
use store::{DatabaseKind, Db};

use super::{Finding, check, failure, pass, warning};
use crate::config::Settings;
use crate::startup;

/// Checks the settings.
pub(super) fn inspect(db: &Db) -> Vec<Finding> {
    match store::inspect::settings(db) {
        Ok(settings) => settings
            .iter()
            .map(|(name, value)| grade_setting(db.kind(), name, value))
            .collect(),
        Err(error) => vec![failure(format!("database: {error}"))],
    }
}

/// Checks the statistics that PostgreSQL keeps, and the rights over the audit tables.
pub(super) fn inspect_tables(db: &Db) -> Vec<Finding> {
    if db.kind() == DatabaseKind::Sqlite {
        return vec![pass(
            "database: a SQLite file; anybody who can write the file can change the audit in it",
        )];
    }
    let mut findings = Vec::new();
    match store::inspect::sampled_columns(db) {
        Ok(columns) if columns.is_empty() => {
            findings.push(pass("statistics: disabled for all sealed columns"))
        }
        Ok(columns) => findings.push(failure(format!(
            "statistics: PostgreSQL keeps samples of {}",
            columns.join(", ")
        ))),
        Err(error) => findings.push(failure(format!("statistics: {error}"))),
    }
    match store::inspect::audit_privileges(db) {
        Ok(rights) if rights.is_empty() => findings.push(pass("audit: the service's account can only insert")),
        Ok(rights) => findings.push(warning(format!(
            "audit: the service's account has more rights than inserting: {}; use an account that does not own the tables",
            rights.join(", ")
        ))),
        Err(error) => findings.push(failure(format!("audit: {error}"))),
    }
    findings
}

/// Checks whether keys and content are on one server.
pub(super) fn inspect_keystore(settings: &Settings, db: &Db) -> Vec<Finding> {
    let keystore_db = match startup::keystore_database(&settings.keystore) {
        Ok(Some(keystore_db)) => keystore_db,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![failure(format!("{error:#}"))],
    };
    vec![match keystore_db.separation(db) {
        Ok(Separation::Separate) => pass("keystore: on a different server from the database"),
        Ok(Separation::SameServer) => warning(
            "keystore: on the same server as the database: one base backup or snapshot contains both",
        ),
        Ok(Separation::SameDatabase) => {
            failure("keystore: in the service's own database; keys need a separate one")
        }
        Err(error) => failure(format!("keystore: {error}")),
    }]
}

/// Grades one setting. Settings that are not listed here pass.
fn grade_setting(kind: DatabaseKind, name: &str, value: &str) -> Finding {
    let setting = format!(
        "database: {name} is {}",
        if value.is_empty() { "empty" } else { value }
    );
    match (kind, name, value) {
        (DatabaseKind::Postgresql, "synchronous_commit" | "fsync", "off") => failure(format!(
            "{setting}: acknowledged writes, including audit records, may be lost"
        )),
        (DatabaseKind::Postgresql, "synchronous_commit", "local") => warning(format!(
            "{setting}: a fail-over may lose acknowledged writes"
        )),
        (DatabaseKind::Postgresql, "full_page_writes", "off") => warning(format!(
            "{setting}: a power failure may leave torn pages, unless the file system writes pages atomically"
        )),
        (DatabaseKind::Postgresql, "synchronous_standby_names", "") => warning(format!(
            "{setting}: no replica confirms commits; a fail-over may lose acknowledged writes"
        )),
        (DatabaseKind::Sqlite, "secure_delete", _) => check(
            value == "1",
            &setting,
            failure(format!("{setting}: deleted data stays in the file")),
        ),
        (DatabaseKind::Sqlite, "journal_mode", _) => {
            check(value == "wal", &setting, failure(setting.clone()))
        }
        (DatabaseKind::Sqlite, "synchronous", _) => {
            check(value == "2", &setting, failure(setting.clone()))
        }
        _ => pass(setting.clone()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::Severity;
    use super::*;

    #[rstest]
    #[case(DatabaseKind::Postgresql, "synchronous_commit", "on", Severity::Pass)]
    #[case(
        DatabaseKind::Postgresql,
        "synchronous_commit",
        "off",
        Severity::Failure
    )]
    #[case(
        DatabaseKind::Postgresql,
        "synchronous_commit",
        "local",
        Severity::Warning
    )]
    #[case(DatabaseKind::Postgresql, "full_page_writes", "off", Severity::Warning)]
    #[case(DatabaseKind::Postgresql, "archive_mode", "on", Severity::Pass)]
    #[case(DatabaseKind::Sqlite, "secure_delete", "1", Severity::Pass)]
    #[case(DatabaseKind::Sqlite, "secure_delete", "2", Severity::Failure)]
    #[case(DatabaseKind::Sqlite, "journal_mode", "delete", Severity::Failure)]
    fn settings_are_graded(
        #[case] kind: DatabaseKind,
        #[case] name: &str,
        #[case] value: &str,
        #[case] severity: Severity,
    ) {
        assert_eq!(grade_setting(kind, name, value).severity, severity);
    }
}
