//! Apps (tenants): their credentials, and the settings that an operator may change.

use std::{
    collections::HashMap,
    ops::RangeInclusive,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use tokio::sync::watch;

use crate::{
    domain::{
        AccountPassword, App, AppId, AppKey, AppName, AppSettings, CallerKey, CustomField, Dialects, Digest, Error,
        Fault, FormerSecret, Host, Moment, NewApp, Origin, Registration, Resource, SdkAppId, Secret, Unauthenticated,
        UserId, custom, secret,
    },
    service::{HashCaller, HmacAlgorithm, Keyring, Purpose, SealedKind, Service, credentials},
    store::{Store, Tx},
};

const ACCOUNT: &str = "administrator";

/// An app in memory, with digests of its secrets: checking one needs no cipher and no row.
#[derive(Debug)]
pub struct Tenant {
    pub app: App,
    secret: Digest,
    former_secret: Option<(Digest, Moment)>,
    license_key: Digest,
}

impl Tenant {
    pub fn has_license_key(&self, given: &str) -> bool {
        credentials::matches(given, &self.license_key)
    }
}

/// All apps, in memory. A change of an app replaces the whole list, so that readers never wait.
#[derive(Default)]
pub(super) struct Directory {
    tenants: RwLock<Arc<Tenants>>,
    changes: watch::Sender<u64>,
    /// Held from reading an app until its change is committed, so that two changes do not undo each other.
    changing: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Tenants {
    in_order: Vec<Arc<Tenant>>,
    by_app_id: HashMap<AppId, Arc<Tenant>>,
    by_host: HashMap<Host, Arc<Tenant>>,
    by_key: HashMap<AppKey, Arc<Tenant>>,
    by_sdk_app_id: HashMap<SdkAppId, Arc<Tenant>>,
}

impl Directory {
    pub(super) async fn refresh(&self, store: &Store, keyring: &Keyring) -> Result<(), Error> {
        let mut tenants = Tenants::default();
        for app in store.long_read(CallerKey::Operator, async |db| db.apps().await).await? {
            let secret = credentials::digest(keyring.unseal(SealedKind::AppSecret, &app.secret)?.expose());
            let license_key = credentials::digest(keyring.unseal(SealedKind::LicenseKey, &app.license_key)?.expose());
            let former_secret = match &app.former_secret {
                Some(former) => {
                    let clear = keyring.unseal(SealedKind::AppSecret, &former.secret)?;
                    Some((credentials::digest(clear.expose()), former.until))
                }
                None => None,
            };
            let tenant = Arc::new(Tenant { app, secret, former_secret, license_key });
            tenants.by_app_id.insert(tenant.app.app_id.clone(), Arc::clone(&tenant));
            tenants.by_key.insert(tenant.app.key, Arc::clone(&tenant));
            tenants.by_sdk_app_id.insert(tenant.app.sdk_app_id, Arc::clone(&tenant));
            for host in &tenant.app.hosts {
                tenants.by_host.entry(host.clone()).or_insert_with(|| Arc::clone(&tenant));
            }
            tenants.in_order.push(tenant);
        }
        *self.tenants.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(tenants);
        self.changes.send_modify(|number| *number += 1);
        Ok(())
    }

    fn now(&self) -> Arc<Tenants> {
        Arc::clone(&self.tenants.read().unwrap_or_else(PoisonError::into_inner))
    }

    pub(super) fn by_key(&self, key: AppKey) -> Result<Arc<Tenant>, Error> {
        self.now().by_key.get(&key).cloned().ok_or(Error::NotFound(Resource::App))
    }
}

/// The fields of an app that an operator sets; `domain::app` has their bounds. A field that is missing is generated at
/// creation and stays in a change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AppChange {
    pub name: Option<AppName>,
    pub app_id: Option<AppId>,
    pub sdk_app_id: Option<SdkAppId>,
    pub secret: Option<Secret>,
    pub former_secret_rest: Duration,
    pub license_key: Option<Secret>,
    pub account_password: Option<Secret>,
    pub hosts: Option<Vec<Host>>,
    pub registration: Option<Registration>,
    pub dialects: Option<Dialects>,
    pub password_min: Option<u16>,
    pub token_lifetime_s: Option<u32>,
    /// Days for which messages are kept; 0 for ever.
    pub messages_kept_days: Option<u16>,
    pub public_pictures: Option<bool>,
    pub allowed_origins: Option<Vec<Origin>>,
    pub import_at_login: Option<bool>,
    pub refuses_blocked_senders: Option<bool>,
    pub tencent_sessions: Option<u16>,
    pub custom_field: Option<CustomField>,
}

#[derive(Debug, Clone)]
pub struct AppSecrets {
    pub secret: Secret,
    pub license_key: Secret,
    /// None if the operator chose it: only its hash is stored.
    pub account_password: Option<Secret>,
}

const FORMER_SECRET_REST_MAX: Duration = Duration::from_secs(7 * 24 * 3600);

/// The Qiscus SDK waits by a timer that overflows at 2^31 ms (24.8 days) and then renews without a pause.
const TOKEN_LIFETIME_S: RangeInclusive<u32> = 60..=24 * 24 * 3600;

/// A hundred years.
const MESSAGES_KEPT_DAYS_MAX: u16 = 36_500;

impl AppChange {
    fn check(&self) -> Result<(), Error> {
        let checked = |given: &Option<Secret>, field: &'static str, rule: fn(&str) -> Result<Secret, Fault>| match given
        {
            Some(given) => rule(given.expose()).map(|_| ()).map_err(|fault| fault.at(field)),
            None => Ok(()),
        };
        checked(&self.secret, "secret", secret::app_secret)?;
        checked(&self.license_key, "license_key", secret::license_key)?;
        checked(&self.account_password, "account_password", secret::password)?;
        if self.password_min.is_some_and(|chars| !(1..=1024).contains(&chars)) {
            return Err(Fault::OutOfRange("from 1 to 1024 characters").at("password_min"));
        }
        if self.token_lifetime_s.is_some_and(|seconds| seconds != 0 && !TOKEN_LIFETIME_S.contains(&seconds)) {
            return Err(
                Fault::OutOfRange("from 60 to 2073600 seconds (24 days), or 0 for no end").at("token_lifetime_s")
            );
        }
        if self.messages_kept_days.is_some_and(|days| days > MESSAGES_KEPT_DAYS_MAX) {
            return Err(Fault::OutOfRange("from 1 to 36500 days, or 0 for ever").at("messages_kept_days"));
        }
        if self.tencent_sessions.is_some_and(|sessions| !(1..=20).contains(&sessions)) {
            return Err(Fault::OutOfRange("from 1 to 20 sessions").at("tencent_sessions"));
        }
        Ok(())
    }

    fn apply_to(&self, settings: &mut AppSettings) {
        if let Some(origins) = &self.allowed_origins {
            settings.allowed_origins.clone_from(origins);
        }
        settings.registration = self.registration.unwrap_or(settings.registration);
        settings.dialects = self.dialects.unwrap_or(settings.dialects);
        settings.password_min = self.password_min.unwrap_or(settings.password_min);
        settings.token_lifetime_s = match self.token_lifetime_s {
            None => settings.token_lifetime_s,
            given => given.filter(|seconds| *seconds > 0),
        };
        settings.messages_kept_days = match self.messages_kept_days {
            None => settings.messages_kept_days,
            given => given.filter(|days| *days > 0),
        };
        settings.public_pictures = self.public_pictures.unwrap_or(settings.public_pictures);
        settings.import_at_login = self.import_at_login.unwrap_or(settings.import_at_login);
        settings.refuses_blocked_senders = self.refuses_blocked_senders.unwrap_or(settings.refuses_blocked_senders);
        let sessions = &mut settings.sessions_per_user;
        sessions.tencent = self.tencent_sessions.unwrap_or(sessions.tencent);
        if let Some(declared) = &self.custom_field {
            match settings.custom_fields.iter_mut().find(|field| field.name == declared.name) {
                Some(field) => *field = declared.clone(),
                None => settings.custom_fields.push(declared.clone()),
            }
        }
    }

    /// Checks the bounds on the whole app after the change.
    fn check_result(settings: &AppSettings) -> Result<(), Error> {
        let fields = settings.custom_fields.len();
        Fault::if_above(custom::FIELDS_MAX, "custom fields", fields).map_err(|fault| fault.at("the app"))
    }
}

/// The former secret counts while it is valid. Compares digests even if there is no tenant, so that the time is the
/// same.
fn if_secret_matches(tenant: Option<Arc<Tenant>>, secret: &str, now: Moment) -> Result<Arc<Tenant>, Error> {
    let none = Digest([0; 32]);
    let expected = tenant.as_ref().map_or(none, |tenant| tenant.secret);
    let former = tenant.as_ref().and_then(|tenant| tenant.former_secret).filter(|(_, until)| now < *until);
    let former = former.map_or(none, |(digest, _)| digest);
    match (credentials::matches_either(secret, [&expected, &former]), tenant) {
        (true, Some(tenant)) => Ok(tenant),
        (true, None) | (false, _) => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
    }
}

impl Service {
    /// An unknown app and a wrong secret get the same error after the same time.
    /// # Errors
    /// `Unauthenticated`.
    pub fn tenant_of_secret(&self, app_id: &str, secret: &str) -> Result<Arc<Tenant>, Error> {
        if_secret_matches(
            AppId::parse(app_id).ok().and_then(|id| self.inner.apps.now().by_app_id.get(&id).cloned()),
            secret,
            self.now(),
        )
    }

    /// Returns the tenant of this secret at this host: Qiscus' older calls name no app. It is the app that lists the
    /// host, else the one whose app id is the first label of the host, in either case. An unknown app and a wrong
    /// secret get the same error.
    /// # Errors
    /// `Unauthenticated`.
    pub fn tenant_of_secret_at(&self, host: Option<&Host>, secret: &str) -> Result<Arc<Tenant>, Error> {
        let tenants = self.inner.apps.now();
        let listed = host.and_then(|host| tenants.by_host.get(host));
        let label = host.map_or("", Host::first_label);
        let named = || tenants.in_order.iter().find(|tenant| tenant.app.app_id.as_str().eq_ignore_ascii_case(label));
        if_secret_matches(listed.or_else(named).cloned(), secret, self.now())
    }

    /// Returns the app that lists this host, else the first.
    /// # Errors
    /// `NotFound` if there is no app.
    pub fn tenant_at(&self, host: Option<&Host>) -> Result<Arc<Tenant>, Error> {
        let tenants = self.inner.apps.now();
        let by_host = host.and_then(|host| tenants.by_host.get(host));
        by_host.or(tenants.in_order.first()).cloned().ok_or(Error::NotFound(Resource::App))
    }

    pub fn tenant(&self, app_id: &AppId) -> Result<Arc<Tenant>, Error> {
        self.inner.apps.now().by_app_id.get(app_id).cloned().ok_or(Error::NotFound(Resource::App))
    }

    pub fn app_id_of(&self, key: AppKey) -> Option<AppId> {
        self.inner.apps.by_key(key).ok().map(|tenant| tenant.app.app_id.clone())
    }

    /// Returns the app of this licence key, which is public and proves nothing.
    pub fn tenant_of_license_key(&self, license_key: &str) -> Option<Arc<Tenant>> {
        let tenants = self.inner.apps.now();
        let mut of_key = tenants.in_order.iter().filter(|tenant| tenant.has_license_key(license_key));
        of_key.next_back().cloned()
    }

    /// Returns the app of this number, which is public and proves nothing.
    pub fn tenant_of_sdk_app_id(&self, number: SdkAppId) -> Option<Arc<Tenant>> {
        self.inner.apps.now().by_sdk_app_id.get(&number).cloned()
    }

    /// Returns the app as it is now, for a caller whose copy may be old.
    /// # Errors
    /// `NotFound`.
    pub fn tenant_now(&self, tenant: &Tenant) -> Result<Arc<Tenant>, Error> {
        self.inner.apps.by_key(tenant.app.key)
    }

    /// Changes after each change of an app, so that open connections can check that the app still serves them.
    pub fn app_changes(&self) -> watch::Receiver<u64> {
        self.inner.apps.changes.subscribe()
    }

    pub fn tenants(&self) -> Vec<Arc<Tenant>> {
        self.inner.apps.now().in_order.clone()
    }

    /// # Errors
    /// `Invalid`; `Conflict` if the app id or number is taken.
    pub async fn create_app(&self, given: AppChange) -> Result<Arc<Tenant>, Error> {
        given.check()?;
        let _changing = self.inner.apps.changing.lock().await;
        self.hosts_are_free(&given, None)?;
        let keyring = &self.inner.keyring;
        let invented = |fault: Fault| Error::internal(fault);
        let app_id =
            given.app_id.clone().map_or_else(|| AppId::parse(&credentials::new_app_id()).map_err(invented), Ok)?;
        let sdk_app_id = match given.sdk_app_id {
            Some(number) => number,
            None => SdkAppId::parse(credentials::new_sdk_app_id()?).map_err(invented)?,
        };
        let account = UserId::parse(ACCOUNT).map_err(invented)?;
        let secret = given.secret.clone().unwrap_or_else(credentials::new_app_secret);
        let license_key = given.license_key.clone().unwrap_or_else(credentials::new_license_key);
        let account_password = match &given.account_password {
            Some(password) => AccountPassword::Chosen(keyring.hash(password, &[HashCaller::Operator]).await?),
            // The row has no app key yet: the salt alone makes the secrets of two apps differ.
            None => AccountPassword::Derived(keyring.draw(Purpose::AccountPassword, AppKey(0), &account)),
        };
        let name = given.name.clone().map_or_else(|| AppName::parse(app_id.as_str()).map_err(invented), Ok)?;
        let mut settings = AppSettings::default();
        given.apply_to(&mut settings);
        let new = NewApp {
            name,
            app_id,
            sdk_app_id,
            account,
            account_password,
            secret: keyring.seal(SealedKind::AppSecret, &secret)?,
            license_key: keyring.seal(SealedKind::LicenseKey, &license_key)?,
            hosts: given.hosts.unwrap_or_default(),
            settings,
        };
        let at = self.now();
        let app = self.write_all(async move |tx| tx.put_app(&new, at).await).await?;
        self.refreshed(app.key).await
    }

    /// A new secret replaces the former one, at once unless `former_secret_rest` is set.
    /// # Errors
    /// `Invalid`, `NotFound`, `Conflict`.
    pub async fn change_app(&self, app_id: &AppId, given: AppChange) -> Result<Arc<Tenant>, Error> {
        given.check()?;
        let _changing = self.inner.apps.changing.lock().await;
        self.hosts_are_free(&given, Some(app_id))?;
        let keyring = &self.inner.keyring;
        let mut app = self.tenant(app_id)?.app.clone();
        if let Some(secret) = &given.secret
            && !credentials::matches(secret.expose(), &self.tenant(app_id)?.secret)
        {
            let rest = given.former_secret_rest;
            let former = FormerSecret { secret: app.secret, until: self.now().after(rest) };
            app.former_secret = Some(former).filter(|_| !rest.is_zero());
            app.secret = keyring.seal(SealedKind::AppSecret, secret)?;
        }
        if let Some(key) = &given.license_key {
            app.license_key = keyring.seal(SealedKind::LicenseKey, key)?;
        }
        if let Some(password) = &given.account_password
            && !self.is_account_password(&app, password, &[HashCaller::Operator]).await?
        {
            app.account_password = AccountPassword::Chosen(keyring.hash(password, &[HashCaller::Operator]).await?);
        }
        given.apply_to(&mut app.settings);
        AppChange::check_result(&app.settings)?;
        app.name = given.name.unwrap_or(app.name);
        app.app_id = given.app_id.unwrap_or(app.app_id);
        app.sdk_app_id = given.sdk_app_id.unwrap_or(app.sdk_app_id);
        app.hosts = given.hosts.unwrap_or(app.hosts);
        let app = self.write_all(async move |tx| change(tx, &app).await).await?;
        self.refreshed(app.key).await
    }

    /// The former secret stays valid for `rest`, at most a week; the one before that ends at once.
    /// # Errors
    /// `Invalid`, `NotFound`.
    pub async fn rotate_app_secret(&self, app_id: &AppId, rest: Duration) -> Result<Secret, Error> {
        if rest > FORMER_SECRET_REST_MAX {
            return Err(Fault::OutOfRange("from 0 to 604800 seconds (a week)").at("former_valid_s"));
        }
        let secret = credentials::new_app_secret();
        let change = AppChange { secret: Some(secret.clone()), former_secret_rest: rest, ..AppChange::default() };
        self.change_app(app_id, change).await?;
        Ok(secret)
    }

    /// Creates the first app from the settings file, or updates it. Returns whether it was created.
    pub async fn upsert_first_app(&self, given: AppChange) -> Result<(Arc<Tenant>, bool), Error> {
        match self.tenants().first() {
            None => Ok((self.create_app(given).await?, true)),
            Some(first) if given == AppChange::default() => Ok((Arc::clone(first), false)),
            Some(first) => Ok((self.change_app(&first.app.app_id.clone(), given).await?, false)),
        }
    }

    /// Whether a page of this origin may call `app`, or any app if the call names none. `None` is an origin without a
    /// name (sandboxed frame, local file), which no list can hold.
    pub fn allows_origin(&self, origin: Option<&Origin>, app: Option<&Tenant>) -> bool {
        let allows = |tenant: &Tenant| {
            let allowed = &tenant.app.settings.allowed_origins;
            allowed.is_empty() || origin.is_some_and(|origin| allowed.contains(origin))
        };
        match app {
            Some(tenant) => allows(tenant),
            None => self.inner.apps.now().in_order.iter().any(|tenant| allows(tenant)),
        }
    }

    pub fn app_secrets(&self, tenant: &Tenant) -> Result<AppSecrets, Error> {
        let keyring = &self.inner.keyring;
        let account_password = match &tenant.app.account_password {
            AccountPassword::Chosen(_) => None,
            AccountPassword::Derived(derived) => {
                Some(keyring.derive(Purpose::AccountPassword, AppKey(0), &tenant.app.account, derived.salt))
            }
        };
        Ok(AppSecrets {
            secret: keyring.unseal(SealedKind::AppSecret, &tenant.app.secret)?,
            license_key: keyring.unseal(SealedKind::LicenseKey, &tenant.app.license_key)?,
            account_password,
        })
    }

    /// Returns whether `signature` is that of `message` under the app's secret.
    /// # Errors
    /// `Internal` if the sealed secret cannot be opened.
    pub fn is_signed(
        &self,
        tenant: &Tenant,
        signing: HmacAlgorithm,
        message: &[u8],
        signature: &[u8],
    ) -> Result<bool, Error> {
        let is_signed_by = |sealed| {
            let secret = self.inner.keyring.unseal(SealedKind::AppSecret, sealed)?;
            Ok(credentials::is_signed(signing, &secret, message, signature))
        };
        if is_signed_by(&tenant.app.secret)? {
            return Ok(true);
        }
        let now = self.now();
        match tenant.app.former_secret.as_ref().filter(|former| now < former.until) {
            Some(former) => is_signed_by(&former.secret),
            None => Ok(false),
        }
    }

    /// Checks the password of the app's back-end account. A wrong one costs one argon2, as for a user.
    pub(super) async fn is_account_password(
        &self,
        app: &App,
        password: &Secret,
        callers: &[HashCaller],
    ) -> Result<bool, Error> {
        let keyring = &self.inner.keyring;
        match &app.account_password {
            AccountPassword::Derived(derived) if credentials::matches(password.expose(), &derived.digest) => Ok(true),
            AccountPassword::Derived(_) => keyring.verify(password, None, callers).await,
            AccountPassword::Chosen(hash) => keyring.verify(password, Some(hash.clone()), callers).await,
        }
    }

    /// A host selects one app, so no two apps may list it.
    fn hosts_are_free(&self, given: &AppChange, of: Option<&AppId>) -> Result<(), Error> {
        let tenants = self.inner.apps.now();
        let is_others = |host: &Host| tenants.by_host.get(host).is_some_and(|tenant| Some(&tenant.app.app_id) != of);
        match given.hosts.iter().flatten().any(is_others) {
            true => Err(Fault::Malformed("names that no other app lists").at("hosts")),
            false => Ok(()),
        }
    }

    async fn refreshed(&self, key: AppKey) -> Result<Arc<Tenant>, Error> {
        self.inner.apps.refresh(&self.inner.store, &self.inner.keyring).await?;
        self.inner.apps.by_key(key)
    }
}

/// Replaces the row of an app. A new password of the back-end account ends the account's sessions.
/// # Errors
/// `NotFound(App)`; `Conflict(App)` if another app has its `app_id` or `sdk_app_id`.
pub async fn change(tx: &Tx<'_>, wanted: &App) -> Result<App, Error> {
    let former = tx.app(wanted.key).await?.ok_or(Error::NotFound(Resource::App))?;
    let app = tx.change_app(wanted).await?;
    if former.account_password != wanted.account_password {
        tx.take_back_end_tickets(app.key).await?;
    }
    Ok(app)
}
