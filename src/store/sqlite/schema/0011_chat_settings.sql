-- What users set for their own chats, and what they report to the operator.

-- The chats that a user has muted. A muted user is not told.
CREATE TABLE mute (
    owner INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    -- No foreign key, as in contact.
    muted INTEGER NOT NULL,
    PRIMARY KEY (owner, muted)
) STRICT, WITHOUT ROWID;

CREATE INDEX mute_listed ON mute (muted);

-- Whether a user has muted all chats, and whether archived chats stay archived when a message comes.
ALTER TABLE user ADD COLUMN mutes_all INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN keeps_archived INTEGER NOT NULL DEFAULT 0;

CREATE TABLE report (
    key   INTEGER PRIMARY KEY AUTOINCREMENT,
    app   INTEGER NOT NULL REFERENCES app (key) ON DELETE CASCADE,
    user  INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    kind  TEXT NOT NULL CHECK (kind IN ('chat', 'feedback')),
    -- The id of the reported user, or the title of the feedback.
    about TEXT NOT NULL,
    text  TEXT NOT NULL,
    at    INTEGER NOT NULL
) STRICT;

CREATE INDEX report_by_app ON report (app, key);
CREATE INDEX report_by_user ON report (user, at);
