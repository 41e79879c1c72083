//! Users: their rows, look-up, lists, and devices (one of each platform).

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    by_name, pictures,
    row::{StoredRow, readable, run},
};
use crate::{
    domain::{
        AppKey, Avatar, AvatarText, Credentials, Device, DeviceText, DeviceType, Digest, DisplayName, Email, Error,
        Extras, Fault, HttpAddress, Listed, LockReason, Metadata, MobileNumber, Moment, Order, Page, PasswordHash,
        PictureKey, Profile, Resource, State, StatusText, User, UserId, UserKey, contact, folding::folded,
    },
    store::NewSecrets,
};

/// Selects users with their current picture: the columns that [`user`] reads, in its order, then `$more`.
macro_rules! select_user {
    ($more:literal, $which:literal) => {
        concat!(
            "SELECT user.key, user.id, user.state, user.handle, user.display_name, user.status, user.mobile,
                user.email, user.extras, user.metadata, user.avatar_address, picture.key, picture.kind,
                user.created_at, user.updated_at, user.particulars, user.custom, user.version, user.picture_lock",
            $more,
            " FROM user LEFT JOIN picture ON picture.owner = user.key AND picture.released_at IS NULL ",
            $which
        )
    };
}

/// The first column after those that [`user`] reads.
pub(super) const MORE: usize = 19;

pub(super) use select_user;

const FIND: &str = select_user!("", "WHERE user.app = ?1 AND user.id = ?2");

pub(crate) fn find(db: &Connection, app: AppKey, id: &UserId) -> Result<Option<User>, Error> {
    db.prepare_cached(FIND)?.query_and_then(params![app.0, id.as_str()], user)?.next().transpose()
}

