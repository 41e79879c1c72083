//! Qiscus sessions whose tokens have a lifetime: created at login, renewed by a refresh token, ended at logout. Without
//! a lifetime a login returns the user token and stores no session.

use std::time::Duration;

use crate::{
    domain::{Credentials, Error, Moment, Owner, Salt, Secret, SessionKey, Unauthenticated, User, UserId},
    service::{Account, Purpose, Service, Tenant, credentials, users},
    store::{self, Tx},
};

/// How long after its token has expired a session can be renewed: for a phone that is off during holidays.
const REST: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the former refresh token returns the last renewal: requests that meet the expired token at once each renew.
const ASKED_TWICE: Duration = Duration::from_secs(60);

/// Sessions of one user. One more ends the oldest.
const SESSIONS_MAX: u32 = 20;

#[derive(Debug)]
pub struct ClientSession {
    pub account: Account,
    /// None if the token never expires.
    pub renewal: Option<Renewal>,
}

#[derive(Debug)]
pub struct Renewal {
    /// Good for one renewal.
    pub refresh_token: Secret,
    pub token_expires_at: Moment,
}

impl Service {
    /// # Errors
    /// `Unauthenticated` if the user was deleted, suspended or got another password since the login.
    pub(in super::super) async fn begin(
        &self,
        tenant: &Tenant,
        account: Account,
        held: &Credentials,
    ) -> Result<ClientSession, Error> {
        let Some(life) = lifetime(tenant) else { return Ok(ClientSession { account, renewal: None }) };
        let state = self.drawn_state(life);
        let (app, held) = (tenant.app.key, held.clone());
        let key = self.write_about(app, Owner::Itself(held.user), async move |tx| {
            users::begin_session(tx, app, &held, &state, SESSIONS_MAX).await
        });
        let key = key.await?;
        Ok(self.session_of(tenant, account.user, key, &state))
    }

    fn drawn_state(&self, life: Duration) -> store::SessionState {
        let renewed_at = self.now();
        let token_expires_at = renewed_at.after(life);
        let ends_at = token_expires_at.after(REST);
        store::SessionState { salt: credentials::new_salt(), renewed_at, token_expires_at, ends_at }
    }

    fn session_of(&self, tenant: &Tenant, user: User, key: SessionKey, state: &store::SessionState) -> ClientSession {
        let token = self.session_secret(Purpose::SessionToken, tenant, &user.id, key, state.salt);
        let refresh_token = self.session_secret(Purpose::RefreshToken, tenant, &user.id, key, state.salt);
        let renewal = Renewal { refresh_token, token_expires_at: state.token_expires_at };
        ClientSession { account: Account { user, token }, renewal: Some(renewal) }
    }

    /// Returns the session's key and its proof, joined by a dash. No other secret of a user has a dash.
    fn session_secret(&self, purpose: Purpose, tenant: &Tenant, user: &UserId, key: SessionKey, salt: Salt) -> Secret {
        let proof = self.inner.keyring.derive(purpose, tenant.app.key, user, salt);
        Secret::new(format!("{}-{}", key.0, proof.expose()))
    }

    /// Finds the session of a secret that is or was good for this purpose.
    async fn session_by(&self, tenant: &Tenant, purpose: Purpose, secret: &str) -> Result<FoundSession, Error> {
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let key = secret.split_once('-').and_then(|(key, _)| key.parse().ok()).map(SessionKey).ok_or(wrong.clone())?;
        let (user, session) =
            self.read(async |db| db.session(tenant.app.key, key).await).await?.ok_or(wrong.clone())?;
        let is_of = |salt| {
            let expected = self.session_secret(purpose, tenant, &user.id, key, salt);
            credentials::matches(secret, &credentials::digest(expected.expose()))
        };
        let is_current = is_of(session.state.salt);
        match (is_current || session.former_salt.is_some_and(is_of)) && self.now() < session.state.ends_at {
            true => Ok(FoundSession { user, session, is_current }),
            false => Err(wrong),
        }
    }

