//! JSON pointers (RFC 6901) as a linked list on the stack, formatted only when a fault needs one.

use std::fmt;

/// Longest member name in a pointer, in characters: the sender chooses unknown names.
const MAX_NAME_CHARS: usize = 80;

/// A position in a document.
#[derive(Clone, Copy)]
pub(crate) struct Pointer<'a> {
    parent: Option<&'a Pointer<'a>>,
    segment: PointerSegment<'a>,
}

#[derive(Clone, Copy)]
enum PointerSegment<'a> {
    Root,
    Item(usize),
    Member(&'a str),
}

impl Pointer<'static> {
    /// The document itself.
    pub(crate) const fn root() -> Self {
        Self {
            parent: None,
            segment: PointerSegment::Root,
        }
    }
}

impl<'a> Pointer<'a> {
    /// An item of the list at this position.
    pub(crate) const fn item(&'a self, index: usize) -> Pointer<'a> {
        Pointer {
            parent: Some(self),
            segment: PointerSegment::Item(index),
        }
    }

    /// A member of the object at this position.
    pub(crate) const fn member(&'a self, name: &'a str) -> Pointer<'a> {
        Pointer {
            parent: Some(self),
            segment: PointerSegment::Member(name),
        }
    }
}

impl fmt::Display for Pointer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            parent.fmt(f)?;
        }
        match self.segment {
            PointerSegment::Root => Ok(()),
            PointerSegment::Item(index) => write!(f, "/{index}"),
            PointerSegment::Member(name) => write!(f, "/{}", escape_segment(name)),
        }
    }
}

/// A member name as a pointer segment: `~` and `/` escaped, and truncated to [`MAX_NAME_CHARS`].
pub(crate) fn escape_segment(name: &str) -> String {
    let short: String = name.chars().take(MAX_NAME_CHARS).collect();
    short.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_pointers_per_rfc_6901() {
        let root = Pointer::root();
        let list = root.member("a/b~c");
        assert_eq!(list.item(2).to_string(), "/a~1b~0c/2");
        assert_eq!(root.to_string(), "");
        assert_eq!(escape_segment(&"x".repeat(500)).len(), MAX_NAME_CHARS);
    }
}
