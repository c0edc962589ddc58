-- The former version opens no fragment that was wrapped under a key of its own.
ALTER TABLE scopes_to_destroy DROP COLUMN unneeded;
ALTER TABLE fragments DROP COLUMN wrapped_until;
