//! Published key sets (RFC 7517), reduced to the keys that can verify an issuer's tokens.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::Algorithm;
use crate::strict_json::{Json, Object, parse_object};

/// Most keys in one set.
const MAX_KEYS: usize = 100;
/// RSA modulus sizes accepted, in bits: the minimum of NIST SP 800-131A, and the maximum that
/// aws-lc-rs verifies.
const ALLOWED_RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// JWK members that occur only in private or symmetric keys.
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The bytes are not a usable JWK set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not a JSON object with a list of objects under `keys`, or an object has a duplicate member.
    #[error("not a JWK set")]
    Malformed,
    /// More than 100 keys.
    #[error("more than 100 keys")]
    TooManyKeys,
}

/// Why one key is not used. The other keys of the set still are: rejecting the whole set would keep
/// the previous one in use, and with it the very key that has just turned out to be unfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    /// Private or symmetric key material is published, so that anyone who reads the set can sign.
    #[error("private key material is published")]
    PrivateMaterial,
    /// RSA modulus under 2048 or over 8192 bits, or a public exponent that is even or under 65537.
    #[error("RSA key size not accepted")]
    RefusedSize,
    /// The coordinates or the modulus do not form a key.
    #[error("not a public key")]
    Malformed,
    /// Two keys have the same id.
    #[error("two keys share an id")]
    SharedId,
}

/// A public key, with its encoded material for comparison.
#[derive(Clone)]
struct PublicKey {
    decoding: DecodingKey,
    material: Vec<u8>,
}

/// Public keys of one issuer and one algorithm, by key id.
#[derive(Default)]
pub(crate) struct KeySet(BTreeMap<String, PublicKey>);

impl PartialEq for KeySet {
    fn eq(&self, other: &Self) -> bool {
        let same = |((a, x), (b, y)): ((&String, &PublicKey), (&String, &PublicKey))| {
            a == b && x.material == y.material
        };
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

impl KeySet {
    /// The keys usable with `algorithm`, and the faults of those that are not used. Keys for other
    /// purposes (another use, type, curve or algorithm, or without an id) are ignored without a
    /// fault.
    pub(crate) fn parse(
        bytes: &[u8],
        algorithm: Algorithm,
    ) -> Result<(Self, Vec<KeyFault>), JwksError> {
        let set = parse_object(bytes).ok_or(JwksError::Malformed)?;
        let Some(Json::List(members)) = set.get("keys") else {
            return Err(JwksError::Malformed);
        };
        if members.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys);
        }
        let mut builder = KeySetBuilder::default();
        for member in members {
            let Json::Object(member) = member else {
                return Err(JwksError::Malformed);
            };
            builder.add(member, algorithm);
        }
        let keys = builder
            .keys
            .into_iter()
            .filter_map(|(id, key)| key.map(|key| (id, key)))
            .collect();
        Ok((Self(keys), builder.faults))
    }

    /// The key with this id.
    pub(crate) fn get(&self, key_id: &str) -> Option<&DecodingKey> {
        self.0.get(key_id).map(|key| &key.decoding)
    }

    /// Whether the set has no keys.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Collects keys; `None` marks an id that is unusable because a key with it had a fault.
#[derive(Default)]
struct KeySetBuilder {
    keys: BTreeMap<String, Option<PublicKey>>,
    faults: Vec<KeyFault>,
}

impl KeySetBuilder {
    fn add(&mut self, member: &Object, algorithm: Algorithm) {
        let Some(id) = member.get("kid").and_then(Json::as_text) else {
            return;
        };
        let read = parse_key(member, algorithm).transpose();
        let Some(read) = read else { return };
        let key = match read {
            Ok(key) if !self.keys.contains_key(id) => Some(key),
            Ok(_) => self.reject(KeyFault::SharedId),
            Err(fault) => self.reject(fault),
        };
        self.keys.insert(id.to_owned(), key);
    }

