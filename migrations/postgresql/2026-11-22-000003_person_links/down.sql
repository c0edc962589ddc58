DROP TABLE fragment_origins;
DROP TABLE person_links;
DELETE FROM person_keys WHERE kind IN ('blocking', 'kin');
