//! Accounts: creation, login by the back end, tokens, tickets, suspension, deletion.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{
    domain::{
        AvatarChange, CallerKey, Credentials, Device, Error, Owner, ProfileChange, Registration, Resource, Secret,
        State, Unauthenticated, User, UserId, UserKey, Vendor,
    },
    service::{HashCaller, Purpose, Service, Tenant, UploadedPicture, credentials, users},
    store::{
        ChosenPassword, IfKnown, NewSecrets, NewTicket, NewTokens, Principal, StateChange, TicketHolder, Touches, Tx,
        UpsertUser, UpsertedUser, UserChange,
    },
};

/// Source: MirrorFly, "Token life: 1 hour".
pub const TICKET_LIFE: Duration = Duration::from_secs(3600);

/// After each failed try one other change of the same password has succeeded.
pub(super) const PASSWORD_RACES_MAX: usize = 64;

/// The refusal of an app in which only the back end creates users.
pub(super) const CLOSED: Error =
    Error::Forbidden("This app's registration is closed: only its back end creates users (setting registration)");

/// Qiscus' `login_or_register`, called by the back end.
#[derive(Debug)]
pub struct LoginOrRegister {
    pub id: UserId,
    /// The new password. Without one a new user gets a random one, and a known user is refused.
    pub password: Option<Secret>,
    pub change: ProfileChange,
    pub device: Option<Device>,
}

#[derive(Debug)]
pub struct Account {
    pub user: User,
    /// While the user is suspended this token is invalid; reactivation makes it valid.
    pub token: Secret,
}

/// The fields of MirrorFly's `createUser` and `updateUser`, called by the back end.
pub struct UserFields {
    pub id: UserId,
    pub change: ProfileChange,
    /// Takes precedence over the avatar in `change`.
    pub picture: Option<UploadedPicture>,
    pub device: Option<Device>,
}

#[derive(Debug)]
pub struct RegisterUser {
    pub id: UserId,
    pub change: ProfileChange,
    pub device: Option<Device>,
}

#[derive(Debug)]
pub struct RegisteredUser {
    pub user: User,
    pub created: bool,
    pub ticket: Secret,
    pub issued_password: Secret,
}

#[derive(Debug)]
pub struct AddedUser {
    pub user: User,
    pub token: Secret,
    pub issued_password: Secret,
}

#[derive(Debug, Clone)]
pub struct TicketCaller {
    pub tenant: Arc<Tenant>,
    pub holder: TicketHolder,
}

impl TicketCaller {
    pub fn is_back_end(&self) -> bool {
        self.holder == TicketHolder::BackEnd
    }

    /// Returns the key under which long reads of this caller queue.
    pub fn key(&self) -> CallerKey {
        match &self.holder {
            TicketHolder::BackEnd => CallerKey::App(self.tenant.app.key),
            TicketHolder::User { key, .. } => CallerKey::User(*key),
        }
    }

    /// None for the back end.
    pub fn user(&self) -> Option<(UserKey, &UserId)> {
        match &self.holder {
            TicketHolder::BackEnd => None,
            TicketHolder::User { key, id } => Some((*key, id)),
        }
    }
}

