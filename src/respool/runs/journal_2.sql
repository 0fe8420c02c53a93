BEGIN IMMEDIATE;

CREATE TABLE batch (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL
);

CREATE TABLE member (
    batch       INTEGER NOT NULL REFERENCES batch (id),
    number      INTEGER NOT NULL,
    account     TEXT NOT NULL,
    plan_offset INTEGER,
    plan_length INTEGER,
    run         INTEGER UNIQUE REFERENCES run (id),
    error       TEXT,
    PRIMARY KEY (batch, number)
) WITHOUT ROWID;

PRAGMA user_version = 2;

COMMIT;
