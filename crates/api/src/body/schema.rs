//! The document's own schemas, used to check what comes in: what is documented is what is enforced, and every fault is
//! found at once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};
use service::Fault;

use super::pointer::part;
use crate::problem::MOST_FAULTS;

/// The faults of `value` against the schema of this name in the document, in the order they are found: every one, or so many that
/// there are more than a problem document names.
pub(crate) fn faults(schema: &str, value: &Value) -> Vec<Fault> {
    let Some(validator) = validators().get(schema) else {
        tracing::error!(schema, "an input has no schema in the document");
        return Vec::new();
    };
    if validator.is_valid(value) {
        return Vec::new();
    }
    validator.iter_errors(value).flat_map(|error| explain(&error)).take(MOST_FAULTS + 1).collect()
}

/// One validator for each input, compiled when the first body comes (or at start, by [`prepare`]).
fn validators() -> &'static BTreeMap<String, Validator> {
    static VALIDATORS: OnceLock<BTreeMap<String, Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let document = crate::doc::document();
        let schemas = document.pointer("/components/schemas").cloned().unwrap_or_default();
        let bodies = crate::doc::request_bodies(document);
        bodies.into_iter().filter_map(|name| compile(&name, &schemas).map(|validator| (name, validator))).collect()
    })
}

/// Compiles all validators now rather than with the first request.
pub(crate) fn prepare() {
    validators();
}

fn compile(name: &str, schemas: &Value) -> Option<Validator> {
    let root =
        json!({ "$ref": format!("#/components/schemas/{name}"), "components": { "schemas": needed(name, schemas) } });
    let built = jsonschema::options().with_draft(Draft::Draft202012).should_validate_formats(true).build(&root);
    built.inspect_err(|error| tracing::error!(name, %error, "a schema of the document cannot be used")).ok()
}

/// The schema of this name and those it leads to: a validator keeps a copy of everything it is given.
fn needed(name: &str, schemas: &Value) -> Value {
    let mut found = serde_json::Map::new();
    let mut wanted = vec![name.to_owned()];
    while let Some(name) = wanted.pop() {
        if let (false, Some(schema)) = (found.contains_key(&name), schemas.get(&name)) {
            references(schema, &mut wanted);
            found.insert(name, schema.clone());
        }
    }
    Value::Object(found)
}

/// The names of the schemas that this one refers to.
fn references(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            into.extend(reference.and_then(|path| path.rsplit('/').next()).map(str::to_owned));
            members.values().for_each(|member| references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, into)),
        _ => {}
    }
}

/// An error in words of ours. Nothing of the value is repeated, only what is expected.
fn explain(error: &ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().as_str();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::new(format!("{at}/{}", part(name)), "required", "this must be given")]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => unexpected
            .iter()
            .take(MOST_FAULTS + 1)
            .map(|name| Fault::new(format!("{at}/{}", part(name)), "unknown_property", "there is no such property"))
            .collect(),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => alternatives(at, context),
        kind => {
            let (code, message) = describe(kind);
            vec![Fault::new(at, code, message)]
        }
    }
}

/// Of several alternatives the one that was meant: not the `null` that any other value fails to be.
fn alternatives(at: &str, context: &[Vec<ValidationError<'static>>]) -> Vec<Fault> {
    let meant = context.iter().find(|errors| !errors.iter().all(|error| expects_null(error)));
    let faults: Vec<Fault> = meant.into_iter().flatten().flat_map(explain).collect();
    if faults.is_empty() { vec![Fault::new(at, "invalid_value", "none of the forms this can have")] } else { faults }
}

fn expects_null(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null")
}

fn describe(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Type { kind } => ("wrong_type", format!("this must be {}", types(kind))),
        Kind::Enum { options } => ("not_on_the_list", format!("use one of {}", words(options))),
        Kind::MaxLength { limit } => ("too_long", format!("at most {limit} characters")),
        Kind::MinLength { limit } => ("too_short", format!("at least {limit} characters")),
        Kind::MaxItems { limit } => ("too_many", format!("at most {limit} items")),
        Kind::MinItems { limit } => ("too_few", format!("at least {limit} items")),
        Kind::Maximum { limit } => ("too_large", format!("at most {limit}")),
        Kind::Minimum { limit } => ("too_small", format!("at least {limit}")),
        Kind::Pattern { pattern } => ("wrong_pattern", format!("this must match {pattern}")),
        Kind::Format { format } => ("wrong_format", format!("this must be a {format}")),
        Kind::UniqueItems => ("repeated_items", "each item once".to_owned()),
        _ => ("invalid_value", "not a value this can have".to_owned()),
    }
}

fn types(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => format!("of type {one}"),
        TypeKind::Multiple(several) => {
            let names: Vec<String> = several.iter().map(|one| one.to_string()).collect();
            format!("of type {}", names.join(" or "))
        }
    }
}

/// The words of a closed list, which are ours.
fn words(options: &Value) -> String {
    let words: Vec<&str> = options.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    words.join(", ")
}
