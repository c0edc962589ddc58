//! Keys, sealing, blind index and destruction.
