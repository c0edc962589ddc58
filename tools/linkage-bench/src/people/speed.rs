//! Measures whether the time grows in proportion to the records, up to a million, and for crowds of
//! records that share everything.

use std::time::Instant;

use domain::{BirthDate, PersonName};
use linkage::{PersonFacts, Population, cluster_children, cluster_families_with};
use time::macros::date;

use super::generator::generate;

/// Prints times for inputs of growing size, both typical and degenerate.
pub(crate) fn run(threads: usize) {
    measure_crowds(threads);
    measure_growth(threads);
}

fn measure_growth(threads: usize) {
    for families in [25_000, 50_000, 100_000, 200_000] {
        let data = generate(5, families, 100);
        let started = Instant::now();
        let children = cluster_children(&data.records, Population::Families, threads);
        let sorted = started.elapsed().as_secs_f64();
        let families = cluster_families_with(&data.records, &children.clusters, threads);
        let both = started.elapsed().as_secs_f64();
        println!(
            "speed: {} records: children {sorted:.1} s, families {:.1} s ({} families); target 60 s a million",
            data.records.len(),
            both - sorted,
            families.len()
        );
    }
}

fn measure_crowds(threads: usize) {
    type Make = fn(usize) -> PersonFacts;
    let crowds: [(&str, Make); 4] = [
        ("all the same", |n| crowd_record(n, "Muhammad", "Khan")),
        ("babies of the first of January", |n| {
            crowd_record(n, "Baby", "")
        }),
        ("one name, other spellings", |n| {
            crowd_record(n, &format!("Muhammad {n}"), "Khan")
        }),
        ("one address, other names", |n| {
            crowd_record(n, &name_for(n), &name_for(n / 7))
        }),
    ];
    for (what, make) in crowds {
        for count in [5_000, 10_000, 20_000] {
            let records: Vec<PersonFacts> = (0..count).map(make).collect();
            let started = Instant::now();
            let children = cluster_children(&records, Population::Families, threads);
            let families = cluster_families_with(&records, &children.clusters, threads).len();
            println!(
                "crowd, {what}: {count} records in {:.2} s, {} children, {families} families",
                started.elapsed().as_secs_f64(),
                children.clusters.len()
            );
        }
    }
}

fn crowd_record(n: usize, given: &str, family: &str) -> PersonFacts {
    let mut record = PersonFacts::new(format!("{n}"));
    record.names = vec![PersonName {
        given: given.into(),
        family: Some(family.into()),
    }];
    record.birth = Some(BirthDate {
        date: date!(2015 - 01 - 01),
        expected: false,
    });
    record.addresses = vec![linkage::AddressFacts {
        lines: "1 Long Street".into(),
        postcode: Some("ZZ9 9ZZ".into()),
        from: None,
        until: None,
    }];
    record
}

/// A made-up name for each number.
fn name_for(mut n: usize) -> String {
    let mut out = String::new();
    for _ in 0..5 {
        out.push(char::from(b'a' + u8::try_from(n * 7 % 26).unwrap_or(0)));
        n /= 3;
    }
    out
}
