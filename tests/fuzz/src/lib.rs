//! What the fuzz targets share: input cut in parts, and genuine bytes with some of them changed.

/// The input as text, whatever is no UTF-8 replaced.
#[must_use]
pub fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}

/// The input cut at its first newline.
#[must_use]
pub fn two(data: &[u8]) -> (&[u8], &[u8]) {
    let at = data.iter().position(|byte| *byte == b'\n').unwrap_or(data.len());
    (&data[..at], data.get(at + 1..).unwrap_or_default())
}

/// `genuine` with changes that the input asks for, three bytes each: what to do, and where.
#[must_use]
pub fn changed(genuine: &[u8], data: &[u8]) -> Vec<u8> {
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
