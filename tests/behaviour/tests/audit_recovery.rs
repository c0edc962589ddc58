//! Recovery of the audit after a node is killed. Some of its audit numbers are then uncertain:
//! their records may or may not have been committed. The next start resolves them without reporting
//! a fault, and a deleted record is still detected.

use std::path::PathBuf;

use behaviour::{DatabaseKind, HOME_PARTNERSHIP, TestApp, User};
use ledger::{Hash, JournalLine};
use service::{AuditReport, ServiceError};

/// How many times the node is killed.
const ROUNDS: i64 = 4;
/// Numbers that each run had written to its journal without committing their records.
const UNCOMMITTED: i64 = 3;
/// Committed records that each run had not yet noted as committed in its journal.
const UNCONFIRMED: usize = 5;

#[test]
fn killed_runs_leave_no_fault_and_hide_none_on_sqlite() {
    kill_and_recover_repeatedly(DatabaseKind::Sqlite);
}

#[test]
fn killed_runs_leave_no_fault_and_hide_none_on_postgresql() {
    kill_and_recover_repeatedly(DatabaseKind::Postgresql);
}

fn kill_and_recover_repeatedly(kind: DatabaseKind) {
    let mut app = TestApp::start(kind);
    let _ = app.seed();
    for round in 1..=ROUNDS {
        for _ in 0..10 {
            let _ = app.as_user(User::OWNER).get("/v1/me").expect_ok();
        }
        if round % 2 == 0 {
            app.service.kernel.sequence_audit().unwrap();
        }
        let ended_run = app.db.audit_sequence().unwrap().run();
        app.restart();
        let last_confirmed = truncate_journal(&app, ended_run);
        assert_eq!(verify(&app).faults, [], "round {round}, before recovery");
        assert_eq!(
            app.service.kernel.recover_audit().unwrap(),
            u32::try_from(UNCOMMITTED).unwrap()
        );
        app.service.kernel.sequence_audit().unwrap();
        let report = verify(&app);
        assert_eq!(
            (report.faults, report.pending),
            (Vec::new(), 0),
            "round {round}"
        );
        let found = verify_with_deleted(
            &app,
            &format!(
                "run_id = {} AND number = {last_confirmed}",
                uuid_literal(kind, ended_run)
            ),
        );
        assert!(
            found.fault_count > 0,
            "round {round}: a deleted record was not detected"
        );
        let void_number = last_confirmed + i64::try_from(UNCONFIRMED).unwrap() + 1;
        let found = verify_with_deleted(
            &app,
            &format!(
                "run_id = {} AND number = {void_number}",
                uuid_literal(kind, ended_run)
            ),
        );
        assert!(
            found.fault_count > 0,
            "round {round}: a deleted void record was not detected"
        );
    }
    let voids = behaviour::raw_db::query_count(
        &app,
        "SELECT COUNT(*) AS count FROM audit_records WHERE operation = 'record.void'",
    );
    assert_eq!(
        voids,
        ROUNDS * UNCOMMITTED,
        "one for each uncertain number, regardless of the number of restarts"
    );
    for file in journal_files(&app) {
        let name = file.file_name().unwrap().to_str().unwrap()[..36].to_owned();
        let highest = behaviour::raw_db::query_count(
            &app,
            &format!(
                "SELECT COALESCE(MAX(number), 0) AS count FROM audit_records WHERE run_id = {}",
                uuid_literal(kind, name.parse().unwrap())
            ),
        );
        for line in store::journal::read_lines(&file).unwrap() {
            if let JournalLine::Written { number, .. } = line {
                assert!(
                    number <= highest,
                    "{name} has a line about number {number}, but its highest number is {highest}"
                );
            }
        }
    }
}

/// Changes the journal of an ended run so that it looks as if the run had been killed. Returns the
/// last number that the journal notes as committed.
fn truncate_journal(app: &TestApp, run: uuid::Uuid) -> i64 {
    let file = journal_files(app)
        .into_iter()
        .find(|file| file.to_str().unwrap().contains(&run.to_string()))
        .unwrap();
    let lines = store::journal::read_lines(&file).unwrap();
    let numbers = lines.iter().filter_map(|line| match line {
        JournalLine::Committed {
            partnership,
            number,
        } => Some((*partnership, *number)),
        JournalLine::Written { .. }
        | JournalLine::VoidFilled { .. }
        | JournalLine::CheckpointSigned { .. } => None,
    });
    let (partnership, last) = numbers.max_by_key(|(_, number)| *number).unwrap();
    let last_confirmed = last - i64::try_from(UNCONFIRMED).unwrap();
    let kept = lines.iter().filter(
        |line| !matches!(line, JournalLine::Committed { number, .. } if *number > last_confirmed),
    );
    let uncommitted = (last + 1..=last + UNCOMMITTED).map(|number| JournalLine::Written {
        partnership,
        number,
        hash: Hash::empty_tree(),
    });
    let text: String = kept
        .copied()
        .chain(uncommitted)
        .map(|line| format!("{line}\n"))
        .collect();
    std::fs::write(&file, text).unwrap();
    last_confirmed
}

fn journal_files(app: &TestApp) -> Vec<PathBuf> {
    let runs = store::journal::list_runs(&app.folder.path().join("journal")).unwrap();
    runs.into_iter().flat_map(|(_, files)| files).collect()
}

fn verify(app: &TestApp) -> AuditReport {
    app.service
        .kernel
        .verify_audit(
            HOME_PARTNERSHIP,
            &app.service.kernel.log_key(HOME_PARTNERSHIP).unwrap(),
            &[],
        )
        .unwrap()
}

/// Verifies the audit in a transaction that deletes the selected records, and rolls it back.
fn verify_with_deleted(app: &TestApp, condition: &str) -> AuditReport {
    let triggers = match app.db.kind() {
        DatabaseKind::Sqlite => "DROP TRIGGER audit_records_no_delete;",
        DatabaseKind::Postgresql => "DROP TRIGGER audit_records_append_only ON audit_records;",
    };
    let key = app.service.kernel.log_key(HOME_PARTNERSHIP).unwrap();
    let mut report = None;
    let rolled_back = app.db.write("tamper", |tx| {
        store::testing::execute_batch(tx, triggers)?;
        store::testing::execute_batch(tx, &format!("DELETE FROM audit_records WHERE {condition}"))?;
        report = Some(
            app.service
                .kernel
                .verify_audit_in(tx, HOME_PARTNERSHIP, &key, &[])?,
        );
        Err::<(), _>(ServiceError::Stale)
    });
    assert!(
        matches!(rolled_back, Err(ServiceError::Stale)),
        "{rolled_back:?}"
    );
    report.unwrap()
}

fn uuid_literal(kind: DatabaseKind, id: uuid::Uuid) -> String {
    match kind {
        DatabaseKind::Sqlite => format!("x'{}'", id.simple()),
        DatabaseKind::Postgresql => format!("'{id}'"),
    }
}
