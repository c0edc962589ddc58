//! Helpers of the fuzz targets: conversion and splitting of the input, and mutation of genuine
//! bytes.

/// The input as text. Bytes that are not UTF-8 are replaced.
#[must_use]
pub fn lossy_text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The input before and after its first newline.
#[must_use]
pub fn split_at_newline(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

/// Applies the edits that the input encodes to `genuine`. Each edit is three bytes: the operation,
/// the position and a byte value.
#[must_use]
pub fn mutate(genuine: &[u8], data: &[u8]) -> Vec<u8> {
    let mut bytes = genuine.to_vec();
    for edit in data.chunks_exact(3).take(64) {
        if bytes.is_empty() {
            break;
        }
        let at = (usize::from(edit[1]) << 8 | usize::from(edit[0] & 0x3f)) % bytes.len();
        match edit[0] >> 6 {
            0 => bytes[at] = edit[2],
            1 => bytes.insert(at, edit[2]),
            2 => drop(bytes.remove(at)),
            _ => bytes.truncate(at),
        }
    }
    bytes
}
