DROP INDEX practitioners_by_provisional_end;
DROP INDEX practitioners_provisional;
ALTER TABLE practitioners DROP COLUMN provisional_until;
