-- Times are microseconds since 1970-01-01 UTC. A change to the tables is a new file: this one has been applied elsewhere.
CREATE TABLE conversations (
    id         TEXT NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT;

-- One question and its whole answer, as JSON.
CREATE TABLE turns (
    id              TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    question        TEXT NOT NULL,
    answer          TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;

CREATE INDEX turns_of_a_conversation ON turns (conversation_id, created_at);

-- `seq` gives hand-offs an order that the clock cannot disturb. `state` outranks the one inside the packet.
CREATE TABLE handoffs (
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    id              TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    packet          TEXT NOT NULL,
    state           TEXT NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
