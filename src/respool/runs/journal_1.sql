BEGIN IMMEDIATE;

CREATE TABLE run (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    account     TEXT NOT NULL,
    target      TEXT NOT NULL,
    software    TEXT NOT NULL,
    plan_file   TEXT NOT NULL,
    plan_digest TEXT NOT NULL,
    state       TEXT NOT NULL,
    started_at  TEXT NOT NULL,
    ended_at    TEXT
);

CREATE TABLE step (
    run         INTEGER NOT NULL REFERENCES run (id),
    number      INTEGER NOT NULL,
    lane        TEXT NOT NULL,
    kind        TEXT NOT NULL,
    line_offset INTEGER NOT NULL,
    line_length INTEGER NOT NULL,
    state       TEXT NOT NULL,
    before      TEXT,
    receipt     TEXT,
    error       TEXT,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;

CREATE INDEX step_lane ON step (run, lane, number);

PRAGMA user_version = 1;

COMMIT;
