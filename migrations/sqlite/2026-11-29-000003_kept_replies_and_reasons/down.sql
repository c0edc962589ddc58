-- What was kept without content answers nothing in the former version.
DELETE FROM idempotency;
ALTER TABLE idempotency DROP COLUMN outcome;
ALTER TABLE idempotency ADD COLUMN wrapped_key BLOB NOT NULL DEFAULT x'';
ALTER TABLE idempotency ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
CREATE INDEX idempotency_by_object ON idempotency (partnership_id, object_id);

-- The former version keeps no reason without words and opens none that have an end.
DROP TABLE deletion_orders;
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
DROP TABLE holds;
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
