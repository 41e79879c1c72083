//! Sessions that receive events, the positions of their clients, and presence.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::sleep};

use crate::{
    domain::{
        AppKey, CallerKey, Digest, EndReason, Error, Event, Notification, Owner, Presence, Relation, Resumed, State,
        Unauthenticated, User, UserId, UserKey, Vendor, session,
    },
    live::{feed::Feed, hub::LiveSession, status_subscriptions::StatusSubscriber},
    service::{AuthenticatedUser, Purpose, Service, Tenant, Viewer, users},
    store::{ActiveSessions, NewPosition, Principal, Tx},
};

/// How often changed positions are written. After a crash a client may get the events of this time twice.
const PLACES_EVERY: Duration = Duration::from_secs(5);

/// How late subscribers learn that a user without a session makes no more calls.
const IDLE_EVERY: Duration = Duration::from_secs(1);

/// Realtime connections of one user of Qiscus: as many as it may have logins that expire.
const QISCUS_SESSIONS_MAX: usize = 20;

/// Positions per transaction, so that other writes run in between.
const PLACES_AT_ONCE: usize = 1000;

/// Dropping it ends the session. The order of the fields is the order of their drops: the last three announce the end.
pub struct EventSubscription {
    session: LiveSession,
    /// Of the users that its client asked for, at Tencent and at Qiscus, and of contacts.
    statuses: [StatusSubscriber; 3],
}

impl EventSubscription {
    pub fn user(&self) -> UserKey {
        self.session.user()
    }

    /// Returns the next notice, in commit order. The future may be dropped without loss.
    /// # Errors
    /// Why the session has ended, after all notices that were queued.
    pub async fn next(&mut self) -> Result<Arc<Notification>, EndReason> {
        let [asked_for, watched, contacts] = &self.statuses;
        tokio::select! {
            biased;
            notification = self.session.next() => notification,
            users = asked_for.changed() => Ok(Arc::new(Notification::StatusChanged { users })),
            users = watched.changed() => Ok(Arc::new(Notification::StatusChanged { users })),
            users = contacts.changed() => Ok(Arc::new(Notification::StatusChanged { users })),
        }
    }

    /// Returns the event after which the client needs a look-back, if it missed something.
    pub fn missed_since(&self) -> Option<i64> {
        self.session.missed_since()
    }

    /// The client has nothing after this event until it has caught up.
    pub fn fall_behind(&self, seq: i64) {
        self.session.fall_behind(seq);
    }

    /// The client could not be sent the last notice: a look-back will find it.
    pub fn mark_behind(&self) {
        self.session.mark_behind();
    }

    /// A look-back has covered everything up to this event, and its result was sent.
    pub fn caught_up(&self, seq: i64) {
        self.session.caught_up(seq);
    }

    /// Returns the last event up to which the client was sent everything that concerns it.
    pub fn sent(&self) -> i64 {
        self.session.taken()
    }

    /// The client says whether its user is there.
    pub fn set_away(&self, is_away: bool) {
        if self.session.set_away(is_away) {
            self.statuses.iter().for_each(StatusSubscriber::own_presence_changed);
        }
    }

    /// The client has received everything that was sent up to this event.
    pub fn confirm(&self, seq: i64) {
        self.session.confirm(seq);
    }
}

impl Service {
    pub async fn run_feed(self) {
        let Some(feed) = self.take_feed() else { return };
        feed.follow().await;
    }

