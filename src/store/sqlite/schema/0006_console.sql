-- Who runs the house from a browser, and what they did.

CREATE TABLE admin (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT NOT NULL UNIQUE,
    password   TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;

CREATE TABLE admin_session (
    digest   BLOB NOT NULL PRIMARY KEY,
    admin    INTEGER NOT NULL REFERENCES admin (key) ON DELETE CASCADE,
    began_at INTEGER NOT NULL,
    seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX admin_session_by_admin ON admin_session (admin);
CREATE INDEX admin_session_by_use ON admin_session (seen_at);

-- Outlives whom and what it tells of: no foreign keys.
CREATE TABLE audit (
    seq    INTEGER PRIMARY KEY AUTOINCREMENT,
    at     INTEGER NOT NULL,
    -- NULL: whoever may open the control socket.
    admin  TEXT,
    action TEXT NOT NULL,
    app    TEXT,
    target TEXT,
    detail TEXT NOT NULL
) STRICT;
