//! What it says when one account begins with one act and the other with another: an ambulance and a ward go together, a
//! school's absence and a doctor's consultation do not.

use super::acts::{Acts, NAMES};

/// How many pairs there are, each act with itself included.
pub(crate) const ACT_PAIRS: usize = NAMES.len() * (NAMES.len() + 1) / 2;

/// The place of a pair, in either order.
const fn place(one: usize, other: usize) -> usize {
    let (low, high) = if one < other { (one, other) } else { (other, one) };
    high * (high + 1) / 2 + low
}

/// The pairs of acts with which two accounts begin, each once, in order.
pub(crate) fn of(one: Acts, other: Acts) -> Vec<usize> {
    let mut pairs: Vec<usize> = one.places().flat_map(|act| other.places().map(move |with| place(act, with))).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The names of the pairs, in the order of their places.
pub(crate) fn names() -> Vec<String> {
    let high = NAMES.iter().enumerate();
    high.flat_map(|(count, one)| NAMES.iter().take(count + 1).map(move |other| format!("{other} {one}"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_has_one_place_in_either_order() {
        let names = names();
        assert_eq!(names.len(), ACT_PAIRS);
        for (one, first) in NAMES.iter().enumerate() {
            for (other, second) in NAMES.iter().enumerate().skip(one) {
                assert_eq!(place(one, other), place(other, one));
                assert_eq!(names.get(place(one, other)), Some(&format!("{first} {second}")));
            }
        }
    }
}
