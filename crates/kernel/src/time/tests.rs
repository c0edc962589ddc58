//! Tests of the agreed time, source by source.

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
#[case::full_allowance(100, 105, 105)]
#[case::longer_pause(100, 400, 105)]
#[case::clock_behind(100, 90, 100)]
fn startup_trusts_clock_up_to_allowance(
    #[case] known: i64,
    #[case] wall: i64,
    #[case] agreed: i64,
) {
    let agreed_time = AgreedTime::new_at_startup(at(known), minutes(5), at(wall), minutes(7));
    assert_eq!(agreed_time.agreed(minutes(7)), at(agreed));
    assert_eq!(
        agreed_time.confirmed(minutes(7)),
        at(known),
        "the stored instant excludes the allowance"
    );
    assert_eq!(
        agreed_time.agreed(minutes(9)),
        at(agreed + 2),
        "time passes"
    );
}

#[test]
fn repeated_restarts_gain_nothing() {
    let mut known = at(100);
    for _ in 0..1_000 {
        let agreed_time = AgreedTime::new_at_startup(known, minutes(5), at(100_000), minutes(0));
        assert!(agreed_time.agreed(Duration::ZERO) <= at(105));
        known = agreed_time.confirmed(Duration::ZERO);
    }
}

#[test]
fn vouched_instant_advances_and_earlier_ones_are_ignored() {
    let mut agreed_time = AgreedTime::new_at_startup(at(100), minutes(5), at(400), minutes(0));
    agreed_time.vouch(at(300), minutes(10));
    assert_eq!(agreed_time.agreed(minutes(20)), at(310));
    agreed_time.vouch(at(200), minutes(20));
    assert_eq!(
        (
            agreed_time.agreed(minutes(20)),
            agreed_time.confirmed(minutes(20))
        ),
        (at(310), at(310))
    );
    agreed_time.vouch(at(50), minutes(3));
    assert_eq!(
        agreed_time.agreed(minutes(20)),
        at(310),
        "a late reading is not counted twice"
    );
}
