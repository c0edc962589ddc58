//! The functions of this crate that issue statements, read from its source code. Tests compare them
//! with the functions whose statements were recorded.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Texts that mark a line of code as issuing a statement.
const STATEMENT_MARKERS: [&str; 7] = [
    ".run(|",
    "insert_one(",
    "insert_new!(",
    "insert_many(",
    "select_due!(",
    "select_rows!(",
    "content_reads(",
];

/// Folders whose modules are used by their own names. (`lib.rs` re-exports them.)
const GROUP_FOLDERS: [&str; 5] = [
    "audit/",
    "columns/",
    "connection/",
    "records/",
    "retention/",
];

/// A source file of this crate.
struct SourceFile {
    path: PathBuf,
    module: String,
    lines: Vec<String>,
}

/// Every function of this crate that issues statements, as `module::function`.
///
/// # Panics
/// When the source code cannot be read.
#[must_use]
pub fn statement_functions() -> BTreeSet<String> {
    source_files()
        .iter()
        .flat_map(SourceFile::statement_functions)
        .collect()
}

/// The function that contains a line of this crate, as `module::function`.
pub(super) fn function_at(file: &str, line: u32) -> Option<String> {
    let source = source_files()
        .iter()
        .find(|source| Path::new(file).ends_with(&source.path))?;
    source.function_at(usize::try_from(line).ok()?.checked_sub(1)?)
}

impl SourceFile {
    /// The function that contains the line with this index, counted from 0.
    fn function_at(&self, index: usize) -> Option<String> {
        let up_to_line = self.lines.get(..=index)?;
        let name = up_to_line
            .iter()
            .rev()
            .find_map(|line| parse_function(line))?;
        Some(self.qualify(name))
    }

    fn statement_functions(&self) -> Vec<String> {
        let mut inside_macro = false;
        let mut found = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            if line == "#[cfg(test)]"
                && self
                    .lines
                    .get(index + 1)
                    .is_some_and(|next| next.starts_with("mod "))
            {
                break;
            }
            inside_macro = (inside_macro || line.starts_with("macro_rules!")) && line != "}";
            let issues_statement = STATEMENT_MARKERS.iter().any(|marker| line.contains(marker));
            if !inside_macro && issues_statement {
                found.extend(self.function_at(index));
            }
        }
        found
    }

    fn qualify(&self, function: &str) -> String {
        format!("{}::{function}", self.module)
    }
}

/// Parses the name from the line in which a function begins.
fn parse_function(line: &str) -> Option<&str> {
    let (before, after) = line.trim_start().split_once("fn ")?;
    let is_declaration = before
        .split(' ')
        .all(|word| word.is_empty() || word.starts_with("pub") || word == "const");
    let name = after
        .split(|c: char| !c.is_alphanumeric() && c != '_')
        .next()?;
    (is_declaration && !name.is_empty()).then_some(name)
}

fn source_files() -> &'static [SourceFile] {
    static FILES: OnceLock<Vec<SourceFile>> = OnceLock::new();
    FILES.get_or_init(|| {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).expect("the source folder is readable") {
                let path = entry.expect("a folder entry is readable").path();
                let name = path
                    .file_name()
                    .unwrap_or_default()
                    .to_string_lossy()
                    .into_owned();
                match (path.is_dir(), name.as_str()) {
                    // Statements of `tx.rs` and `statements.rs` are those of the calling function.
                    (true, "tests" | "testing" | "county") | (false, "tx.rs" | "statements.rs") => {
                    }
                    (true, _) => folders.push(path),
                    (false, _) => files.push(read_source_file(&root, &path)),
                }
            }
        }
        files
    })
}

fn read_source_file(root: &Path, path: &Path) -> SourceFile {
    let relative = path
        .strip_prefix(root)
        .expect("the file is in the source folder");
    let text = fs::read_to_string(path).expect("the source file is readable");
    SourceFile {
        path: Path::new("src").join(relative),
        module: module_name(&relative.with_extension("").to_string_lossy()),
        lines: text.lines().map(str::to_owned).collect(),
    }
}

/// The name by which other crates know a module, from its path without extension.
fn module_name(path: &str) -> String {
    let path = path.strip_suffix("/mod").unwrap_or(path);
    GROUP_FOLDERS
        .iter()
        .find_map(|folder| path.strip_prefix(folder))
        .unwrap_or(path)
        .replace('/', "::")
}
