//! The audit ledger: records are leaves of a signed Merkle tree (RFC 6962), gaps are reported, and
//! tampering is detected.

use behaviour::{DatabaseKind, HOME_PARTNERSHIP, TestApp, User, on_both, raw_db};
use domain::Clock as _;
use ledger::{Checkpoint, Hash, Leaf, leaf_hash, verify_consistency, verify_inclusion};
use serde_json::{Value, json};
use service::{AuditFaultKind, AuditReport, ServiceError};

fn parse_hash(value: &Value) -> Hash {
    Hash::parse(value.as_str().unwrap()).unwrap()
}

fn parse_proof_path(value: &Value) -> Vec<Hash> {
    value["path"]
        .as_array()
        .unwrap()
        .iter()
        .map(parse_hash)
        .collect()
}

fn decode_base64(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text
        .bytes()
        .filter_map(|byte| alphabet.iter().position(|known| *known == byte));
    let mut bits = 0_u32;
    let mut bit_count = 0;
    let mut bytes = Vec::new();
    for digit in digits {
        bits = bits << 6 | u32::try_from(digit).unwrap();
        bit_count += 6;
        if bit_count >= 8 {
            bit_count -= 8;
            bytes.push((bits >> bit_count & 0xff) as u8);
        }
    }
    bytes
}

