//! The tables. Columns stand in the order of the migrations.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    use diesel::sql_types::{Text};
    use crate::types::{Id, Moment};

    partnerships (id) {
        id -> Id,
        code -> Text,
        name -> Text,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Bool, Text};
    use crate::types::{Id, Moment, Word};

    agencies (id) {
        id -> Id,
        partnership_id -> Id,
        code -> Text,
        name -> Text,
        kind -> Word,
        has_access -> Bool,
        active -> Bool,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Bool, Nullable};
    use crate::types::{Id, Moment};

    practitioners (id) {
        id -> Id,
        partnership_id -> Id,
        agency_id -> Id,
        subject_index -> Binary,
        wrapped_key -> Binary,
        sealed -> Binary,
        active -> Bool,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
        provisional_until -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::types::{Id, Moment, Word};

    people (id) {
        id -> Id,
        partnership_id -> Id,
        kind -> Word,
        created_by -> Id,
        created_by_agency -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{Binary, Text};
    use crate::types::{Id};

    person_keys (person_id, kind, token) {
        person_id -> Id,
        partnership_id -> Id,
        kind -> Text,
        token -> Binary,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::types::{Id, Moment};

    families (id) {
        id -> Id,
        partnership_id -> Id,
        created_by -> Id,
        created_by_agency -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use crate::types::{Id};

    family_members (family_id, person_id) {
        family_id -> Id,
        person_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    chronologies (id) {
        id -> Id,
        partnership_id -> Id,
        family_id -> Id,
        owner_id -> Id,
        owner_agency_id -> Id,
        purpose -> Word,
        state -> Word,
        due_at -> Moment,
        opened_at -> Nullable<Moment>,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use crate::types::{Id};

    chronology_team (chronology_id, practitioner_id) {
        chronology_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    invitations (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        agency_id -> Id,
        state -> Word,
        due_at -> Moment,
        viewed_at -> Nullable<Moment>,
        drafting_at -> Nullable<Moment>,
        answered_at -> Nullable<Moment>,
        decline_reason -> Nullable<Word>,
        answered_by -> Nullable<Id>,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use crate::types::{Id};

    invitation_practitioners (invitation_id, practitioner_id) {
        invitation_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    fragments (id) {
        id -> Id,
        partnership_id -> Id,
        agency_id -> Id,
        chronology_id -> Nullable<Id>,
        family_id -> Id,
        child_id -> Nullable<Id>,
        proxy_by_agency -> Nullable<Id>,
        reference_index -> Nullable<Binary>,
        state -> Word,
        author_id -> Id,
        expires_at -> Moment,
        wrapped_until -> Nullable<Moment>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary};
    use crate::types::{Id, Moment};

    fragment_versions (fragment_id, version) {
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        content_index -> Binary,
        entry_count -> BigInt,
        author_id -> Id,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Word};

    entries (fragment_id, version, position) {
        id -> Id,
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
        position -> BigInt,
        marking -> Word,
        reference_index -> Nullable<Binary>,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::types::{Id, Moment};

    consolidations (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        author_id -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        signed_off_at -> Nullable<Moment>,
        signed_off_by -> Nullable<Id>,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::types::Id;

    consolidation_fragments (consolidation_id, fragment_id) {
        consolidation_id -> Id,
        fragment_id -> Id,
        version -> BigInt,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::types::{Id, Moment};

    consolidation_links (consolidation_id) {
        consolidation_id -> Id,
        partnership_id -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::types::{Id, Moment};

    event_links (chronology_id, view_index) {
        chronology_id -> Id,
        view_index -> Binary,
        partnership_id -> Id,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    link_decisions (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        verdict -> Word,
        author_id -> Id,
        expires_at -> Moment,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        withdrawn_at -> Nullable<Moment>,
        withdrawn_by -> Nullable<Id>,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::types::Id;

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
    use crate::types::{Id, Moment, Word};

    person_links (id) {
        id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        their_person_id -> Id,
        our_person_id -> Id,
        band -> Word,
        state -> Word,
        verdict -> Nullable<Word>,
        decided_by -> Nullable<Id>,
        expires_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
        version -> BigInt,
        created_at -> Moment,
        updated_at -> Moment,
    }
}

table! {
    use crate::types::{Id, Moment};

    fragment_origins (fragment_id) {
        fragment_id -> Id,
        partnership_id -> Id,
        chronology_id -> Id,
        family_id -> Id,
        asked_expiry -> Moment,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable, Bool};
    use crate::types::{Id, Moment, Word};

    holds (id) {
        id -> Id,
        partnership_id -> Id,
        scope -> Word,
        target_id -> Nullable<Id>,
        review_at -> Moment,
        placed_by -> Id,
        placed_at -> Moment,
        released_by -> Nullable<Id>,
        released_at -> Nullable<Moment>,
        words_until -> Nullable<Moment>,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        version -> BigInt,
        awaiting -> Bool,
        confirmed_by -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    tombstones (id) {
        id -> Id,
        kind -> Word,
        partnership_id -> Id,
        chronology_id -> Nullable<Id>,
        agency_id -> Id,
        owner_id -> Id,
        reason -> Word,
        created_at -> Moment,
        expired_at -> Moment,
        deleted_at -> Moment,
        entry_count -> BigInt,
        content_index -> Binary,
    }
}

table! {
    use crate::types::{Id, Word};

    tombstone_agencies (tombstone_id, agency_id) {
        tombstone_id -> Id,
        agency_id -> Id,
        partnership_id -> Id,
        invitation_state -> Word,
    }
}

table! {
    use crate::types::{Id};

    tombstone_practitioners (tombstone_id, practitioner_id) {
        tombstone_id -> Id,
        practitioner_id -> Id,
        partnership_id -> Id,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Id, Moment};

    audit_before (id) {
        id -> Id,
        partnership_id -> Id,
        at -> Moment,
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
    use crate::types::{Id, Moment};

    audit_records (id) {
        id -> Id,
        partnership_id -> Id,
        run_id -> Id,
        number -> BigInt,
        at -> Moment,
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
    use crate::types::Id;

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
    use crate::types::{Id, Moment};

    audit_heads (partnership_id) {
        partnership_id -> Id,
        size -> BigInt,
        frontier -> Binary,
        root -> Binary,
        signed_at -> Moment,
        checkpoint -> Text,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::types::{Id, Moment};

    audit_runs (partnership_id, run_id) {
        partnership_id -> Id,
        run_id -> Id,
        next_number -> BigInt,
        begun_at -> Moment,
    }
}

table! {
    use diesel::sql_types::BigInt;
    use crate::types::{Id, Moment};

    audit_holes (partnership_id, run_id, number) {
        partnership_id -> Id,
        run_id -> Id,
        number -> BigInt,
        seen_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    idempotency (partnership_id, practitioner_id, key_index) {
        partnership_id -> Id,
        practitioner_id -> Id,
        key_index -> Binary,
        fingerprint -> Binary,
        object_id -> Nullable<Id>,
        outcome -> Nullable<Word>,
        expires_at -> Moment,
        created_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable, Text};
    use crate::types::{Id, Moment};

    key_commitments (partnership_id, kind, key_id) {
        partnership_id -> Id,
        kind -> Text,
        key_id -> Text,
        commitment -> Binary,
        made_at -> Moment,
        published_at -> Moment,
        due_at -> Nullable<Moment>,
        certificate_id -> Nullable<Id>,
        settled_at -> Nullable<Moment>,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::{Id};

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
    use crate::types::{Id, Moment};

    deletion_certificates (id) {
        id -> Id,
        partnership_id -> Id,
        kind -> Text,
        key_id -> Text,
        issued_at -> Moment,
        document -> Text,
        public_key -> Binary,
        signature -> Binary,
        seed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    deletion_orders (chronology_id) {
        chronology_id -> Id,
        partnership_id -> Id,
        reason -> Word,
        snapshot -> Word,
        decided_by -> Id,
        decided_at -> Moment,
        words_until -> Nullable<Moment>,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        asked_by -> Nullable<Id>,
    }
}

table! {
    use diesel::sql_types::{BigInt};
    use crate::types::{Moment};

    clock_mark (id) {
        id -> BigInt,
        high_water -> Moment,
    }
}

table! {
    use diesel::sql_types::Binary;
    use crate::types::{Id, Moment, Word};

    destruction_requests (chronology_id) {
        chronology_id -> Id,
        id -> Id,
        partnership_id -> Id,
        reason -> Word,
        asked_by -> Id,
        asked_at -> Moment,
        lapses_at -> Moment,
        wrapped_key -> Binary,
        sealed -> Binary,
    }
}

table! {
    use diesel::sql_types::{Nullable, Text};
    use crate::types::{Id, Moment};

    address_refusals (id) {
        id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        agency_id -> Id,
        operation -> Text,
        chronology_id -> Nullable<Id>,
        owner_id -> Nullable<Id>,
        owner_agency_id -> Nullable<Id>,
        refused_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Binary, Nullable};
    use crate::types::{Id, Moment, Word};

    emergency_accesses (id) {
        id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        agency_id -> Id,
        reason_code -> Word,
        opened_at -> Moment,
        ends_at -> Moment,
        ended_at -> Nullable<Moment>,
        review_due_at -> Moment,
        reviewed_at -> Nullable<Moment>,
        reviewed_by -> Nullable<Id>,
        finding -> Nullable<Word>,
        words_until -> Moment,
        wrapped_key -> Nullable<Binary>,
        sealed -> Nullable<Binary>,
        version -> BigInt,
    }
}

table! {
    use crate::types::{Id, Moment};

    emergency_chronologies (access_id, chronology_id) {
        access_id -> Id,
        chronology_id -> Id,
        partnership_id -> Id,
        practitioner_id -> Id,
        owner_id -> Id,
        owner_agency_id -> Id,
        ends_at -> Moment,
    }
}

table! {
    use diesel::sql_types::{BigInt, Nullable, Text};
    use crate::types::{Id, Moment};

    shown_fragments (partnership_id, scope_id, at, record_id, fragment_id) {
        partnership_id -> Id,
        scope_id -> Id,
        fragment_id -> Id,
        at -> Moment,
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
    use crate::types::Moment;

    clock_trust (id) {
        id -> BigInt,
        vouched -> Moment,
    }
}

table! {
    use diesel::sql_types::Bool;
    use crate::types::{Id, Moment};

    scopes_to_destroy (scope) {
        scope -> Id,
        since -> Moment,
        unneeded -> Bool,
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
);
