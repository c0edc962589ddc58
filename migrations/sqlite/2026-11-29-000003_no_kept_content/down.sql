-- What was kept without content answers nothing in the former version.
DELETE FROM idempotency;
ALTER TABLE idempotency DROP COLUMN outcome;
ALTER TABLE idempotency ADD COLUMN wrapped_key BLOB NOT NULL DEFAULT x'';
ALTER TABLE idempotency ADD COLUMN sealed BLOB NOT NULL DEFAULT x'';
CREATE INDEX idempotency_by_object ON idempotency (partnership_id, object_id);
