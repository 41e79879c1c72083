-- User status and following.

-- What a user has set; empty: nothing. Whether it has ever logged in.
ALTER TABLE user ADD COLUMN custom_status TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN has_logged_in INTEGER NOT NULL DEFAULT 0;
UPDATE user SET has_logged_in = 1 WHERE key IN (SELECT user FROM ticket WHERE user IS NOT NULL);

-- Few rows for each follower: see FOLLOWING_MAX.
CREATE TABLE follow (
    follower INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    -- No foreign key: many may follow one user, and its deletion must not wait for all of them. See departed.
    followed INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (follower, followed)
) STRICT, WITHOUT ROWID;

-- Both lists, from the newest entry on.
CREATE INDEX follow_by_follower ON follow (follower, at, followed);
CREATE INDEX follow_by_followed ON follow (followed, at, follower);
