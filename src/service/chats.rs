//! A user's chat settings, lists of blocks, last-seen times, and reports.

use std::{collections::BTreeSet, time::Duration};

use crate::{
    domain::{
        AppKey, CallerKey, ChatSettings, ChatSettingsChange, Error, Fault, MUTES_MAX, Moment, MuteLevel, NewReport,
        Notification, Owner, REPORTS_KEPT_MAX, REPORTS_PER_DAY, Relation, Report, ReportSubject, Resource, UserId,
        UserKey,
    },
    service::{Service, Tenant, owners},
    store::{LongReads, Tx},
};

const DAY: Duration = Duration::from_secs(24 * 3600);

impl Service {
    pub async fn chat_settings(&self, tenant: &Tenant, user: UserKey) -> Result<ChatSettings, Error> {
        let app = tenant.app.key;
        let found = self.long_read(CallerKey::User(user), async move |db| db.chat_settings(app, user).await).await?;
        found.ok_or(Error::GONE)
    }

    /// Makes all of the change or nothing, and notifies the user's open sessions.
    /// # Errors
    /// `NotFound` for an unknown id; `Invalid` above the most muted chats.
    pub async fn change_chat_settings(
        &self,
        tenant: &Tenant,
        user: UserKey,
        change: ChatSettingsChange,
    ) -> Result<(), Error> {
        let app = tenant.app.key;
        let written = change.clone();
        let rule = async move |tx: &Tx<'_>| change_chat_settings(tx, app, user, &written).await;
        self.write_about(app, Owner::Itself(user), rule).await?;
        self.inner.hub.pass(&[user], Notification::ChatSettingsChanged { change: Box::new(change) });
        Ok(())
    }

    /// Returns the first `at_most` users that a user mutes, with the levels.
    /// # Errors
    /// `NotFound(User)`.
    pub async fn mute_levels(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        at_most: u32,
    ) -> Result<Vec<(UserId, MuteLevel)>, Error> {
        self.lists(tenant, by, owner).read(async move |db, app, user| db.mute_levels(app, user, at_most).await).await
    }

    /// Returns how a user mutes each of these users; None for those that it does not mute, or that do not exist.
    /// # Errors
    /// `NotFound(User)` for the owner.
    pub async fn mute_levels_of(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<MuteLevel>>, Error> {
        self.lists(tenant, by, owner)
            .read(async move |db, app, user| {
                let mut levels = Vec::with_capacity(ids.len());
                for id in &ids {
                    levels.push(match db.user_key(app, id).await? {
                        Some(key) => db.mute_level(user, key).await?,
                        None => None,
                    });
                }
                Ok(levels)
            })
            .await
    }

    /// Mutes these users at one level, or unmutes them. Returns for each whether it exists.
    /// # Errors
    /// `NotFound(User)` for the owner; `Invalid` above the most muted chats.
    pub async fn set_mute_level(
        &self,
        tenant: &Tenant,
        owner: &Owner,
        ids: Vec<UserId>,
        level: Option<MuteLevel>,
    ) -> Result<Vec<bool>, Error> {
        let (app, owner) = (tenant.app.key, owner.clone());
        let by = owner.clone();
        let rule = async move |tx: &Tx<'_>| set_mute_level(tx, app, &by, &ids, level).await;
        self.write_about(app, owner, rule).await
    }

    /// `write` runs on the reading thread, because there may be 10,000 users, in creation order.
    pub async fn blocked_ids<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        user: UserKey,
        write: impl FnOnce(&[UserId]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let app = tenant.app.key;
        let read = async move |db: &LongReads<'_>| Ok(write(&db.blocked_ids(app, user).await?));
        self.long_read(CallerKey::User(user), read).await
    }

    /// As [`Service::blocked_ids`], for the first 10,000 users that block a user.
    pub async fn blocking_ids<T: Send + 'static>(
        &self,
        tenant: &Tenant,
        user: UserKey,
        write: impl FnOnce(&[UserId]) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let app = tenant.app.key;
        let read = async move |db: &LongReads<'_>| Ok(write(&db.blocking_ids(app, user).await?));
        self.long_read(CallerKey::User(user), read).await
    }

    /// Returns how long ago a user was online. Returns the user's age if one blocks the other or the time is forgotten.
    /// # Errors
    /// `NotFound`.
    pub async fn last_seen(&self, tenant: &Tenant, viewer: UserKey, whom: &UserId) -> Result<Duration, Error> {
        let user = self.user(tenant, whom).await?;
        let owner = Owner::Itself(viewer);
        let blocks = self.lists(tenant, CallerKey::User(viewer), &owner).blocks_among(vec![whom.clone()]).await?;
        let presence = self.inner.hub.presence(user.key);
        let since = match presence.seen_at.filter(|_| blocks.first() == Some(&Some(Relation::None))) {
            Some(_) if presence.is_online => return Ok(Duration::ZERO),
            seen_at => seen_at.unwrap_or(user.created_at),
        };
        let micros = self.now().micros().saturating_sub(since.micros());
        Ok(Duration::from_micros(u64::try_from(micros).unwrap_or_default()).max(Duration::from_secs(1)))
    }

