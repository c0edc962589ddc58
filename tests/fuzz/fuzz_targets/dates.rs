//! Dates of events: text as people type it, EDTF (ISO 8601-2) and instants. Nothing panics, and a
//! parsed value that is written and parsed again means the same.
#![no_main]

use domain::{EventDate, Instant};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let text = fuzz::lossy_text(data);
    for date in [EventDate::from_edtf(&text), EventDate::from_words(&text)]
        .into_iter()
        .flatten()
    {
        let again = EventDate::from_edtf(date.edtf()).expect("the written date is EDTF");
        assert_eq!(again.edtf(), date.edtf(), "the written form is canonical");
        assert_eq!(
            (again.earliest(), again.latest()),
            (date.earliest(), date.latest())
        );
        assert_eq!(
            (again.precision(), again.time()),
            (date.precision(), date.time())
        );
        assert_eq!(
            (again.is_approximate(), again.is_uncertain()),
            (date.is_approximate(), date.is_uncertain())
        );
        assert!(again.sort_key() == date.sort_key());
        assert_eq!(again.assumption(), date.assumption());
        assert!(date.earliest() <= date.latest(), "{}", date.edtf());
        let _ = date.is_after_day(date.earliest());
    }
    if let Ok(instant) = Instant::parse(&text) {
        assert_eq!(Instant::parse(&instant.to_string()), Ok(instant));
    }
});
