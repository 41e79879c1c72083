//! Client sessions: how an app's users log in, and how they log out.

pub mod contact_presence;
pub mod notifications;
pub mod renewal;
pub mod signed;
pub mod tokens;

use std::net::IpAddr;

use self::renewal::ClientSession;
use crate::{
    domain::{
        Device, DeviceType, Error, Network, Owner, ProfileChange, Registration, Resource, Secret, State,
        Unauthenticated, User, UserId, UserKey,
    },
    service::{HashCaller, RegisterUser, Service, Tenant, credentials, users},
    store::{IfKnown, Principal, Touches, UpsertUser, UpsertedUser, UserChange},
};

#[derive(Debug)]
pub struct PasswordLogin {
    pub id: UserId,
    pub key: Secret,
    pub change: ProfileChange,
    pub from: Option<IpAddr>,
}

/// A user that has shown its password. The password may have changed since: [`Service::listen`] checks again.
#[derive(Debug)]
pub struct AuthenticatedUser {
    pub user: User,
    pub(super) by: Principal,
}

impl Service {
    /// Logs a user in by its password, and creates an unknown user as far as `registration` allows. Every refusal costs
    /// one argon2 and reads the same. In a closed app, an unknown user is a wrong password.
    /// # Errors
    /// `Unauthenticated`; `TooMany` recent failures or registrations; `Forbidden` for a suspended user with the right
    /// password; `Invalid`.
    pub async fn log_in(&self, tenant: &Tenant, call: PasswordLogin) -> Result<ClientSession, Error> {
        match tenant.app.settings.registration {
            Registration::Closed => return self.log_in_known(tenant, call).await,
            Registration::Open | Registration::New => {}
        }
        if let Err(too_short) = credentials::check_chosen(&call.key, tenant.app.settings.password_min) {
            // Too short for a new user. A user from before the app's bound was raised may have it.
            return match self.log_in_known(tenant, call).await {
                Err(Error::Unauthenticated(_)) => Err(too_short),
                entered => entered,
            };
        }
        if self.creatable(tenant, &call.id).await?.is_none() {
            match self.log_in_new(tenant, &call).await {
                // Another call created the user a moment ago.
                Err(Error::Conflict(Resource::User)) => {}
                entered => return entered,
            }
        }
        self.log_in_known(tenant, call).await
    }

    async fn log_in_known(&self, tenant: &Tenant, call: PasswordLogin) -> Result<ClientSession, Error> {
        let held = self.opened(tenant, call.id.as_str(), &call.key, call.from).await?;
        if call.change.is_given() {
            self.set_profile(tenant, Owner::Itself(held.user), call.change).await?;
        }
        self.begin(tenant, self.opened_by(tenant, &held).await?, &held).await
    }

    async fn log_in_new(&self, tenant: &Tenant, call: &PasswordLogin) -> Result<ClientSession, Error> {
        self.inner.client_limits.count_registration(call.from)?;
        let callers = [HashCaller::Client(call.from.map(Network::of)), HashCaller::Registrations(tenant.app.key)];
        let chosen = Some(self.chosen(tenant, None, &call.key, &callers).await?);
        let enrol = RegisterUser { id: call.id.clone(), change: call.change.clone(), device: None };
        let register = UpsertUser { chosen, ..self.registration(tenant, enrol, IfKnown::Refuse)? };
        self.begin_registered(tenant, register).await
    }

    /// Logs in a user for whom the app vouches by a signed token. Creates an unknown user, and updates a known one.
    /// # Errors
    /// `Forbidden` for a suspended user; `Invalid`.
    pub async fn log_in_by_identity_token(&self, tenant: &Tenant, call: RegisterUser) -> Result<ClientSession, Error> {
        if self.creatable(tenant, &call.id).await?.is_some_and(|known| known.state == State::Suspended) {
            return Err(Error::SUSPENDED);
        }
        let register = self.registration(tenant, call, IfKnown::UpdateActive)?;
        self.begin_registered(tenant, register).await
    }

    async fn begin_registered(&self, tenant: &Tenant, register: UpsertUser) -> Result<ClientSession, Error> {
        let UpsertedUser { user, credentials, created: _ } = self.register_user(tenant.app.key, register).await?;
        self.begin(tenant, self.with_token(tenant, user, &credentials), &credentials).await
    }

    /// As [`Service::sign_in`] without a ticket. The app's back-end account is no user.
    pub async fn authenticate(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<AuthenticatedUser, Error> {
        let by = Principal::of(&self.opened(tenant, username, password, from).await?);
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let id = UserId::parse(username).map_err(|_| wrong.clone())?;
        Ok(AuthenticatedUser { user: self.find_user(tenant, &id).await?.ok_or(wrong)?, by })
    }

    /// Takes a user token or a session token.
    /// # Errors
    /// `Unauthenticated`, with an expired session token told apart; `Forbidden` for a suspended user.
    pub async fn user_by_token(&self, tenant: &Tenant, token: &str) -> Result<User, Error> {
        if token.contains('-') {
            return self.user_by_session(tenant, token).await;
        }
        let user = self.read(async |db| db.user_by_token(tenant.app.key, &credentials::digest(token)).await).await?;
        user.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?.if_active()
    }

    pub async fn sign_out(&self, ticket: &str) -> Result<(), Error> {
        let digest = credentials::digest(ticket);
        self.inner.store.write(Touches::All, async move |tx| tx.take_ticket(&digest).await).await
    }

    /// Replaces the user's device of the same platform.
    pub async fn set_device(&self, tenant: &Tenant, user: UserKey, device: Device) -> Result<(), Error> {
        let change = UserChange { device: Some(device), ..UserChange::default() };
        self.change_known_user(tenant.app.key, Owner::Itself(user), change, self.now()).await.map(|_user| ())
    }

    pub async fn forget_device(&self, tenant: &Tenant, user: UserKey, platform: DeviceType) -> Result<(), Error> {
        let app = tenant.app.key;
        self.write_about(app, Owner::Itself(user), async move |tx| users::forget_device(tx, app, user, platform).await)
            .await
    }
}
