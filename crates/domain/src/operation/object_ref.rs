//! One object of the service: its kind and its identifier together.

use uuid::Uuid;

use super::ObjectKind;
use crate::{
    AgencyId, AuditId, ChronologyId, ConsolidationId, DeletionCertificateId, EmergencyAccessId,
    FamilyId, FragmentId, HoldId, InvitationId, LinkDecisionId, PartnershipId, PersonId,
    PersonLinkId, PractitionerId,
};

/// An object of another kind than the one that was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a {found} where a {expected} was expected")]
pub struct WrongObjectKind {
    /// The expected kind.
    pub expected: ObjectKind,
    /// The kind of the object.
    pub found: ObjectKind,
}

/// Defines [`ObjectRef`] from the kinds whose identifier has a type of its own and the kinds that
/// have no identifier.
macro_rules! object_refs {
    (
        $($(#[$description:meta])+ $kind:ident($id:ident),)+
        without_id: $($collection:ident)|+
    ) => {
        /// One object, with an identifier of the type that its kind has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum ObjectRef {
            $($(#[$description])+ $kind($id),)+
            /// The tombstone of an expired chronology or fragment, which has the identifier of what
            /// it replaces.
            Tombstone(Uuid),
        }

        impl ObjectRef {
            /// Combines a kind and an identifier; `None` if objects of the kind have no identifier.
            #[must_use]
            pub const fn from_parts(kind: ObjectKind, id: Uuid) -> Option<Self> {
                match kind {
                    $(ObjectKind::$kind => Some(Self::$kind($id(id))),)+
                    ObjectKind::Tombstone => Some(Self::Tombstone(id)),
                    $(ObjectKind::$collection)|+ => None,
                }
            }

            /// The kind of the object.
            #[must_use]
            pub const fn kind(self) -> ObjectKind {
                match self {
                    $(Self::$kind(_) => ObjectKind::$kind,)+
                    Self::Tombstone(_) => ObjectKind::Tombstone,
                }
            }

            /// The identifier of the object.
            #[must_use]
            pub const fn id(self) -> Uuid {
                match self {
                    $(Self::$kind($id(id)) => id,)+
                    Self::Tombstone(id) => id,
                }
            }
        }

        $(
            impl From<$id> for ObjectRef {
                fn from(id: $id) -> Self {
                    Self::$kind(id)
                }
            }

            impl TryFrom<ObjectRef> for $id {
                type Error = WrongObjectKind;

                fn try_from(object: ObjectRef) -> Result<Self, Self::Error> {
                    if let ObjectRef::$kind(id) = object {
                        Ok(id)
                    } else {
                        Err(WrongObjectKind {
                            expected: ObjectKind::$kind,
                            found: object.kind(),
                        })
                    }
                }
            }
        )+
    };
}

object_refs! {
    /// A partnership.
    Partnership(PartnershipId),
    /// An agency.
    Agency(AgencyId),
    /// A practitioner or record system.
    Practitioner(PractitionerId),
    /// A child or an adult.
    Person(PersonId),
    /// A family.
    Family(FamilyId),
    /// A chronology.
    Chronology(ChronologyId),
    /// An invitation.
    Invitation(InvitationId),
    /// A fragment.
    Fragment(FragmentId),
    /// A frozen view.
    Consolidation(ConsolidationId),
    /// A person's decision about which entries describe one event.
    LinkDecision(LinkDecisionId),
    /// A link between two records of a person.
    PersonLink(PersonLinkId),
    /// A legal hold.
    Hold(HoldId),
    /// An emergency access.
    EmergencyAccess(EmergencyAccessId),
    /// A deletion certificate.
    Certificate(DeletionCertificateId),
    /// A record of the audit trail.
    AuditRecord(AuditId),
    without_id: Alert | Key | Unpurged | Audit | AuditCheckpoint | AuditConsistency | AuditTile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Operation, OperationKind};

    const ID: Uuid = Uuid::from_u128(7);

    #[test]
    fn kind_and_id_of_every_object_are_kept() {
        let (with_id, without_id): (Vec<ObjectKind>, Vec<ObjectKind>) = ObjectKind::ALL
            .iter()
            .partition(|kind| ObjectRef::from_parts(**kind, ID).is_some());
        for kind in with_id {
            let object = ObjectRef::from_parts(kind, ID).unwrap();
            assert_eq!((object.kind(), object.id()), (kind, ID));
        }
        assert_eq!(
            without_id,
            [
                ObjectKind::Alert,
                ObjectKind::Key,
                ObjectKind::Unpurged,
                ObjectKind::Audit,
                ObjectKind::AuditCheckpoint,
                ObjectKind::AuditConsistency,
                ObjectKind::AuditTile,
            ]
        );
    }

    #[test]
    fn typed_ids_are_those_of_their_own_kind() {
        let object = ObjectRef::from(FragmentId(ID));
        assert_eq!(object, ObjectRef::Fragment(FragmentId(ID)));
        assert_eq!(FragmentId::try_from(object), Ok(FragmentId(ID)));
        assert_eq!(
            ChronologyId::try_from(object),
            Err(WrongObjectKind {
                expected: ObjectKind::Chronology,
                found: ObjectKind::Fragment,
            })
        );
    }

    /// An idempotency record stores the identifier of the written object only.
    #[test]
    fn every_written_object_has_an_id() {
        for operation in Operation::ALL {
            let spec = operation.spec();
            if spec.kind == OperationKind::Write {
                let object = ObjectRef::from_parts(spec.objects[0], ID);
                assert!(object.is_some(), "{operation}");
            }
        }
    }
}
