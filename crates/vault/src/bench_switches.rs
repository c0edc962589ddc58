//! Switches sealing off, to measure its cost. Compiled only into benchmark builds.

use std::sync::atomic::{AtomicBool, Ordering};

use zeroize::Zeroizing;

use crate::seal::OVERHEAD;

static SEALING_DISABLED: AtomicBool = AtomicBool::new(false);

/// Makes this process store every value in clear, padded to its sealed length, and read nothing
/// else from now on.
pub fn disable_sealing() {
    SEALING_DISABLED.store(true, Ordering::Release);
}

/// Whether sealing is switched off.
pub(crate) fn is_sealing_disabled() -> bool {
    SEALING_DISABLED.load(Ordering::Acquire)
}

/// Pads the plaintext to its sealed length, so that both builds store the same number of bytes.
pub(crate) fn pad_plaintext(plaintext: &[u8]) -> Vec<u8> {
    let mut padded = vec![1; OVERHEAD - 16];
    padded.extend_from_slice(plaintext);
    padded.extend_from_slice(&[0; 16]);
    padded
}

/// Returns the plaintext that was given to [`pad_plaintext`].
pub(crate) fn copy_plaintext(ciphertext: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(ciphertext.to_vec())
}
