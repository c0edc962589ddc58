//! Authentication of callers: RFC 9068 access tokens, their issuers, and the issuers' keys.
//!
//! [`Verifier`] turns a token into a [`Caller`] or a [`TokenError`]. The current time is always an
//! argument; key sets are read through [`FetchKeys`], cached per issuer, and fetched at most every
//! 30 s. [`DevIssuer`] issues tokens for development and demonstration.

mod caller;
mod claims;
mod dev_issuer;
mod error;
mod fetch;
mod issuer;
mod jwks;
mod keyring;
mod strict_json;
mod thumbprint;
mod token;
mod token_cache;
mod token_error;
mod verifier;

pub use caller::Caller;
pub use dev_issuer::{DevClaims, DevIssuer};
pub use error::IdentityError;
pub use fetch::{
    FETCH_LIMIT_BYTES, FETCH_TIMEOUT, FetchError, FetchKeys, FetchSettings, SourceReader,
};
pub use issuer::{Algorithm, IssuerConfig, KeySource};
pub use jwks::JwksError;
pub use keyring::{KEYS_MAX_AGE, KEYS_MAX_STALENESS, KEYS_RETRY_AFTER};
pub use thumbprint::CertificateThumbprint;
pub use token_error::TokenError;
pub use verifier::{KeyRefreshFailure, LEEWAY, MAX_LIFETIME, MAX_TOKEN_BYTES, Verifier};
