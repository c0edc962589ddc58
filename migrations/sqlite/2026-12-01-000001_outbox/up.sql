-- Effects that follow a commit, written in the transaction that causes them and deleted when they have happened. A row names
-- what it is about by kind and id and contains nothing of it; it is deleted with it.
CREATE TABLE outbox (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    event TEXT NOT NULL CHECK (event IN ('relink', 'settle_expiry', 'notify')),
    subject_kind TEXT NOT NULL,
    subject_id BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    attempts INTEGER NOT NULL,           -- how often it has failed
    not_before INTEGER NOT NULL,         -- when it is due: later after each failure
    claimed_until INTEGER                -- until when a worker has claimed it; null: not claimed
) STRICT;
CREATE INDEX outbox_by_due ON outbox (not_before, id);
CREATE INDEX outbox_by_subject ON outbox (partnership_id, subject_kind, subject_id);
