//! Use cases: authorise, act, audit, one database transaction each.
