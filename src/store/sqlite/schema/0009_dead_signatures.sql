-- Signatures of Tencent's wire that are dead although they have not expired: those of this id that were made before this moment. A row
-- belongs to the id, not to a user: it outlives the user's deletion, so that what was dead stays dead when the id is created anew. It takes
-- the place of user.sigs_from, which nothing reads any more (to drop the column would rewrite the table of users).
--
-- The id '' stands for every id of the app. Before an old row is deleted its moment goes there, so that no signature revives.
CREATE TABLE dead_signature (
    seq    INTEGER NOT NULL PRIMARY KEY,
    app    INTEGER NOT NULL REFERENCES app (key) ON DELETE CASCADE,
    id     TEXT NOT NULL,
    before INTEGER NOT NULL CHECK (before > 0),
    UNIQUE (app, id)
) STRICT;

CREATE INDEX dead_signature_by_moment ON dead_signature (before);

INSERT INTO dead_signature (app, id, before) SELECT app, id, sigs_from FROM user WHERE sigs_from > 0;
