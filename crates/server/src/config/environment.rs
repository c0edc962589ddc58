//! Overrides from the environment: `CHRONOLOGY_DATABASE__URL` sets `url` in `[database]`.

use std::ffi::OsString;

use zeroize::Zeroizing;

use super::tree::{Node, Table, set_at_path};

const PREFIX: &str = "CHRONOLOGY_";
/// Settings outside any section. Other names without `__` are ignored.
const TOP_LEVEL: &[&str] = &["DATA_FOLDER"];

/// The environment variables of this process that are settings, sorted by name.
pub(crate) fn read() -> Vec<(String, Zeroizing<String>)> {
    let mut variables: Vec<_> = std::env::vars_os()
        .filter_map(configuration_variable)
        .collect();
    variables.sort_by(|one, two| one.0.cmp(&two.0));
    variables
}

fn configuration_variable(
    (name, value): (OsString, OsString),
) -> Option<(String, Zeroizing<String>)> {
    let name = name.into_string().ok()?;
    let path = name.strip_prefix(PREFIX)?;
    let is_setting = path.contains("__") || TOP_LEVEL.contains(&path);
    is_setting.then(|| {
        (
            name.clone(),
            Zeroizing::new(value.to_string_lossy().into_owned()),
        )
    })
}

/// Sets the values of the variables in the tree. Returns an error for each variable that matches no
/// setting.
pub(crate) fn apply(tree: &mut Table, variables: Vec<(String, Zeroizing<String>)>) -> Vec<String> {
    let errors = variables.into_iter().filter_map(|(variable, text)| {
        let path = variable.strip_prefix(PREFIX).unwrap_or(&variable);
        let path: Vec<String> = path.split("__").map(str::to_lowercase).collect();
        let placed = set_at_path(
            tree,
            &path,
            Node::Environment {
                variable: variable.clone(),
                text,
            },
        );
        placed
            .is_none()
            .then(|| format!("{variable}: there is no such setting"))
    });
    errors.collect()
}
