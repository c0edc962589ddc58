-- What one person cannot do alone: destroy a chronology before its time, and hold everything in the partnership.

-- A destruction that somebody asked for and nobody else has confirmed yet. It goes with its chronology.
CREATE TABLE destruction_requests (
    chronology_id BLOB PRIMARY KEY REFERENCES chronologies (id) ON DELETE CASCADE,
    id BLOB NOT NULL,                    -- what a confirmation names
    partnership_id BLOB NOT NULL,
    reason TEXT NOT NULL,                -- why, from a closed list
    asked_by BLOB NOT NULL REFERENCES practitioners (id),
    asked_at INTEGER NOT NULL,
    lapses_at INTEGER NOT NULL,          -- from then on it cannot be confirmed
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL                 -- the reasons in words
) STRICT;
CREATE INDEX destruction_requests_by_end ON destruction_requests (lapses_at);

-- Who asked for a destruction that somebody else decided.
ALTER TABLE deletion_orders ADD COLUMN asked_by BLOB;

-- A hold on everything that nobody else has confirmed yet holds nothing.
ALTER TABLE holds ADD COLUMN awaiting INTEGER NOT NULL DEFAULT 0 CHECK (awaiting IN (0, 1));
ALTER TABLE holds ADD COLUMN confirmed_by BLOB;
