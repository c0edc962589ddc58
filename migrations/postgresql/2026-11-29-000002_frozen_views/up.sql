-- A frozen view keeps no content of any fragment: which versions of which fragments it was frozen with, and a layout. The
-- accounts are read from those versions, under their own keys, for as long as they live; they go with their fragment.

-- Views of before hold whole timelines under the chronology's own key and expiry, which outlive the fragments that they
-- repeat. SQL cannot open them, so they are deleted: nothing of them may stay. The chronology keeps its state, and can be
-- frozen and signed off again once it is reopened.
DROP TABLE consolidations;

CREATE TABLE consolidations (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    author_id uuid NOT NULL REFERENCES practitioners (id),
    expires_at timestamptz NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- layout: the family, where each agency stood, decisions about links by id
    signed_off_at timestamptz,
    signed_off_by uuid REFERENCES practitioners (id),
    created_at timestamptz NOT NULL
);
CREATE INDEX consolidations_by_expiry ON consolidations (expires_at, id);
CREATE INDEX consolidations_by_chronology ON consolidations (partnership_id, chronology_id, created_at, id);

-- The versions of fragments that a view was frozen with.
CREATE TABLE consolidation_fragments (
    consolidation_id uuid NOT NULL REFERENCES consolidations (id) ON DELETE CASCADE,
    fragment_id uuid NOT NULL,
    version bigint NOT NULL,
    partnership_id uuid NOT NULL,
    PRIMARY KEY (consolidation_id, fragment_id),
    FOREIGN KEY (fragment_id, version) REFERENCES fragment_versions (fragment_id, version) ON DELETE CASCADE
);
CREATE INDEX consolidation_fragments_by_version ON consolidation_fragments (fragment_id, version);

-- What linkage found among the entries of a view, for each kind of reader. It tells of several fragments, so it lives no
-- longer than the first of them; after that it is found again among what is left.
CREATE TABLE consolidation_links (
    consolidation_id uuid PRIMARY KEY REFERENCES consolidations (id) ON DELETE CASCADE,
    partnership_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,         -- the earliest end of the view's fragments
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL                    -- entries told together, with the evidence
);

-- Ciphertext: samples of it are not to be kept as statistics, and compressing it is time lost.
ALTER TABLE consolidations ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
ALTER TABLE consolidation_links ALTER COLUMN wrapped_key SET STATISTICS 0, ALTER COLUMN sealed SET STATISTICS 0, ALTER COLUMN sealed SET STORAGE EXTERNAL;
