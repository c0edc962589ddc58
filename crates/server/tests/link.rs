//! `chronology link` against its documented schemas: input, output and exit status.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use jsonschema::Validator;
use linkage::batch::{FindingCode, Glossary, Links, link};
use serde_json::{Value, json};
use tempfile::TempDir;

fn chronology(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_chronology"))
        .args(arguments)
        .output()
        .unwrap()
}

fn schema(which: &str) -> (Value, Validator) {
    let printed = chronology(&["link", "--schema", which]);
    assert!(printed.status.success());
    let schema: Value = serde_json::from_slice(&printed.stdout).unwrap();
    assert_eq!(
        schema["$schema"],
        "https://json-schema.org/draft/2020-12/schema"
    );
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    (schema, validator)
}

fn assert_valid(validator: &Validator, value: &Value) {
    let faults: Vec<String> = validator
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

fn packs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../linkage/packs");
    let packs = fs::read_dir(folder)
        .unwrap()
        .map(|pack| pack.unwrap().path().join("submissions.ndjson"));
    let packs: Vec<PathBuf> = packs.filter(|file| file.is_file()).collect();
    assert!(packs.len() >= 2);
    packs
}

struct LinkOutput {
    folder: TempDir,
    output: Output,
    links: Value,
}

/// Links `input` with further arguments.
fn run_link(input: &[u8], further: &[&str]) -> LinkOutput {
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("submissions.ndjson");
    let to = folder.path().join("links.json");
    fs::write(&from, input).unwrap();
    let files = [
        "link",
        "--input",
        from.to_str().unwrap(),
        "--output",
        to.to_str().unwrap(),
    ];
    let output = chronology(&[&files, further].concat());
    let links = fs::read(&to).map_or(Value::Null, |links| serde_json::from_slice(&links).unwrap());
    LinkOutput {
        folder,
        output,
        links,
    }
}

#[test]
fn pack_output_matches_schemas_and_library() {
    let ((_, input), (_, output)) = (schema("input"), schema("output"));
    for pack in packs() {
        let text = fs::read_to_string(&pack).unwrap();
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            assert_valid(&input, &serde_json::from_str(line).unwrap());
        }
        let linked = run_link(text.as_bytes(), &[]);
        assert_eq!(linked.output.status.code(), Some(0));
        assert_valid(&output, &linked.links);
        let in_memory = link(text.lines(), &Glossary::default(), 1);
        assert_eq!(
            serde_json::from_value::<Links>(linked.links).unwrap(),
            in_memory
        );
    }
}

#[test]
fn schema_examples_are_valid_and_every_code_is_documented() {
    let (schema_in, input) = schema("input");
    for example in schema_in["examples"].as_array().unwrap() {
        assert_valid(&input, example);
        let (_, findings) = linkage::batch::read_line(&example.to_string(), 1).unwrap();
        assert_eq!(findings, []);
    }
    assert!(
        !input.is_valid(&json!({ "subject": { "shoe_size": 4 } })),
        "unknown properties are no part of it"
    );
    let (schema_out, output) = schema("output");
    let documented = &schema_out["$defs"]["finding"]["properties"]["code"]["enum"];
    assert_eq!(*documented, serde_json::to_value(FindingCode::ALL).unwrap());
    assert!(!output.is_valid(&json!({})));
    let nothing = serde_json::to_value(link([], &Glossary::default(), 1)).unwrap();
    assert_valid(&output, &nothing);
}

