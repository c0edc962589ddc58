//! The lines of a file with their places, so that one can be read again.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};

use linkage::batch::{Finding, FindingCode};

/// Longer lines are not read: nobody's submission is.
const LONGEST: u64 = 64 << 20;

/// Where a line stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    offset: u64,
    length: usize,
}

impl Place {
    /// The first byte after the line.
    pub(super) const fn end(&self) -> u64 {
        self.offset + self.length as u64
    }
}

/// One line.
pub(super) struct Line<'a> {
    pub(super) number: u64,
    pub(super) place: Place,
    pub(super) text: Result<&'a str, Finding>,
}

/// A file, read line by line.
pub(super) struct Lines {
    file: BufReader<File>,
    size: u64,
    number: u64,
    offset: u64,
    line: Vec<u8>,
}

impl Lines {
    /// # Errors
    /// When it is not a file that can be read twice.
    pub(super) fn of(file: File) -> anyhow::Result<Self> {
        let about = file.metadata()?;
        anyhow::ensure!(about.is_file(), "not a file: it has to be read twice");
        Ok(Self { file: BufReader::new(file), size: about.len(), number: 0, offset: 0, line: Vec::new() })
    }

    /// Bytes in the file.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// The next line, its end left out.
    pub(super) fn next_line(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let read = (&mut self.file).take(LONGEST).read_until(b'\n', &mut self.line)?;
        if read == 0 {
            return Ok(None);
        }
        self.number += 1;
        let place = Place { offset: self.offset, length: read };
        self.offset += read as u64;
        let too_long = read as u64 == LONGEST && !self.line.ends_with(b"\n");
        if too_long {
            self.skip_rest()?;
        }
        let fault = |code| Finding::new(self.number, "", code);
        let text = match std::str::from_utf8(&self.line) {
            _ if too_long => Err(fault(FindingCode::LineTooLong)),
            Ok(text) => Ok(text),
            Err(_) => Err(fault(FindingCode::NotUtf8)),
        };
        Ok(Some(Line { number: self.number, place, text }))
    }

    fn skip_rest(&mut self) -> io::Result<()> {
        loop {
            let there = self.file.fill_buf()?;
            let end = there.iter().position(|byte| *byte == b'\n');
            let skipped = end.map_or(there.len(), |end| end + 1);
            self.file.consume(skipped);
            self.offset += skipped as u64;
            if end.is_some() || skipped == 0 {
                return Ok(());
            }
        }
    }

    /// A line that was read before.
    pub(super) fn again(&mut self, place: &Place) -> anyhow::Result<String> {
        self.file.seek(SeekFrom::Start(place.offset))?;
        let mut text = vec![0; place.length];
        self.file.read_exact(&mut text)?;
        Ok(String::from_utf8(text)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(content: &[u8]) -> Lines {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lines");
        std::fs::write(&path, content).unwrap();
        Lines::of(File::open(path).unwrap()).unwrap()
    }

    #[test]
    fn a_line_is_found_again_and_one_that_is_no_text_does_not_stop_the_rest() {
        let mut lines = lines(b"one\r\n\xff\xfe\nthree");
        let mut read = Vec::new();
        while let Some(line) = lines.next_line().unwrap() {
            read.push((line.number, line.place, line.text.map(str::to_owned)));
        }
        assert_eq!(read[0].2.as_deref(), Ok("one\r\n"));
        assert_eq!(read[1].2, Err(Finding::new(2, "", FindingCode::NotUtf8)));
        assert_eq!(read[2].2.as_deref(), Ok("three"));
        assert_eq!(read[2].1.end(), lines.size());
        assert_eq!(lines.again(&read[0].1).unwrap(), "one\r\n");
        assert_eq!(lines.again(&read[2].1).unwrap(), "three");
    }
}
