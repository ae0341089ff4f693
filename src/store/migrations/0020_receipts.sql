-- How an answer came about: what the request asked for beside its words, and the scores behind the confidence, both as JSON.
ALTER TABLE turns ADD COLUMN wishes TEXT;
ALTER TABLE turns ADD COLUMN scores TEXT;
