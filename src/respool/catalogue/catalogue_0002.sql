BEGIN IMMEDIATE;

-- Letters are folded as people type them, long words are kept whole, Cc is a recipient, too:
-- all that was taken in before is taken in again.
DELETE FROM generation;
DELETE FROM folder_stand;
DELETE FROM folder_version;
DELETE FROM stand;
DELETE FROM state;
DELETE FROM message;
DELETE FROM other_date;
DELETE FROM buried;
DELETE FROM used;
DELETE FROM folder;
DELETE FROM account;
DELETE FROM address;
DELETE FROM word;
DELETE FROM body_word;
DELETE FROM fact;
INSERT INTO words (words) VALUES ('delete-all');
INSERT INTO body_words (body_words) VALUES ('delete-all');

-- Numbers of addresses in Cc.
ALTER TABLE message ADD COLUMN copied ANY;

-- Messages whose sizes or times cannot be, and are told as the nearest that can.
ALTER TABLE folder_version ADD COLUMN odd INTEGER NOT NULL DEFAULT 0;

-- Whether header or index are damaged, so that messages or flags may be lacking.
ALTER TABLE folder_version ADD COLUMN is_damaged INTEGER NOT NULL DEFAULT 0;

-- Accounts of which something could not be read in a generation: they are tried again.
CREATE TABLE unread (
    ordinal INTEGER NOT NULL,
    account INTEGER NOT NULL REFERENCES account (id),
    why     TEXT NOT NULL,
    tried   INTEGER NOT NULL, -- when it was tried last
    PRIMARY KEY (ordinal, account)
) WITHOUT ROWID;

-- Which shelves (a partition's domain and letter) a generation has.
CREATE TABLE shelf (
    ordinal INTEGER NOT NULL,
    name    TEXT NOT NULL,
    PRIMARY KEY (ordinal, name)
) WITHOUT ROWID;

-- On which shelves an account ever stood.
CREATE TABLE account_shelf (
    account INTEGER NOT NULL REFERENCES account (id),
    name    TEXT NOT NULL,
    PRIMARY KEY (account, name)
) WITHOUT ROWID;

-- When a generation was tried last that could not be read at all.
ALTER TABLE generation ADD COLUMN tried INTEGER;

-- What tells at a glance that a generation is as it was.
ALTER TABLE generation ADD COLUMN glance TEXT;

PRAGMA user_version = 2;

COMMIT;
