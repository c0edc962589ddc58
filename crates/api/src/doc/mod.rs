//! The OpenAPI document: collected from the routes, completed with what they share, and serialised
//! in a fixed order, so that the file is identical on every run.

mod complete;
mod examples;
mod ordered;
mod parameters;
pub(crate) mod reference_page;
mod responses;
mod schemas;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use actix_web::App;
use actix_web::dev::ResourceDef;
use serde_json::Value;
use utoipa_actix_web::AppExt as _;
use web::{BodySchemas, QueryParameters, RouteDeclarations, system_routes};

use crate::document_routes;
use ordered::OrderedValue;

/// The HTTP methods that operations can have.
pub(crate) const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The complete document.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        let (_, collected) = App::new()
            .into_utoipa_app()
            .configure(crate::configure)
            .split_for_parts();
        let collected = serde_json::to_value(collected).unwrap_or_default();
        complete::complete(collected)
    })
}

/// The document as YAML: committed as `openapi.yaml` and served at `/openapi.yaml`.
#[must_use]
pub fn openapi_yaml() -> String {
    yaml_serde::to_string(&OrderedValue::new(document())).unwrap_or_default()
}

/// The document as JSON, served at `/openapi.json`.
#[must_use]
pub fn openapi_json() -> String {
    serde_json::to_string_pretty(&OrderedValue::new(document())).unwrap_or_default()
}

/// Sets a member of an object.
fn set(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// Every operation with its method and path, in the order of paths.
pub(crate) fn operations(document: &Value) -> impl Iterator<Item = (&'static str, &str, &Value)> {
    let paths = document
        .get("paths")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    paths.flat_map(|(path, item)| {
        METHODS
            .into_iter()
            .filter_map(move |method| Some((method, path.as_str(), item.get(method)?)))
    })
}

/// The names of the schemas of request bodies.
pub(crate) fn request_bodies(document: &Value) -> BTreeSet<String> {
    let schema = |operation: &Value| {
        let pointer = "/requestBody/content/application~1json/schema/$ref";
        operation
            .pointer(pointer)?
            .as_str()?
            .rsplit('/')
            .next()
            .map(str::to_owned)
    };
    operations(document)
        .filter_map(|(_, _, operation)| schema(operation))
        .collect()
}

/// What the document declares about the routes. Compiled once in a process.
pub(crate) fn route_declarations() -> Arc<RouteDeclarations> {
    static DECLARATIONS: OnceLock<Arc<RouteDeclarations>> = OnceLock::new();
    let declarations = DECLARATIONS.get_or_init(|| {
        let document = document();
        let schemas = document
            .pointer("/components/schemas")
            .cloned()
            .unwrap_or_default();
        let mut query_parameters = QueryParameters::default();
        for (method, path, operation) in operations(document) {
            if let Ok(method) = method.to_ascii_uppercase().parse() {
                let names = parameters::query_names(document, operation);
                query_parameters.declare(method, path, names);
            }
        }
        Arc::new(RouteDeclarations {
            audit_paths: Some("/v1/audit"),
            bodies: BodySchemas::compile(request_bodies(document), &schemas),
            query_parameters,
        })
    });
    Arc::clone(declarations)
}

/// The methods that a path allows, for the `Allow` header; empty for an unknown path.
pub(crate) fn allowed_methods(path: &str) -> Vec<&'static str> {
    static PATTERNS: OnceLock<Vec<(ResourceDef, Vec<&'static str>)>> = OnceLock::new();
    let patterns = PATTERNS.get_or_init(|| {
        let paths = document()
            .get("paths")
            .and_then(Value::as_object)
            .into_iter()
            .flatten();
        let methods = |item: &Value| {
            METHODS
                .into_iter()
                .filter(|method| item.get(method).is_some())
                .collect()
        };
        let documented = paths.map(|(path, item)| (ResourceDef::new(path.as_str()), methods(item)));
        let undocumented = system_routes::PATHS
            .into_iter()
            .chain(document_routes::PATHS)
            .map(|path| (ResourceDef::new(path), vec!["get"]));
        documented.chain(undocumented).collect()
    });
    // A literal path takes precedence over one with parameters.
    let exact = patterns
        .iter()
        .any(|(pattern, _)| pattern.pattern() == Some(path));
    let matching = patterns.iter().filter(|(pattern, _)| match exact {
        true => pattern.pattern() == Some(path),
        false => pattern.is_match(path),
    });
    let methods: BTreeSet<&'static str> = matching
        .flat_map(|(_, methods)| methods.iter().copied())
        .collect();
    methods.into_iter().collect()
}

#[cfg(test)]
mod tests;
