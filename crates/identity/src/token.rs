//! The outside of a token: three segments and a header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::strict_json::{Object, object};
use crate::{Algorithm, Refusal};

/// Longest key id accepted, in bytes.
const MAX_KEY_ID: usize = 256;

/// Header members that bring their own key, name an extension we must understand, or change how the token is read.
/// RFC 7515 has others ignored, so they are.
const FORBIDDEN: [&str; 9] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc", "epk"];

/// A token cut at its dots, its header read, nothing believed yet.
pub(crate) struct Token<'a> {
    /// What the signature covers.
    pub(crate) signed: &'a str,
    /// The signature, still encoded.
    pub(crate) signature: &'a str,
    /// The algorithm the header names.
    pub(crate) algorithm: Algorithm,
    /// The key the header names.
    pub(crate) key_id: String,
    /// The claims.
    pub(crate) claims: Object,
}

impl<'a> Token<'a> {
    /// Reads the JWS compact form (RFC 7515 section 3.1).
    pub(crate) fn read(token: &'a str) -> Result<Self, Refusal> {
        let (signed, signature) = token.rsplit_once('.').ok_or(Refusal::NotAToken)?;
        let (header, claims) = signed.split_once('.').ok_or(Refusal::NotAToken)?;
        if ![header, claims, signature].into_iter().all(is_segment) {
            return Err(Refusal::NotAToken);
        }
        let header = decode(header).ok_or(Refusal::HeaderMalformed)?;
        let (algorithm, key_id) = read_header(&header)?;
        let claims = decode(claims).ok_or(Refusal::ClaimsMalformed)?;
        Ok(Self { signed, signature, algorithm, key_id, claims })
    }
}

/// Non-empty and of the base64url alphabet: no padding, white space, NUL or further dot.
fn is_segment(segment: &str) -> bool {
    !segment.is_empty() && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn decode(segment: &str) -> Option<Object> {
    object(&URL_SAFE_NO_PAD.decode(segment).ok()?)
}

fn read_header(header: &Object) -> Result<(Algorithm, String), Refusal> {
    if FORBIDDEN.into_iter().any(|name| header.contains_key(name)) {
        return Err(Refusal::HeaderForbidden);
    }
    let text = |name: &str| header.get(name).map(|value| value.text().ok_or(Refusal::HeaderMalformed)).transpose();
    let kind = text("typ")?.ok_or(Refusal::WrongType)?;
    if !["at+jwt", "application/at+jwt"].into_iter().any(|known| kind.eq_ignore_ascii_case(known)) {
        return Err(Refusal::WrongType);
    }
    let algorithm = text("alg")?.ok_or(Refusal::HeaderMalformed)?.parse().map_err(|()| Refusal::WrongAlgorithm)?;
    let key_id = text("kid")?.ok_or(Refusal::UnknownKey)?;
    if key_id.is_empty() || key_id.len() > MAX_KEY_ID {
        return Err(Refusal::UnknownKey);
    }
    Ok((algorithm, key_id.to_owned()))
}
