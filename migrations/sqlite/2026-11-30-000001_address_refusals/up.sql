-- Texts that were refused because they tell where a protected person lives: counted, so that nobody can guess, and shown as
-- alerts. No words, and nothing of the family but its id; they go after a while. What they were about may be gone: no
-- reference.
CREATE TABLE address_refusals (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    practitioner_id BLOB NOT NULL REFERENCES practitioners (id),  -- who wrote it
    agency_id BLOB NOT NULL REFERENCES agencies (id),             -- for which agency
    operation TEXT NOT NULL,             -- by which operation
    chronology_id BLOB,                   -- the chronology it was written about
    owner_id BLOB,                        -- its owner at the time
    owner_agency_id BLOB,                 -- and their agency
    refused_at INTEGER NOT NULL
) STRICT;
CREATE INDEX address_refusals_by_time ON address_refusals (partnership_id, refused_at, id);
CREATE INDEX address_refusals_by_practitioner ON address_refusals (practitioner_id, refused_at);
CREATE INDEX address_refusals_by_age ON address_refusals (refused_at);
