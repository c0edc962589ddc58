//! What the database is set to, what our account may do there, and how far the keys are from it.

use store::keystore::Separation;
use store::{Db, Kind};

use super::{Finding, either, good, warning, wrong};
use crate::config::Settings;
use crate::startup;

/// Its settings.
pub(super) fn look(db: &Db) -> Vec<Finding> {
    match store::inspect::settings(db) {
        Ok(settings) => settings.iter().map(|(name, value)| judge(db.kind(), name, value)).collect(),
        Err(error) => vec![wrong(format!("database: {error}"))],
    }
}

/// What is stored there and by which rights.
pub(super) fn look_at_tables(db: &Db) -> Vec<Finding> {
    if db.kind() == Kind::Sqlite {
        return vec![good("database: a file; whoever may write it may change the audit in it")];
    }
    let mut findings = Vec::new();
    match store::inspect::sampled_columns(db) {
        Ok(sampled) if sampled.is_empty() => findings.push(good("statistics: off for all that is sealed")),
        Ok(sampled) => findings.push(wrong(format!("statistics: samples are kept of {}", sampled.join(", ")))),
        Err(error) => findings.push(wrong(format!("statistics: {error}"))),
    }
    match store::inspect::rights_over_the_audit(db) {
        Ok(rights) if rights.is_empty() => findings.push(good("audit: the service's account can only add to it")),
        Ok(rights) => findings.push(warning(format!(
            "audit: the service's account has more rights than to add: {}; give it an account that does not own the tables",
            rights.join(", ")
        ))),
        Err(error) => findings.push(wrong(format!("audit: {error}"))),
    }
    findings
}

/// Whether keys and content have one server.
pub(super) fn look_at_keystore(settings: &Settings, db: &Db) -> Vec<Finding> {
    let keys = match startup::keystore_database(&settings.keystore) {
        Ok(Some(keys)) => keys,
        Ok(None) => return Vec::new(),
        Err(error) => return vec![wrong(format!("{error:#}"))],
    };
    vec![match keys.separation(db) {
        Ok(Separation::Apart) => good("keystore: on another server than the database"),
        Ok(Separation::SameServer) => {
            warning("keystore: on the database's own server: one base backup or snapshot holds both")
        }
        Ok(Separation::SameDatabase) => wrong("keystore: is the service's own database"),
        Err(error) => wrong(format!("keystore: {error}")),
    }]
}

/// One setting; those not named here are told as they are.
fn judge(kind: Kind, name: &str, value: &str) -> Finding {
    let said = format!("database: {name} is {}", if value.is_empty() { "empty" } else { value });
    match (kind, name, value) {
        (Kind::Postgresql, "synchronous_commit" | "fsync", "off") => {
            wrong(format!("{said}: what was acknowledged may be lost, audit records included"))
        }
        (Kind::Postgresql, "synchronous_commit", "local") => {
            warning(format!("{said}: a fail-over may lose what was acknowledged"))
        }
        (Kind::Postgresql, "full_page_writes", "off") => {
            warning(format!("{said}: a power cut may tear pages, unless the file system writes them whole"))
        }
        (Kind::Postgresql, "synchronous_standby_names", "") => {
            warning(format!("{said}: no replica confirms a commit; with fail-over, acknowledged writes can be lost"))
        }
        (Kind::Sqlite, "secure_delete", _) => {
            either(value == "1", &said, wrong(format!("{said}: what is deleted stays in the file")))
        }
        (Kind::Sqlite, "journal_mode", _) => either(value == "wal", &said, wrong(said.clone())),
        (Kind::Sqlite, "synchronous", _) => either(value == "2", &said, wrong(said.clone())),
        _ => good(said.clone()),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::Grade;
    use super::*;

    #[rstest]
    #[case(Kind::Postgresql, "synchronous_commit", "on", Grade::Good)]
    #[case(Kind::Postgresql, "synchronous_commit", "off", Grade::Wrong)]
    #[case(Kind::Postgresql, "synchronous_commit", "local", Grade::Warning)]
    #[case(Kind::Postgresql, "full_page_writes", "off", Grade::Warning)]
    #[case(Kind::Postgresql, "archive_mode", "on", Grade::Good)]
    #[case(Kind::Sqlite, "secure_delete", "1", Grade::Good)]
    #[case(Kind::Sqlite, "secure_delete", "2", Grade::Wrong)]
    #[case(Kind::Sqlite, "journal_mode", "delete", Grade::Wrong)]
    fn settings_are_judged(#[case] kind: Kind, #[case] name: &str, #[case] value: &str, #[case] grade: Grade) {
        assert_eq!(judge(kind, name, value).grade, grade);
    }
}
