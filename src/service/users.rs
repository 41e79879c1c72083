//! Rules for users, each a function of a transaction: creation, change, deletion, and what ends with them.

use crate::{
    domain::{
        AppKey, Avatar, AvatarChange, Credentials, CustomStatus, DerivedSecret, DeviceType, Error, EventKind, Fault,
        HttpAddress, LockReason, Moment, NewPicture, Owner, PictureKey, Profile, ProfileChange, ProfileField, Resource,
        SessionKey, State, Unauthenticated, User, UserId, UserKey, Vendor,
    },
    service::{Service, owners},
    store::{
        IfKnown, NewTicket, NewTokens, PasswordChange, Principal, SessionState, StateChange, Touches, Tx, UpsertUser,
        UpsertedUser, UserChange,
    },
};

/// Rows of other users removed in the transaction of a deletion: some 10 ms.
const ROWS_WITH_USER: u32 = 1000;

const LOCKED: Error = Error::Forbidden("The picture is locked by an administrator");

impl Service {
    pub(super) async fn write_about<T: Send + 'static>(
        &self,
        app: AppKey,
        owner: Owner,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.inner.store.write(Touches::User(app, owner), rule).await
    }

    pub(super) async fn write_named<T: Send + 'static>(
        &self,
        app: AppKey,
        id: UserId,
        rule: impl AsyncFn(&Tx<'_>, &UserId) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.write_about(app, Owner::Named(id.clone()), async move |tx| rule(tx, &id).await).await
    }

    pub(super) async fn register_user(&self, app: AppKey, asked: UpsertUser) -> Result<UpsertedUser, Error> {
        let owner = Owner::Named(asked.id.clone());
        self.write_about(app, owner, async move |tx| register(tx, app, &asked).await).await
    }

    pub(super) async fn change_known_user(
        &self,
        app: AppKey,
        owner: Owner,
        asked: UserChange,
        at: Moment,
    ) -> Result<User, Error> {
        self.write_about(app, owner.clone(), async move |tx| change(tx, app, &owner, &asked, at).await).await
    }
}

struct AccountUpdate<'a> {
    tx: &'a Tx<'a>,
    app: AppKey,
    user: User,
    credentials: Credentials,
    at: Moment,
}

impl<'a> AccountUpdate<'a> {
    async fn of(tx: &'a Tx<'a>, app: AppKey, owner: &Owner, at: Moment) -> Result<Self, Error> {
        let (user, credentials) = match owner {
            Owner::Named(id) => tx.account(app, id).await?.ok_or(Error::NotFound(Resource::User))?,
            Owner::Itself(key) => {
                let (user, held) = tx.account_by_key(app, *key).await?.ok_or(Error::GONE)?;
                (user.if_active()?, held)
            }
        };
        Ok(Self { tx, app, user, credentials, at })
    }

    async fn named(tx: &'a Tx<'a>, app: AppKey, id: &UserId, at: Moment) -> Result<Self, Error> {
        Self::of(tx, app, &Owner::Named(id.clone()), at).await
    }

    async fn tell(&self, kind: &EventKind) -> Result<(), Error> {
        self.tx.append_event(self.app, self.user.key, &self.user.id, kind, self.at).await.map(drop)
    }

    async fn put_credentials(&mut self) -> Result<(), Error> {
        self.user.version += 1;
        self.tx.put_credentials(&self.credentials).await
    }

    /// Ends tickets, sessions and refresh tokens. Sockets end when the feed reads the event.
    async fn end_what_was_begun(&self) -> Result<(), Error> {
        self.tx.take_tickets(self.user.key).await?;
        self.tx.take_sessions(self.user.key).await
    }

    /// Writes what differs, each with its event. Refuses before it writes.
    async fn apply(&mut self, change: &UserChange) -> Result<(), Error> {
        let password = change.password.as_ref();
        let password = password.filter(|new| self.credentials.chosen.as_ref() != Some(&new.chosen.hash));
        if password.is_some_and(|new| new.chosen.compared_with != self.credentials.chosen) {
            return Err(Error::Conflict(Resource::NewerVersion));
        }
        self.set_profile(&change.profile).await?;
        if let Some(new) = password {
            self.set_password(new).await?;
        }
        if let Some(device) = &change.device {
            self.tx.put_device(self.user.key, device, self.at).await?;
        }
        if let Some(asked) = change.state.filter(|asked| asked.state() != self.user.state) {
            self.set_state(asked).await?;
        }
        Ok(())
    }

