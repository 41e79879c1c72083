-- Where another client of the user resumed that cannot say which session was its own.

-- Set once a session of a client without a key has resumed here: the event after which it did, and when. Such a place is used again only
-- by another client that returns at about the same time. It is NULL again when the session of the place turns out to be alive.
ALTER TABLE session_place ADD COLUMN claimed INTEGER;
ALTER TABLE session_place ADD COLUMN claimed_at INTEGER;
