//! Apps, and facts about the database itself.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};

use super::{
    is_taken,
    row::{StoredRow, run},
};
use crate::domain::{
    AccountPassword, App, AppId, AppKey, AppName, Digest, Error, Fault, FormerSecret, Host, Moment, NewApp,
    PasswordHash, Resource, SdkAppId, SealedSecret, UserId,
};

const ADOPT_KEY: &str = "INSERT INTO house (fact, value) VALUES ('key_fingerprint', ?1) ON CONFLICT DO NOTHING";

const MARK_READY: &str = "
    INSERT INTO house (fact, value) VALUES ('ready_at', ?1) ON CONFLICT (fact) DO UPDATE SET value = excluded.value";

pub(crate) fn mark_ready(tx: &Transaction<'_>, at: Moment) -> Result<(), Error> {
    run(tx, MARK_READY, [at.micros().to_be_bytes()])
}

const ADOPTED_KEY: &str = "SELECT value FROM house WHERE fact = 'key_fingerprint'";

pub(crate) fn adopt_key(tx: &Transaction<'_>, fingerprint: Digest) -> Result<(), Error> {
    run(tx, ADOPT_KEY, params![fingerprint.0])
}

pub(crate) fn adopted_key(db: &Connection) -> Result<Option<Digest>, Error> {
    let adopted = db.prepare_cached(ADOPTED_KEY)?.query_row([], |row| row.get(0)).optional()?;
    Ok(adopted.map(Digest))
}

const REPLACE_KEY: &str = "UPDATE house SET value = ?1 WHERE fact = 'key_fingerprint'";

/// Ties the database to another server key. The caller replaces the secrets made from the former one.
pub(super) fn replace_key(tx: &Transaction<'_>, fingerprint: Digest) -> Result<(), Error> {
    run(tx, REPLACE_KEY, params![fingerprint.0])
}

/// The columns that [`app`] reads, in its order.
macro_rules! columns {
    () => {
        "key, name, app_id, sdk_app_id, account, account_salt, account_digest, account_hash, secret, license_key, hosts, \
         settings, created_at, former_secret, former_secret_until"
    };
}

const ALL: &str = concat!("SELECT ", columns!(), " FROM app ORDER BY key");

pub(crate) fn all(db: &Connection) -> Result<Vec<App>, Error> {
    db.prepare_cached(ALL)?.query_and_then([], app)?.collect()
}

const CREATE: &str = concat!(
    "INSERT INTO app (name, app_id, sdk_app_id, account, account_salt, account_digest, account_hash,
        secret, license_key, hosts, settings, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
    RETURNING ",
    columns!()
);

pub(crate) fn create(tx: &Transaction<'_>, new: &NewApp, at: Moment) -> Result<App, Error> {
    let (salt, digest, hash) = password_cells(&new.account_password);
    let mut statement = tx.prepare_cached(CREATE)?;
    let mut rows = statement.query(params![
        new.name.as_str(),
        new.app_id.as_str(),
        new.sdk_app_id.get(),
        new.account.as_str(),
        salt,
        digest,
        hash,
        new.secret.0,
        new.license_key.0,
        hosts_json(&new.hosts)?,
        serde_json::to_string(&new.settings).map_err(Error::internal)?,
        at.micros(),
    ])?;
    rows.next().map_err(taken)?.map(app).transpose()?.ok_or_else(|| Error::internal("no row of a new app"))
}

const CHANGE: &str = concat!(
    "UPDATE app SET name = ?2, app_id = ?3, sdk_app_id = ?4, account = ?5, account_salt = ?6, account_digest = ?7,
        account_hash = ?8, secret = ?9, license_key = ?10, hosts = ?11, settings = ?12, former_secret = ?13,
        former_secret_until = ?14
    WHERE key = ?1
    RETURNING ",
    columns!()
);

const FIND: &str = concat!("SELECT ", columns!(), " FROM app WHERE key = ?1");

pub(crate) fn find(db: &Connection, key: AppKey) -> Result<Option<App>, Error> {
    db.prepare_cached(FIND)?.query_and_then([key.0], app)?.next().transpose()
}

pub(crate) fn change(tx: &Transaction<'_>, wanted: &App) -> Result<App, Error> {
    let (salt, digest, hash) = password_cells(&wanted.account_password);
    let former = wanted.former_secret.as_ref();
    let mut statement = tx.prepare_cached(CHANGE)?;
    let mut rows = statement.query(params![
        wanted.key.0,
        wanted.name.as_str(),
        wanted.app_id.as_str(),
        wanted.sdk_app_id.get(),
        wanted.account.as_str(),
        salt,
        digest,
        hash,
        wanted.secret.0,
        wanted.license_key.0,
        hosts_json(&wanted.hosts)?,
        serde_json::to_string(&wanted.settings).map_err(Error::internal)?,
        former.map(|former| &former.secret.0),
        former.map(|former| former.until.micros()),
    ])?;
    rows.next().map_err(taken)?.map(app).transpose()?.ok_or(Error::NotFound(Resource::App))
}

/// Returns `Conflict(App)` when another app has the `app_id` or `sdk_app_id`.
fn taken(cause: rusqlite::Error) -> Error {
    match is_taken(&cause) {
        true => Error::Conflict(Resource::App),
        false => cause.into(),
    }
}

fn password_cells(password: &AccountPassword) -> (Option<[u8; 16]>, Option<[u8; 32]>, Option<&str>) {
    match password {
        AccountPassword::Derived(derived) => (Some(derived.salt.0), Some(derived.digest.0), None),
        AccountPassword::Chosen(hash) => (None, None, Some(hash.0.as_str())),
    }
}

fn hosts_json(hosts: &[Host]) -> Result<String, Error> {
    let names: Vec<&str> = hosts.iter().map(Host::as_str).collect();
    serde_json::to_string(&names).map_err(Error::internal)
}

fn app(row: &Row<'_>) -> Result<App, Error> {
    let row = StoredRow::of("app", row);
    let chosen: Option<String> = row.get(7)?;
    let (former, until): (Option<Vec<u8>>, Option<i64>) = (row.get(13)?, row.get(14)?);
    let hosts: Vec<String> = row.json(10)?;
    let hosts: Result<Vec<Host>, Fault> = hosts.iter().map(|host| Host::parse(host)).collect();
    Ok(App {
        key: AppKey(row.get(0)?),
        name: row.parsed(1, AppName::parse)?,
        app_id: row.parsed(2, AppId::parse)?,
        sdk_app_id: SdkAppId::parse(row.get::<u32>(3)?.into()).map_err(|fault| row.broken(3, fault))?,
        account: row.parsed(4, UserId::parse)?,
        account_password: match chosen {
            Some(hash) => AccountPassword::Chosen(PasswordHash(hash)),
            None => AccountPassword::Derived(row.derived(5)?),
        },
        secret: SealedSecret(row.get(8)?),
        former_secret: former
            .zip(until)
            .map(|(secret, until)| FormerSecret { secret: SealedSecret(secret), until: Moment::from_micros(until) }),
        license_key: SealedSecret(row.get(9)?),
        hosts: hosts.map_err(|fault| row.broken(10, fault))?,
        settings: row.json(11)?,
        created_at: row.moment(12)?,
    })
}
