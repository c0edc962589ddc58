//! The audit's encodings: leaves, journal lines, checkpoints, tile paths, frontiers and proofs. Nothing panics, what is read
//! is what would be written, and nothing is proved of a tree that it is not in.
#![no_main]

use ledger::{
    Checkpoint, Frontier, Hash, InMemory, Leaf, Line, Tile, consistency_proof, inclusion_proof, leaf_hash, root,
    verify_consistency, verify_inclusion,
};

const KEY: [u8; 32] = [7; 32];
const ORIGIN: &str = "chronology.example/audit/marlshire";

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Ok(leaf) = Leaf::from_bytes(data) {
        assert_eq!(leaf.to_bytes(), data, "two encodings of one leaf");
    }
    if let Ok(text) = std::str::from_utf8(data) {
        if let Some(line) = Line::parse(text) {
            assert_eq!(line.to_string(), text);
        }
        if let Some(tile) = Tile::parse(text) {
            assert_eq!(tile.path(), text);
        }
        // Nobody's signature is good here, so no text is a checkpoint.
        assert!(Checkpoint::open(text, ORIGIN, &KEY, |_, _| false).is_err());
        if let Ok(checkpoint) = Checkpoint::open(text, ORIGIN, &KEY, |_, _| true) {
            let again = checkpoint.note(&KEY, |_| [1; 64]);
            assert_eq!(Checkpoint::open(&again, ORIGIN, &KEY, |_, _| true), Ok(checkpoint));
        }
    }
    proofs(data);
});

/// A tree of as many leaves as the first byte says; the rest is a proof that somebody made up.
fn proofs(data: &[u8]) {
    let Some((&[leaves, at, old], rest)) = data.split_first_chunk::<3>() else { return };
    let size = u64::from(leaves) % 40 + 1;
    let (at, old) = (u64::from(at) % size, u64::from(old) % (size + 1));
    let mut tree = InMemory((0..size).map(|n| leaf_hash(&n.to_be_bytes())).collect());
    let top = root(&mut tree, size).expect("held in memory");
    let before = root(&mut tree, old).expect("held in memory");
    let made_up: Vec<Hash> = rest.as_chunks::<32>().0.iter().map(|bytes| Hash(*bytes)).collect();
    let own = inclusion_proof(&mut tree, at, size).expect("held in memory");
    let leaf = leaf_hash(&at.to_be_bytes());
    assert!(verify_inclusion(at, size, leaf, &own, top));
    assert_eq!(verify_inclusion(at, size, leaf, &made_up, top), made_up == own);
    let own = consistency_proof(&mut tree, old, size).expect("held in memory");
    assert!(verify_consistency(old, before, size, top, &own));
    assert_eq!(verify_consistency(old, before, size, top, &made_up), made_up == own);
    let _ = Frontier::from_bytes(size, rest).map(|frontier| frontier.root());
}
