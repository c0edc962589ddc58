-- Which time to believe, and keys that are still to go.

-- The latest instant that somebody else than a node's own clock has vouched for (an issuer's token, an operator) or that
-- has passed since by a clock nobody can set. What may be destroyed goes by this: a clock that jumps forward destroys
-- nothing. One row.
CREATE TABLE clock_trust (
    id INTEGER PRIMARY KEY CHECK (id = 1),   -- there is one
    vouched INTEGER NOT NULL                 -- it is at least this late
) STRICT;
-- Until now every instant seen was believed.
INSERT INTO clock_trust (id, vouched) SELECT id, high_water FROM clock_mark;

-- Scopes whose rows are deleted and whose keys are to be destroyed: noted in the transaction that deletes, taken out once
-- the key is gone, so that a process killed in between leaves nothing behind.
CREATE TABLE scopes_to_destroy (
    scope BLOB PRIMARY KEY,                  -- a chronology, or a person, family or fragment that stood alone
    since INTEGER NOT NULL
) STRICT;
