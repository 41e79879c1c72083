//! Administrators: who may run the house from a browser, their sessions, and the record of what they did.
//!
//! There is no default login. The first one is made by a code that a terminal was shown, by a command, or by a setting.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    domain::{
        admin::{Admin, AdminName, AdminSession, Deed, Kept, password},
        caller::CallerKey,
        error::{Error, Unauthenticated, What},
        network::Network,
        secret::{Digest, PasswordHash, Secret},
        time::Moment,
    },
    service::{
        Service,
        credentials::{self, HashCaller},
        login_throttle::Attempt,
    },
    store::Tx,
};

/// A session that is not used for so long has ended.
pub const IDLE: Duration = Duration::from_secs(20 * 60);

/// No session lasts longer, however busy.
pub const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// A use of a session is written down this often: each one would be a write a call.
const SEEN_EVERY: Duration = Duration::from_secs(60);

/// How long the code for the first administrator is good.
const SETUP_LIFE: Duration = Duration::from_secs(30 * 60);

/// Deeds on a page, at most.
pub const DEEDS_MAX: u32 = 100;

/// Whose sessions a demo opens without a password.
const DEMO: &str = "demo";

/// By whose authority an administrator is made.
enum Made {
    ByOperator,
    /// By a client that knows the code, as the first one alone.
    BySetupCode {
        from: Option<IpAddr>,
    },
}

/// The code for the first administrator. Known to this start alone.
#[derive(Default)]
pub(super) struct Setup(Mutex<Option<(Digest, Moment)>>);

/// A session as its administrator sees it.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub admin: AdminName,
    /// What every changing call repeats, so that no other page can make one.
    pub csrf: Secret,
    /// When it ends unless it is used before.
    pub ends_at: Moment,
}

/// A session that was just begun.
#[derive(Debug)]
pub struct Begun {
    /// The session.
    pub session: SignedIn,
    /// What opens it. Shown once.
    pub ticket: Secret,
}

impl Service {
    /// Every administrator, in creation order.
    /// # Errors
    /// Store errors.
    pub async fn admins(&self) -> Result<Vec<Admin>, Error> {
        self.read(async |db| db.admins().await).await
    }

    /// Makes an administrator.
    /// # Errors
    /// `Invalid`; `Conflict` when the name is taken; store errors.
    pub async fn create_admin(&self, name: AdminName, chosen: &Secret) -> Result<Admin, Error> {
        self.made(name, chosen, Made::ByOperator).await
    }

    async fn made(&self, name: AdminName, chosen: &Secret, by: Made) -> Result<Admin, Error> {
        let chosen = password(chosen.expose()).map_err(|fault| fault.at("password"))?;
        let (only_as_first, caller) = match by {
            Made::ByOperator => (false, HashCaller::Operator),
            Made::BySetupCode { from } => (true, HashCaller::Client(from.map(Network::of))),
        };
        let hash = self.house.keyring.hash(&chosen, &[caller]).await?;
        let at = self.now();
        self.write_all(async move |tx| create(tx, &name, &hash, only_as_first, at).await).await
    }

    /// Replaces an administrator's password and ends its sessions.
    /// # Errors
    /// `Invalid`, `NotFound`, store errors.
    pub async fn set_admin_password(&self, name: AdminName, chosen: &Secret) -> Result<(), Error> {
        let chosen = password(chosen.expose()).map_err(|fault| fault.at("password"))?;
        let hash = self.house.keyring.hash(&chosen, &[HashCaller::Operator]).await?;
        self.write_all(async move |tx| set_password(tx, &name, &hash).await).await
    }

    /// Deletes an administrator with its sessions.
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn delete_admin(&self, name: AdminName) -> Result<(), Error> {
        self.write_all(async move |tx| tx.take_admin(known(tx, &name).await?.key).await).await
    }

    async fn known_admin(&self, name: &AdminName) -> Result<Option<Admin>, Error> {
        self.house.store.read(async |db| db.admin(name).await).await
    }

    /// Brings an administrator to a password that is told from outside, and makes it where there is none. The same password again
    /// leaves its sessions as they are.
    /// # Errors
    /// `Invalid`, store errors.
    pub async fn describe_admin(&self, name: AdminName, chosen: &Secret) -> Result<(), Error> {
        let callers = [HashCaller::Operator];
        match self.known_admin(&name).await? {
            None => self.create_admin(name, chosen).await.map(|_| ()),
            Some(known) if self.house.keyring.verify(chosen, Some(known.password.clone()), &callers).await? => Ok(()),
            Some(_) => self.set_admin_password(name, chosen).await,
        }
    }

