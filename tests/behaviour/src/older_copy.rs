//! A copy of the database, and what a thief opens of it who has every key that is left.

use domain::Instant;
use store::Kind;
use uuid::Uuid;
use vault::{KeyScope, Place, Terms, Vault};

use crate::{TestApp, raw};

/// A sealed value as a copy of the database holds it.
pub struct Sealed {
    /// The table.
    pub table: String,
    /// Where its data key stands, with the version.
    key_of: (&'static str, Uuid, i64),
    /// Where it stands itself.
    row: (&'static str, Uuid),
    /// The end of what its data key is wrapped for.
    pub expires_at: Instant,
    wrapped: Vec<u8>,
    sealed: Vec<u8>,
}

/// Every entry, everything sealed of frozen views, and what is kept of links: table, key's row, row, version, end, key, value.
#[must_use]
pub fn copy(app: &TestApp) -> Vec<Sealed> {
    let select = |table: &str, key_of: &str, row: &str, version: &str, from: &str, holder: &str| {
        let sqlite = format!(
            "SELECT '{table}|' || hex({key_of}) || '|' || hex({row}) || '|' || {version} || '|' || {holder}.expires_at
             || '|' || hex({holder}.wrapped_key) || '|' || hex(t.sealed) AS word FROM {from}"
        );
        let postgresql = format!(
            "SELECT '{table}|' || {key_of} || '|' || {row} || '|' || {version} || '|'
             || (extract(epoch FROM {holder}.expires_at) * 1000000)::bigint
             || '|' || encode({holder}.wrapped_key, 'hex') || '|' || encode(t.sealed, 'hex') AS word FROM {from}"
        );
        raw::texts(app, &sqlite, &postgresql)
    };
    let entries = "entries t JOIN fragment_versions v ON v.fragment_id = t.fragment_id AND v.version = t.version";
    let mut rows = select("entries", "t.fragment_id", "t.id", "t.version", entries, "v");
    rows.extend(select("consolidations", "t.id", "t.id", "1", "consolidations t", "t"));
    let links = "consolidation_links t";
    rows.extend(select("consolidation_links", "t.consolidation_id", "t.consolidation_id", "1", links, "t"));
    let found = "event_links t";
    let index = if app.db.kind() == Kind::Sqlite { "t.view_index" } else { "encode(t.view_index, 'hex')" };
    rows.extend(select("event_links", "t.chronology_id", index, "2", found, "t").iter().map(|row| of_view(row)));
    rows.iter().map(|row| sealed(row)).collect()
}

/// What is kept of links stands where chronology and view together say.
fn of_view(row: &str) -> String {
    let mut fields: Vec<String> = row.split('|').map(str::to_owned).collect();
    let mut place = Uuid::try_parse(&fields[1]).unwrap().as_u128();
    for at in 0..16 {
        place ^= u128::from_str_radix(&fields[2][2 * at..2 * at + 2], 16).unwrap() << (8 * at);
    }
    let place = Uuid::from_u128(place).to_string();
    (fields[1], fields[2]) = (place.clone(), place);
    fields.join("|")
}

fn sealed(row: &str) -> Sealed {
    let fields: Vec<&str> = row.split('|').collect();
    let bytes = |hex: &str| -> Vec<u8> {
        (0..hex.len() / 2).map(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap()).collect()
    };
    let (key_of, row) = match fields[0] {
        "entries" => ("fragment_versions", "entries"),
        "consolidations" => ("consolidations", "consolidations"),
        "event_links" => ("event_links", "event_links"),
        "consolidation_links" => ("consolidation_links", "consolidation_links"),
        other => panic!("{other} is not known"),
    };
    Sealed {
        table: fields[0].to_owned(),
        key_of: (key_of, Uuid::try_parse(fields[1]).unwrap(), fields[3].parse().unwrap()),
        row: (row, Uuid::try_parse(fields[2]).unwrap()),
        expires_at: Instant::from_micros(fields[4].parse().unwrap()),
        wrapped: bytes(fields[5]),
        sealed: bytes(fields[6]),
    }
}

impl Sealed {
    /// What a thief reads of it who has the keystore and sets the clock to whatever opens most.
    #[must_use]
    pub fn opened(&self, vault: &Vault, scope: Uuid, now: Instant) -> Option<String> {
        let (table, row, version) = self.key_of;
        let object = (table == "fragment_versions").then_some(KeyScope(row));
        let terms = Terms::Until { scope: KeyScope(scope), object, expires_at: self.expires_at };
        let key = vault.open_key(now, &terms, &Place { table, row, version }, &self.wrapped).ok()?;
        let (table, row) = self.row;
        let plain = key.open(&Place { table, row, version }, &self.sealed).ok()?;
        Some(String::from_utf8(plain.to_vec()).unwrap())
    }
}
