//! Accounts: coming to be, logging in, tokens, tickets, going away.

use std::{net::IpAddr, sync::Arc, time::Duration};

use crate::{
    domain::{
        app::Registration,
        avatar::AvatarChange,
        caller::CallerKey,
        device::Device,
        error::{Error, Unauthenticated, What},
        id::{UserId, UserKey},
        listening::Wire,
        owner::Owner,
        profile::{Credentials, ProfileChange, State, User},
        secret::Secret,
    },
    service::{
        Service,
        apps::Tenant,
        credentials::{self, HashCaller, Purpose},
        pictures::Upload,
        users,
    },
    store::{
        ChosenPassword, Holder, IfKnown, NewSecrets, NewTicket, NewTokens, Register, Registered, StateChange,
        TicketHolder, Touches, Tx, UserChange,
    },
};

/// How long a ticket opens the door. Source: MirrorFly, "Token life: 1 hour".
pub const TICKET_LIFE: Duration = Duration::from_secs(3600);

/// How often a change of a password is tried again because another call has changed the password since it was compared. Each time, one
/// such call has gone through.
pub(super) const PASSWORD_RACES_MAX: usize = 64;

/// The refusal of an app in which clients that show no secret create nobody.
pub(super) const CLOSED: Error =
    Error::Forbidden("This app's registration is closed: only its back end creates users (setting registration)");

/// The back end of Qiscus asks to log somebody in or to register them.
#[derive(Debug)]
pub struct LoginOrRegister {
    /// Whom.
    pub id: UserId,
    /// Becomes the user's; without one a new user gets a random one, and a known user is refused.
    pub password: Option<Secret>,
    /// What is given of the profile.
    pub change: ProfileChange,
    /// What is told of a device, if anything is.
    pub device: Option<Device>,
}

/// A user with its user token.
#[derive(Debug)]
pub struct Account {
    /// The user.
    pub user: User,
    /// Its user token. While the user is suspended it opens nothing; it will once the user is reactivated.
    pub token: Secret,
}

/// The back end of MirrorFly creates a user, or brings a known one up to date.
pub struct CreateUser {
    /// Whom.
    pub id: UserId,
    /// What is given of the profile.
    pub change: ProfileChange,
    /// A picture sent along; it beats any avatar in `change`.
    pub picture: Option<Upload>,
    /// What is told of a device, if anything is.
    pub device: Option<Device>,
}

/// The back end of MirrorFly changes a user that exists.
pub struct UpdateUser {
    /// Whom.
    pub id: UserId,
    /// What is given of the profile.
    pub change: ProfileChange,
    /// A picture sent along; it beats any avatar in `change`.
    pub picture: Option<Upload>,
    /// What is told of a device, if anything is.
    pub device: Option<Device>,
}

/// A client that holds an app's public key alone asks to register a user.
#[derive(Debug)]
pub struct Enrol {
    /// Whom.
    pub id: UserId,
    /// What is given of the profile.
    pub change: ProfileChange,
    /// What is told of a device, if anything is.
    pub device: Option<Device>,
}

/// A user that was created or brought up to date, with what opens its door.
#[derive(Debug)]
pub struct Created {
    /// The user.
    pub user: User,
    /// Whether this call made it.
    pub created: bool,
    /// A ticket of its own.
    pub ticket: Secret,
    /// The password it was issued: the same one every time.
    pub issued_password: Secret,
}

/// A user an operator has made, with what opens its door.
#[derive(Debug)]
pub struct Added {
    /// The user.
    pub user: User,
    /// The user token.
    pub token: Secret,
    /// The issued password.
    pub issued_password: Secret,
}

/// Whoever holds a live ticket.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The app the ticket is of.
    pub tenant: Arc<Tenant>,
    /// Who in it.
    pub holder: TicketHolder,
}

impl Caller {
    /// Whether it is the app's back-end account.
    pub fn is_back_end(&self) -> bool {
        self.holder == TicketHolder::BackEnd
    }