    fn reject(&mut self, fault: KeyFault) -> Option<PublicKey> {
        self.faults.push(fault);
        None
    }
}

/// The key; `None` when it is not intended for verifying with `algorithm`.
fn parse_key(member: &Object, algorithm: Algorithm) -> Result<Option<PublicKey>, KeyFault> {
    if PRIVATE_MEMBERS
        .into_iter()
        .any(|name| member.contains_key(name))
    {
        return Err(KeyFault::PrivateMaterial);
    }
    if !is_usable_for(member, algorithm) {
        return Ok(None);
    }
    match algorithm {
        Algorithm::Es256 => parse_p256(member),
        Algorithm::Rs256 => parse_rsa(member).map(Some),
    }
}

/// Checks type, use, operations and algorithm. An issuer may omit all but the type.
fn is_usable_for(member: &Object, algorithm: Algorithm) -> bool {
    let absent_or_equals = |name: &str, word: &str| {
        member
            .get(name)
            .is_none_or(|value| value.as_text() == Some(word))
    };
    let verifies = match member.get("key_ops") {
        None => true,
        Some(Json::List(operations)) => operations
            .iter()
            .any(|operation| operation.as_text() == Some("verify")),
        Some(_) => false,
    };
    let right_type = member.get("kty").and_then(Json::as_text) == Some(algorithm.key_type());
    right_type
        && verifies
        && absent_or_equals("use", "sig")
        && absent_or_equals("alg", algorithm.as_str())
}

fn decode_member(member: &Object, name: &str) -> Result<Vec<u8>, KeyFault> {
    let text = member
        .get(name)
        .and_then(Json::as_text)
        .ok_or(KeyFault::Malformed)?;
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| KeyFault::Malformed)
}

fn parse_p256(member: &Object) -> Result<Option<PublicKey>, KeyFault> {
    if member.get("crv").and_then(Json::as_text) != Some("P-256") {
        return Ok(None);
    }
    let (x, y) = (decode_member(member, "x")?, decode_member(member, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err(KeyFault::Malformed);
    }
    let point = [&[4][..], &x, &y].concat();
    // A point off the curve is rejected here, where the fault can be reported, rather than for
    // every token.
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| KeyFault::Malformed)?;
    Ok(Some(PublicKey {
        decoding: DecodingKey::from_ec_der(&point),
        material: point,
    }))
}

fn parse_rsa(member: &Object) -> Result<PublicKey, KeyFault> {
    let (n, e) = (decode_member(member, "n")?, decode_member(member, "e")?);
    let (n, e) = (strip_leading_zeros(&n), strip_leading_zeros(&e));
    if !is_allowed_exponent(e) || !ALLOWED_RSA_BITS.contains(&bit_length(n)) {
        return Err(KeyFault::RefusedSize);
    }
    let material = [n, &[0xff], e].concat();
    Ok(PublicKey {
        decoding: DecodingKey::from_rsa_raw_components(n, e),
        material,
    })
}

/// Whether a public exponent is odd, at least 65537 (NIST SP 800-56B) and at most 32 bits long.
fn is_allowed_exponent(e: &[u8]) -> bool {
    let value = e
        .iter()
        .fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    e.len() <= 4 && value >= 65_537 && value % 2 == 1
}

