-- Which entries tell one event: what linkage found at submission, and what people decided.

-- What linkage found among the entries that one kind of reader sees. The index is a keyed hash of exactly what was
-- compared, so that what is found under it is never out of date; a reader who sees something else has a row of their own.
CREATE TABLE event_links (
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    view_index bytea NOT NULL,
    partnership_id uuid NOT NULL,
    expires_at timestamptz NOT NULL,         -- that of the chronology when it was sealed
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,                   -- entries told together, with the evidence
    created_at timestamptz NOT NULL,
    PRIMARY KEY (chronology_id, view_index)
);

-- A person's decision. It may be withdrawn, never changed.
CREATE TABLE link_decisions (
    id uuid PRIMARY KEY,
    partnership_id uuid NOT NULL REFERENCES partnerships (id),
    chronology_id uuid NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    verdict text NOT NULL,
    author_id uuid NOT NULL REFERENCES practitioners (id),
    expires_at timestamptz NOT NULL,         -- of the reason: the earliest end of what it is about
    wrapped_key bytea,                       -- null: the reason is gone, with a fragment that it was about
    sealed bytea,                            -- reasons
    withdrawn_at timestamptz,
    withdrawn_by uuid REFERENCES practitioners (id),
    version bigint NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX link_decisions_by_chronology ON link_decisions (partnership_id, chronology_id, created_at, id);

-- The entries it is about; they go with their fragment.
CREATE TABLE link_decision_entries (
    decision_id uuid NOT NULL REFERENCES link_decisions (id) ON DELETE CASCADE,
    entry_id uuid NOT NULL,
    partnership_id uuid NOT NULL,
    fragment_id uuid NOT NULL REFERENCES fragments (id) ON DELETE CASCADE,
    side bigint NOT NULL,                   -- 0: the entries decided about; 1: those they are or are not linked with
    PRIMARY KEY (decision_id, entry_id)
);
CREATE INDEX link_decision_entries_by_fragment ON link_decision_entries (partnership_id, fragment_id);
