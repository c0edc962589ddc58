use super::*;

fn address(lines: &str, postcode: Option<&str>, protected: bool) -> Address {
    let postcode = postcode.map(|postcode| postcode.to_owned().into());
    Address {
        lines: lines.to_owned().into(),
        postcode,
        from: None,
        until: None,
        protected,
    }
}

fn family() -> ProtectedAddresses {
    ProtectedAddresses::from_addresses(&[
        address("4 Canary Row, Marlton", Some("ZZ9 9ZZ"), false),
        address("Flat 2, 14 Tarn Row\nMarlton", Some("ZZ9 9ZX"), true),
        address("Heron Refuge", None, true),
    ])
}

#[test]
fn protected_address_is_recognized_however_the_text_writes_it() {
    for text in [
        "Lives at 14 Tarn Row now",
        "lives at 14, tarn ROW.",
        "lives in Tarn Row",
        "１４　Ｔａｒｎ　Ｒｏｗ",
        "14 Ta\u{200b}rn R\u{ad}ow",
        "14   Tarn \n  Row",
        "T a r n R o w",
        "tarn-row",
        "moved to Heron Refuge",
        "the refuge is called Heron refuge",
        "ZZ9 9ZX",
        "zz99zx",
        "Z Z 9 9 Z X",
        "ＺＺ９　９ＺＸ",
        "ZZ9\u{200b} 9\u{200d}ZX",
        "ZZ9     9ZX",
        "T\u{430}rn R\u{43e}w",
        "T\u{e1}rn Row",
        "T\u{3164}arn Row",
    ] {
        assert!(family().is_disclosed_in(text), "{text}");
    }
}

#[test]
fn protected_address_is_recognized_however_it_was_recorded() {
    for (lines, text) in [
        ("14 Tarn Row Marlton", "Lives at 14 Tarn Row now"),
        ("14 Tarn Row ZZ9 9ZX", "Lives at 14 Tarn Row now"),
        ("14 Tarn Row ZZ9 9ZX", "near ZZ99ZX"),
        ("14 Tarn Row Flat 2", "in Tarn Row"),
        ("Tarn Row 14", "lives at 14 Tarn Row"),
        ("Tarn Row 14", "Tarn Row 14"),
        (
            "Flat 3\nBeacon House\nMarlton",
            "moved to Beacon House, flat 3, Marlton",
        ),
        (
            "c/o Womens Aid\nHeron Refuge\nMarlton",
            "now at Heron Refuge",
        ),
        ("14 Tarn Road", "lives on Tarn Rd now"),
        ("14 Tarn Rd", "lives on Tarn Road now"),
        ("3 Oak Close", "seen at 3 Oak Cl"),
        ("Fairview", "now at Fairview"),
        ("5 St Johns Street", "lives at 5 St Johns Street"),
        ("Flat 4, The Grange, 3 Church Lane", "now at The Grange"),
        ("Flat 4, The Grange, 3 Church Lane", "at 3 Church Lane"),
        ("Rose Cottage, Mill Lane", "moved to Rose Cottage"),
    ] {
        let protected = ProtectedAddresses::from_addresses(&[address(lines, None, true)]);
        assert!(protected.is_disclosed_in(text), "{lines:?}: {text}");
        assert!(
            protected.contains(&address(lines, None, false))
                && !protected.contains(&address("9 Elm Way", None, false)),
            "{lines:?}"
        );
    }
}

#[test]
fn ordinary_words_of_a_protected_address_disclose_nothing() {
    for (lines, harmless) in [
        ("1 The Close", "very close to his sister"),
        ("Confidential", "kept confidential"),
        ("Refuge", "went to a refuge"),
        ("5 High Street", "scored 5 high"),
        ("14 Tarn Row, Marlton", "seen in Marlton"),
        ("14 Tarn Row", "in Y6 2nd term"),
        ("14 Tarn Row", "room B12 3pm, then by the M25 9am"),
        ("14 Tarn Row", "Class 4B 2nd of May"),
        (
            "12 Park Road, Marlton, Wexmoorshire",
            "Seen at Marlton Health Centre",
        ),
        (
            "12 Park Road\nMarlton\nZZ9 9ZX",
            "Bruise seen at school in Marlton",
        ),
        ("12 Park Road, Marlton", "Attends Park Road Surgery"),
        ("c/o Womens Aid\nMarlton", "Mother referred to Women's Aid"),
        (
            "c/o Children's Services, Marlton",
            "Referred to Children's Services after bruise",
        ),
        (
            "Foster placement",
            "Child moved to foster placement by police",
        ),
        ("Not known", "Father's whereabouts not known"),
        (
            "Women's refuge",
            "Mother fled to a womens aid refuge in Marlton",
        ),
        (
            "The Cottage, Mill Lane",
            "Taken to the cottage hospital with a fracture",
        ),
        ("4 Young Street", "Mother has 4 young children"),
        (
            "14 Tarn Row",
            "Seen on 3/5 at home; moved to 1:1 in class, KS2 6wk programme",
        ),
        ("14 Tarn Row", "Bruise seen on 12/5 he said dad did it"),
    ] {
        assert!(
            !ProtectedAddresses::from_addresses(&[address(lines, None, true)])
                .is_disclosed_in(harmless),
            "{lines:?}: {harmless}"
        );
    }
}

#[test]
fn address_stays_protected_where_somebody_else_lives_openly() {
    let both = ProtectedAddresses::from_addresses(&[
        address("14 Tarn Row", Some("ZZ9 9ZX"), true),
        address("14 Tarn Row, Marlton", Some("ZZ9 9ZX"), false),
    ]);
    assert!(
        both.is_disclosed_in("lives at 14 Tarn Row")
            && both.is_disclosed_in("ZZ9 9ZX")
            && both.is_disclosed_in("Tarn Row")
    );
}

#[test]
fn any_postcode_outside_the_open_addresses_is_refused() {
    assert!(family().is_disclosed_in("seen near ZZ8 8ZZ"));
    assert!(!family().is_disclosed_in("lives at 4 Canary Row, ZZ9 9ZZ, Marlton"));
}

#[test]
fn texts_without_a_protected_place_disclose_nothing() {
    for harmless in [
        "Seen at home in Marlton, flat tidy",
        "14 days at the refuge",
        "the tarnished row of chairs",
        "school report 2024, attendance 92%",
        "",
    ] {
        assert!(!family().is_disclosed_in(harmless), "{harmless}");
    }
    assert!(
        !ProtectedAddresses::from_addresses(&[address("14 Tarn Row", Some("ZZ9 9ZX"), false)])
            .is_disclosed_in("14 Tarn Row ZZ8 8ZZ")
    );
}

#[test]
fn street_alone_is_not_protected_where_somebody_lives_openly() {
    let both = ProtectedAddresses::from_addresses(&[
        address("4 Tarn Row", None, false),
        address("14 Tarn Row", None, true),
    ]);
    assert!(!both.is_disclosed_in("a fight in Tarn Row"));
    assert!(both.is_disclosed_in("lives at 14 Tarn Row"));
}

#[test]
fn texts_that_look_like_an_address_are_recognized() {
    assert!(
        [
            "15 Elm Close",
            "Mill Lane",
            "ZZ8 8ZZ",
            "the Otter Refuge",
            "Z Z 8 8 Z Z",
            "t a r n"
        ]
        .iter()
        .all(|text| looks_like_address(text))
    );
    assert!(
        ["Seen at school", "met on 2024-05-01", ""]
            .iter()
            .all(|text| !looks_like_address(text))
    );
}
