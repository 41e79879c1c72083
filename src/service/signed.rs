//! Sessions of Tencent's wire: begun by a signature of the app, carried by a ticket, ended by the back end at will.

use std::time::Duration;

use crate::{
    domain::{
        error::{Error, Unauthenticated, What},
        id::UserId,
        listening::Wire,
        profile::{ProfileChange, User},
        secret::Secret,
        time::Moment,
    },
    service::{
        Service,
        accounts::{Enrol, SUSPENDED},
        apps::Tenant,
        credentials::{self, SealedKind},
        listening::Listening,
    },
    store::{IfKnown, NewTicket, Register, TicketHolder},
};

/// The longest a ticket is good: a signature's own end comes first as a rule. The vendor's libraries sign for 180 days.
const TICKET_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

/// What a checked signature of the app says: who a client is, and from when to when it may say so.
#[derive(Debug, Clone)]
pub struct Signed {
    /// Whom it names.
    pub id: UserId,
    /// When it was made.
    pub at: Moment,
    /// From this moment on it is no good.
    pub expires_at: Moment,
}

/// A user whose session has begun.
#[derive(Debug)]
pub struct SignedIn {
    /// Who it is.
    pub user: User,
    /// What the client shows from now on.
    pub ticket: Secret,
}

impl Service {
    /// The signature of `message` under the app's secret: HMAC-SHA-256.
    /// # Errors
    /// Internal when a seal does not open.
    pub fn sign(&self, tenant: &Tenant, message: &[u8]) -> Result<[u8; 32], Error> {
        let secret = self.house.keyring.unseal(SealedKind::AppSecret, &tenant.app.secret)?;
        credentials::sign(&secret, message)
    }

    /// Begins a session for whom the app has signed. Who is unknown comes to be, where the app's `import_at_login` says so. Of a user's
    /// tickets of this wire only as many stay as it may have sessions.
    /// # Errors
    /// `Unauthenticated(Expired)` for a signature from before the back end ended the user's sessions; `NotFound` for somebody unknown;
    /// `Forbidden` for a suspended user; `Invalid`; store errors.
    pub async fn enter_signed(&self, tenant: &Tenant, signed: Signed) -> Result<SignedIn, Error> {
        let app = &tenant.app;
        match self.find_user(tenant, &signed.id)? {
            None if !app.settings.import_at_login => return Err(Error::NotFound(What::User)),
            None => {}
            Some(user) if !user.is_active() => return Err(SUSPENDED),
            Some(user) if signed.at < self.house.store.sigs_from(app.key, user.key)? => {
                return Err(Error::Unauthenticated(Unauthenticated::Expired));
            }
            Some(_) => {}
        }
        let (ticket, digest) = credentials::new_ticket();
        let new = NewTicket {
            digest,
            expires_at: signed.expires_at.min(self.now().after(TICKET_LIFE)),
            wire: Wire::Tencent,
            newest_kept: Some(app.settings.sessions_per_user.tencent),
        };
        let call = Enrol { id: signed.id, change: ProfileChange::default(), device: None };
        let user = self.import(tenant, call, Some(new)).await?;
        Ok(SignedIn { user, ticket })
    }

    /// Makes a user for its app's back end, or brings a known one up to date.
    /// # Errors
    /// `Invalid`; store errors.
    pub async fn import_user(&self, tenant: &Tenant, call: Enrol) -> Result<User, Error> {
        self.import(tenant, call, None).await
    }

    async fn import(&self, tenant: &Tenant, call: Enrol, ticket: Option<NewTicket>) -> Result<User, Error> {
        self.creatable(tenant, &call.id)?;
        let register = Register { ticket, ..self.asked(tenant, call, IfKnown::Update)? };
        Ok(self.house.store.register(tenant.app.key, register).await?.user)
    }

    /// Whose ticket this is. Two point reads.
    /// # Errors
    /// `Unauthenticated`, telling an expired ticket from an unknown one and from another app's; `Forbidden` for a suspended user; store
    /// errors.
    pub fn user_by_ticket(&self, tenant: &Tenant, ticket: &str) -> Result<User, Error> {
        let caller = self.caller(ticket, Wire::Tencent)?;
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let TicketHolder::User { key, .. } = caller.holder else { return Err(wrong) };
        if caller.tenant.app.key != tenant.app.key {
            return Err(wrong);
        }
        match self.house.store.user_by_key(tenant.app.key, key)?.ok_or(wrong)? {
            user if user.is_active() => Ok(user),
            _suspended => Err(SUSPENDED),
        }
    }

    /// Opens a session of this wire for whoever holds a ticket. The user's oldest one ends where it has too many.
    /// # Errors
    /// As [`Service::user_by_ticket`]; `Busy` when the server stops.
    pub fn listen_by_ticket(&self, tenant: &Tenant, ticket: &str) -> Result<(User, Listening), Error> {
        let user = self.user_by_ticket(tenant, ticket)?;
        let sessions_max = self.sessions_max(tenant, Wire::Tencent);
        let session = self.house.hub.join(user.key, Wire::Tencent, sessions_max).ok_or(Error::Busy)?;
        // Once more, now that it is open: what ends it from here on, the feed tells.
        Ok((self.user_by_ticket(tenant, ticket)?, self.listening(session, Wire::Tencent)))
    }

    /// Ends a user's sessions on this wire: signatures and tickets from before now are dead when this returns.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn kick(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        self.house.store.kick(tenant.app.key, id, self.now()).await
    }
}
