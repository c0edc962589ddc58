ALTER TABLE holds DROP COLUMN confirmed_by;
ALTER TABLE holds DROP COLUMN awaiting;
ALTER TABLE deletion_orders DROP COLUMN asked_by;
DROP TABLE destruction_requests;
