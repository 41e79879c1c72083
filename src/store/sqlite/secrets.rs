//! Secrets of users that are replaced, and what ends with the former ones.

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{events, sessions, tickets, users};
use crate::{
    domain::{
        error::{Error, What},
        event::EventKind,
        id::{AppKey, UserId, UserKey},
        profile::{Credentials, User},
        secret::Derived,
        time::Moment,
    },
    store::{NewPassword, NewTokens},
};

const SET_PASSWORD: &str = "
    UPDATE user SET chosen = ?2, token_salt = ?3, token_digest = ?4, issued_salt = ?5, issued_digest = ?6,
        version = version + 1
    WHERE key = ?1";

/// Sets another password and ends everything that was issued before: another person may hold it, who registered the id first.
pub(super) fn set_password(tx: &Transaction<'_>, held: &mut Credentials, new: &NewPassword) -> Result<(), Error> {
    let NewPassword { chosen, tokens: NewTokens { token, issued } } = new;
    let (token_salt, issued_salt) = (token.salt.0, issued.salt.0);
    tx.prepare_cached(SET_PASSWORD)?.execute(params![
        held.user.0,
        chosen.hash.0,
        token_salt,
        token.digest.0,
        issued_salt,
        issued.digest.0
    ])?;
    (held.token, held.issued, held.chosen) = (*token, *issued, Some(chosen.hash.clone()));
    end_what_was_begun(tx, held.user)
}

/// Ends a user's tickets of every wire and its sessions with their refresh tokens. Its sockets end when the feed reads the event.
pub(super) fn end_what_was_begun(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    tickets::forget_of_user(tx, user)?;
    sessions::end_of_user(tx, user)
}

const RESET_TOKEN: &str = "
    UPDATE user SET token_salt = ?3, token_digest = ?4, version = version + 1
    WHERE app = ?1 AND id = ?2
    RETURNING key";

pub(in crate::store) fn reset_token(
    tx: &Transaction<'_>,
    app: AppKey,
    id: &UserId,
    token: &Derived,
    at: Moment,
) -> Result<User, Error> {
    let mut statement = tx.prepare_cached(RESET_TOKEN)?;
    let key = statement.query_row(params![app.0, id.as_str(), token.salt.0, token.digest.0], |row| row.get(0));
    let key = UserKey(key.optional()?.ok_or(Error::NotFound(What::User))?);
    sessions::end_of_user(tx, key)?;
    events::append(tx, app, key, id, &EventKind::TokenReset, at)?;
    users::find_by_key(tx, app, key)?.ok_or(Error::NotFound(What::User))
}

const RESET_ISSUED: &str = "
    UPDATE user SET issued_salt = ?3, issued_digest = ?4, token_salt = ?5, token_digest = ?6, version = version + 1
    WHERE app = ?1 AND id = ?2
    RETURNING key";

/// Replaces the issued password, and the user token with it: a client may have been given that one for the former password.
pub(in crate::store) fn reset_issued(
    tx: &Transaction<'_>,
    app: AppKey,
    id: &UserId,
    tokens: &NewTokens,
    at: Moment,
) -> Result<(), Error> {
    let NewTokens { token, issued } = tokens;
    let mut statement = tx.prepare_cached(RESET_ISSUED)?;
    let drawn = params![app.0, id.as_str(), issued.salt.0, issued.digest.0, token.salt.0, token.digest.0];
    let key = UserKey(statement.query_row(drawn, |row| row.get(0)).optional()?.ok_or(Error::NotFound(What::User))?);
    end_what_was_begun(tx, key)?;
    events::append(tx, app, key, id, &EventKind::PasswordChanged, at)
}
