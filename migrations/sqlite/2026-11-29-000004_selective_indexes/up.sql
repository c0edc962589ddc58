-- Indexes by which nothing can be read in proportion to the partnership. An index that begins with the partnership offers
-- the planner, whenever it has no or old statistics, a walk over everything the partnership has; foreign keys, which know
-- no partnership, cannot use it at all, so that each deletion read whole tables. From now on an index begins with the most
-- selective column it has. Two kinds go on beginning with the partnership: those that a list is read by in its order, a
-- page at a time, and those whose columns are always given together.

-- Nothing looks an entry up but within its fragment's version, by the primary key.
DROP INDEX entries_by_id;

DROP INDEX person_keys_by_token;
CREATE INDEX person_keys_by_token ON person_keys (token, kind);
DROP INDEX family_members_by_person;
CREATE INDEX family_members_by_person ON family_members (person_id);
DROP INDEX chronologies_by_family;
CREATE INDEX chronologies_by_family ON chronologies (family_id);
DROP INDEX chronology_team_by_practitioner;
CREATE INDEX chronology_team_by_practitioner ON chronology_team (practitioner_id, chronology_id);
DROP INDEX invitation_practitioners_by_practitioner;
CREATE INDEX invitation_practitioners_by_practitioner ON invitation_practitioners (practitioner_id, invitation_id);

DROP INDEX fragments_by_chronology;
CREATE INDEX fragments_by_chronology ON fragments (chronology_id, agency_id);
DROP INDEX fragments_by_family;
CREATE INDEX fragments_by_family ON fragments (family_id);
CREATE INDEX fragments_by_child ON fragments (child_id);
DROP INDEX fragment_origins_by_chronology;
CREATE INDEX fragment_origins_by_chronology ON fragment_origins (chronology_id);
DROP INDEX fragment_origins_by_family;
CREATE INDEX fragment_origins_by_family ON fragment_origins (family_id);

DROP INDEX consolidations_by_chronology;
CREATE INDEX consolidations_by_chronology ON consolidations (chronology_id, created_at, id);
DROP INDEX link_decisions_by_chronology;
CREATE INDEX link_decisions_by_chronology ON link_decisions (chronology_id, created_at, id);
DROP INDEX link_decision_entries_by_fragment;
CREATE INDEX link_decision_entries_by_fragment ON link_decision_entries (fragment_id);

DROP INDEX person_links_by_pair;
CREATE UNIQUE INDEX person_links_by_pair ON person_links (chronology_id, their_person_id, our_person_id);
DROP INDEX person_links_by_chronology;
CREATE INDEX person_links_by_chronology ON person_links (chronology_id, created_at, id);
DROP INDEX person_links_by_their_person;
CREATE INDEX person_links_by_their_person ON person_links (their_person_id);
DROP INDEX person_links_by_our_person;
CREATE INDEX person_links_by_our_person ON person_links (our_person_id);

DROP INDEX tombstones_by_chronology;
CREATE INDEX tombstones_by_chronology ON tombstones (chronology_id);
DROP INDEX deletion_covered_by_object;
CREATE INDEX deletion_covered_by_object ON deletion_covered (object_id);

DROP INDEX emergency_chronologies_by_chronology;
CREATE INDEX emergency_chronologies_by_chronology ON emergency_chronologies (chronology_id, practitioner_id);
DROP INDEX emergency_chronologies_by_owner;
CREATE INDEX emergency_chronologies_by_owner ON emergency_chronologies (owner_id);

-- What an agency has sent ahead of any chronology; the service lets so many wait and no more.
CREATE INDEX fragments_ahead ON fragments (agency_id, created_at, id) WHERE chronology_id IS NULL;

-- The audit of one thing, one chronology or one person.
DROP INDEX audit_records_by_chronology;
CREATE INDEX audit_records_by_chronology ON audit_records (chronology_token, at, id);
DROP INDEX audit_records_by_object;
CREATE INDEX audit_records_by_object ON audit_records (object_token, at, id);
DROP INDEX audit_records_by_practitioner;
CREATE INDEX audit_records_by_practitioner ON audit_records (practitioner_token, at, id);

-- Lists of practitioners, of one agency or of all, a page at a time.
CREATE INDEX practitioners_by_time ON practitioners (partnership_id, created_at, id);
CREATE INDEX practitioners_by_agency ON practitioners (partnership_id, agency_id, created_at, id);

-- What one person owns or has sent, a page at a time.
CREATE INDEX chronologies_by_owner ON chronologies (owner_id, created_at, id);
CREATE INDEX fragments_by_author ON fragments (author_id, created_at, id);

-- Invitations in one state, in the order of their due dates.
DROP INDEX invitations_by_due;
CREATE INDEX invitations_by_due ON invitations (state, due_at, id);

-- Reasons that a former version sealed for good: none, once the purge has given them their end.
CREATE INDEX deletion_orders_sealed_for_good ON deletion_orders (chronology_id) WHERE words_until IS NULL AND sealed IS NOT NULL;