    /// Writes and announces only if a field differs.
    async fn set_profile(&mut self, change: &ProfileChange) -> Result<(), Error> {
        let fields = self.put_profile(change).await?;
        match fields.is_empty() {
            true => Ok(()),
            false => self.tell(&EventKind::ProfileChanged { fields }).await,
        }
    }

    async fn put_profile(&mut self, change: &ProfileChange) -> Result<Vec<ProfileField>, Error> {
        let (tx, key) = (self.tx, self.user.key);
        let mut profile = self.user.profile.clone();
        profile.apply(change);
        if let Some(wish) = &change.avatar {
            profile.avatar = resolve(tx, key, wish).await?;
        }
        let fields = profile.differences(&self.user.profile);
        if fields.is_empty() {
            return Ok(fields);
        }
        if fields.contains(&ProfileField::Avatar) {
            if self.user.picture_lock.is_some() {
                return Err(LOCKED);
            }
            if let Some(AvatarChange::Uploaded(new)) = &change.avatar {
                tx.put_picture(key, new, self.at).await?;
            }
            tx.release_picture(key, self.at).await?;
            if let Avatar::Picture(picture, _) = &profile.avatar {
                tx.show_picture(picture).await?;
            }
        }
        tx.put_profile(key, &profile, self.at).await?;
        self.user.profile = profile;
        self.user.updated_at = self.at;
        self.user.version += 1;
        Ok(fields)
    }

    /// Sets a new password and ends everything issued before: another person may have registered the id first.
    async fn set_password(&mut self, new: &PasswordChange) -> Result<(), Error> {
        let PasswordChange { chosen, tokens: NewTokens { token, issued } } = new;
        let held = &mut self.credentials;
        (held.token, held.issued, held.chosen) = (*token, *issued, Some(chosen.hash.clone()));
        self.put_credentials().await?;
        self.end_what_was_begun().await?;
        self.tell(&EventKind::PasswordChanged).await
    }

    async fn set_state(&mut self, change: StateChange) -> Result<(), Error> {
        self.user.state = change.state();
        self.credentials.state = change.state();
        let kind = match change {
            StateChange::Reactivate => EventKind::Reactivated,
            StateChange::Suspend { token } => {
                self.credentials.token = token;
                self.end_what_was_begun().await?;
                EventKind::Suspended
            }
        };
        self.put_credentials().await?;
        self.tell(&kind).await
    }
}

/// Only rows tell which user owns a picture.
async fn resolve(tx: &Tx<'_>, owner: UserKey, wish: &AvatarChange) -> Result<Avatar, Error> {
    match wish {
        AvatarChange::Tile => Ok(Avatar::Tile),
        AvatarChange::Elsewhere(address) => Ok(Avatar::Elsewhere(address.clone())),
        AvatarChange::Text(text) => Ok(Avatar::Text(text.clone())),
        AvatarChange::Owned(key, address) => owned(tx, owner, key, address.as_ref()).await,
        AvatarChange::Uploaded(new) => Ok(Avatar::Picture(new.key.clone(), new.kind)),
    }
}

async fn owned(tx: &Tx<'_>, owner: UserKey, key: &PictureKey, address: Option<&HttpAddress>) -> Result<Avatar, Error> {
    match (tx.picture_of(owner, key).await?, address) {
        (Some(kind), _) => Ok(Avatar::Picture(key.clone(), kind)),
        (None, Some(address)) => Ok(Avatar::Elsewhere(address.clone())),
        (None, None) => Err(Error::NotFound(Resource::Picture)),
    }
}

