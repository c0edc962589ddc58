DROP INDEX families_by_recorder;