/// Uses one snapshot and one statement: a lock for each user would double the cost, a statement look-up adds a tenth.
pub(crate) fn find_all(db: &Connection, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<User>>, Error> {
    let snapshot = db.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached(FIND)?;
    let mut one = |id: &UserId| readable(statement.query(params![app.0, id.as_str()])?, user).next().transpose();
    ids.iter().map(&mut one).collect()
}

const FIND_BY_KEY: &str = select_user!("", "WHERE user.app = ?1 AND user.key = ?2");

pub(crate) fn find_by_key(db: &Connection, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
    db.prepare_cached(FIND_BY_KEY)?.query_and_then(params![app.0, key.0], user)?.next().transpose()
}

/// As [`find_by_key`], but `None` for a damaged row.
pub(crate) fn find_readable(db: &Connection, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
    let mut statement = db.prepare_cached(FIND_BY_KEY)?;
    readable(statement.query(params![app.0, key.0])?, user).next().transpose()
}

const FIND_BY_TOKEN: &str = select_user!("", "WHERE user.app = ?1 AND user.token_digest = ?2");

pub(crate) fn find_by_token(db: &Connection, app: AppKey, token: &Digest) -> Result<Option<User>, Error> {
    db.prepare_cached(FIND_BY_TOKEN)?.query_and_then(params![app.0, token.0], user)?.next().transpose()
}

const FIND_BY_HANDLE: &str = select_user!(", user.app", "WHERE user.handle = ?1");

pub(crate) fn find_by_handle(db: &Connection, handle: &PictureKey) -> Result<Option<(AppKey, User)>, Error> {
    let parse = |row: &Row<'_>| Ok((AppKey(row.get(MORE)?), user(row)?));
    db.prepare_cached(FIND_BY_HANDLE)?.query_and_then(params![handle.as_str()], parse)?.next().transpose()
}

const CREDENTIALS: &str = "
    SELECT key, state, token_salt, token_digest, issued_salt, issued_digest, chosen
    FROM user WHERE app = ?1 AND id = ?2";

pub(crate) fn credentials(db: &Connection, app: AppKey, id: &UserId) -> Result<Option<Credentials>, Error> {
    let mut statement = db.prepare_cached(CREDENTIALS)?;
    statement.query_and_then(params![app.0, id.as_str()], stored_credentials)?.next().transpose()
}

pub(super) const FROM_OLDEST: &str =
    select_user!("", "WHERE user.app = ?1 AND user.seq >= ?2 ORDER BY user.seq LIMIT ?3");

const FROM_NEWEST: &str = select_user!("", "WHERE user.app = ?1 AND user.seq <= ?2 ORDER BY user.seq DESC LIMIT ?3");

pub(crate) fn list(db: &Connection, app: AppKey, page: Page, order: Order) -> Result<Listed<User>, Error> {
    // One snapshot for the counters and the rows they count.
    let snapshot = db.unchecked_transaction()?;
    let total = total(&snapshot, app)?;
    if page.offset() >= total {
        return Ok(Listed { items: Vec::new(), total });
    }
    let (statement, position) = match order {
        Order::OldestFirst => (FROM_OLDEST, page.offset()),
        Order::NewestFirst => (FROM_NEWEST, total - 1 - page.offset()),
        Order::ByName | Order::ByNameReversed => {
            return Ok(Listed { items: by_name::list(&snapshot, app, page, order, total)?, total });
        }
    };
    Ok(Listed { items: list_from(&snapshot, app, statement, position, page.limit())?, total })
}

pub(super) fn list_from(
    snapshot: &Connection,
    app: AppKey,
    statement: &str,
    position: u64,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let first = seq_at(snapshot, app, position)?;
    let mut statement = snapshot.prepare_cached(statement)?;
    readable(statement.query(params![app.0, first, limit])?, user).collect()
}

const TOTAL: &str = "SELECT coalesce(sum(users), 0) FROM users_in_large_block WHERE app = ?1";

pub(super) fn total(db: &Connection, app: AppKey) -> Result<u64, Error> {
    let total: i64 = db.prepare_cached(TOTAL)?.query_row(params![app.0], |row| row.get(0))?;
    u64::try_from(total).map_err(Error::internal)
}

const LARGE_BLOCKS: &str = "SELECT block, users FROM users_in_large_block WHERE app = ?1 ORDER BY block";

const SMALL_BLOCKS: &str = "
    SELECT block, users FROM users_in_small_block
    WHERE app = ?1 AND block >= ?2 << 10 ORDER BY block";

const SEQ_IN_BLOCK: &str = "
    SELECT seq FROM user WHERE app = ?1 AND seq >= ?2 << 10 ORDER BY seq LIMIT 1 OFFSET ?3";

/// Reads counters that triggers keep: large blocks, small blocks in one of them, then fewer than 1024 index entries.
fn seq_at(db: &Connection, app: AppKey, position: u64) -> Result<i64, Error> {
    let mut large = db.prepare_cached(LARGE_BLOCKS)?;
    let (block, position) = block_at(large.query(params![app.0])?, position)?;
    let mut small = db.prepare_cached(SMALL_BLOCKS)?;
    let (block, position) = block_at(small.query(params![app.0, block])?, position)?;
    let offset = i64::try_from(position).map_err(Error::internal)?;
    Ok(db.prepare_cached(SEQ_IN_BLOCK)?.query_row(params![app.0, block, offset], |row| row.get(0))?)
}

/// Returns the block that holds `position`, and the position within it.
fn block_at(mut blocks: rusqlite::Rows<'_>, position: u64) -> Result<(i64, u64), Error> {
    let mut left = position;
    while let Some(row) = blocks.next()? {
        let users = u64::try_from(row.get::<_, i64>(1)?).map_err(Error::internal)?;
        if left < users {
            return Ok((row.get(0)?, left));
        }
        left -= users;
    }
    Err(Error::internal("the counted blocks of users disagree with one another"))
}

const KNOWN: &str = select_user!(
    ", user.token_salt, user.token_digest, user.issued_salt, user.issued_digest, user.chosen",
    "WHERE user.app = ?1 AND user.id = ?2"
);

pub(crate) fn account(db: &Connection, app: AppKey, id: &UserId) -> Result<Option<(User, Credentials)>, Error> {
    db.prepare_cached(KNOWN)?.query_and_then(params![app.0, id.as_str()], known_user)?.next().transpose()
}

const KNOWN_BY_KEY: &str = select_user!(
    ", user.token_salt, user.token_digest, user.issued_salt, user.issued_digest, user.chosen",
    "WHERE user.app = ?1 AND user.key = ?2"
);

pub(crate) fn account_by_key(db: &Connection, app: AppKey, key: UserKey) -> Result<Option<(User, Credentials)>, Error> {
    db.prepare_cached(KNOWN_BY_KEY)?.query_and_then(params![app.0, key.0], known_user)?.next().transpose()
}

const CREATE: &str = "
    INSERT INTO user (app, seq, id, state, handle, extras, metadata, token_salt, token_digest,
        issued_salt, issued_digest, chosen, created_at, updated_at, display_name, folded_name)
    VALUES (?1, (SELECT coalesce(max(seq) + 1, 0) FROM user WHERE app = ?1), ?2, 'active', ?3, '{}', ?11, ?4, ?5,
        ?6, ?7, ?8, ?9, ?9, ?10, ?12)
    RETURNING key";

pub(crate) fn insert(
    tx: &Transaction<'_>,
    app: AppKey,
    id: &UserId,
    secrets: &NewSecrets,
    chosen: Option<&PasswordHash>,
    first: &Profile,
    at: Moment,
) -> Result<UserKey, Error> {
    let mut statement = tx.prepare_cached(CREATE)?;
    let cells = params![
        app.0,
        id.as_str(),
        secrets.handle.as_str(),
        secrets.token.salt.0,
        secrets.token.digest.0,
        secrets.issued.salt.0,
        secrets.issued.digest.0,
        chosen.map(|hash| &hash.0),
        at.micros(),
        first.display_name.as_ref().map(DisplayName::as_str),
        serde_json::to_string(first.metadata.as_object()).map_err(Error::internal)?,
        folded_name(first),
    ];
    Ok(statement.query_row(cells, |row| row.get(0).map(UserKey))?)
}

const SET_PROFILE: &str = "
    UPDATE user SET display_name = ?2, status = ?3, mobile = ?4, email = ?5, extras = ?6, metadata = ?7,
        avatar_address = ?8, updated_at = ?9, particulars = ?10, custom = ?11, folded_name = ?12,
        mobile_bare = ?13, version = version + 1
    WHERE key = ?1";

fn folded_name(profile: &Profile) -> Option<String> {
    profile.display_name.as_ref().map(|name| folded(name.as_str()))
}

pub(crate) fn set_profile(tx: &Transaction<'_>, user: UserKey, profile: &Profile, at: Moment) -> Result<(), Error> {
    let avatar_address = match &profile.avatar {
        Avatar::Elsewhere(address) => Some(address.as_str()),
        Avatar::Text(text) => Some(text.as_str()),
        Avatar::Tile | Avatar::Picture(..) => None,
    };
    tx.prepare_cached(SET_PROFILE)?.execute(params![
        user.0,
        profile.display_name.as_ref().map(DisplayName::as_str),
        profile.status.as_ref().map(StatusText::as_str),
        profile.mobile.as_ref().map(MobileNumber::as_str),
        profile.email.as_ref().map(Email::as_str),
        serde_json::to_string(profile.extras.as_object()).map_err(Error::internal)?,
        serde_json::to_string(profile.metadata.as_object()).map_err(Error::internal)?,
        avatar_address,
        at.micros(),
        serde_json::to_string(&profile.tencent_profile).map_err(Error::internal)?,
        serde_json::to_string(&profile.custom).map_err(Error::internal)?,
        folded_name(profile),
        profile.mobile.as_ref().and_then(|mobile| contact::bare(mobile.as_str())),
    ])?;
    Ok(())
}

const SET_CREDENTIALS: &str = "
    UPDATE user SET state = ?2, token_salt = ?3, token_digest = ?4, issued_salt = ?5, issued_digest = ?6, chosen = ?7,
        version = version + 1
    WHERE key = ?1";

pub(crate) fn set_credentials(tx: &Transaction<'_>, held: &Credentials) -> Result<(), Error> {
    tx.prepare_cached(SET_CREDENTIALS)?.execute(params![
        held.user.0,
        word(held.state),
        held.token.salt.0,
        held.token.digest.0,
        held.issued.salt.0,
        held.issued.digest.0,
        held.chosen.as_ref().map(|hash| &hash.0),
    ])?;
    Ok(())
}

const KEY_OF: &str = "SELECT key FROM user WHERE app = ?1 AND id = ?2";

pub(crate) fn key(db: &Connection, app: AppKey, id: &UserId) -> Result<Option<UserKey>, Error> {
    let key = db.prepare_cached(KEY_OF)?.query_row(params![app.0, id.as_str()], |row| row.get(0).map(UserKey));
    Ok(key.optional()?)
}

pub(super) fn key_of(db: &Connection, app: AppKey, id: &UserId) -> Result<UserKey, Error> {
    key(db, app, id)?.ok_or(Error::NotFound(Resource::User))
}

const DELETE: &str = "DELETE FROM user WHERE key = ?1";

pub(crate) fn take(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, DELETE, params![user.0])
}

