-- Which of an agency's records of people are the same person as one of the chronology's family: what linkage found when
-- fragments sent ahead were looked at, what it leaves to a person, and what people decided.
--
-- From here on a child who is recorded or replaced also has look-up tokens of kind `blocking` in person_keys, and one who
-- is put into a family of kind `kin`: keyed hashes of sounds, dates and places, and of who the mother is, by which a
-- fragment that waits ahead of a chronology is found. People recorded before have none until they are replaced; they are
-- found by their exact tokens (NHS number, UPN, name with birth), as they were.

CREATE TABLE person_links (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    their_person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE, -- as the agency recorded them
    our_person_id uuid NOT NULL REFERENCES people (id) ON DELETE CASCADE,   -- of the chronology's family
    band text NOT NULL,                      -- what linkage says of the two records: match, possible or different
    state text NOT NULL,                     -- open: a question; standing; undone
    verdict text,                            -- a person's: same or different; null: linkage alone
    decided_by uuid REFERENCES practitioners (id),
    expires_at timestamptz NOT NULL,         -- bound into the wrapped key: the earliest end of chronology and people
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- evidence, reasons, who decided what before
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX person_links_by_pair ON person_links (partnership_id, chronology_id, their_person_id, our_person_id);
CREATE INDEX person_links_by_chronology ON person_links (partnership_id, chronology_id, created_at, id);
CREATE INDEX person_links_by_their_person ON person_links (partnership_id, their_person_id);
CREATE INDEX person_links_by_our_person ON person_links (partnership_id, our_person_id);

-- Where a fragment that was taken into a chronology came from, so that it can go back there. While it stands the
-- family it came from stays.
CREATE TABLE fragment_origins (
    fragment_id uuid PRIMARY KEY REFERENCES fragments (id) ON DELETE CASCADE,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    family_id uuid NOT NULL REFERENCES families (id),
    asked_expiry timestamptz NOT NULL,       -- the expiry its agency gave it
    created_at timestamptz NOT NULL
);
CREATE INDEX fragment_origins_by_chronology ON fragment_origins (partnership_id, chronology_id);
CREATE INDEX fragment_origins_by_family ON fragment_origins (partnership_id, family_id);

ALTER TABLE person_links ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
