BEGIN IMMEDIATE;

CREATE TABLE fact (
    name  TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;

-- Generations that the backup has, numbered in the order of time, with room between.
CREATE TABLE generation (
    ordinal    INTEGER PRIMARY KEY,
    label      TEXT NOT NULL,
    identity   TEXT NOT NULL,     -- another text: it is not the same mail any more
    taken_at   INTEGER,
    is_about   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    indexed_at INTEGER,           -- NULL: not at all, or not all of it
    problem    TEXT,              -- what could not be read of it
    is_gone    INTEGER NOT NULL   -- the backup has it no more; soon it is forgotten
);

-- Every number that a generation ever had: none is given again.
CREATE TABLE used (
    ordinal INTEGER PRIMARY KEY
);

CREATE TABLE account (
    id     INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL,
    login  TEXT NOT NULL,
    domain TEXT NOT NULL,
    UNIQUE (kind, login, domain)
);

CREATE TABLE folder (
    id      INTEGER PRIMARY KEY,
    account INTEGER NOT NULL REFERENCES account (id),
    name    TEXT NOT NULL,        -- the parts of its mailbox name, each after a "/"
    UNIQUE (account, name)
);

-- What one folder held: a version is numbered as the generation that it was read from.
CREATE TABLE folder_version (
    folder      INTEGER NOT NULL REFERENCES folder (id),
    version     INTEGER NOT NULL,
    inode       INTEGER NOT NULL, -- of its index; 0: it is read again each time
    octets      INTEGER NOT NULL,
    mtime       INTEGER NOT NULL,
    uniqueid    TEXT,
    uidvalidity INTEGER,
    messages    INTEGER NOT NULL,
    unseen      INTEGER,
    expunged    INTEGER NOT NULL,
    size_octets INTEGER NOT NULL,
    missing     INTEGER NOT NULL, -- messages without a file
    stubs       INTEGER NOT NULL, -- messages whose bodies are elsewhere
    problem     TEXT,             -- the finding that cost its index
    PRIMARY KEY (folder, version)
) WITHOUT ROWID;

-- Which generations have which version of a folder: those from first to last.
CREATE TABLE folder_stand (
    folder  INTEGER NOT NULL REFERENCES folder (id),
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (folder, first)
) WITHOUT ROWID;

CREATE TABLE address (
    id      INTEGER PRIMARY KEY,
    name    TEXT NOT NULL,
    address TEXT NOT NULL,
    folded  TEXT NOT NULL,
    UNIQUE (name, address)
);

-- One message by its octets. The key is in the order of the time it was received.
CREATE TABLE message (
    id          INTEGER PRIMARY KEY,
    key         INTEGER NOT NULL,
    guid        BLOB NOT NULL,    -- 20 octets; 21 where nobody knows it, and this is ours
    sent        INTEGER,
    octets      INTEGER NOT NULL,
    senders     ANY,              -- numbers of addresses; NULL: nothing is known of it
    recipients  ANY,
    subject     TEXT,
    message_id  TEXT,
    attachments INTEGER,          -- NULL: not known
    body        INTEGER           -- NULL: not indexed; 1: indexed; 2: in part; 3: not readable
);
CREATE UNIQUE INDEX message_guid ON message (guid);
CREATE UNIQUE INDEX message_key ON message (key);

-- Messages that some folder dates otherwise than their keys say.
CREATE TABLE other_date (
    message INTEGER PRIMARY KEY REFERENCES message (id)
);

-- Keys that were a message's once, and are in the words for ever.
CREATE TABLE buried (
    key INTEGER PRIMARY KEY
);

CREATE TABLE state (
    id          INTEGER PRIMARY KEY,
    flags       TEXT NOT NULL,    -- names, a space after each
    is_expunged INTEGER NOT NULL,
    is_archived INTEGER NOT NULL,
    has_file    INTEGER NOT NULL,
    UNIQUE (flags, is_expunged, is_archived, has_file)
);

-- Where a message stood, in versions of its folder from first to last; 0: no end.
CREATE TABLE stand (
    folder  INTEGER NOT NULL REFERENCES folder (id),
    uid     INTEGER NOT NULL,
    first   INTEGER NOT NULL,
    last    INTEGER NOT NULL,
    message INTEGER NOT NULL REFERENCES message (id),
    state   INTEGER NOT NULL REFERENCES state (id),
    date    INTEGER NOT NULL,
    changed INTEGER,              -- when it was expunged
    PRIMARY KEY (folder, uid, first)
) WITHOUT ROWID;
CREATE INDEX stand_message ON stand (message);

-- Words that subjects have, and bodies; parts of them are looked for here.
CREATE TABLE word (
    text TEXT PRIMARY KEY
) WITHOUT ROWID;
CREATE TABLE body_word (
    text TEXT PRIMARY KEY
) WITHOUT ROWID;

CREATE VIRTUAL TABLE words USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
);
CREATE VIRTUAL TABLE body_words USING fts5 (
    text, content = '', columnsize = 0, detail = none, tokenize = 'ascii'
);

PRAGMA user_version = 1;

COMMIT;
