//! The reference page: the whole document as one readable page, made on this side, without script.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use super::{document, operations};
use crate::page::{self, escape, prose};

/// The page.
pub(crate) fn whole() -> String {
    page::html("API reference", &html(document()))
}

fn html(document: &Value) -> String {
    let mut out = format!("<h1>{} {}</h1>\n", text(document, "/info/title"), text(document, "/info/version"));
    out.push_str(&paragraphs(document.pointer("/info/description")));
    out.push_str("<p>The same for programs: <a href=\"/openapi.yaml\">YAML</a>, <a href=\"/openapi.json\">JSON</a>. ");
    out.push_str("<a href=\"/problems\">All problems</a>.</p>\n");
    contents(document, &mut out);
    for tag in list(document.get("tags")) {
        let name = text(tag, "/name");
        let _ = writeln!(out, "<h2>{name}</h2>\n<p>{}</p>", text(tag, "/description"));
        for (method, path, operation) in in_group(document, tag) {
            section(document, method, path, operation, &mut out);
        }
    }
    out.push_str("<h2>Shapes</h2>\n");
    for (name, schema) in object(document.pointer("/components/schemas")) {
        shape(name, schema, &mut out);
    }
    out
}

fn contents(document: &Value, out: &mut String) {
    out.push_str("<nav aria-label=\"Operations\">\n<ul>\n");
    for (_, _, operation) in operations(document) {
        let (id, summary) = (text(operation, "/operationId"), text(operation, "/summary"));
        let _ = writeln!(out, "<li><a href=\"#{id}\">{summary}</a></li>");
    }
    out.push_str("</ul>\n</nav>\n");
}

fn in_group<'a>(document: &'a Value, tag: &Value) -> Vec<(&'static str, &'a str, &'a Value)> {
    let name = tag.get("name").cloned().unwrap_or_default();
    operations(document).filter(|(_, _, operation)| list(operation.get("tags")).contains(&name)).collect()
}

fn section(document: &Value, method: &str, path: &str, operation: &Value, out: &mut String) {
    let (id, summary) = (text(operation, "/operationId"), text(operation, "/summary"));
    let _ = writeln!(out, "<h3 id=\"{id}\">{summary}</h3>");
    let _ = writeln!(out, "<p><span class=\"method\">{method}</span> <code>{}</code></p>", escape(path));
    out.push_str(&paragraphs(operation.get("description")));
    let _ = writeln!(out, "<p>Audited as <code>{}</code>.</p>", text(operation, "/x-audit-event"));
    out.push_str("<table>\n<tr><th>Parameter</th><th>In</th><th>What it is</th></tr>\n");
    for parameter in list(operation.get("parameters")) {
        let parameter = resolved(document, parameter);
        let must = if parameter.get("required") == Some(&Value::Bool(true)) { "" } else { " (optional)" };
        let (name, place, what) = (text(parameter, "/name"), text(parameter, "/in"), text(parameter, "/description"));
        let _ = writeln!(out, "<tr><td><code>{name}</code>{must}</td><td>{place}</td><td>{what}</td></tr>");
    }
    out.push_str("</table>\n");
    if let Some(body) = operation.get("requestBody") {
        out.push_str("<p>Body: ");
        content(body, out);
    }
    out.push_str("<table>\n<tr><th>Answer</th><th>What it means</th></tr>\n");
    for (status, answer) in object(operation.get("responses")) {
        let answer = resolved(document, answer);
        let what = paragraphs(answer.get("description"));
        let _ = writeln!(out, "<tr><td>{status} {}</td><td>{what}</td></tr>", shape_of(answer));
    }
    out.push_str("</table>\n");
}

fn content(holder: &Value, out: &mut String) {
    let _ = writeln!(out, "{}</p>", shape_of(holder));
    if let Some(example) = holder.pointer("/content/application~1json/example") {
        let example = serde_json::to_string_pretty(example).unwrap_or_default();
        let _ = writeln!(out, "<pre>{}</pre>", escape(&example));
    }
}

fn shape_of(holder: &Value) -> String {
    holder.pointer("/content/application~1json/schema").map(kind).unwrap_or_default()
}

fn shape(name: &str, schema: &Value, out: &mut String) {
    let name = escape(name);
    let _ = writeln!(out, "<h3 id=\"shape-{name}\">{name}</h3>");
    out.push_str(&paragraphs(schema.get("description")));
    let properties = object(schema.get("properties"));
    if properties.is_empty() {
        let _ = writeln!(out, "<p>{}</p>", kind(schema));
        return;
    }
    out.push_str("<table>\n<tr><th>Property</th><th>Type</th><th>What it is</th></tr>\n");
    for (property, inner) in properties {
        let required = list(schema.get("required")).iter().any(|known| known == property);
        let must = if required { "" } else { " (optional)" };
        let (property, what) = (escape(property), text(inner, "/description"));
        let _ = writeln!(out, "<tr><td><code>{property}</code>{must}</td><td>{}</td><td>{what}</td></tr>", kind(inner));
    }
    out.push_str("</table>\n");
}

/// A schema in a few words.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema.get("$ref").and_then(Value::as_str).and_then(|text| text.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#shape-{name}\">{name}</a>");
    }
    if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
        return choices.iter().map(kind).collect::<Vec<_>>().join(" or ");
    }
    if let Some(items) = schema.get("items") {
        return format!("list of {}", kind(items));
    }
    let words: Vec<String> = list(schema.get("enum")).iter().map(plain).collect();
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.iter().map(plain).collect::<Vec<_>>().join(" or "),
        other => other.map(plain).unwrap_or_default(),
    };
    let limits = ["format", "pattern", "minLength", "maxLength", "minimum", "maximum"];
    let limits =
        limits.iter().filter_map(|name| Some(format!(", {name} {}", plain(schema.get(name)?)))).collect::<String>();
    if words.is_empty() { types + &limits } else { format!("one of {}", words.join(", ")) }
}

fn plain(value: &Value) -> String {
    escape(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
}

fn resolved<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    let reference = value.get("$ref").and_then(Value::as_str);
    reference.and_then(|reference| document.pointer(reference.trim_start_matches('#'))).unwrap_or(value)
}

fn text(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).map(prose).unwrap_or_default()
}

fn paragraphs(value: Option<&Value>) -> String {
    let text = value.and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").map(|one| format!("<p>{}</p>\n", prose(one))).collect()
}

fn list(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn object(value: Option<&Value>) -> Vec<(&String, &Value)> {
    value.and_then(Value::as_object).map(Map::iter).into_iter().flatten().collect()
}
