DROP TABLE scopes_to_destroy;
DROP TABLE clock_trust;