/// Reads the latest checkpoint and verifies it with the public key alone.
fn read_checkpoint(app: &TestApp, user: User) -> Checkpoint {
    let response = app.as_user(user).get("/v1/audit/checkpoint").expect_ok();
    let key: [u8; 32] = decode_base64(&response["public_key"]).try_into().unwrap();
    let verify =
        |message: &[u8], signature: &[u8]| vault::verify_signature(&key, message, signature);
    let note = response["note"].as_str().unwrap();
    let origin = format!("chronology.example/audit/{HOME_PARTNERSHIP}");
    let checkpoint = Checkpoint::open(note, &origin, &key, verify).unwrap();
    assert_eq!(
        (json!(checkpoint.size), json!(checkpoint.root.to_string())),
        (response["size"].clone(), response["root"].clone())
    );
    checkpoint
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

on_both! {
    fn records_have_inclusion_proofs_and_the_tree_is_append_only(app) {
        assert_eq!(
            app.as_user(User::OWNER).get("/v1/audit/checkpoint").status,
            404,
            "no record is sequenced yet"
        );
        let seed = app.seed();
        app.run_background_jobs();
        let before = read_checkpoint(app, User::RETURNED);
        let _ = app
            .as_user(User::RETURNED)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        app.run_background_jobs();
        let after = read_checkpoint(app, User::AUDITOR);
        assert!(after.size > before.size);
        let consistency_path = format!(
            "/v1/audit/consistency?from={}&to={}",
            before.size, after.size
        );
        let proof = parse_proof_path(
            &app.as_user(User::STRANGER)
                .get(&consistency_path)
                .expect_ok(),
        );
        assert!(verify_consistency(
            before.size,
            before.root,
            after.size,
            after.root,
            &proof
        ));
        let record = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?operation=timeline.read&limit=500")
            .expect_ok()["items"][0]
            .clone();
        let id = record["id"].as_str().unwrap();
        let proof = app
            .as_user(User::AUDITOR)
            .get(&format!("/v1/audit/records/{id}/proof?size={}", after.size))
            .expect_ok();
        let leaf = decode_base64(&proof["leaf"]);
        assert_eq!(parse_hash(&proof["leaf_hash"]), leaf_hash(&leaf));
        let position = proof["position"].as_u64().unwrap();
        assert!(verify_inclusion(
            position,
            after.size,
            leaf_hash(&leaf),
            &parse_proof_path(&proof),
            after.root
        ));
        let leaf = Leaf::from_bytes(&leaf).unwrap();
        assert_eq!(
            (
                leaf.id.to_string(),
                leaf.operation.as_str(),
                leaf.outcome.as_str()
            ),
            (id.to_owned(), "timeline.read", "allowed")
        );
        let tile = app
            .as_user(User::OWNER)
            .get(&format!("/v1/audit/tiles/0/{}", position / 256))
            .expect_ok();
        assert_eq!(
            parse_hash(&tile["hashes"][usize::try_from(position % 256).unwrap()]),
            leaf.hash()
        );
    }

    fn record_proofs_are_for_auditors_and_tree_sizes_are_validated(app) {
        let _ = app.seed_draft();
        app.run_background_jobs();
        let id = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?limit=1")
            .expect_ok()["items"][0]["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let absent = app
            .as_user(User::AUDITOR)
            .get("/v1/audit/records/01999999-0000-7000-8000-00000000dead/proof");
        let denied = app
            .as_user(User::MANAGER)
            .get(&format!("/v1/audit/records/{id}/proof"));
        assert_eq!((absent.status, denied.status), (404, 404));
        let size = read_checkpoint(app, User::AUDITOR).size;
        for (query, pointer) in [
            (format!("records/{id}/proof?size=0"), "/query/size"),
            (
                format!("records/{id}/proof?size={}", size + 99),
                "/query/size",
            ),
            (format!("records/{id}/proof?size=-1"), "/query/size"),
            (format!("records/{id}/proof?size=01"), "/query/size"),
            (format!("consistency?from=1&to={}", size + 99), "/query/to"),
            ("consistency?from=2&to=1".to_owned(), "/query/to"),
            ("consistency?from=2".to_owned(), "/query/to"),
        ] {
            let response = app
                .as_user(User::AUDITOR)
                .get(&format!("/v1/audit/{query}"));
            assert_eq!(
                (
                    response.status,
                    response.json()["errors"][0]["pointer"].as_str()
                ),
                (422, Some(pointer)),
                "{query}"
            );
        }
        assert_eq!(
            app.as_user(User::AUDITOR)
                .get("/v1/audit/tiles/0/900")
                .status,
            404
        );
        assert_eq!(
            app.as_user(User::AUDITOR).get("/v1/audit/tiles/9/0").status,
            404
        );
    }

    fn rolled_back_requests_cause_no_audit_fault(app) {
        let seed = app.seed();
        // Denied requests, whose first transaction is rolled back, and writes that fail.
        for user in [User::STRANGER, User::OFFICER, User::NOBODY] {
            let _ = app.as_user(user).get(&seed.path_to("timeline"));
            let _ = app
                .as_user(user)
                .post(&seed.path_to("fragments"), &json!({"zzz": 1}));
        }
        let first = verify(app);
        assert_eq!(
            (first.fault_count, first.size),
            (0, 0),
            "{:?}",
            first.faults
        );
        assert!(first.waiting > 20);
        app.run_background_jobs();
        let second = verify(app);
        assert_eq!(
            (second.fault_count, second.waiting, second.pending),
            (0, 0, 0),
            "{:?}",
            second.faults
        );
        assert_eq!(second.size, second.opened);
        assert_eq!(
            second.size, second.journal_lines,
            "the journal has a line for each record"
        );
    }

    fn concurrent_records_are_sequenced_without_gaps(app) {
        let seed = app.seed();
        std::thread::scope(|scope| {
            for user in [
                User::OWNER,
                User::MANAGER,
                User::RETURNED,
                User::STRANGER,
                User::AUDITOR,
                User::TEAM,
            ] {
                let path = seed.path_to("timeline");
                scope.spawn(move || (0..12).for_each(|_| drop(app.as_user(user).get(&path))));
            }
            scope.spawn(|| (0..40).for_each(|_| drop(app.service.kernel.sequence_audit())));
        });
        app.run_background_jobs();
        let report = verify(app);
        assert_eq!(
            (report.fault_count, report.waiting, report.pending),
            (0, 0, 0),
            "{:?}",
            report.faults
        );
        assert_eq!(report.size, u64::try_from(raw_db::query_count(app, &format!("SELECT count(*) AS count FROM audit_records WHERE partnership_id = (SELECT id FROM partnerships WHERE code = '{HOME_PARTNERSHIP}')"))).unwrap());
    }

    fn personal_data_in_records_is_sealed_until_its_retention_ends(app) {
        let seed = app.seed();
        let me = seed.people["RETURNED"].clone();
        let _ = app
            .as_user(User::RETURNED)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        app.run_background_jobs();
        let before = read_checkpoint(app, User::AUDITOR);
        let records_of_reader = format!("/v1/audit?practitioner={me}&operation=timeline.read");
        assert_eq!(
            app.as_user(User::AUDITOR)
                .get(&records_of_reader)
                .expect_ok()["items"]
                .as_array()
                .unwrap()
                .len(),
            1
        );
        // The stored records do not contain the practitioner's identifier.
        let bytes = me.replace('-', "");
        let records_with_id = raw_db::query_count(
            app,
            &format!(
                "SELECT count(*) AS count FROM audit_records WHERE {}",
                match app.db.kind() {
                    DatabaseKind::Sqlite => format!(
                        "instr(lower(hex(sealed) || hex(coalesce(practitioner_token, ''))), '{bytes}') > 0"
                    ),
                    DatabaseKind::Postgresql => format!(
                        "position('{bytes}' in encode(sealed, 'hex') || encode(coalesce(practitioner_token, ''), 'hex')) > 0"
                    ),
                }
            ),
        );
        assert_eq!(records_with_id, 0);
        app.advance_days(8 * 365);
        assert!(app.service.kernel.end_audit_retention(app.clock.now()).unwrap() >= 1);
        assert!(
            app.as_user(User::AUDITOR)
                .get(&records_of_reader)
                .expect_ok()["items"]
                .as_array()
                .unwrap()
                .is_empty()
        );
        let after_retention = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?operation=timeline.read")
            .expect_ok();
        assert_eq!(after_retention["items"][0]["outcome"], "allowed");
        assert!(
            after_retention["items"][0]["practitioner_id"].is_null()
                && after_retention["items"][0]["request_id"].is_null()
        );
        app.run_background_jobs();
        let report = verify(app);
        assert_eq!(report.fault_count, 0, "{:?}", report.faults);
        assert!(report.opened < report.size);
        let id = after_retention["items"][0]["id"].as_str().unwrap();
        let proof = app
            .as_user(User::AUDITOR)
            .get(&format!(
                "/v1/audit/records/{id}/proof?size={}",
                before.size
            ))
            .expect_ok();
        let leaf = leaf_hash(&decode_base64(&proof["leaf"]));
        assert!(verify_inclusion(
            proof["position"].as_u64().unwrap(),
            before.size,
            leaf,
            &parse_proof_path(&proof),
            before.root
        ));
    }

    fn only_the_audit_is_served_when_sequencing_is_a_minute_behind(app) {
        let seed = app.seed();
        app.service.kernel.sequence_audit().unwrap();
        let _ = app
            .as_user(User::OWNER)
            .get(&seed.path_to("timeline"))
            .expect_ok();
        assert!(app.service.kernel.measure_merge_delay().is_zero());
        app.advance_seconds(59);
        assert_eq!(app.service.kernel.measure_merge_delay().as_secs(), 59);
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .status,
            200
        );
        app.advance_seconds(1);
        app.service.kernel.measure_merge_delay();
        for path in [
            seed.path_to("timeline"),
            seed.path.clone(),
            "/v1/me".to_owned(),
            seed.path_to("readers"),
        ] {
            assert_eq!(app.as_user(User::OWNER).get(&path).status, 503, "{path}");
        }
        assert_eq!(
            app.as_user(User::OWNER)
                .post("/v1/people", &behaviour::inputs::adult("Rhys", "male"))
                .status,
            503
        );
        assert_eq!(app.as_user(User::AUDITOR).get("/v1/audit").status, 200);
        app.service.kernel.sequence_audit().unwrap();
        app.service.kernel.measure_merge_delay();
        assert_eq!(
            app.as_user(User::OWNER)
                .get(&seed.path_to("timeline"))
                .status,
            200,
            "without a restart"
        );
    }

    fn uncertain_number_is_filled_with_a_void_record(app) {
        let seed = app.seed();
        app.run_background_jobs();
        // A number that was allocated but whose record was never committed.
        let sequence = app.db.audit_sequence().unwrap();
        let id = partnership_id(&seed, app);
        sequence.mark_uncertain(id, 100_000);
        assert_eq!(app.service.kernel.fill_audit_gaps().unwrap(), 1);
        app.service.kernel.sequence_audit().unwrap();
        let report = verify(app);
        assert_eq!(
            report.fault_count, 0,
            "numbers may be uncommitted for a minute: {:?}",
            report.faults
        );
        assert!(report.pending > 90_000);
        let voids = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?limit=500")
            .expect_ok();
        assert!(
            voids["items"]
                .as_array()
                .unwrap()
                .iter()
                .any(|item| item["operation"] == "record.void")
        );
    }

    fn tampering_is_detected_at_every_position(app) {
        let seed = app.seed();
        // Verifies 200 growing logs without faults, most of them with unsequenced records.
        let mut verified = 0;
        while verified < POSITIONS {
            let user = [User::OWNER, User::MANAGER, User::RETURNED, User::STRANGER]
                [usize::try_from(verified % 4).unwrap()];
            let _ = app.as_user(user).get(&seed.path_to("timeline"));
            if verified % 3 == 0 {
                app.service.kernel.sequence_audit().unwrap();
            }
            assert_eq!(verify(app).fault_count, 0, "{:?}", verify(app).faults);
            verified += 1;
        }
        app.run_background_jobs();
        let step = if app.db.kind() == DatabaseKind::Sqlite {
            1
        } else {
            8
        };
        let tampering = Tampering::new(app);
        let mut detected = tampering.count_detected(&KINDS, step);
        // The same for unsequenced records.
        for _ in 0..POSITIONS {
            let _ = app.as_user(User::OWNER).get("/v1/me").expect_ok();
        }
        detected += tampering.count_detected(&["an unsequenced record is deleted"], step);
        assert_eq!(detected, 8 * POSITIONS / step);
        assert_eq!(verify(app).fault_count, 0, "every change was rolled back");
    }
}

fn partnership_id(_: &behaviour::Seed, app: &TestApp) -> domain::PartnershipId {
    app.as_user(User::OWNER)
        .get("/v1/partnership")
        .id()
        .parse()
        .unwrap()
}

/// Changes that someone with access to the database can make to the audit.
const KINDS: [&str; 7] = [
    "a field of a record is changed",
    "the sealed part of a record is changed",
    "a record is deleted",
    "a record is deleted with its leaf",
    "two leaves are swapped",
    "the practitioner token of a record is changed",
    "the tree is truncated",
];

/// Leaf positions at which each change is made; on PostgreSQL, which runs the same checks, only
/// every eighth.
const POSITIONS: i64 = 200;

/// Makes changes to the audit that bypass the service.
struct Tampering<'a> {
    app: &'a TestApp,
    drop_triggers: String,
}