    /// For whom long reads are counted.
    pub fn key(&self) -> CallerKey {
        match &self.holder {
            TicketHolder::BackEnd => CallerKey::App(self.tenant.app.key),
            TicketHolder::User { key, .. } => CallerKey::User(*key),
        }
    }

    /// The user it is, unless it is the back end.
    pub fn user(&self) -> Option<(UserKey, &UserId)> {
        match &self.holder {
            TicketHolder::BackEnd => None,
            TicketHolder::User { key, id } => Some((*key, id)),
        }
    }
}

impl Service {
    /// Logs a user in for its app's back end, or registers it: profile fields that are given are replaced, and so is the password.
    /// The app's secret is the authority: no former password is asked for.
    ///
    /// A password other than the stored one ends everything that was issued before: a client may have registered the id first. The user
    /// token, which is returned, and the issued password are drawn anew; sessions, tickets and sockets end. The stored password given
    /// again, as at every sign-in, ends nothing.
    /// # Errors
    /// `Conflict` for a known user without a password; `Invalid`; store errors.
    pub async fn login_or_register(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<Account, Error> {
        let LoginOrRegister { id, password, change, device } = call;
        let Some(password) = password else {
            self.creatable(tenant, &id).await?;
            let register = self.asked(tenant, Enrol { id, change, device }, IfKnown::Refuse)?;
            return self.registered(tenant, register).await;
        };
        for _ in 0..PASSWORD_RACES_MAX {
            let known = self.creatable(tenant, &id).await?;
            let chosen = self.chosen_by_back_end(tenant, known, &password).await?;
            let enrol = Enrol { id: id.clone(), change: change.clone(), device: device.clone() };
            let register = Register { chosen: Some(chosen), ..self.asked(tenant, enrol, IfKnown::Update)? };
            match self.registered(tenant, register).await {
                Err(Error::Conflict(What::NewerVersion)) => {}
                done => return done,
            }
        }
        Err(Error::Busy)
    }

    /// What the store is asked for somebody who brings no password and gets no ticket.
    pub(super) fn asked(&self, tenant: &Tenant, call: Enrol, if_known: IfKnown) -> Result<Register, Error> {
        let Enrol { id, change, device } = call;
        let secrets = self.new_secrets(tenant, &id)?;
        let (ticket, signed_at) = (None, None);
        Ok(Register { id, if_known, change, chosen: None, secrets, device, ticket, signed_at, at: self.now() })
    }

    async fn registered(&self, tenant: &Tenant, register: Register) -> Result<Account, Error> {
        let registered = self.register_user(tenant.app.key, register).await?;
        Ok(self.with_token(tenant, registered.user, &registered.credentials))
    }

    /// A user with its user token, which stays as it is.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn account(&self, tenant: &Tenant, id: &UserId) -> Result<Account, Error> {
        let (user, held) =
            self.read(async |db| db.account(tenant.app.key, id).await).await?.ok_or(Error::NotFound(What::User))?;
        Ok(self.with_token(tenant, user, &held))
    }

    /// A user with its user token, for a session of this user's.
    /// # Errors
    /// `Unauthenticated` when the user is deleted by now, `Forbidden` when it is suspended; store errors.
    pub(super) async fn account_of(&self, tenant: &Tenant, key: UserKey) -> Result<Account, Error> {
        let (user, held) =
            self.read(async |db| db.account_by_key(tenant.app.key, key).await).await?.ok_or(Error::GONE)?;
        Ok(self.with_token(tenant, user.if_active()?, &held))
    }

    /// The account that a proved login opens, with its user token: of the user whose secrets these are, which are still its secrets.
    /// # Errors
    /// `Unauthenticated` when the user is deleted or has another password by now, `Forbidden` when it is suspended; store errors.
    pub(super) async fn opened_by(&self, tenant: &Tenant, proved: &Credentials) -> Result<Account, Error> {
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let (user, held) =
            self.read(async |db| db.account_by_key(tenant.app.key, proved.user).await).await?.ok_or(wrong.clone())?;
        match (user.is_active(), Holder::of(&held) == Holder::of(proved)) {
            (false, _) => Err(Error::SUSPENDED),
            (true, false) => Err(wrong),
            (true, true) => Ok(self.with_token(tenant, user, &held)),
        }
    }

