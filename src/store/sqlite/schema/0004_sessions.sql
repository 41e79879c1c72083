-- Sessions of clients, where an app gives its tokens a lifetime. Token and refresh token are made from the salt and the server key;
-- the former salt tells what was good until the last renewal.
CREATE TABLE session (
    key              INTEGER PRIMARY KEY AUTOINCREMENT,
    user             INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    salt             BLOB NOT NULL,
    former_salt      BLOB,
    renewed_at       INTEGER NOT NULL,
    token_expires_at INTEGER NOT NULL,
    -- Until then it can be renewed.
    ends_at          INTEGER NOT NULL
) STRICT;

CREATE INDEX session_by_user ON session (user);
CREATE INDEX session_by_end ON session (ends_at);
