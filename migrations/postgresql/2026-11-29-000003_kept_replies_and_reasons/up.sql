-- What is kept of a write for a repeat holds no content any more: the object it was about, and what became of it. Kept
-- writes of before stay, so that a retry has no second effect; which object they were about is not known.
DROP INDEX idempotency_by_object;
ALTER TABLE idempotency DROP COLUMN sealed, DROP COLUMN wrapped_key;
ALTER TABLE idempotency ADD COLUMN outcome text;  -- of a submission: created, updated or unchanged
UPDATE idempotency SET object_id = NULL;

-- Reasons in words have an end of their own: from `words_until` on they are gone. Where it is null and there are words, they
-- are sealed for good by a former version; the next purge gives them their end.
ALTER TABLE holds
    ADD COLUMN words_until timestamptz,
    ALTER COLUMN wrapped_key DROP NOT NULL,  -- null: the words are gone
    ALTER COLUMN sealed DROP NOT NULL;
CREATE INDEX holds_by_words ON holds (words_until) WHERE sealed IS NOT NULL;
ALTER TABLE deletion_orders
    ADD COLUMN words_until timestamptz,
    ALTER COLUMN wrapped_key DROP NOT NULL,  -- null: the words are gone
    ALTER COLUMN sealed DROP NOT NULL;
CREATE INDEX deletion_orders_by_words ON deletion_orders (words_until) WHERE sealed IS NOT NULL;
