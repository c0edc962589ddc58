//! Tiles: immutable blocks of a tree's hashes, as specified by C2SP "tlog-tiles".

use crate::hash::{Hash, node_hash};

/// The number of tree levels in one tile.
pub const TILE_HEIGHT: u32 = 8;
/// The number of hashes in a full tile.
pub const TILE_WIDTH: u64 = 1 << TILE_HEIGHT;

/// One tile: up to 256 hashes of one level. Level 0 contains leaves, level 1 the roots of full
/// tiles of level 0, and so on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    /// The level of the tile, from 0.
    pub level: u32,
    /// The index of the tile within its level, from 0.
    pub index: u64,
    /// The number of hashes: 256, or fewer at the right edge.
    pub width: u64,
}

impl Tile {
    /// Parses a tile's path below `tile/`, such as `0/x001/067` or `0/000.p/7`. `None` for any
    /// other text.
    #[must_use]
    pub fn parse(path: &str) -> Option<Self> {
        let (level, rest) = path.split_once('/')?;
        let (rest, width) = match rest.split_once(".p/") {
            Some((rest, width)) => (
                rest,
                parse_number(width, 3).filter(|width| (1..TILE_WIDTH).contains(width))?,
            ),
            None => (rest, TILE_WIDTH),
        };
        let level = parse_number(level, 2)
            .filter(|level| *level < 8)
            .and_then(|level| u32::try_from(level).ok())?;
        let mut index = 0_u64;
        let mut parts = rest.split('/').peekable();
        while let Some(part) = parts.next() {
            let digits = if parts.peek().is_some() {
                part.strip_prefix('x')?
            } else {
                part
            };
            let has_three_digits =
                digits.len() == 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
            index = index
                .checked_mul(1_000)?
                .checked_add(digits.parse::<u64>().ok().filter(|_| has_three_digits)?)?;
        }
        let tile = Self {
            level,
            index,
            width,
        };
        (tile.path() == path).then_some(tile)
    }

    /// The path of the tile, in the form that [`Tile::parse`] accepts.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = format!("{:03}", self.index % 1_000);
        let mut rest = self.index / 1_000;
        while rest > 0 {
            path = format!("x{:03}/{path}", rest % 1_000);
            rest /= 1_000;
        }
        let edge = if self.width < TILE_WIDTH {
            format!(".p/{}", self.width)
        } else {
            String::new()
        };
        format!("{}/{path}{edge}", self.level)
    }

    /// Whether a tree of `size` leaves contains the tile.
    #[must_use]
    pub fn is_in(&self, size: u64) -> bool {
        let hashes = size.checked_shr(TILE_HEIGHT * self.level).unwrap_or(0);
        let start = self.index.saturating_mul(TILE_WIDTH);
        hashes.saturating_sub(start) >= self.width
    }

    /// The hashes that a perfect subtree of the given height and index covers: the level, the index
    /// of the first hash, and the number of hashes, which is `2^(height - 8 × level)`.
    #[must_use]
    pub const fn covering(height: u32, index: u64) -> (u32, u64, u64) {
        let level = height / TILE_HEIGHT;
        let width = 1 << (height % TILE_HEIGHT);
        (level, index * width, width)
    }

    /// The root over hashes of one level. `None` unless their number is a power of two.
    #[must_use]
    pub fn fold(hashes: &[Hash]) -> Option<Hash> {
        let mut layer = hashes.to_vec();
        while layer.len() > 1 {
            let (pairs, rest) = layer.as_chunks::<2>();
            if !rest.is_empty() {
                return None;
            }
            layer = pairs
                .iter()
                .map(|[left, right]| node_hash(*left, *right))
                .collect();
        }
        layer.first().copied()
    }
}

/// Parses up to `max_digits` digits.
fn parse_number(text: &str, max_digits: usize) -> Option<u64> {
    let is_plain = text.len() <= max_digits && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("0/000", Some((0, 0, 256)))]
    #[case("0/x001/x234/067", Some((0, 1_234_067, 256)))]
    #[case("2/017.p/12", Some((2, 17, 12)))]
    #[case("0/x000/001", None)]
    #[case("0/1", None)]
    #[case("0/001.p/256", None)]
    #[case("0/001.p/0", None)]
    #[case("0/001.p/012", None)]
    #[case("8/001", None)]
    #[case("00/001", None)]
    #[case("0/+01", None)]
    #[case("0/", None)]
    #[case("", None)]
    #[case("0/x999/x999/x999/x999/x999/x999/x999/x999/999", None)]
    fn only_canonical_paths_are_parsed(
        #[case] path: &str,
        #[case] expected: Option<(u32, u64, u64)>,
    ) {
        let found = Tile::parse(path).map(|tile| (tile.level, tile.index, tile.width));
        assert_eq!(found, expected);
    }

    #[test]
    fn tree_contains_exactly_its_tiles() {
        let tile = |level, index, width| Tile {
            level,
            index,
            width,
        };
        assert!(
            tile(0, 0, 256).is_in(256) && !tile(0, 0, 256).is_in(255) && tile(0, 0, 255).is_in(255)
        );
        assert!(tile(1, 0, 1).is_in(256) && !tile(1, 0, 1).is_in(255));
        assert!(tile(0, 2, 44).is_in(556) && !tile(0, 2, 45).is_in(556));
        assert!(!tile(7, u64::MAX, 1).is_in(u64::MAX));
    }
}
