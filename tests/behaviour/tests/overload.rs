//! Resource exhaustion: callers who hold connections open, send endless requests, never read
//! responses or send too many requests at once. Each caller is limited to a share, and other
//! callers are served meanwhile.
#![allow(
    clippy::disallowed_methods,
    reason = "timeouts of connections are measured in real time"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use behaviour::inputs::{entry, fragment, with_members};
use behaviour::{DatabaseKind, TestApp, TestLimits, User, on_both};
use domain::{PartnershipPolicy, TestNumberPolicy};
use serde_json::{Value, json};
use web::{ConnectionLimits, Limits};

/// How long a connection may make no progress.
const TIMEOUT: Duration = Duration::from_millis(600);
/// How long the tests wait for the service to react, on a machine that is busy with other tests.
const DEADLINE: Duration = Duration::from_secs(20);

fn start_app(kind: DatabaseKind, limits: Limits, connections: ConnectionLimits) -> TestApp {
    let policy = PartnershipPolicy {
        test_nhs_numbers: TestNumberPolicy::Accepted,
        ..PartnershipPolicy::default()
    };
    TestApp::with_limits(
        kind,
        policy,
        TestLimits {
            limits,
            connections,
        },
    )
}

/// The limits of the other tests, which these tests do not reach.
fn generous_limits() -> Limits {
    TestLimits::default().limits
}

/// Connections that make no progress are closed after [`TIMEOUT`].
fn short_timeouts() -> ConnectionLimits {
    ConnectionLimits {
        idle: TIMEOUT,
        stalled: TIMEOUT,
        handshake: TIMEOUT,
        ..ConnectionLimits::default()
    }
}

/// Runs a test on both databases.
fn for_both_databases(test: impl Fn(DatabaseKind)) {
    [DatabaseKind::Sqlite, DatabaseKind::Postgresql]
        .into_iter()
        .for_each(test);
}

fn connect(app: &TestApp) -> TcpStream {
    let stream = TcpStream::connect(app.address()).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    stream.set_write_timeout(Some(DEADLINE)).unwrap();
    stream
}

fn send(app: &TestApp, text: &str) -> TcpStream {
    let mut stream = connect(app);
    stream.write_all(text.as_bytes()).unwrap();
    stream
}

