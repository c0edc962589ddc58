-- How many of a practitioner's emergency accesses await a review is counted before another is opened.
CREATE INDEX emergency_accesses_awaiting_review ON emergency_accesses (practitioner_id) WHERE reviewed_at IS NULL;
