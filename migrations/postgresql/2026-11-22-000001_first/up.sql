-- The first schema. Everything that names or describes a person stands in a column called `sealed`, encrypted by the
-- vault; a `*_index` column is a keyed HMAC (blind index). Partnership leads every index, so that a national deployment
-- can split by partnership, but for those that a worker goes by over all of them. Instants are UTC, to the microsecond.

-- The tenant. Its policy is configuration, not data.
CREATE TABLE partnerships (
    id uuid PRIMARY KEY,
    code text NOT NULL UNIQUE,               -- short name used in tokens and configuration
    name text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE TABLE agencies (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    code text NOT NULL,                      -- as tokens name it
    name text NOT NULL,
    kind text NOT NULL,
    has_access boolean NOT NULL,             -- false: social care enters events on its behalf (proxy entry)
    active boolean NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (partnership_id, code)
);

CREATE TABLE practitioners (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    agency_id uuid NOT NULL REFERENCES agencies (id),
    subject_index bytea NOT NULL,            -- blind index of issuer and subject
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- name, job title, contact
    active boolean NOT NULL,                 -- false: left the agency, may do nothing
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (partnership_id, agency_id, subject_index)
);

CREATE TABLE people (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    kind text NOT NULL,                      -- child or adult
    created_by uuid NOT NULL REFERENCES practitioners (id),
    created_by_agency uuid NOT NULL REFERENCES agencies (id),
    expires_at timestamptz NOT NULL,         -- the latest expiry of anything live that refers to the person
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX people_by_expiry ON people (expires_at, id);

-- Exact look-ups and blocking keys of people.
CREATE TABLE person_keys (
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    partnership_id uuid NOT NULL,
    kind text NOT NULL,                      -- nhs_number, upn, name_birth, ...
    token bytea NOT NULL,
    PRIMARY KEY (person_id, kind, token)
);
CREATE INDEX person_keys_by_token ON person_keys (partnership_id, kind, token);

CREATE TABLE families (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    created_by uuid NOT NULL REFERENCES practitioners (id),
    created_by_agency uuid NOT NULL REFERENCES agencies (id),
    expires_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- label, households, relationships
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX families_by_agency ON families (partnership_id, created_by_agency, created_at, id);
CREATE INDEX families_by_expiry ON families (expires_at, id);

CREATE TABLE family_members (
    family_id uuid NOT NULL REFERENCES families (id) ON DELETE CASCADE,
    person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,
    partnership_id uuid NOT NULL,
    PRIMARY KEY (family_id, person_id)
);
CREATE INDEX family_members_by_person ON family_members (partnership_id, person_id);

CREATE TABLE chronologies (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    family_id uuid NOT NULL REFERENCES families (id),
    owner_id uuid NOT NULL REFERENCES practitioners (id),
    owner_agency_id uuid NOT NULL REFERENCES agencies (id),
    purpose text NOT NULL,
    state text NOT NULL,
    due_at timestamptz NOT NULL,
    opened_at timestamptz,                   -- lifetime is counted from here
    expires_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- lawful basis, whether the family was told, reasons, look-back, question asked
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX chronologies_by_family ON chronologies (partnership_id, family_id);
CREATE INDEX chronologies_by_owner_agency ON chronologies (partnership_id, owner_agency_id, created_at, id);
CREATE INDEX chronologies_by_time ON chronologies (partnership_id, created_at, id);
CREATE INDEX chronologies_by_expiry ON chronologies (expires_at, id);
CREATE INDEX chronologies_by_due ON chronologies (state, due_at);

-- Colleagues of the owner who may act on the chronology.
CREATE TABLE chronology_team (
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    practitioner_id uuid NOT NULL REFERENCES practitioners (id),
    partnership_id uuid NOT NULL,
    PRIMARY KEY (chronology_id, practitioner_id)
);
CREATE INDEX chronology_team_by_practitioner ON chronology_team (partnership_id, practitioner_id);

CREATE TABLE invitations (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    agency_id uuid NOT NULL REFERENCES agencies (id),
    state text NOT NULL,
    due_at timestamptz NOT NULL,
    viewed_at timestamptz,
    drafting_at timestamptz,
    answered_at timestamptz,
    decline_reason text,
    answered_by uuid REFERENCES practitioners (id),
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- message to the agency, reason in words, the agency's involvement
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    UNIQUE (chronology_id, agency_id)
);
CREATE INDEX invitations_by_agency ON invitations (partnership_id, agency_id, created_at, id);
CREATE INDEX invitations_by_due ON invitations (state, due_at);

CREATE TABLE invitation_practitioners (
    invitation_id uuid NOT NULL REFERENCES invitations (id) ON DELETE CASCADE,
    practitioner_id uuid NOT NULL REFERENCES practitioners (id),
    partnership_id uuid NOT NULL,
    PRIMARY KEY (invitation_id, practitioner_id)
);
CREATE INDEX invitation_practitioners_by_practitioner ON invitation_practitioners (partnership_id, practitioner_id);

CREATE TABLE fragments (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    agency_id uuid NOT NULL REFERENCES agencies (id),
    chronology_id uuid REFERENCES chronologies (id) ON DELETE CASCADE, -- null: sent ahead of a chronology
    family_id uuid NOT NULL REFERENCES families (id),
    child_id uuid REFERENCES people (id),    -- set when submitted for one child
    proxy_by_agency uuid REFERENCES agencies (id), -- social care entered it on the agency's behalf
    reference_index bytea,                   -- blind index of the agency's own reference
    state text NOT NULL,                     -- submitted or withdrawn
    author_id uuid NOT NULL REFERENCES practitioners (id),
    expires_at timestamptz NOT NULL,
    version bigint NOT NULL,                 -- the current version
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX fragments_by_reference ON fragments (partnership_id, agency_id, chronology_id, reference_index);
-- A null chronology equals no other, so that references sent ahead of one need an index of their own.
CREATE UNIQUE INDEX fragments_by_reference_ahead ON fragments (partnership_id, agency_id, reference_index)
    WHERE chronology_id IS NULL;
CREATE INDEX fragments_by_chronology ON fragments (partnership_id, chronology_id, agency_id);
CREATE INDEX fragments_by_family ON fragments (partnership_id, family_id);
CREATE INDEX fragments_by_agency ON fragments (partnership_id, agency_id, created_at, id);
CREATE INDEX fragments_by_expiry ON fragments (expires_at, id);

CREATE TABLE fragment_versions (
    fragment_id uuid NOT NULL REFERENCES fragments (id) ON DELETE CASCADE,
    version bigint NOT NULL,
    partnership_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,         -- bound into the wrapped key
    wrapped_key bytea NOT NULL,              -- the version's data key, wrapped under epoch and chronology
    sealed bytea NOT NULL,                   -- sharing decision, reason for the correction, the agency's reference
    content_index bytea NOT NULL,            -- keyed hash of the content as submitted: the same content is a no-op
    entry_count bigint NOT NULL,
    author_id uuid NOT NULL REFERENCES practitioners (id),
    created_at timestamptz NOT NULL,
    PRIMARY KEY (fragment_id, version)
);

CREATE TABLE entries (
    id uuid NOT NULL,                        -- stays the same through corrections of the same entry
    fragment_id uuid NOT NULL,
    version bigint NOT NULL,
    partnership_id uuid NOT NULL,
    position bigint NOT NULL,                -- place in the fragment as submitted, from 0
    marking text NOT NULL,
    reference_index bytea,                   -- blind index of the agency's own record reference
    sealed bytea NOT NULL,
    PRIMARY KEY (fragment_id, version, position),
    FOREIGN KEY (fragment_id, version) REFERENCES fragment_versions (fragment_id, version) ON DELETE CASCADE
);
CREATE INDEX entries_by_id ON entries (partnership_id, id);

-- A view of the timeline frozen for a meeting; the one signed off is the snapshot.
CREATE TABLE consolidations (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES practitioners (id),
    row_count bigint NOT NULL,
    entry_count bigint NOT NULL,
    content_index bytea NOT NULL,            -- keyed hash of the frozen view
    expires_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    signed_off_at timestamptz,
    signed_off_by uuid REFERENCES practitioners (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX consolidations_by_expiry ON consolidations (expires_at, id);
CREATE INDEX consolidations_by_chronology ON consolidations (partnership_id, chronology_id, created_at, id);

CREATE TABLE holds (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    scope text NOT NULL,                     -- chronology, child or all
    target_id uuid,                          -- null when the hold covers all
    review_at timestamptz NOT NULL,
    placed_by uuid NOT NULL REFERENCES practitioners (id),
    placed_at timestamptz NOT NULL,
    released_by uuid REFERENCES practitioners (id),
    released_at timestamptz,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- reasons
    version bigint NOT NULL
);
CREATE INDEX holds_by_target ON holds (partnership_id, scope, target_id);

-- What is left after expiry: ids, agencies, dates, counts and a hash.
CREATE TABLE tombstones (
    id uuid PRIMARY KEY,                     -- the id of what is gone
    kind text NOT NULL,                      -- chronology or fragment
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid,
    agency_id uuid NOT NULL,                 -- the owner's agency, or the agency that submitted
    owner_id uuid NOT NULL,
    reason text NOT NULL,                    -- expired or withdrawn
    created_at timestamptz NOT NULL,
    expired_at timestamptz NOT NULL,
    deleted_at timestamptz NOT NULL,
    entry_count bigint NOT NULL,
    content_index bytea NOT NULL             -- keyed hash over the versions' content hashes
);
CREATE INDEX tombstones_by_chronology ON tombstones (partnership_id, chronology_id);

-- Who was entitled to know of it: each invited agency with its last state, and the practitioners named.
CREATE TABLE tombstone_agencies (
    tombstone_id uuid NOT NULL REFERENCES tombstones (id) ON DELETE CASCADE,
    agency_id uuid NOT NULL,
    partnership_id uuid NOT NULL,
    invitation_state text NOT NULL,
    PRIMARY KEY (tombstone_id, agency_id)
);
CREATE TABLE tombstone_practitioners (
    tombstone_id uuid NOT NULL REFERENCES tombstones (id) ON DELETE CASCADE,
    practitioner_id uuid NOT NULL,
    partnership_id uuid NOT NULL,
    PRIMARY KEY (tombstone_id, practitioner_id)
);

-- Append-only: who did or tried what, to which object, when, and why it was allowed. No personal data.
CREATE TABLE audit (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    at timestamptz NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,                   -- allowed, denied, expired, wrong_state, invalid, ...
    reason text,                             -- why it was allowed
    practitioner_id uuid,
    agency_id uuid,
    role text,
    purpose text,
    object_kind text,
    object_id uuid,
    chronology_id uuid,
    request_id uuid NOT NULL,
    entry_count bigint                       -- how many entries left with the answer
);
CREATE INDEX audit_by_time ON audit (partnership_id, at, id);
CREATE INDEX audit_by_chronology ON audit (partnership_id, chronology_id, at, id);
CREATE INDEX audit_by_object ON audit (partnership_id, object_id, at, id);

CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is append-only';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- Replies to retried writes; a reply is sealed and dies with what it is about.
CREATE TABLE idempotency (
    partnership_id uuid NOT NULL,
    practitioner_id uuid NOT NULL,
    key_index bytea NOT NULL,                -- blind index of operation and Idempotency-Key
    fingerprint bytea NOT NULL,              -- keyed hash of path and body
    object_id uuid,                          -- the chronology or fragment the reply is about
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    expires_at timestamptz NOT NULL,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (partnership_id, practitioner_id, key_index)
);
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
CREATE INDEX idempotency_by_object ON idempotency (partnership_id, object_id);

-- The latest instant this database has seen: a clock set back resurrects nothing.
CREATE TABLE clock_mark (
    id bigint PRIMARY KEY CHECK (id = 1),
    high_water timestamptz NOT NULL
);

-- Ciphertext: samples of it are not to be kept as statistics, and compressing it is time lost.
ALTER TABLE practitioners ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE people ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE families ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE chronologies ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE invitations ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE fragment_versions ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE entries ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE consolidations ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE holds ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE idempotency ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
