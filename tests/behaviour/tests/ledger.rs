//! The audit is provable: records have their places in a tree that is signed, gaps show, and tampering is found.

use behaviour::{HOME, Kind, TestApp, User, on_both, raw};
use domain::Clock as _;
use ledger::{Checkpoint, Hash, Leaf, leaf_hash, verify_consistency, verify_inclusion};
use serde_json::{Value, json};
use service::{AuditFaultKind, AuditReport, ServiceError};

fn hash(value: &Value) -> Hash {
    Hash::parse(value.as_str().unwrap()).unwrap()
}

fn path(value: &Value) -> Vec<Hash> {
    value["path"].as_array().unwrap().iter().map(hash).collect()
}

fn unbase64(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.bytes().filter_map(|byte| alphabet.iter().position(|known| *known == byte));
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for digit in digits {
        bits = bits << 6 | u32::try_from(digit).unwrap();
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held & 0xff) as u8);
        }
    }
    bytes
}

/// The latest checkpoint, verified as somebody would who has only the public key.
fn checkpoint(app: &TestApp, user: User) -> Checkpoint {
    let shown = app.by(user).get("/v1/audit/checkpoint").ok();
    let key: [u8; 32] = unbase64(&shown["public_key"]).try_into().unwrap();
    let verify = |message: &[u8], signature: &[u8]| vault::verify_signature(&key, message, signature);
    let note = shown["note"].as_str().unwrap();
    let origin = format!("chronology.example/audit/{HOME}");
    let checkpoint = Checkpoint::open(note, &origin, &key, verify).unwrap();
    assert_eq!(
        (json!(checkpoint.size), json!(checkpoint.root.to_string())),
        (shown["size"].clone(), shown["root"].clone())
    );
    checkpoint
}

fn verify(app: &TestApp) -> AuditReport {
    app.service.verify_audit(HOME, &app.service.log_key(HOME).unwrap(), &[]).unwrap()
}