const SET_DEVICE: &str = "
    INSERT INTO device (user, platform, os_version, token, voip_token, sandbox, at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
    ON CONFLICT (user, platform) DO UPDATE SET os_version = excluded.os_version, token = excluded.token,
        voip_token = excluded.voip_token, sandbox = excluded.sandbox, at = excluded.at";

pub(crate) fn set_device(tx: &Transaction<'_>, user: UserKey, device: &Device, at: Moment) -> Result<(), Error> {
    tx.prepare_cached(SET_DEVICE)?.execute(params![
        user.0,
        device.device_type.as_str(),
        device.os_version.as_ref().map(DeviceText::as_str),
        device.token.as_ref().map(DeviceText::as_str),
        device.voip_token.as_ref().map(DeviceText::as_str),
        device.sandbox,
        at.micros(),
    ])?;
    Ok(())
}

const FORGET_DEVICE: &str = "DELETE FROM device WHERE user = ?1 AND platform = ?2";

pub(crate) fn forget_device(tx: &Transaction<'_>, user: UserKey, platform: DeviceType) -> Result<(), Error> {
    run(tx, FORGET_DEVICE, params![user.0, platform.as_str()])
}

const FORGET_DEVICES: &str = "DELETE FROM device WHERE user = ?1";

pub(crate) fn forget_devices(tx: &Transaction<'_>, user: UserKey) -> Result<(), Error> {
    run(tx, FORGET_DEVICES, params![user.0])
}

fn word(state: State) -> &'static str {
    match state {
        State::Active => "active",
        State::Suspended => "suspended",
    }
}

