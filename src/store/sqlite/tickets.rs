use rusqlite::{Connection, Row, Transaction, params};

use super::row::{StoredRow, readable, run, run_counted};
use crate::{
    domain::{AppKey, Digest, Error, Fault, Moment, PasswordHash, UserId, UserKey, Vendor},
    store::{NewTicket, Ticket, TicketHolder},
};

const ISSUE_TO_BACK_END: &str = "
    INSERT INTO ticket (digest, app, issued_at, expires_at, wire)
    SELECT ?1, key, ?3, ?4, ?5 FROM app WHERE key = ?2";

pub(crate) fn put_for_back_end(
    tx: &Transaction<'_>,
    app: AppKey,
    ticket: &NewTicket,
    at: Moment,
) -> Result<bool, Error> {
    let cells = params![ticket.digest.0, app.0, at.micros(), ticket.expires_at.micros(), word(ticket.vendor)];
    Ok(tx.prepare_cached(ISSUE_TO_BACK_END)?.execute(cells)? > 0)
}

const ISSUE_TO_USER: &str = "
    INSERT INTO ticket (digest, app, user, issued_at, expires_at, wire) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) fn put(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    ticket: &NewTicket,
    at: Moment,
) -> Result<(), Error> {
    let (expires_at, vendor) = (ticket.expires_at.micros(), word(ticket.vendor));
    let cells = params![ticket.digest.0, app.0, user.0, at.micros(), expires_at, vendor];
    run(tx, ISSUE_TO_USER, cells)
}

const REHASH: &str = "UPDATE user SET chosen = ?4 WHERE app = ?1 AND key = ?2 AND chosen = ?3";

pub(crate) fn rehash(
    tx: &Transaction<'_>,
    app: AppKey,
    user: UserKey,
    former: &PasswordHash,
    hash: &PasswordHash,
) -> Result<bool, Error> {
    Ok(tx.prepare_cached(REHASH)?.execute(params![app.0, user.0, former.0, hash.0])? > 0)
}

const FORGET_OLDER: &str = "
    DELETE FROM ticket WHERE digest IN (
        SELECT digest FROM ticket WHERE user = ?1 AND wire = ?2
        ORDER BY digest = ?4 DESC, issued_at DESC, digest LIMIT -1 OFFSET ?3)";

pub(crate) fn keep_newest(tx: &Transaction<'_>, user: UserKey, newest: &NewTicket, kept: u16) -> Result<(), Error> {
    run(tx, FORGET_OLDER, params![user.0, word(newest.vendor), kept, newest.digest.0])
}

const FIND: &str = "
    SELECT ticket.digest, ticket.app, ticket.user, user.id, ticket.expires_at, ticket.wire
    FROM ticket LEFT JOIN user ON user.key = ticket.user
    WHERE ticket.digest = ?1";

pub(crate) fn find(db: &Connection, digest: &Digest) -> Result<Option<Ticket>, Error> {
    db.prepare_cached(FIND)?.query_and_then(params![digest.0], ticket)?.next().transpose()
}

const OF_USER: &str = "
    SELECT wire, issued_at, expires_at FROM ticket WHERE app = ?3 AND user = ?1 AND expires_at > ?2 ORDER BY issued_at DESC, digest";

/// Returns wire, beginning and expiry of each valid ticket of a user, newest first.
pub(super) fn of_user(
    db: &Connection,
    app: AppKey,
    user: UserKey,
    now: Moment,
) -> Result<Vec<(Vendor, Moment, Moment)>, Error> {
    let parse = |row: &Row<'_>| {
        let row = StoredRow::of("ticket", row);
        Ok((row.parsed(0, vendor)?, row.moment(1)?, row.moment(2)?))
    };
    let mut statement = db.prepare_cached(OF_USER)?;
    readable(statement.query(params![user.0, now.micros(), app.0])?, parse).collect()
}

const FORGET: &str = "DELETE FROM ticket WHERE digest = ?1";

pub(crate) fn forget(tx: &Transaction<'_>, digest: &Digest) -> Result<(), Error> {
    run(tx, FORGET, params![digest.0])
}

const FORGET_EXPIRED: &str = "
    DELETE FROM ticket WHERE digest IN (
        SELECT digest FROM ticket WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)";

pub(crate) fn forget_expired(tx: &Transaction<'_>, before: Moment, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_EXPIRED, params![before.micros(), at_most])
}

const FORGET_OF_USER: &str = "DELETE FROM ticket WHERE user = ?1";

pub(crate) fn forget_of_user(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, FORGET_OF_USER, params![user.0])
}

const FORGET_OF_VENDOR: &str = "DELETE FROM ticket WHERE user = ?1 AND wire = ?2";

pub(crate) fn forget_of_vendor(tx: &Transaction<'_>, user: UserKey, vendor: Vendor) -> Result<(), Error> {
    run(tx, FORGET_OF_VENDOR, params![user.0, word(vendor)])
}

const FORGET_OF_BACK_END: &str = "DELETE FROM ticket WHERE app = ?1 AND user IS NULL";

pub(crate) fn forget_of_back_end(tx: &Transaction<'_>, app: AppKey) -> Result<(), Error> {
    run(tx, FORGET_OF_BACK_END, params![app.0])
}

fn ticket(row: &Row<'_>) -> Result<Ticket, Error> {
    let row = StoredRow::of("ticket", row);
    let user: Option<i64> = row.get(2)?;
    Ok(Ticket {
        app: AppKey(row.get(1)?),
        holder: match user {
            Some(key) => TicketHolder::User { key: UserKey(key), id: row.parsed(3, UserId::parse)? },
            None => TicketHolder::BackEnd,
        },
        expires_at: row.moment(4)?,
        vendor: row.parsed(5, vendor)?,
    })
}

pub(super) fn word(vendor: Vendor) -> &'static str {
    match vendor {
        Vendor::Qiscus => "qiscus",
        Vendor::MirrorFly => "mirrorfly",
        Vendor::Tencent => "tencent",
    }
}

fn vendor(raw: &str) -> Result<Vendor, Fault> {
    let mut vendors = [Vendor::MirrorFly, Vendor::Tencent].into_iter();
    vendors.find(|vendor| word(*vendor) == raw).ok_or(Fault::NotOneOf("mirrorfly, tencent"))
}
