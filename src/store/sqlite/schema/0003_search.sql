-- Users by parts of what they are called. External content: the index keeps no text of its own, and says where a text may stand, not
-- that it does; who asks looks at the rows.
CREATE VIRTUAL TABLE user_text USING fts5(
    id, display_name, metadata, content = 'user', content_rowid = 'key', tokenize = 'trigram', detail = 'none'
);

INSERT INTO user_text (user_text) VALUES ('rebuild');

CREATE TRIGGER user_text_added AFTER INSERT ON user BEGIN
    INSERT INTO user_text (rowid, id, display_name, metadata) VALUES (NEW.key, NEW.id, NEW.display_name, NEW.metadata);
END;

CREATE TRIGGER user_text_changed AFTER UPDATE OF display_name, metadata ON user
WHEN OLD.display_name IS NOT NEW.display_name OR OLD.metadata IS NOT NEW.metadata BEGIN
    INSERT INTO user_text (user_text, rowid, id, display_name, metadata)
        VALUES ('delete', OLD.key, OLD.id, OLD.display_name, OLD.metadata);
    INSERT INTO user_text (rowid, id, display_name, metadata) VALUES (NEW.key, NEW.id, NEW.display_name, NEW.metadata);
END;

CREATE TRIGGER user_text_removed AFTER DELETE ON user BEGIN
    INSERT INTO user_text (user_text, rowid, id, display_name, metadata)
        VALUES ('delete', OLD.key, OLD.id, OLD.display_name, OLD.metadata);
END;
