//! JSON pointers (RFC 6901) while reading: a chain on the stack, written out only when there is a fault to name.

use std::fmt;

/// Longest part of a pointer that repeats a name the sender chose.
const LONGEST_NAME: usize = 80;

/// Where in a document we are.
#[derive(Clone, Copy)]
pub(crate) struct Pointer<'a> {
    before: Option<&'a Pointer<'a>>,
    part: Part<'a>,
}

#[derive(Clone, Copy)]
enum Part<'a> {
    Root,
    Item(usize),
    Member(&'a str),
}

impl Pointer<'static> {
    /// The whole document.
    pub(crate) const fn root() -> Self {
        Self { before: None, part: Part::Root }
    }
}

impl<'a> Pointer<'a> {
    /// An item of the list here.
    pub(crate) const fn item(&'a self, index: usize) -> Pointer<'a> {
        Pointer { before: Some(self), part: Part::Item(index) }
    }

    /// A member of the object here.
    pub(crate) const fn member(&'a self, name: &'a str) -> Pointer<'a> {
        Pointer { before: Some(self), part: Part::Member(name) }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(before) = self.before {
            before.fmt(f)?;
        }
        match self.part {
            Part::Root => Ok(()),
            Part::Item(index) => write!(f, "/{index}"),
            Part::Member(name) => write!(f, "/{}", part(name)),
        }
    }
}

/// A member's name as part of a pointer: `~` and `/` escaped, and cut off where it is too long to be a name of ours.
pub(crate) fn part(name: &str) -> String {
    let short: String = name.chars().take(LONGEST_NAME).collect();
    short.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_as_the_rfc_has_it() {
        let root = Pointer::root();
        let list = root.member("a/b~c");
        assert_eq!(list.item(2).to_string(), "/a~1b~0c/2");
        assert_eq!(root.to_string(), "");
        assert_eq!(part(&"x".repeat(500)).len(), LONGEST_NAME);
    }
}
