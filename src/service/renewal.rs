//! Client sessions whose tokens have a lifetime: drawn at login, renewed by a refresh token, ended at logout.
//!
//! Without a lifetime in the app's settings a login shows the user token, which never expires, and nothing here is stored.

use std::time::Duration;

use crate::{
    domain::{
        error::{Error, Unauthenticated},
        id::{SessionKey, UserId},
        owner::Owner,
        profile::{Credentials, User},
        secret::{Salt, Secret},
        time::Moment,
    },
    service::{
        Service,
        accounts::Account,
        apps::Tenant,
        credentials::{self, Purpose},
        users,
    },
    store::{self, Tx},
};

/// How long after its token has expired a session can still be renewed: the holidays of a telephone.
const REST: Duration = Duration::from_secs(30 * 24 * 3600);

/// How long the former refresh token is answered with what the last renewal drew. Of several requests that meet the expired token at
/// once each asks, with the same refresh token.
const ASKED_TWICE: Duration = Duration::from_secs(60);

/// Sessions one user may have; one more ends the oldest.
const SESSIONS_MAX: u32 = 20;

/// What a client was given at its login.
#[derive(Debug)]
pub struct Session {
    /// The user, with the token this client acts by.
    pub account: Account,
    /// How to go on when that token expires; none where it never does.
    pub renewal: Option<Renewal>,
}

/// What takes the place of an expired token.
#[derive(Debug)]
pub struct Renewal {
    /// Good for one renewal.
    pub refresh_token: Secret,
    /// From this moment on the token is no good.
    pub token_expires_at: Moment,
}

impl Service {
    /// Begins a session for a user who has proved to be it while its secrets were `held`.
    /// # Errors
    /// `Unauthenticated` when the user is gone, suspended or of another password by now; store errors.
    pub(super) async fn begin(&self, tenant: &Tenant, account: Account, held: &Credentials) -> Result<Session, Error> {
        let Some(life) = lifetime(tenant) else { return Ok(Session { account, renewal: None }) };
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

    fn session_of(&self, tenant: &Tenant, user: User, key: SessionKey, state: &store::SessionState) -> Session {
        let token = self.session_secret(Purpose::SessionToken, tenant, &user.id, key, state.salt);
        let refresh_token = self.session_secret(Purpose::RefreshToken, tenant, &user.id, key, state.salt);
        let renewal = Renewal { refresh_token, token_expires_at: state.token_expires_at };
        Session { account: Account { user, token }, renewal: Some(renewal) }
    }

    /// The session's key, by which its row is found, and what proves it. No other secret of a user has a dash.
    fn session_secret(&self, purpose: Purpose, tenant: &Tenant, user: &UserId, key: SessionKey, salt: Salt) -> Secret {
        let proof = self.house.keyring.derive(purpose, tenant.app.key, user, salt);
        Secret::new(format!("{}-{}", key.0, proof.expose()))
    }

    /// The session that `secret` names, if it was ever one of its secrets for this purpose, and whether it still is.
    async fn session_by(&self, tenant: &Tenant, purpose: Purpose, secret: &str) -> Result<Found, Error> {
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
            true => Ok(Found { user, session, is_current }),
            false => Err(wrong),
        }
    }

    /// Whose session token this is.
    /// # Errors
    /// `Unauthenticated`, telling a token that was good once from one that never was; store errors.
    pub(super) async fn user_by_session(&self, tenant: &Tenant, token: &str) -> Result<User, Error> {
        let found = self.session_by(tenant, Purpose::SessionToken, token).await?;
        match found.is_current && self.now() < found.session.state.token_expires_at {
            true => Ok(found.user),
            false => Err(Error::Unauthenticated(Unauthenticated::Expired)),
        }
    }

    /// Draws new secrets for the session of this refresh token; its former ones are dead then. Who asks again within a minute is given
    /// the same ones. In an app that gives tokens no lifetime any more, the answer is the user token.
    /// # Errors
    /// `Unauthenticated` when `id` has no session of this refresh token; store errors.
    pub async fn renew(&self, tenant: &Tenant, id: &UserId, refresh_token: &str) -> Result<Session, Error> {
        let found = self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
        if found.user.id != *id {
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        let Some(life) = lifetime(tenant) else {
            let account = self.account_of(tenant, found.user.key).await?;
            // Once more, now that the user token is read: a password set in between has ended the session and drawn that token anew.
            self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
            return Ok(Session { account, renewal: None });
        };
        let (key, state) = (found.session.key, self.drawn_state(life));
        let (app, former) = (tenant.app.key, found.session.state.salt);
        let renew = async move |tx: &Tx<'_>| tx.renew_session(app, key, former, &state).await;
        if found.is_current && self.write_about(app, Owner::Itself(found.user.key), renew).await? {
            return Ok(self.session_of(tenant, found.user, key, &state));
        }
        // Renewed by another call, now or a moment ago.
        let found = self.session_by(tenant, Purpose::RefreshToken, refresh_token).await?;
        match self.now() < found.session.state.renewed_at.after(ASKED_TWICE) {
            true => Ok(self.session_of(tenant, found.user, key, &found.session.state)),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// Signs off whoever holds this token: its session ends, its devices are forgotten, it is no longer there. The user token itself stays
    /// good, for others have the same one. A token that is dead already signs nobody off.
    /// # Errors
    /// Store errors.
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
        self.saw_leave(user);
        Ok(())
    }
}

struct Found {
    user: User,
    session: store::Session,
    is_current: bool,
}

fn lifetime(tenant: &Tenant) -> Option<Duration> {
    tenant.app.settings.token_lifetime_s.map(|seconds| Duration::from_secs(seconds.into()))
}
