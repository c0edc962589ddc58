//! The functions of this crate that issue statements, read from its source: what has been issued is compared with them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Marks of a statement in the source.
const MARKS: [&str; 8] =
    [".run(|", "insert_one!(", "insert_new!(", "insert_many!(", "due!(", "rows_of!(", "readings!(", "refers!("];
/// Macros that define functions: an invocation counts as the function that it defines.
const DEFINING: [&str; 4] = ["due_ids! {", "all_due! {", "delete! {", "recorded!("];
/// A macro that defines several functions at once: they count as one, with this name.
const WORDS: (&str, &str) = ("words_with_an_end!(", "words_with_an_end");

/// One file.
struct Source {
    path: PathBuf,
    module: String,
    lines: Vec<String>,
}

/// Every function of the crate that issues statements, as `module::function`.
///
/// # Panics
/// When the source cannot be read.
#[must_use]
pub fn functions() -> BTreeSet<String> {
    sources().iter().flat_map(Source::functions).collect()
}

/// The function that holds a line of the crate.
pub(super) fn function_at(file: &str, line: u32) -> Option<String> {
    let source = sources().iter().find(|source| Path::new(file).ends_with(&source.path))?;
    source.function_at(usize::try_from(line).ok()?.checked_sub(1)?)
}

impl Source {
    /// The function that holds the line with this index.
    fn function_at(&self, index: usize) -> Option<String> {
        let above = self.lines.get(..=index)?;
        if above.last().is_some_and(|line| line.starts_with(WORDS.0)) {
            return Some(self.named(WORDS.1));
        }
        if above.last().is_some_and(|line| DEFINING.iter().any(|macro_name| line.starts_with(macro_name))) {
            return self.lines.get(index..)?.iter().find_map(|line| defined(line)).map(|name| self.named(name));
        }
        above.iter().rev().find_map(|line| named_function(line)).map(|name| self.named(name))
    }

    fn functions(&self) -> Vec<String> {
        let mut inside_macro = false;
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if line == "#[cfg(test)]" && self.lines.get(index + 1).is_some_and(|next| next.starts_with("mod ")) {
                break;
            }
            inside_macro = (inside_macro || line.starts_with("macro_rules!")) && line != "}";
            let defines = DEFINING.iter().chain([&WORDS.0]).any(|macro_name| line.starts_with(macro_name));
            if !inside_macro && (defines || MARKS.iter().any(|mark| line.contains(mark))) {
                found.extend(self.function_at(index));
            }
        }
        found
    }

    fn named(&self, function: &str) -> String {
        format!("{}::{function}", self.module)
    }
}

/// The name in the first line of a function.
fn named_function(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let words = before.split(' ').all(|word| word.is_empty() || word.starts_with("pub") || word == "const");
    let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
    (words && !name.is_empty()).then_some(name)
}

/// The name in a line `name: table, Id` of a macro that defines a function.
fn defined(line: &str) -> Option<&str> {
    let line = DEFINING.iter().find_map(|macro_name| line.strip_prefix(macro_name)).unwrap_or(line).trim_start();
    let (name, _) = line.split_once(": ")?;
    name.chars().all(|c| c.is_ascii_lowercase() || c == '_').then_some(name)
}

fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut sources = Vec::new();
        let mut folders = vec![top.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the source is there") {
                let path = entry.expect("an entry").path();
                let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                match (path.is_dir(), name.as_str()) {
                    (true, "tests" | "testing") | (false, "tx.rs" | "county.rs") => {}
                    (true, _) => folders.push(path),
                    (false, _) => sources.push(read(&top, &path)),
                }
            }
        }
        sources
    })
}

fn read(top: &Path, path: &Path) -> Source {
    let inside = path.strip_prefix(top).expect("a file of the source");
    let module = inside.with_extension("").to_string_lossy().replace('/', "::");
    let text = fs::read_to_string(path).expect("a file of the source");
    Source { path: Path::new("src").join(inside), module, lines: text.lines().map(str::to_owned).collect() }
}