on_both! {
    fn a_record_is_proved_and_the_tree_only_grows(app) {
        assert_eq!(app.by(User::OWNER).get("/v1/audit/checkpoint").status, 404, "nothing has its place yet");
        let seed = app.seed();
        app.work();
        let before = checkpoint(app, User::RETURNED);
        let _ = app.by(User::RETURNED).get(&seed.at("timeline")).ok();
        app.work();
        let after = checkpoint(app, User::AUDITOR);
        assert!(after.size > before.size);
        let grown = format!("/v1/audit/consistency?from={}&to={}", before.size, after.size);
        let proof = path(&app.by(User::STRANGER).get(&grown).ok());
        assert!(verify_consistency(before.size, before.root, after.size, after.root, &proof));
        let read = app.by(User::AUDITOR).get("/v1/audit?operation=timeline.read&limit=500").ok()["items"][0].clone();
        let id = read["id"].as_str().unwrap();
        let shown = app.by(User::AUDITOR).get(&format!("/v1/audit/records/{id}/proof?size={}", after.size)).ok();
        let leaf = unbase64(&shown["leaf"]);
        assert_eq!(hash(&shown["leaf_hash"]), leaf_hash(&leaf));
        let position = shown["position"].as_u64().unwrap();
        assert!(verify_inclusion(position, after.size, leaf_hash(&leaf), &path(&shown), after.root));
        let leaf = Leaf::from_bytes(&leaf).unwrap();
        assert_eq!((leaf.id.to_string(), leaf.operation.as_str(), leaf.outcome.as_str()), (id.to_owned(), "timeline.read", "allowed"));
        let tile = app.by(User::OWNER).get(&format!("/v1/audit/tiles/0/{}", position / 256)).ok();
        assert_eq!(hash(&tile["hashes"][usize::try_from(position % 256).unwrap()]), leaf.hash());
    }

    fn who_is_no_auditor_gets_no_record_proved_and_sizes_are_checked(app) {
        let _ = app.seed_draft();
        app.work();
        let id = app.by(User::AUDITOR).get("/v1/audit?limit=1").ok()["items"][0]["id"].as_str().unwrap().to_owned();
        let absent = app.by(User::AUDITOR).get("/v1/audit/records/01999999-0000-7000-8000-00000000dead/proof");
        let denied = app.by(User::MANAGER).get(&format!("/v1/audit/records/{id}/proof"));
        assert_eq!((absent.status, denied.status), (404, 404));
        let size = checkpoint(app, User::AUDITOR).size;
        for (question, pointer) in [
            (format!("records/{id}/proof?size=0"), "/query/size"),
            (format!("records/{id}/proof?size={}", size + 99), "/query/size"),
            (format!("records/{id}/proof?size=-1"), "/query/size"),
            (format!("records/{id}/proof?size=01"), "/query/size"),
            (format!("consistency?from=1&to={}", size + 99), "/query/to"),
            ("consistency?from=2&to=1".to_owned(), "/query/to"),
            ("consistency?from=2".to_owned(), "/query/to"),
        ] {
            let answer = app.by(User::AUDITOR).get(&format!("/v1/audit/{question}"));
            assert_eq!((answer.status, answer.json()["errors"][0]["pointer"].as_str()), (422, Some(pointer)), "{question}");
        }
        assert_eq!(app.by(User::AUDITOR).get("/v1/audit/tiles/0/900").status, 404);
        assert_eq!(app.by(User::AUDITOR).get("/v1/audit/tiles/9/0").status, 404);
    }

    fn a_clean_log_is_found_clean_whatever_was_undone(app) {
        let seed = app.seed();
        // Refusals, whose first attempt is undone, and a write that fails half way.
        for user in [User::STRANGER, User::OFFICER, User::NOBODY] {
            let _ = app.by(user).get(&seed.at("timeline"));
            let _ = app.by(user).post(&seed.at("fragments"), &json!({"zzz": 1}));
        }
        let first = verify(app);
        assert_eq!((first.fault_count, first.size), (0, 0), "{:?}", first.faults);
        assert!(first.waiting > 20);
        app.work();
        let second = verify(app);
        assert_eq!((second.fault_count, second.waiting, second.pending), (0, 0, 0), "{:?}", second.faults);
        assert_eq!(second.size, second.opened);
        assert_eq!(second.size, second.journal_lines, "the journal knows every one");
    }

    fn many_records_at_once_have_places_without_gaps(app) {
        let seed = app.seed();
        std::thread::scope(|scope| {
            for user in [User::OWNER, User::MANAGER, User::RETURNED, User::STRANGER, User::AUDITOR, User::TEAM] {
                let at = seed.at("timeline");
                scope.spawn(move || (0..12).for_each(|_| drop(app.by(user).get(&at))));
            }
            scope.spawn(|| (0..40).for_each(|_| drop(app.service.sequence_audit())));
        });
        app.work();
        let report = verify(app);
        assert_eq!((report.fault_count, report.waiting, report.pending), (0, 0, 0), "{:?}", report.faults);
        assert_eq!(report.size, u64::try_from(raw::count(app, &format!("SELECT count(*) AS count FROM audit_records WHERE partnership_id = (SELECT id FROM partnerships WHERE code = '{HOME}')"))).unwrap());
    }

    fn what_is_said_of_people_is_sealed_and_goes_with_its_period(app) {
        let seed = app.seed();
        let me = seed.people["RETURNED"].clone();
        let _ = app.by(User::RETURNED).get(&seed.at("timeline")).ok();
        app.work();
        let before = checkpoint(app, User::AUDITOR);
        let of_reader = format!("/v1/audit?practitioner={me}&operation=timeline.read");
        assert_eq!(app.by(User::AUDITOR).get(&of_reader).ok()["items"].as_array().unwrap().len(), 1);
        // Nothing in the records names the practitioner, not even as an identifier.
        let bytes = me.replace('-', "");
        let named = raw::count(app, &format!("SELECT count(*) AS count FROM audit_records WHERE {}", match app.db.kind() {
            Kind::Sqlite => format!("instr(lower(hex(sealed) || hex(coalesce(practitioner_token, ''))), '{bytes}') > 0"),
            Kind::Postgresql => format!("position('{bytes}' in encode(sealed, 'hex') || encode(coalesce(practitioner_token, ''), 'hex')) > 0"),
        }));
        assert_eq!(named, 0);
        app.pass_days(8 * 365);
        assert!(app.service.end_audit_retention(app.clock.now()).unwrap() >= 1);
        assert!(app.by(User::AUDITOR).get(&of_reader).ok()["items"].as_array().unwrap().is_empty());
        let gone = app.by(User::AUDITOR).get("/v1/audit?operation=timeline.read").ok();
        assert_eq!(gone["items"][0]["outcome"], "allowed");
        assert!(gone["items"][0]["practitioner_id"].is_null() && gone["items"][0]["request_id"].is_null());
        app.work();
        let report = verify(app);
        assert_eq!(report.fault_count, 0, "{:?}", report.faults);
        assert!(report.opened < report.size);
        let id = gone["items"][0]["id"].as_str().unwrap();
        let proof = app.by(User::AUDITOR).get(&format!("/v1/audit/records/{id}/proof?size={}", before.size)).ok();
        let leaf = leaf_hash(&unbase64(&proof["leaf"]));
        assert!(verify_inclusion(proof["position"].as_u64().unwrap(), before.size, leaf, &path(&proof), before.root));
    }

    fn when_the_tree_is_a_minute_behind_nothing_is_served_but_the_audit(app) {
        let seed = app.seed();
        app.service.sequence_audit().unwrap();
        let _ = app.by(User::OWNER).get(&seed.at("timeline")).ok();
        assert!(app.service.watch_audit().is_zero());
        app.pass(59);
        assert_eq!(app.service.watch_audit().as_secs(), 59);
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).status, 200);
        app.pass(1);
        app.service.watch_audit();
        for path in [seed.at("timeline"), seed.path.clone(), "/v1/me".to_owned(), seed.at("readers")] {
            assert_eq!(app.by(User::OWNER).get(&path).status, 503, "{path}");
        }
        assert_eq!(app.by(User::OWNER).post("/v1/people", &behaviour::inputs::adult("Rhys", "male")).status, 503);
        assert_eq!(app.by(User::AUDITOR).get("/v1/audit").status, 200);
        app.service.sequence_audit().unwrap();
        app.service.watch_audit();
        assert_eq!(app.by(User::OWNER).get(&seed.at("timeline")).status, 200, "without a restart");
    }

    fn a_number_that_stands_for_nothing_is_filled(app) {
        let seed = app.seed();
        app.work();
        // Two numbers taken and undone, with a record after them.
        let book = app.db.book().unwrap();
        let id = partnership_id(&seed, app);
        book.doubt(id, 100_000);
        assert_eq!(app.service.fill_audit().unwrap(), 1);
        app.service.sequence_audit().unwrap();
        let report = verify(app);
        assert_eq!(report.fault_count, 0, "the numbers between are expected for a minute: {:?}", report.faults);
        assert!(report.pending > 90_000);
        let voids = app.by(User::AUDITOR).get("/v1/audit?limit=500").ok();
        assert!(voids["items"].as_array().unwrap().iter().any(|item| item["operation"] == "record.void"));
    }

    fn tampering_is_found_wherever_it_is_done(app) {
        let seed = app.seed();
        // Two hundred clean logs, each one look longer than the last, most with records that have no place yet.
        let mut clean = 0;
        while clean < PLACES {
            let user = [User::OWNER, User::MANAGER, User::RETURNED, User::STRANGER][usize::try_from(clean % 4).unwrap()];
            let _ = app.by(user).get(&seed.at("timeline"));
            if clean % 3 == 0 {
                app.service.sequence_audit().unwrap();
            }
            assert_eq!(verify(app).fault_count, 0, "{:?}", verify(app).faults);
            clean += 1;
        }
        app.work();
        let every = if app.db.kind() == Kind::Sqlite { 1 } else { 8 };
        let tampering = Tampering::new(app);
        let mut found = tampering.found(&KINDS, every);
        // The same of records that have no place yet.
        for _ in 0..PLACES {
            let _ = app.by(User::OWNER).get("/v1/me").ok();
        }
        found += tampering.found(&["a record that has no place yet is taken out"], every);
        assert_eq!(found, 8 * PLACES / every);
        assert_eq!(verify(app).fault_count, 0, "every one was undone again");
    }
}

