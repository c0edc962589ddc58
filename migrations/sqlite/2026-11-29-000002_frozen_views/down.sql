DROP TABLE consolidation_links;
DROP TABLE consolidation_fragments;
DROP TABLE consolidations;

CREATE TABLE consolidations (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    author_id BLOB NOT NULL REFERENCES practitioners (id),
    row_count INTEGER NOT NULL,
    entry_count INTEGER NOT NULL,
    content_index BLOB NOT NULL,            -- keyed hash of the frozen view
    expires_at INTEGER NOT NULL,
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,
    signed_off_at INTEGER,
    signed_off_by BLOB REFERENCES practitioners (id),
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consolidations_by_expiry ON consolidations (expires_at, id);
CREATE INDEX consolidations_by_chronology ON consolidations (partnership_id, chronology_id, created_at, id);
