-- Who has a hand-off, and what became of it. `revision` counts changes, so that two people cannot overwrite each other unnoticed.
ALTER TABLE handoffs ADD COLUMN revision INTEGER NOT NULL DEFAULT 1;
ALTER TABLE handoffs ADD COLUMN agent TEXT;
ALTER TABLE handoffs ADD COLUMN note TEXT;
ALTER TABLE handoffs ADD COLUMN updated_at INTEGER;

CREATE INDEX handoffs_of_a_conversation ON handoffs (conversation_id);
CREATE INDEX handoffs_by_state ON handoffs (state, seq);

-- What customers and colleagues thought of an answer; each may say so again.
CREATE TABLE feedback (
    seq        INTEGER PRIMARY KEY AUTOINCREMENT,
    answer_id  TEXT NOT NULL REFERENCES turns (id),
    rating     TEXT NOT NULL,
    comment    TEXT,
    created_at INTEGER NOT NULL
) STRICT;