fn partnership_id(_: &behaviour::Seed, app: &TestApp) -> domain::PartnershipId {
    app.by(User::OWNER).get("/v1/partnership").id().parse().unwrap()
}

/// Ways in which somebody who has the database in hand can change the audit.
const KINDS: [&str; 7] = [
    "a word of a record is changed",
    "what a record says of people is changed",
    "a record is taken out",
    "a record is taken out with its leaf",
    "two leaves change places",
    "a record is found by another's name",
    "the tree ends earlier",
];

/// Places at which each is done; on PostgreSQL, where the same code asks the same questions, at every eighth.
const PLACES: i64 = 200;

struct Tampering<'a> {
    app: &'a TestApp,
    drop_triggers: String,
}

impl<'a> Tampering<'a> {
    fn new(app: &'a TestApp) -> Self {
        let drop_triggers = match app.db.kind() {
            Kind::Sqlite => ["records_no_update", "records_no_delete", "tree_no_update", "tree_no_delete"]
                .map(|name| format!("DROP TRIGGER audit_{name};"))
                .concat(),
            Kind::Postgresql => ["records", "tree"]
                .map(|name| format!("DROP TRIGGER audit_{name}_append_only ON audit_{name};"))
                .concat(),
        };
        Self { app, drop_triggers }
    }