/// Creates a user, or updates the known one. A new password ends what was issued before.
///
/// Events: `Created`, or `ProfileChanged` for fields that differ and `PasswordChanged` for a new password.
/// # Errors
/// `Conflict(User)` for a known user that was to be refused; `Conflict(NewerVersion)` if the password is not the one
/// that `chosen` was compared with; `Forbidden` for a ticket of a suspended user; `Unauthenticated(Revoked)` if the
/// UserSig is dead.
pub async fn register(tx: &Tx<'_>, app: AppKey, asked: &UpsertUser) -> Result<UpsertedUser, Error> {
    if let Some(made_at) = asked.signed_at
        && made_at < tx.signatures_revoked_before(app, &asked.id).await?
    {
        return Err(Error::Unauthenticated(Unauthenticated::Revoked));
    }
    // Read first: most calls are logins of known users, and an insert that conflicts would still write.
    let known = tx.account(app, &asked.id).await?;
    let created = known.is_none();
    let account = match known {
        Some(_) if asked.if_known == IfKnown::Refuse => return Err(Error::Conflict(Resource::User)),
        Some((user, credentials)) => {
            let mut account = AccountUpdate { tx, app, user, credentials, at: asked.at };
            update(&mut account, asked).await?;
            account
        }
        None => create(tx, app, asked).await?,
    };
    let AccountUpdate { user, credentials, .. } = account;
    if let Some(ticket) = &asked.ticket {
        put_ticket(tx, app, user.key, ticket, asked.at).await?;
    }
    Ok(UpsertedUser { user, credentials, created })
}

async fn update(account: &mut AccountUpdate<'_>, asked: &UpsertUser) -> Result<(), Error> {
    let must_be_active = asked.if_known == IfKnown::UpdateActive || asked.ticket.is_some();
    if must_be_active && !account.user.is_active() {
        return Err(Error::SUSPENDED);
    }
    let tokens = NewTokens { token: asked.secrets.token, issued: asked.secrets.issued };
    let change = UserChange {
        profile: asked.change.clone(),
        password: asked.chosen.clone().map(|chosen| PasswordChange { chosen, tokens }),
        device: asked.device.clone(),
        ..UserChange::default()
    };
    account.apply(&change).await
}

async fn create<'a>(tx: &'a Tx<'a>, app: AppKey, asked: &UpsertUser) -> Result<AccountUpdate<'a>, Error> {
    let UpsertUser { id, secrets, at, .. } = asked;
    // A new user has no picture yet.
    if let Some(AvatarChange::Owned(_, None)) = &asked.change.avatar {
        return Err(Error::NotFound(Resource::Picture));
    }
    // The fields of the search index go in with the row, so that the index is written once, not three times.
    let mut first = Profile::default();
    first.apply(&asked.change);
    let chosen = asked.chosen.as_ref().map(|chosen| chosen.hash.clone());
    let key = tx.put_user(app, id, secrets, chosen.as_ref(), &first, *at).await?;
    let user = User {
        key,
        id: id.clone(),
        state: State::Active,
        handle: secrets.handle.clone(),
        profile: Profile::default(),
        created_at: *at,
        updated_at: *at,
        version: 1,
        picture_lock: None,
    };
    let (token, issued) = (secrets.token, secrets.issued);
    let credentials = Credentials { user: key, state: user.state, token, issued, chosen };
    let mut account = AccountUpdate { tx, app, user, credentials, at: *at };
    account.put_profile(&asked.change).await?;
    if let Some(device) = &asked.device {
        tx.put_device(account.user.key, device, *at).await?;
    }
    account.tell(&EventKind::Created).await?;
    Ok(account)
}

/// A change without a difference writes nothing. A new password ends what was issued before.
/// # Errors
/// As [`Owner`]; `Conflict(NewerVersion)` if the user is of another version than the change, or its password is not the
/// one that the new one was compared with.
pub async fn change(tx: &Tx<'_>, app: AppKey, owner: &Owner, change: &UserChange, at: Moment) -> Result<User, Error> {
    let mut account = AccountUpdate::of(tx, app, owner, at).await?;
    if change.of_version.is_some_and(|version| version != account.user.version) {
        return Err(Error::Conflict(Resource::NewerVersion));
    }
    account.apply(change).await?;
    Ok(account.user)
}

