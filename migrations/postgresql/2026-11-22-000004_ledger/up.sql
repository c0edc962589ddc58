-- The provable audit. Records are only ever inserted; each is a leaf of its partnership's Merkle tree (RFC 6962), in which
-- a sequencer gives it its place. What a record says of people is sealed under the key of its period, the columns called
-- `*_token` are keyed by that period too, and the leaf holds a salted hash of it: when retention ends the key is
-- destroyed, the records stay and the tree stays provable.

CREATE TABLE audit_records (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL,
    run_id uuid NOT NULL,                    -- the run of a node that wrote it: a node has a new one each time it starts
    number bigint NOT NULL,                  -- the run's own number for it in this partnership, from 1, without gaps
    at timestamptz NOT NULL,
    operation text NOT NULL,
    outcome text NOT NULL,                   -- allowed, denied, expired, wrong_state, invalid, ...
    period bigint NOT NULL,                  -- thirty days from 1970 on; names the key
    payload_hash bytea NOT NULL,             -- SHA-256 over 0x02, salt and payload
    practitioner_token bytea,                -- who, keyed
    agency_token bytea,                      -- for which agency, keyed
    object_token bytea,                      -- which object, keyed
    chronology_token bytea,                  -- the chronology concerned, keyed
    sealed bytea NOT NULL,                   -- salt and payload: who, for whom, in which role, why, to what
    UNIQUE (partnership_id, run_id, number)
);
CREATE INDEX audit_records_by_time ON audit_records (partnership_id, at, id);
CREATE INDEX audit_records_by_chronology ON audit_records (partnership_id, chronology_token, at, id);
CREATE INDEX audit_records_by_object ON audit_records (partnership_id, object_token, at, id);
CREATE INDEX audit_records_by_practitioner ON audit_records (partnership_id, practitioner_token, at, id);
ALTER TABLE audit_records ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;

-- The tree: each leaf, and the root of every 256 hashes of the level below.
CREATE TABLE audit_tree (
    partnership_id uuid NOT NULL,
    level bigint NOT NULL,                   -- 0: leaves; 1: roots of 256 leaves; 2: roots of 256 of those; ...
    position bigint NOT NULL,                -- from 0
    hash bytea NOT NULL,
    record_id uuid,                          -- on level 0: the record
    PRIMARY KEY (partnership_id, level, position)
);
CREATE UNIQUE INDEX audit_tree_by_record ON audit_tree (partnership_id, record_id);

-- Where the tree stands now.
CREATE TABLE audit_heads (
    partnership_id uuid PRIMARY KEY REFERENCES partnerships (id),
    size bigint NOT NULL,
    frontier bytea NOT NULL,                 -- roots of the perfect subtrees, largest first
    root bytea NOT NULL,
    signed_at timestamptz NOT NULL,
    checkpoint text NOT NULL                 -- the signed note
);

-- Up to where each run's records have their place.
CREATE TABLE audit_runs (
    partnership_id uuid NOT NULL,
    run_id uuid NOT NULL,
    next_number bigint NOT NULL,             -- every smaller number has its place, but for the holes
    begun_at timestamptz NOT NULL,
    PRIMARY KEY (partnership_id, run_id)
);

-- Numbers whose record is not there yet: its transaction ends later than others that began after it, or was undone.
CREATE TABLE audit_holes (
    partnership_id uuid NOT NULL,
    run_id uuid NOT NULL,
    number bigint NOT NULL,
    seen_at timestamptz NOT NULL,            -- since when it is missing
    PRIMARY KEY (partnership_id, run_id, number)
);

CREATE TRIGGER audit_records_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_records
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
CREATE TRIGGER audit_tree_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_tree
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();

-- What was recorded before goes into the new table when the service next starts, row by row.
DROP TRIGGER audit_append_only ON audit;
ALTER TABLE audit RENAME TO audit_before;
