-- Which entries tell one event: what linkage found at submission, and what people decided.

-- What linkage found among the entries that one kind of reader sees. The index is a keyed hash of exactly what was
-- compared, so that what is found under it is never out of date; a reader who sees something else has a row of their own.
CREATE TABLE event_links (
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    view_index BLOB NOT NULL,
    partnership_id BLOB NOT NULL,
    expires_at INTEGER NOT NULL,         -- that of the chronology when it was sealed
    wrapped_key BLOB NOT NULL,
    sealed BLOB NOT NULL,                   -- entries told together, with the evidence
    created_at INTEGER NOT NULL,
    PRIMARY KEY (chronology_id, view_index)
) STRICT;

-- A person's decision. It may be withdrawn, never changed.
CREATE TABLE link_decisions (
    id BLOB PRIMARY KEY,
    partnership_id BLOB NOT NULL REFERENCES partnerships (id),
    chronology_id BLOB NOT NULL REFERENCES chronologies (id) ON DELETE CASCADE,
    verdict TEXT NOT NULL,
    author_id BLOB NOT NULL REFERENCES practitioners (id),
    expires_at INTEGER NOT NULL,         -- of the reason: the earliest end of what it is about
    wrapped_key BLOB,                       -- null: the reason is gone, with a fragment that it was about
    sealed BLOB,                            -- reasons
    withdrawn_at INTEGER,
    withdrawn_by BLOB REFERENCES practitioners (id),
    version INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX link_decisions_by_chronology ON link_decisions (partnership_id, chronology_id, created_at, id);

-- The entries it is about; they go with their fragment.
CREATE TABLE link_decision_entries (
    decision_id BLOB NOT NULL REFERENCES link_decisions (id) ON DELETE CASCADE,
    entry_id BLOB NOT NULL,
    partnership_id BLOB NOT NULL,
    fragment_id BLOB NOT NULL REFERENCES fragments (id) ON DELETE CASCADE,
    side INTEGER NOT NULL,                   -- 0: the entries decided about; 1: those they are or are not linked with
    PRIMARY KEY (decision_id, entry_id)
) STRICT;
CREATE INDEX link_decision_entries_by_fragment ON link_decision_entries (partnership_id, fragment_id);
