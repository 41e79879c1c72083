-- Telephone numbers as they are compared, whatever the script of their digits and the marks between them: see domain/contact.rs. The column of 0002
-- knew seven marks and ASCII's digits.
--
-- bare_number(text) is a function of this program.
DROP INDEX user_by_mobile;
ALTER TABLE user DROP COLUMN mobile_bare;

-- NULL where there is no number, or no digit in it.
ALTER TABLE user ADD COLUMN mobile_bare TEXT;

UPDATE user SET mobile_bare = bare_number(mobile) WHERE mobile IS NOT NULL;

CREATE INDEX user_by_mobile ON user (app, mobile_bare) WHERE mobile_bare IS NOT NULL;
