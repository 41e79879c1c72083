//! Tencent sessions: begun by a UserSig, continued by a ticket, ended by the back end.

use std::{
    collections::HashSet,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::sleep;

use crate::{
    domain::{AppKey, Error, Moment, ProfileChange, Resource, Secret, Unauthenticated, User, UserId, Vendor},
    service::{EventSubscription, RegisterUser, SealedKind, Service, Tenant, credentials, users},
    store::{IfKnown, NewTicket, TicketHolder, Tx, UpsertUser},
};

/// The longest life of a ticket; usually the UserSig expires first. The vendor's libraries sign for 180 days.
const TICKET_LIFE: Duration = Duration::from_secs(180 * 24 * 3600);

#[derive(Debug, Clone)]
pub struct UserSigLogin {
    pub id: UserId,
    pub at: Moment,
    pub expires_at: Moment,
}

#[derive(Debug)]
pub struct TencentLogin {
    pub user: User,
    pub ticket: Secret,
}

impl Service {
    /// Returns an HMAC-SHA-256 under the app's secret.
    pub fn sign(&self, tenant: &Tenant, message: &[u8]) -> Result<[u8; 32], Error> {
        self.note_signature(tenant);
        let secret = self.inner.keyring.unseal(SealedKind::AppSecret, &tenant.app.secret)?;
        credentials::sign(&secret, message)
    }

    /// Creates an unknown user if `import_at_login` is set. Keeps only as many tickets as the user may have sessions.
    /// # Errors
    /// `Unauthenticated(Revoked)` for a UserSig from before the back end ended the user's sessions or deleted a user of
    /// this id; `NotFound` for an unknown user; `Forbidden` for a suspended one; `Invalid`.
    pub async fn log_in_by_user_sig(&self, tenant: &Tenant, signed: UserSigLogin) -> Result<TencentLogin, Error> {
        let app = &tenant.app;
        match self.find_user(tenant, &signed.id).await? {
            None if !app.settings.import_at_login => return Err(Error::NotFound(Resource::User)),
            Some(user) if !user.is_active() => return Err(Error::SUSPENDED),
            None | Some(_) => {}
        }
        // The transaction checks again: a client that retries with a dead UserSig should cost a read, not a write.
        let dead_before =
            self.inner.store.read(async |db| db.signatures_revoked_before(app.key, &signed.id).await).await?;
        if signed.at < dead_before {
            return Err(Error::Unauthenticated(Unauthenticated::Revoked));
        }
        let (ticket, digest) = credentials::new_ticket();
        let new = NewTicket {
            digest,
            expires_at: signed.expires_at.min(self.now().after(TICKET_LIFE)),
            vendor: Vendor::Tencent,
            newest_kept: Some(app.settings.sessions_per_user.tencent),
        };
        let call = RegisterUser { id: signed.id, change: ProfileChange::default(), device: None };
        self.creatable(tenant, &call.id).await?;
        let asked = self.registration(tenant, call, IfKnown::Update)?;
        let register = UpsertUser { ticket: Some(new), signed_at: Some(signed.at), ..asked };
        let user = self.register_user(app.key, register).await?.user;
        Ok(TencentLogin { user, ticket })
    }

    /// Creates a user for the app's back end, or updates a known one.
    pub async fn import_user(&self, tenant: &Tenant, call: RegisterUser) -> Result<User, Error> {
        self.creatable(tenant, &call.id).await?;
        let register = self.registration(tenant, call, IfKnown::Update)?;
        Ok(self.register_user(tenant.app.key, register).await?.user)
    }

    /// Costs two point reads.
    /// # Errors
    /// `Unauthenticated`, with an expired ticket told apart; `Forbidden` for a suspended user.
    pub async fn user_by_ticket(&self, tenant: &Tenant, ticket: &str) -> Result<User, Error> {
        let caller = self.caller(ticket, Vendor::Tencent).await?;
        let wrong = Error::Unauthenticated(Unauthenticated::Wrong);
        let TicketHolder::User { key, .. } = caller.holder else { return Err(wrong) };
        if caller.tenant.app.key != tenant.app.key {
            return Err(wrong);
        }
        self.read(async |db| db.user_by_key(tenant.app.key, key).await).await?.ok_or(wrong)?.if_active()
    }

    /// Opens a Tencent session; the user's oldest session ends if there are too many. A client that returns continues
    /// where it stopped. If that position is lost, the ticket is refused: the SDK then logs in again and reads
    /// everything.
    /// # Errors
    /// As [`Service::user_by_ticket`]; `Busy` if the server is stopping.
    pub async fn listen_by_ticket(
        &self,
        tenant: &Tenant,
        ticket: &str,
        goes_on: bool,
    ) -> Result<(User, EventSubscription), Error> {
        let (user, digest) = (self.user_by_ticket(tenant, ticket).await?, credentials::digest(ticket));
        let (mut session, is_known) = self.join(tenant, user.key, Vendor::Tencent, Some(digest)).await?;
        if goes_on {
            if !is_known {
                // No position is stored: the client gets all events that are kept.
                let oldest = self.read(async |db| db.oldest_event_since_ticket(&digest).await).await?;
                session.resume_after(oldest.ok_or(Error::Unauthenticated(Unauthenticated::Expired))? - 1);
            }
            if let Some(since) = session.missed_since()
                && self.has_events_since(since).await == Ok(false)
            {
                return Err(Error::Unauthenticated(Unauthenticated::Expired));
            }
        }
        // Checked again now that the session is open. The feed reports later ends.
        Ok((self.user_by_ticket(tenant, ticket).await?, self.subscription(session, Vendor::Tencent)))
    }

    /// Ends a user's Tencent sessions: UserSigs and tickets from before now are invalid when this returns.
    ///
    /// A UserSig has its time in whole seconds, so this returns when the current second is over. Waiting holds no
    /// thread.
    /// # Errors
    /// `NotFound`.
    pub async fn kick(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        let now = self.now();
        let dead_before = now.second_end();
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::kick(tx, app, id, dead_before, now).await;
        self.write_named(app, id, rule).await?;
        self.wait_until(dead_before).await;
        Ok(())
    }

    /// Records that a UserSig of this app was made or shown.
    pub fn note_signature(&self, tenant: &Tenant) {
        self.inner.signing.lock().insert(tenant.app.key);
    }

    /// Every existing UserSig was made before this moment: the end of the current second, or its start for an app of
    /// which this process has seen no UserSig, so that apps that do not use Tencent never wait.
    pub(in super::super) fn signatures_end(&self, tenant: &Tenant) -> Moment {
        let now = self.now();
        match self.inner.signing.lock().contains(&tenant.app.key) {
            true => now.second_end(),
            false => now.second_begin(),
        }
    }

    /// Waits at most one second, or [`CLOCK_WAITS_MAX`] seconds if the clock stands still or is set back.
    pub(in super::super) async fn wait_until(&self, moment: Moment) {
        for _ in 0..CLOCK_WAITS_MAX {
            let left = moment.since(self.now());
            if left.is_zero() {
                return;
            }
            sleep(left.min(Duration::from_secs(1))).await;
        }
    }
}

const CLOCK_WAITS_MAX: u32 = 3;

/// The apps of which this process has seen a UserSig.
#[derive(Default)]
pub(in super::super) struct SigningApps(Mutex<HashSet<AppKey>>);

impl SigningApps {
    fn lock(&self) -> MutexGuard<'_, HashSet<AppKey>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
