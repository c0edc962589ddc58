//! Validates request bodies against the schemas of the OpenAPI document, so that what is documented
//! is what is enforced, and all faults are reported at once.

use std::collections::BTreeMap;

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::{Value, json};
use service::Fault;

use super::pointer::escape_segment;
use crate::problem::MAX_FAULTS;

/// The schemas of request bodies by name, compiled.
#[derive(Default)]
pub struct BodySchemas(BTreeMap<String, Validator>);

impl BodySchemas {
    /// Compiles the named schemas. `components` are all schemas of the OpenAPI document, to which
    /// they may refer. A schema that cannot be compiled is logged and left out.
    #[must_use]
    pub fn compile(names: impl IntoIterator<Item = String>, components: &Value) -> Self {
        let compiled = names
            .into_iter()
            .filter_map(|name| compile(&name, components).map(|validator| (name, validator)));
        Self(compiled.collect())
    }

    /// The faults of `value` against the named schema, in the order in which they are found, up to
    /// one more than a problem document lists.
    pub(crate) fn faults(&self, schema: &str, value: &Value) -> Vec<Fault> {
        let Some(validator) = self.0.get(schema) else {
            tracing::error!(schema, "an input has no schema in the document");
            return Vec::new();
        };
        if validator.is_valid(value) {
            return Vec::new();
        }
        validator
            .iter_errors(value)
            .flat_map(|error| to_faults(&error))
            .take(MAX_FAULTS + 1)
            .collect()
    }
}

fn compile(name: &str, schemas: &Value) -> Option<Validator> {
    let dependencies = schema_with_dependencies(name, schemas);
    let root = json!({
        "$ref": format!("#/components/schemas/{name}"),
        "components": { "schemas": dependencies }
    });
    let built = jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&root);
    built
        .inspect_err(
            |error| tracing::error!(name, %error, "a schema of the document cannot be used"),
        )
        .ok()
}

/// The named schema and all schemas it depends on. A validator keeps a copy of everything it is
/// given, so it gets no others.
fn schema_with_dependencies(name: &str, schemas: &Value) -> Value {
    let mut found = serde_json::Map::new();
    let mut wanted = vec![name.to_owned()];
    while let Some(name) = wanted.pop() {
        if let (false, Some(schema)) = (found.contains_key(&name), schemas.get(&name)) {
            collect_references(schema, &mut wanted);
            found.insert(name, schema.clone());
        }
    }
    Value::Object(found)
}

/// Collects the names of the schemas that this one refers to.
fn collect_references(schema: &Value, into: &mut Vec<String>) {
    match schema {
        Value::Object(members) => {
            let reference = members.get("$ref").and_then(Value::as_str);
            into.extend(
                reference
                    .and_then(|path| path.rsplit('/').next())
                    .map(str::to_owned),
            );
            members
                .values()
                .for_each(|member| collect_references(member, into));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_references(item, into)),
        _ => {}
    }
}

/// Converts a validation error into faults. They state what is expected and never repeat the value.
fn to_faults(error: &ValidationError<'_>) -> Vec<Fault> {
    let at = error.instance_path().as_str();
    match error.kind() {
        Kind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            vec![Fault::new(
                format!("{at}/{}", escape_segment(name)),
                "required",
                "this must be given",
            )]
        }
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected
                .iter()
                .take(MAX_FAULTS + 1)
                .map(|name| {
                    Fault::new(
                        format!("{at}/{}", escape_segment(name)),
                        "unknown_property",
                        "there is no such property",
                    )
                })
                .collect()
        }
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => {
            alternative_faults(at, context)
        }
        kind => {
            let (code, message) = describe_violation(kind);
            vec![Fault::new(at, code, message)]
        }
    }
}

/// The faults of the intended alternative: the first that is not just `null`.
fn alternative_faults(at: &str, context: &[Vec<ValidationError<'static>>]) -> Vec<Fault> {
    let intended = context
        .iter()
        .find(|errors| !errors.iter().all(|error| expects_null(error)));
    let faults: Vec<Fault> = intended.into_iter().flatten().flat_map(to_faults).collect();
    if faults.is_empty() {
        vec![Fault::new(
            at,
            "invalid_value",
            "none of the forms this can have",
        )]
    } else {
        faults
    }
}

fn expects_null(error: &ValidationError<'_>) -> bool {
    matches!(error.kind(), Kind::Type { kind: TypeKind::Single(kind) } if kind.to_string() == "null")
}

fn describe_violation(kind: &Kind) -> (&'static str, String) {
    match kind {
        Kind::Type { kind } => ("wrong_type", format!("this must be {}", type_names(kind))),
        Kind::Enum { options } => (
            "not_on_the_list",
            format!("use one of {}", option_list(options)),
        ),
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

fn type_names(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => format!("of type {one}"),
        TypeKind::Multiple(several) => {
            let names: Vec<String> = several.iter().map(|name| name.to_string()).collect();
            format!("of type {}", names.join(" or "))
        }
    }
}

/// The values of an enum, all defined by the service.
fn option_list(options: &Value) -> String {
    let words: Vec<&str> = options
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    words.join(", ")
}
