-- Rights of the service's role. The owner of the schema runs this after every `chronology migrate`:
--
--     psql --dbname=chronology --set=role=chronology_service --file=postgresql-roles.sql
--
-- The service may read and write its tables, but only insert into those of the audit log: even someone who has stolen
-- the service's password cannot change what is recorded. The owner runs the migrations, never the service.

GRANT USAGE ON SCHEMA public TO :"role";
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO :"role";
REVOKE UPDATE, DELETE, TRUNCATE ON audit_records, audit_tree FROM :"role";
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON __diesel_schema_migrations FROM :"role";
