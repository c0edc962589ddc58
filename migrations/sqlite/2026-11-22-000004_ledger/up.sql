-- The provable audit. Records are only ever inserted; each is a leaf of its partnership's Merkle tree (RFC 6962), in which
-- a sequencer gives it its place. What a record says of people is sealed under the key of its period, the columns called
-- `*_token` are keyed by that period too, and the leaf holds a salted hash of it: when retention ends the key is
-- destroyed, the records stay and the tree stays provable.

CREATE TABLE audit_records (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL,
    run_id BLOB NOT NULL,                    -- the run of a node that wrote it: a node has a new one each time it starts
    number INTEGER NOT NULL,                  -- the run's own number for it in this partnership, from 1, without gaps
    at INTEGER NOT NULL,
    operation TEXT NOT NULL,
    outcome TEXT NOT NULL,                   -- allowed, denied, expired, wrong_state, invalid, ...
    period INTEGER NOT NULL,                  -- thirty days from 1970 on; names the key
    payload_hash BLOB NOT NULL,             -- SHA-256 over 0x02, salt and payload
    practitioner_token BLOB,                -- who, keyed
    agency_token BLOB,                      -- for which agency, keyed
    object_token BLOB,                      -- which object, keyed
    chronology_token BLOB,                  -- the chronology concerned, keyed
    sealed BLOB NOT NULL,                   -- salt and payload: who, for whom, in which role, why, to what
    UNIQUE (partnership_id, run_id, number)
) STRICT;
CREATE INDEX audit_records_by_time ON audit_records (partnership_id, at, id);
CREATE INDEX audit_records_by_chronology ON audit_records (partnership_id, chronology_token, at, id);
CREATE INDEX audit_records_by_object ON audit_records (partnership_id, object_token, at, id);
CREATE INDEX audit_records_by_practitioner ON audit_records (partnership_id, practitioner_token, at, id);

-- The tree: each leaf, and the root of every 256 hashes of the level below.
CREATE TABLE audit_tree (
    partnership_id BLOB NOT NULL,
    level INTEGER NOT NULL,                   -- 0: leaves; 1: roots of 256 leaves; 2: roots of 256 of those; ...
    position INTEGER NOT NULL,                -- from 0
    hash BLOB NOT NULL,
    record_id BLOB,                          -- on level 0: the record
    PRIMARY KEY (partnership_id, level, position)
) STRICT;
CREATE UNIQUE INDEX audit_tree_by_record ON audit_tree (partnership_id, record_id);

-- Where the tree stands now.
CREATE TABLE audit_heads (
    partnership_id BLOB PRIMARY KEY REFERENCES partnerships (id),
    size INTEGER NOT NULL,
    frontier BLOB NOT NULL,                 -- roots of the perfect subtrees, largest first
    root BLOB NOT NULL,
    signed_at INTEGER NOT NULL,
    checkpoint TEXT NOT NULL                 -- the signed note
) STRICT;

-- Up to where each run's records have their place.
CREATE TABLE audit_runs (
    partnership_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    next_number INTEGER NOT NULL,             -- every smaller number has its place, but for the holes
    begun_at INTEGER NOT NULL,
    PRIMARY KEY (partnership_id, run_id)
) STRICT;

-- Numbers whose record is not there yet: its transaction ends later than others that began after it, or was undone.
CREATE TABLE audit_holes (
    partnership_id BLOB NOT NULL,
    run_id BLOB NOT NULL,
    number INTEGER NOT NULL,
    seen_at INTEGER NOT NULL,            -- since when it is missing
    PRIMARY KEY (partnership_id, run_id, number)
) STRICT;

CREATE TRIGGER audit_records_no_update BEFORE UPDATE ON audit_records
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_records_no_delete BEFORE DELETE ON audit_records
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_tree_no_update BEFORE UPDATE ON audit_tree
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_tree_no_delete BEFORE DELETE ON audit_tree
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;

-- What was recorded before goes into the new table when the service next starts, row by row.
DROP TRIGGER audit_no_update;
DROP TRIGGER audit_no_delete;
ALTER TABLE audit RENAME TO audit_before;
