//! Callers who mean harm: they hold connections, send what never ends, read nothing, ask for too much at once. Each is held to a
//! share, and the others are answered meanwhile.
#![allow(clippy::disallowed_methods, reason = "how long a service holds out is told by a clock that no test moves")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use api::{ConnectionLimits, Limits};
use behaviour::inputs::{entry, fragment, with};
use behaviour::{Kind, Loads, TestApp, User, on_both};
use domain::{PartnershipPolicy, TestNumbers};
use serde_json::{Value, json};

/// How long a client may get nowhere.
const SOON: Duration = Duration::from_millis(600);
/// By when that has certainly been noticed, on a machine that is busy with other tests.
const BY_THEN: Duration = Duration::from_secs(20);

fn app(kind: Kind, limits: Limits, connections: ConnectionLimits) -> TestApp {
    let policy = PartnershipPolicy { test_nhs_numbers: TestNumbers::Accepted, ..PartnershipPolicy::default() };
    TestApp::with_loads(kind, policy, Loads { limits, connections })
}

fn generous() -> Limits {
    Loads::default().limits
}

fn impatient() -> ConnectionLimits {
    ConnectionLimits { idle: SOON, stalled: SOON, request: SOON, ..ConnectionLimits::default() }
}

/// The same on both databases, with an app of its own for each.
fn both(test: impl Fn(Kind)) {
    [Kind::Sqlite, Kind::Postgresql].into_iter().for_each(test);
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(BY_THEN)).unwrap();
    stream.set_write_timeout(Some(BY_THEN)).unwrap();
    stream
}

