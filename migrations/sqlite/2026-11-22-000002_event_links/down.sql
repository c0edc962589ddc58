DROP TABLE link_decision_entries;
DROP TABLE link_decisions;
DROP TABLE event_links;