    fn take_feed(&self) -> Option<Feed> {
        self.inner.feed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends every session when the server stops.
    pub fn end_all_sessions(&self) {
        self.inner.hub.close();
    }

    pub async fn all_sessions_ended(&self) -> EndReason {
        self.inner.hub.closed().await
    }

    pub async fn active_sessions(
        &self,
        tenant: &Tenant,
        user: UserKey,
    ) -> Result<(ActiveSessions, [(Vendor, usize); Vendor::ALL.len()]), Error> {
        let open = Vendor::ALL.map(|vendor| (vendor, self.inner.hub.sessions(user, vendor)));
        Ok((self.read(async |db| db.active_sessions(tenant.app.key, user, self.now()).await).await?, open))
    }

    /// Ends everything that keeps a user signed in, at every vendor; passwords stay. Takes as long as
    /// [`Service::kick`].
    /// # Errors
    /// `NotFound`.
    pub async fn revoke(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        let token = self.inner.keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let now = self.now();
        let dead_before = now.second_end();
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::revoke(tx, app, id, &token, dead_before, now).await;
        let user = self.write_named(app, id, rule).await?;
        self.inner.hub.end(user.key, None);
        self.wait_until(dead_before).await;
        Ok(())
    }

    /// Opens a session. The user's oldest session at this vendor ends if there are too many.
    /// # Errors
    /// `Unauthenticated` if the user was deleted, suspended or got another password; `Busy` if the server is stopping.
    pub async fn listen(
        &self,
        tenant: &Tenant,
        proved: &AuthenticatedUser,
        vendor: Vendor,
    ) -> Result<EventSubscription, Error> {
        let AuthenticatedUser { user, by } = proved;
        let (session, _) = self.join(tenant, user.key, vendor, None).await?;
        // Checked after the session is open: the feed reports later ends.
        let held = self.read(async |db| db.credentials(tenant.app.key, &user.id).await).await?;
        match held.is_some_and(|held| held.state == State::Active && Principal::of(&held) == *by) {
            true => Ok(self.subscription(session, vendor)),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    pub(in super::super) fn subscription(&self, session: LiveSession, vendor: Vendor) -> EventSubscription {
        let asked_for = self.inner.status_subscriptions.join(session.user(), vendor == Vendor::Tencent);
        let watched = self.inner.presence_subscriptions.join(session.user(), vendor == Vendor::Qiscus);
        let contacts = self.inner.contact_subscriptions.join(session.user(), vendor == Vendor::MirrorFly);
        EventSubscription { session, statuses: [asked_for, watched, contacts] }
    }

    /// Returns whether the client was here before. If the position cannot be written (disk full), the client still
    /// continues from its former one.
    pub(in super::super) async fn join(
        &self,
        tenant: &Tenant,
        user: UserKey,
        vendor: Vendor,
        shown: Option<Digest>,
    ) -> Result<(LiveSession, bool), Error> {
        let (store, app) = (&self.inner.store, tenant.app.key);
        let mut session = self.inner.hub.join(user, vendor, self.sessions_max(tenant, vendor)).ok_or(Error::Busy)?;
        let confirmed = session.taken();
        let new = NewPosition { user, vendor, shown, confirmed, siblings: session.siblings(), at: self.now() };
        let begun = new.clone();
        let rule = async move |tx: &Tx<'_>| begin_position(tx, app, &begun).await;
        let (row, resumed) = match self.write_about(app, Owner::Itself(user), rule).await {
            Ok(begun) => begun,
            Err(refused @ Error::Unauthenticated(_)) => return Err(refused),
            Err(cause) => {
                log::warn!("a session begins without a stored position: {cause:?}");
                let stored = store.read(async |db| db.positions(app, user, vendor).await).await?;
                (0, session::resume(&stored, &new.siblings, new.shown, new.at))
            }
        };
        session.set_row(row);
        // Includes events that were committed but not yet announced when the session joined.
        let last = self.last_event_seq().await?;
        if let Some(resumed) = resumed.filter(|resumed| resumed.after != last) {
            session.resume_after(resumed.after);
        }
        Ok((session, resumed.is_some()))
    }

    /// Writes changed positions every few seconds until the task is cancelled.
    pub async fn keep_positions(self) {
        loop {
            sleep(PLACES_EVERY).await;
            self.write_positions().await;
        }
    }

    /// Announces each second which users make no more calls, until the task is cancelled.
    pub async fn keep_presence(self) {
        loop {
            sleep(IDLE_EVERY).await;
            self.inner.presence_subscriptions.announce_idle();
        }
    }

    /// Writes changed positions. After a failed write a client may continue from an earlier position.
    pub async fn write_positions(&self) {
        loop {
            let moved = self.inner.hub.take_changed_positions(PLACES_AT_ONCE);
            if moved.is_empty() {
                return;
            }
            let at = self.now();
            let rule = async move |tx: &Tx<'_>| tx.move_positions(&moved, at).await;
            if let Err(cause) = self.write_all(rule).await {
                log::warn!("positions of sessions were not stored: {cause:?}");
                return;
            }
        }
    }

    pub fn has_most_sessions(&self, tenant: &Tenant, user: UserKey, vendor: Vendor) -> bool {
        self.inner.hub.sessions(user, vendor) >= self.sessions_max(tenant, vendor)
    }

    pub(in super::super) fn sessions_max(&self, tenant: &Tenant, vendor: Vendor) -> usize {
        let limits = &tenant.app.settings.sessions_per_user;
        match vendor {
            Vendor::Qiscus => QISCUS_SESSIONS_MAX,
            Vendor::MirrorFly => limits.mirrorfly.into(),
            Vendor::Tencent => limits.tencent.into(),
        }
    }

    /// Returns the number of the last event. A follower that starts now starts after it.
    pub async fn last_event_seq(&self) -> Result<i64, Error> {
        self.read(async |db| db.last_event_seq().await).await
    }

    /// Returns events of all apps after `seq`, in commit order, and whether there may be more.
    pub async fn events(&self, seq: i64, at_most: u32) -> Result<(Vec<Event>, bool), Error> {
        let page = self.long_read(CallerKey::Operator, async move |db| db.events_after(seq, at_most).await).await?;
        Ok((page.events, page.is_part))
    }

    /// Changes after every commit, so that a follower of the events need not poll.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.inner.store.commits()
    }

    /// Records that a user has just made a call.
    pub fn mark_online(&self, user: UserKey) {
        self.inner.hub.mark_online(user);
        self.inner.presence_subscriptions.presence_changed(user);
    }

    pub fn mark_offline(&self, user: UserKey) {
        self.inner.hub.mark_offline(user);
        self.inner.presence_subscriptions.presence_changed(user);
    }

    /// Returns whether these users are online, in the order of the ids. Leaves unknown ids out. A user that the
    /// viewer blocks, or that blocks it, is offline.
    pub async fn presence(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        ids: Vec<UserId>,
    ) -> Result<Vec<(User, Presence)>, Error> {
        let blocks = match viewer {
            Viewer::User(user) => {
                let owner = Owner::Itself(user);
                self.lists(tenant, viewer.key(tenant), &owner).blocks_among(ids.clone()).await?
            }
            Viewer::BackEnd => vec![None; ids.len()],
        };
        let known = self.portraits(tenant, viewer, ids).await?.into_iter().zip(blocks);
        let seen = known.filter_map(|(user, block)| {
            let user = user?;
            let is_hidden = viewer != Viewer::User(user.key) && block.is_some_and(|block| block != Relation::None);
            let presence = match is_hidden {
                true => Presence { is_online: false, seen_at: None },
                false => self.inner.hub.presence(user.key),
            };
            Some((user, presence))
        });
        Ok(seen.collect())
    }
}

/// Claimed positions of ended sessions that are kept per user and vendor: as many clients may return at the same time.
const CLAIMED_PLACES_MAX: usize = 20;

/// Begins the row of a session's position. Returns the row, and where the client continues if it was here before.
pub async fn begin_position(tx: &Tx<'_>, app: AppKey, new: &NewPosition) -> Result<(i64, Option<Resumed>), Error> {
    tx.user_by_key(app, new.user).await?.ok_or(Error::GONE)?;
    let stored = tx.positions(app, new.user, new.vendor).await?;
    let resumed = session::resume(&stored, &new.siblings, new.shown, new.at);
    if let Some(own) = resumed.and_then(|resumed| resumed.own) {
        tx.take_position(own).await?;
    }
    if new.shown.is_none() {
        let claims = session::claims(&stored, &new.siblings, CLAIMED_PLACES_MAX, new.at);
        for row in claims.taken {
            tx.take_position(row).await?;
        }
        for (row, confirmed, claim) in claims.claimed {
            tx.claim_position(row, confirmed, claim).await?;
        }
    }
    let row = tx.put_position(new, resumed.map_or(new.confirmed, |resumed| resumed.after)).await?;
    Ok((row, resumed))
}
