BEGIN IMMEDIATE;

-- Looked for after every account: a few steps among a million.
CREATE INDEX step_raising ON step (kind, run)
    WHERE kind = 'spool-raise-quota' OR kind = 'bluemind-raise-quota';

PRAGMA user_version = 3;

COMMIT;