fn send(app: &TestApp, text: &str) -> TcpStream {
    let mut stream = connect(app);
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Waits until the service ends a connection; gives what came before.
fn until_ended(mut stream: TcpStream) -> String {
    let began = Instant::now();
    let mut came = Vec::new();
    match stream.read_to_end(&mut came) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    assert!(began.elapsed() < BY_THEN, "it was not ended");
    String::from_utf8_lossy(&came).into_owned()
}

fn lives(app: &TestApp) {
    let answer = until_ended(send(app, "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

fn get(app: &TestApp, user: User, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n", app.bearer(user))
}

#[test]
fn whoever_says_nothing_is_not_waited_for() {
    both(|kind| {
        let app = app(kind, generous(), impatient());
        let silent = connect(&app);
        let half = send(&app, "GET /livez HTTP/1.1\r\nHo");
        let mut second = send(&app, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        second.read_exact(&mut [0; 15]).unwrap();
        second.write_all(b"GET /livez HTTP/1.1\r\nHo").unwrap();
        // A body that is announced and does not come, of somebody who is not signed in.
        let bodiless = send(&app, "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n");
        let endless =
            send(&app, "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n");
        for stream in [silent, half, second, bodiless, endless] {
            let _ = until_ended(stream);
        }
        lives(&app);
    });
}

#[test]
fn whoever_asks_and_never_reads_is_not_answered_for_ever() {
    both(|kind| {
        let app = app(kind, generous(), impatient());
        let mut stream = connect(&app);
        let requests = "GET /v1/people HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
        let mut sent = 0_usize;
        // Ends when the service takes no more and then ends the connection; never by our own timeout.
        let error = loop {
            match stream.write(requests.as_bytes()) {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
        };
        let ended = [ErrorKind::ConnectionReset, ErrorKind::BrokenPipe, ErrorKind::ConnectionAborted];
        assert!(ended.contains(&error.kind()), "after {sent} bytes: {error}");
        assert!(sent < 32 << 20, "{sent} bytes of requests were taken from somebody who reads nothing");
        lives(&app);
    });
}

#[test]
fn one_address_cannot_keep_others_of_it_out() {
    both(|kind| {
        let limits = ConnectionLimits { of_address: 8, ..ConnectionLimits::default() };
        let app = app(kind, generous(), limits);
        let held: Vec<TcpStream> = (0..40).map(|_| connect(&app)).collect();
        let is_open = |mut stream: &TcpStream| {
            stream.set_nonblocking(true).unwrap();
            matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        let began = Instant::now();
        while held.iter().filter(|stream| is_open(stream)).count() > 8 {
            assert!(began.elapsed() < BY_THEN, "one address has more than eight connections");
        }
        lives(&app);
    });
}

#[test]
fn an_unread_answer_ends_and_counts_against_its_caller_until_then() {
    both(|kind| {
        // An answer is still its caller's for a moment after they have read it.
        let limits = Limits { in_flight_per_caller: 2, ..generous() };
        let app = app(kind, limits, ConnectionLimits { stalled: 10 * SOON, ..ConnectionLimits::default() });
        let seed = app.seed();
        let text = "Canary ".repeat(550);
        let long = |number: usize| {
            with(entry("Canary", "2026-01-07", &[&seed.twin]), json!({ "what": format!("{number} {text}") }))
        };
        let body = fragment(&(0..80).map(long).collect::<Vec<Value>>());
        let _ = app.by(User::WAITING).post(&seed.at("fragments"), &body).when(201);
        let unread: Vec<TcpStream> =
            (0..2).map(|_| send(&app, &get(&app, User::OWNER, &seed.at("timeline")))).collect();
        for mut stream in &unread {
            let mut begun = [0; 12];
            stream.read_exact(&mut begun).unwrap();
            assert_eq!(&begun, b"HTTP/1.1 200");
        }
        let refused = app.by(User::OWNER).get("/v1/me");
        assert_eq!((refused.status, refused.json()["type"].as_str()), (429, Some("/problems/too_many_at_once")));
        assert_eq!(refused.header("retry-after"), Some("1"));
        let _ = app.by(User::MANAGER).get("/v1/me").ok();
        let began = Instant::now();
        while app.by(User::OWNER).get("/v1/me").status == 429 {
            assert!(began.elapsed() < BY_THEN, "an answer that nobody reads is held for ever");
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(unread);
    });
}

#[test]
fn bodies_that_do_not_come_are_few_for_one_address() {
    both(|kind| {
        let limits = Limits { bodies_per_address: 2, body_timeout: Duration::from_secs(3), ..generous() };
        let app = app(kind, limits, ConnectionLimits::default());
        let _ = app.seed();
        let begun = |user: User| {
            let bearer = app.bearer(user);
            send(
                &app,
                &format!(
                    "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\nIdempotency-Key: k\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{{"
                ),
            )
        };
        let held = [begun(User::OWNER), begun(User::MANAGER)];
        let began = Instant::now();
        let refused = loop {
            let refused = app.by(User::OWNER).post("/v1/people", &json!({}));
            if refused.status == 429 {
                break refused;
            }
            assert!(began.elapsed() < BY_THEN);
        };
        assert_eq!(refused.json()["type"], "/problems/too_many_at_once");
        let _ = app.by(User::OWNER).get("/v1/me").ok();
        for stream in held {
            let mut answer = [0; 12];
            (&stream).read_exact(&mut answer).unwrap();
            assert_eq!(&answer, b"HTTP/1.1 408");
        }
        assert_eq!(app.by(User::OWNER).post("/v1/people", &json!({})).status, 422);
    });
}

#[test]
fn what_is_no_request_is_answered_like_any_other_mistake() {
    let app = app(Kind::Sqlite, generous(), impatient());
    let long = format!("GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n", "x".repeat(300_000));
    let cases = [
        ("no request at all", "nonsense\r\n\r\n".to_owned(), 400),
        ("a bad header", "GET /livez HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n".to_owned(), 400),
        (
            "two lengths",
            "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".to_owned(),
            400,
        ),
        ("a NUL", "GET /livez HTTP/1.1\r\nHost: local\0host\r\n\r\n".to_owned(), 400),
        ("no host", "GET /livez HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("a long head", long, 431),
        ("half a head", "GET /livez HTTP/1.1\r\nHo".to_owned(), 408),
    ];
    for (what, text, status) in cases {
        let mut stream = connect(&app);
        let _ = stream.write_all(text.as_bytes());
        let answer = until_ended(stream);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{what}: {answer:?}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{what}: {head}");
        let head = head.to_ascii_lowercase();
        for header in [
            "content-type: application/problem+json",
            "x-request-id: ",
            "strict-transport-security: ",
            "x-content-type-options: nosniff",
            "cache-control: no-store",
            "content-security-policy: ",
            "connection: close",
        ] {
            assert!(head.contains(header), "{what}: no {header} in {head}");
        }
        assert!(head.contains(&format!("content-length: {}", body.len())), "{what}");
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], status, "{what}");
        assert!(head.contains(problem["requestId"].as_str().unwrap()), "{what}");
    }
    lives(&app);
}

#[test]
fn an_answer_before_what_is_no_request_stays_as_it_is() {
    let app = app(Kind::Sqlite, generous(), impatient());
    let answer = until_ended(send(&app, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    assert_eq!(answer.matches("HTTP/1.1 400").count(), 1);
    assert_eq!(answer.matches("/problems/malformed").count(), 1);
}

on_both! {
    fn whoever_may_not_send_is_told_that_and_nothing_of_what_they_sent(app) {
        let seed = app.seed();
        let huge = format!("{{\"entries\":[{}]}}", vec!["{}"; 600_000].join(","));
        let headers = [("idempotency-key", "k"), ("content-type", "application/json")];
        for body in ["{", "{}", r#"{"entries":[{}]}"#, huge.as_str()] {
            for path in [seed.at("fragments"), seed.at("extend"), seed.at("invitations"), seed.at("sign-off")] {
                let refused = app.by(User::STRANGER).send("POST", &path, &headers, body.as_bytes());
                assert_eq!((refused.status, refused.json()["type"].as_str()), (404, Some("/problems/not_found")), "{path}");
                assert!(refused.json().get("errors").is_none());
            }
        }
        let denied = app.by(User::AUDITOR).get("/v1/audit?operation=fragment.submit&limit=500").ok();
        let denied = denied["items"].as_array().unwrap().iter().filter(|record| record["outcome"] == "denied").count();
        assert_eq!(denied, 4, "each was recorded as refused");
        let told = app.by(User::WAITING).send("POST", &seed.at("fragments"), &headers, huge.as_bytes());
        assert_eq!(told.status, 422);
        assert!(told.text().len() < 64 * 1024, "{} bytes of problem", told.text().len());
        let errors = told.json()["errors"].as_array().unwrap().len();
        assert!(errors <= 101, "{errors} faults named");
    }

    fn one_agency_cannot_make_a_timeline_longer_than_can_be_read(app) {
        let seed = app.seed();
        let text = "Canary ".repeat(550);
        let body = |from: usize, count: usize| {
            let entries: Vec<Value> = (from..from + count)
                .map(|number| with(entry("Canary", "2026-01-07", &[&seed.twin]), json!({ "what": format!("{number} {text}"), "action_taken": text })))
                .collect();
            fragment(&entries)
        };
        let mut taken = 0;
        let refused = loop {
            let answer = app.by(User::WAITING).post(&seed.at("fragments"), &body(taken, 100));
            if answer.status != 201 {
                break answer;
            }
            taken += 100;
        };
        assert_eq!(refused.faults().1, [("/entries".to_owned(), "too_much_text".to_owned())]);
        assert!((300..=400).contains(&taken), "{taken} entries of 8 kB");
        // All of it can be read, in pages of which none is longer than others can be held in memory.
        let (mut path, mut seen, mut pages) = (seed.at("timeline"), 0, 0);
        loop {
            let page = app.by(User::OWNER).get(&path);
            assert!(page.text().len() < 4 << 20, "a page of {} bytes", page.text().len());
            let page = page.ok();
            seen += page["rows"].as_array().unwrap().iter().map(|row| row["accounts"].as_array().unwrap().len()).sum::<usize>();
            pages += 1;
            match page["next"].as_str() {
                Some(next) => path = format!("{}?cursor={next}", seed.at("timeline")),
                None => break,
            }
        }
        assert!(seen >= taken, "{seen} of {taken} entries were shown on {pages} pages");
    }
}
