//! Sessions of Tencent's wire: begun by a signature of the app, carried by a ticket, ended by the back end at will.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    domain::{
        error::{Error, Unauthenticated, What},
        id::{AppKey, UserId},
        listening::Wire,
        profile::{ProfileChange, User},
        secret::Secret,
        time::Moment,
    },
    service::{
        Service,
        accounts::Enrol,
        apps::Tenant,
        credentials::{self, SealedKind},
        listening::Listening,
        users,
    },
    store::{IfKnown, NewTicket, Register, TicketHolder, Tx},
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
        self.noted_signature(tenant);
        let secret = self.house.keyring.unseal(SealedKind::AppSecret, &tenant.app.secret)?;
        credentials::sign(&secret, message)
    }

    /// Begins a session for whom the app has signed. Who is unknown comes to be, where the app's `import_at_login` says so. Of a user's
    /// tickets of this wire only as many stay as it may have sessions.
    /// # Errors
    /// `Unauthenticated(Revoked)` for a signature from before the back end ended the user's sessions, or deleted a user of this id;
    /// `NotFound` for an unknown user; `Forbidden` for a suspended one; `Invalid`; store errors.
    pub async fn enter_signed(&self, tenant: &Tenant, signed: Signed) -> Result<SignedIn, Error> {
        let app = &tenant.app;
        match self.find_user(tenant, &signed.id).await? {
            None if !app.settings.import_at_login => return Err(Error::NotFound(What::User)),
            Some(user) if !user.is_active() => return Err(Error::SUSPENDED),
            None | Some(_) => {}
        }
        // The transaction asks again; a client that comes back with a dead signature again and again costs a read, not a write.
        let dead_before =
            self.house.store.read(async |db| db.signatures_dead_before(app.key, &signed.id).await).await?;
        if signed.at < dead_before {
            return Err(Error::Unauthenticated(Unauthenticated::Revoked));
        }
        let (ticket, digest) = credentials::new_ticket();
        let new = NewTicket {
            digest,
            expires_at: signed.expires_at.min(self.now().after(TICKET_LIFE)),
            wire: Wire::Tencent,
            newest_kept: Some(app.settings.sessions_per_user.tencent),
        };
        let call = Enrol { id: signed.id, change: ProfileChange::default(), device: None };
        self.creatable(tenant, &call.id).await?;
        let asked = self.asked(tenant, call, IfKnown::Update)?;
        let register = Register { ticket: Some(new), signed_at: Some(signed.at), ..asked };
        let user = self.register_user(app.key, register).await?.user;
        Ok(SignedIn { user, ticket })
    }

    /// Makes a user for its app's back end, or brings a known one up to date.
    /// # Errors
    /// `Invalid`; store errors.
    pub async fn import_user(&self, tenant: &Tenant, call: Enrol) -> Result<User, Error> {
        self.creatable(tenant, &call.id).await?;
        let register = self.asked(tenant, call, IfKnown::Update)?;
        Ok(self.register_user(tenant.app.key, register).await?.user)
    }

    /// Whose ticket this is. Two point reads.
    /// # Errors
    /// `Unauthenticated`, telling an expired ticket from an unknown one and from another app's; `Forbidden` for a suspended user; store
    /// errors.
    pub async fn user_by_ticket(&self, tenant: &Tenant, ticket: &str) -> Result<User, Error> {
        let caller = self.caller(ticket, Wire::Tencent).await?;
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let TicketHolder::User { key, .. } = caller.holder else { return Err(wrong) };
        if caller.tenant.app.key != tenant.app.key {
            return Err(wrong);
        }
        self.read(async |db| db.user_by_key(tenant.app.key, key).await).await?.ok_or(wrong)?.if_active()
    }

    /// Opens a session of this wire for the holder of a ticket. The user's oldest one ends where it has too many.
    ///
    /// A client that comes back shows the ticket of its login, so it goes on from its own place. Where that is not known any more, or what
    /// happened since cannot all be told, the ticket is refused: the SDK then has its app log in anew, which reads everything.
    /// # Errors
    /// As [`Service::user_by_ticket`]; `Unauthenticated` as said; `Busy` when the server stops.
    pub async fn listen_by_ticket(
        &self,
        tenant: &Tenant,
        ticket: &str,
        goes_on: bool,
    ) -> Result<(User, Listening), Error> {
        let (user, digest) = (self.user_by_ticket(tenant, ticket).await?, credentials::digest(ticket));
        let (mut session, is_known) = self.join(tenant, user.key, Wire::Tencent, Some(digest)).await?;
        if goes_on {
            if !is_known {
                // Its place was never kept, or is forgotten: all that is kept of what happened is told.
                let oldest = self.read(async |db| db.oldest_event_since_ticket(&digest).await).await?;
                session.resume_behind(oldest.ok_or(Error::Unauthenticated(Unauthenticated::Expired))? - 1);
            }
            if let Some(since) = session.missed_since()
                && self.can_tell_since(since).await == Ok(false)
            {
                return Err(Error::Unauthenticated(Unauthenticated::Expired));
            }
        }
        // Once more, now that it is open: what ends it from here on, the feed tells.
        Ok((self.user_by_ticket(tenant, ticket).await?, self.listening(session, Wire::Tencent)))
    }

    /// Ends a user's sessions on this wire: signatures and tickets from before now are dead when this returns.
    ///
    /// A signature says in whole seconds when it was made, so those of this whole second die, and this returns when it is over: whatever is
    /// signed after that is good. Any number of calls wait side by side, on no thread.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn kick(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        let now = self.now();
        let dead_before = now.second_end();
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::kick(tx, app, id, dead_before, now).await;
        self.write_named(app, id, rule).await?;
        self.until(dead_before).await;
        Ok(())
    }

    /// A signature of this app has been made or shown.
    pub fn noted_signature(&self, tenant: &Tenant) {
        self.house.signing.lock().insert(tenant.app.key);
    }

    /// The moment before which every signature was made that has been made until now: the end of this second. Where none of the app has been
    /// seen by this process, its beginning, so that apps that do not use this wire never wait for the end of a second.
    pub(super) fn signatures_end(&self, tenant: &Tenant) -> Moment {
        let now = self.now();
        match self.house.signing.lock().contains(&tenant.app.key) {
            true => now.second_end(),
            false => now.second_begin(),
        }
    }

    /// Waits until the clock shows this moment. It lies at most a second ahead; a clock that stands or is set back is not waited for longer
    /// than [`CLOCK_WAITS_MAX`] seconds.
    pub(super) async fn until(&self, moment: Moment) {
        for _ in 0..CLOCK_WAITS_MAX {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(Duration::from_secs(1))).await;
        }
    }
}

/// Seconds that a call waits for the clock at most.
const CLOCK_WAITS_MAX: u32 = 3;

/// The apps of which this process has seen a signature.
#[derive(Default)]
pub(super) struct Signing(Mutex<HashSet<AppKey>>);

impl Signing {
    fn lock(&self) -> MutexGuard<'_, HashSet<AppKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
