//! Users: registration, change, look-up and lists.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::{
    by_name, contacts, counts, devices, events, owners, pictures,
    row::{Stored, readable},
    secrets, signatures, tickets,
};
use crate::{
    domain::{
        avatar::{Avatar, PictureKey},
        contact,
        error::{Error, Fault, What},
        event::EventKind,
        folding::folded,
        free_data::{Extras, Metadata},
        id::{AppKey, UserId, UserKey},
        listening::Wire,
        owner::Owner,
        page::{Listed, Order, Page},
        profile::{Credentials, Profile, ProfileChange, ProfileField, State, User},
        secret::{Digest, PasswordHash},
        text::{AvatarText, DisplayName, Email, HttpAddress, LockReason, MobileNumber, StatusText},
        time::Moment,
    },
    store::{Holder, IfKnown, NewPassword, NewTokens, Register, Registered, StateChange, UserChange},
};

/// Selects users with their current picture: the columns [`user`] reads, in its order, then `$more`.
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

/// The first column behind those that [`user`] reads.
pub(super) const MORE: usize = 19;

pub(super) use select_user;

const FIND: &str = select_user!("", "WHERE user.app = ?1 AND user.id = ?2");

pub(in crate::store) fn find(connection: &Connection, app: AppKey, id: &UserId) -> Result<Option<User>, Error> {
    connection.prepare_cached(FIND)?.query_and_then(params![app.0, id.as_str()], user)?.next().transpose()
}

/// Under one snapshot, by one statement: the lock for each would cost as much again, looking the statement up a tenth.
pub(in crate::store) fn find_all(
    connection: &Connection,
    app: AppKey,
    ids: &[UserId],
) -> Result<Vec<Option<User>>, Error> {
    let snapshot = connection.unchecked_transaction()?;
    let mut statement = snapshot.prepare_cached(FIND)?;
    let mut one = |id: &UserId| readable(statement.query(params![app.0, id.as_str()])?, user).next().transpose();
    ids.iter().map(&mut one).collect()
}

const FIND_BY_KEY: &str = select_user!("", "WHERE user.app = ?1 AND user.key = ?2");

pub(in crate::store) fn find_by_key(connection: &Connection, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
    connection.prepare_cached(FIND_BY_KEY)?.query_and_then(params![app.0, key.0], user)?.next().transpose()
}

/// As [`find_by_key`], for lists and notices: none where the row is damaged.
pub(in crate::store) fn find_readable(
    connection: &Connection,
    app: AppKey,
    key: UserKey,
) -> Result<Option<User>, Error> {
    let mut statement = connection.prepare_cached(FIND_BY_KEY)?;
    readable(statement.query(params![app.0, key.0])?, user).next().transpose()
}

const FIND_BY_TOKEN: &str = select_user!("", "WHERE user.app = ?1 AND user.token_digest = ?2");

pub(in crate::store) fn find_by_token(
    connection: &Connection,
    app: AppKey,
    token: &Digest,
) -> Result<Option<User>, Error> {
    connection.prepare_cached(FIND_BY_TOKEN)?.query_and_then(params![app.0, token.0], user)?.next().transpose()
}

const FIND_BY_HANDLE: &str = select_user!(", user.app", "WHERE user.handle = ?1");

pub(in crate::store) fn find_by_handle(
    connection: &Connection,
    handle: &PictureKey,
) -> Result<Option<(AppKey, User)>, Error> {
    let parse = |row: &Row<'_>| Ok((AppKey(row.get(MORE)?), user(row)?));
    connection.prepare_cached(FIND_BY_HANDLE)?.query_and_then(params![handle.as_str()], parse)?.next().transpose()
}

const CREDENTIALS: &str = "
    SELECT key, state, token_salt, token_digest, issued_salt, issued_digest, chosen
    FROM user WHERE app = ?1 AND id = ?2";

pub(in crate::store) fn credentials(
    connection: &Connection,
    app: AppKey,
    id: &UserId,
) -> Result<Option<Credentials>, Error> {
    let mut statement = connection.prepare_cached(CREDENTIALS)?;
    statement.query_and_then(params![app.0, id.as_str()], stored_credentials)?.next().transpose()
}

