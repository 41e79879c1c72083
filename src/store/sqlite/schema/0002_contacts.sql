-- Contacts and blocks: rows of their owner, one-directional.

-- A telephone number as it is compared: without the marks its notations differ in.
ALTER TABLE user ADD COLUMN mobile_bare TEXT AS (
    replace(replace(replace(replace(replace(replace(replace(
        mobile, ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), '+', '')) VIRTUAL;

CREATE INDEX user_by_mobile ON user (app, mobile_bare) WHERE mobile IS NOT NULL;

CREATE TABLE contact (
    owner   INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    -- No foreign key: millions may list one user, and its deletion must not wait for all of them. See departed.
    contact INTEGER NOT NULL,
    -- What the owner calls them, where it is told.
    name    TEXT,
    at      INTEGER NOT NULL,
    PRIMARY KEY (owner, contact)
) STRICT, WITHOUT ROWID;

CREATE INDEX contact_listed ON contact (contact);

CREATE TABLE block (
    owner   INTEGER NOT NULL REFERENCES user (key) ON DELETE CASCADE,
    -- No foreign key, as in contact.
    blocked INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (owner, blocked)
) STRICT, WITHOUT ROWID;

CREATE INDEX block_listed ON block (blocked);

-- Deleted users whom so many rows of others still name that the sweep takes them away in steps. Keys are never used twice,
-- so until then such a row names nobody.
CREATE TABLE departed (
    user INTEGER PRIMARY KEY
) STRICT;
