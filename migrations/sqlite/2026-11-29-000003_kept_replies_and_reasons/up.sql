-- What is kept of a write for a repeat holds no content any more: the object it was about, and what became of it. Kept
-- writes of before stay, so that a retry has no second effect; which object they were about is not known.
DROP INDEX idempotency_by_object;
ALTER TABLE idempotency DROP COLUMN sealed;
ALTER TABLE idempotency DROP COLUMN wrapped_key;
ALTER TABLE idempotency ADD COLUMN outcome TEXT;  -- of a submission: created, updated or unchanged
UPDATE idempotency SET object_id = NULL;

-- Reasons in words have an end of their own: from `words_until` on they are gone. Where it is null and there are words, they
-- are sealed for good by a former version; the next purge gives them their end. A column cannot become nullable here, so
-- both tables are made anew.
CREATE TABLE holds_with_an_end (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    scope TEXT NOT NULL,                     -- chronology, child or all
    target_id BLOB,                          -- null when the hold covers all
    review_at INTEGER NOT NULL,
    placed_by BLOB NOT NULL REFERENCES practitioners (id),
    placed_at INTEGER NOT NULL,
    released_by BLOB REFERENCES practitioners (id),
    released_at INTEGER,
    words_until INTEGER,
    wrapped_key BLOB,                        -- null: the words are gone
    sealed BLOB,                             -- reasons
    version INTEGER NOT NULL
) STRICT;
INSERT INTO holds_with_an_end
    SELECT id, partnership_id, scope, target_id, review_at, placed_by, placed_at, released_by, released_at, NULL, wrapped_key,
        sealed, version
    FROM holds;
DROP TABLE holds;
ALTER TABLE holds_with_an_end RENAME TO holds;
CREATE INDEX holds_by_target ON holds (partnership_id, scope, target_id);
CREATE INDEX holds_by_words ON holds (words_until) WHERE sealed IS NOT NULL;

CREATE TABLE deletion_orders_with_an_end (
    chronology_id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    reason TEXT NOT NULL,                    -- closed, made_in_error or ordered
    snapshot TEXT NOT NULL,                  -- signed_off or waived
    decided_by BLOB NOT NULL REFERENCES practitioners (id),
    decided_at INTEGER NOT NULL,
    words_until INTEGER,
    wrapped_key BLOB,                        -- null: the words are gone
    sealed BLOB                              -- the reasons in words
) STRICT;
INSERT INTO deletion_orders_with_an_end
    SELECT chronology_id, partnership_id, reason, snapshot, decided_by, decided_at, NULL, wrapped_key, sealed
    FROM deletion_orders;
DROP TABLE deletion_orders;
ALTER TABLE deletion_orders_with_an_end RENAME TO deletion_orders;
CREATE INDEX deletion_orders_by_words ON deletion_orders (words_until) WHERE sealed IS NOT NULL;