pub(super) fn state(raw: &str) -> Result<State, Fault> {
    let mut states = [State::Active, State::Suspended].into_iter();
    states.find(|state| word(*state) == raw).ok_or(Fault::NotOneOf("active, suspended"))
}

fn known_user(row: &Row<'_>) -> Result<(User, Credentials), Error> {
    let user = user(row)?;
    let row = StoredRow::of("user", row);
    let credentials = Credentials {
        user: user.key,
        state: user.state,
        token: row.derived(MORE)?,
        issued: row.derived(MORE + 2)?,
        chosen: row.get::<Option<String>>(MORE + 4)?.map(PasswordHash),
    };
    Ok((user, credentials))
}

fn stored_credentials(row: &Row<'_>) -> Result<Credentials, Error> {
    let row = StoredRow::of("user", row);
    Ok(Credentials {
        user: UserKey(row.get(0)?),
        state: row.parsed(1, state)?,
        token: row.derived(2)?,
        issued: row.derived(4)?,
        chosen: row.get::<Option<String>>(6)?.map(PasswordHash),
    })
}

pub(super) fn user(row: &Row<'_>) -> Result<User, Error> {
    let row = StoredRow::of("user", row);
    Ok(User {
        key: UserKey(row.get(0)?),
        id: row.parsed(1, UserId::parse)?,
        state: row.parsed(2, state)?,
        handle: row.parsed(3, PictureKey::parse)?,
        profile: Profile {
            display_name: row.parsed_if_any(4, DisplayName::parse)?,
            status: row.parsed_if_any(5, StatusText::parse)?,
            mobile: row.parsed_if_any(6, MobileNumber::parse)?,
            email: row.parsed_if_any(7, Email::parse)?,
            extras: Extras::parse(row.json(8)?).map_err(|fault| row.broken(8, fault))?,
            metadata: Metadata::parse(row.json(9)?).map_err(|fault| row.broken(9, fault))?,
            avatar: avatar(&row)?,
            tencent_profile: row.json(15)?,
            custom: row.json(16)?,
        },
        created_at: row.moment(13)?,
        updated_at: row.moment(14)?,
        version: row.get(17)?,
        picture_lock: row.parsed_if_any(18, LockReason::parse)?,
    })
}

fn avatar(row: &StoredRow<'_>) -> Result<Avatar, Error> {
    if let Some(key) = row.parsed_if_any(11, PictureKey::parse)? {
        return Ok(Avatar::Picture(key, row.parsed(12, pictures::kind)?));
    }
    // One column holds both: an http(s) address, or another text.
    let given = |raw: &str| {
        HttpAddress::parse(raw).map(Avatar::Elsewhere).or_else(|_| AvatarText::parse(raw).map(Avatar::Text))
    };
    Ok(row.parsed_if_any(10, given)?.unwrap_or_default())
}
