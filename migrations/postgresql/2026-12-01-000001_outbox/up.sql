-- Effects that follow a commit, written in the transaction that causes them and deleted when they have happened. A row names
-- what it is about by kind and id and contains nothing of it; it is deleted with it.
CREATE TABLE outbox (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    event text NOT NULL CHECK (event IN ('relink', 'notify')),
    subject_kind text NOT NULL CHECK (subject_kind IN ('chronology', 'fragment', 'family', 'person')),
    subject_id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    attempts bigint NOT NULL,            -- how often it has failed
    not_before timestamptz NOT NULL,     -- when it is due: later after each failure
    claimed_until timestamptz            -- until when a worker has claimed it; null: not claimed
);
CREATE INDEX outbox_by_due ON outbox (not_before, id);
CREATE INDEX outbox_by_subject ON outbox (partnership_id, subject_kind, subject_id);

-- Stored links bind their view by their content from this version on: those of earlier versions are never found again, so
-- they are deleted and every chronology is linked again. The event has the identifier of its chronology.
DELETE FROM event_links;
INSERT INTO outbox (id, partnership_id, event, subject_kind, subject_id, created_at, attempts, not_before, claimed_until)
SELECT id, partnership_id, 'relink', 'chronology', id, now(), 0, 'epoch', NULL FROM chronologies;
