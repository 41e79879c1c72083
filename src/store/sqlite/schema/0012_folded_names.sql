-- Users by what they are called, compared as people read: see domain/folding.rs. The index of 0003 knew names as they are stored, so it
-- found no name in another case than ASCII's, in other code points, or by other marks.
--
-- folded_name(text) is a function of this program.
DROP TRIGGER user_text_added;
DROP TRIGGER user_text_changed;
DROP TRIGGER user_text_removed;
DROP TABLE user_text;

-- The display name, folded. NULL where there is none.
ALTER TABLE user ADD COLUMN folded_name TEXT;

UPDATE user SET folded_name = folded_name(display_name) WHERE display_name IS NOT NULL;

-- As in 0003: external content, which says where a text may stand; who asks looks at the rows.
CREATE VIRTUAL TABLE user_text USING fts5(
    id, folded_name, metadata, content = 'user', content_rowid = 'key', tokenize = 'trigram', detail = 'none'
);

INSERT INTO user_text (user_text) VALUES ('rebuild');

CREATE TRIGGER user_text_added AFTER INSERT ON user BEGIN
    INSERT INTO user_text (rowid, id, folded_name, metadata) VALUES (NEW.key, NEW.id, NEW.folded_name, NEW.metadata);
END;

CREATE TRIGGER user_text_changed AFTER UPDATE OF folded_name, metadata ON user
WHEN OLD.folded_name IS NOT NEW.folded_name OR OLD.metadata IS NOT NEW.metadata BEGIN
    INSERT INTO user_text (user_text, rowid, id, folded_name, metadata)
        VALUES ('delete', OLD.key, OLD.id, OLD.folded_name, OLD.metadata);
    INSERT INTO user_text (rowid, id, folded_name, metadata) VALUES (NEW.key, NEW.id, NEW.folded_name, NEW.metadata);
END;

CREATE TRIGGER user_text_removed AFTER DELETE ON user BEGIN
    INSERT INTO user_text (user_text, rowid, id, folded_name, metadata)
        VALUES ('delete', OLD.key, OLD.id, OLD.folded_name, OLD.metadata);
END;
