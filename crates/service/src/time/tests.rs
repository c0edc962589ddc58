//! What is believed, source by source.

use rstest::rstest;

use super::*;

const fn at(minutes: i64) -> Instant {
    Instant::from_micros(minutes * 60_000_000)
}

const fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[rstest]
#[case::short_pause(100, 103, 103)]
#[case::the_whole_gap(100, 105, 105)]
#[case::longer_pause(100, 400, 105)]
#[case::clock_behind(100, 90, 100)]
fn a_start_believes_its_clock_for_a_short_pause_alone(#[case] known: i64, #[case] wall: i64, #[case] agreed: i64) {
    let agreement = Agreement::at_start(at(known), minutes(5), at(wall), minutes(7));
    assert_eq!(agreement.agreed(minutes(7)), at(agreed));
    assert_eq!(agreement.sure(minutes(7)), at(known), "what is stored has no allowance in it");
    assert_eq!(agreement.agreed(minutes(9)), at(agreed + 2), "time passes");
}

#[test]
fn starting_again_and_again_gains_nothing() {
    let mut known = at(100);
    for _ in 0..1_000 {
        let agreement = Agreement::at_start(known, minutes(5), at(100_000), minutes(0));
        assert!(agreement.agreed(Duration::ZERO) <= at(105));
        known = agreement.sure(Duration::ZERO);
    }
}

#[test]
fn a_word_counts_from_when_it_was_given_and_an_earlier_one_not_at_all() {
    let mut agreement = Agreement::at_start(at(100), minutes(5), at(400), minutes(0));
    agreement.vouch(at(300), minutes(10));
    assert_eq!(agreement.agreed(minutes(20)), at(310));
    agreement.vouch(at(200), minutes(20));
    assert_eq!((agreement.agreed(minutes(20)), agreement.sure(minutes(20))), (at(310), at(310)));
    agreement.vouch(at(50), minutes(3));
    assert_eq!(agreement.agreed(minutes(20)), at(310), "a reading that comes late does not add up twice");
}
