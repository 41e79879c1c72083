-- What Tencent's wire knows of users and of the rows between them.

-- The standard fields of a profile that no other wire has, and the custom ones an app has declared: JSON objects.
ALTER TABLE user ADD COLUMN particulars TEXT NOT NULL DEFAULT '{}';
ALTER TABLE user ADD COLUMN custom TEXT NOT NULL DEFAULT '{}';

-- UserSigs made before then are dead.
ALTER TABLE user ADD COLUMN sigs_from INTEGER NOT NULL DEFAULT 0;

-- Friend requests that came until then have been seen.
ALTER TABLE user ADD COLUMN requests_read_at INTEGER NOT NULL DEFAULT 0;

-- A friend is a contact: the owner's groups it is in (a sorted JSON array), how it came about, what was said then.
ALTER TABLE contact ADD COLUMN friend_groups TEXT NOT NULL DEFAULT '[]';
ALTER TABLE contact ADD COLUMN source TEXT;
ALTER TABLE contact ADD COLUMN wording TEXT;

-- The groups a user sorts friends into, by name: 32 at the most. Who is in one says the contact's row.
CREATE TABLE friend_group (
    owner INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    name  TEXT NOT NULL,
    PRIMARY KEY (owner, name)
) STRICT, WITHOUT ROWID;

-- Friend requests that wait for the consent of the one who is asked. Few for each user: see REQUESTS_MAX.
CREATE TABLE request (
    asked         INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    by            INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    -- What the one who asks calls the other once they are friends, and the groups it goes into (a sorted JSON array).
    remark        TEXT,
    friend_groups TEXT NOT NULL,
    source        TEXT,
    wording       TEXT,
    at            INTEGER NOT NULL,
    PRIMARY KEY (asked, by)
) STRICT, WITHOUT ROWID;

CREATE INDEX request_by_asker ON request (by);

-- By which wire a ticket was issued, and is good for.
ALTER TABLE ticket ADD COLUMN wire TEXT NOT NULL DEFAULT 'mirrorfly' CHECK (wire IN ('mirrorfly', 'tencent'));
