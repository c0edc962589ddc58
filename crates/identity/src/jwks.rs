//! Published key sets (RFC 7517), reduced to the keys we would trust.

use std::collections::BTreeMap;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ParsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::DecodingKey;

use crate::Algorithm;
use crate::strict_json::{Json, Object, object};

/// Most keys read from one set.
const MAX_KEYS: usize = 100;
/// RSA modulus sizes accepted, in bits: the least NIST SP 800-131A allows, and the most the library verifies.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// Members only a private or shared key has.
const PRIVATE: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// The bytes are not a JWK set we can read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Not a JSON object with a list of objects under `keys`, or a member is named twice.
    #[error("not a JWK set")]
    Malformed,
    /// More than 100 keys.
    #[error("more keys than any issuer needs")]
    TooManyKeys,
}

/// What is wrong with one key. The key is left out and the rest of the set stands: refusing the whole set would keep the
/// previous one, and with it the very key that has just been shown to be unfit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeyFault {
    /// Private or shared key material is published: whoever reads the page can sign.
    #[error("private key material is published")]
    PrivateMaterial,
    /// RSA modulus under 2048 bits, over 8192, or a public exponent under 65537 or even.
    #[error("RSA key of a refused size")]
    RefusedSize,
    /// Coordinates or modulus that are not a key.
    #[error("not a public key")]
    Malformed,
    /// Two keys under one id.
    #[error("two keys share an id")]
    SharedId,
}

/// A public key and the bytes that tell it from another.
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
        let same =
            |((a, x), (b, y)): ((&String, &PublicKey), (&String, &PublicKey))| a == b && x.material == y.material;
        self.0.len() == other.0.len() && self.0.iter().zip(&other.0).all(same)
    }
}

impl KeySet {
    /// The keys fit for verifying with `algorithm`, and the faults of those left out. Keys that are merely not for us
    /// (other use, type, curve, algorithm, or without an id) are passed over in silence.
    pub(crate) fn parse(bytes: &[u8], algorithm: Algorithm) -> Result<(Self, Vec<KeyFault>), JwksError> {
        let set = object(bytes).ok_or(JwksError::Malformed)?;
        let Some(Json::List(members)) = set.get("keys") else { return Err(JwksError::Malformed) };
        if members.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys);
        }
        let mut gathered = Gathered::default();
        for member in members {
            let Json::Object(member) = member else { return Err(JwksError::Malformed) };
            gathered.take(member, algorithm);
        }
        let keys = gathered.keys.into_iter().filter_map(|(id, key)| key.map(|key| (id, key))).collect();
        Ok((Self(keys), gathered.faults))
    }

    /// The key with this id.
    pub(crate) fn get(&self, key_id: &str) -> Option<&DecodingKey> {
        self.0.get(key_id).map(|key| &key.decoding)
    }

    /// Whether no key is left.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Keys so far; `None` marks an id that must not be used again.
#[derive(Default)]
struct Gathered {
    keys: BTreeMap<String, Option<PublicKey>>,
    faults: Vec<KeyFault>,
}

impl Gathered {
    fn take(&mut self, member: &Object, algorithm: Algorithm) {
        let Some(id) = member.get("kid").and_then(Json::text) else { return };
        let read = read_key(member, algorithm).transpose();
        let Some(read) = read else { return };
        let key = match read {
            Ok(key) if !self.keys.contains_key(id) => Some(key),
            Ok(_) => self.fault(KeyFault::SharedId),
            Err(fault) => self.fault(fault),
        };
        self.keys.insert(id.to_owned(), key);
    }

    fn fault(&mut self, fault: KeyFault) -> Option<PublicKey> {
        self.faults.push(fault);
        None
    }
}

/// `None` for a key that is not for us.
fn read_key(member: &Object, algorithm: Algorithm) -> Result<Option<PublicKey>, KeyFault> {
    if PRIVATE.into_iter().any(|name| member.contains_key(name)) {
        return Err(KeyFault::PrivateMaterial);
    }
    if !meant_for(member, algorithm) {
        return Ok(None);
    }
    match algorithm {
        Algorithm::Es256 => read_p256(member),
        Algorithm::Rs256 => read_rsa(member).map(Some),
    }
}

/// Type, use, operations and algorithm, each of which an issuer may leave out except the type.
fn meant_for(member: &Object, algorithm: Algorithm) -> bool {
    let says = |name: &str, word: &str| member.get(name).is_none_or(|value| value.text() == Some(word));
    let verifies = match member.get("key_ops") {
        None => true,
        Some(Json::List(operations)) => operations.iter().any(|operation| operation.text() == Some("verify")),
        Some(_) => false,
    };
    let right_type = member.get("kty").and_then(Json::text) == Some(algorithm.key_type());
    right_type && verifies && says("use", "sig") && says("alg", algorithm.as_str())
}

