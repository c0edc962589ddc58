-- Which time to believe, keys that are still to go, and nothing of what is sealed in the planner's samples.

-- The latest instant that somebody else than a node's own clock has vouched for (another machine's clock, an issuer's token,
-- an operator) or that has passed since by a clock nobody can set. What may be destroyed goes by this: a clock that jumps
-- forward destroys nothing. One row.
CREATE TABLE clock_trust (
    id bigint PRIMARY KEY CHECK (id = 1),    -- there is one
    vouched timestamptz NOT NULL             -- it is at least this late
);
-- Until now every instant seen was believed.
INSERT INTO clock_trust (id, vouched) SELECT id, high_water FROM clock_mark;

-- Scopes whose rows are deleted and whose keys are to be destroyed: noted in the transaction that deletes, taken out once
-- the key is gone, so that a process killed in between leaves nothing behind.
CREATE TABLE scopes_to_destroy (
    scope uuid PRIMARY KEY,                  -- a chronology, or a person, family or fragment that stood alone
    since timestamptz NOT NULL
);

-- As for the other sealed columns: samples of ciphertext and of wrapped keys are not to be kept as statistics. What earlier
-- samples hold goes with the next ANALYZE.
ALTER TABLE event_links ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE link_decisions ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE practitioners ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE people ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE families ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE chronologies ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE invitations ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE fragment_versions ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE consolidations ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE holds ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE idempotency ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE event_links ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE link_decisions ALTER COLUMN wrapped_key SET STATISTICS 0;
ALTER TABLE person_links ALTER COLUMN wrapped_key SET STATISTICS 0;
