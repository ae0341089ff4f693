-- Documents that came over the API, as they were sent. `begins` is the first day on which one holds where the file does not say.
CREATE TABLE documents (
    id         TEXT NOT NULL,
    version    INTEGER NOT NULL,
    extension  TEXT NOT NULL,
    bytes      BLOB NOT NULL,
    begins     TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (id, version)
) STRICT;