/// Changes all of them or none.
/// # Errors
/// `Invalid` at `ids`, naming the first unknown id.
pub async fn change_states(
    tx: &Tx<'_>,
    app: AppKey,
    changes: &[(UserId, StateChange)],
    at: Moment,
) -> Result<(), Error> {
    for (id, _) in changes {
        tx.user_key(app, id).await?.ok_or_else(|| Fault::NoSuchUser(id.clone()).at("ids"))?;
    }
    for (id, state) in changes {
        let change = UserChange { state: Some(*state), ..UserChange::default() };
        AccountUpdate::named(tx, app, id, at).await?.apply(&change).await?;
    }
    Ok(())
}

/// Frees the id. Leaves the lists of other users at once; if more than a thousand rows name it, the sweep removes the
/// rest. UserSigs of the id made before `sigs_dead_before` stay invalid when the id is created again.
pub async fn delete(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    sigs_dead_before: Moment,
    at: Moment,
) -> Result<(), Error> {
    let User { key, id, .. } = owners::owner(tx, app, owner).await?;
    tx.revoke_signatures(app, &id, sigs_dead_before).await?;
    // Before the row goes: deletion takes the owner from its pictures, and only a released picture may have none.
    tx.release_picture(key, at).await?;
    tx.take_user(key).await?;
    if tx.take_rows_naming(key, ROWS_WITH_USER).await? == ROWS_WITH_USER {
        tx.put_departed(key).await?;
    }
    tx.append_event(app, key, &id, &EventKind::Deleted, at).await.map(drop)
}

/// Returns 0 when no row is left that names a deleted user.
pub async fn forget_departed(tx: &Tx<'_>, at_most: u32) -> Result<u32, Error> {
    let Some(user) = tx.departed().await? else { return Ok(0) };
    let forgotten = tx.take_rows_naming(user, at_most).await?;
    if forgotten < at_most {
        tx.take_departed(user).await?;
    }
    // Counts the row of the deleted user too, so that 0 means that no deleted user is left.
    Ok(forgotten + 1)
}

/// Event: `TokenReset`.
/// # Errors
/// `NotFound(User)`.
pub async fn reset_token(
    tx: &Tx<'_>,
    app: AppKey,
    id: &UserId,
    token: &DerivedSecret,
    at: Moment,
) -> Result<User, Error> {
    let mut account = AccountUpdate::named(tx, app, id, at).await?;
    account.credentials.token = *token;
    account.put_credentials().await?;
    tx.take_sessions(account.user.key).await?;
    account.tell(&EventKind::TokenReset).await?;
    Ok(account.user)
}

/// Replaces the user token too, because a client may have got it by the former password. Ends tickets and sessions.
/// Event: `PasswordChanged`.
/// # Errors
/// `NotFound(User)`.
pub async fn reset_issued(tx: &Tx<'_>, app: AppKey, id: &UserId, tokens: &NewTokens, at: Moment) -> Result<(), Error> {
    let mut account = AccountUpdate::named(tx, app, id, at).await?;
    (account.credentials.issued, account.credentials.token) = (tokens.issued, tokens.token);
    account.put_credentials().await?;
    account.end_what_was_begun().await?;
    account.tell(&EventKind::PasswordChanged).await
}

/// Ends Tencent tickets, and UserSigs made before `dead_before`. Event: `Kicked`.
/// # Errors
/// `NotFound(User)`.
pub async fn kick(tx: &Tx<'_>, app: AppKey, id: &UserId, dead_before: Moment, at: Moment) -> Result<(), Error> {
    let key = tx.user_key(app, id).await?.ok_or(Error::NotFound(Resource::User))?;
    tx.revoke_signatures(app, id, dead_before).await?;
    tx.take_tickets_of_vendor(key, Vendor::Tencent).await?;
    tx.append_event(app, key, id, &EventKind::Kicked, at).await.map(drop)
}