    /// A code with which whoever reads this start's terminal makes the first administrator; none where there is one already. The former
    /// code is dead.
    /// # Errors
    /// Store errors.
    pub async fn draw_setup_code(&self) -> Result<Option<Secret>, Error> {
        if !self.admins().await?.is_empty() {
            return Ok(None);
        }
        let (code, digest) = credentials::new_ticket();
        *self.setup() = Some((digest, self.now().after(SETUP_LIFE)));
        Ok(Some(code))
    }

    fn setup(&self) -> std::sync::MutexGuard<'_, Option<(Digest, Moment)>> {
        self.house.setup.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the first administrator by the code of [`Service::draw_setup_code`], and signs it in. The code is good once.
    /// # Errors
    /// `Unauthenticated` for a code that is wrong, used or too old; `TooMany` after too many failures; `Invalid`; `Conflict` when there is
    /// an administrator by now; store errors.
    pub async fn set_up(
        &self,
        code: &str,
        name: AdminName,
        chosen: &Secret,
        from: Option<IpAddr>,
    ) -> Result<Begun, Error> {
        let reservation = self.house.throttle.reserve(Attempt::of_console(from)).await?;
        let now = self.now();
        let is_right = |(digest, until): &(Digest, Moment)| *until > now && credentials::matches(code, digest);
        if !self.setup().as_ref().is_some_and(is_right) {
            reservation.failed();
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        // The store lets one be first, however many come with the code at once.
        let admin = self.made(name, chosen, Made::BySetupCode { from }).await?;
        *self.setup() = None;
        self.begin_admin_session(admin).await
    }

    /// Signs an administrator in. An unknown name and a wrong password look alike, in text and in time.
    /// # Errors
    /// `Unauthenticated`; `TooMany` after three failures of an address within five minutes; store errors.
    pub async fn sign_in_admin(&self, name: &str, given: &Secret, from: Option<IpAddr>) -> Result<Begun, Error> {
        let reservation = self.house.throttle.reserve(Attempt::of_console(from)).await?;
        let known = match AdminName::parse(name) {
            Ok(name) => self.known_admin(&name).await?,
            Err(_) => None,
        };
        let hash = known.as_ref().map(|admin| admin.password.clone());
        let callers = [HashCaller::Client(from.map(Network::of))];
        match (self.house.keyring.verify(given, hash, &callers).await?, known) {
            (true, Some(admin)) => self.begin_admin_session(admin).await,
            (true, None) | (false, _) => {
                reservation.failed();
                Err(Error::Unauthenticated(Unauthenticated::Wrong))
            }
        }
    }

    /// Signs in to a demo, whose secrets are documented and which answers its own machine alone. Nobody knows the password of its
    /// administrator.
    /// # Errors
    /// Store errors.
    pub async fn sign_in_to_demo(&self) -> Result<Begun, Error> {
        let name = AdminName::parse(DEMO).map_err(Error::internal)?;
        let admin = match self.known_admin(&name).await? {
            Some(admin) => admin,
            None => match self.create_admin(name.clone(), &credentials::new_ticket().0).await {
                // Two pages at once.
                Err(Error::Conflict(What::Administrator)) => {
                    self.known_admin(&name).await?.ok_or(Error::NotFound(What::Administrator))?
                }
                made => made?,
            },
        };
        self.begin_admin_session(admin).await
    }

    async fn begin_admin_session(&self, admin: Admin) -> Result<Begun, Error> {
        let (ticket, digest) = credentials::new_ticket();
        let (now, name) = (self.now(), admin.name.clone());
        self.write_all(async move |tx| begin_session(tx, &digest, &admin, now).await).await?;
        let row = AdminSession { admin: name, began_at: now, seen_at: now };
        Ok(Begun { session: self.signed_in(&row, ticket.expose()), ticket })
    }

    fn signed_in(&self, row: &AdminSession, ticket: &str) -> SignedIn {
        let ends_at = row.seen_at.after(IDLE).min(row.began_at.after(LONGEST));
        SignedIn { admin: row.admin.clone(), csrf: self.house.keyring.csrf_of(ticket), ends_at }
    }

    /// The session that this ticket opens, which is used by asking.
    /// # Errors
    /// `Unauthenticated`, telling one that has ended by the clock from one that never was; store errors.
    pub async fn admin_session(&self, ticket: &str) -> Result<SignedIn, Error> {
        let (digest, now) = (credentials::digest(ticket), self.now());
        let row = self.read(async |db| db.admin_session(&digest).await).await?;
        let mut row = row.ok_or(Error::Unauthenticated(Unauthenticated::Wrong))?;
        if self.has_ended(&row) {
            self.write_all(async move |tx| tx.take_admin_session(&digest).await).await?;
            return Err(Error::Unauthenticated(Unauthenticated::Expired));
        }
        if now >= row.seen_at.after(SEEN_EVERY) {
            self.write_all(async move |tx| tx.put_admin_session_seen(&digest, now).await).await?;
            row.seen_at = now;
        }
        Ok(self.signed_in(&row, ticket))
    }

    /// Whether this ticket opens a session still. Asking is no use of it.
    pub async fn is_admin_session(&self, ticket: &str) -> bool {
        let digest = credentials::digest(ticket);
        let row = self.read(async |db| db.admin_session(&digest).await).await;
        row.ok().flatten().is_some_and(|row| !self.has_ended(&row))
    }

    fn has_ended(&self, row: &AdminSession) -> bool {
        let now = self.now();
        now >= row.seen_at.after(IDLE) || now >= row.began_at.after(LONGEST)
    }

    /// Ends the session of this ticket, if there is one.
    /// # Errors
    /// Store errors.
    pub async fn end_admin_session(&self, ticket: &str) -> Result<(), Error> {
        let digest = credentials::digest(ticket);
        self.write_all(async move |tx| tx.take_admin_session(&digest).await).await
    }

    /// Puts something that was done on record.
    /// # Errors
    /// Store errors.
    pub async fn keep_deed(&self, deed: Deed) -> Result<(), Error> {
        let at = self.now();
        self.write_all(async move |tx| tx.put_deed(&deed, at).await).await
    }

    /// What was done, the newest first: before the deed of this number, where one is named, [`DEEDS_MAX`] at most.
    /// # Errors
    /// Store errors.
    pub async fn deeds(&self, before: Option<i64>, limit: u32) -> Result<Vec<Kept>, Error> {
        let (before, limit) = (before.unwrap_or(i64::MAX), limit.clamp(1, DEEDS_MAX));
        self.long_read(CallerKey::Operator, async move |db| db.deeds_before(before, limit).await).await
    }
}

/// Makes an administrator; where it is to be the first one, only while there is none.
/// # Errors
/// `Conflict(Administrator)` when the name is taken, or there is one already.
pub async fn create(
    tx: &Tx<'_>,
    name: &AdminName,
    password: &PasswordHash,
    only_as_first: bool,
    at: Moment,
) -> Result<Admin, Error> {
    let admins = tx.admins().await?;
    match admins.iter().any(|admin| only_as_first || admin.name == *name) {
        true => Err(Error::Conflict(What::Administrator)),
        false => tx.put_admin(name, password, at).await,
    }
}

async fn known(tx: &Tx<'_>, name: &AdminName) -> Result<Admin, Error> {
    tx.admin(name).await?.ok_or(Error::NotFound(What::Administrator))
}

/// Replaces an administrator's password and ends the sessions that the former one opened.
/// # Errors
/// `NotFound(Administrator)`.
pub async fn set_password(tx: &Tx<'_>, name: &AdminName, password: &PasswordHash) -> Result<(), Error> {
    let admin = known(tx, name).await?;
    tx.put_admin_password(admin.key, password).await?;
    tx.take_admin_sessions(admin.key).await
}

/// Begins a session of an administrator.
/// # Errors
/// `NotFound(Administrator)` when it is gone, or has another password by now.
pub async fn begin_session(tx: &Tx<'_>, digest: &Digest, admin: &Admin, at: Moment) -> Result<(), Error> {
    match known(tx, &admin.name).await? == *admin {
        true => tx.put_admin_session(digest, admin.key, at).await,
        false => Err(Error::NotFound(What::Administrator)),
    }
}