    pub(super) fn with_token(&self, tenant: &Tenant, user: User, held: &Credentials) -> Account {
        let token = self.house.keyring.derive(Purpose::UserToken, tenant.app.key, &user.id, held.token.salt);
        Account { user, token }
    }

    /// Creates a user, or updates the given fields of a known one, and hands out its issued password and a ticket.
    /// # Errors
    /// `Invalid` (a picture's at `profileFile`), `TooMany` uploads, `Forbidden` for a suspended user, store errors. Nothing is left behind then, neither row nor file.
    pub async fn create_user(&self, tenant: &Arc<Tenant>, call: CreateUser) -> Result<Created, Error> {
        self.creatable(tenant, &call.id).await?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        self.to_the_end(async move { service.create_user_now(&tenant, call).await }).await
    }

    async fn create_user_now(&self, tenant: &Tenant, call: CreateUser) -> Result<Created, Error> {
        let CreateUser { id, change, picture, device } = call;
        let (ticket, new_ticket) = self.drawn_ticket();
        let enrol = Enrol { id: id.clone(), change: ProfileChange::default(), device };
        let asked = Register { ticket: Some(new_ticket), ..self.asked(tenant, enrol, IfKnown::Update)? };
        let commit = |change| self.register_user(tenant.app.key, Register { change, ..asked });
        let registered = self.commit_with_picture(tenant, &id, picture, change, commit).await?;
        Ok(self.created(tenant, registered, ticket))
    }

    fn created(&self, tenant: &Tenant, registered: Registered, ticket: Secret) -> Created {
        let Registered { user, credentials, created } = registered;
        Created { issued_password: self.issued_password(tenant, &user.id, &credentials), user, created, ticket }
    }

    /// Changes the given fields of a user that exists, suspended ones included.
    /// # Errors
    /// `NotFound`, `Invalid` (a picture's at its field), `TooMany` uploads, store errors. Nothing is left behind then, neither row nor file.
    pub async fn update_user(&self, tenant: &Arc<Tenant>, call: UpdateUser) -> Result<User, Error> {
        // Asked before a picture is unpacked for nobody.
        self.user(tenant, &call.id).await?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        let steps = async move {
            let (id, at) = (call.id.clone(), service.now());
            let commit = |profile| {
                let change = UserChange { profile, device: call.device, ..UserChange::default() };
                service.change_known_user(tenant.app.key, Owner::Named(call.id), change, at)
            };
            service.commit_with_picture(&tenant, &id, call.picture, call.change, commit).await
        };
        self.to_the_end(steps).await
    }