/// Ends everything that keeps a user signed in, UserSigs made before `dead_before` too. Events: `Kicked`, `TokenReset`.
/// # Errors
/// `NotFound(User)`.
pub async fn revoke(
    tx: &Tx<'_>,
    app: AppKey,
    id: &UserId,
    token: &DerivedSecret,
    dead_before: Moment,
    at: Moment,
) -> Result<User, Error> {
    kick(tx, app, id, dead_before, at).await?;
    let user = reset_token(tx, app, id, token, at).await?;
    tx.take_tickets(user.key).await?;
    Ok(user)
}

/// # Errors
/// `NotFound(User)` if the holder is no user of this app, is suspended, or has another password by now;
/// `NotFound(App)`.
pub async fn issue_ticket(
    tx: &Tx<'_>,
    app: AppKey,
    holder: &Principal,
    ticket: &NewTicket,
    at: Moment,
) -> Result<(), Error> {
    match holder {
        Principal::BackEnd => match tx.put_back_end_ticket(app, ticket, at).await? {
            true => Ok(()),
            false => Err(Error::NotFound(Resource::App)),
        },
        Principal::User { key, .. } => {
            let account = tx.account_by_key(app, *key).await?;
            let is_still_so = account.is_some_and(|(user, held)| user.is_active() && *holder == Principal::of(&held));
            if !is_still_so {
                return Err(Error::NotFound(Resource::User));
            }
            put_ticket(tx, app, *key, ticket, at).await
        }
    }
}

async fn put_ticket(tx: &Tx<'_>, app: AppKey, user: UserKey, ticket: &NewTicket, at: Moment) -> Result<(), Error> {
    tx.put_ticket(app, user, ticket, at).await?;
    tx.note_login(user).await?;
    match ticket.newest_kept {
        Some(kept) => tx.keep_newest_tickets(user, ticket, kept).await,
        None => Ok(()),
    }
}

/// Keeps the user's newest `at_most` sessions.
/// # Errors
/// `Unauthenticated` if the user was deleted, suspended or got another password since the login.
pub async fn begin_session(
    tx: &Tx<'_>,
    app: AppKey,
    held: &Credentials,
    state: &SessionState,
    at_most: u32,
) -> Result<SessionKey, Error> {
    let account = tx.account_by_key(app, held.user).await?;
    let is_still_so = account.is_some_and(|(user, now)| user.is_active() && Principal::of(held) == Principal::of(&now));
    if !is_still_so {
        return Err(Error::Unauthenticated(Unauthenticated::Wrong));
    }
    let key = tx.put_session(held.user, state).await?;
    tx.keep_newest_sessions(held.user, at_most).await?;
    Ok(key)
}

/// A deleted user is no error.
pub async fn sign_off(tx: &Tx<'_>, app: AppKey, user: UserKey, session: Option<SessionKey>) -> Result<(), Error> {
    if tx.user_by_key(app, user).await?.is_none() {
        return Ok(());
    }
    if let Some(session) = session {
        tx.take_session(user, session).await?;
    }
    tx.take_devices(user).await
}

pub async fn forget_device(tx: &Tx<'_>, app: AppKey, user: UserKey, platform: DeviceType) -> Result<(), Error> {
    owners::acting(tx, app, user).await?;
    tx.take_device(user, platform).await
}

pub async fn add_picture(tx: &Tx<'_>, app: AppKey, owner: UserKey, new: &NewPicture, at: Moment) -> Result<(), Error> {
    owners::acting(tx, app, owner).await?;
    tx.put_picture(owner, new, at).await
}

/// # Errors
/// `NotFound(User)`.
pub async fn lock_picture(tx: &Tx<'_>, app: AppKey, id: &UserId, reason: Option<&LockReason>) -> Result<User, Error> {
    let user = tx.user(app, id).await?.ok_or(Error::NotFound(Resource::User))?;
    tx.put_picture_lock(user.key, reason).await?;
    Ok(User { picture_lock: reason.cloned(), version: user.version + 1, ..user })
}

pub async fn set_custom_status(
    tx: &Tx<'_>,
    app: AppKey,
    user: UserKey,
    custom: Option<&CustomStatus>,
) -> Result<(), Error> {
    owners::acting(tx, app, user).await?;
    tx.put_custom_status(user, custom).await
}