    /// # Errors
    /// `Unauthenticated`, with an expired token told apart from an unknown one.
    pub(in super::super) async fn user_by_session(&self, tenant: &Tenant, token: &str) -> Result<User, Error> {
        let found = self.session_by(tenant, Purpose::SessionToken, token).await?;
        match found.is_current && self.now() < found.session.state.token_expires_at {
            true => Ok(found.user),
            false => Err(Error::Unauthenticated(Unauthenticated::Expired)),
        }
    }

    /// As [`Service::user_by_token`], for a connection that this token has opened: a token that was renewed within the
    /// last minute still counts, because the client names the next one only after the renewal.
    pub async fn user_of_connection(&self, tenant: &Tenant, token: &str) -> Result<User, Error> {
        match self.user_by_token(tenant, token).await {
            Err(refused @ Error::Unauthenticated(_)) => self.user_by_renewed_token(tenant, token).await?.ok_or(refused),
            found => found,
        }
    }

    /// Returns the user of a token that was renewed within the last minute.
    pub async fn user_by_renewed_token(&self, tenant: &Tenant, token: &str) -> Result<Option<User>, Error> {
        match self.session_by(tenant, Purpose::SessionToken, token).await {
            Ok(found) if !found.is_current && self.now() < found.session.state.renewed_at.after(ASKED_TWICE) => {
                Ok(Some(found.user))
            }
            Ok(_) | Err(Error::Unauthenticated(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The former secrets end. A repeat within a minute returns the same secrets. If the app no longer sets a lifetime,
    /// returns the user token.
    /// # Errors
    /// `Unauthenticated` if `id` has no session of this refresh token.
    pub async fn renew(&self, tenant: &Tenant, id: &UserId, refresh_token: &str) -> Result<ClientSession, Error> {
        let found = self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
        if found.user.id != *id {
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        let Some(life) = lifetime(tenant) else {
            let account = self.account_of(tenant, found.user.key).await?;
            // Again after the user token was read: a new password meanwhile ends the session and replaces that token.
            self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
            return Ok(ClientSession { account, renewal: None });
        };
        let (key, state) = (found.session.key, self.drawn_state(life));
        let (app, former) = (tenant.app.key, found.session.state.salt);
        let renew = async move |tx: &Tx<'_>| tx.renew_session(app, key, former, &state).await;
        if found.is_current && self.write_about(app, Owner::Itself(found.user.key), renew).await? {
            return Ok(self.session_of(tenant, found.user, key, &state));
        }
        // Another call has renewed it.
        let found = self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
        match self.now() < found.session.state.renewed_at.after(ASKED_TWICE) {
            true => Ok(self.session_of(tenant, found.user, key, &found.session.state)),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// Forgets the user's devices too, and marks the user offline. A user token stays valid: other clients share it.
    pub async fn sign_off(&self, tenant: &Tenant, token: &str) -> Result<(), Error> {
        let (user, session) = match self.session_by(tenant, Purpose::SessionToken, token).await {
            Ok(found) => (found.user.key, Some(found.session.key)),
            Err(Error::Unauthenticated(_)) => match self.user_by_token(tenant, token).await {
                Ok(user) => (user.key, None),
                Err(Error::Unauthenticated(_) | Error::Forbidden(_)) => return Ok(()),
                Err(error) => return Err(error),
            },
            Err(error) => return Err(error),
        };
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>| users::sign_off(tx, app, user, session).await;
        self.write_about(app, Owner::Itself(user), rule).await?;
        self.mark_offline(user);
        Ok(())
    }
}

struct FoundSession {
    user: User,
    session: store::StoredSession,
    is_current: bool,
}

fn lifetime(tenant: &Tenant) -> Option<Duration> {
    tenant.app.settings.token_lifetime_s.map(|seconds| Duration::from_secs(seconds.into()))
}
