-- As 0005 and 0006 of SQLite.
ALTER TABLE turns ADD COLUMN wishes TEXT;
ALTER TABLE turns ADD COLUMN scores TEXT;

CREATE TABLE corrections (
    answer_id  TEXT NOT NULL PRIMARY KEY REFERENCES turns (id),
    correction TEXT NOT NULL,
    created_at BIGINT NOT NULL
);
