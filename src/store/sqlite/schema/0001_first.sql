-- What the house remembers. Times are microseconds since 1970-01-01T00:00:00Z; JSON is compact text.

-- Facts about this database itself: key_fingerprint, the SHA-256 that names the server key its secrets belong to.
CREATE TABLE house (
    fact  TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE app (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    name           TEXT NOT NULL,
    app_id         TEXT NOT NULL UNIQUE,
    sdk_app_id     INTEGER NOT NULL UNIQUE,
    account        TEXT NOT NULL,
    account_salt   BLOB,
    account_digest BLOB,
    account_hash   TEXT,
    secret         BLOB NOT NULL,
    license_key    BLOB NOT NULL,
    hosts          TEXT NOT NULL,
    settings       TEXT NOT NULL,
    created_at     INTEGER NOT NULL,
    -- The back-end account's password is either derived or chosen.
    CHECK ((account_salt IS NULL) = (account_digest IS NULL)),
    CHECK ((account_salt IS NULL) <> (account_hash IS NULL))
) STRICT;

-- AUTOINCREMENT: a key is never used twice, so what outlives a user cannot come to belong to another.
CREATE TABLE user (
    key            INTEGER PRIMARY KEY AUTOINCREMENT,
    app            INTEGER NOT NULL REFERENCES app (key),
    -- Creation order within the app; never changes. The counted blocks below build on it.
    seq            INTEGER NOT NULL,
    id             TEXT NOT NULL,
    state          TEXT NOT NULL CHECK (state IN ('active', 'suspended')),
    handle         TEXT NOT NULL UNIQUE,
    display_name   TEXT,
    status         TEXT,
    mobile         TEXT,
    email          TEXT,
    extras         TEXT NOT NULL,
    metadata       TEXT NOT NULL,
    -- An avatar elsewhere. An avatar of this house is the picture row of this owner that is not released.
    avatar_address TEXT,
    token_salt     BLOB NOT NULL,
    token_digest   BLOB NOT NULL,
    issued_salt    BLOB NOT NULL,
    issued_digest  BLOB NOT NULL,
    chosen         TEXT,
    created_at     INTEGER NOT NULL,
    updated_at     INTEGER NOT NULL,
    version        INTEGER NOT NULL DEFAULT 1,
    UNIQUE (app, id),
    UNIQUE (app, seq)
) STRICT;

CREATE INDEX user_by_token ON user (app, token_digest);

CREATE TABLE picture (
    key         TEXT NOT NULL PRIMARY KEY,
    kind        TEXT NOT NULL CHECK (kind IN ('jpg', 'png')),
    owner       INTEGER REFERENCES user (key) ON DELETE SET NULL,
    width_px    INTEGER NOT NULL,
    height_px   INTEGER NOT NULL,
    -- NULL while it is its owner's current picture.
    released_at INTEGER,
    -- A picture nobody shows waits for the sweep: its file is never lost track of.
    CHECK (owner IS NOT NULL OR released_at IS NOT NULL)
) STRICT, WITHOUT ROWID;

CREATE INDEX picture_by_owner ON picture (owner);
CREATE UNIQUE INDEX picture_current ON picture (owner) WHERE released_at IS NULL;
CREATE INDEX picture_released ON picture (released_at) WHERE released_at IS NOT NULL;

CREATE TABLE device (
    user       INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    platform   TEXT NOT NULL CHECK (platform IN ('web', 'ios', 'android')),
    os_version TEXT,
    token      TEXT,
    voip_token TEXT,
    sandbox    INTEGER NOT NULL CHECK (sandbox IN (0, 1)),
    at         INTEGER NOT NULL,
    PRIMARY KEY (user, platform)
) STRICT, WITHOUT ROWID;

CREATE TABLE ticket (
    digest     BLOB NOT NULL PRIMARY KEY,
    app        INTEGER NOT NULL REFERENCES app (key),
    -- NULL: the app's back-end account.
    user       INTEGER REFERENCES user (key) ON DELETE CASCADE,
    issued_at  INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX ticket_by_user ON ticket (user) WHERE user IS NOT NULL;
CREATE INDEX ticket_by_expiry ON ticket (expires_at);

-- Outlives its user: no foreign key.
CREATE TABLE event (
    seq  INTEGER PRIMARY KEY AUTOINCREMENT,
    app  INTEGER NOT NULL,
    user INTEGER NOT NULL,
    id   TEXT NOT NULL,
    kind TEXT NOT NULL,
    at   INTEGER NOT NULL
) STRICT;

-- Counted blocks: how many users live in each run of 2^10 and of 2^20 sequence numbers, so that page n of a list is
-- found by walking counters instead of rows. A block without users has no row.
CREATE TABLE users_in_small_block (
    app   INTEGER NOT NULL,
    block INTEGER NOT NULL,
    users INTEGER NOT NULL CHECK (users >= 0),
    PRIMARY KEY (app, block)
) STRICT, WITHOUT ROWID;

CREATE TABLE users_in_large_block (
    app   INTEGER NOT NULL,
    block INTEGER NOT NULL,
    users INTEGER NOT NULL CHECK (users >= 0),
    PRIMARY KEY (app, block)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER user_counted AFTER INSERT ON user BEGIN
    INSERT INTO users_in_small_block VALUES (NEW.app, NEW.seq >> 10, 1)
        ON CONFLICT (app, block) DO UPDATE SET users = users + 1;
    INSERT INTO users_in_large_block VALUES (NEW.app, NEW.seq >> 20, 1)
        ON CONFLICT (app, block) DO UPDATE SET users = users + 1;
END;

CREATE TRIGGER user_uncounted AFTER DELETE ON user BEGIN
    UPDATE users_in_small_block SET users = users - 1 WHERE app = OLD.app AND block = OLD.seq >> 10;
    UPDATE users_in_large_block SET users = users - 1 WHERE app = OLD.app AND block = OLD.seq >> 20;
    DELETE FROM users_in_small_block WHERE app = OLD.app AND block = OLD.seq >> 10 AND users = 0;
    DELETE FROM users_in_large_block WHERE app = OLD.app AND block = OLD.seq >> 20 AND users = 0;
END;