impl<'a> Tampering<'a> {
    fn new(app: &'a TestApp) -> Self {
        let drop_triggers = match app.db.kind() {
            DatabaseKind::Sqlite => [
                "records_no_update",
                "records_no_delete",
                "tree_no_update",
                "tree_no_delete",
            ]
            .map(|name| format!("DROP TRIGGER audit_{name};"))
            .concat(),
            DatabaseKind::Postgresql => ["records", "tree"]
                .map(|name| format!("DROP TRIGGER audit_{name}_append_only ON audit_{name};"))
                .concat(),
        };
        Self { app, drop_triggers }
    }

    /// Makes each change at each position and asserts that verification detects it. Returns the
    /// number of changes.
    fn count_detected(&self, kinds: &[&str], step: i64) -> i64 {
        let mut detected = 0;
        for kind in kinds {
            for position in (0..POSITIONS).filter(|position| position % step == 0) {
                let report = self.verify_with_change(kind, position);
                assert!(
                    report.fault_count > 0,
                    "{kind} at {position} was not detected"
                );
                detected += 1;
            }
        }
        detected
    }

    /// Verifies the audit in a transaction that makes the change, and rolls it back.
    fn verify_with_change(&self, kind: &str, position: i64) -> AuditReport {
        let key = self.app.service.kernel.log_key(HOME_PARTNERSHIP).unwrap();
        let mut report = None;
        let rolled_back = self.app.db.write("tamper", |tx| {
            store::testing::execute_batch(tx, &self.drop_triggers)?;
            store::testing::execute_batch(tx, &self.statements(kind, position))?;
            report = Some(self.app.service.kernel.verify_audit_in(
                tx,
                HOME_PARTNERSHIP,
                &key,
                &[],
            )?);
            Err::<(), _>(ServiceError::Stale)
        });
        assert!(
            matches!(rolled_back, Err(ServiceError::Stale)),
            "{rolled_back:?}"
        );
        report.unwrap()
    }

