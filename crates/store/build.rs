//! Rebuilds when a migration changes: they are embedded, and the compiler does not see them.

fn main() {
    println!("cargo::rerun-if-changed=../../migrations");
}
