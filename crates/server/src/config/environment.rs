//! Overrides from the environment: `CHRONOLOGY_DATABASE__URL` sets `url` in `[database]`.

use std::ffi::OsString;

use zeroize::Zeroizing;

use super::tree::{Node, Table, set};

const PREFIX: &str = "CHRONOLOGY_";
/// Settings outside any section; other names without `__` are not ours to judge.
const TOP_LEVEL: &[&str] = &["DATA_FOLDER"];

/// The environment of this process that concerns the configuration, by name.
pub(crate) fn read() -> Vec<(String, Zeroizing<String>)> {
    let mut found: Vec<_> = std::env::vars_os().filter_map(of_ours).collect();
    found.sort_by(|one, two| one.0.cmp(&two.0));
    found
}

fn of_ours((name, value): (OsString, OsString)) -> Option<(String, Zeroizing<String>)> {
    let name = name.into_string().ok()?;
    let path = name.strip_prefix(PREFIX)?;
    let ours = path.contains("__") || TOP_LEVEL.contains(&path);
    ours.then(|| (name.clone(), Zeroizing::new(value.to_string_lossy().into_owned())))
}

/// Puts the variables over the tree; those that fit nowhere are named.
pub(crate) fn apply(tree: &mut Table, variables: Vec<(String, Zeroizing<String>)>) -> Vec<String> {
    let unfit = variables.into_iter().filter_map(|(variable, text)| {
        let path = variable.strip_prefix(PREFIX).unwrap_or(&variable);
        let path: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let fits = set(tree, &path, Node::Environment { variable: variable.clone(), text });
        fits.is_none().then(|| format!("{variable}: there is no such setting"))
    });
    unfit.collect()
}