    /// The SQL statements that make the change.
    fn statements(&self, kind: &str, position: i64) -> String {
        let partnership =
            format!("(SELECT id FROM partnerships WHERE code = '{HOME_PARTNERSHIP}')");
        let leaf =
            format!("partnership_id = {partnership} AND level = 0 AND position = {position}");
        let sequenced = format!("id = (SELECT record_id FROM audit_tree WHERE {leaf})");
        let unsequenced = format!(
            "id = (SELECT id FROM audit_records WHERE partnership_id = {partnership} AND id NOT IN (SELECT record_id FROM audit_tree WHERE level = 0) ORDER BY number LIMIT 1 OFFSET {position})"
        );
        let next = (position + 1) % 200;
        match kind {
            "a field of a record is changed" => {
                format!("UPDATE audit_records SET outcome = CASE outcome WHEN 'denied' THEN 'allowed' ELSE 'denied' END WHERE {sequenced}")
            }
            "the sealed part of a record is changed" => {
                format!("UPDATE audit_records SET sealed = (SELECT sealed FROM audit_records WHERE id = (SELECT record_id FROM audit_tree WHERE partnership_id = {partnership} AND level = 0 AND position = {next})) WHERE {sequenced}")
            }
            "a record is deleted" => format!("DELETE FROM audit_records WHERE {sequenced}"),
            "a record is deleted with its leaf" => {
                format!("DELETE FROM audit_records WHERE {sequenced}; DELETE FROM audit_tree WHERE {leaf}")
            }
            "two leaves are swapped" => format!(
                "UPDATE audit_tree SET position = -1 WHERE {leaf};
                 UPDATE audit_tree SET position = {position} WHERE partnership_id = {partnership} AND level = 0 AND position = {next};
                 UPDATE audit_tree SET position = {next} WHERE partnership_id = {partnership} AND level = 0 AND position = -1"
            ),
            "the practitioner token of a record is changed" => {
                let other = match self.app.db.kind() {
                    DatabaseKind::Sqlite => "x'00112233445566778899aabbccddeeff'",
                    DatabaseKind::Postgresql => "'\\x00112233445566778899aabbccddeeff'",
                };
                format!("UPDATE audit_records SET practitioner_token = {other} WHERE {sequenced}")
            }
            "an unsequenced record is deleted" => format!("DELETE FROM audit_records WHERE {unsequenced}"),
            "the tree is truncated" => format!(
                "DELETE FROM audit_records WHERE id IN (SELECT record_id FROM audit_tree WHERE partnership_id = {partnership} AND level = 0 AND position >= {position});
                 DELETE FROM audit_tree WHERE partnership_id = {partnership} AND level = 0 AND position >= {position}"
            ),
            other => panic!("{other}"),
        }
    }
}

#[test]
fn audit_faults_serialize_to_snake_case() {
    assert_eq!(
        serde_json::to_value(AuditFaultKind::JournalDiffers).unwrap(),
        json!("journal_differs")
    );
}