impl Service {
    /// Logs in or registers a user for the app's back end, whose secret is the authority: no former password is needed.
    ///
    /// A new password ends everything issued before, because a client may have registered the id first. The stored
    /// password given again, as at every sign-in, ends nothing.
    /// # Errors
    /// `Conflict` for a known user without a password; `Invalid`.
    pub async fn login_or_register(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<Account, Error> {
        let LoginOrRegister { id, password, change, device } = call;
        let Some(password) = password else {
            self.creatable(tenant, &id).await?;
            let register = self.registration(tenant, RegisterUser { id, change, device }, IfKnown::Refuse)?;
            return self.registered(tenant, register).await;
        };
        for _ in 0..PASSWORD_RACES_MAX {
            let known = self.creatable(tenant, &id).await?;
            let chosen = self.chosen_by_back_end(tenant, known, &password).await?;
            let enrol = RegisterUser { id: id.clone(), change: change.clone(), device: device.clone() };
            let register = UpsertUser { chosen: Some(chosen), ..self.registration(tenant, enrol, IfKnown::Update)? };
            match self.registered(tenant, register).await {
                Err(Error::Conflict(Resource::NewerVersion)) => {}
                done => return done,
            }
        }
        Err(Error::Busy)
    }

    pub(super) fn registration(
        &self,
        tenant: &Tenant,
        call: RegisterUser,
        if_known: IfKnown,
    ) -> Result<UpsertUser, Error> {
        let RegisterUser { id, change, device } = call;
        let secrets = self.new_secrets(tenant, &id)?;
        let (ticket, signed_at) = (None, None);
        Ok(UpsertUser { id, if_known, change, chosen: None, secrets, device, ticket, signed_at, at: self.now() })
    }

    async fn registered(&self, tenant: &Tenant, register: UpsertUser) -> Result<Account, Error> {
        let registered = self.register_user(tenant.app.key, register).await?;
        Ok(self.with_token(tenant, registered.user, &registered.credentials))
    }

    /// # Errors
    /// `NotFound`.
    pub async fn account(&self, tenant: &Tenant, id: &UserId) -> Result<Account, Error> {
        let (user, held) =
            self.read(async |db| db.account(tenant.app.key, id).await).await?.ok_or(Error::NotFound(Resource::User))?;
        Ok(self.with_token(tenant, user, &held))
    }

    pub(super) async fn account_of(&self, tenant: &Tenant, key: UserKey) -> Result<Account, Error> {
        let (user, held) =
            self.read(async |db| db.account_by_key(tenant.app.key, key).await).await?.ok_or(Error::GONE)?;
        Ok(self.with_token(tenant, user.if_active()?, &held))
    }

    /// Returns the account after a login, if the user's secrets are still those of the login.
    /// # Errors
    /// `Unauthenticated` if the user was deleted or got another password, `Forbidden` if it is suspended.
    pub(super) async fn opened_by(&self, tenant: &Tenant, proved: &Credentials) -> Result<Account, Error> {
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let (user, held) =
            self.read(async |db| db.account_by_key(tenant.app.key, proved.user).await).await?.ok_or(wrong.clone())?;
        match (user.is_active(), Principal::of(&held) == Principal::of(proved)) {
            (false, _) => Err(Error::SUSPENDED),
            (true, false) => Err(wrong),
            (true, true) => Ok(self.with_token(tenant, user, &held)),
        }
    }

    pub(super) fn with_token(&self, tenant: &Tenant, user: User, held: &Credentials) -> Account {
        let token = self.inner.keyring.derive(Purpose::UserToken, tenant.app.key, &user.id, held.token.salt);
        Account { user, token }
    }

    /// Creates a user or updates the given fields of a known one. `known` is the user that the caller has read. Leaves no
    /// row or file behind on an error.
    /// # Errors
    /// `Invalid` (a picture's at `profileFile`), `TooMany` uploads, `Forbidden` for a suspended user.
    pub async fn create_user(
        &self,
        tenant: &Arc<Tenant>,
        known: Option<&User>,
        call: UserFields,
    ) -> Result<RegisteredUser, Error> {
        if known.is_none() {
            check_creatable(tenant, &call.id)?;
        }
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        self.run_to_end(async move { service.create_user_now(&tenant, call).await }).await
    }

    async fn create_user_now(&self, tenant: &Tenant, call: UserFields) -> Result<RegisteredUser, Error> {
        let UserFields { id, change, picture, device } = call;
        let (ticket, new_ticket) = self.drawn_ticket();
        let enrol = RegisterUser { id: id.clone(), change: ProfileChange::default(), device };
        let asked = UpsertUser { ticket: Some(new_ticket), ..self.registration(tenant, enrol, IfKnown::Update)? };
        let commit = |change| self.register_user(tenant.app.key, UpsertUser { change, ..asked });
        let registered = self.commit_with_picture(tenant, &id, picture, change, commit).await?;
        Ok(self.created(tenant, registered, ticket))
    }

    fn created(&self, tenant: &Tenant, registered: UpsertedUser, ticket: Secret) -> RegisteredUser {
        let UpsertedUser { user, credentials, created } = registered;
        RegisteredUser { issued_password: self.issued_password(tenant, &user.id, &credentials), user, created, ticket }
    }

    /// Changes the given fields of an existing user, also of a suspended one. The caller has read the user: a picture of an
    /// unknown one would be decoded in vain.
    /// # Errors
    /// `NotFound`, `Invalid` (a picture's at its field), `TooMany` uploads. No row or file is left behind.
    pub async fn update_user(&self, tenant: &Arc<Tenant>, call: UserFields) -> Result<User, Error> {
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        let steps = async move {
            let (id, at) = (call.id.clone(), service.now());
            let commit = |profile| {
                let change = UserChange { profile, device: call.device, ..UserChange::default() };
                service.change_known_user(tenant.app.key, Owner::Named(call.id), change, at)
            };
            service.commit_with_picture(&tenant, &id, call.picture, call.change, commit).await
        };
        self.run_to_end(steps).await
    }

    /// Stores a picture, if one is given, and commits the change that names it. A refused change leaves no file.
    async fn commit_with_picture<T, C: Future<Output = Result<T, Error>>>(
        &self,
        tenant: &Tenant,
        id: &UserId,
        picture: Option<UploadedPicture>,
        change: ProfileChange,
        commit: impl FnOnce(ProfileChange) -> C,
    ) -> Result<T, Error> {
        let Some(upload) = picture else { return commit(change).await };
        let picture = self.store_picture(tenant, id, upload).await?;
        let key = picture.key.clone();
        let committed = commit(ProfileChange { avatar: Some(AvatarChange::Uploaded(picture)), ..change }).await;
        if committed.is_err() {
            self.discard_picture(&key).await;
        }
        committed
    }

    /// Registers a user for a client without the app's secret. Only an open app lets known users in.
    /// # Errors
    /// `Forbidden` in a closed app, and for a suspended user in an open one; `Conflict` for a known user in an app that
    /// only registers new ones; `TooMany` registrations of one address; `Invalid`.
    pub async fn register_as_client(
        &self,
        tenant: &Tenant,
        call: RegisterUser,
        from: Option<IpAddr>,
    ) -> Result<RegisteredUser, Error> {
        let if_known = match tenant.app.settings.registration {
            Registration::Open => IfKnown::Update,
            Registration::New => IfKnown::Refuse,
            Registration::Closed => return Err(CLOSED),
        };
        match (self.creatable(tenant, &call.id).await?, if_known) {
            (Some(_), IfKnown::Update | IfKnown::UpdateActive) => {}
            // Refusals count too: they reveal that the user exists.
            (None, _) | (Some(_), IfKnown::Refuse) => self.inner.client_limits.count_registration(from)?,
        }
        let (ticket, new_ticket) = self.drawn_ticket();
        let register = UpsertUser { ticket: Some(new_ticket), ..self.registration(tenant, call, if_known)? };
        Ok(self.created(tenant, self.register_user(tenant.app.key, register).await?, ticket))
    }

    /// # Errors
    /// `Conflict` if the id is taken; `Invalid`.
    pub async fn add_user(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<AddedUser, Error> {
        let known = self.creatable(tenant, &call.id).await?;
        let chosen = match &call.password {
            None => None,
            Some(password) => Some(self.chosen_by_back_end(tenant, known, password).await?),
        };
        let LoginOrRegister { id, change, device, password: _ } = call;
        let register =
            UpsertUser { chosen, ..self.registration(tenant, RegisterUser { id, change, device }, IfKnown::Refuse)? };
        let registered = self.register_user(tenant.app.key, register).await?;
        let issued_password = self.issued_password(tenant, &registered.user.id, &registered.credentials);
        let Account { user, token } = self.with_token(tenant, registered.user, &registered.credentials);
        Ok(AddedUser { user, token, issued_password })
    }

    pub(super) fn drawn_ticket(&self) -> (Secret, NewTicket) {
        let (ticket, digest) = credentials::new_ticket();
        let expires_at = self.now().after(TICKET_LIFE);
        (ticket, NewTicket { digest, expires_at, vendor: Vendor::MirrorFly, newest_kept: None })
    }

    /// Returns the holder of this vendor's ticket. Removes an expired one, so that a clock that is set back does not
    /// revive it.
    /// # Errors
    /// `Unauthenticated`, with an expired ticket told apart from an unknown one.
    pub async fn caller(&self, ticket: &str, vendor: Vendor) -> Result<TicketCaller, Error> {
        let digest = credentials::digest(ticket);
        let held = self.read(async |db| db.ticket(&digest).await).await?.filter(|held| held.vendor == vendor);
        let held = held.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?;
        if held.expires_at <= self.now() {
            self.inner.store.end_ticket(digest);
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        Ok(TicketCaller { tenant: self.inner.apps.by_key(held.app)?, holder: held.holder })
    }

    /// Draws a new user token. The former one is invalid when this returns.
    /// # Errors
    /// `NotFound`.
    pub async fn reset_token(&self, tenant: &Tenant, id: UserId) -> Result<Account, Error> {
        let keyring = &self.inner.keyring;
        let drawn = keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let token = keyring.derive(Purpose::UserToken, tenant.app.key, &id, drawn.salt);
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::reset_token(tx, app, id, &drawn, at).await;
        let user = self.write_named(app, id, rule).await?;
        Ok(Account { user, token })
    }

    /// Draws a new issued password. The former one, the tickets, the sessions and the user token are invalid when
    /// this returns. A chosen password stays.
    /// # Errors
    /// `NotFound`.
    pub async fn reset_issued_password(&self, tenant: &Tenant, id: UserId) -> Result<Secret, Error> {
        let tokens = self.new_tokens(tenant, &id);
        let issued = self.inner.keyring.derive(Purpose::IssuedPassword, tenant.app.key, &id, tokens.issued.salt);
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::reset_issued(tx, app, id, &tokens, at).await;
        self.write_named(app, id, rule).await?;
        Ok(issued)
    }

    /// Suspends or reactivates users: all of them or none. Suspension ends tickets and user token for good.
    /// # Errors
    /// `Invalid` at `ids`, naming the first unknown id.
    pub async fn set_states(&self, tenant: &Tenant, ids: Vec<UserId>, state: State) -> Result<(), Error> {
        let change = |id: UserId| {
            let change = self.state_change(tenant, &id, state);
            (id, change)
        };
        let changes: Vec<_> = ids.into_iter().map(change).collect();
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>| users::change_states(tx, app, &changes, at).await;
        self.inner.store.write(Touches::All, rule).await
    }

    pub(super) fn state_change(&self, tenant: &Tenant, id: &UserId, state: State) -> StateChange {
        match state {
            State::Active => StateChange::Reactivate,
            State::Suspended => {
                StateChange::Suspend { token: self.inner.keyring.draw(Purpose::UserToken, tenant.app.key, id) }
            }
        }
    }

    /// Deletes a user and frees its id; the next sweep removes the picture files. UserSigs made for the id until now
    /// stay invalid; see [`Service::kick`] for the second that this may take.
    /// # Errors
    /// `NotFound`; for a user that deletes itself, as [`Owner`].
    pub async fn delete_user(&self, tenant: &Tenant, owner: Owner) -> Result<(), Error> {
        let mut outcomes = self.delete_users(tenant, vec![owner]).await;
        outcomes.pop().unwrap_or_else(|| Err(Error::internal("a deletion returned no result")))
    }

    /// Deletes users one after the other; they share the wait of [`Service::delete_user`].
    pub async fn delete_users(&self, tenant: &Tenant, owners: Vec<Owner>) -> Vec<Result<(), Error>> {
        let (mut outcomes, mut ends) = (Vec::with_capacity(owners.len()), None);
        for owner in owners {
            let (now, dead_before) = (self.now(), self.signatures_end(tenant));
            let (app, deleted) = (tenant.app.key, owner.clone());
            let wiped = Arc::clone(&self.inner.wiped);
            let rule = async move |tx: &Tx<'_>| {
                wiped.note();
                users::delete(tx, app, &deleted, dead_before, now).await
            };
            let outcome = self.write_about(app, owner, rule).await;
            ends = outcome.is_ok().then_some(dead_before).or(ends);
            outcomes.push(outcome);
        }
        if let Some(last) = ends {
            self.wait_until(last).await;
        }
        outcomes
    }

    /// Returns the secrets of a user that may be created next, if it exists. Refuses a reserved id that no user has.
    pub(super) async fn creatable(&self, tenant: &Tenant, id: &UserId) -> Result<Option<Credentials>, Error> {
        let known = self.read(async |db| db.credentials(tenant.app.key, id).await).await?;
        if known.is_none() {
            check_creatable(tenant, id)?;
        }
        Ok(known)
    }

    pub(super) async fn chosen_by_back_end(
        &self,
        tenant: &Tenant,
        known: Option<Credentials>,
        password: &Secret,
    ) -> Result<ChosenPassword, Error> {
        self.chosen(tenant, known, password, &[HashCaller::App(tenant.app.key)]).await
    }

    /// Returns what to store for a password: the stored hash if it is the chosen one, so that the store sees no change.
    pub(super) async fn chosen(
        &self,
        tenant: &Tenant,
        known: Option<Credentials>,
        password: &Secret,
        callers: &[HashCaller],
    ) -> Result<ChosenPassword, Error> {
        credentials::check_chosen(password, tenant.app.settings.password_min)?;
        let keyring = &self.inner.keyring;
        let stored = known.and_then(|known| known.chosen);
        if let Some(stored) = &stored
            && keyring.verify(password, Some(stored.clone()), callers).await?
        {
            return Ok(ChosenPassword { hash: stored.clone(), compared_with: Some(stored.clone()) });
        }
        Ok(ChosenPassword { hash: keyring.hash(password, callers).await?, compared_with: stored })
    }

    fn new_secrets(&self, tenant: &Tenant, id: &UserId) -> Result<NewSecrets, Error> {
        let NewTokens { token, issued } = self.new_tokens(tenant, id);
        Ok(NewSecrets { token, issued, handle: credentials::new_picture_key()? })
    }

    pub(super) fn new_tokens(&self, tenant: &Tenant, id: &UserId) -> NewTokens {
        let draw = |purpose| self.inner.keyring.draw(purpose, tenant.app.key, id);
        NewTokens { token: draw(Purpose::UserToken), issued: draw(Purpose::IssuedPassword) }
    }

    fn issued_password(&self, tenant: &Tenant, id: &UserId, held: &Credentials) -> Secret {
        self.inner.keyring.derive(Purpose::IssuedPassword, tenant.app.key, id, held.issued.salt)
    }

    pub(super) async fn credentials_of(&self, tenant: &Tenant, id: &UserId) -> Result<Credentials, Error> {
        self.read(async |db| db.credentials(tenant.app.key, id).await).await?.ok_or(Error::NotFound(Resource::User))
    }
}

fn check_creatable(tenant: &Tenant, id: &UserId) -> Result<(), Error> {
    id.check_creatable(&tenant.app.account).map_err(|fault| fault.at("user id"))
}
