//! Verifies a certificate with nothing but the file and a trusted public key.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::{Certificate, FORMAT, MIN_LEAVES, SignedCertificate};
use crate::{KeyId, verify_signature};

/// Why a certificate is not valid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// The certificate was signed by a key other than the trusted one.
    #[error("it is signed by a key other than the one you trust")]
    UntrustedKey,
    /// The signature does not match the content.
    #[error(
        "the signature does not match: the content was changed after it was signed, or was never signed"
    )]
    InvalidSignature,
    /// The document does not have a known certificate format.
    #[error("it does not have a known format: {0}")]
    InvalidFormat(&'static str),
    /// The times contradict each other.
    #[error("its times contradict each other: {0}")]
    InconsistentTimes(&'static str),
    /// No commitment was published before the destruction, or a different one was.
    #[error("its commitment proves nothing: {0}")]
    InvalidCommitment(&'static str),
    /// The proof for this object does not lead to the root.
    #[error("the proof for {0} does not match what the certificate covers")]
    InvalidProof(Uuid),
    /// The probe could still read the key.
    #[error("the probe after the destruction could still read the key")]
    KeyStillOpens,
}

/// Checks signature, format, commitment, times, probe and all proofs, in this order. Without a
/// trusted key the signature is checked against the key in the file, which only shows that the file
/// is intact.
///
/// # Errors
/// [`CertificateError`]: the first check that fails.
pub fn verify(
    signed: &SignedCertificate,
    trusted_key: Option<&[u8; 32]>,
) -> Result<(), CertificateError> {
    let certificate = &signed.certificate;
    check_signature(signed, trusted_key)?;
    check_format(certificate)?;
    check_commitment(certificate)?;
    check_times(certificate)?;
    if certificate.probe_opens {
        return Err(CertificateError::KeyStillOpens);
    }
    let failed_proof = signed
        .proofs
        .iter()
        .find(|proof| !proof.is_included_in(&certificate.covers));
    failed_proof.map_or(Ok(()), |proof| {
        Err(CertificateError::InvalidProof(proof.object_id))
    })
}

fn check_signature(
    signed: &SignedCertificate,
    trusted_key: Option<&[u8; 32]>,
) -> Result<(), CertificateError> {
    let declared_key = STANDARD
        .decode(&signed.public_key)
        .map_err(|_| CertificateError::InvalidSignature)?;
    if trusted_key.is_some_and(|trusted_key| trusted_key.as_slice() != declared_key) {
        return Err(CertificateError::UntrustedKey);
    }
    let signature = STANDARD
        .decode(&signed.signature)
        .map_err(|_| CertificateError::InvalidSignature)?;
    let message = signed
        .certificate
        .canonical_json()
        .map_err(|_| CertificateError::InvalidSignature)?;
    if verify_signature(&declared_key, &message, &signature) {
        Ok(())
    } else {
        Err(CertificateError::InvalidSignature)
    }
}

fn check_format(certificate: &Certificate) -> Result<(), CertificateError> {
    let leaf_count = usize::try_from(certificate.covers.leaves).unwrap_or(0);
    if certificate.format != FORMAT {
        return Err(CertificateError::InvalidFormat(
            "the format version is unknown",
        ));
    }
    if !matches!(
        certified_key(certificate),
        Some(KeyId::Epoch(_) | KeyId::Scope(_))
    ) {
        return Err(CertificateError::InvalidFormat(
            "it does not name the key of an hour or a chronology",
        ));
    }
    if leaf_count < MIN_LEAVES || !leaf_count.is_power_of_two() {
        return Err(CertificateError::InvalidFormat(
            "the number of leaves is not valid",
        ));
    }
    Ok(())
}

fn check_commitment(certificate: &Certificate) -> Result<(), CertificateError> {
    let (Some(commitment), Some(published)) = (certificate.commitment, certificate.published_at)
    else {
        return Err(CertificateError::InvalidCommitment(
            "none was published while the key existed",
        ));
    };
    if published > certificate.destroyed_at {
        return Err(CertificateError::InvalidCommitment(
            "it was published after the destruction",
        ));
    }
    if commitment != certificate.destroyed_commitment {
        return Err(CertificateError::InvalidCommitment(
            "the destroyed key is not the one whose commitment was published",
        ));
    }
    Ok(())
}

fn check_times(certificate: &Certificate) -> Result<(), CertificateError> {
    if certificate
        .published_at
        .is_some_and(|published| published < certificate.key.made_at)
    {
        return Err(CertificateError::InconsistentTimes(
            "the commitment was published before the key was created",
        ));
    }
    if certificate.probed_at < certificate.destroyed_at {
        return Err(CertificateError::InconsistentTimes(
            "the probe was made before the destruction",
        ));
    }
    match certified_key(certificate) {
        Some(KeyId::Epoch(epoch)) if certificate.destroyed_at < epoch.ends_at() => Err(
            CertificateError::InconsistentTimes("the key was destroyed before its hour was over"),
        ),
        _ => Ok(()),
    }
}

/// The key that the certificate is about.
fn certified_key(certificate: &Certificate) -> Option<KeyId> {
    KeyId::parse(&certificate.key.kind, &certificate.key.id)
}

#[cfg(test)]
mod tests {
    use domain::{DeletionCertificateId, Instant, NodeId, PartnershipId};

    use super::super::{CertifiedKey, CoverageTree, Hash};
    use super::*;
    use crate::SigningKey;

    fn instant(text: &str) -> Instant {
        Instant::parse(text).unwrap()
    }

    fn valid_certificate() -> (Certificate, CoverageTree) {
        let covering = CoverageTree::new(&[3; 32], [("fragment", Uuid::from_u128(9))]);
        let certificate = Certificate {
            certificate_id: DeletionCertificateId(Uuid::from_u128(1)),
            commitment: Some(Hash([5; 32])),
            covers: covering.covers(),
            destroyed_at: instant("2026-03-02T10:00:01Z"),
            destroyed_commitment: Hash([5; 32]),
            format: FORMAT.to_owned(),
            key: CertifiedKey {
                id: "492346".to_owned(),
                kind: "epoch".to_owned(),
                made_at: instant("2026-01-02T10:00:00Z"),
            },
            node_id: NodeId(Uuid::from_u128(2)),
            partnership_id: PartnershipId(Uuid::from_u128(3)),
            probe_opens: false,
            probed_at: instant("2026-03-02T10:00:02Z"),
            published_at: Some(instant("2026-01-02T10:00:00Z")),
        };
        (certificate, covering)
    }

    fn verification_error(change: impl FnOnce(&mut Certificate)) -> Option<CertificateError> {
        let (mut certificate, covering) = valid_certificate();
        change(&mut certificate);
        let mut signed = certificate.sign(&SigningKey::generate().unwrap()).unwrap();
        signed
            .proofs
            .extend(covering.proof("fragment", Uuid::from_u128(9)));
        verify(&signed, None).err()
    }

    #[test]
    fn each_inconsistency_has_its_own_error() {
        use CertificateError as E;
        assert_eq!(verification_error(|_| ()), None);
        assert_eq!(
            verification_error(|c| c.format = "2".into()),
            Some(E::InvalidFormat("the format version is unknown"))
        );
        assert!(matches!(
            verification_error(|c| c.key.id = "x".into()),
            Some(E::InvalidFormat(_))
        ));
        assert!(matches!(
            verification_error(|c| c.key.kind = "permanent".into()),
            Some(E::InvalidFormat(_))
        ));
        assert!(matches!(
            verification_error(|c| c.covers.leaves = 8),
            Some(E::InvalidFormat(_))
        ));
        assert!(matches!(
            verification_error(|c| c.published_at = None),
            Some(E::InvalidCommitment(_))
        ));
        assert!(matches!(
            verification_error(|c| c.commitment = None),
            Some(E::InvalidCommitment(_))
        ));
        assert!(matches!(
            verification_error(|c| c.published_at = Some(c.probed_at)),
            Some(E::InvalidCommitment(_))
        ));
        assert!(matches!(
            verification_error(|c| c.destroyed_commitment = Hash([6; 32])),
            Some(E::InvalidCommitment(_))
        ));
        assert!(matches!(
            verification_error(|c| c.key.made_at = c.destroyed_at),
            Some(E::InconsistentTimes(_))
        ));
        assert!(matches!(
            verification_error(|c| c.probed_at = instant("2026-03-02T10:00:00Z")),
            Some(E::InconsistentTimes(_))
        ));
        assert!(matches!(
            verification_error(|c| c.key.id = "492347".into()),
            Some(E::InconsistentTimes(_))
        ));
        assert_eq!(
            verification_error(|c| c.probe_opens = true),
            Some(E::KeyStillOpens)
        );
        assert_eq!(
            verification_error(|c| c.covers.root = Hash([0; 32])),
            Some(E::InvalidProof(Uuid::from_u128(9)))
        );
    }

    #[test]
    fn change_after_signing_and_untrusted_key_are_refused() {
        let key = SigningKey::generate().unwrap();
        let signed = valid_certificate().0.sign(&key).unwrap();
        assert_eq!(verify(&signed, Some(&key.public_key())), Ok(()));
        assert_eq!(
            verify(&signed, Some(&[0; 32])),
            Err(CertificateError::UntrustedKey)
        );
        let mut changed = signed.clone();
        changed.certificate.node_id = NodeId(Uuid::from_u128(77));
        assert_eq!(
            verify(&changed, Some(&key.public_key())),
            Err(CertificateError::InvalidSignature)
        );
        let forged = SignedCertificate {
            public_key: STANDARD.encode([0; 32]),
            ..signed
        };
        assert_eq!(
            verify(&forged, None),
            Err(CertificateError::InvalidSignature)
        );
    }

    #[test]
    fn canonical_json_orders_members_by_name() {
        let text = String::from_utf8(valid_certificate().0.canonical_json().unwrap()).unwrap();
        let sorted: serde_json::Value = serde_json::from_str(&text).unwrap();
        let names: Vec<&String> = sorted.as_object().unwrap().keys().collect();
        let mut offsets: Vec<usize> = names
            .iter()
            .map(|name| text.find(&format!("\"{name}\":")).unwrap())
            .collect();
        let mut by_name = names.clone();
        by_name.sort_unstable();
        let offsets_by_name: Vec<usize> = by_name
            .iter()
            .map(|name| text.find(&format!("\"{name}\":")).unwrap())
            .collect();
        offsets.sort_unstable();
        assert_eq!(offsets_by_name, offsets);
        assert!(!text.replace(FORMAT, "").contains([' ', '\n']));
    }
}
