//! Comparable forms of responses: identifiers, hashes and entity tags are replaced by numbers.

use std::collections::BTreeMap;

use behaviour::ApiResponse;
use serde_json::{Value, json};

/// Replaces identifiers, hashes and entity tags by the order in which one observer was first shown
/// them.
#[derive(Default)]
pub(super) struct Labels {
    ids: BTreeMap<String, usize>,
    tags: BTreeMap<String, usize>,
    /// The last entity tag of each path.
    pub(super) last_etags: BTreeMap<String, String>,
}

/// The number of a value: a new value takes the next one.
fn label(labels: &mut BTreeMap<String, usize>, value: &str) -> usize {
    let next = labels.len();
    *labels.entry(value.to_owned()).or_insert(next)
}

impl Labels {
    /// Replaces every identifier in a text.
    pub(super) fn replace_ids(&mut self, text: &str) -> String {
        let is_id = |part: &str| {
            part.len() == 36
                && part
                    .bytes()
                    .enumerate()
                    .all(|(position, byte)| match position {
                        8 | 13 | 18 | 23 => byte == b'-',
                        _ => byte.is_ascii_hexdigit(),
                    })
        };
        let mut replaced = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            match rest.get(..36).filter(|part| is_id(part)) {
                Some(id) => {
                    replaced.push_str(&format!("<{}>", label(&mut self.ids, id)));
                    rest = &rest[36..];
                }
                None => {
                    replaced.push(first);
                    rest = &rest[first.len_utf8()..];
                }
            }
        }
        replaced
    }

    /// Replaces content hashes: an observer can tell only whether two are equal.
    fn replace_hashes(&mut self, body: &mut Value) {
        match body {
            Value::Object(members) => {
                for (name, value) in members {
                    match value.as_str().filter(|_| name == "content_hash") {
                        Some(hash) => *value = json!(label(&mut self.tags, hash)),
                        None => self.replace_hashes(value),
                    }
                }
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.replace_hashes(item)),
            _ => {}
        }
    }

    /// Everything that an observer receives, in a comparable form.
    pub(super) fn normalize(&mut self, response: &ApiResponse) -> String {
        let mut normalized = format!("{} of {} bytes\n", response.status, response.body.len());
        // Sorted because the order of headers differs between processes.
        let mut headers: Vec<_> = response.headers.iter().collect();
        headers.sort();
        for (name, value) in headers {
            let value = match name.as_str() {
                "date" => continue,
                "etag" => {
                    // The version before the dot is compared as it is. The rest is a keyed hash of
                    // the body with its ids.
                    let (version, hash) = value.split_once('.').unwrap_or(("", value));
                    format!("{version}.#{}", label(&mut self.tags, hash))
                }
                "link" => format!("{} bytes", value.len()),
                _ => self.replace_ids(value),
            };
            normalized.push_str(&format!("{name}: {value}\n"));
        }
        let body = match serde_json::from_slice::<Value>(&response.body) {
            Ok(mut body) => {
                if let Some(next) = body.get_mut("next") {
                    *next = json!(next.as_str().map_or(0, str::len));
                }
                self.replace_hashes(&mut body);
                body.to_string()
            }
            Err(_) => response.text(),
        };
        normalized + &self.replace_ids(&body)
    }
}
