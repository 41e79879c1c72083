//! Sessions that receive events, the positions of their clients, and presence.

use std::{
    sync::{Arc, PoisonError},
    time::Duration,
};

use tokio::{sync::watch, time::sleep};

use crate::{
    domain::{
        caller::CallerKey,
        error::{Error, Unauthenticated},
        event::Event,
        id::{AppKey, UserId, UserKey},
        listening::{self, Notice, Over, Presence, Resumed, StoredPlace, Wire},
        owner::Owner,
        profile::{State, User},
        secret::Digest,
    },
    live::{feed::Feed, hub::LiveSession, watchers::StatusListener},
    service::{Service, apps::Tenant, credentials::Purpose, profiles::Viewer, sessions::AuthenticatedUser, users},
    store::{ActiveSessions, NewPlace, Principal, Tx},
};

/// How often changed positions are written. After a crash a client may get the events of this time twice.
const PLACES_EVERY: Duration = Duration::from_secs(5);

/// Positions per transaction, so that other writes run in between.
const PLACES_AT_ONCE: usize = 1000;

/// Dropping it ends the session. The order of the fields is the order of their drops: the second announces the end.
pub struct EventSubscription(pub(in super::super) LiveSession, pub(in super::super) StatusListener);

impl EventSubscription {
    pub fn user(&self) -> UserKey {
        self.0.user()
    }

    /// Returns the next notice, in commit order. The future may be dropped without loss.
    /// # Errors
    /// Why the session has ended, after all notices that were queued.
    pub async fn next(&mut self) -> Result<Arc<Notice>, Over> {
        tokio::select! {
            biased;
            notice = self.0.next() => notice,
            users = self.1.changed() => Ok(Arc::new(Notice::StatusChanged { users })),
        }
    }

    /// Returns the event after which the client needs a look-back, if it missed something.
    pub fn missed_since(&self) -> Option<i64> {
        self.0.missed_since()
    }

    /// The client could not be sent the last notice: a look-back will find it.
    pub fn fall_behind(&self) {
        self.0.fall_behind();
    }

    /// A look-back has covered everything up to this event, and its result was sent.
    pub fn caught_up(&self, seq: i64) {
        self.0.caught_up(seq);
    }

    /// Returns the last event up to which the client was sent everything that concerns it.
    pub fn sent(&self) -> i64 {
        self.0.taken()
    }

