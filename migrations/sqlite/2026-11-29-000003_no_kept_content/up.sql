-- What is kept of a write for a repeat holds no content any more: the object it was about, and what became of it. Kept
-- writes of before stay, so that a retry has no second effect; which object they were about is not known.
DROP INDEX idempotency_by_object;
ALTER TABLE idempotency DROP COLUMN sealed;
ALTER TABLE idempotency DROP COLUMN wrapped_key;
ALTER TABLE idempotency ADD COLUMN outcome TEXT;  -- of a submission: created, updated or unchanged
UPDATE idempotency SET object_id = NULL;
