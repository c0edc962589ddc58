//! What an audit record is about.

use domain::{ObjectKind, ObjectRef};
use uuid::Uuid;

/// What an audit record is about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum AuditSubject {
    /// Nothing that the record names.
    #[default]
    Nothing,
    /// The objects of one kind, or one that has no identifier yet.
    Collection(ObjectKind),
    /// One object.
    Object(ObjectRef),
    /// The object that the path of an invalid request names, whose kind is not recorded.
    UnknownKind(Uuid),
}

impl AuditSubject {
    /// The kind, if it is recorded.
    #[must_use]
    pub const fn kind(self) -> Option<ObjectKind> {
        match self {
            Self::Nothing | Self::UnknownKind(_) => None,
            Self::Collection(kind) => Some(kind),
            Self::Object(object) => Some(object.kind()),
        }
    }

    /// The identifier, if the record names one object.
    #[must_use]
    pub const fn id(self) -> Option<Uuid> {
        match self {
            Self::Nothing | Self::Collection(_) => None,
            Self::Object(object) => Some(object.id()),
            Self::UnknownKind(id) => Some(id),
        }
    }

    /// The object, if the record names one with its kind.
    #[must_use]
    pub const fn object(self) -> Option<ObjectRef> {
        match self {
            Self::Nothing | Self::Collection(_) | Self::UnknownKind(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    /// The subject of a repeated write: the identifier from its idempotency record, under the kind
    /// that the call names until the object is read again. A kind whose objects have no identifier
    /// is kept without one.
    pub(crate) fn with_id(self, id: Uuid) -> Self {
        self.kind().map_or(Self::UnknownKind(id), |kind| {
            ObjectRef::from_parts(kind, id).map_or(self, Self::Object)
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::{ChronologyId, HoldId};

    use super::*;

    #[test]
    fn another_id_keeps_the_kind() {
        let [old, id] = [Uuid::from_u128(7), Uuid::from_u128(8)];
        let expected = [
            (
                AuditSubject::Object(ChronologyId(old).into()),
                AuditSubject::Object(ChronologyId(id).into()),
            ),
            (
                AuditSubject::Collection(ObjectKind::Hold),
                AuditSubject::Object(HoldId(id).into()),
            ),
            (
                AuditSubject::Collection(ObjectKind::Alert),
                AuditSubject::Collection(ObjectKind::Alert),
            ),
            (AuditSubject::Nothing, AuditSubject::UnknownKind(id)),
        ];
        for (subject, with_id) in expected {
            assert_eq!(subject.with_id(id), with_id);
        }
    }
}
