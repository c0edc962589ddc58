-- The first schema. Everything that names or describes a person stands in a column called `sealed`, encrypted by the
-- vault; a `*_index` column is a keyed HMAC (blind index). Partnership leads every index, so that a national deployment
-- can split by partnership, but for those that a worker goes by over all of them. Instants are UTC, as whole microseconds
-- since 1970; identifiers are 16 bytes.

-- The tenant. Its policy is configuration, not data.
CREATE TABLE partnerships (
    id BLOB PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,               -- short name used in tokens and configuration
    name TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE agencies (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    code TEXT NOT NULL,                      -- as tokens name it
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    has_access INTEGER NOT NULL,             -- false: social care enters events on its behalf (proxy entry)
    active INTEGER NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (partnership_id, code)
) STRICT;

CREATE TABLE practitioners (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    agency_id BLOB NOT NULL REFERENCES agencies (id),
    subject_index BLOB NOT NULL,            -- blind index of issuer and subject
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- name, job title, contact
    active INTEGER NOT NULL,                 -- false: left the agency, may do nothing
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (partnership_id, agency_id, subject_index)
) STRICT;

CREATE TABLE people (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    kind TEXT NOT NULL,                      -- child or adult
    created_by BLOB NOT NULL REFERENCES practitioners (id),
    created_by_agency BLOB NOT NULL REFERENCES agencies (id),
    expires_at INTEGER NOT NULL,         -- the latest expiry of anything live that refers to the person
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX people_by_expiry ON people (expires_at, id);

-- Exact look-ups and blocking keys of people.
CREATE TABLE person_keys (
    person_id BLOB NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    partnership_id BLOB NOT NULL,
    kind TEXT NOT NULL,                      -- nhs_number, upn, name_birth, ...
    token BLOB NOT NULL,
    PRIMARY KEY (person_id, kind, token)
) STRICT;
CREATE INDEX person_keys_by_token ON person_keys (partnership_id, kind, token);

CREATE TABLE families (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    created_by BLOB NOT NULL REFERENCES practitioners (id),
    created_by_agency BLOB NOT NULL REFERENCES agencies (id),
    expires_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- label, households, relationships
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX families_by_agency ON families (partnership_id, created_by_agency, created_at, id);
CREATE INDEX families_by_expiry ON families (expires_at, id);

CREATE TABLE family_members (
    family_id BLOB NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    person_id BLOB NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    partnership_id BLOB NOT NULL,
    PRIMARY KEY (family_id, person_id)
) STRICT;
CREATE INDEX family_members_by_person ON family_members (partnership_id, person_id);

CREATE TABLE chronologies (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    family_id BLOB NOT NULL REFERENCES families (id),
    owner_id BLOB NOT NULL REFERENCES practitioners (id),
    owner_agency_id BLOB NOT NULL REFERENCES agencies (id),
    purpose TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    opened_at INTEGER,                   -- lifetime is counted from here
    expires_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- lawful basis, whether the family was told, reasons, look-back, question asked
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX chronologies_by_family ON chronologies (partnership_id, family_id);
CREATE INDEX chronologies_by_owner_agency ON chronologies (partnership_id, owner_agency_id, created_at, id);
CREATE INDEX chronologies_by_time ON chronologies (partnership_id, created_at, id);
CREATE INDEX chronologies_by_expiry ON chronologies (expires_at, id);
CREATE INDEX chronologies_by_due ON chronologies (state, due_at);

-- Colleagues of the owner who may act on the chronology.
CREATE TABLE chronology_team (
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),
    partnership_id BLOB NOT NULL,
    PRIMARY KEY (chronology_id, practitioner_id)
) STRICT;
CREATE INDEX chronology_team_by_practitioner ON chronology_team (partnership_id, practitioner_id);

CREATE TABLE invitations (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    agency_id BLOB NOT NULL REFERENCES agencies (id),
    state TEXT NOT NULL,
    due_at INTEGER NOT NULL,
    viewed_at INTEGER,
    drafting_at INTEGER,
    answered_at INTEGER,
    decline_reason TEXT,
    answered_by BLOB REFERENCES practitioners (id),
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- message to the agency, reason in words, the agency's involvement
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    UNIQUE (chronology_id, agency_id)
) STRICT;
CREATE INDEX invitations_by_agency ON invitations (partnership_id, agency_id, created_at, id);
CREATE INDEX invitations_by_due ON invitations (state, due_at);

CREATE TABLE invitation_practitioners (
    invitation_id BLOB NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),
    partnership_id BLOB NOT NULL,
    PRIMARY KEY (invitation_id, practitioner_id)
) STRICT;
CREATE INDEX invitation_practitioners_by_practitioner ON invitation_practitioners (partnership_id, practitioner_id);

CREATE TABLE fragments (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    agency_id BLOB NOT NULL REFERENCES agencies (id),
    chronology_id BLOB REFERENCES chronologies (id) ON DELETE CASCADE, -- null: sent ahead of a chronology
    family_id BLOB NOT NULL REFERENCES families (id),
    child_id BLOB REFERENCES people (id),    -- set when submitted for one child
    proxy_by_agency BLOB REFERENCES agencies (id), -- social care entered it on the agency's behalf
    reference_index BLOB,                   -- blind index of the agency's own reference
    state TEXT NOT NULL,                     -- submitted or withdrawn
    author_id BLOB NOT NULL REFERENCES practitioners (id),
    expires_at INTEGER NOT NULL,
    version INTEGER NOT NULL,                 -- the current version
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX fragments_by_reference ON fragments (partnership_id, agency_id, chronology_id, reference_index);
-- A null chronology equals no other, so that references sent ahead of one need an index of their own.
CREATE UNIQUE INDEX fragments_by_reference_ahead ON fragments (partnership_id, agency_id, reference_index)
    WHERE chronology_id IS NULL;
CREATE INDEX fragments_by_chronology ON fragments (partnership_id, chronology_id, agency_id);
CREATE INDEX fragments_by_family ON fragments (partnership_id, family_id);
CREATE INDEX fragments_by_agency ON fragments (partnership_id, agency_id, created_at, id);
CREATE INDEX fragments_by_expiry ON fragments (expires_at, id);

CREATE TABLE fragment_versions (
    fragment_id BLOB NOT NULL REFERENCES fragments (id) ON DELETE CASCADE,
    version INTEGER NOT NULL,
    partnership_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,         -- bound into the wrapped key
    wrapped_key BLOB NOT NULL,              -- the version's data key, wrapped under epoch and chronology
    sealed BLOB NOT NULL,                   -- sharing decision, reason for the correction, the agency's reference
    content_index BLOB NOT NULL,            -- keyed hash of the content as submitted: the same content is a no-op
    entry_count INTEGER NOT NULL,
    author_id BLOB NOT NULL REFERENCES practitioners (id),
    created_at INTEGER NOT NULL,
    PRIMARY KEY (fragment_id, version)
) STRICT;

CREATE TABLE entries (
    id BLOB NOT NULL,                        -- stays the same through corrections of the same entry
    fragment_id BLOB NOT NULL,
    version INTEGER NOT NULL,
    partnership_id BLOB NOT NULL,
    position INTEGER NOT NULL,                -- place in the fragment as submitted, from 0
    marking TEXT NOT NULL,
    reference_index BLOB,                   -- blind index of the agency's own record reference
    sealed BLOB NOT NULL,
    PRIMARY KEY (fragment_id, version, position),
    FOREIGN KEY (fragment_id, version) REFERENCES fragment_versions (fragment_id, version) ON DELETE CASCADE
) STRICT;
CREATE INDEX entries_by_id ON entries (partnership_id, id);

-- A view of the timeline frozen for a meeting; the one signed off is the snapshot.
CREATE TABLE consolidations (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES practitioners (id),
    row_count INTEGER NOT NULL,
    entry_count INTEGER NOT NULL,
    content_index BLOB NOT NULL,            -- keyed hash of the frozen view
    expires_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    signed_off_at INTEGER,
    signed_off_by BLOB REFERENCES practitioners (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consolidations_by_expiry ON consolidations (expires_at, id);
CREATE INDEX consolidations_by_chronology ON consolidations (partnership_id, chronology_id, created_at, id);

CREATE TABLE holds (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    scope TEXT NOT NULL,                     -- chronology, child or all
    target_id BLOB,                          -- null when the hold covers all
    review_at INTEGER NOT NULL,
    placed_by BLOB NOT NULL REFERENCES practitioners (id),
    placed_at INTEGER NOT NULL,
    released_by BLOB REFERENCES practitioners (id),
    released_at INTEGER,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- reasons
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX holds_by_target ON holds (partnership_id, scope, target_id);

-- What is left after expiry: ids, agencies, dates, counts and a hash.
CREATE TABLE tombstones (
    id BLOB PRIMARY KEY,                     -- the id of what is gone
    kind TEXT NOT NULL,                      -- chronology or fragment
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    chronology_id BLOB,
    agency_id BLOB NOT NULL,                 -- the owner's agency, or the agency that submitted
    owner_id BLOB NOT NULL,
    reason TEXT NOT NULL,                    -- expired or withdrawn
    created_at INTEGER NOT NULL,
    expired_at INTEGER NOT NULL,
    deleted_at INTEGER NOT NULL,
    entry_count INTEGER NOT NULL,
    content_index BLOB NOT NULL             -- keyed hash over the versions' content hashes
) STRICT;
CREATE INDEX tombstones_by_chronology ON tombstones (partnership_id, chronology_id);

-- Who was entitled to know of it: each invited agency with its last state, and the practitioners named.
CREATE TABLE tombstone_agencies (
    tombstone_id BLOB NOT NULL REFERENCES tombstones (id) ON DELETE CASCADE,
    agency_id BLOB NOT NULL,
    partnership_id BLOB NOT NULL,
    invitation_state TEXT NOT NULL,
    PRIMARY KEY (tombstone_id, agency_id)
) STRICT;
CREATE TABLE tombstone_practitioners (
    tombstone_id BLOB NOT NULL REFERENCES tombstones (id) ON DELETE CASCADE,
    practitioner_id BLOB NOT NULL,
    partnership_id BLOB NOT NULL,
    PRIMARY KEY (tombstone_id, practitioner_id)
) STRICT;

-- Append-only: who did or tried what, to which object, when, and why it was allowed. No personal data.
CREATE TABLE audit (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    outcome TEXT NOT NULL,                   -- allowed, denied, expired, wrong_state, invalid, ...
    reason TEXT,                             -- why it was allowed
    practitioner_id BLOB,
    agency_id BLOB,
    role TEXT,
    purpose TEXT,
    object_kind TEXT,
    object_id BLOB,
    chronology_id BLOB,
    request_id BLOB NOT NULL,
    entry_count INTEGER                       -- how many entries left with the answer
) STRICT;
CREATE INDEX audit_by_time ON audit (partnership_id, at, id);
CREATE INDEX audit_by_chronology ON audit (partnership_id, chronology_id, at, id);
CREATE INDEX audit_by_object ON audit (partnership_id, object_id, at, id);

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- Replies to retried writes; a reply is sealed and dies with what it is about.
CREATE TABLE idempotency (
    partnership_id BLOB NOT NULL,
    practitioner_id BLOB NOT NULL,
    key_index BLOB NOT NULL,                -- blind index of operation and Idempotency-Key
    fingerprint BLOB NOT NULL,              -- keyed hash of path and body
    object_id BLOB,                          -- the chronology or fragment the reply is about
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    expires_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (partnership_id, practitioner_id, key_index)
) STRICT;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
CREATE INDEX idempotency_by_object ON idempotency (partnership_id, object_id);

-- The latest instant this database has seen: a clock set back resurrects nothing.
CREATE TABLE clock_mark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    high_water INTEGER NOT NULL
) STRICT;
