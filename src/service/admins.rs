//! Administrators of the server: accounts, browser sessions, and the audit log. There is no default login: the first
//! administrator comes by a code shown in the terminal, by a command, or by a setting.

use std::{
    net::IpAddr,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::{
    domain::{
        Admin, AdminName, AdminSession, AuditEntry, CallerKey, Digest, Error, Moment, Network, PasswordHash, Resource,
        Secret, StoredAuditEntry, Unauthenticated, admin::password,
    },
    service::{HashCaller, Service, credentials, login_throttle::LoginAttempt},
    store::Tx,
};

/// An unused session ends after this time.
pub const IDLE: Duration = Duration::from_secs(20 * 60);

pub const LONGEST: Duration = Duration::from_secs(12 * 3600);

/// How often the last use of a session is stored, so that not every call writes.
const SEEN_EVERY: Duration = Duration::from_secs(60);

const SETUP_LIFE: Duration = Duration::from_secs(30 * 60);

pub const AUDIT_ENTRIES_MAX: u32 = 100;

const DEMO: &str = "demo";

enum AdminOrigin {
    ByOperator,
    /// By a client that knows the setup code. Only the first administrator.
    BySetupCode {
        from: Option<IpAddr>,
    },
}

/// The digest and expiry of the setup code. Lost when the process ends.
#[derive(Default)]
pub(super) struct Setup(Mutex<Option<(Digest, Moment)>>);

#[derive(Debug, Clone)]
pub struct AdminSessionView {
    pub admin: AdminName,
    /// Every changing call repeats it, so that no other web page can make the call.
    pub csrf: Secret,
    pub ends_at: Moment,
}

#[derive(Debug)]
pub struct NewAdminSession {
    pub session: AdminSessionView,
    /// Opens the session. Shown once.
    pub ticket: Secret,
}

impl Service {
    pub async fn admins(&self) -> Result<Vec<Admin>, Error> {
        self.read(async |db| db.admins().await).await
    }

    /// # Errors
    /// `Invalid`; `Conflict` if the name is taken.
    pub async fn create_admin(&self, name: AdminName, chosen: &Secret) -> Result<Admin, Error> {
        self.create_admin_by(name, chosen, AdminOrigin::ByOperator).await
    }

    async fn create_admin_by(&self, name: AdminName, chosen: &Secret, by: AdminOrigin) -> Result<Admin, Error> {
        let chosen = password(chosen.expose()).map_err(|fault| fault.at("password"))?;
        let (only_as_first, caller) = match by {
            AdminOrigin::ByOperator => (false, HashCaller::Operator),
            AdminOrigin::BySetupCode { from } => (true, HashCaller::Client(from.map(Network::of))),
        };
        let hash = self.inner.keyring.hash(&chosen, &[caller]).await?;
        let at = self.now();
        self.write_all(async move |tx| create(tx, &name, &hash, only_as_first, at).await).await
    }

    /// Ends the administrator's sessions too.
    pub async fn set_admin_password(&self, name: AdminName, chosen: &Secret) -> Result<(), Error> {
        let chosen = password(chosen.expose()).map_err(|fault| fault.at("password"))?;
        let hash = self.inner.keyring.hash(&chosen, &[HashCaller::Operator]).await?;
        self.write_all(async move |tx| set_password(tx, &name, &hash).await).await
    }

    pub async fn delete_admin(&self, name: AdminName) -> Result<(), Error> {
        self.write_all(async move |tx| tx.take_admin(known(tx, &name).await?.key).await).await
    }

    async fn known_admin(&self, name: &AdminName) -> Result<Option<Admin>, Error> {
        self.inner.store.read(async |db| db.admin(name).await).await
    }

    /// Sets up the administrator of the settings. The same password again keeps its sessions.
    pub async fn upsert_admin(&self, name: AdminName, chosen: &Secret) -> Result<(), Error> {
        let callers = [HashCaller::Operator];
        match self.known_admin(&name).await? {
            None => self.create_admin(name, chosen).await.map(|_| ()),
            Some(known) if self.inner.keyring.verify(chosen, Some(known.password.clone()), &callers).await? => Ok(()),
            Some(_) => self.set_admin_password(name, chosen).await,
        }
    }

    /// Draws a setup code for the terminal of this start; None if there is an administrator. Replaces the former code.
    pub async fn draw_setup_code(&self) -> Result<Option<Secret>, Error> {
        if !self.admins().await?.is_empty() {
            return Ok(None);
        }
        let (code, digest) = credentials::new_ticket();
        *self.setup() = Some((digest, self.now().after(SETUP_LIFE)));
        Ok(Some(code))
    }

    fn setup(&self) -> std::sync::MutexGuard<'_, Option<(Digest, Moment)>> {
        self.inner.setup.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Creates the first administrator by the code of [`Service::draw_setup_code`], which is valid once, and signs it
    /// in.
    /// # Errors
    /// `Unauthenticated` for a wrong or expired code; `TooMany` failures; `Invalid`; `Conflict` if there is one by now.
    pub async fn set_up(
        &self,
        code: &str,
        name: AdminName,
        chosen: &Secret,
        from: Option<IpAddr>,
    ) -> Result<NewAdminSession, Error> {
        let reservation = self.inner.throttle.reserve(LoginAttempt::of_console(from)).await?;
        let now = self.now();
        let is_right = |(digest, until): &(Digest, Moment)| *until > now && credentials::matches(code, digest);
        if !self.setup().as_ref().is_some_and(is_right) {
            reservation.failed();
            return Err(Error::Unauthenticated(Unauthenticated::Wrong));
        }
        // The transaction lets only one be first, even if several come with the code at once.
        let admin = self.create_admin_by(name, chosen, AdminOrigin::BySetupCode { from }).await?;
        *self.setup() = None;
        self.begin_admin_session(admin).await
    }

    /// An unknown name and a wrong password get the same error after the same time.
    /// # Errors
    /// `Unauthenticated`; `TooMany` after three failures of an address within five minutes.
    pub async fn sign_in_admin(
        &self,
        name: &str,
        given: &Secret,
        from: Option<IpAddr>,
    ) -> Result<NewAdminSession, Error> {
        let reservation = self.inner.throttle.reserve(LoginAttempt::of_console(from)).await?;
        let known = match AdminName::parse(name) {
            Ok(name) => self.known_admin(&name).await?,
            Err(_) => None,
        };
        let hash = known.as_ref().map(|admin| admin.password.clone());
        let callers = [HashCaller::Client(from.map(Network::of))];
        match (self.inner.keyring.verify(given, hash, &callers).await?, known) {
            (true, Some(admin)) => self.begin_admin_session(admin).await,
            (true, None) | (false, _) => {
                reservation.failed();
                Err(Error::Unauthenticated(Unauthenticated::Wrong))
            }
        }
    }

    /// Signs in to a demo, which only answers its own machine. The password of its administrator is random.
    pub async fn sign_in_to_demo(&self) -> Result<NewAdminSession, Error> {
        let name = AdminName::parse(DEMO).map_err(Error::internal)?;
        let admin = match self.known_admin(&name).await? {
            Some(admin) => admin,
            None => match self.create_admin(name.clone(), &credentials::new_ticket().0).await {
                // Two pages sign in at once.
                Err(Error::Conflict(Resource::Administrator)) => {
                    self.known_admin(&name).await?.ok_or(Error::NotFound(Resource::Administrator))?
                }
                made => made?,
            },
        };
        self.begin_admin_session(admin).await
    }

    async fn begin_admin_session(&self, admin: Admin) -> Result<NewAdminSession, Error> {
        let (ticket, digest) = credentials::new_ticket();
        let (now, name) = (self.now(), admin.name.clone());
        self.write_all(async move |tx| begin_session(tx, &digest, &admin, now).await).await?;
        let row = AdminSession { admin: name, began_at: now, seen_at: now };
        Ok(NewAdminSession { session: self.session_view(&row, ticket.expose()), ticket })
    }

    fn session_view(&self, row: &AdminSession, ticket: &str) -> AdminSessionView {
        let ends_at = row.seen_at.after(IDLE).min(row.began_at.after(LONGEST));
        AdminSessionView { admin: row.admin.clone(), csrf: self.inner.keyring.csrf_of(ticket), ends_at }
    }

    /// Returns the session of this ticket and records its use.
    /// # Errors
    /// `Unauthenticated`, with an expired session told apart from an unknown one.
    pub async fn admin_session(&self, ticket: &str) -> Result<AdminSessionView, Error> {
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
        Ok(self.session_view(&row, ticket))
    }

    /// Returns whether this ticket has a valid session, without recording a use.
    pub async fn is_admin_session(&self, ticket: &str) -> bool {
        let digest = credentials::digest(ticket);
        let row = self.read(async |db| db.admin_session(&digest).await).await;
        row.ok().flatten().is_some_and(|row| !self.has_ended(&row))
    }

    fn has_ended(&self, row: &AdminSession) -> bool {
        let now = self.now();
        now >= row.seen_at.after(IDLE) || now >= row.began_at.after(LONGEST)
    }

    pub async fn end_admin_session(&self, ticket: &str) -> Result<(), Error> {
        let digest = credentials::digest(ticket);
        self.write_all(async move |tx| tx.take_admin_session(&digest).await).await
    }

    pub async fn record_audit_entry(&self, entry: AuditEntry) -> Result<(), Error> {
        let at = self.now();
        self.write_all(async move |tx| tx.put_audit_entry(&entry, at).await).await
    }

    /// Returns at most [`AUDIT_ENTRIES_MAX`], newest first, before the entry of this number if given.
    pub async fn audit_entries(&self, before: Option<i64>, limit: u32) -> Result<Vec<StoredAuditEntry>, Error> {
        let (before, limit) = (before.unwrap_or(i64::MAX), limit.clamp(1, AUDIT_ENTRIES_MAX));
        self.long_read(CallerKey::Operator, async move |db| db.audit_entries_before(before, limit).await).await
    }
}

/// Refuses, with `only_as_first`, if there is an administrator.
/// # Errors
/// `Conflict(Administrator)`, also for a name that is taken.
pub async fn create(
    tx: &Tx<'_>,
    name: &AdminName,
    password: &PasswordHash,
    only_as_first: bool,
    at: Moment,
) -> Result<Admin, Error> {
    let admins = tx.admins().await?;
    match admins.iter().any(|admin| only_as_first || admin.name == *name) {
        true => Err(Error::Conflict(Resource::Administrator)),
        false => tx.put_admin(name, password, at).await,
    }
}

async fn known(tx: &Tx<'_>, name: &AdminName) -> Result<Admin, Error> {
    tx.admin(name).await?.ok_or(Error::NotFound(Resource::Administrator))
}

/// Ends the administrator's sessions.
/// # Errors
/// `NotFound(Administrator)`.
pub async fn set_password(tx: &Tx<'_>, name: &AdminName, password: &PasswordHash) -> Result<(), Error> {
    let admin = known(tx, name).await?;
    tx.put_admin_password(admin.key, password).await?;
    tx.take_admin_sessions(admin.key).await
}

/// # Errors
/// `NotFound(Administrator)` if it was deleted or got another password.
pub async fn begin_session(tx: &Tx<'_>, digest: &Digest, admin: &Admin, at: Moment) -> Result<(), Error> {
    match known(tx, &admin.name).await? == *admin {
        true => tx.put_admin_session(digest, admin.key, at).await,
        false => Err(Error::NotFound(Resource::Administrator)),
    }
}
