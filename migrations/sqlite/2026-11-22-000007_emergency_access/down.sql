DROP TABLE emergency_chronologies;
DROP TABLE emergency_accesses;
DROP TRIGGER chronologies_forget_who_was_shown;
DROP TRIGGER fragments_forget_who_was_shown;
DROP TABLE shown_fragments;
