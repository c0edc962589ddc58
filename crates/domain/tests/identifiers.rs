//! NHS number and UPN: published valid numbers are accepted, typing errors are rejected.

use domain::{IdentifierError as E, NhsNumber, NhsNumberRange as Range, TestNumberPolicy, Upn};
use rstest::rstest;

#[rstest]
#[case("9434765919")]
#[case("9434765870")]
#[case("4010232137")]
#[case("943 476 5919")]
#[case("943-476-5919")]
fn valid_nhs_numbers_are_accepted(#[case] text: &str) {
    let number = NhsNumber::parse(text).unwrap();
    assert_eq!(number.as_str(), text.replace([' ', '-'], ""));
    assert_eq!(number.formatted().replace(' ', ""), number.as_str());
}

#[rstest]
#[case("9434765918", E::CheckDigit)]
#[case("9434756919", E::CheckDigit)]
#[case("943476591", E::Shape)]
#[case("94347659190", E::Shape)]
#[case("943476591A", E::Shape)]
#[case("９４３４７６５９１９", E::Shape)]
#[case("", E::Shape)]
fn invalid_nhs_numbers_are_rejected(#[case] text: &str, #[case] error: E) {
    assert_eq!(NhsNumber::parse(text), Err(error));
}

#[rstest]
#[case("4010232137", Some(Range::EnglandAndWales))]
#[case("3200000015", Some(Range::NorthernIreland))]
#[case("0101000006", Some(Range::Scotland))]
#[case("3112999991", Some(Range::Scotland))]
#[case("9991000003", Some(Range::Test))]
#[case::before_the_first("0100999999", None)]
#[case::before_northern_ireland("3200000007", None)]
#[case::no_such_month("0113000006", None)]
#[case::between_ranges("5000000005", None)]
#[case::after_the_last("9434765919", None)]
#[case::zeros("0000000000", None)]
#[case::ones("1111111111", None)]
#[case::fours("4444444444", None)]
fn number_outside_the_ranges_in_use_is_never_issued(
    #[case] text: &str,
    #[case] range: Option<Range>,
) {
    let number = NhsNumber::parse(text).unwrap();
    let parse_issued = |test_numbers| NhsNumber::parse_issued(text, test_numbers);
    assert_eq!(number.range(), range);
    let expected = |issued: bool| {
        if issued {
            Ok(number.clone())
        } else {
            Err(E::NeverIssued)
        }
    };
    assert_eq!(
        parse_issued(TestNumberPolicy::Accepted),
        expected(range.is_some())
    );
    assert_eq!(
        parse_issued(TestNumberPolicy::Refused),
        expected(range.is_some_and(|range| range != Range::Test))
    );
}

#[test]
fn parse_issued_rejects_malformed_numbers() {
    assert_eq!(
        NhsNumber::parse_issued("9434765918", TestNumberPolicy::Accepted),
        Err(E::CheckDigit)
    );
    assert_eq!(
        NhsNumber::parse_issued("not known", TestNumberPolicy::Accepted),
        Err(E::Shape)
    );
    assert_eq!(E::NeverIssued.code(), "identifier_never_issued");
}

#[test]
fn no_number_that_starts_with_999000000_is_valid() {
    // 9 x (10 + 9 + 8) = 243 leaves 1, so the check digit would be 10, which does not exist.
    for last in 0..10 {
        assert_eq!(
            NhsNumber::parse(&format!("999000000{last}")),
            Err(E::CheckDigit)
        );
    }
}

#[rstest]
#[case("B801200005001")]
#[case("b801 2000 05001")]
fn valid_upns_are_accepted(#[case] text: &str) {
    let upn = Upn::parse(text).unwrap();
    assert_eq!(upn.as_str(), "B801200005001");
    assert!(!upn.is_temporary());
}

#[rstest]
#[case("A801200005001", E::CheckDigit)]
#[case("B80120000500", E::Shape)]
#[case("B8012000050011", E::Shape)]
#[case("B80120000500I", E::Shape)]
#[case("I801200005001", E::Shape)]
#[case("B8012A0005001", E::Shape)]
#[case("1801200005001", E::Shape)]
fn invalid_upns_are_rejected(#[case] text: &str, #[case] error: E) {
    assert_eq!(Upn::parse(text), Err(error));
}

#[test]
fn check_letter_for_a_sum_of_266_is_p() {
    // 13 x 9 + 12 x 9 + 11 x 3 + 8 x 1 = 266, and 266 mod 23 = 13.
    assert!(Upn::parse("P000000100399").is_ok());
    assert_eq!(Upn::parse("Q000000100399"), Err(E::CheckDigit));
}

#[test]
fn temporary_upn_ends_in_a_letter_that_counts() {
    // 13 x 13 (P) + 0 = 169, and 169 mod 23 = 8, which is J.
    let temporary = Upn::parse("J00000000000P").unwrap();
    assert!(temporary.is_temporary());
    assert_eq!(Upn::parse("J00000000000Q"), Err(E::CheckDigit));
}

#[test]
fn debug_hides_identifiers_and_json_is_validated() {
    let number = NhsNumber::parse("9434765919").unwrap();
    assert_eq!(
        format!("{number:?} {:?}", Upn::parse("B801200005001").unwrap()),
        "NhsNumber(…) Upn(…)"
    );
    assert_eq!(serde_json::to_string(&number).unwrap(), "\"9434765919\"");
    assert!(serde_json::from_str::<NhsNumber>("\"9434765918\"").is_err());
    assert_eq!(
        serde_json::from_str::<NhsNumber>("\"943 476 5919\"").unwrap(),
        number
    );
}

/// The valid number that begins with nine digits, if there is one.
fn nhs_number(body: u32) -> Option<String> {
    (0..10)
        .map(|check| format!("{body:09}{check}"))
        .find(|text| NhsNumber::parse(text).is_ok())
}

proptest::proptest! {
    #[test]
    fn swapped_digits_are_detected(body in 0u32..1_000_000_000, first in 0usize..10, second in 0usize..10) {
        if let Some(number) = nhs_number(body) {
            let mut digits = number.clone().into_bytes();
            digits.swap(first, second);
            let swapped = String::from_utf8(digits).unwrap();
            // The check digit's own weight is 1, so every pair of places differs in weight by less
            // than 11.
            proptest::prop_assert_eq!(NhsNumber::parse(&swapped).is_ok(), swapped == number);
        }
    }

    #[test]
    fn one_wrong_digit_is_detected(body in 0u32..1_000_000_000, at in 0usize..10, to in 0u8..10) {
        if let Some(number) = nhs_number(body) {
            let mut digits = number.clone().into_bytes();
            digits[at] = b'0' + to;
            let changed = String::from_utf8(digits).unwrap();
            proptest::prop_assert_eq!(NhsNumber::parse(&changed).is_ok(), changed == number);
        }
    }

    #[test]
    fn swapped_neighbours_are_detected_in_a_upn(body in 0u64..1_000_000_000_000, at in 1usize..12) {
        let valid = "ABCDEFGHJKLMNPQRTUVWXYZ".chars().map(|check| format!("{check}{body:012}")).find(|text| Upn::parse(text).is_ok()).unwrap();
        let mut digits = valid.clone().into_bytes();
        digits.swap(at, at + 1);
        let swapped = String::from_utf8(digits).unwrap();
        proptest::prop_assert_eq!(Upn::parse(&swapped).is_ok(), swapped == valid);
    }
}
