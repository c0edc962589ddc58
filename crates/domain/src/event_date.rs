//! When something happened, as exactly as it is known and no more.
