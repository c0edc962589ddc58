//! Checks while writing.
