-- Whose conversation it is, where the caller says so: for export and erasure.
ALTER TABLE conversations ADD COLUMN customer_id TEXT;

CREATE INDEX conversations_of_a_customer ON conversations (customer_id);

-- When a person took it: how long customers wait is measured from this.
ALTER TABLE handoffs ADD COLUMN accepted_at INTEGER;

-- What other systems are to hear, written together with what it is about. `state`: waiting, delivered or dead. A delivery that is
-- under way has its next try in the future, so that another server, or this one after a crash, takes it up when it never came back.
CREATE TABLE outbox (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    endpoint        TEXT NOT NULL,
    event           TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    body            TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        INTEGER NOT NULL,
    due_at          INTEGER NOT NULL,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    ended_at        INTEGER
) STRICT;

CREATE INDEX outbox_by_state ON outbox (state, due_at);
CREATE INDEX outbox_of_a_conversation ON outbox (conversation_id);
CREATE INDEX turns_by_time ON turns (created_at);
CREATE INDEX feedback_on_an_answer ON feedback (answer_id);
