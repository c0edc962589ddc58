-- Who was shown what, for the agencies that contributed it; and who broke the glass.

-- One answer in which entries of a fragment were shown, written in the transaction of its audit record. The rows of one
-- answer lie side by side, so that writing them touches one page. No references, which would lock fragments for every
-- reader: triggers take the rows away with what they are about.
CREATE TABLE shown_fragments (
    partnership_id uuid NOT NULL,
    scope_id uuid NOT NULL,                -- the fragment's chronology, or itself while it is ahead of one
    fragment_id uuid NOT NULL,
    at timestamptz NOT NULL,
    record_id uuid NOT NULL,               -- the answer's audit record
    practitioner_id uuid NOT NULL,         -- to whom
    agency_id uuid NOT NULL,               -- for which agency
    role text,                           -- in which role
    operation text NOT NULL,             -- by which operation
    reason text,                         -- why it was allowed
    purpose text,                        -- for what purpose
    entry_count bigint NOT NULL,            -- how many of the fragment's entries were in the answer
    PRIMARY KEY (partnership_id, scope_id, at, record_id, fragment_id)
);

CREATE FUNCTION forget_who_was_shown() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'fragments' THEN
        DELETE FROM shown_fragments
            WHERE partnership_id = OLD.partnership_id AND scope_id = OLD.chronology_id AND fragment_id = OLD.id;
    END IF;
    DELETE FROM shown_fragments WHERE partnership_id = OLD.partnership_id AND scope_id = OLD.id;
    RETURN OLD;
END $$;
CREATE TRIGGER chronologies_forget_who_was_shown BEFORE DELETE ON chronologies
    FOR EACH ROW EXECUTE FUNCTION forget_who_was_shown();
CREATE TRIGGER fragments_forget_who_was_shown AFTER DELETE ON fragments
    FOR EACH ROW EXECUTE FUNCTION forget_who_was_shown();

-- Somebody broke the glass. The record outlives the chronologies it was to and holds nothing of them but their ids.
CREATE TABLE emergency_accesses (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    practitioner_id uuid NOT NULL REFERENCES practitioners (id),  -- who
    agency_id uuid NOT NULL REFERENCES agencies (id),             -- for which agency
    reason_code text NOT NULL,           -- why, from a closed list
    opened_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,                 -- from then on nothing is read under it
    ended_at timestamptz,                         -- ended before that
    review_due_at timestamptz NOT NULL,           -- by when it is to be reviewed
    reviewed_at timestamptz,
    reviewed_by uuid REFERENCES practitioners (id),
    finding text,                        -- what the review found
    words_until timestamptz NOT NULL,             -- from then on the words are gone
    wrapped_key bytea,                     -- null: the words are gone
    sealed bytea,                          -- the reason and the reviewer's note
    version bigint NOT NULL
);
CREATE INDEX emergency_accesses_by_time ON emergency_accesses (partnership_id, opened_at, id);
CREATE INDEX emergency_accesses_by_words ON emergency_accesses (words_until) WHERE sealed IS NOT NULL;

-- The chronologies it was to. They may be gone: no reference.
CREATE TABLE emergency_chronologies (
    access_id uuid NOT NULL REFERENCES emergency_accesses (id) ON DELETE CASCADE,
    chronology_id uuid NOT NULL,
    partnership_id uuid NOT NULL,
    practitioner_id uuid NOT NULL,         -- who broke the glass
    owner_id uuid NOT NULL,                -- the chronology's owner at the time
    owner_agency_id uuid NOT NULL,         -- and its agency
    ends_at timestamptz NOT NULL,                 -- the access's end, or the chronology's own when that is earlier
    PRIMARY KEY (access_id, chronology_id)
);
CREATE INDEX emergency_chronologies_by_chronology ON emergency_chronologies (partnership_id, chronology_id, practitioner_id);
CREATE INDEX emergency_chronologies_by_owner ON emergency_chronologies (partnership_id, owner_id);

-- Ciphertext: samples of it are not to be kept as statistics, and compressing it is time lost.
ALTER TABLE emergency_accesses ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
