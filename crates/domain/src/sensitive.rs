//! A wrapper for narrative and names that keeps them out of logs and error messages.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// A value that names or describes a person. `Debug` does not show it, and its memory is wiped on
/// drop. It serialises as its content, because responses and sealed payloads contain it.
#[derive(
    Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(transparent)]
#[schema(value_type = String)]
pub struct Sensitive<T: Zeroize>(T);

impl<T: Zeroize> Sensitive<T> {
    /// Wraps a value.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value itself. Review every call when you trace where narrative can go.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl Sensitive<String> {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Sensitive<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Sensitive<String> {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl<T: Zeroize> fmt::Debug for Sensitive<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive(…)")
    }
}

impl<T: Zeroize> Drop for Sensitive<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_value_and_json_contains_it() {
        let name = Sensitive::from("Orla Fenwick");
        assert_eq!(format!("{name:?}"), "Sensitive(…)");
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"Orla Fenwick\"");
    }
}
