//! The outer structure of a token: three segments and a header.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::strict_json::{Object, parse_object};
use crate::{Algorithm, TokenError};

/// Longest key id accepted, in bytes.
const MAX_KEY_ID_BYTES: usize = 256;

/// Header members that supply their own key, name a critical extension, or change how the token is
/// parsed. Other unknown members are ignored, as RFC 7515 requires.
const FORBIDDEN_HEADERS: [&str; 9] = [
    "crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc", "epk",
];

/// A parsed token whose signature and claims have not been verified.
pub(crate) struct ParsedToken<'a> {
    /// The part that the signature covers.
    pub(crate) signed: &'a str,
    /// The signature, base64url-encoded.
    pub(crate) signature: &'a str,
    /// `alg` of the header.
    pub(crate) algorithm: Algorithm,
    /// `kid` of the header.
    pub(crate) key_id: String,
    /// The claims.
    pub(crate) claims: Object,
}

impl<'a> ParsedToken<'a> {
    /// Parses the JWS compact serialisation (RFC 7515 section 3.1).
    pub(crate) fn parse(token: &'a str) -> Result<Self, TokenError> {
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::NotAToken)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::NotAToken)?;
        if ![header, claims, signature].into_iter().all(is_segment) {
            return Err(TokenError::NotAToken);
        }
        let header = decode_segment(header).ok_or(TokenError::HeaderMalformed)?;
        let (algorithm, key_id) = parse_header(&header)?;
        let claims = decode_segment(claims).ok_or(TokenError::ClaimsMalformed)?;
        Ok(Self {
            signed,
            signature,
            algorithm,
            key_id,
            claims,
        })
    }
}

/// Whether a segment is non-empty and in the base64url alphabet, which excludes padding, white
/// space, NUL and further dots.
fn is_segment(segment: &str) -> bool {
    !segment.is_empty()
        && segment
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

fn decode_segment(segment: &str) -> Option<Object> {
    parse_object(&URL_SAFE_NO_PAD.decode(segment).ok()?)
}

fn parse_header(header: &Object) -> Result<(Algorithm, String), TokenError> {
    if FORBIDDEN_HEADERS
        .into_iter()
        .any(|name| header.contains_key(name))
    {
        return Err(TokenError::HeaderForbidden);
    }
    let text = |name: &str| {
        header
            .get(name)
            .map(|value| value.as_text().ok_or(TokenError::HeaderMalformed))
            .transpose()
    };
    let kind = text("typ")?.ok_or(TokenError::WrongType)?;
    if !["at+jwt", "application/at+jwt"]
        .into_iter()
        .any(|known| kind.eq_ignore_ascii_case(known))
    {
        return Err(TokenError::WrongType);
    }
    let algorithm = text("alg")?
        .ok_or(TokenError::HeaderMalformed)?
        .parse()
        .map_err(|()| TokenError::WrongAlgorithm)?;
    let key_id = text("kid")?.ok_or(TokenError::UnknownKey)?;
    if key_id.is_empty() || key_id.len() > MAX_KEY_ID_BYTES {
        return Err(TokenError::UnknownKey);
    }
    Ok((algorithm, key_id.to_owned()))
}
