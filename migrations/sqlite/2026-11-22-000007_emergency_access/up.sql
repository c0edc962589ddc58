-- Who was shown what, for the agencies that contributed it; and who broke the glass.

-- One answer in which entries of a fragment were shown, written in the transaction of its audit record. The rows of one
-- answer lie side by side, so that writing them touches one page. No references, which would lock fragments for every
-- reader: triggers take the rows away with what they are about.
CREATE TABLE shown_fragments (
    partnership_id BLOB NOT NULL,
    scope_id BLOB NOT NULL,                -- the fragment's chronology, or itself while it is ahead of one
    fragment_id BLOB NOT NULL,
    at INTEGER NOT NULL,
    record_id BLOB NOT NULL,               -- the answer's audit record
    practitioner_id BLOB NOT NULL,         -- to whom
    agency_id BLOB NOT NULL,               -- for which agency
    role TEXT,                           -- in which role
    operation TEXT NOT NULL,             -- by which operation
    reason TEXT,                         -- why it was allowed
    purpose TEXT,                        -- for what purpose
    entry_count INTEGER NOT NULL,            -- how many of the fragment's entries were in the answer
    PRIMARY KEY (partnership_id, scope_id, at, record_id, fragment_id)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER chronologies_forget_who_was_shown BEFORE DELETE ON chronologies FOR EACH ROW
BEGIN
    DELETE FROM shown_fragments WHERE partnership_id = OLD.partnership_id AND scope_id = OLD.id;
END;
CREATE TRIGGER fragments_forget_who_was_shown AFTER DELETE ON fragments FOR EACH ROW
BEGIN
    DELETE FROM shown_fragments
        WHERE partnership_id = OLD.partnership_id AND scope_id = OLD.chronology_id AND fragment_id = OLD.id;
    DELETE FROM shown_fragments WHERE partnership_id = OLD.partnership_id AND scope_id = OLD.id;
END;

-- Somebody broke the glass. The record outlives the chronologies it was to and holds nothing of them but their ids.
CREATE TABLE emergency_accesses (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),  -- who
    agency_id BLOB NOT NULL REFERENCES agencies (id),             -- for which agency
    reason_code TEXT NOT NULL,           -- why, from a closed list
    opened_at INTEGER NOT NULL,
    ends_at INTEGER NOT NULL,                 -- from then on nothing is read under it
    ended_at INTEGER,                         -- ended before that
    review_due_at INTEGER NOT NULL,           -- by when it is to be reviewed
    reviewed_at INTEGER,
    reviewed_by BLOB REFERENCES practitioners (id),
    finding TEXT,                        -- what the review found
    words_until INTEGER NOT NULL,             -- from then on the words are gone
    wrapped_key BLOB,                     -- null: the words are gone
    sealed BLOB,                          -- the reason and the reviewer's note
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX emergency_accesses_by_time ON emergency_accesses (partnership_id, opened_at, id);
CREATE INDEX emergency_accesses_by_words ON emergency_accesses (words_until) WHERE sealed IS NOT NULL;

-- The chronologies it was to. They may be gone: no reference.
CREATE TABLE emergency_chronologies (
    access_id BLOB NOT NULL REFERENCES emergency_accesses (id) ON DELETE CASCADE,
    chronology_id BLOB NOT NULL,
    partnership_id BLOB NOT NULL,
    practitioner_id BLOB NOT NULL,         -- who broke the glass
    owner_id BLOB NOT NULL,                -- the chronology's owner at the time
    owner_agency_id BLOB NOT NULL,         -- and its agency
    ends_at INTEGER NOT NULL,                 -- the access's end, or the chronology's own when that is earlier
    PRIMARY KEY (access_id, chronology_id)
) STRICT;
CREATE INDEX emergency_chronologies_by_chronology ON emergency_chronologies (partnership_id, chronology_id, practitioner_id);
CREATE INDEX emergency_chronologies_by_owner ON emergency_chronologies (partnership_id, owner_id);
