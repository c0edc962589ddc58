//! The table definitions. Columns are in the order of the migrations.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use diesel::sql_types::{Text};
    use crate::columns::{Id, UtcTimestamp};

    partnerships (id) {
        id -> Id,
        code -> Text,
        name -> Text,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    agencies (id) {
        id -> Id,
        partnership_id -> Id,
        code -> Text,
        name -> Text,
        kind -> EnumText,
        has_access -> Bool,
        active -> Bool,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable};
    use crate::columns::{Id, UtcTimestamp};

    practitioners (id) {
        id -> Id,
        partnership_id -> Id,
        agency_id -> Id,
        subject_index -> Binary,
        wrapped_key -> Binary,
        sealed -> Binary,
        active -> Bool,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
        provisional_until -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    people (id) {
        id -> Id,
        partnership_id -> Id,
        kind -> EnumText,
        created_by -> Id,
        created_by_agency -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::columns::{Id};

    person_keys (person_id, kind, token) {
        person_id -> Id,
        partnership_id -> Id,
        kind -> Text,
        token -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::columns::{Id, UtcTimestamp};

    families (id) {
        id -> Id,
        partnership_id -> Id,
        created_by -> Id,
        created_by_agency -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use crate::columns::{Id};

    family_members (family_id, person_id) {
        family_id -> Id,
        person_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    chronologies (id) {
        id -> Id,
        partnership_id -> Id,
        family_id -> Id,
        owner_id -> Id,
        owner_agency_id -> Id,
        purpose -> EnumText,
        state -> EnumText,
        due_at -> UtcTimestamp,
        opened_at -> Nullable<UtcTimestamp>,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use crate::columns::{Id};

    chronology_team (chronology_id, practitioner_id) {
        chronology_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    invitations (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        agency_id -> Id,
        state -> EnumText,
        due_at -> UtcTimestamp,
        viewed_at -> Nullable<UtcTimestamp>,
        drafting_at -> Nullable<UtcTimestamp>,
        answered_at -> Nullable<UtcTimestamp>,
        decline_reason -> Nullable<EnumText>,
        answered_by -> Nullable<Id>,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use crate::columns::{Id};

    invitation_practitioners (invitation_id, practitioner_id) {
        invitation_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    fragments (id) {
        id -> Id,
        partnership_id -> Id,
        agency_id -> Id,
        chronology_id -> Nullable<Id>,
        family_id -> Id,
        child_id -> Nullable<Id>,
        proxy_by_agency -> Nullable<Id>,
        reference_index -> Nullable<Binary>,
        state -> EnumText,
        author_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_until -> Nullable<UtcTimestamp>,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::columns::{Id, UtcTimestamp};

    fragment_versions (fragment_id, version) {
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        content_index -> Binary,
        entry_count -> BigInt,
        author_id -> Id,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, EnumText};

    entries (fragment_id, version, position) {
        id -> Id,
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
        position -> BigInt,
        marking -> EnumText,
        reference_index -> Nullable<Binary>,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp};

    consolidations (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        author_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        signed_off_at -> Nullable<UtcTimestamp>,
        signed_off_by -> Nullable<Id>,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::columns::Id;

    consolidation_fragments (consolidation_id, fragment_id) {
        consolidation_id -> Id,
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::columns::{Id, UtcTimestamp};

    consolidation_links (consolidation_id) {
        consolidation_id -> Id,
        partnership_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::columns::{Id, UtcTimestamp};

    event_links (chronology_id, view_index) {
        chronology_id -> Id,
        view_index -> Binary,
        partnership_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    link_decisions (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        verdict -> EnumText,
        author_id -> Id,
        expires_at -> UtcTimestamp,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        withdrawn_at -> Nullable<UtcTimestamp>,
        withdrawn_by -> Nullable<Id>,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::columns::Id;

    link_decision_entries (decision_id, entry_id) {
        decision_id -> Id,
        entry_id -> Id,
        partnership_id -> Id,
        fragment_id -> Id,
        side -> BigInt,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    person_links (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        their_person_id -> Id,
        our_person_id -> Id,
        band -> EnumText,
        state -> EnumText,
        verdict -> Nullable<EnumText>,
        decided_by -> Nullable<Id>,
        expires_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> UtcTimestamp,
        updated_at -> UtcTimestamp,
    }
}

table! {
    use crate::columns::{Id, UtcTimestamp};

    fragment_origins (fragment_id) {
        fragment_id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        family_id -> Id,
        asked_expiry -> UtcTimestamp,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Bool};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    holds (id) {
        id -> Id,
        partnership_id -> Id,
        scope -> EnumText,
        target_id -> Nullable<Id>,
        review_at -> UtcTimestamp,
        placed_by -> Id,
        placed_at -> UtcTimestamp,
        released_by -> Nullable<Id>,
        released_at -> Nullable<UtcTimestamp>,
        words_until -> Nullable<UtcTimestamp>,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        version -> BigInt,
        awaiting -> Bool,
        confirmed_by -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    tombstones (id) {
        id -> Id,
        kind -> EnumText,
        partnership_id -> Id,
        chronology_id -> Nullable<Id>,
        agency_id -> Id,
        owner_id -> Id,
        reason -> EnumText,
        created_at -> UtcTimestamp,
        expired_at -> UtcTimestamp,
        deleted_at -> UtcTimestamp,
        entry_count -> BigInt,
        content_index -> Binary,
    }
}

table! {
    use crate::columns::{Id, EnumText};

    tombstone_agencies (tombstone_id, agency_id) {
        tombstone_id -> Id,
        agency_id -> Id,
        partnership_id -> Id,
        invitation_state -> EnumText,
    }
}

table! {
    use crate::columns::{Id};

    tombstone_practitioners (tombstone_id, practitioner_id) {
        tombstone_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::columns::{Id, UtcTimestamp};

    audit_before (id) {
        id -> Id,
        partnership_id -> Id,
        at -> UtcTimestamp,
        operation -> Text,
        outcome -> Text,
        reason -> Nullable<Text>,
        practitioner_id -> Nullable<Id>,
        agency_id -> Nullable<Id>,
        role -> Nullable<Text>,
        purpose -> Nullable<Text>,
        object_kind -> Nullable<Text>,
        object_id -> Nullable<Id>,
        chronology_id -> Nullable<Id>,
        request_id -> Id,
        entry_count -> Nullable<BigInt>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Text};
    use crate::columns::{Id, UtcTimestamp};

    audit_records (id) {
        id -> Id,
        partnership_id -> Id,
        run_id -> Id,
        number -> BigInt,
        at -> UtcTimestamp,
        operation -> Text,
        outcome -> Text,
        period -> BigInt,
        payload_hash -> Binary,
        practitioner_token -> Nullable<Binary>,
        agency_token -> Nullable<Binary>,
        object_token -> Nullable<Binary>,
        chronology_token -> Nullable<Binary>,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::Id;

    audit_tree (partnership_id, level, position) {
        partnership_id -> Id,
        level -> BigInt,
        position -> BigInt,
        hash -> Binary,
        record_id -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Text};
    use crate::columns::{Id, UtcTimestamp};

    audit_heads (partnership_id) {
        partnership_id -> Id,
        size -> BigInt,
        frontier -> Binary,
        root -> Binary,
        signed_at -> UtcTimestamp,
        checkpoint -> Text,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::columns::{Id, UtcTimestamp};

    audit_runs (partnership_id, run_id) {
        partnership_id -> Id,
        run_id -> Id,
        next_number -> BigInt,
        begun_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::columns::{Id, UtcTimestamp};

    audit_holes (partnership_id, run_id, number) {
        partnership_id -> Id,
        run_id -> Id,
        number -> BigInt,
        seen_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    idempotency (partnership_id, practitioner_id, key_index) {
        partnership_id -> Id,
        practitioner_id -> Id,
        key_index -> Binary,
        fingerprint -> Binary,
        object_id -> Nullable<Id>,
        outcome -> Nullable<EnumText>,
        expires_at -> UtcTimestamp,
        created_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::columns::{Id, UtcTimestamp};

    key_commitments (partnership_id, kind, key_id) {
        partnership_id -> Id,
        kind -> Text,
        key_id -> Text,
        commitment -> Binary,
        made_at -> UtcTimestamp,
        published_at -> UtcTimestamp,
        due_at -> Nullable<UtcTimestamp>,
        certificate_id -> Nullable<Id>,
        settled_at -> Nullable<UtcTimestamp>,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::columns::{Id};

    deletion_covered (partnership_id, kind, key_id, object_id) {
        partnership_id -> Id,
        kind -> Text,
        key_id -> Text,
        object_kind -> Text,
        object_id -> Id,
        agency_id -> Id,
        runs_agency_id -> Nullable<Id>,
        owner_id -> Id,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::columns::{Id, UtcTimestamp};

    deletion_certificates (id) {
        id -> Id,
        partnership_id -> Id,
        kind -> Text,
        key_id -> Text,
        issued_at -> UtcTimestamp,
        document -> Text,
        public_key -> Binary,
        signature -> Binary,
        seed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    deletion_orders (chronology_id) {
        chronology_id -> Id,
        partnership_id -> Id,
        reason -> EnumText,
        snapshot -> EnumText,
        decided_by -> Id,
        decided_at -> UtcTimestamp,
        words_until -> Nullable<UtcTimestamp>,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        asked_by -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt};
    use crate::columns::{UtcTimestamp};

    clock_mark (id) {
        id -> BigInt,
        high_water -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::columns::{Id, UtcTimestamp, EnumText};

    destruction_requests (chronology_id) {
        chronology_id -> Id,
        id -> Id,
        partnership_id -> Id,
        reason -> EnumText,
        asked_by -> Id,
        asked_at -> UtcTimestamp,
        lapses_at -> UtcTimestamp,
        wrapped_key -> Binary,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::columns::{Id, UtcTimestamp};

    address_refusals (id) {
        id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        agency_id -> Id,
        operation -> Text,
        chronology_id -> Nullable<Id>,
        owner_id -> Nullable<Id>,
        owner_agency_id -> Nullable<Id>,
        refused_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    emergency_accesses (id) {
        id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        agency_id -> Id,
        reason_code -> EnumText,
        opened_at -> UtcTimestamp,
        ends_at -> UtcTimestamp,
        ended_at -> Nullable<UtcTimestamp>,
        review_due_at -> UtcTimestamp,
        reviewed_at -> Nullable<UtcTimestamp>,
        reviewed_by -> Nullable<Id>,
        finding -> Nullable<EnumText>,
        words_until -> UtcTimestamp,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        version -> BigInt,
    }
}

table! {
    use crate::columns::{Id, UtcTimestamp};

    emergency_chronologies (access_id, chronology_id) {
        access_id -> Id,
        chronology_id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        owner_id -> Id,
        owner_agency_id -> Id,
        ends_at -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::columns::{Id, UtcTimestamp};

    shown_fragments (partnership_id, scope_id, at, record_id, fragment_id) {
        partnership_id -> Id,
        scope_id -> Id,
        fragment_id -> Id,
        at -> UtcTimestamp,
        record_id -> Id,
        practitioner_id -> Id,
        agency_id -> Id,
        role -> Nullable<Text>,
        operation -> Text,
        reason -> Nullable<Text>,
        purpose -> Nullable<Text>,
        entry_count -> BigInt,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::columns::UtcTimestamp;

    clock_trust (id) {
        id -> BigInt,
        vouched -> UtcTimestamp,
    }
}

table! {
    use diesel::sql_types::Bool;
    use crate::columns::{Id, UtcTimestamp};

    scopes_to_destroy (scope) {
        scope -> Id,
        since -> UtcTimestamp,
        unneeded -> Bool,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable};
    use crate::columns::{Id, UtcTimestamp, EnumText};

    outbox (id) {
        id -> Id,
        partnership_id -> Id,
        event -> EnumText,
        subject_kind -> EnumText,
        subject_id -> Id,
        created_at -> UtcTimestamp,
        attempts -> BigInt,
        not_before -> UtcTimestamp,
        claimed_until -> Nullable<UtcTimestamp>,
    }
}

allow_tables_to_appear_in_same_query!(
    partnerships,
    agencies,
    practitioners,
    people,
    person_keys,
    families,
    family_members,
    chronologies,
    chronology_team,
    invitations,
    invitation_practitioners,
    fragments,
    fragment_versions,
    entries,
    consolidations,
    consolidation_fragments,
    consolidation_links,
    person_links,
    fragment_origins,
    event_links,
    link_decisions,
    link_decision_entries,
    holds,
    tombstones,
    tombstone_agencies,
    tombstone_practitioners,
    audit_before,
    audit_records,
    audit_tree,
    audit_heads,
    audit_runs,
    audit_holes,
    address_refusals,
    destruction_requests,
    emergency_accesses,
    emergency_chronologies,
    shown_fragments,
    idempotency,
    key_commitments,
    deletion_covered,
    deletion_certificates,
    deletion_orders,
    clock_mark,
    clock_trust,
    scopes_to_destroy,
    outbox,
);