#[test]
fn unreadable_lines_are_listed_and_the_rest_is_written() {
    let good = br#"{"submission":"s1","agency":"a","subject":{"given":"Quillon","family":"Xantar"},"events":[{"id":"e1","text":"Zyzzyva seen."}]}"#;
    let input = [b"\xff\xfe\n{\n\n".as_slice(), good, b"\r\n[]"].concat();
    let linked = run_link(&input, &[]);
    assert_eq!(linked.output.status.code(), Some(2));
    assert_valid(&schema("output").1, &linked.links);
    let failed_lines: Vec<(u64, &str)> = linked.links["failed_lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| {
            (
                fault["line"].as_u64().unwrap(),
                fault["code"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        failed_lines,
        [(1, "not_utf8"), (2, "not_json"), (5, "not_an_object")]
    );
    assert_eq!(linked.links["rows"][0]["entries"], json!(["s1/e1"]));

    let printed = String::from_utf8([linked.output.stdout, linked.output.stderr].concat()).unwrap();
    assert!(
        printed.contains("line 2: The line is not JSON"),
        "{printed}"
    );
    let written = fs::read_to_string(linked.folder.path().join("links.json")).unwrap();
    for word in ["Quillon", "Xantar", "Zyzzyva"] {
        assert!(!printed.contains(word) && !written.contains(word), "{word}");
    }
}

#[test]
fn output_is_private_and_unchanged_when_linking_fails() {
    let done = run_link(b"{\"subject\":{}}", &[]);
    let file = done.folder.path().join("links.json");
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert_eq!(
        fs::read_dir(done.folder.path()).unwrap().count(),
        2,
        "nothing is left beside it"
    );

    let before = fs::read(&file).unwrap();
    let to = file.to_str().unwrap();
    for wrong in [
        ["--input", "/nowhere/at/all", "--output", to],
        ["--input", to, "--output", to],
    ] {
        let output = chronology(&[&["link"], &wrong[..]].concat());
        assert_eq!(output.status.code(), Some(1), "{wrong:?}");
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}

#[test]
fn custom_glossary_maps_event_types() {
    let line =
        br#"{"submission":"s1","agency":"a","subject":{},"events":[{"id":"e1","type":"Zorb call","text":"Seen."}]}"#;
    let folder = tempfile::tempdir().unwrap();
    let glossary = folder.path().join("glossary.toml");
    fs::write(
        &glossary,
        "[glossary]\n\"zorb CALL\" = \"DOMESTIC_ABUSE\"\n",
    )
    .unwrap();
    let known = run_link(line, &["--glossary", glossary.to_str().unwrap()]);
    assert_eq!(
        known.links["rows"][0]["categories"],
        json!(["DOMESTIC_ABUSE"])
    );
    let unknown = run_link(line, &[]);
    assert_eq!(unknown.output.status.code(), Some(0));
    assert_eq!(unknown.links["rows"][0]["categories"], json!(["OTHER"]));

    fs::write(&glossary, "[glossary]\n\"zorb call\" = \"domestic\"\n").unwrap();
    let wrong = run_link(line, &["--glossary", glossary.to_str().unwrap()]);
    assert_eq!(
        (wrong.output.status.code(), wrong.links),
        (Some(1), Value::Null)
    );
}

#[test]
fn reasons_quote_text_only_with_quote_option() {
    let (_, output) = schema("output");
    for pack in packs() {
        let text = fs::read_to_string(&pack).unwrap();
        let without_quotes = run_link(text.as_bytes(), &[]);
        let with_quotes = run_link(text.as_bytes(), &["--quote"]);
        assert_eq!(with_quotes.output.status.code(), Some(0));
        assert_valid(&output, &with_quotes.links);
        assert_eq!(without_quotes.links["counts"], with_quotes.links["counts"]);
        let suggested = without_quotes.links["suggested"].as_array().unwrap();
        assert_eq!(
            without_quotes.links["counts"]["suggested"],
            json!(suggested.len())
        );
        assert_eq!(
            entry_ids(&without_quotes.links["rows"]),
            entry_ids(&with_quotes.links["rows"])
        );
        assert_eq!(
            entry_ids(&without_quotes.links["suggested"]),
            entry_ids(&with_quotes.links["suggested"])
        );
        let written = fs::read_to_string(without_quotes.folder.path().join("links.json")).unwrap();
        assert!(
            !written.contains('“'),
            "nothing is quoted unless it is asked for"
        );
    }
    let refused = chronology(&["link", "--schema", "output", "--quote"]);
    assert!(!refused.status.success());
}

/// Only the entries, because several reasons with one code differ in what they quote.
fn entry_ids(list: &Value) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|item| item["entries"].clone())
        .collect()
}
