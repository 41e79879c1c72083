//! Administrators, their sessions, and the audit log.

use rusqlite::{Connection, Row, Transaction, params};

use super::row::{StoredRow, readable, run, run_counted};
use crate::domain::{
    Admin, AdminKey, AdminName, AdminSession, AppId, AuditEntry, Authority, Digest, Error, Moment, PasswordHash,
    StoredAuditEntry,
};

const ALL: &str = "SELECT key, name, password, created_at FROM admin ORDER BY key";

pub(crate) fn all(db: &Connection) -> Result<Vec<Admin>, Error> {
    db.prepare_cached(ALL)?.query_and_then([], admin)?.collect()
}

const FIND: &str = "SELECT key, name, password, created_at FROM admin WHERE name = ?1";

pub(crate) fn find(db: &Connection, name: &AdminName) -> Result<Option<Admin>, Error> {
    db.prepare_cached(FIND)?.query_and_then([name.as_str()], admin)?.next().transpose()
}

const CREATE: &str = "INSERT INTO admin (name, password, created_at) VALUES (?1, ?2, ?3) RETURNING key";

pub(crate) fn put(tx: &Transaction<'_>, name: &AdminName, password: &PasswordHash, at: Moment) -> Result<Admin, Error> {
    let mut statement = tx.prepare_cached(CREATE)?;
    let key = statement.query_row(params![name.as_str(), password.0, at.micros()], |row| row.get(0))?;
    Ok(Admin { key: AdminKey(key), name: name.clone(), password: password.clone(), created_at: at })
}

const SET_PASSWORD: &str = "UPDATE admin SET password = ?2 WHERE key = ?1";

pub(crate) fn set_password(tx: &Transaction<'_>, admin: AdminKey, password: &PasswordHash) -> Result<(), Error> {
    run(tx, SET_PASSWORD, params![admin.0, password.0])
}

const END_ALL: &str = "DELETE FROM admin_session WHERE admin = ?1";

pub(crate) fn end_all(tx: &Transaction<'_>, admin: AdminKey) -> Result<(), Error> {
    run(tx, END_ALL, [admin.0])
}

const DELETE: &str = "DELETE FROM admin WHERE key = ?1";

pub(crate) fn take(tx: &Transaction<'_>, admin: AdminKey) -> Result<(), Error> {
    run(tx, DELETE, [admin.0])
}

const BEGIN: &str = "INSERT INTO admin_session (digest, admin, began_at, seen_at) VALUES (?1, ?2, ?3, ?3)";

pub(crate) fn begin(tx: &Transaction<'_>, digest: &Digest, admin: AdminKey, at: Moment) -> Result<(), Error> {
    run(tx, BEGIN, params![digest.0, admin.0, at.micros()])
}

const SESSION: &str = "
    SELECT digest, admin.name, began_at, seen_at
    FROM admin_session JOIN admin ON admin.key = admin_session.admin
    WHERE digest = ?1";

pub(crate) fn session(db: &Connection, digest: &Digest) -> Result<Option<AdminSession>, Error> {
    db.prepare_cached(SESSION)?.query_and_then([digest.0], admin_session)?.next().transpose()
}

const SEEN: &str = "UPDATE admin_session SET seen_at = ?2 WHERE digest = ?1";

pub(crate) fn seen(tx: &Transaction<'_>, digest: &Digest, at: Moment) -> Result<(), Error> {
    run(tx, SEEN, params![digest.0, at.micros()])
}

const END: &str = "DELETE FROM admin_session WHERE digest = ?1";

pub(crate) fn end(tx: &Transaction<'_>, digest: &Digest) -> Result<(), Error> {
    run(tx, END, [digest.0])
}

const FORGET_UNUSED: &str = "
    DELETE FROM admin_session WHERE digest IN (
        SELECT digest FROM admin_session WHERE seen_at < ?1 ORDER BY seen_at LIMIT ?2)";

pub(crate) fn forget_unused(tx: &Transaction<'_>, before: Moment, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_UNUSED, params![before.micros(), at_most])
}

const PUT_AUDIT_ENTRY: &str =
    "INSERT INTO audit (at, admin, action, app, target, detail) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

pub(crate) fn put_audit_entry(tx: &Transaction<'_>, entry: &AuditEntry, at: Moment) -> Result<(), Error> {
    let admin = match &entry.authority {
        Authority::Admin(name) => Some(name.as_str()),
        Authority::Socket => None,
    };
    let app = entry.app.as_ref().map(AppId::as_str);
    tx.prepare_cached(PUT_AUDIT_ENTRY)?.execute(params![
        at.micros(),
        admin,
        entry.action,
        app,
        entry.target,
        entry.detail
    ])?;
    Ok(())
}

const AUDIT_ENTRIES: &str = "
    SELECT seq, at, admin, action, app, target, detail FROM audit WHERE seq < ?1 ORDER BY seq DESC LIMIT ?2";

pub(crate) fn audit_entries_before(db: &Connection, before: i64, at_most: u32) -> Result<Vec<StoredAuditEntry>, Error> {
    let mut statement = db.prepare_cached(AUDIT_ENTRIES)?;
    readable(statement.query(params![before, at_most])?, audit_entry).collect()
}

/// Looks at the oldest rows only, so that a step costs the same whatever the size of the table.
const FORGET_AUDIT_ENTRIES: &str = "
    DELETE FROM audit WHERE seq IN (
        SELECT seq FROM (SELECT seq FROM audit ORDER BY seq LIMIT ?2)
        WHERE seq <= (SELECT max(seq) FROM audit) - ?1)";

pub(crate) fn forget_audit_entries(tx: &Transaction<'_>, kept_max: u32, at_most: u32) -> Result<u32, Error> {
    run_counted(tx, FORGET_AUDIT_ENTRIES, params![kept_max, at_most])
}

fn admin(row: &Row<'_>) -> Result<Admin, Error> {
    let row = StoredRow::of("admin", row);
    Ok(Admin {
        key: AdminKey(row.get(0)?),
        name: row.parsed(1, AdminName::parse)?,
        password: PasswordHash(row.get(2)?),
        created_at: row.moment(3)?,
    })
}

fn admin_session(row: &Row<'_>) -> Result<AdminSession, Error> {
    let row = StoredRow::of("admin_session", row);
    Ok(AdminSession { admin: row.parsed(1, AdminName::parse)?, began_at: row.moment(2)?, seen_at: row.moment(3)? })
}

fn audit_entry(row: &Row<'_>) -> Result<StoredAuditEntry, Error> {
    let row = StoredRow::of("audit", row);
    let entry = AuditEntry {
        authority: row.parsed_if_any(2, AdminName::parse)?.map_or(Authority::Socket, Authority::Admin),
        action: row.get(3)?,
        app: row.parsed_if_any(4, AppId::parse)?,
        target: row.get(5)?,
        detail: row.get(6)?,
    };
    Ok(StoredAuditEntry { seq: row.get(0)?, at: row.moment(1)?, entry })
}
