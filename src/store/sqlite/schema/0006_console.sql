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

-- An administrator's reason why this user's picture stays as it is. NULL: it may change.
ALTER TABLE user ADD COLUMN picture_lock TEXT;

-- A secret that was replaced, and until when it is good beside the new one.
ALTER TABLE app ADD COLUMN former_secret BLOB;
ALTER TABLE app ADD COLUMN former_secret_until INTEGER;

-- Users by what they have in a custom field.
CREATE TABLE user_custom (
    app   INTEGER NOT NULL,
    name  TEXT NOT NULL,
    value TEXT NOT NULL,
    user  INTEGER NOT NULL,
    PRIMARY KEY (app, name, value, user)
) STRICT, WITHOUT ROWID;

CREATE INDEX user_custom_by_user ON user_custom (user);

INSERT INTO user_custom (app, name, value, user)
    SELECT user.app, field.key, field.value, user.key FROM user, json_each(user.custom) AS field
    WHERE user.custom <> '{}';

CREATE TRIGGER user_custom_added AFTER INSERT ON user WHEN NEW.custom <> '{}' BEGIN
    INSERT INTO user_custom (app, name, value, user)
        SELECT NEW.app, field.key, field.value, NEW.key FROM json_each(NEW.custom) AS field;
END;

CREATE TRIGGER user_custom_changed AFTER UPDATE OF custom ON user WHEN OLD.custom <> NEW.custom BEGIN
    DELETE FROM user_custom WHERE user = OLD.key;
    INSERT INTO user_custom (app, name, value, user)
        SELECT NEW.app, field.key, field.value, NEW.key FROM json_each(NEW.custom) AS field;
END;

CREATE TRIGGER user_custom_removed AFTER DELETE ON user WHEN OLD.custom <> '{}' BEGIN
    DELETE FROM user_custom WHERE user = OLD.key;
END;
