-- What the files for SQLite come to, in PostgreSQL's words; the numbers of both start over here.
-- Times are microseconds since 1970-01-01 UTC. A change to the tables is a new file: this one has been applied elsewhere.
-- `rowid` is what SQLite calls the column that counts the rows of a table; the statements order by it.
CREATE TABLE conversations (
    id          TEXT NOT NULL PRIMARY KEY,
    created_at  BIGINT NOT NULL,
    customer_id TEXT
);

CREATE INDEX conversations_of_a_customer ON conversations (customer_id);

CREATE TABLE turns (
    rowid           BIGINT GENERATED ALWAYS AS IDENTITY,
    id              TEXT NOT NULL PRIMARY KEY,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    question        TEXT NOT NULL,
    answer          TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    wishes          TEXT,
    scores          TEXT
);

CREATE INDEX turns_of_a_conversation ON turns (conversation_id, created_at);
CREATE INDEX turns_by_time ON turns (created_at);

CREATE TABLE handoffs (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    packet          TEXT NOT NULL,
    state           TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    revision        BIGINT NOT NULL DEFAULT 1,
    agent           TEXT,
    note            TEXT,
    updated_at      BIGINT,
    accepted_at     BIGINT
);

CREATE INDEX handoffs_of_a_conversation ON handoffs (conversation_id);
CREATE INDEX handoffs_by_state ON handoffs (state, seq);

CREATE TABLE feedback (
    seq        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    answer_id  TEXT NOT NULL REFERENCES turns (id),
    rating     TEXT NOT NULL,
    comment    TEXT,
    created_at BIGINT NOT NULL
);

CREATE INDEX feedback_on_an_answer ON feedback (answer_id);

CREATE TABLE corrections (
    rowid      BIGINT GENERATED ALWAYS AS IDENTITY,
    answer_id  TEXT NOT NULL PRIMARY KEY REFERENCES turns (id),
    correction TEXT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE outbox (
    seq             BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id              TEXT NOT NULL UNIQUE,
    endpoint        TEXT NOT NULL,
    event           TEXT NOT NULL,
    conversation_id TEXT NOT NULL REFERENCES conversations (id),
    body            TEXT NOT NULL,
    state           TEXT NOT NULL,
    attempts        BIGINT NOT NULL,
    due_at          BIGINT NOT NULL,
    last_error      TEXT,
    created_at      BIGINT NOT NULL,
    ended_at        BIGINT
);

CREATE INDEX outbox_by_state ON outbox (state, due_at);
CREATE INDEX outbox_of_a_conversation ON outbox (conversation_id);

CREATE TABLE documents (
    id         TEXT NOT NULL,
    version    BIGINT NOT NULL,
    extension  TEXT NOT NULL,
    bytes      BYTEA NOT NULL,
    begins     TEXT,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
