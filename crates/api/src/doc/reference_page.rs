//! The API reference: the whole document as one HTML page, rendered on the server, without scripts.

use std::fmt::Write as _;

use serde_json::{Map, Value};
use web::html::{self, escape, escape_with_code};

use super::{document, operations};

/// Renders the page.
pub(crate) fn render() -> String {
    html::render_page("API reference", &render_main(document()))
}

fn render_main(document: &Value) -> String {
    let mut out = format!(
        "<h1>{} {}</h1>\n",
        text(document, "/info/title"),
        text(document, "/info/version")
    );
    out.push_str(&paragraphs(document.pointer("/info/description")));
    out.push_str("<p>Machine-readable: <a href=\"/openapi.yaml\">YAML</a>, <a href=\"/openapi.json\">JSON</a>. ");
    out.push_str("<a href=\"/problems\">All problems</a>.</p>\n");
    write_contents(document, &mut out);
    for tag in array_items(document.get("tags")) {
        let name = text(tag, "/name");
        let _ = writeln!(out, "<h2>{name}</h2>\n<p>{}</p>", text(tag, "/description"));
        for (method, path, operation) in operations_of_tag(document, tag) {
            write_operation(document, method, path, operation, &mut out);
        }
    }
    out.push_str("<h2>Schemas</h2>\n");
    for (name, schema) in object_members(document.pointer("/components/schemas")) {
        write_schema(name, schema, &mut out);
    }
    out
}

fn write_contents(document: &Value, out: &mut String) {
    out.push_str("<nav aria-label=\"Operations\">\n<ul>\n");
    for (_, _, operation) in operations(document) {
        let id = text(operation, "/operationId");
        let summary = text(operation, "/summary");
        let _ = writeln!(out, "<li><a href=\"#{id}\">{summary}</a></li>");
    }
    out.push_str("</ul>\n</nav>\n");
}

fn operations_of_tag<'a>(
    document: &'a Value,
    tag: &Value,
) -> Vec<(&'static str, &'a str, &'a Value)> {
    let name = tag.get("name").cloned().unwrap_or_default();
    operations(document)
        .filter(|(_, _, operation)| array_items(operation.get("tags")).contains(&name))
        .collect()
}

fn write_operation(
    document: &Value,
    method: &str,
    path: &str,
    operation: &Value,
    out: &mut String,
) {
    let id = text(operation, "/operationId");
    let summary = text(operation, "/summary");
    let _ = writeln!(out, "<h3 id=\"{id}\">{summary}</h3>");
    let _ = writeln!(
        out,
        "<p><span class=\"method\">{method}</span> <code>{}</code></p>",
        escape(path)
    );
    out.push_str(&paragraphs(operation.get("description")));
    let _ = writeln!(
        out,
        "<p>Audited as <code>{}</code>.</p>",
        text(operation, "/x-audit-event")
    );
    out.push_str("<table>\n<tr><th>Parameter</th><th>In</th><th>Description</th></tr>\n");
    for parameter in array_items(operation.get("parameters")) {
        let parameter = resolve(document, parameter);
        let optional_mark = if parameter.get("required") == Some(&Value::Bool(true)) {
            ""
        } else {
            " (optional)"
        };
        let name = text(parameter, "/name");
        let location = text(parameter, "/in");
        let description = text(parameter, "/description");
        let _ = writeln!(
            out,
            "<tr><td><code>{name}</code>{optional_mark}</td><td>{location}</td><td>{description}</td></tr>"
        );
    }
    out.push_str("</table>\n");
    if let Some(body) = operation.get("requestBody") {
        out.push_str("<p>Body: ");
        write_body_example(body, out);
    }
    out.push_str("<table>\n<tr><th>Response</th><th>Description</th></tr>\n");
    for (status, response) in object_members(operation.get("responses")) {
        let response = resolve(document, response);
        let description = paragraphs(response.get("description"));
        let _ = writeln!(
            out,
            "<tr><td>{status} {}</td><td>{description}</td></tr>",
            schema_summary(response)
        );
    }
    out.push_str("</table>\n");
}

fn write_body_example(holder: &Value, out: &mut String) {
    let _ = writeln!(out, "{}</p>", schema_summary(holder));
    if let Some(example) = holder.pointer("/content/application~1json/example") {
        let example = serde_json::to_string_pretty(example).unwrap_or_default();
        let _ = writeln!(out, "<pre>{}</pre>", escape(&example));
    }
}

fn schema_summary(holder: &Value) -> String {
    holder
        .pointer("/content/application~1json/schema")
        .map(describe_schema)
        .unwrap_or_default()
}

fn write_schema(name: &str, schema: &Value, out: &mut String) {
    let name = escape(name);
    let _ = writeln!(out, "<h3 id=\"schema-{name}\">{name}</h3>");
    out.push_str(&paragraphs(schema.get("description")));
    let properties = object_members(schema.get("properties"));
    if properties.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", describe_schema(schema));
        return;
    }
    out.push_str("<table>\n<tr><th>Property</th><th>Type</th><th>Description</th></tr>\n");
    for (property, inner) in properties {
        let required = array_items(schema.get("required"))
            .iter()
            .any(|known| known == property);
        let optional_mark = if required { "" } else { " (optional)" };
        let property = escape(property);
        let description = text(inner, "/description");
        let _ = writeln!(
            out,
            "<tr><td><code>{property}</code>{optional_mark}</td><td>{}</td><td>{description}</td></tr>",
            describe_schema(inner)
        );
    }
    out.push_str("</table>\n");
}

/// A short description of a schema.
fn describe_schema(schema: &Value) -> String {
    if let Some(name) = schema
        .get("$ref")
        .and_then(Value::as_str)
        .and_then(|text| text.rsplit('/').next())
    {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        return choices
            .iter()
            .map(describe_schema)
            .collect::<Vec<_>>()
            .join(" or ");
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", describe_schema(items));
    }
    let words: Vec<String> = array_items(schema.get("enum"))
        .iter()
        .map(scalar_text)
        .collect();
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types
            .iter()
            .map(scalar_text)
            .collect::<Vec<_>>()
            .join(" or "),
        other => other.map(scalar_text).unwrap_or_default(),
    };
    let limits = [
        "format",
        "pattern",
        "minLength",
        "maxLength",
        "minimum",
        "maximum",
    ];
    let limits = limits
        .iter()
        .filter_map(|name| Some(format!(", {name} {}", scalar_text(schema.get(name)?))))
        .collect::<String>();
    if words.is_empty() {
        types + &limits
    } else {
        format!("one of {}", words.join(", "))
    }
}

fn scalar_text(value: &Value) -> String {
    escape(
        &value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned),
    )
}

fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference
        .and_then(|reference| document.pointer(reference.trim_start_matches('#')))
        .unwrap_or(value)
}

fn text(value: &Value, pointer: &str) -> String {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .map(escape_with_code)
        .unwrap_or_default()
}

fn paragraphs(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n")
        .map(|paragraph| format!("<p>{}</p>\n", escape_with_code(paragraph)))
        .collect()
}

fn array_items(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object_members(value: Option<&Value>) -> Vec<(&String, &Value)> {
    value
        .and_then(Value::as_object)
        .map(Map::iter)
        .into_iter()
        .flatten()
        .collect()
}
