-- What was kept without content answers nothing in the former version.
DELETE FROM idempotency;
ALTER TABLE idempotency DROP COLUMN outcome;
ALTER TABLE idempotency ADD COLUMN wrapped_key bytea NOT NULL;
ALTER TABLE idempotency ADD COLUMN sealed bytea NOT NULL;
ALTER TABLE idempotency ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0,
    ALTER COLUMN sealed SET STORAGE EXTERNAL;
CREATE INDEX idempotency_by_object ON idempotency (partnership_id, object_id);

-- The former version keeps no reason without words and opens none that have an end.
DELETE FROM deletion_orders;
DROP INDEX deletion_orders_by_words;
ALTER TABLE deletion_orders
    DROP COLUMN words_until,
    ALTER COLUMN wrapped_key SET NOT NULL,
    ALTER COLUMN sealed SET NOT NULL;
DELETE FROM holds;
DROP INDEX holds_by_words;
ALTER TABLE holds
    DROP COLUMN words_until,
    ALTER COLUMN wrapped_key SET NOT NULL,
    ALTER COLUMN sealed SET NOT NULL;
