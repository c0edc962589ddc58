//! Reads a file line by line and remembers where lines are, so that they can be read again.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

use linkage::batch::{Finding, FindingCode};

/// Longer lines are not read; no real submission is that long.
const MAX_LINE_BYTES: u64 = 64 << 20;

/// Position of a line in the file.
#[derive(Debug, Clone, Copy)]
pub(super) struct LineSpan {
    offset: u64,
    length: usize,
}

impl LineSpan {
    /// Offset of the first byte after the line.
    pub(super) const fn end(&self) -> u64 {
        self.offset + self.length as u64
    }
}

/// One line of the file.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) span: LineSpan,
    pub(super) text: Result<&'a str, Finding>,
}

/// A file that is read line by line.
pub(super) struct LineReader {
    file: BufReader<File>,
    size: u64,
    number: u64,
    offset: u64,
    line: Vec<u8>,
}

impl LineReader {
    /// Opens the reader.
    ///
    /// # Errors
    /// Fails when the input is not a regular file, because it is read twice.
    pub(super) fn open(file: File) -> anyhow::Result<Self> {
        let metadata = file.metadata()?;
        anyhow::ensure!(
            metadata.is_file(),
            "not a regular file, which is needed because the input is read twice"
        );
        Ok(Self {
            file: BufReader::new(file),
            size: metadata.len(),
            number: 0,
            offset: 0,
            line: Vec::new(),
        })
    }

    /// Size of the file in bytes.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Reads the next line, including its line end; `None` at the end of the file.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let read = (&mut self.file)
            .take(MAX_LINE_BYTES)
            .read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let span = LineSpan {
            offset: self.offset,
            length: read,
        };
        self.offset += read as u64;
        let too_long = read as u64 == MAX_LINE_BYTES && !self.line.ends_with(b"\n");
        if too_long {
            self.skip_rest()?;
        }
        let fault = |code| Finding::new(self.number, "", code);
        let text = match std::str::from_utf8(&self.line) {
            _ if too_long => Err(fault(FindingCode::LineTooLong)),
            Ok(text) => Ok(text),
            Err(_) => Err(fault(FindingCode::NotUtf8)),
        };
        Ok(Some(Line {
            number: self.number,
            span,
            text,
        }))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let available = self.file.fill_buf()?;
            let end = available.iter().position(|byte| *byte == b'\n');
            let skipped = end.map_or(available.len(), |end| end + 1);
            self.file.consume(skipped);
            self.offset += skipped as u64;
            if end.is_some() || skipped == 0 {
                return Ok(());
            }
        }
    }

    /// Reads a line again.
    pub(super) fn reread(&mut self, span: &LineSpan) -> anyhow::Result<String> {
        self.file.seek(SeekFrom::Start(span.offset))?;
        let mut text = vec![0; span.length];
        self.file.read_exact(&mut text)?;
        Ok(String::from_utf8(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open_lines(content: &[u8]) -> LineReader {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, content).unwrap();
        LineReader::open(File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn lines_can_be_reread_and_invalid_text_is_skipped() {
        let mut lines = open_lines(b"one\r\n\xff\xfe\nthree");
        let mut read = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            read.push((line.number, line.span, line.text.map(str::to_owned)));
        }
        assert_eq!(read[0].2.as_deref(), Ok("one\r\n"));
        assert_eq!(read[1].2, Err(Finding::new(2, "", FindingCode::NotUtf8)));
        assert_eq!(read[2].2.as_deref(), Ok("three"));
        assert_eq!(read[2].1.end(), lines.size());
        assert_eq!(lines.reread(&read[0].1).unwrap(), "one\r\n");
        assert_eq!(lines.reread(&read[2].1).unwrap(), "three");
    }
}
