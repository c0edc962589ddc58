-- Business support lists the families that it recorded itself.
CREATE INDEX families_by_recorder ON families (created_by, created_at, id);
