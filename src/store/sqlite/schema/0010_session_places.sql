-- Where the sessions of live clients stand, and what a look-back reads.

-- The last event up to which a client is known to have had everything that concerns its user. One row a session, written when it
-- begins, within seconds after it moves, and when it ends.
CREATE TABLE session_place (
    key       INTEGER PRIMARY KEY AUTOINCREMENT,
    user      INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    wire      TEXT NOT NULL CHECK (wire IN ('mirrorfly', 'tencent')),
    -- The digest of what the client shows again when it comes back (Tencent: its ticket). NULL where a wire has nothing of that kind.
    shown     BLOB,
    heard     INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    has_ended INTEGER NOT NULL DEFAULT 0 CHECK (has_ended IN (0, 1))
) STRICT;

CREATE INDEX session_place_by_user ON session_place (user, wire);
CREATE INDEX session_place_by_age ON session_place (at);

-- A look-back reads the events of the users it concerns, never everybody's.
CREATE INDEX event_by_user ON event (user);

-- The second user that is told of an event. NULL: the first one alone is.
ALTER TABLE event ADD COLUMN other INTEGER;
UPDATE event SET other = json_extract(kind, '$.whom') WHERE kind LIKE '{"kind":"follow_changed"%';
CREATE INDEX event_by_other ON event (other) WHERE other IS NOT NULL;