pub(super) const FROM_OLDEST: &str =
    select_user!("", "WHERE user.app = ?1 AND user.seq >= ?2 ORDER BY user.seq LIMIT ?3");

const FROM_NEWEST: &str = select_user!("", "WHERE user.app = ?1 AND user.seq <= ?2 ORDER BY user.seq DESC LIMIT ?3");

pub(in crate::store) fn list(
    connection: &Connection,
    app: AppKey,
    page: Page,
    order: Order,
) -> Result<Listed<User>, Error> {
    // One snapshot for the counters and the rows they count.
    let snapshot = connection.unchecked_transaction()?;
    let total = counts::total(&snapshot, app)?;
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

/// The users from one on, in creation order.
pub(super) fn list_from(
    snapshot: &Connection,
    app: AppKey,
    statement: &str,
    position: u64,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let first = counts::seq_at(snapshot, app, position)?;
    let mut statement = snapshot.prepare_cached(statement)?;
    readable(statement.query(params![app.0, first, limit])?, user).collect()
}

/// A user with what opens its account.
struct Known {
    user: User,
    credentials: Credentials,
}

const KNOWN: &str = select_user!(
    ", user.token_salt, user.token_digest, user.issued_salt, user.issued_digest, user.chosen",
    "WHERE user.app = ?1 AND user.id = ?2"
);

fn known(connection: &Connection, app: AppKey, id: &UserId) -> Result<Option<Known>, Error> {
    connection.prepare_cached(KNOWN)?.query_and_then(params![app.0, id.as_str()], known_user)?.next().transpose()
}

pub(in crate::store) fn account(
    connection: &Connection,
    app: AppKey,
    id: &UserId,
) -> Result<Option<(User, Credentials)>, Error> {
    Ok(known(connection, app, id)?.map(|known| (known.user, known.credentials)))
}

const KNOWN_BY_KEY: &str = select_user!(
    ", user.token_salt, user.token_digest, user.issued_salt, user.issued_digest, user.chosen",
    "WHERE user.app = ?1 AND user.key = ?2"
);

fn known_by_key(connection: &Connection, app: AppKey, key: UserKey) -> Result<Option<Known>, Error> {
    connection.prepare_cached(KNOWN_BY_KEY)?.query_and_then(params![app.0, key.0], known_user)?.next().transpose()
}

pub(in crate::store) fn account_by_key(
    connection: &Connection,
    app: AppKey,
    key: UserKey,
) -> Result<Option<(User, Credentials)>, Error> {
    Ok(known_by_key(connection, app, key)?.map(|known| (known.user, known.credentials)))
}

fn known_owner(tx: &Transaction<'_>, app: AppKey, owner: &Owner) -> Result<Known, Error> {
    match owner {
        Owner::Named(id) => known(tx, app, id)?.ok_or(Error::NotFound(What::User)),
        Owner::Itself(key) => {
            let known = known_by_key(tx, app, *key)?.ok_or(owners::GONE)?;
            owners::active(&known.user).map(|()| known)
        }
    }
}

pub(in crate::store) fn register(tx: &Transaction<'_>, app: AppKey, asked: &Register) -> Result<Registered, Error> {
    if let Some(made_at) = asked.signed_at {
        signatures::alive(tx, app, &asked.id, made_at)?;
    }
    // Looked up first: most calls are logins of known users, and an insert that meets one would still write.
    let (known, created) = match (known(tx, app, &asked.id)?, asked.if_known) {
        (Some(_), IfKnown::Refuse) => return Err(Error::Conflict(What::User)),
        (Some(mut known), IfKnown::Update | IfKnown::UpdateActive) => {
            if asked.if_known == IfKnown::UpdateActive {
                owners::active(&known.user)?;
            }
            let tokens = NewTokens { token: asked.secrets.token, issued: asked.secrets.issued };
            let change = UserChange {
                profile: asked.change.clone(),
                password: asked.chosen.clone().map(|chosen| NewPassword { chosen, tokens }),
                device: asked.device.clone(),
                ..UserChange::default()
            };
            apply(tx, app, &mut known, &change, asked.at)?;
            (known, false)
        }
        (None, IfKnown::Update | IfKnown::UpdateActive | IfKnown::Refuse) => (create(tx, app, asked)?, true),
    };
    if let Some(ticket) = &asked.ticket {
        if known.user.state == State::Suspended {
            return Err(Error::SUSPENDED);
        }
        let holder = Holder::of(&known.credentials);
        tickets::issue(tx, app, &holder, ticket, asked.at)?;
    }
    Ok(Registered { user: known.user, credentials: known.credentials, created })
}

const CREATE: &str = "
    INSERT INTO user (app, seq, id, state, handle, extras, metadata, token_salt, token_digest,
        issued_salt, issued_digest, chosen, created_at, updated_at, display_name, folded_name)
    VALUES (?1, (SELECT coalesce(max(seq) + 1, 0) FROM user WHERE app = ?1), ?2, 'active', ?3, '{}', ?11, ?4, ?5,
        ?6, ?7, ?8, ?9, ?9, ?10, ?12)
    RETURNING key";

fn create(tx: &Transaction<'_>, app: AppKey, asked: &Register) -> Result<Known, Error> {
    let secrets = &asked.secrets;
    // What the index of names and metadata is made of goes in at once: it is written once then, not three times.
    let mut first = Profile::default();
    first.take(&asked.change);
    let key = tx.prepare_cached(CREATE)?.query_row(
        params![
            app.0,
            asked.id.as_str(),
            secrets.handle.as_str(),
            secrets.token.salt.0,
            secrets.token.digest.0,
            secrets.issued.salt.0,
            secrets.issued.digest.0,
            asked.chosen.as_ref().map(|chosen| &chosen.hash.0),
            asked.at.micros(),
            first.display_name.as_ref().map(DisplayName::as_str),
            serde_json::to_string(first.metadata.as_object()).map_err(Error::internal)?,
            folded_name(&first),
        ],
        |row| row.get(0),
    )?;
    let mut user = User {
        key: UserKey(key),
        id: asked.id.clone(),
        state: State::Active,
        handle: secrets.handle.clone(),
        profile: Profile::default(),
        created_at: asked.at,
        updated_at: asked.at,
        version: 1,
        picture_lock: None,
    };
    set_profile(tx, &mut user, &asked.change, asked.at)?;
    if let Some(device) = &asked.device {
        devices::set(tx, user.key, device, asked.at)?;
    }
    events::append(tx, app, user.key, &user.id, &EventKind::Created, asked.at)?;
    let credentials = Credentials {
        user: user.key,
        state: user.state,
        token: secrets.token,
        issued: secrets.issued,
        chosen: asked.chosen.as_ref().map(|chosen| chosen.hash.clone()),
    };
    Ok(Known { user, credentials })
}

pub(in crate::store) fn change(
    tx: &Transaction<'_>,
    app: AppKey,
    owner: &Owner,
    change: &UserChange,
    at: Moment,
) -> Result<User, Error> {
    let mut known = known_owner(tx, app, owner)?;
    if change.of_version.is_some_and(|version| version != known.user.version) {
        return Err(Error::Conflict(What::NewerVersion));
    }
    apply(tx, app, &mut known, change, at)?;
    Ok(known.user)
}

/// Writes what differs, each with its event.
fn apply(tx: &Transaction<'_>, app: AppKey, known: &mut Known, change: &UserChange, at: Moment) -> Result<(), Error> {
    let password = change.password.as_ref().filter(|new| known.credentials.chosen.as_ref() != Some(&new.chosen.hash));
    if password.is_some_and(|new| new.chosen.compared_with != known.credentials.chosen) {
        return Err(Error::Conflict(What::NewerVersion));
    }
    let fields = set_profile(tx, &mut known.user, &change.profile, at)?;
    if !fields.is_empty() {
        let kind = EventKind::ProfileChanged { fields };
        events::append(tx, app, known.user.key, &known.user.id, &kind, at)?;
    }
    if let Some(new) = password {
        secrets::set_password(tx, &mut known.credentials, new)?;
        known.user.version += 1;
        events::append(tx, app, known.user.key, &known.user.id, &EventKind::PasswordChanged, at)?;
    }
    if let Some(device) = &change.device {
        devices::set(tx, known.user.key, device, at)?;
    }
    if let Some(asked) = change.state.filter(|asked| asked.state() != known.user.state) {
        let kind = set_state(tx, known, asked)?;
        events::append(tx, app, known.user.key, &known.user.id, &kind, at)?;
    }
    Ok(())
}

pub(in crate::store) fn change_states(
    tx: &Transaction<'_>,
    app: AppKey,
    changes: &[(UserId, StateChange)],
    at: Moment,
) -> Result<(), Error> {
    for (id, state) in changes {
        let mut known = known(tx, app, id)?.ok_or_else(|| Fault::NoSuchUser(id.clone()).at("ids"))?;
        apply(tx, app, &mut known, &UserChange { state: Some(*state), ..UserChange::default() }, at)?;
    }
    Ok(())
}

const SET_PROFILE: &str = "
    UPDATE user SET display_name = ?2, status = ?3, mobile = ?4, email = ?5, extras = ?6, metadata = ?7,
        avatar_address = ?8, updated_at = ?9, particulars = ?10, custom = ?11, folded_name = ?12,
        mobile_bare = ?13, version = version + 1
    WHERE key = ?1";

/// What a user is found by.
fn folded_name(profile: &Profile) -> Option<String> {
    profile.display_name.as_ref().map(|name| folded(name.as_str()))
}

/// Takes over the given fields and says which ones differ from before; writes only if any does.
fn set_profile(
    tx: &Transaction<'_>,
    user: &mut User,
    change: &ProfileChange,
    at: Moment,
) -> Result<Vec<ProfileField>, Error> {
    let mut profile = user.profile.clone();
    profile.take(change);
    if let Some(wish) = &change.avatar {
        profile.avatar = pictures::resolve(tx, user.key, wish, at)?;
    }
    let fields = profile.differences(&user.profile);
    if fields.is_empty() {
        return Ok(fields);
    }
    if fields.contains(&ProfileField::Avatar) {
        if user.picture_lock.is_some() {
            return Err(pictures::LOCKED);
        }
        pictures::show(tx, user.key, &profile.avatar, at)?;
    }
    let avatar_address = match &profile.avatar {
        Avatar::Elsewhere(address) => Some(address.as_str()),
        Avatar::Text(text) => Some(text.as_str()),
        Avatar::Tile | Avatar::Picture(..) => None,
    };
    tx.prepare_cached(SET_PROFILE)?.execute(params![
        user.key.0,
        profile.display_name.as_ref().map(DisplayName::as_str),
        profile.status.as_ref().map(StatusText::as_str),
        profile.mobile.as_ref().map(MobileNumber::as_str),
        profile.email.as_ref().map(Email::as_str),
        serde_json::to_string(profile.extras.as_object()).map_err(Error::internal)?,
        serde_json::to_string(profile.metadata.as_object()).map_err(Error::internal)?,
        avatar_address,
        at.micros(),
        serde_json::to_string(&profile.particulars).map_err(Error::internal)?,
        serde_json::to_string(&profile.custom).map_err(Error::internal)?,
        folded_name(&profile),
        profile.mobile.as_ref().and_then(|mobile| contact::bare(mobile.as_str())),
    ])?;
    user.profile = profile;
    user.updated_at = at;
    user.version += 1;
    Ok(fields)
}

const SET_STATE: &str = "
    UPDATE user SET state = ?2, token_salt = ?3, token_digest = ?4, version = version + 1
    WHERE key = ?1";

fn set_state(tx: &Transaction<'_>, known: &mut Known, change: StateChange) -> Result<EventKind, Error> {
    let (state, key) = (change.state(), known.user.key);
    let kind = match change {
        StateChange::Reactivate => EventKind::Reactivated,
        StateChange::Suspend { token } => {
            known.credentials.token = token;
            secrets::end_what_was_begun(tx, key)?;
            EventKind::Suspended
        }
    };
    let token = known.credentials.token;
    tx.prepare_cached(SET_STATE)?.execute(params![key.0, word(state), token.salt.0, token.digest.0])?;
    known.user.state = state;
    known.user.version += 1;
    known.credentials.state = state;
    Ok(kind)
}

const KEY_OF: &str = "SELECT key FROM user WHERE app = ?1 AND id = ?2";

pub(in crate::store) fn key(connection: &Connection, app: AppKey, id: &UserId) -> Result<Option<UserKey>, Error> {
    let key = connection.prepare_cached(KEY_OF)?.query_row(params![app.0, id.as_str()], |row| row.get(0).map(UserKey));
    Ok(key.optional()?)
}

pub(super) fn key_of(connection: &Connection, app: AppKey, id: &UserId) -> Result<UserKey, Error> {
    key(connection, app, id)?.ok_or(Error::NotFound(What::User))
}

const DELETE: &str = "DELETE FROM user WHERE key = ?1";

/// Signatures of the id that were made before `dead_before` stay dead when it is created anew.
pub(in crate::store) fn delete(
    tx: &Transaction<'_>,
    app: AppKey,
    owned_by: &Owner,
    dead_before: Moment,
    at: Moment,
) -> Result<(), Error> {
    let User { key, id, .. } = owners::owner(tx, app, owned_by)?;
    signatures::kill(tx, app, &id, dead_before)?;
    // Before the row goes: its pictures lose their owner with it, and only a released one may have none.
    pictures::release(tx, key, at)?;
    tx.prepare_cached(DELETE)?.execute(params![key.0])?;
    contacts::depart(tx, key)?;
    events::append(tx, app, key, &id, &EventKind::Deleted, at)
}

/// Ends what keeps a user signed in on Tencent's wire: its tickets, and signatures made before `dead_before`.
pub(in crate::store) fn kick(
    tx: &Transaction<'_>,
    app: AppKey,
    id: &UserId,
    dead_before: Moment,
    at: Moment,
) -> Result<(), Error> {
    let key = key_of(tx, app, id)?;
    signatures::kill(tx, app, id, dead_before)?;
    tickets::forget_of_wire(tx, key, Wire::Tencent)?;
    events::append(tx, app, key, id, &EventKind::Kicked, at)
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

fn known_user(row: &Row<'_>) -> Result<Known, Error> {
    let user = user(row)?;
    let row = Stored::of("user", row);
    let credentials = Credentials {
        user: user.key,
        state: user.state,
        token: row.derived(MORE)?,
        issued: row.derived(MORE + 2)?,
        chosen: row.get::<Option<String>>(MORE + 4)?.map(PasswordHash),
    };
    Ok(Known { user, credentials })
}

fn stored_credentials(row: &Row<'_>) -> Result<Credentials, Error> {
    let row = Stored::of("user", row);
    Ok(Credentials {
        user: UserKey(row.get(0)?),
        state: row.parsed(1, state)?,
        token: row.derived(2)?,
        issued: row.derived(4)?,
        chosen: row.get::<Option<String>>(6)?.map(PasswordHash),
    })
}

pub(super) fn user(row: &Row<'_>) -> Result<User, Error> {
    let row = Stored::of("user", row);
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
            particulars: row.json(15)?,
            custom: row.json(16)?,
        },
        created_at: row.moment(13)?,
        updated_at: row.moment(14)?,
        version: row.get(17)?,
        picture_lock: row.parsed_if_any(18, LockReason::parse)?,
    })
}

fn avatar(row: &Stored<'_>) -> Result<Avatar, Error> {
    if let Some(key) = row.parsed_if_any(11, PictureKey::parse)? {
        return Ok(Avatar::Picture(key, row.parsed(12, pictures::kind)?));
    }
    // One column for both: what is an address is one.
    let given = |raw: &str| {
        HttpAddress::parse(raw).map(Avatar::Elsewhere).or_else(|_| AvatarText::parse(raw).map(Avatar::Text))
    };
    Ok(row.parsed_if_any(10, given)?.unwrap_or_default())
}
