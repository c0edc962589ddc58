//! What the audit trail records besides operations.

use super::ObjectKind;
use crate::enums::string_enum;

/// Defines [`SystemAction`] from rows of audit word, kind of the object and reason.
macro_rules! system_actions {
    ($(
        $(#[$description:meta])+
        $name:ident $audit:literal $object:tt $reason:tt;
    )+) => {
        string_enum! {
            /// An action in the audit trail that is not an operation: background work, what an
            /// operator does, and consequences of an operation.
            SystemAction {
                $($(#[$description])+ $name = $audit,)+
            }
        }

        impl SystemAction {
            /// The kind of the object that the record is about; none if it is about none.
            #[must_use]
            pub const fn object(self) -> Option<ObjectKind> {
                match self {
                    $(Self::$name => object!($object),)+
                }
            }

            /// The reason that the record states; none if it states that of an operation, or none.
            #[must_use]
            pub const fn reason(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => reason!($reason),)+
                }
            }
        }
    };
}

macro_rules! object {
    (-) => {
        None
    };
    ($object:ident) => {
        Some(ObjectKind::$object)
    };
}

macro_rules! reason {
    (-) => {
        None
    };
    ($reason:literal) => {
        Some($reason)
    };
}

#[rustfmt::skip]
system_actions! {
    // action              audit word                   object       reason
    /// A chronology has expired and was deleted.
    ChronologyExpire       "chronology.expire"          Chronology   "expired";
    /// A fragment has expired and was deleted.
    FragmentExpire         "fragment.expire"            Fragment     "expired";
    /// A family that nothing live refers to was deleted.
    FamilyExpire           "family.expire"              Family       "expired";
    /// A person that nothing live refers to was deleted.
    PersonExpire           "person.expire"              Person       "expired";
    /// A key was destroyed and certified.
    KeyDestroy             "key.destroy"                Certificate  "upkeep";
    /// The commitments to new keys were published.
    KeyPublish             "key.publish"                Key          "upkeep";
    /// An operator vouched for the time.
    ClockConfirm           "clock.confirm"              -            "operator";
    /// A number of the audit trail whose transaction wrote no record.
    RecordVoid             "record.void"                -            -;
    /// A correction lowered markings, so that more people may see an entry than before. The agency
    /// that submitted the entry confirmed this explicitly.
    MarkingsLowered        "fragment.markings_lowered"  Fragment     -;
    /// An advance submission was attached to a chronology.
    FragmentAttach         "fragment.take_in"           Fragment     "linkage";
    /// An advance submission was detached from a chronology again.
    FragmentDetach         "fragment.send_back"         Fragment     "linkage";
    /// Linkage found that two records are of the same person.
    PersonLinkFind         "person_link.find"           PersonLink   "linkage";
    /// Linkage asks whether two records are of the same person.
    PersonLinkAsk          "person_link.ask"            PersonLink   "linkage";
    /// A link that linkage alone had found was deleted, to be found again when it is still right.
    PersonLinkForget       "person_link.forget"         PersonLink   "linkage";
}
