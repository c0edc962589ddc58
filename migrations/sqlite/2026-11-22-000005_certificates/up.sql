-- What proves that something is gone: commitments to keys, published while they live; what each key's destruction covered;
-- and the signed certificates. None of it holds or names personal data, and all of it outlives what it tells of.

-- Commitments to the keys by which a partnership's things live, published in the transaction that first used the key.
CREATE TABLE key_commitments (
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    kind TEXT NOT NULL,                      -- epoch: an hour of expiry; scope: a chronology, or a fragment sent ahead
    key_id TEXT NOT NULL,                    -- the hour's number, or a uuid
    commitment BLOB NOT NULL,               -- SHA-256 over name, salt and key, made when the key was
    made_at INTEGER NOT NULL,            -- when the key was made, by any partnership
    published_at INTEGER NOT NULL,
    due_at INTEGER,                      -- from when on the key is to be destroyed: an hour's end; a scope's when decided
    certificate_id BLOB,                     -- the certificate, given its identifier when the destruction was decided
    settled_at INTEGER,                  -- when the destruction was certified, or found to cover nothing
    PRIMARY KEY (partnership_id, kind, key_id)
) STRICT;
CREATE INDEX key_commitments_by_due ON key_commitments (due_at) WHERE settled_at IS NULL;

-- What was deleted, and by which key it lived: what that key's certificate covers. Something destroyed early stands under
-- its chronology's key and under its hour's.
CREATE TABLE deletion_covered (
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    kind TEXT NOT NULL,                      -- of the key
    key_id TEXT NOT NULL,
    object_kind TEXT NOT NULL,               -- chronology, fragment, family, person or consolidation
    object_id BLOB NOT NULL,
    agency_id BLOB NOT NULL,                 -- whose it was: the agency that submitted, recorded or owned it
    runs_agency_id BLOB,                     -- the agency that ran its chronology; null when it had none
    owner_id BLOB NOT NULL,                  -- the practitioner who wrote, recorded or owned it
    PRIMARY KEY (partnership_id, kind, key_id, object_id)
) STRICT;
CREATE INDEX deletion_covered_by_object ON deletion_covered (partnership_id, object_id);
CREATE INDEX deletion_covered_by_agency ON deletion_covered (partnership_id, agency_id, kind, key_id);
CREATE INDEX deletion_covered_by_runner ON deletion_covered (partnership_id, runs_agency_id, kind, key_id);
CREATE INDEX deletion_covered_by_owner ON deletion_covered (partnership_id, owner_id, kind, key_id);

-- Deletion certificates: one for each destroyed hour in which something of the partnership lay, one for each scope
-- destroyed early.
CREATE TABLE deletion_certificates (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    kind TEXT NOT NULL,
    key_id TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    document TEXT NOT NULL,                  -- canonical JSON, the bytes that are signed
    public_key BLOB NOT NULL,               -- Ed25519
    signature BLOB NOT NULL,
    seed BLOB NOT NULL                      -- secret: salts and fillers of the tree over what it covers
) STRICT;
CREATE UNIQUE INDEX deletion_certificates_by_key ON deletion_certificates (partnership_id, kind, key_id);
CREATE INDEX deletion_certificates_by_time ON deletion_certificates (partnership_id, issued_at, id);

-- Who had a chronology destroyed before its time, and why.
CREATE TABLE deletion_orders (
    chronology_id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    reason TEXT NOT NULL,                    -- closed, made_in_error or ordered
    snapshot TEXT NOT NULL,                  -- signed_off or waived
    decided_by BLOB NOT NULL REFERENCES practitioners (id),
    decided_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL                    -- the reasons in words
) STRICT;
