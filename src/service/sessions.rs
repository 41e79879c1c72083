//! Sessions of clients: how an app's users themselves come in, with what proves who they are, and how they leave.

use std::net::IpAddr;

use crate::{
    domain::{
        app::Registration,
        device::{Device, DeviceType},
        error::{Error, Unauthenticated, What},
        id::{UserId, UserKey},
        network::Network,
        owner::Owner,
        profile::{ProfileChange, State, User},
        secret::Secret,
    },
    service::{
        Service,
        accounts::Enrol,
        apps::Tenant,
        credentials::{self, HashCaller},
        renewal::Session,
        users,
    },
    store::{Holder, IfKnown, Register, Registered, Touches, UserChange},
};

/// A client of Qiscus asks to log in with the key it has for a user.
#[derive(Debug)]
pub struct Enter {
    /// Whom.
    pub id: UserId,
    /// The user's password; of a new user it becomes it.
    pub key: Secret,
    /// What is given of the profile.
    pub change: ProfileChange,
    /// From which address the client calls.
    pub from: Option<IpAddr>,
}

/// A user who has shown its password. That may have changed since: [`Service::listen`] looks again.
#[derive(Debug)]
pub struct Proved {
    /// The user.
    pub user: User,
    /// What its passwords were then.
    pub(super) by: Holder,
}

impl Service {
    /// Logs a client's user in by the key it has. A known user's key is compared, never replaced; who is unknown comes to be, as far as the
    /// app's `registration` lets it. Every refusal of a key costs one argon2 and reads the same, whether or not there is such a user: in a
    /// closed app all that is not the right key of a user is a wrong key.
    /// # Errors
    /// `Unauthenticated`; `TooMany` after too many failures or registrations of late; `Forbidden` for a suspended user who knows the key;
    /// `Invalid`; store errors.
    pub async fn enter(&self, tenant: &Tenant, call: Enter) -> Result<Session, Error> {
        match tenant.app.settings.registration {
            Registration::Closed => return self.enter_known(tenant, call).await,
            Registration::Open | Registration::New => {}
        }
        if let Err(too_short) = credentials::check_chosen(&call.key, tenant.app.settings.password_min) {
            // It registers nobody. It may be the key of a user from before the app's bound was raised.
            return match self.enter_known(tenant, call).await {
                Err(Error::Unauthenticated(_)) => Err(too_short),
                entered => entered,
            };
        }
        if self.creatable(tenant, &call.id).await?.is_none() {
            match self.enter_new(tenant, &call).await {
                // Somebody else made it a moment ago: now it is known.
                Err(Error::Conflict(What::User)) => {}
                entered => return entered,
            }
        }
        self.enter_known(tenant, call).await
    }

    async fn enter_known(&self, tenant: &Tenant, call: Enter) -> Result<Session, Error> {
        let held = self.opened(tenant, call.id.as_str(), &call.key, call.from).await?;
        if call.change.is_given() {
            self.set_profile(tenant, Owner::Itself(held.user), call.change).await?;
        }
        self.begin(tenant, self.opened_by(tenant, &held).await?, &held).await
    }

    async fn enter_new(&self, tenant: &Tenant, call: &Enter) -> Result<Session, Error> {
        self.house.client_limits.count_registration(call.from)?;
        let callers = [HashCaller::Client(call.from.map(Network::of)), HashCaller::Registrations(tenant.app.key)];
        let chosen = Some(self.chosen(tenant, None, &call.key, &callers).await?);
        let enrol = Enrol { id: call.id.clone(), change: call.change.clone(), device: None };
        let register = Register { chosen, ..self.asked(tenant, enrol, IfKnown::Refuse)? };
        self.begin_registered(tenant, register).await
    }

    /// Logs a user in for whom the app itself has vouched, by a token signed with its secret. Who is unknown comes to be; who is known
    /// takes the given fields.
    /// # Errors
    /// `Forbidden` for a suspended user; `Invalid`; store errors.
    pub async fn vouched(&self, tenant: &Tenant, call: Enrol) -> Result<Session, Error> {
        if self.creatable(tenant, &call.id).await?.is_some_and(|known| known.state == State::Suspended) {
            return Err(Error::SUSPENDED);
        }
        let register = self.asked(tenant, call, IfKnown::UpdateActive)?;
        self.begin_registered(tenant, register).await
    }

    async fn begin_registered(&self, tenant: &Tenant, register: Register) -> Result<Session, Error> {
        let Registered { user, credentials, created: _ } = self.register_user(tenant.app.key, register).await?;
        self.begin(tenant, self.with_token(tenant, user, &credentials), &credentials).await
    }

    /// The user whose chosen or issued password this is, as [`Service::sign_in`], but without a ticket. The app's back-end account is none.
    /// # Errors
    /// `Unauthenticated`; `TooMany` after too many failures of late; `Forbidden` for a suspended user who knows the password; store errors.
    pub async fn authenticate(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Proved, Error> {
        let by = Holder::of(&self.opened(tenant, username, password, from).await?);
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let id = UserId::parse(username).map_err(|_| wrong.clone())?;
        Ok(Proved { user: self.find_user(tenant, &id).await?.ok_or(wrong)?, by })
    }

    /// Whose user token or session token this is.
    /// # Errors
    /// `Unauthenticated`, telling an expired session token from an unknown one; `Forbidden` for a suspended user; store errors.
    pub async fn user_by_token(&self, tenant: &Tenant, token: &str) -> Result<User, Error> {
        if token.contains('-') {
            return self.user_by_session(tenant, token).await;
        }
        let user = self.read(async |db| db.user_by_token(tenant.app.key, &credentials::digest(token)).await).await?;
        user.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?.if_active()
    }

    /// Ends the session of this ticket, if there is one.
    /// # Errors
    /// Store errors.
    pub async fn sign_out(&self, ticket: &str) -> Result<(), Error> {
        let digest = credentials::digest(ticket);
        self.house.store.write(Touches::All, async move |tx| tx.take_ticket(&digest).await).await
    }

    /// Keeps what a user's client says of its device, in the place of the one of the same platform. Nothing is ever pushed to it.
    /// # Errors
    /// `Unauthenticated` when the user is deleted by now, `Forbidden` when it is suspended; store errors.
    pub async fn set_device(&self, tenant: &Tenant, user: UserKey, device: Device) -> Result<(), Error> {
        let change = UserChange { device: Some(device), ..UserChange::default() };
        self.change_known_user(tenant.app.key, Owner::Itself(user), change, self.now()).await.map(|_user| ())
    }

    /// Forgets a user's device of this platform.
    /// # Errors
    /// As [`Service::set_device`].
    pub async fn forget_device(&self, tenant: &Tenant, user: UserKey, platform: DeviceType) -> Result<(), Error> {
        let app = tenant.app.key;
        self.write_about(app, Owner::Itself(user), async move |tx| users::forget_device(tx, app, user, platform).await)
            .await
    }
}
