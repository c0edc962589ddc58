//! Consolidation: every agency's entries in one order, each event once with every account, without input or output.