    /// How many of the changes are found.
    fn found(&self, kinds: &[&str], every: i64) -> i64 {
        let mut found = 0;
        for kind in kinds {
            for place in (0..PLACES).filter(|place| place % every == 0) {
                assert!(self.done(kind, place).fault_count > 0, "{kind} at {place} was not found");
                found += 1;
            }
        }
        found
    }

    /// Verifies inside a transaction in which the audit was changed, and undoes the change.
    fn done(&self, kind: &str, place: i64) -> AuditReport {
        let key = self.app.service.log_key(HOME).unwrap();
        let mut report = None;
        let undone = self.app.db.write("tamper", |tx| {
            store::testing::execute(tx, &self.drop_triggers)?;
            store::testing::execute(tx, &self.statements(kind, place))?;
            report = Some(self.app.service.verify_audit_in(tx, HOME, &key, &[])?);
            Err::<(), _>(ServiceError::Stale)
        });
        assert!(matches!(undone, Err(ServiceError::Stale)), "{undone:?}");
        report.unwrap()
    }

    fn statements(&self, kind: &str, place: i64) -> String {
        let of = format!("(SELECT id FROM partnerships WHERE code = '{HOME}')");
        let leaf = format!("partnership_id = {of} AND level = 0 AND position = {place}");
        let placed = format!("id = (SELECT record_id FROM audit_tree WHERE {leaf})");
        let unplaced = format!(
            "id = (SELECT id FROM audit_records WHERE partnership_id = {of} AND id NOT IN (SELECT record_id FROM audit_tree WHERE level = 0) ORDER BY number LIMIT 1 OFFSET {place})"
        );
        let next = (place + 1) % 200;
        match kind {
            "a word of a record is changed" => {
                format!("UPDATE audit_records SET outcome = CASE outcome WHEN 'denied' THEN 'allowed' ELSE 'denied' END WHERE {placed}")
            }
            "what a record says of people is changed" => {
                format!("UPDATE audit_records SET sealed = (SELECT sealed FROM audit_records WHERE id = (SELECT record_id FROM audit_tree WHERE partnership_id = {of} AND level = 0 AND position = {next})) WHERE {placed}")
            }
            "a record is taken out" => format!("DELETE FROM audit_records WHERE {placed}"),
            "a record is taken out with its leaf" => {
                format!("DELETE FROM audit_records WHERE {placed}; DELETE FROM audit_tree WHERE {leaf}")
            }
            "two leaves change places" => format!(
                "UPDATE audit_tree SET position = -1 WHERE {leaf};
                 UPDATE audit_tree SET position = {place} WHERE partnership_id = {of} AND level = 0 AND position = {next};
                 UPDATE audit_tree SET position = {next} WHERE partnership_id = {of} AND level = 0 AND position = -1"
            ),
            "a record is found by another's name" => {
                let other = match self.app.db.kind() {
                    Kind::Sqlite => "x'00112233445566778899aabbccddeeff'",
                    Kind::Postgresql => "'\\x00112233445566778899aabbccddeeff'",
                };
                format!("UPDATE audit_records SET practitioner_token = {other} WHERE {placed}")
            }
            "a record that has no place yet is taken out" => format!("DELETE FROM audit_records WHERE {unplaced}"),
            "the tree ends earlier" => format!(
                "DELETE FROM audit_records WHERE id IN (SELECT record_id FROM audit_tree WHERE partnership_id = {of} AND level = 0 AND position >= {place});
                 DELETE FROM audit_tree WHERE partnership_id = {of} AND level = 0 AND position >= {place}"
            ),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn faults_have_names_for_machines() {
    assert_eq!(serde_json::to_value(AuditFaultKind::JournalDiffers).unwrap(), json!("journal_differs"));
}
