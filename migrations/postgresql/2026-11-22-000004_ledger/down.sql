ALTER TABLE audit_before RENAME TO audit;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only();
DROP TABLE audit_holes;
DROP TABLE audit_runs;
DROP TABLE audit_heads;
DROP TABLE audit_tree;
DROP TABLE audit_records;
