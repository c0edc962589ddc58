-- A fragment's data keys are wrapped under a key of the fragment's own too, so that one that is withdrawn, or whose end is
-- brought forward, opens in no older copy of this database.
ALTER TABLE fragments ADD COLUMN wrapped_until INTEGER;  -- the latest end they were wrapped for; null: under the chronology's key alone

-- Keys that are only to be taken away: another key, which all that they open needs too, is destroyed.
ALTER TABLE scopes_to_destroy ADD COLUMN unneeded INTEGER NOT NULL DEFAULT 0;
