//! NHS number and UPN.
