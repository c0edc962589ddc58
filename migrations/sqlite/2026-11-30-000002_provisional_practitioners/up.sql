-- Somebody whom the directory met by their token alone stays provisional until they do something that lasts or somebody names
-- them: an issuer can invent any number of subjects. Who is provisional is forgotten at this moment; 0 is of one forgotten.
ALTER TABLE practitioners ADD COLUMN provisional_until INTEGER;
CREATE INDEX practitioners_provisional ON practitioners (agency_id, provisional_until) WHERE provisional_until IS NOT NULL;
CREATE INDEX practitioners_by_provisional_end ON practitioners (provisional_until) WHERE provisional_until IS NOT NULL;
