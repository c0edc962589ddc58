-- What proves that something is gone: commitments to keys, published while they live; what each key's destruction covered;
-- and the signed certificates. None of it holds or names personal data, and all of it outlives what it tells of.

-- Commitments to the keys by which a partnership's things live, published in the transaction that first used the key.
CREATE TABLE key_commitments (
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    kind text NOT NULL,                      -- epoch: an hour of expiry; scope: a chronology, or a fragment sent ahead
    key_id text NOT NULL,                    -- the hour's number, or a uuid
    commitment bytea NOT NULL,               -- SHA-256 over name, salt and key, made when the key was
    made_at timestamptz NOT NULL,            -- when the key was made, by any partnership
    published_at timestamptz NOT NULL,
    due_at timestamptz,                      -- from when on the key is to be destroyed: an hour's end; a scope's when decided
    certificate_id uuid,                     -- the certificate, given its identifier when the destruction was decided
    settled_at timestamptz,                  -- when the destruction was certified, or found to cover nothing
    PRIMARY KEY (partnership_id, kind, key_id)
);
CREATE INDEX key_commitments_by_due ON key_commitments (due_at) WHERE settled_at IS NULL;

-- What was deleted, and by which key it lived: what that key's certificate covers. Something destroyed early stands under
-- its chronology's key and under its hour's.
CREATE TABLE deletion_covered (
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    kind text NOT NULL,                      -- of the key
    key_id text NOT NULL,
    object_kind text NOT NULL,               -- chronology, fragment, family, person or consolidation
    object_id uuid NOT NULL,
    agency_id uuid NOT NULL,                 -- whose it was: the agency that submitted, recorded or owned it
    runs_agency_id uuid,                     -- the agency that ran its chronology; null when it had none
    owner_id uuid NOT NULL,                  -- the practitioner who wrote, recorded or owned it
    PRIMARY KEY (partnership_id, kind, key_id, object_id)
);
CREATE INDEX deletion_covered_by_object ON deletion_covered (partnership_id, object_id);
CREATE INDEX deletion_covered_by_agency ON deletion_covered (partnership_id, agency_id, kind, key_id);
CREATE INDEX deletion_covered_by_runner ON deletion_covered (partnership_id, runs_agency_id, kind, key_id);
CREATE INDEX deletion_covered_by_owner ON deletion_covered (partnership_id, owner_id, kind, key_id);

-- Deletion certificates: one for each destroyed hour in which something of the partnership lay, one for each scope
-- destroyed early.
CREATE TABLE deletion_certificates (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    kind text NOT NULL,
    key_id text NOT NULL,
    issued_at timestamptz NOT NULL,
    document text NOT NULL,                  -- canonical JSON, the bytes that are signed
    public_key bytea NOT NULL,               -- Ed25519
    signature bytea NOT NULL,
    seed bytea NOT NULL                      -- secret: salts and fillers of the tree over what it covers
);
CREATE UNIQUE INDEX deletion_certificates_by_key ON deletion_certificates (partnership_id, kind, key_id);
CREATE INDEX deletion_certificates_by_time ON deletion_certificates (partnership_id, issued_at, id);

-- Who had a chronology destroyed before its time, and why.
CREATE TABLE deletion_orders (
    chronology_id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    reason text NOT NULL,                    -- closed, made_in_error or ordered
    snapshot text NOT NULL,                  -- signed_off or waived
    decided_by uuid NOT NULL REFERENCES practitioners (id),
    decided_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL                    -- the reasons in words
);

ALTER TABLE deletion_orders ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
