//! A node that is killed leaves numbers behind of which nobody knows whether their records were committed. The next start
//! settles them without a false fault, and what somebody takes out is found all the same.

use std::path::PathBuf;

use behaviour::{HOME, Kind, TestApp, User};
use ledger::{Hash, Line};
use service::{AuditReport, ServiceError};

/// How often the node is killed.
const ROUNDS: i64 = 4;
/// Records that each run was about to commit.
const ABOUT: i64 = 3;
/// Committed records that each run had no time to settle in its journal.
const UNSETTLED: usize = 5;

#[test]
fn leave_no_fault_and_hide_none_on_sqlite() {
    killed_again_and_again(Kind::Sqlite);
}

#[test]
fn leave_no_fault_and_hide_none_on_postgresql() {
    killed_again_and_again(Kind::Postgresql);
}

fn killed_again_and_again(kind: Kind) {
    let mut app = TestApp::start(kind);
    let _ = app.seed();
    for round in 1..=ROUNDS {
        for _ in 0..10 {
            let _ = app.by(User::OWNER).get("/v1/me").ok();
        }
        if round % 2 == 0 {
            app.service.sequence_audit().unwrap();
        }
        let ended = app.db.book().unwrap().run();
        app.restart();
        let settled = cut_short(&app, ended);
        assert_eq!(verify(&app).faults, [], "round {round}, before the next start has looked");
        assert_eq!(app.service.recover_audit().unwrap(), u32::try_from(ABOUT).unwrap());
        app.service.sequence_audit().unwrap();
        let report = verify(&app);
        assert_eq!((report.faults, report.pending), (Vec::new(), 0), "round {round}");
        let found = without(&app, &format!("run_id = {} AND number = {settled}", literal(kind, ended)));
        assert!(found.fault_count > 0, "round {round}: a record that was taken out was not found");
        let void = settled + i64::try_from(UNSETTLED).unwrap() + 1;
        let found = without(&app, &format!("run_id = {} AND number = {void}", literal(kind, ended)));
        assert!(found.fault_count > 0, "round {round}: a void record that was taken out was not found");
    }
    let voids =
        behaviour::raw::count(&app, "SELECT COUNT(*) AS count FROM audit_records WHERE operation = 'record.void'");
    assert_eq!(voids, ROUNDS * ABOUT, "one for each number, however often the service started");
    for file in journals(&app) {
        let name = file.file_name().unwrap().to_str().unwrap()[..36].to_owned();
        let highest = behaviour::raw::count(
            &app,
            &format!(
                "SELECT COALESCE(MAX(number), 0) AS count FROM audit_records WHERE run_id = {}",
                literal(kind, name.parse().unwrap())
            ),
        );
        for line in store::journal::lines(&file).unwrap() {
            if let Line::Written { number, .. } = line {
                assert!(number <= highest, "{name} has a line about number {number} and took {highest}");
            }
        }
    }
}

/// Makes the journal of a run that ended look as if it had been killed; gives the last number that it knows to be committed.
fn cut_short(app: &TestApp, run: uuid::Uuid) -> i64 {
    let file = journals(app).into_iter().find(|file| file.to_str().unwrap().contains(&run.to_string())).unwrap();
    let lines = store::journal::lines(&file).unwrap();
    let numbers = lines.iter().filter_map(|line| match line {
        Line::Settled { partnership, number } => Some((*partnership, *number)),
        Line::Written { .. } | Line::Filled { .. } | Line::Signed { .. } => None,
    });
    let (home, last) = numbers.max_by_key(|(_, number)| *number).unwrap();
    let settled = last - i64::try_from(UNSETTLED).unwrap();
    let kept = lines.iter().filter(|line| !matches!(line, Line::Settled { number, .. } if *number > settled));
    let about =
        (last + 1..=last + ABOUT).map(|number| Line::Written { partnership: home, number, hash: Hash::of_nothing() });
    let text: String = kept.copied().chain(about).map(|line| format!("{line}\n")).collect();
    std::fs::write(&file, text).unwrap();
    settled
}

fn journals(app: &TestApp) -> Vec<PathBuf> {
    let runs = store::journal::runs(&app.folder.path().join("journal")).unwrap();
    runs.into_iter().flat_map(|(_, files)| files).collect()
}

fn verify(app: &TestApp) -> AuditReport {
    app.service.verify_audit(HOME, &app.service.log_key(HOME).unwrap(), &[]).unwrap()
}

/// Verifies as if a record had been taken out.
fn without(app: &TestApp, condition: &str) -> AuditReport {
    let triggers = match app.db.kind() {
        Kind::Sqlite => "DROP TRIGGER audit_records_no_delete;",
        Kind::Postgresql => "DROP TRIGGER audit_records_append_only ON audit_records;",
    };
    let key = app.service.log_key(HOME).unwrap();
    let mut report = None;
    let undone = app.db.write("tamper", |tx| {
        store::testing::execute(tx, triggers)?;
        store::testing::execute(tx, &format!("DELETE FROM audit_records WHERE {condition}"))?;
        report = Some(app.service.verify_audit_in(tx, HOME, &key, &[])?);
        Err::<(), _>(ServiceError::Stale)
    });
    assert!(matches!(undone, Err(ServiceError::Stale)), "{undone:?}");
    report.unwrap()
}

fn literal(kind: Kind, id: uuid::Uuid) -> String {
    match kind {
        Kind::Sqlite => format!("x'{}'", id.simple()),
        Kind::Postgresql => format!("'{id}'"),
    }
}
