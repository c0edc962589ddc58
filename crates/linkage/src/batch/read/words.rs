//! Words that exports use for the closed lists of this project. The lists stand in the documented schema.

use domain::{PersonKind, RelationshipKind as R, Sex};

/// Small letters; runs of anything but letters and digits are one underscore.
fn plain(word: &str) -> String {
    let parts = word.split(|c: char| !c.is_alphanumeric()).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("_")
}

/// A sex as recorded; the digits are those of the NHS Data Dictionary's "person gender". `None` when not understood.
pub(crate) fn sex(word: &str) -> Option<Sex> {
    Some(match plain(word).as_str() {
        "female" | "f" | "girl" | "woman" | "2" => Sex::Female,
        "male" | "m" | "boy" | "man" | "1" => Sex::Male,
        "indeterminate" | "intersex" | "i" | "x" | "9" => Sex::Indeterminate,
        "not_known" | "unknown" | "u" | "nk" | "n_k" | "not_recorded" | "not_specified" | "0" => Sex::NotKnown,
        _ => return None,
    })
}

/// Child or adult; `None` when not understood.
pub(crate) fn kind(word: &str) -> Option<PersonKind> {
    match plain(word).as_str() {
        "child" | "unborn" | "young_person" => Some(PersonKind::Child),
        "adult" | "parent" | "carer" => Some(PersonKind::Adult),
        _ => None,
    }
}

/// What the other is to the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Related {
    /// By a kind of the domain.
    By(R),
    /// The other is the subject's child; an adult's record names children so.
    Child,
}

/// A relation; `None` when not understood.
pub(crate) fn relation(word: &str) -> Option<Related> {
    let word = plain(word);
    let bare = word.strip_suffix("_of").or_else(|| word.strip_suffix("_to")).unwrap_or(&word);
    Some(Related::By(match bare {
        "mother" | "mum" | "birth_mother" => R::MotherOf,
        "father" | "dad" | "birth_father" => R::FatherOf,
        "male_carer" => R::MaleCarerOf,
        "female_carer" => R::FemaleCarerOf,
        "sibling" | "brother" | "sister" => R::SiblingOf,
        "half_sibling" | "half_brother" | "half_sister" => R::HalfSiblingOf,
        "twin" => R::TwinOf,
        "step_parent" | "step_mother" | "step_father" | "stepmother" | "stepfather" => R::StepParentOf,
        "grandparent" | "grandmother" | "grandfather" => R::GrandparentOf,
        "partner" => R::PartnerOf,
        "former_partner" | "ex_partner" => R::FormerPartnerOf,
        "relative" | "aunt" | "uncle" | "cousin" => R::RelativeOf,
        "other" => R::OtherTo,
        "child" | "son" | "daughter" => return Some(Related::Child),
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("Female", Some(Sex::Female))]
    #[case(" M ", Some(Sex::Male))]
    #[case("Not known", Some(Sex::NotKnown))]
    #[case("N/K", Some(Sex::NotKnown))]
    #[case("2", Some(Sex::Female))]
    #[case("girly", None)]
    fn sexes(#[case] word: &str, #[case] sex_is: Option<Sex>) {
        assert_eq!(sex(word), sex_is);
    }

    #[test]
    fn every_relation_of_the_domain_is_read_as_itself() {
        for kind in R::ALL {
            assert_eq!(relation(kind.as_str()), Some(Related::By(*kind)), "{kind}");
        }
        assert_eq!(relation("Half-Sister"), Some(Related::By(R::HalfSiblingOf)));
        assert_eq!(relation("child_of"), Some(Related::Child));
        assert_eq!(relation("neighbour"), None);
    }
}
