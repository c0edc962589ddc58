//! The OpenAPI document: collected from the routes that are served, completed with what all of them share, written in
//! an order of ours so that the file is the same on every run.

mod complete;
mod examples;
mod ordered;
mod parameters;
pub(crate) mod reference;
mod responses;
mod schemas;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use actix_web::App;
use actix_web::dev::ResourceDef;
use serde_json::Value;
use utoipa_actix_web::AppExt as _;

use ordered::Ordered;

/// The methods a path item can have.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The finished document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let (_, collected) = App::new().into_utoipa_app().configure(crate::configure).split_for_parts();
        let collected = serde_json::to_value(collected).unwrap_or_default();
        complete::complete(collected)
    })
}

/// The document as YAML: what is committed as `openapi.yaml` and served at `/openapi.yaml`.
#[must_use]
pub fn openapi_yaml() -> String {
    yaml_serde::to_string(&Ordered::new(document())).unwrap_or_default()
}

/// The document as JSON, served at `/openapi.json`.
#[must_use]
pub fn openapi_json() -> String {
    serde_json::to_string_pretty(&Ordered::new(document())).unwrap_or_default()
}

/// Sets a member of an object.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Every operation: method, path and the operation itself, in the order of paths.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    let paths = document.get("paths").and_then(Value::as_object).into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((method, path.as_str(), item.get(method)?)))
    })
}

/// The names of the schemas that request bodies have.
pub(crate) fn request_bodies(document: &Value) -> BTreeSet<String> {
    let schema = |operation: &Value| {
        let pointer = "/requestBody/content/application~1json/schema/$ref";
        operation.pointer(pointer)?.as_str()?.rsplit('/').next().map(str::to_owned)
    };
    operations(document).filter_map(|(_, _, operation)| schema(operation)).collect()
}

/// The query parameters that the document knows for a route, by method in lower case and route pattern.
pub(crate) fn query_names(method: &str, pattern: &str) -> &'static BTreeSet<String> {
    static NAMES: OnceLock<BTreeMap<(String, String), BTreeSet<String>>> = OnceLock::new();
    static NONE: BTreeSet<String> = BTreeSet::new();
    let names = NAMES.get_or_init(|| {
        let document = document();
        let of = |operation| parameters::query_names(document, operation);
        operations(document)
            .map(|(method, path, operation)| ((method.to_owned(), path.to_owned()), of(operation)))
            .collect()
    });
    names.get(&(method.to_owned(), pattern.to_owned())).unwrap_or(&NONE)
}

/// The methods that a path of ours takes, for `Allow`; empty for a path that is not ours.
pub(crate) fn methods_of(path: &str) -> Vec<&'static str> {
    static PATTERNS: OnceLock<Vec<(ResourceDef, Vec<&'static str>)>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| {
        let paths = document().get("paths").and_then(Value::as_object).into_iter().flatten();
        let methods = |item: &Value| METHODS.into_iter().filter(|method| item.get(method).is_some()).collect();
        let documented = paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)));
        let plain = crate::plain::PATHS.into_iter().map(|path| (ResourceDef::new(path), vec!["get"]));
        documented.chain(plain).collect()
    });
    // A path that is written out goes before one with a name in it.
    let exact = patterns.iter().any(|(pattern, _)| pattern.pattern() == Some(path));
    let matching = patterns.iter().filter(|(pattern, _)| match exact {
        true => pattern.pattern() == Some(path),
        false => pattern.is_match(path),
    });
    let methods: BTreeSet<&'static str> = matching.flat_map(|(_, methods)| methods.iter().copied()).collect();
    methods.into_iter().collect()
}

#[cfg(test)]
mod tests;
