-- What the files of a picture take, all its renditions together. NULL: stored before this was kept, and not measured yet.
ALTER TABLE picture ADD COLUMN bytes INTEGER CHECK (bytes >= 0);

-- All of them in one row, kept as they come and go: how many there are is asked every few seconds.
CREATE TABLE picture_room (
    one      INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    pictures INTEGER NOT NULL CHECK (pictures >= 0),
    bytes    INTEGER NOT NULL CHECK (bytes >= 0)
) STRICT;

INSERT INTO picture_room SELECT 1, count(*), 0 FROM picture;

CREATE INDEX picture_unmeasured ON picture (key) WHERE bytes IS NULL;

CREATE TRIGGER picture_counted AFTER INSERT ON picture BEGIN
    UPDATE picture_room SET pictures = pictures + 1, bytes = bytes + coalesce(NEW.bytes, 0);
END;

CREATE TRIGGER picture_measured AFTER UPDATE OF bytes ON picture BEGIN
    UPDATE picture_room SET bytes = bytes - coalesce(OLD.bytes, 0) + coalesce(NEW.bytes, 0);
END;

CREATE TRIGGER picture_uncounted AFTER DELETE ON picture BEGIN
    UPDATE picture_room SET pictures = pictures - 1, bytes = bytes - coalesce(OLD.bytes, 0);
END;
