//! Input lines of `chronology link`: nothing panics, and every event of every readable line is on
//! exactly one row.
#![no_main]

use std::sync::OnceLock;

use linkage::batch::{Glossary, link, read_line};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    static GLOSSARY: OnceLock<Glossary> = OnceLock::new();
    let text = fuzz::lossy_text(data);
    let lines: Vec<&str> = text
        .split('\n')
        .filter(|line| !line.trim().is_empty())
        .take(8)
        .collect();
    let mut events = 0;
    for (number, line) in (1..).zip(&lines) {
        match read_line(line, number) {
            Ok((submission, findings)) => {
                events += submission.events.len();
                assert!(findings.iter().all(|finding| finding.line == number));
            }
            Err(finding) => assert_eq!(finding.line, number),
        }
    }
    let links = link(lines, GLOSSARY.get_or_init(Glossary::default), 1);
    assert_eq!(
        links
            .rows
            .iter()
            .map(|row| row.entries.len())
            .sum::<usize>(),
        events,
        "an event was lost or duplicated"
    );
});
