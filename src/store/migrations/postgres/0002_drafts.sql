-- Answers of people that may become policy, until somebody agrees or not. Times are microseconds since 1970-01-01 UTC.
CREATE TABLE drafts (
    id         TEXT NOT NULL PRIMARY KEY,
    handoff_id TEXT NOT NULL REFERENCES handoffs (id),
    question   TEXT NOT NULL,
    answer     TEXT NOT NULL,
    agent      TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE INDEX drafts_of_a_handoff ON drafts (handoff_id);
