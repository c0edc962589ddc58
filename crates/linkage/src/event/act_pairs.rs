//! Pairs of acts with which two accounts begin. Some pairs speak for one event, as an ambulance and
//! a ward do; others against it, as a school's absence and a doctor's consultation do.

use super::acts::{ACT_NAMES, Acts};

/// The number of pairs, each act with itself included.
pub(crate) const ACT_PAIR_COUNT: usize = ACT_NAMES.len() * (ACT_NAMES.len() + 1) / 2;

/// The index of a pair, the same in either order.
const fn pair_index(one: usize, other: usize) -> usize {
    let (low, high) = if one < other {
        (one, other)
    } else {
        (other, one)
    };
    high * (high + 1) / 2 + low
}

/// The indexes of the pairs of leading acts of two accounts, ascending and each once.
pub(crate) fn leading_pairs(one: Acts, other: Acts) -> Vec<usize> {
    let pairs_with = |act: usize| other.indices().map(move |with| pair_index(act, with));
    let mut pairs: Vec<usize> = one.indices().flat_map(pairs_with).collect();
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

/// The names of the pairs, in the order of their indexes.
pub(crate) fn pair_names() -> Vec<String> {
    let highs = ACT_NAMES.iter().enumerate();
    highs
        .flat_map(|(index, high)| {
            ACT_NAMES
                .iter()
                .take(index + 1)
                .map(move |low| format!("{low} {high}"))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pair_has_one_index_in_either_order() {
        let names = pair_names();
        assert_eq!(names.len(), ACT_PAIR_COUNT);
        for (one, first) in ACT_NAMES.iter().enumerate() {
            for (other, second) in ACT_NAMES.iter().enumerate().skip(one) {
                assert_eq!(pair_index(one, other), pair_index(other, one));
                assert_eq!(
                    names.get(pair_index(one, other)),
                    Some(&format!("{first} {second}"))
                );
            }
        }
    }
}
