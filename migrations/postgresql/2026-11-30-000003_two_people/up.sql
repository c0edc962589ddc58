-- What one person cannot do alone: destroy a chronology before its time, and hold everything in the partnership.

-- A destruction that somebody asked for and nobody else has confirmed yet. It goes with its chronology.
CREATE TABLE destruction_requests (
    chronology_id uuid PRIMARY KEY REFERENCES chronologies (id) ON DELETE CASCADE,
    id uuid NOT NULL,                    -- what a confirmation names
    partnership_id uuid NOT NULL,
    reason text NOT NULL,                -- why, from a closed list
    asked_by uuid NOT NULL REFERENCES practitioners (id),
    asked_at timestamptz NOT NULL,
    lapses_at timestamptz NOT NULL,          -- from then on it cannot be confirmed
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL                 -- the reasons in words
);
CREATE INDEX destruction_requests_by_end ON destruction_requests (lapses_at);

-- Who asked for a destruction that somebody else decided.
ALTER TABLE deletion_orders ADD COLUMN asked_by uuid;

-- A hold on everything that nobody else has confirmed yet holds nothing.
ALTER TABLE holds ADD COLUMN awaiting boolean NOT NULL DEFAULT false;
ALTER TABLE holds ADD COLUMN confirmed_by uuid;

-- Ciphertext: samples of it are not to be kept as statistics, and compressing it is time lost.
ALTER TABLE destruction_requests ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
