//! Password logins of users (chosen or issued password) and of the app's back-end account.

use std::net::IpAddr;

use crate::{
    domain::{Credentials, Error, Network, Owner, Secret, State, Unauthenticated, UserId},
    service::{HashCaller, Service, Tenant, credentials, login_throttle::LoginAttempt, users},
    store::{Principal, Touches, Tx},
};

#[derive(Clone, Copy)]
struct Login<'a> {
    tenant: &'a Tenant,
    username: &'a str,
    password: &'a Secret,
    from: Option<IpAddr>,
}

impl Login<'_> {
    /// None if the name is not a valid id.
    fn id(&self) -> Option<UserId> {
        UserId::parse(self.username).ok()
    }

    fn callers(&self) -> Vec<HashCaller> {
        let account = self.id().map(|id| HashCaller::Account(self.tenant.app.key, id));
        account.into_iter().chain([HashCaller::Client(self.from.map(Network::of))]).collect()
    }
}

impl Service {
    /// Logs in the app's back-end account or a user, and returns a ticket for an hour. Every refusal costs one argon2
    /// and reads the same.
    /// # Errors
    /// `Unauthenticated`; `TooMany` recent failures; `Forbidden` for a suspended user with the right password.
    pub async fn sign_in(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Secret, Error> {
        let login = Login { tenant, username, password, from };
        let holder = match username == tenant.app.account.as_str() {
            true => self.counted(login, self.opened_account(login)).await?,
            false => Principal::of(&self.counted(login, self.opened_now(login)).await?),
        };
        let (ticket, new) = self.drawn_ticket();
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>| users::issue_ticket(tx, app, &holder, &new, at).await;
        match self.inner.store.write(Touches::All, rule).await {
            // The user was suspended, deleted or given another password since the check.
            Err(Error::NotFound(_)) => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            issued => issued.map(|()| ticket),
        }
    }

    async fn opened_account(&self, login: Login<'_>) -> Result<Principal, Error> {
        match self.is_account_password(&login.tenant.app, login.password, &login.callers()).await? {
            true => Ok(Principal::BackEnd),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// Runs a login as an attempt of the throttle and reports its outcome.
    async fn counted<T>(&self, of: Login<'_>, login: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
        let attempt = LoginAttempt::new(of.tenant.app.key, of.id(), of.from);
        let reservation = self.inner.throttle.reserve(attempt).await?;
        let outcome = login.await;
        match &outcome {
            Ok(_) => reservation.succeeded(),
            Err(Error::Unauthenticated(_)) => reservation.failed(),
            // The failure says nothing about the password.
            Err(_) => drop(reservation),
        }
        outcome
    }

    /// Every refusal costs one argon2 and reads the same.
    pub(super) async fn opened(
        &self,
        tenant: &Tenant,
        username: &str,
        password: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Credentials, Error> {
        let login = Login { tenant, username, password, from };
        self.counted(login, self.opened_now(login)).await
    }

    async fn opened_now(&self, login: Login<'_>) -> Result<Credentials, Error> {
        let held = match login.id() {
            Some(id) => self.read(async |db| db.credentials(login.tenant.app.key, &id).await).await?,
            None => None,
        };
        let given = login.password;
        let issued = held.as_ref().is_some_and(|held| credentials::matches(given.expose(), &held.issued.digest));
        let chosen = held.as_ref().and_then(|held| held.chosen.clone());
        if !issued && !self.inner.keyring.verify(given, chosen, &login.callers()).await? {
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        match held {
            None => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
            Some(Credentials { state: State::Suspended, .. }) => Err(Error::SUSPENDED),
            Some(held) if issued => Ok(held),
            Some(held) => self.rehashed(login, held).await,
        }
    }

    /// Replaces the stored hash if it was made with less work than the present parameters.
    async fn rehashed(&self, login: Login<'_>, mut held: Credentials) -> Result<Credentials, Error> {
        let Some(former) = held.chosen.clone().filter(credentials::is_outdated) else { return Ok(held) };
        let (keyring, callers) = (&self.inner.keyring, login.callers());
        let hash = keyring.hash(login.password, &callers).await?;
        let (app, user, new) = (login.tenant.app.key, held.user, hash.clone());
        let rehash = async move |tx: &Tx<'_>| tx.rehash(app, user, &former, &new).await;
        if self.write_about(app, Owner::Itself(user), rehash).await? {
            held.chosen = Some(hash);
            return Ok(held);
        }
        // Another login has replaced the hash, or the password has changed: only a second read can tell.
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let now = self.credentials_of(login.tenant, &login.id().ok_or(wrong.clone())?).await?;
        match now.state != State::Suspended && keyring.verify(login.password, now.chosen.clone(), &callers).await? {
            true => Ok(now),
            false => Err(wrong),
        }
    }
}
