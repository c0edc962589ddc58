//! The encodings of the audit log: leaves, journal lines, checkpoints, tile paths, frontiers and
//! proofs. Nothing panics, decoded bytes are canonical, and no proof verifies for a tree that does
//! not contain the leaf.
#![no_main]

use ledger::{
    Checkpoint, Frontier, Hash, InMemoryTree, JournalLine, Leaf, Tile, consistency_proof,
    inclusion_proof, leaf_hash, tree_root, verify_consistency, verify_inclusion,
};

const KEY: [u8; 32] = [7; 32];
const ORIGIN: &str = "chronology.example/audit/marlshire";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(leaf) = Leaf::from_bytes(data) {
        assert_eq!(leaf.to_bytes(), data, "two encodings of one leaf");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Some(line) = JournalLine::parse(text) {
            assert_eq!(line.to_string(), text);
        }
        if let Some(tile) = Tile::parse(text) {
            assert_eq!(tile.path(), text);
        }
        // This verifier rejects every signature, so no text is a valid checkpoint.
        assert!(Checkpoint::open(text, ORIGIN, &KEY, |_, _| false).is_err());
        if let Ok(checkpoint) = Checkpoint::open(text, ORIGIN, &KEY, |_, _| true) {
            let again = checkpoint.to_signed_note(&KEY, |_| [1; 64]);
            assert_eq!(
                Checkpoint::open(&again, ORIGIN, &KEY, |_, _| true),
                Ok(checkpoint)
            );
        }
    }
    check_proofs(data);
});

/// Builds a tree with the number of leaves that the first byte selects, and verifies the bytes from
/// the fourth on as a forged proof.
fn check_proofs(data: &[u8]) {
    let Some((&[leaves, at, old], rest)) = data.split_first_chunk::<3>() else {
        return;
    };
    let size = u64::from(leaves) % 40 + 1;
    let at = u64::from(at) % size;
    let old_size = u64::from(old) % (size + 1);
    let mut tree = InMemoryTree((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect());
    let root = tree_root(&mut tree, size).expect("the tree is in memory");
    let old_root = tree_root(&mut tree, old_size).expect("the tree is in memory");
    let forged: Vec<Hash> = rest
        .as_chunks::<32>()
        .0
        .iter()
        .map(|bytes| Hash(*bytes))
        .collect();
    let genuine = inclusion_proof(&mut tree, at, size).expect("the tree is in memory");
    let leaf = leaf_hash(&at.to_be_bytes());
    assert!(verify_inclusion(at, size, leaf, &genuine, root));
    assert_eq!(
        verify_inclusion(at, size, leaf, &forged, root),
        forged == genuine
    );
    let genuine = consistency_proof(&mut tree, old_size, size).expect("the tree is in memory");
    assert!(verify_consistency(old_size, old_root, size, root, &genuine));
    assert_eq!(
        verify_consistency(old_size, old_root, size, root, &forged),
        forged == genuine
    );
    let _ = Frontier::from_bytes(size, rest).map(|frontier| frontier.root());
}
