DROP TABLE consolidation_links;
DROP TABLE consolidation_fragments;
DROP TABLE consolidations;

CREATE TABLE consolidations (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES practitioners (id),
    row_count bigint NOT NULL,
    entry_count bigint NOT NULL,
    content_index bytea NOT NULL,            -- keyed hash of the frozen view
    expires_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    signed_off_at timestamptz,
    signed_off_by uuid REFERENCES practitioners (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX consolidations_by_expiry ON consolidations (expires_at, id);
CREATE INDEX consolidations_by_chronology ON consolidations (partnership_id, chronology_id, created_at, id);
ALTER TABLE consolidations ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
