-- Rights of the service's own role, to be run by the owner of the schema after every `chronology migrate`:
--
--     psql --dbname=chronology --set=role=chronology_service --file=postgresql-roles.sql
--
-- The service reads and writes its tables, and of the audit's records and tree it may only add to them: not even a stolen
-- password of the service changes what is on record. Migrations are run by the owner, never by the service.

GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
REVOKE UPDATE, DELETE, TRUNCATE ON audit_records, audit_tree FROM :"role";
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON __diesel_schema_migrations FROM :"role";
