-- One-to-one conversations and their messages.

-- A pair of two users of one app. Users have no foreign key here: a deleted user's conversations are removed in steps, see departed. Until
-- then they are not shown, because the other user's row is looked up for each.
CREATE TABLE conversation (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    app        INTEGER NOT NULL REFERENCES app (key),
    -- The user with the lower key, and the one with the higher key.
    first      INTEGER NOT NULL,
    second     INTEGER NOT NULL,
    -- Qiscus: the room's unique id, and its options as JSON text.
    unique_id  TEXT NOT NULL UNIQUE,
    options    TEXT NOT NULL,
    -- The number of the last message in the conversation; numbers have no gaps.
    last_seq   INTEGER NOT NULL DEFAULT 0,
    -- The time of the last message: no later one is earlier.
    last_at    INTEGER NOT NULL DEFAULT 0,
    -- Not later than the time of the oldest message; NULL while there is none.
    oldest_at  INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (app, first, second),
    CHECK (first < second)
) STRICT;

CREATE INDEX conversation_by_age ON conversation (app, oldest_at) WHERE oldest_at IS NOT NULL;

-- What a conversation is for one of its users. Marks are message ids: everything up to that message.
CREATE TABLE participant (
    user         INTEGER NOT NULL,
    conversation INTEGER NOT NULL REFERENCES conversation (key) ON DELETE CASCADE,
    peer         INTEGER NOT NULL,
    -- The newest message that this user sees and that counts as the last one of the list; 0 while there is none.
    listed       INTEGER NOT NULL DEFAULT 0,
    -- The newest message of the peer that this user sees.
    incoming     INTEGER NOT NULL DEFAULT 0,
    delivered    INTEGER NOT NULL DEFAULT 0,
    read         INTEGER NOT NULL DEFAULT 0,
    -- The time of the message that is the read mark.
    read_at      INTEGER,
    -- MirrorFly: messages up to this one do not count as unread, though they may not be read.
    unread_reset INTEGER NOT NULL DEFAULT 0,
    unread       INTEGER NOT NULL DEFAULT 0 CHECK (unread >= 0),
    cleared      INTEGER NOT NULL DEFAULT 0,
    is_hidden    INTEGER NOT NULL DEFAULT 0 CHECK (is_hidden IN (0, 1)),
    is_archived  INTEGER NOT NULL DEFAULT 0 CHECK (is_archived IN (0, 1)),
    pinned_at    INTEGER,
    PRIMARY KEY (user, conversation)
) STRICT, WITHOUT ROWID;

CREATE INDEX participant_by_conversation ON participant (conversation);
CREATE INDEX participant_listed ON participant (user, listed);
CREATE INDEX participant_pinned ON participant (user) WHERE pinned_at IS NOT NULL;
CREATE INDEX participant_unread ON participant (user) WHERE unread > 0;
CREATE INDEX participant_undelivered ON participant (user) WHERE incoming > delivered;
-- Whether two users write to each other.
CREATE INDEX participant_by_peer ON participant (user, peer);

CREATE TABLE message (
    -- The number of the event that announced it.
    id            INTEGER PRIMARY KEY,
    conversation  INTEGER NOT NULL REFERENCES conversation (key),
    seq           INTEGER NOT NULL,
    sender        INTEGER NOT NULL,
    -- Bits: 1 the first user sees it, 2 the second user sees it, 4 it is recalled.
    shown         INTEGER NOT NULL CHECK (shown BETWEEN 0 AND 7),
    -- The client's own id, else the message's id in decimal. MirrorFly's cipher depends on it, so it never changes.
    name          TEXT NOT NULL,
    origin        TEXT NOT NULL CHECK (origin IN ('qiscus', 'mirrorfly', 'tencent', 'native')),
    text          TEXT NOT NULL,
    -- JSON of the vendor whose client wrote it; NULL for plain text.
    custom        TEXT,
    custom_format TEXT,
    -- Free data of each vendor, as JSON; NULL without any.
    free          TEXT,
    reply_to      TEXT,
    -- Tencent: three numbers of the client, drawn for messages of other vendors.
    number_seq    INTEGER NOT NULL,
    number_random INTEGER NOT NULL,
    client_time_s INTEGER NOT NULL,
    -- Bits: 1 the sender wants a receipt, 2 it does not count as unread, 4 it is not the last message of a list.
    flags         INTEGER NOT NULL DEFAULT 0,
    receipt_at    INTEGER,
    edited_at     INTEGER,
    edit_name     TEXT,
    version       INTEGER NOT NULL DEFAULT 0,
    recalled_at   INTEGER,
    recalled_by   INTEGER,
    recall_reason TEXT,
    at            INTEGER NOT NULL,
    UNIQUE (name, conversation),
    CHECK ((custom IS NULL) = (custom_format IS NULL)),
    CHECK ((recalled_at IS NULL) = (shown < 4))
) STRICT;

-- One row an index entry: the messages that one user sees are those of two or four values of `shown`, each in the order of ids.
CREATE INDEX message_shown ON message (conversation, shown);
CREATE INDEX message_by_number ON message (conversation, number_random);

-- How a user's client treats a muted chat: Tencent knows two kinds.
ALTER TABLE mute ADD COLUMN level INTEGER NOT NULL DEFAULT 1;