fn bytes_of(member: &Object, name: &str) -> Result<Vec<u8>, KeyFault> {
    let text = member.get(name).and_then(Json::text).ok_or(KeyFault::Malformed)?;
    URL_SAFE_NO_PAD.decode(text).map_err(|_| KeyFault::Malformed)
}

fn read_p256(member: &Object) -> Result<Option<PublicKey>, KeyFault> {
    if member.get("crv").and_then(Json::text) != Some("P-256") {
        return Ok(None);
    }
    let (x, y) = (bytes_of(member, "x")?, bytes_of(member, "y")?);
    if x.len() != 32 || y.len() != 32 {
        return Err(KeyFault::Malformed);
    }
    let point = [&[4][..], &x, &y].concat();
    // Off the curve is refused here, where it can be reported, rather than at every token.
    ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &point).map_err(|_| KeyFault::Malformed)?;
    Ok(Some(PublicKey { decoding: DecodingKey::from_ec_der(&point), material: point }))
}

fn read_rsa(member: &Object) -> Result<PublicKey, KeyFault> {
    let (n, e) = (bytes_of(member, "n")?, bytes_of(member, "e")?);
    let (n, e) = (significant(&n), significant(&e));
    if !sound_exponent(e) || !RSA_BITS.contains(&bits(n)) {
        return Err(KeyFault::RefusedSize);
    }
    let material = [n, &[0xff], e].concat();
    Ok(PublicKey { decoding: DecodingKey::from_rsa_raw_components(n, e), material })
}

/// Odd, and between 65537 (NIST SP 800-56B) and 32 bits.
fn sound_exponent(e: &[u8]) -> bool {
    let value = e.iter().fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    e.len() <= 4 && value >= 65_537 && value % 2 == 1
}

/// Without leading zero bytes.
fn significant(mut number: &[u8]) -> &[u8] {
    while let [0, rest @ ..] = number {
        number = rest;
    }
    number
}

fn bits(number: &[u8]) -> usize {
    number.first().map_or(0, |first| number.len() * 8 - first.leading_zeros() as usize)
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
        KeySet::parse(json!({ "keys": keys, "other": 1 }).to_string().as_bytes(), algorithm).unwrap()
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
    fn keys_that_are_not_for_us_are_passed_over(#[case] key: Value, #[case] taken: bool) {
        let (keys, faults) = parse(&[key], Algorithm::Es256);
        assert_eq!((keys.is_empty(), faults), (!taken, vec![]));
    }

    #[rstest]
    #[case::private(with(p256(), "d", json!("AA")), KeyFault::PrivateMaterial)]
    #[case::secret(json!({"kty": "oct", "kid": "one", "k": "AAAA"}), KeyFault::PrivateMaterial)]
    #[case::off_the_curve(with(p256(), "y", p256()["x"].clone()), KeyFault::Malformed)]
    #[case::short(with(p256(), "x", json!("AAAA")), KeyFault::Malformed)]
    #[case::padded(with(p256(), "x", json!("MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4=")), KeyFault::Malformed)]
    fn faulty_keys_are_left_out_and_reported(#[case] key: Value, #[case] fault: KeyFault) {
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
    fn rsa_keys_have_a_size(#[case] key: Value, #[case] taken: bool) {
        let (keys, faults) = parse(&[key], Algorithm::Rs256);
        assert_eq!(keys.get("one").is_some(), taken);
        assert_eq!(faults.is_empty(), taken);
    }

    #[test]
    fn an_id_used_twice_names_no_key() {
        let (keys, faults) = parse(&[p256(), p256(), p256()], Algorithm::Es256);
        assert!(keys.is_empty());
        assert_eq!(faults, [KeyFault::SharedId; 2]);
        let leaked = with(p256(), "d", json!("AA"));
        for pair in [[p256(), leaked.clone()], [leaked, p256()]] {
            assert!(parse(&pair, Algorithm::Es256).0.is_empty(), "a key whose private half is published");
        }
    }

    #[test]
    fn what_is_no_set_is_refused() {
        let many = json!({ "keys": vec![p256(); MAX_KEYS + 1] }).to_string();
        assert_eq!(KeySet::parse(many.as_bytes(), Algorithm::Es256).err(), Some(JwksError::TooManyKeys));
        for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[1]}"#, r#"{"keys":[],"keys":[]}"#] {
            assert_eq!(KeySet::parse(text.as_bytes(), Algorithm::Es256).err(), Some(JwksError::Malformed), "{text}");
        }
    }
}
