//! A copy of the sealed values in the database, and an attacker's attempt to decrypt them with the
//! keys that still exist.

use domain::Instant;
use uuid::Uuid;
use vault::{KeyScope, KeyTerms, RecordLocation, SealedTable, Vault};

use crate::{TestApp, raw_db};

/// One sealed value of the copy.
pub struct SealedRow {
    /// The table that holds the value.
    pub table: String,
    /// Table, row and version that the wrapped data key belongs to.
    key_location: (SealedTable, Uuid, i64),
    /// Table and row of the value itself.
    row: (SealedTable, Uuid),
    /// The expiry that the data key is wrapped for.
    pub expires_at: Instant,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

/// Copies every sealed entry, frozen view and event link.
#[must_use]
pub fn copy_sealed_rows(app: &TestApp) -> Vec<SealedRow> {
    let select = |table: &str,
                  key_location: &str,
                  row: &str,
                  version: &str,
                  from: &str,
                  holder: &str| {
        let sqlite = format!(
            "SELECT '{table}|' || hex({key_location}) || '|' || hex({row}) || '|' || {version} || '|' || {holder}.expires_at
             || '|' || hex({holder}.wrapped_key) || '|' || hex(t.sealed) AS word FROM {from}"
        );
        let postgresql = format!(
            "SELECT '{table}|' || {key_location} || '|' || {row} || '|' || {version} || '|'
             || (extract(epoch FROM {holder}.expires_at) * 1000000)::bigint
             || '|' || encode({holder}.wrapped_key, 'hex') || '|' || encode(t.sealed, 'hex') AS word FROM {from}"
        );
        raw_db::query_strings(app, &sqlite, &postgresql)
    };
    let entries = "entries t JOIN fragment_versions v ON v.fragment_id = t.fragment_id AND v.version = t.version";
    let mut rows = select(
        "entries",
        "t.fragment_id",
        "t.id",
        "t.version",
        entries,
        "v",
    );
    rows.extend(select(
        "consolidations",
        "t.id",
        "t.id",
        "1",
        "consolidations t",
        "t",
    ));
    let links = "consolidation_links t";
    rows.extend(select(
        "consolidation_links",
        "t.consolidation_id",
        "t.consolidation_id",
        "1",
        links,
        "t",
    ));
    let event_links = "event_links t";
    rows.extend(select(
        "event_links",
        "t.chronology_id",
        "t.chronology_id",
        "3",
        event_links,
        "t",
    ));
    rows.iter().map(|row| parse_row(row)).collect()
}

fn parse_row(row: &str) -> SealedRow {
    let fields: Vec<&str> = row.split('|').collect();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2)
            .map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
            .collect()
    };
    let (key_location, row) = match fields[0] {
        "entries" => (SealedTable::FragmentVersions, SealedTable::Entries),
        "consolidations" => (SealedTable::Consolidations, SealedTable::Consolidations),
        "event_links" => (SealedTable::EventLinks, SealedTable::EventLinks),
        "consolidation_links" => (
            SealedTable::ConsolidationLinks,
            SealedTable::ConsolidationLinks,
        ),
        other => panic!("unknown table {other}"),
    };
    SealedRow {
        table: fields[0].to_owned(),
        key_location: (
            key_location,
            Uuid::try_parse(fields[1]).unwrap(),
            fields[3].parse().unwrap(),
        ),
        row: (row, Uuid::try_parse(fields[2]).unwrap()),
        expires_at: Instant::from_micros(fields[4].parse().unwrap()),
        wrapped: bytes(fields[5]),
        sealed: bytes(fields[6]),
    }
}

impl SealedRow {
    /// Decrypts the value with the keys that `vault` still holds, at time `now`; `None` if that is
    /// impossible.
    #[must_use]
    pub fn decrypt(&self, vault: &Vault, scope: Uuid, now: Instant) -> Option<String> {
        let (table, row, version) = self.key_location;
        let object = (table == SealedTable::FragmentVersions).then_some(KeyScope(row));
        let terms = KeyTerms::Expiring {
            scope: KeyScope(scope),
            object,
            expires_at: self.expires_at,
        };
        let key = vault
            .open_key(
                now,
                &terms,
                &RecordLocation {
                    table,
                    row,
                    version,
                },
                &self.wrapped,
            )
            .ok()?;
        let (table, row) = self.row;
        let plain = key
            .open(
                &RecordLocation {
                    table,
                    row,
                    version,
                },
                &self.sealed,
            )
            .ok()?;
        Some(String::from_utf8(plain.to_vec()).unwrap())
    }
}