    /// Stores a picture, if one is given, and commits the change that names it; a refused change leaves no file.
    async fn commit_with_picture<T, C: Future<Output = Result<T, Error>>>(
        &self,
        tenant: &Tenant,
        id: &UserId,
        picture: Option<Upload>,
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

    /// Registers a user for a client that shows no secret, as far as the app's `registration` lets it: who is known already is let in by
    /// an open app alone.
    /// # Errors
    /// `Forbidden` in a closed app, and for a suspended user in an open one; `Conflict` for a known user in an app that registers new ones
    /// alone; `TooMany` registrations of one address; `Invalid`; store errors.
    pub async fn enrol(&self, tenant: &Tenant, call: Enrol, from: Option<IpAddr>) -> Result<Created, Error> {
        let if_known = match tenant.app.settings.registration {
            Registration::Open => IfKnown::Update,
            Registration::New => IfKnown::Refuse,
            Registration::Closed => return Err(CLOSED),
        };
        match (self.creatable(tenant, &call.id).await?, if_known) {
            (Some(_), IfKnown::Update | IfKnown::UpdateActive) => {}
            // Refused ones count too: their answer tells that there is such a user.
            (None, _) | (Some(_), IfKnown::Refuse) => self.house.client_limits.count_registration(from)?,
        }
        let (ticket, new_ticket) = self.drawn_ticket();
        let register = Register { ticket: Some(new_ticket), ..self.asked(tenant, call, if_known)? };
        Ok(self.created(tenant, self.register_user(tenant.app.key, register).await?, ticket))
    }

    /// Adds a user for an operator.
    /// # Errors
    /// `Conflict` when the id is taken; `Invalid`; store errors.
    pub async fn add_user(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<Added, Error> {
        let known = self.creatable(tenant, &call.id).await?;
        let chosen = match &call.password {
            None => None,
            Some(password) => Some(self.chosen_by_back_end(tenant, known, password).await?),
        };
        let LoginOrRegister { id, change, device, password: _ } = call;
        let register = Register { chosen, ..self.asked(tenant, Enrol { id, change, device }, IfKnown::Refuse)? };
        let registered = self.register_user(tenant.app.key, register).await?;
        let issued_password = self.issued_password(tenant, &registered.user.id, &registered.credentials);
        let Account { user, token } = self.with_token(tenant, registered.user, &registered.credentials);
        Ok(Added { user, token, issued_password })
    }

    /// A ticket that opens the door from now on, and what the store keeps of it.
    pub(super) fn drawn_ticket(&self) -> (Secret, NewTicket) {
        let (ticket, digest) = credentials::new_ticket();
        let expires_at = self.now().after(TICKET_LIFE);
        (ticket, NewTicket { digest, expires_at, wire: Wire::MirrorFly, newest_kept: None })
    }

    /// Who holds this ticket of a wire. One that is seen to have expired is forgotten: a clock that is set back does not revive it.
    /// # Errors
    /// `Unauthenticated`, telling an expired ticket from an unknown one.
    pub async fn caller(&self, ticket: &str, wire: Wire) -> Result<Caller, Error> {
        let digest = credentials::digest(ticket);
        let held = self.read(async |db| db.ticket(&digest).await).await?.filter(|held| held.wire == wire);
        let held = held.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?;
        if held.expires_at <= self.now() {
            self.house.store.let_ticket_go(digest);
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        Ok(Caller { tenant: self.house.apps.by_key(held.app)?, holder: held.holder })
    }

    /// Draws a new user token. The former one is dead when this returns.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn reset_token(&self, tenant: &Tenant, id: UserId) -> Result<Account, Error> {
        let keyring = &self.house.keyring;
        let drawn = keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let token = keyring.derive(Purpose::UserToken, tenant.app.key, &id, drawn.salt);
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::reset_token(tx, app, id, &drawn, at).await;
        let user = self.write_named(app, id, rule).await?;
        Ok(Account { user, token })
    }

    /// Draws a new issued password. The former one is dead when this returns, and so is what either password may have begun: tickets,
    /// sessions, the user token. A chosen password stays.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn reset_issued_password(&self, tenant: &Tenant, id: UserId) -> Result<Secret, Error> {
        let tokens = self.new_tokens(tenant, &id);
        let issued = self.house.keyring.derive(Purpose::IssuedPassword, tenant.app.key, &id, tokens.issued.salt);
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::reset_issued(tx, app, id, &tokens, at).await;
        self.write_named(app, id, rule).await?;
        Ok(issued)
    }

    /// Suspends or reactivates users: all of them or none. Who is suspended loses tickets and user token for good, and gets in again
    /// when reactivated; a state a user has already is no change.
    /// # Errors
    /// `Invalid` at `ids`, naming the first one that nobody has; store errors.
    pub async fn set_states(&self, tenant: &Tenant, ids: Vec<UserId>, state: State) -> Result<(), Error> {
        let change = |id: UserId| {
            let change = self.state_change(tenant, &id, state);
            (id, change)
        };
        let changes: Vec<_> = ids.into_iter().map(change).collect();
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>| users::change_states(tx, app, &changes, at).await;
        self.house.store.write(Touches::All, rule).await
    }

    pub(super) fn state_change(&self, tenant: &Tenant, id: &UserId, state: State) -> StateChange {
        match state {
            State::Active => StateChange::Reactivate,
            State::Suspended => {
                StateChange::Suspend { token: self.house.keyring.draw(Purpose::UserToken, tenant.app.key, id) }
            }
        }
    }

    /// Deletes a user with its secrets, devices, pictures, contacts and blocks, and frees its id. The picture files leave the disk with
    /// the next sweep. UserSigs that were made for the id until then are dead, also where it is created anew; see [`Service::kick`] for the
    /// second that this may take.
    /// # Errors
    /// `NotFound`; for a user that deletes itself `Unauthenticated` when that is done by now, `Forbidden` when it is suspended; store errors.
    pub async fn delete_user(&self, tenant: &Tenant, owner: Owner) -> Result<(), Error> {
        let mut outcomes = self.delete_users(tenant, vec![owner]).await;
        outcomes.pop().unwrap_or_else(|| Err(Error::internal("a deletion without an outcome")))
    }

    /// Deletes several users, one after the other; what came of each. They share the wait of [`Service::delete_user`].
    pub async fn delete_users(&self, tenant: &Tenant, owners: Vec<Owner>) -> Vec<Result<(), Error>> {
        let (mut outcomes, mut ends) = (Vec::with_capacity(owners.len()), None);
        for owner in owners {
            let (now, dead_before) = (self.now(), self.signatures_end(tenant));
            let (app, deleted) = (tenant.app.key, owner.clone());
            let rule = async move |tx: &Tx<'_>| users::delete(tx, app, &deleted, dead_before, now).await;
            let outcome = self.write_about(app, owner, rule).await;
            ends = outcome.is_ok().then_some(dead_before).or(ends);
            outcomes.push(outcome);
        }
        if let Some(last) = ends {
            self.until(last).await;
        }
        outcomes
    }

    /// What is known of an id that may be about to be created; a reserved id that nobody has is refused.
    pub(super) async fn creatable(&self, tenant: &Tenant, id: &UserId) -> Result<Option<Credentials>, Error> {
        let known = self.read(async |db| db.credentials(tenant.app.key, id).await).await?;
        if known.is_none() {
            id.free_for_creation(&tenant.app.account).map_err(|fault| fault.at("user id"))?;
        }
        Ok(known)
    }

    /// A password that the app's back end or an operator sets.
    pub(super) async fn chosen_by_back_end(
        &self,
        tenant: &Tenant,
        known: Option<Credentials>,
        password: &Secret,
    ) -> Result<ChosenPassword, Error> {
        self.chosen(tenant, known, password, &[HashCaller::App(tenant.app.key)]).await
    }

    /// Returns what to store for a password: the stored hash where the password is the one already chosen, which the store takes for no
    /// change.
    pub(super) async fn chosen(
        &self,
        tenant: &Tenant,
        known: Option<Credentials>,
        password: &Secret,
        callers: &[HashCaller],
    ) -> Result<ChosenPassword, Error> {
        credentials::check_chosen(password, tenant.app.settings.password_min)?;
        let keyring = &self.house.keyring;
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

    /// A user token and an issued password that were never issued before.
    pub(super) fn new_tokens(&self, tenant: &Tenant, id: &UserId) -> NewTokens {
        let draw = |purpose| self.house.keyring.draw(purpose, tenant.app.key, id);
        NewTokens { token: draw(Purpose::UserToken), issued: draw(Purpose::IssuedPassword) }
    }

    fn issued_password(&self, tenant: &Tenant, id: &UserId, held: &Credentials) -> Secret {
        self.house.keyring.derive(Purpose::IssuedPassword, tenant.app.key, id, held.issued.salt)
    }

    /// A user of this app.
    /// # Errors
    /// `NotFound`, store errors.
    pub(super) async fn credentials_of(&self, tenant: &Tenant, id: &UserId) -> Result<Credentials, Error> {
        self.read(async |db| db.credentials(tenant.app.key, id).await).await?.ok_or(Error::NotFound(What::User))
    }
}
