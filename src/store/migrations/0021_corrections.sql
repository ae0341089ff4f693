-- What people want answered instead, as JSON with the sentences it rests on. One correction per answer; the newest of a question counts.
CREATE TABLE corrections (
    answer_id  TEXT NOT NULL PRIMARY KEY REFERENCES turns (id),
    correction TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
