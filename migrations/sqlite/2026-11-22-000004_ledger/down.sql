ALTER TABLE audit_before RENAME TO audit;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
DROP TABLE audit_holes;
DROP TABLE audit_runs;
DROP TABLE audit_heads;
DROP TABLE audit_tree;
DROP TABLE audit_records;