    /// Stores a report for the operator.
    /// # Errors
    /// `NotFound` for a chat with an unknown user; `TooMany` in a day.
    pub async fn report(&self, tenant: &Tenant, user: UserKey, report: NewReport) -> Result<(), Error> {
        let (app, at) = (tenant.app.key, self.now());
        let rule = async move |tx: &Tx<'_>| add_report(tx, app, user, &report, at).await;
        self.write_about(app, Owner::Itself(user), rule).await
    }

    pub async fn reports(&self, tenant: &Tenant, before: Option<i64>, limit: u32) -> Result<Vec<Report>, Error> {
        let (app, before) = (tenant.app.key, before.unwrap_or(i64::MAX));
        self.long_read(CallerKey::Operator, async move |db| db.reports_before(app, before, limit).await).await
    }
}

/// A user that is both muted and unmuted is muted.
/// # Errors
/// `NotFound(User)` for an unknown id; `Invalid` above the most muted chats.
pub async fn change_chat_settings(
    tx: &Tx<'_>,
    app: AppKey,
    user: UserKey,
    change: &ChatSettingsChange,
) -> Result<(), Error> {
    owners::acting(tx, app, user).await?;
    let mute = keys_of(tx, app, &change.mute).await?;
    let mut unmute = keys_of(tx, app, &change.unmute).await?;
    unmute.retain(|key| !mute.contains(key));
    let mut muted = tx.count_mutes(user).await?;
    for key in &unmute {
        muted -= u64::from(tx.has_mute(user, *key).await?);
    }
    for key in &mute {
        muted += u64::from(!tx.has_mute(user, *key).await?);
    }
    if muted > MUTES_MAX {
        return Err(Fault::TooMuch { most: MUTES_MAX, unit: "muted chats", found: muted }.at("muted chats"));
    }
    for key in unmute {
        tx.take_mute(user, key).await?;
    }
    for key in mute {
        if !tx.has_mute(user, key).await? {
            tx.put_mute(user, key, MuteLevel::default()).await?;
        }
    }
    tx.put_chat_settings(user, change).await
}

/// Mutes these users at one level, or unmutes them. Returns for each whether it exists.
/// # Errors
/// `NotFound(User)` for the owner; `Invalid` above the most muted chats.
pub async fn set_mute_level(
    tx: &Tx<'_>,
    app: AppKey,
    owner: &Owner,
    ids: &[UserId],
    level: Option<MuteLevel>,
) -> Result<Vec<bool>, Error> {
    let user = owners::owner(tx, app, owner).await?.key;
    let (mut known, mut keys) = (Vec::with_capacity(ids.len()), BTreeSet::new());
    for id in ids {
        let key = tx.user_key(app, id).await?;
        known.push(key.is_some());
        keys.extend(key);
    }
    let mut muted = tx.count_mutes(user).await?;
    for key in &keys {
        muted += u64::from(level.is_some() && !tx.has_mute(user, *key).await?);
    }
    if level.is_some() && muted > MUTES_MAX {
        return Err(Fault::TooMuch { most: MUTES_MAX, unit: "muted chats", found: muted }.at("muted chats"));
    }
    for key in keys {
        match level {
            Some(level) => tx.put_mute(user, key, level).await?,
            None => tx.take_mute(user, key).await?,
        }
    }
    Ok(known)
}

async fn keys_of(tx: &Tx<'_>, app: AppKey, ids: &[UserId]) -> Result<BTreeSet<UserKey>, Error> {
    let mut keys = BTreeSet::new();
    for id in ids {
        keys.insert(tx.user_key(app, id).await?.ok_or(Error::NotFound(Resource::User))?);
    }
    Ok(keys)
}

/// Above the most reports of the app, the oldest goes.
/// # Errors
/// `NotFound(User)` for a chat with an unknown user; `TooMany` in a day.
pub async fn add_report(tx: &Tx<'_>, app: AppKey, user: UserKey, report: &NewReport, at: Moment) -> Result<(), Error> {
    owners::acting(tx, app, user).await?;
    if let ReportSubject::Chat(with) = &report.subject {
        tx.user_key(app, with).await?.ok_or(Error::NotFound(Resource::User))?;
    }
    let since = at.before(DAY);
    // The oldest of the last [`REPORTS_PER_DAY`] reports: the next one is allowed when it is a day old.
    if let Some(oldest) = tx.report_behind(user, since, REPORTS_PER_DAY - 1).await? {
        let left = u64::try_from(oldest.micros() - since.micros()).unwrap_or_default();
        return Err(Error::TooMany { what: "reports in a day", retry_after: Duration::from_micros(left) });
    }
    tx.put_report(app, user, report, at).await?;
    tx.keep_newest_reports(app, REPORTS_KEPT_MAX).await
}
