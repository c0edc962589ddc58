//! Who is calling: RFC 9068 access tokens, the issuers that may write them, and the keys that prove it.
//!
//! [`Verifier`] turns a token into a [`Caller`] or a [`Refusal`]. Time is always handed in; key sets are read through
//! [`FetchKeys`], cached for each issuer, and re-read at most every 30 s. [`DevIssuer`] writes tokens for development
//! and demonstration.

mod caller;
mod claims;
mod dev_issuer;
mod error;
mod fetch;
mod issuer;
mod jwks;
mod keyring;
mod refusal;
mod seen;
mod strict_json;
mod thumbprint;
mod token;
mod verifier;

pub use caller::Caller;
pub use dev_issuer::{DevClaims, DevIssuer};
pub use error::IdentityError;
pub use fetch::{FETCH_LIMIT_BYTES, FETCH_TIMEOUT, FetchError, FetchKeys, FetchSettings, SourceReader};
pub use issuer::{Algorithm, IssuerConfig, KeySource};
pub use jwks::JwksError;
pub use keyring::{KEYS_KEPT_AT_MOST, KEYS_MAX_AGE, KEYS_RETRY_AFTER};
pub use refusal::Refusal;
pub use thumbprint::CertificateThumbprint;
pub use verifier::{KeyTrouble, LEEWAY, MAX_LIFETIME, MAX_TOKEN_BYTES, Verifier};
