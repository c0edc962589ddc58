//! The table of operations, and the actions that the audit trail records besides them.

use std::collections::BTreeSet;

use domain::permission::{self, Permission};
use domain::{Disclosure, ObjectKind, Operation, OperationKind, SystemAction};

#[test]
fn every_operation_is_described() {
    for operation in Operation::ALL {
        let spec = operation.spec();
        assert_eq!(spec.audit, operation.as_str());
        assert!(
            spec.description.ends_with('.') && !spec.description.starts_with(' '),
            "{operation}: {}",
            spec.description
        );
        assert!(
            !spec.callers.is_empty() && !spec.callers.ends_with('.'),
            "{operation}: {}",
            spec.callers
        );
        assert!(!spec.objects.is_empty(), "{operation}");
    }
}

#[test]
fn cost_follows_from_what_the_operation_does() {
    for operation in Operation::ALL {
        let spec = operation.spec();
        let is_permitted = match spec.kind {
            OperationKind::Read => matches!(spec.cost, 1 | 4),
            OperationKind::Audit => spec.cost == 1,
            OperationKind::Write => matches!(spec.cost, 2 | 4),
        };
        assert!(is_permitted, "{operation}: {spec:?}");
        assert!(
            spec.cost != 4 || spec.discloses == Disclosure::Content,
            "{operation}: {spec:?}"
        );
    }
}

#[test]
fn emergency_access_allows_no_write() {
    for operation in Operation::ALL {
        let spec = operation.spec();
        assert!(
            !spec.emergency || spec.kind == OperationKind::Read,
            "{operation}"
        );
        assert_eq!(operation.is_allowed_in_emergency(), spec.emergency);
    }
}

#[test]
fn audit_operations_disclose_nothing_about_a_family() {
    let audit_operations: Vec<_> = Operation::ALL
        .iter()
        .copied()
        .filter(|operation| operation.reads_audit())
        .collect();
    assert_eq!(
        audit_operations,
        [
            Operation::AuditRead,
            Operation::AuditCheckpointRead,
            Operation::AuditProve
        ]
    );
    for operation in audit_operations {
        assert_eq!(operation.spec().discloses, Disclosure::Nothing);
    }
}

#[test]
fn operations_with_a_route_have_a_permission() {
    let unrouted: Vec<_> = Operation::ALL
        .iter()
        .copied()
        .filter(|operation| !operation.spec().routed)
        .collect();
    // A fragment entered on behalf of another agency uses the route of submission.
    assert_eq!(unrouted, [Operation::FragmentProxy]);
    assert_eq!(
        permission::FragmentSubmit::OPERATION,
        Operation::FragmentSubmit
    );
    assert_eq!(
        permission::FragmentSubmitAdvance::OPERATION_NAME,
        "fragment.ahead"
    );
}

#[test]
fn audit_words_are_unique() {
    let words: Vec<_> = Operation::ALL
        .iter()
        .map(|operation| operation.as_str())
        .chain(SystemAction::ALL.iter().map(|action| action.as_str()))
        .collect();
    assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len());
    for word in words {
        let is_well_formed = word.split('.').count() == 2
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte == b'.' || byte == b'_');
        assert!(is_well_formed, "{word}");
    }
}

/// The words stand in audit trails that exist, and must not change.
#[test]
fn system_actions_keep_their_words() {
    let records: Vec<_> = SystemAction::ALL
        .iter()
        .map(|action| {
            (
                action.as_str(),
                action.object().map(ObjectKind::as_str),
                action.reason(),
            )
        })
        .collect();
    assert_eq!(
        records,
        [
            ("chronology.expire", Some("chronology"), Some("expired")),
            ("fragment.expire", Some("fragment"), Some("expired")),
            ("family.expire", Some("family"), Some("expired")),
            ("person.expire", Some("person"), Some("expired")),
            ("key.destroy", Some("certificate"), Some("upkeep")),
            ("key.publish", Some("key"), Some("upkeep")),
            ("clock.confirm", None, Some("operator")),
            ("record.void", None, None),
            ("fragment.markings_lowered", Some("fragment"), None),
            ("fragment.take_in", Some("fragment"), Some("linkage")),
            ("fragment.send_back", Some("fragment"), Some("linkage")),
            ("person_link.find", Some("person_link"), Some("linkage")),
            ("person_link.ask", Some("person_link"), Some("linkage")),
            ("person_link.forget", Some("person_link"), Some("linkage")),
        ]
    );
}

/// The words stand in audit trails that exist, and must not change.
#[test]
fn object_kinds_keep_their_words() {
    let words: Vec<_> = ObjectKind::ALL.iter().map(|kind| kind.as_str()).collect();
    assert_eq!(
        words,
        [
            "partnership",
            "agency",
            "practitioner",
            "person",
            "family",
            "chronology",
            "tombstone",
            "invitation",
            "fragment",
            "consolidation",
            "link_decision",
            "person_link",
            "hold",
            "emergency_access",
            "alert",
            "certificate",
            "key",
            "unpurged",
            "audit",
            "audit_record",
            "audit_checkpoint",
            "audit_consistency",
            "audit_tile",
        ]
    );
}
