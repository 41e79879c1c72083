//! Accounts: coming to be, logging in, tokens, tickets, going away.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::{
        avatar::AvatarChange,
        device::Device,
        error::{Error, Unauthenticated, What},
        id::UserId,
        profile::{Credentials, ProfileChange, State, User},
        secret::{PasswordHash, Secret},
    },
    service::{
        Service,
        apps::Tenant,
        credentials::{self, Purpose},
        pictures::Upload,
    },
    store::{Holder, IfKnown, NewSecrets, NewTicket, Register, TicketHolder},
};

/// How long a ticket opens the door. Source: MirrorFly, "Token life: 1 hour".
pub const TICKET_LIFE: Duration = Duration::from_secs(3600);

/// The back end of Qiscus asks to log somebody in or to register them.
#[derive(Debug)]
pub struct LoginOrRegister {
    /// Whom.
    pub id: UserId,
    /// Becomes the user's; without one a new user gets a random one, and a known user is refused.
    pub password: Option<Secret>,
    /// What is given of the profile.
    pub change: ProfileChange,
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
}

impl Service {
    /// Logs a user in for its app's back end, or registers it: profile fields that are given are replaced, and so is the password.
    /// The app's secret is the authority: no former password is asked for.
    /// # Errors
    /// `Conflict` for a known user without a password; `Invalid`; store errors.
    pub async fn login_or_register(&self, tenant: &Tenant, call: LoginOrRegister) -> Result<User, Error> {
        let known = self.creatable(tenant, &call.id)?;
        let (if_known, chosen) = match &call.password {
            None => (IfKnown::Refuse, None),
            Some(password) => (IfKnown::Update, Some(self.chosen_hash(tenant, known, password).await?)),
        };
        let register = Register {
            if_known,
            chosen,
            device: None,
            ticket: None,
            secrets: self.new_secrets(tenant, &call.id)?,
            id: call.id,
            change: call.change,
            at: self.now(),
        };
        Ok(self.house.store.register(tenant.app.key, register).await?.user)
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
        let mut change = call.change;
        let picture = match call.picture {
            Some(upload) => Some(self.store_picture(tenant, &call.id, upload).await?),
            None => None,
        };
        if let Some(picture) = &picture {
            change.avatar = Some(AvatarChange::Uploaded(picture.clone()));
        }
        let (ticket, digest) = credentials::new_ticket();
        let at = self.now();
        let register = Register {
            if_known: IfKnown::Update,
            chosen: None,
            device: call.device,
            ticket: Some(NewTicket { digest, expires_at: at.after(TICKET_LIFE) }),
            secrets: self.new_secrets(tenant, &call.id)?,
            id: call.id,
            change,
            at,
        };
        let registered = match self.house.store.register(tenant.app.key, register).await {
            Ok(registered) => registered,
            Err(refused) => {
                if let Some(picture) = picture {
                    self.discard_picture(&picture.key).await;
                }
                return Err(refused);
            }
        };
        let issued_password = self.issued_password(tenant, &registered.user.id, &registered.credentials);
        Ok(Created { issued_password, user: registered.user, created: registered.created, ticket })
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
        let register = Register {
            if_known: IfKnown::Refuse,
            chosen,
            device: None,
            ticket: None,
            secrets: self.new_secrets(tenant, &call.id)?,
            id: call.id,
            change: call.change,
            at: self.now(),
        };
        let registered = self.house.store.register(tenant.app.key, register).await?;
        let (id, held) = (&registered.user.id, &registered.credentials);
        let token = self.house.keyring.derive(Purpose::UserToken, tenant.app.key, id, held.token.salt);
        Ok(Added { token, issued_password: self.issued_password(tenant, id, held), user: registered.user })
    }

    /// Signs in with a user name and a password, and gets a ticket for an hour: the app's back-end account, or a user by its
    /// chosen or its issued password. Every refusal costs one argon2 and reads the same.
    /// # Errors
    /// `Unauthenticated`; `Forbidden` for a suspended user who knows the password; store errors.
    pub async fn sign_in(&self, tenant: &Tenant, username: &str, password: &Secret) -> Result<Secret, Error> {
        let holder = if username == tenant.app.account.as_str() {
            match self.is_account_password(&tenant.app, password).await? {
                true => Holder::BackEnd,
                false => return Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            }
        } else {
            self.user_by_password(tenant, username, password).await?
        };
        let (ticket, digest) = credentials::new_ticket();
        let at = self.now();
        let new = NewTicket { digest, expires_at: at.after(TICKET_LIFE) };
        match self.house.store.issue_ticket(tenant.app.key, holder, new, at).await {
            // Suspended, deleted or given another password since it was checked.
            Err(Error::NotFound(_)) => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            issued => issued.map(|()| ticket),
        }
    }

    async fn user_by_password(&self, tenant: &Tenant, username: &str, password: &Secret) -> Result<Holder, Error> {
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
            Some(Credentials { state: State::Suspended, .. }) => Err(Error::Forbidden("User is suspended")),
            Some(Credentials { state: State::Active, user, chosen, .. }) => Ok(Holder::User { key: user, chosen }),
        }
    }

    /// Who holds this ticket.
    /// # Errors
    /// `Unauthenticated`, telling an expired ticket from an unknown one.
    pub fn caller(&self, ticket: &str) -> Result<Caller, Error> {
        let held = self.house.store.ticket(&credentials::digest(ticket))?;
        let held = held.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?;
        if held.expires_at <= self.now() {
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        Ok(Caller { tenant: self.house.apps.by_key(held.app)?, holder: held.holder })
    }

    /// Draws a new user token. The former one is dead when this returns.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn reset_token(&self, tenant: &Tenant, id: UserId) -> Result<Secret, Error> {
        let keyring = &self.house.keyring;
        let drawn = keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let token = keyring.derive(Purpose::UserToken, tenant.app.key, &id, drawn.salt);
        self.house.store.reset_token(tenant.app.key, id, drawn, self.now()).await?;
        Ok(token)
    }

    /// Deletes a user with its secrets, devices and pictures, and frees its id. The picture files leave the disk with the next sweep.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn delete_user(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        self.house.store.delete_user(tenant.app.key, id, self.now()).await
    }

    /// What is known of an id that may be about to be created; a reserved id that nobody has is refused.
    fn creatable(&self, tenant: &Tenant, id: &UserId) -> Result<Option<Credentials>, Error> {
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
