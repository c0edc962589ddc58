//! Checking a certificate with nothing but the file and the public key that one trusts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::{Certificate, FORMAT, LEAST_LEAVES, SignedCertificate};
use crate::{KeyId, verify_signature};

/// What is wrong with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateFault {
    /// Signed by another key than the one that is trusted.
    #[error("it is signed by another key than the one you trust")]
    OtherKey,
    /// The signature is not that of what it says.
    #[error("the signature does not fit: it was changed after it was signed, or nobody signed it")]
    Signature,
    /// It is no certificate of the kind known here.
    #[error("it is not of a form known here: {0}")]
    Form(&'static str),
    /// Its times contradict each other.
    #[error("its times contradict each other: {0}")]
    Times(&'static str),
    /// No commitment was published before the destruction, or another one.
    #[error("its commitment proves nothing: {0}")]
    Commitment(&'static str),
    /// A proof does not lead to the root.
    #[error("the proof for {0} does not lead to what it covers")]
    Proof(Uuid),
    /// The probe found the key.
    #[error("the probe after the destruction still found the key")]
    ProbeOpens,
}

/// Checks signature, form, commitment, times, probe and every proof, in this order. Without a trusted key the signature
/// is checked by the key that stands in the file, which says only that the file is whole.
///
/// # Errors
/// [`CertificateFault`]: the first thing that is wrong.
pub fn check(signed: &SignedCertificate, trusted: Option<&[u8; 32]>) -> Result<(), CertificateFault> {
    let certificate = &signed.certificate;
    check_signature(signed, trusted)?;
    check_form(certificate)?;
    check_commitment(certificate)?;
    check_times(certificate)?;
    if certificate.probe_opens {
        return Err(CertificateFault::ProbeOpens);
    }
    let wrong = signed.proofs.iter().find(|proof| !proof.holds(&certificate.covers));
    wrong.map_or(Ok(()), |proof| Err(CertificateFault::Proof(proof.object_id)))
}

fn check_signature(signed: &SignedCertificate, trusted: Option<&[u8; 32]>) -> Result<(), CertificateFault> {
    let named = STANDARD.decode(&signed.public_key).map_err(|_| CertificateFault::Signature)?;
    if trusted.is_some_and(|trusted| trusted.as_slice() != named) {
        return Err(CertificateFault::OtherKey);
    }
    let signature = STANDARD.decode(&signed.signature).map_err(|_| CertificateFault::Signature)?;
    let message = signed.certificate.canonical().map_err(|_| CertificateFault::Signature)?;
    if verify_signature(&named, &message, &signature) { Ok(()) } else { Err(CertificateFault::Signature) }
}

fn check_form(certificate: &Certificate) -> Result<(), CertificateFault> {
    let leaves = usize::try_from(certificate.covers.leaves).unwrap_or(0);
    if certificate.format != FORMAT {
        return Err(CertificateFault::Form("the format is another one"));
    }
    if !matches!(key_of(certificate), Some(KeyId::Epoch(_) | KeyId::Scope(_))) {
        return Err(CertificateFault::Form("it names no key of an hour or of a chronology"));
    }
    if leaves < LEAST_LEAVES || !leaves.is_power_of_two() {
        return Err(CertificateFault::Form("what it covers is no whole tree"));
    }
    Ok(())
}

fn check_commitment(certificate: &Certificate) -> Result<(), CertificateFault> {
    let (Some(commitment), Some(published)) = (certificate.commitment, certificate.published_at) else {
        return Err(CertificateFault::Commitment("none was published while the key lived"));
    };
    if published > certificate.destroyed_at {
        return Err(CertificateFault::Commitment("it was published after the destruction"));
    }
    if commitment != certificate.destroyed_commitment {
        return Err(CertificateFault::Commitment("another key was destroyed than the one that was published"));
    }
    Ok(())
}

fn check_times(certificate: &Certificate) -> Result<(), CertificateFault> {
    if certificate.published_at.is_some_and(|published| published < certificate.key.made_at) {
        return Err(CertificateFault::Times("published before the key was made"));
    }
    if certificate.probed_at < certificate.destroyed_at {
        return Err(CertificateFault::Times("probed before the destruction"));
    }
    match key_of(certificate) {
        Some(KeyId::Epoch(epoch)) if certificate.destroyed_at < epoch.over_at() => {
            Err(CertificateFault::Times("destroyed before its hour was over"))
        }
        _ => Ok(()),
    }
}

/// The key it speaks of.
fn key_of(certificate: &Certificate) -> Option<KeyId> {
    KeyId::parse(&certificate.key.kind, &certificate.key.id)
}

#[cfg(test)]
mod tests {
    use domain::{DeletionCertificateId, Instant, NodeId, PartnershipId};

    use super::super::{CertifiedKey, Covering, Hash};
    use super::*;
    use crate::SigningKey;

    fn at(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn good() -> (Certificate, Covering) {
        let covering = Covering::new(&[3; 32], [("fragment", Uuid::from_u128(9))]);
        let certificate = Certificate {
            certificate_id: DeletionCertificateId(Uuid::from_u128(1)),
            commitment: Some(Hash([5; 32])),
            covers: covering.covers(),
            destroyed_at: at("2026-03-02T10:00:01Z"),
            destroyed_commitment: Hash([5; 32]),
            format: FORMAT.to_owned(),
            key: CertifiedKey {
                id: "492346".to_owned(),
                kind: "epoch".to_owned(),
                made_at: at("2026-01-02T10:00:00Z"),
            },
            node_id: NodeId(Uuid::from_u128(2)),
            partnership_id: PartnershipId(Uuid::from_u128(3)),
            probe_opens: false,
            probed_at: at("2026-03-02T10:00:02Z"),
            published_at: Some(at("2026-01-02T10:00:00Z")),
        };
        (certificate, covering)
    }

    fn fault(change: impl FnOnce(&mut Certificate)) -> Option<CertificateFault> {
        let (mut certificate, covering) = good();
        change(&mut certificate);
        let mut signed = certificate.sign(&SigningKey::generate().unwrap()).unwrap();
        signed.proofs.extend(covering.proof("fragment", Uuid::from_u128(9)));
        check(&signed, None).err()
    }

    #[test]
    fn what_is_right_passes_and_each_wrong_is_named() {
        use CertificateFault as F;
        assert_eq!(fault(|_| ()), None);
        assert_eq!(fault(|c| c.format = "2".into()), Some(F::Form("the format is another one")));
        assert!(matches!(fault(|c| c.key.id = "x".into()), Some(F::Form(_))));
        assert!(matches!(fault(|c| c.key.kind = "permanent".into()), Some(F::Form(_))));
        assert!(matches!(fault(|c| c.covers.leaves = 8), Some(F::Form(_))));
        assert!(matches!(fault(|c| c.published_at = None), Some(F::Commitment(_))));
        assert!(matches!(fault(|c| c.commitment = None), Some(F::Commitment(_))));
        assert!(matches!(fault(|c| c.published_at = Some(c.probed_at)), Some(F::Commitment(_))));
        assert!(matches!(fault(|c| c.destroyed_commitment = Hash([6; 32])), Some(F::Commitment(_))));
        assert!(matches!(fault(|c| c.key.made_at = c.destroyed_at), Some(F::Times(_))));
        assert!(matches!(fault(|c| c.probed_at = at("2026-03-02T10:00:00Z")), Some(F::Times(_))));
        assert!(matches!(fault(|c| c.key.id = "492347".into()), Some(F::Times(_))));
        assert_eq!(fault(|c| c.probe_opens = true), Some(F::ProbeOpens));
        assert_eq!(fault(|c| c.covers.root = Hash([0; 32])), Some(F::Proof(Uuid::from_u128(9))));
    }

    #[test]
    fn a_change_after_signing_and_another_key_show() {
        let key = SigningKey::generate().unwrap();
        let signed = good().0.sign(&key).unwrap();
        assert_eq!(check(&signed, Some(&key.public_key())), Ok(()));
        assert_eq!(check(&signed, Some(&[0; 32])), Err(CertificateFault::OtherKey));
        let mut changed = signed.clone();
        changed.certificate.node_id = NodeId(Uuid::from_u128(77));
        assert_eq!(check(&changed, Some(&key.public_key())), Err(CertificateFault::Signature));
        let forged = SignedCertificate { public_key: STANDARD.encode([0; 32]), ..signed };
        assert_eq!(check(&forged, None), Err(CertificateFault::Signature));
    }

    #[test]
    fn members_stand_in_the_order_of_their_names() {
        let text = String::from_utf8(good().0.canonical().unwrap()).unwrap();
        let sorted: serde_json::Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&String> = sorted.as_object().unwrap().keys().collect();
        let mut places: Vec<usize> = names.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap()).collect();
        let mut by_name = names.clone();
        by_name.sort_unstable();
        let named: Vec<usize> = by_name.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap()).collect();
        places.sort_unstable();
        assert_eq!(named, places);
        assert!(!text.replace(FORMAT, "").contains([' ', '\n']));
    }
}