/// Waits until the service closes a connection; returns what it sent before.
fn read_until_closed(mut stream: TcpStream) -> String {
    let began = Instant::now();
    let mut received = Vec::new();
    match stream.read_to_end(&mut received) {
        Ok(_) => {}
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
    assert!(began.elapsed() < DEADLINE, "the connection was not closed");
    String::from_utf8_lossy(&received).into_owned()
}

/// Asserts that the service still accepts connections.
fn assert_alive(app: &TestApp) {
    let response = read_until_closed(send(
        app,
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
    ));
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
}

/// The text of a GET request.
fn get_request(app: &TestApp, user: User, path: &str) -> String {
    format!(
        "GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {}\r\n\r\n",
        app.bearer(user)
    )
}

#[test]
fn idle_and_incomplete_requests_are_closed() {
    for_both_databases(|kind| {
        let app = start_app(kind, generous_limits(), short_timeouts());
        let silent = connect(&app);
        let partial = send(&app, "GET /livez HTTP/1.1\r\nHo");
        let mut second = send(&app, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n");
        second.read_exact(&mut [0; 15]).unwrap();
        second.write_all(b"GET /livez HTTP/1.1\r\nHo").unwrap();
        // Without a token: a body that is announced and never sent, and one that never ends.
        let without_body = send(
            &app,
            "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n",
        );
        let endless = send(
            &app,
            "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n\
             1\r\n{\r\n",
        );
        for stream in [silent, partial, second, without_body, endless] {
            let _ = read_until_closed(stream);
        }
        assert_alive(&app);
    });
}

#[test]
fn connection_that_never_reads_is_closed() {
    for_both_databases(|kind| {
        let app = start_app(kind, generous_limits(), short_timeouts());
        let mut stream = connect(&app);
        let requests = "GET /v1/people HTTP/1.1\r\nHost: localhost\r\n\r\n".repeat(100);
        let mut sent = 0_usize;
        // The service first stops reading, then closes the connection. The write timeout must not
        // come first.
        let error = loop {
            match stream.write(requests.as_bytes()) {
                Ok(count) => sent += count,
                Err(error) => break error,
            }
        };
        let closed = [
            ErrorKind::ConnectionReset,
            ErrorKind::BrokenPipe,
            ErrorKind::ConnectionAborted,
        ];
        assert!(
            closed.contains(&error.kind()),
            "after {sent} bytes: {error}"
        );
        assert!(
            sent < 32 << 20,
            "{sent} bytes of requests were accepted from a client that reads nothing"
        );
        assert_alive(&app);
    });
}

#[test]
fn connections_per_address_are_limited_and_new_ones_accepted() {
    for_both_databases(|kind| {
        let limits = ConnectionLimits {
            per_address: 8,
            ..ConnectionLimits::default()
        };
        let app = start_app(kind, generous_limits(), limits);
        let held: Vec<TcpStream> = (0..40).map(|_| connect(&app)).collect();
        let is_open = |mut stream: &TcpStream| {
            stream.set_nonblocking(true).unwrap();
            matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
        };
        let began = Instant::now();
        while held.iter().filter(|stream| is_open(stream)).count() > 8 {
            assert!(
                began.elapsed() < DEADLINE,
                "one address has more than eight connections"
            );
        }
        assert_alive(&app);
    });
}

#[test]
fn unread_response_counts_as_in_flight_until_it_times_out() {
    for_both_databases(|kind| {
        // A response counts as in flight until shortly after its caller has read it, so the limit
        // is two.
        let limits = Limits {
            in_flight_per_caller: 2,
            ..generous_limits()
        };
        let app = start_app(
            kind,
            limits,
            ConnectionLimits {
                stalled: 10 * TIMEOUT,
                ..ConnectionLimits::default()
            },
        );
        let seed = app.seed();
        let text = "Canary ".repeat(550);
        let long = |number: usize| {
            with_members(
                entry("Canary", "2026-01-07", &[&seed.twin]),
                json!({"what": format!("{number} {text}")}),
            )
        };
        let body = fragment(&(0..80).map(long).collect::<Vec<Value>>());
        let _ = app
            .as_user(User::WAITING)
            .post(&seed.path_to("fragments"), &body)
            .expect_status(201);
        let unread: Vec<TcpStream> = (0..2)
            .map(|_| {
                send(
                    &app,
                    &get_request(&app, User::OWNER, &seed.path_to("timeline")),
                )
            })
            .collect();
        for mut stream in &unread {
            let mut status_line = [0; 12];
            stream.read_exact(&mut status_line).unwrap();
            assert_eq!(&status_line, b"HTTP/1.1 200");
        }
        let refused = app.as_user(User::OWNER).get("/v1/me");
        assert_eq!(
            (refused.status, refused.json()["type"].as_str()),
            (429, Some("/problems/too_many_at_once"))
        );
        assert_eq!(refused.header("retry-after"), Some("1"));
        let _ = app.as_user(User::MANAGER).get("/v1/me").expect_ok();
        let began = Instant::now();
        while app.as_user(User::OWNER).get("/v1/me").status == 429 {
            assert!(
                began.elapsed() < DEADLINE,
                "an unread response is held for ever"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        drop(unread);
    });
}

#[test]
fn unfinished_bodies_per_address_are_limited() {
    for_both_databases(|kind| {
        let limits = Limits {
            bodies_per_address: 2,
            body_timeout: Duration::from_secs(3),
            ..generous_limits()
        };
        let app = start_app(kind, limits, ConnectionLimits::default());
        let _ = app.seed();
        let start_request = |user: User| {
            let bearer = app.bearer(user);
            send(
                &app,
                &format!(
                    "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nAuthorization: {bearer}\r\n\
                     Idempotency-Key: k\r\nContent-Type: application/json\r\n\
                     Content-Length: 100\r\n\r\n{{"
                ),
            )
        };
        let held = [start_request(User::OWNER), start_request(User::MANAGER)];
        let began = Instant::now();
        let refused = loop {
            let refused = app.as_user(User::OWNER).post("/v1/people", &json!({}));
            if refused.status == 429 {
                break refused;
            }
            assert!(began.elapsed() < DEADLINE);
        };
        assert_eq!(refused.json()["type"], "/problems/too_many_at_once");
        let _ = app.as_user(User::OWNER).get("/v1/me").expect_ok();
        for stream in held {
            let mut response = [0; 12];
            (&stream).read_exact(&mut response).unwrap();
            assert_eq!(&response, b"HTTP/1.1 408");
        }
        assert_eq!(
            app.as_user(User::OWNER)
                .post("/v1/people", &json!({}))
                .status,
            422
        );
    });
}

#[test]
fn malformed_requests_get_problem_responses() {
    let app = start_app(DatabaseKind::Sqlite, generous_limits(), short_timeouts());
    let long = format!(
        "GET /livez HTTP/1.1\r\nHost: localhost\r\nX-Long: {}\r\n\r\n",
        "x".repeat(300_000)
    );
    let cases = [
        ("no request at all", "nonsense\r\n\r\n".to_owned(), 400),
        (
            "a bad header",
            "GET /livez HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n".to_owned(),
            400,
        ),
        (
            "two lengths",
            "POST /v1/people HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n\
             Content-Length: 2\r\n\r\n"
                .to_owned(),
            400,
        ),
        (
            "a NUL",
            "GET /livez HTTP/1.1\r\nHost: local\0host\r\n\r\n".to_owned(),
            400,
        ),
        ("no host", "GET /livez HTTP/1.1\r\n\r\n".to_owned(), 400),
        ("a long head", long, 431),
        ("half a head", "GET /livez HTTP/1.1\r\nHo".to_owned(), 408),
    ];
    for (what, text, status) in cases {
        let mut stream = connect(&app);
        let _ = stream.write_all(text.as_bytes());
        let response = read_until_closed(stream);
        let (head, body) = response
            .split_once("\r\n\r\n")
            .unwrap_or_else(|| panic!("{what}: {response:?}"));
        assert!(
            head.starts_with(&format!("HTTP/1.1 {status} ")),
            "{what}: {head}"
        );
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
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{what}"
        );
        let problem: Value = serde_json::from_str(body).unwrap();
        assert_eq!(problem["status"], status, "{what}");
        assert!(
            head.contains(problem["requestId"].as_str().unwrap()),
            "{what}"
        );
    }
    assert_alive(&app);
}

#[test]
fn response_before_a_malformed_request_is_unchanged() {
    let app = start_app(DatabaseKind::Sqlite, generous_limits(), short_timeouts());
    let response = read_until_closed(send(
        &app,
        "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\nnonsense\r\n\r\n",
    ));
    assert!(response.starts_with("HTTP/1.1 200 OK"), "{response}");
    assert_eq!(response.matches("HTTP/1.1 400").count(), 1);
    assert_eq!(response.matches("/problems/malformed").count(), 1);
}

on_both! {
    fn forbidden_submission_is_refused_without_validation_errors(app) {
        let seed = app.seed();
        let huge = format!("{{\"entries\":[{}]}}", vec!["{}"; 600_000].join(","));
        let headers = [
            ("idempotency-key", "k"),
            ("content-type", "application/json"),
        ];
        for body in ["{", "{}", r#"{"entries":[{}]}"#, huge.as_str()] {
            for path in [
                seed.path_to("fragments"),
                seed.path_to("extend"),
                seed.path_to("invitations"),
                seed.path_to("sign-off"),
            ] {
                let refused =
                    app.as_user(User::STRANGER)
                        .send("POST", &path, &headers, body.as_bytes());
                assert_eq!(
                    (refused.status, refused.json()["type"].as_str()),
                    (404, Some("/problems/not_found")),
                    "{path}"
                );
                assert!(refused.json().get("errors").is_none());
            }
        }
        let denied = app
            .as_user(User::AUDITOR)
            .get("/v1/audit?operation=fragment.submit&limit=500")
            .expect_ok();
        let denied = denied["items"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|record| record["outcome"] == "denied")
            .count();
        assert_eq!(denied, 4, "every refusal was recorded");
        let refused = app.as_user(User::WAITING).send(
            "POST",
            &seed.path_to("fragments"),
            &headers,
            huge.as_bytes(),
        );
        assert_eq!(refused.status, 422);
        assert!(
            refused.text().len() < 64 * 1024,
            "{} bytes of problem",
            refused.text().len()
        );
        let errors = refused.json()["errors"].as_array().unwrap().len();
        assert!(errors <= 101, "{errors} errors reported");
    }

    fn text_per_agency_and_page_size_are_limited(app) {
        let seed = app.seed();
        let text = "Canary ".repeat(550);
        let body = |from: usize, count: usize| {
            let entries: Vec<Value> = (from..from + count)
                .map(|number| {
                    with_members(
                        entry("Canary", "2026-01-07", &[&seed.twin]),
                        json!({ "what": format!("{number} {text}"), "action_taken": text }),
                    )
                })
                .collect();
            fragment(&entries)
        };
        let mut taken = 0;
        let refused = loop {
            let response = app
                .as_user(User::WAITING)
                .post(&seed.path_to("fragments"), &body(taken, 100));
            if response.status != 201 {
                break response;
            }
            taken += 100;
        };
        assert_eq!(
            refused.field_errors(),
            [("/entries".to_owned(), "too_much_text".to_owned())]
        );
        assert!((300..=400).contains(&taken), "{taken} entries of 8 kB");
        // All of it can be read, in pages of limited size.
        let mut path = seed.path_to("timeline");
        let mut seen = 0;
        let mut pages = 0;
        loop {
            let page = app.as_user(User::OWNER).get(&path);
            assert!(
                page.text().len() < 4 << 20,
                "a page of {} bytes",
                page.text().len()
            );
            let page = page.expect_ok();
            seen += page["rows"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["accounts"].as_array().unwrap().len())
                .sum::<usize>();
            pages += 1;
            match page["next"].as_str() {
                Some(next) => path = format!("{}?cursor={next}", seed.path_to("timeline")),
                None => break,
            }
        }
        assert!(
            seen >= taken,
            "{seen} of {taken} entries were shown on {pages} pages"
        );
    }
}