/// The number without leading zero bytes.
fn strip_leading_zeros(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

fn bit_length(number: &[u8]) -> usize {
    number
        .first()
        .map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::{Value, json};

    /// The example key of RFC 7517 appendix A.1.
    fn p256() -> Value {
        json!({
            "kty": "EC", "crv": "P-256", "kid": "one",
            "x": "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
            "y": "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
        })
    }

    fn rsa(bits: usize, exponent: &str) -> Value {
        let mut n = vec![0xff; bits / 8];
        n.insert(0, 0);
        json!({ "kty": "RSA", "kid": "one", "n": URL_SAFE_NO_PAD.encode(n), "e": exponent })
    }

    fn parse(keys: &[Value], algorithm: Algorithm) -> (KeySet, Vec<KeyFault>) {
        KeySet::parse(
            json!({ "keys": keys, "other": 1 }).to_string().as_bytes(),
            algorithm,
        )
        .unwrap()
    }

    fn with(mut key: Value, name: &str, value: Value) -> Value {
        key[name] = value;
        key
    }

    #[rstest]
    #[case::bare(p256(), true)]
    #[case::for_signatures(with(p256(), "use", json!("sig")), true)]
    #[case::for_encryption(with(p256(), "use", json!("enc")), false)]
    #[case::verifies(with(p256(), "key_ops", json!(["verify"])), true)]
    #[case::only_wraps(with(p256(), "key_ops", json!(["wrapKey"])), false)]
    #[case::odd_operations(with(p256(), "key_ops", json!("verify")), false)]
    #[case::right_algorithm(with(p256(), "alg", json!("ES256")), true)]
    #[case::other_algorithm(with(p256(), "alg", json!("ES384")), false)]
    #[case::other_curve(with(p256(), "crv", json!("P-384")), false)]
    #[case::other_type(with(p256(), "kty", json!("OKP")), false)]
    #[case::no_id(with(p256(), "kid", Value::Null), false)]
    fn ignores_keys_for_other_uses(#[case] key: Value, #[case] accepted: bool) {
        let (keys, faults) = parse(&[key], Algorithm::Es256);
        assert_eq!((keys.is_empty(), faults), (!accepted, vec![]));
    }

    #[rstest]
    #[case::private(with(p256(), "d", json!("AA")), KeyFault::PrivateMaterial)]
    #[case::secret(json!({"kty": "oct", "kid": "one", "k": "AAAA"}), KeyFault::PrivateMaterial)]
    #[case::off_the_curve(with(p256(), "y", p256()["x"].clone()), KeyFault::Malformed)]
    #[case::short(with(p256(), "x", json!("AAAA")), KeyFault::Malformed)]
    #[case::padded(with(p256(), "x", json!("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=")), KeyFault::Malformed)]
    fn reports_and_skips_faulty_keys(#[case] key: Value, #[case] fault: KeyFault) {
        let sound = with(p256(), "kid", json!("two"));
        let (keys, faults) = parse(&[key, sound], Algorithm::Es256);
        assert_eq!(faults, [fault]);
        assert!(keys.get("one").is_none() && keys.get("two").is_some());
    }

    #[rstest]
    #[case(rsa(2048, "AQAB"), true)]
    #[case(rsa(8192, "AQAB"), true)]
    #[case(rsa(2040, "AQAB"), false)]
    #[case(rsa(1024, "AQAB"), false)]
    #[case(rsa(8200, "AQAB"), false)]
    #[case(rsa(2048, "Aw"), false)]
    #[case(rsa(2048, "AQAA"), false)]
    #[case(rsa(2048, "AQAAAAAB"), false)]
    fn enforces_rsa_key_size(#[case] key: Value, #[case] accepted: bool) {
        let (keys, faults) = parse(&[key], Algorithm::Rs256);
        assert_eq!(keys.get("one").is_some(), accepted);
        assert_eq!(faults.is_empty(), accepted);
    }

    #[test]
    fn duplicate_key_id_is_unusable() {
        let (keys, faults) = parse(&[p256(), p256(), p256()], Algorithm::Es256);
        assert!(keys.is_empty());
        assert_eq!(faults, [KeyFault::SharedId; 2]);
        let leaked = with(p256(), "d", json!("AA"));
        for pair in [[p256(), leaked.clone()], [leaked, p256()]] {
            assert!(
                parse(&pair, Algorithm::Es256).0.is_empty(),
                "a key whose private half is published"
            );
        }
    }

    #[test]
    fn rejects_invalid_key_sets() {
        let oversized_set = json!({ "keys": vec![p256(); MAX_KEYS + 1] }).to_string();
        assert_eq!(
            KeySet::parse(oversized_set.as_bytes(), Algorithm::Es256).err(),
            Some(JwksError::TooManyKeys)
        );
        for text in [
            "",
            "[]",
            "{}",
            r#"{"keys":{}}"#,
            r#"{"keys":[1]}"#,
            r#"{"keys":[],"keys":[]}"#,
        ] {
            assert_eq!(
                KeySet::parse(text.as_bytes(), Algorithm::Es256).err(),
                Some(JwksError::Malformed),
                "{text}"
            );
        }
    }
}