    /// The client has received everything that was sent up to this event.
    pub fn confirm(&self, seq: i64) {
        self.0.confirm(seq);
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

    pub async fn all_sessions_ended(&self) -> Over {
        self.inner.hub.closed().await
    }

    pub async fn active_sessions(
        &self,
        tenant: &Tenant,
        user: UserKey,
    ) -> Result<(ActiveSessions, [(Wire, usize); 2]), Error> {
        let open = [Wire::MirrorFly, Wire::Tencent].map(|wire| (wire, self.inner.hub.sessions(user, wire)));
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
        wire: Wire,
    ) -> Result<EventSubscription, Error> {
        let AuthenticatedUser { user, by } = proved;
        let (session, _) = self.join(tenant, user.key, wire, None).await?;
        // Checked after the session is open: the feed reports later ends.
        let held = self.read(async |db| db.credentials(tenant.app.key, &user.id).await).await?;
        match held.is_some_and(|held| held.state == State::Active && Principal::of(&held) == *by) {
            true => Ok(self.subscription(session, wire)),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    pub(in super::super) fn subscription(&self, session: LiveSession, wire: Wire) -> EventSubscription {
        let ear = self.inner.watchers.join(session.user(), wire == Wire::Tencent);
        EventSubscription(session, ear)
    }

    /// Returns whether the client was here before. If the position cannot be written (disk full), the client still
    /// continues from its former one.
    pub(in super::super) async fn join(
        &self,
        tenant: &Tenant,
        user: UserKey,
        wire: Wire,
        shown: Option<Digest>,
    ) -> Result<(LiveSession, bool), Error> {
        let (store, app) = (&self.inner.store, tenant.app.key);
        let mut session = self.inner.hub.join(user, wire, self.sessions_max(tenant, wire)).ok_or(Error::Busy)?;
        let heard = session.taken();
        let new = NewPlace { user, wire, shown, heard, siblings: session.siblings(), at: self.now() };
        let begun = new.clone();
        let rule = async move |tx: &Tx<'_>| begin_place(tx, app, &begun).await;
        let (row, resumed) = match self.write_about(app, Owner::Itself(user), rule).await {
            Ok(begun) => begun,
            Err(refused @ Error::Unauthenticated(_)) => return Err(refused),
            Err(cause) => {
                log::warn!("a session begins without a stored place: {cause:?}");
                let stored = store.read(async |db| db.places(app, user, wire).await).await?;
                (0, listening::resume(&stored, &new.siblings, new.shown))
            }
        };
        session.begin(row);
        // Includes events that were committed but not yet announced when the session joined.
        let last = self.last_event_seq().await?;
        if let Some(resumed) = resumed.filter(|resumed| resumed.behind != last) {
            session.resume_behind(resumed.behind);
        }
        Ok((session, resumed.is_some()))
    }

    /// Writes changed positions every few seconds until the task is cancelled.
    pub async fn keep_places(self) {
        loop {
            sleep(PLACES_EVERY).await;
            self.write_places().await;
        }
    }

    /// Writes changed positions. After a failed write a client may continue from an earlier position.
    pub async fn write_places(&self) {
        loop {
            let moved = self.inner.hub.take_moved(PLACES_AT_ONCE);
            if moved.is_empty() {
                return;
            }
            let at = self.now();
            let rule = async move |tx: &Tx<'_>| tx.move_places(&moved, at).await;
            if let Err(cause) = self.write_all(rule).await {
                log::warn!("places of sessions were not written: {cause:?}");
                return;
            }
        }
    }

    pub fn has_most_sessions(&self, tenant: &Tenant, user: UserKey, wire: Wire) -> bool {
        self.inner.hub.sessions(user, wire) >= self.sessions_max(tenant, wire)
    }

    pub(in super::super) fn sessions_max(&self, tenant: &Tenant, wire: Wire) -> usize {
        let limits = &tenant.app.settings.sessions_per_user;
        match wire {
            Wire::MirrorFly => limits.mirrorfly.into(),
            Wire::Tencent => limits.tencent.into(),
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
    }

    pub fn mark_offline(&self, user: UserKey) {
        self.inner.hub.mark_offline(user);
    }

    /// Returns whether these users are online, in the order of the ids. Leaves unknown ids out.
    pub async fn presence(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        ids: Vec<UserId>,
    ) -> Result<Vec<(User, Presence)>, Error> {
        let known = self.portraits(tenant, viewer, ids).await?.into_iter().flatten();
        Ok(known
            .map(|user| (self.inner.hub.presence(user.key), user))
            .map(|(presence, user)| (user, presence))
            .collect())
    }
}

/// Per user and vendor, of clients without a key. More are merged: the lower event number and the later time win.
const ENDED_PLACES_MAX: usize = 8;

/// Begins the row of a session's position. Returns the row, and where the client continues if it was here before.
pub async fn begin_place(tx: &Tx<'_>, app: AppKey, new: &NewPlace) -> Result<(i64, Option<Resumed>), Error> {
    tx.user_by_key(app, new.user).await?.ok_or(Error::GONE)?;
    let stored = tx.places(app, new.user, new.wire).await?;
    let resumed = listening::resume(&stored, &new.siblings, new.shown);
    if let Some(own) = resumed.and_then(|resumed| resumed.own) {
        tx.take_place(own).await?;
    }
    if new.shown.is_none() {
        join_newest(tx, &stored, new).await?;
    }
    let row = tx.put_place(new, resumed.map_or(new.heard, |resumed| resumed.behind)).await?;
    Ok((row, resumed))
}

/// Merges the newest positions of ended sessions, so that a client that reconnects often stays within the bound.
async fn join_newest(tx: &Tx<'_>, stored: &[StoredPlace], new: &NewPlace) -> Result<(), Error> {
    let is_open =
        |place: &StoredPlace| new.siblings.iter().any(|sibling| sibling.row == place.row && sibling.is_open());
    let ended: Vec<&StoredPlace> = stored.iter().filter(|place| !is_open(place)).collect();
    let Some((kept, joined)) = ended.split_at_checked(ENDED_PLACES_MAX) else { return Ok(()) };
    let Some(last) = kept.last() else { return Ok(()) };
    for place in joined {
        tx.end_place(last.row, place.at).await?;
        tx.take_place(place.row).await?;
    }
    Ok(())
}
