//! Accounts: coming to be, logging in, tokens, tickets, going away.

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

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
        secret::{PasswordHash, Secret},
    },
    service::{
        Service,
        apps::Tenant,
        attempts::Attempt,
        credentials::{self, Purpose},
        pictures::Upload,
    },
    store::{Holder, IfKnown, NewSecrets, NewTicket, Register, Registered, StateChange, TicketHolder, UserChange},
};

/// How long a ticket opens the door. Source: MirrorFly, "Token life: 1 hour".
pub const TICKET_LIFE: Duration = Duration::from_secs(3600);

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
    /// # Errors
    /// `Conflict` for a known user without a password; `Invalid`; store errors.
    pub async fn login_or_register(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<Account, Error> {
        let known = self.creatable(tenant, &call.id)?;
        let (if_known, chosen) = match &call.password {
            None => (IfKnown::Refuse, None),
            Some(password) => (IfKnown::Update, Some(self.chosen_hash(tenant, known, password).await?)),
        };
        let LoginOrRegister { id, change, device, password: _ } = call;
        let register = Register { chosen, ..self.asked(tenant, Enrol { id, change, device }, if_known)? };
        self.registered(tenant, register).await
    }

    /// What the store is asked for somebody who brings no password and gets no ticket.
    pub(super) fn asked(&self, tenant: &Tenant, call: Enrol, if_known: IfKnown) -> Result<Register, Error> {
        let Enrol { id, change, device } = call;
        let secrets = self.new_secrets(tenant, &id)?;
        let (ticket, signed_at) = (None, None);
        Ok(Register { id, if_known, change, chosen: None, secrets, device, ticket, signed_at, at: self.now() })
    }

    pub(super) async fn registered(&self, tenant: &Tenant, register: Register) -> Result<Account, Error> {
        let registered = self.house.store.register(tenant.app.key, register).await?;
        Ok(self.with_token(tenant, registered.user, &registered.credentials))
    }

    /// A user with its user token, which stays as it is.
    /// # Errors
    /// `NotFound`, store errors.
    pub fn account(&self, tenant: &Tenant, id: &UserId) -> Result<Account, Error> {
        let (user, held) = self.house.store.account(tenant.app.key, id)?.ok_or(Error::NotFound(What::User))?;
        Ok(self.with_token(tenant, user, &held))
    }

    /// A user with its user token, for a session of this user's.
    /// # Errors
    /// `Unauthenticated` when the user is deleted by now, `Forbidden` when it is suspended; store errors.
    pub(super) fn account_of(&self, tenant: &Tenant, key: UserKey) -> Result<Account, Error> {
        let gone = Error::Unauthenticated(Unauthenticated::Wrong);
        let (user, held) = self.house.store.account_by_key(tenant.app.key, key)?.ok_or(gone)?;
        if user.is_active() { Ok(self.with_token(tenant, user, &held)) } else { Err(Error::SUSPENDED) }
    }

    /// The account that a proved login opens, with its user token: of the user whose secrets these are, which are still its secrets.
    /// # Errors
    /// `Unauthenticated` when the user is deleted or has another password by now, `Forbidden` when it is suspended; store errors.
    pub(super) fn opened_by(&self, tenant: &Tenant, proved: &Credentials) -> Result<Account, Error> {
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let (user, held) = self.house.store.account_by_key(tenant.app.key, proved.user)?.ok_or(wrong.clone())?;
        match (user.is_active(), Holder::of(&held) == Holder::of(proved)) {
            (false, _) => Err(Error::SUSPENDED),
            (true, false) => Err(wrong),
            (true, true) => Ok(self.with_token(tenant, user, &held)),
        }
    }

    fn with_token(&self, tenant: &Tenant, user: User, held: &Credentials) -> Account {
        let token = self.house.keyring.derive(Purpose::UserToken, tenant.app.key, &user.id, held.token.salt);
        Account { user, token }
    }

    /// Creates a user, or updates the given fields of a known one, and hands out its issued password and a ticket.
    /// # Errors
    /// `Invalid` (a picture's at `profileFile`), `TooMany` uploads, `Forbidden` for a suspended user, store errors. Nothing is left behind then, neither row nor file.
    pub async fn create_user(&self, tenant: &Arc<Tenant>, call: CreateUser) -> Result<Created, Error> {
        self.creatable(tenant, &call.id)?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        self.to_the_end(async move { service.create_user_now(&tenant, call).await }).await
    }

    async fn create_user_now(&self, tenant: &Tenant, call: CreateUser) -> Result<Created, Error> {
        let CreateUser { id, change, picture, device } = call;
        let (ticket, new_ticket) = self.drawn_ticket();
        let enrol = Enrol { id: id.clone(), change: ProfileChange::default(), device };
        let asked = Register { ticket: Some(new_ticket), ..self.asked(tenant, enrol, IfKnown::Update)? };
        let commit = |change| self.house.store.register(tenant.app.key, Register { change, ..asked });
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
        self.user(tenant, &call.id)?;
        let (service, tenant) = (self.clone(), Arc::clone(tenant));
        let steps = async move {
            let (id, at) = (call.id.clone(), service.now());
            let commit = |profile| {
                let change = UserChange { profile, device: call.device, ..UserChange::default() };
                service.house.store.change_user(tenant.app.key, Owner::Named(call.id), change, at)
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
    /// alone; `Invalid`; store errors.
    pub async fn enrol(&self, tenant: &Tenant, call: Enrol) -> Result<Created, Error> {
        let if_known = match tenant.app.settings.registration {
            Registration::Open => IfKnown::Update,
            Registration::New => IfKnown::Refuse,
            Registration::Closed => return Err(CLOSED),
        };
        self.creatable(tenant, &call.id)?;
        let (ticket, new_ticket) = self.drawn_ticket();
        let register = Register { ticket: Some(new_ticket), ..self.asked(tenant, call, if_known)? };
        Ok(self.created(tenant, self.house.store.register(tenant.app.key, register).await?, ticket))
    }

    /// Adds a user for an operator.
    /// # Errors
    /// `Conflict` when the id is taken; `Invalid`; store errors.
    pub async fn add_user(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<Added, Error> {
        let known = self.creatable(tenant, &call.id)?;
        let chosen = match &call.password {
            None => None,
            Some(password) => Some(self.chosen_hash(tenant, known, password).await?),
        };
        let LoginOrRegister { id, change, device, password: _ } = call;
        let register = Register { chosen, ..self.asked(tenant, Enrol { id, change, device }, IfKnown::Refuse)? };
        let registered = self.house.store.register(tenant.app.key, register).await?;
        let issued_password = self.issued_password(tenant, &registered.user.id, &registered.credentials);
        let Account { user, token } = self.with_token(tenant, registered.user, &registered.credentials);
        Ok(Added { user, token, issued_password })
    }

    /// Signs in with a user name and a password, and gets a ticket for an hour: the app's back-end account, or a user by its
    /// chosen or its issued password. Every refusal costs one argon2 and reads the same.
    /// # Errors
    /// `Unauthenticated`; `TooMany` after too many failures of late; `Forbidden` for a suspended user who knows the password; store errors.
    pub async fn sign_in(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Secret, Error> {
        let holder = match username == tenant.app.account.as_str() {
            true => self.counted(tenant, username, from, self.opened_account(tenant, password)).await?,
            false => Holder::of(&self.opened(tenant, username, password, from).await?),
        };
        let (ticket, new) = self.drawn_ticket();
        match self.house.store.issue_ticket(tenant.app.key, holder, new, self.now()).await {
            // Suspended, deleted or given another password since it was checked.
            Err(Error::NotFound(_)) => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            issued => issued.map(|()| ticket),
        }
    }

    async fn opened_account(&self, tenant: &Tenant, password: &Secret) -> Result<Holder, Error> {
        match self.is_account_password(&tenant.app, password).await? {
            true => Ok(Holder::BackEnd),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// Lets a login be tried, unless there were too many failures of late, and counts how it ends.
    async fn counted<T>(
        &self,
        tenant: &Tenant,
        username: &str,
        from: Option<IpAddr>,
        login: impl Future<Output = Result<T, Error>>,
    ) -> Result<T, Error> {
        let attempt = Attempt::new(tenant.app.key, UserId::parse(username).ok(), from);
        let attempts = &self.house.attempts;
        attempts.admit(&attempt, Instant::now())?;
        let outcome = login.await;
        match &outcome {
            Ok(_) => attempts.succeeded(&attempt),
            Err(Error::Unauthenticated(_)) => attempts.failed(&attempt, Instant::now()),
            // Not for want of the right password.
            Err(_) => {}
        }
        outcome
    }

    /// The user whose chosen or issued password this is. Every refusal costs one argon2 and reads the same.
    pub(super) async fn opened(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Credentials, Error> {
        self.counted(tenant, username, from, self.opened_now(tenant, username, password)).await
    }

    async fn opened_now(&self, tenant: &Tenant, username: &str, password: &Secret) -> Result<Credentials, Error> {
        let held = match UserId::parse(username) {
            Ok(id) => self.house.store.credentials(tenant.app.key, &id)?,
            Err(_) => None,
        };
        let issued = held.as_ref().is_some_and(|held| credentials::matches(password.expose(), &held.issued.digest));
        let chosen = held.as_ref().and_then(|held| held.chosen.clone());
        if !issued && !self.house.keyring.verify(password, chosen).await? {
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        match held {
            None => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            Some(Credentials { state: State::Suspended, .. }) => Err(Error::SUSPENDED),
            Some(held) if issued => Ok(held),
            Some(held) => self.rehashed(tenant, username, password, held).await,
        }
    }

    /// What opened a login, its hash made anew where less work was spent on it than is usual now.
    async fn rehashed(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        mut held: Credentials,
    ) -> Result<Credentials, Error> {
        let Some(former) = held.chosen.clone().filter(credentials::is_outdated) else { return Ok(held) };
        let hash = self.house.keyring.hash(password).await?;
        if self.house.store.rehash(tenant.app.key, held.user, former, hash.clone()).await? {
            held.chosen = Some(hash);
            return Ok(held);
        }
        // Another login has done so meanwhile, or the password is another one by now: only a second look tells.
        let id = UserId::parse(username).map_err(|fault| fault.at("user id"))?;
        let now = self.credentials_of(tenant, &id)?;
        match now.state != State::Suspended && self.house.keyring.verify(password, now.chosen.clone()).await? {
            true => Ok(now),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// A ticket that opens the door from now on, and what the store keeps of it.
    fn drawn_ticket(&self) -> (Secret, NewTicket) {
        let (ticket, digest) = credentials::new_ticket();
        let expires_at = self.now().after(TICKET_LIFE);
        (ticket, NewTicket { digest, expires_at, wire: Wire::MirrorFly, newest_kept: None })
    }

    /// Who holds this ticket of a wire. One that is seen to have expired is forgotten: a clock that is set back does not revive it.
    /// # Errors
    /// `Unauthenticated`, telling an expired ticket from an unknown one.
    pub fn caller(&self, ticket: &str, wire: Wire) -> Result<Caller, Error> {
        let digest = credentials::digest(ticket);
        let held = self.house.store.ticket(&digest)?.filter(|held| held.wire == wire);
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
        let user = self.house.store.reset_token(tenant.app.key, id, drawn, self.now()).await?;
        Ok(Account { user, token })
    }

    /// Draws a new issued password. The former one and the user's tickets are dead when this returns; a password the user chose stays.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn reset_issued_password(&self, tenant: &Tenant, id: UserId) -> Result<Secret, Error> {
        let keyring = &self.house.keyring;
        let drawn = keyring.draw(Purpose::IssuedPassword, tenant.app.key, &id);
        let issued = keyring.derive(Purpose::IssuedPassword, tenant.app.key, &id, drawn.salt);
        self.house.store.reset_issued(tenant.app.key, id, drawn, self.now()).await?;
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
        let changes = ids.into_iter().map(change).collect();
        self.house.store.change_states(tenant.app.key, changes, self.now()).await
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
            let outcome = self.house.store.delete_user(tenant.app.key, owner, dead_before, now).await;
            ends = outcome.is_ok().then_some(dead_before).or(ends);
            outcomes.push(outcome);
        }
        if let Some(last) = ends {
            self.until(last).await;
        }
        outcomes
    }

    /// What is known of an id that may be about to be created; a reserved id that nobody has is refused.
    pub(super) fn creatable(&self, tenant: &Tenant, id: &UserId) -> Result<Option<Credentials>, Error> {
        let known = self.house.store.credentials(tenant.app.key, id)?;
        if known.is_none() {
            id.free_for_creation(&tenant.app.account).map_err(|fault| fault.at("user id"))?;
        }
        Ok(known)
    }

    /// The hash to store: the stored one where the password is the one already chosen, which the store takes for no change.
    pub(super) async fn chosen_hash(
        &self,
        tenant: &Tenant,
        known: Option<Credentials>,
        password: &Secret,
    ) -> Result<PasswordHash, Error> {
        credentials::check_chosen(password, tenant.app.settings.password_min)?;
        let keyring = &self.house.keyring;
        if let Some(chosen) = known.and_then(|known| known.chosen)
            && keyring.verify(password, Some(chosen.clone())).await?
        {
            return Ok(chosen);
        }
        keyring.hash(password).await
    }

    fn new_secrets(&self, tenant: &Tenant, id: &UserId) -> Result<NewSecrets, Error> {
        let keyring = &self.house.keyring;
        Ok(NewSecrets {
            token: keyring.draw(Purpose::UserToken, tenant.app.key, id),
            issued: keyring.draw(Purpose::IssuedPassword, tenant.app.key, id),
            handle: credentials::new_picture_key()?,
        })
    }

    fn issued_password(&self, tenant: &Tenant, id: &UserId, held: &Credentials) -> Secret {
        self.house.keyring.derive(Purpose::IssuedPassword, tenant.app.key, id, held.issued.salt)
    }

    /// A user of this app.
    /// # Errors
    /// `NotFound`, store errors.
    pub(super) fn credentials_of(&self, tenant: &Tenant, id: &UserId) -> Result<Credentials, Error> {
        self.house.store.credentials(tenant.app.key, id)?.ok_or(Error::NotFound(What::User))
    }
}
