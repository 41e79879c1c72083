//! Listening: sessions that hear of changes, what was missed, and who is there.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError},
};

use tokio::sync::watch;

use crate::{
    domain::{
        caller::CallerKey,
        error::{Error, Unauthenticated},
        event::{Event, EventKind},
        id::{AppKey, UserId, UserKey},
        listening::{Notice, Over, Presence, Wire},
        profile::{State, User},
    },
    live::{feed::Feed, hub::Session, watchers::Ear},
    service::{Service, apps::Tenant, credentials::Purpose, profiles::Viewer, sessions::Proved},
    store::{Held, Holder, LongReads},
};

/// Events one look back reads at most; who missed more looks again from where it came to.
const LOOK_BACK_EVENTS_MAX: u32 = 1000;

/// A session that hears of changes. Dropping it ends the session. The fields are dropped in their order: the ear announces an end that has
/// come to pass.
pub struct Listening(pub(super) Session, pub(super) Ear);

impl Listening {
    /// Whose session it is.
    pub fn user(&self) -> UserKey {
        self.0.user()
    }

    /// The next notice, in the order of the commits. May be dropped while it waits: nothing is lost.
    /// # Errors
    /// Why there will be none any more, after all that were queued until then.
    pub async fn next(&mut self) -> Result<Arc<Notice>, Over> {
        tokio::select! {
            biased;
            notice = self.0.next() => notice,
            users = self.1.changed() => Ok(Arc::new(Notice::StatusChanged { users })),
        }
    }

    /// The last event this user heard before a session of it ended, if that was a short while ago and something happened since.
    pub fn missed_since(&self) -> Option<i64> {
        self.0.missed_since()
    }
}

/// What somebody missed.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// One notice for each user whose profile changed, as it is by now, one for each whom the listener has blocked or blocks no longer,
    /// and one where its own contacts changed, in the order of the last changes.
    pub notices: Vec<Notice>,
    /// Everything up to this event has been looked at.
    pub seen_to: i64,
    /// Whether more stands behind that, to be looked at next.
    pub is_part: bool,
}

impl Service {
    /// Tells listeners of what happens, until the store closes. Run once, by whoever serves.
    pub async fn tell_listeners(self) {
        let Some(feed) = self.take_feed() else { return };
        feed.follow().await;
    }

    fn take_feed(&self) -> Option<Feed> {
        self.house.feed.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Ends every session: for the end of serving.
    pub fn dismiss_listeners(&self) {
        self.house.hub.close();
    }

    /// Waits for that, in the place of a client that has no session.
    pub async fn dismissed(&self) -> Over {
        self.house.hub.closed().await
    }

    /// What keeps a user signed in, and how many sockets it has open on each wire.
    /// # Errors
    /// Store errors.
    pub fn held_by(&self, tenant: &Tenant, user: UserKey) -> Result<(Held, [(Wire, usize); 2]), Error> {
        let open = [Wire::MirrorFly, Wire::Tencent].map(|wire| (wire, self.house.hub.sessions(user, wire)));
        Ok((self.house.store.held(tenant.app.key, user, self.now())?, open))
    }

    /// Ends all that keeps a user signed in, on every wire. Passwords stay: who knows one comes back. Takes until the end of the second, as
    /// [`Service::kick`].
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn revoke(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        let token = self.house.keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let now = self.now();
        let dead_before = now.second_end();
        let user = self.house.store.revoke(tenant.app.key, id, token, dead_before, now).await?;
        self.house.hub.end(user.key, None);
        self.until(dead_before).await;
        Ok(())
    }

    /// Opens a session for a user who has proved to be it. Its oldest one on this wire ends where it has too many.
    /// # Errors
    /// `Unauthenticated` when the user is gone, suspended, or of another password by now; `Busy` when the server stops; store errors.
    pub fn listen(&self, tenant: &Tenant, proved: &Proved, wire: Wire) -> Result<Listening, Error> {
        let Proved { user, by } = proved;
        let session = self.house.hub.join(user.key, wire, self.sessions_max(tenant, wire)).ok_or(Error::Busy)?;
        // After the session is open: what ends it from here on, the feed tells.
        let held = self.house.store.credentials(tenant.app.key, &user.id)?;
        match held.is_some_and(|held| held.state == State::Active && Holder::of(&held) == *by) {
            true => Ok(self.listening(session, wire)),
            false => Err(Error::Unauthenticated(Unauthenticated::Wrong)),
        }
    }

    /// A session that is open, and the statuses it is told of where its wire has subscriptions.
    pub(super) fn listening(&self, session: Session, wire: Wire) -> Listening {
        let ear = self.house.watchers.join(session.user(), wire == Wire::Tencent);
        Listening(session, ear)
    }

    /// Whether a user has as many sessions on a wire as the app allows.
    pub fn has_most_sessions(&self, tenant: &Tenant, user: UserKey, wire: Wire) -> bool {
        self.house.hub.sessions(user, wire) >= self.sessions_max(tenant, wire)
    }

    pub(super) fn sessions_max(&self, tenant: &Tenant, wire: Wire) -> usize {
        let limits = &tenant.app.settings.sessions_per_user;
        match wire {
            Wire::MirrorFly => limits.mirrorfly.into(),
            Wire::Tencent => limits.tencent.into(),
        }
    }

    /// The number of the last event: whoever begins to follow now begins behind it.
    /// # Errors
    /// Store errors.
    pub fn last_event_seq(&self) -> Result<i64, Error> {
        self.house.store.last_event_seq()
    }

    /// What happened after event `seq`, in the order of the commits, in every app.
    /// # Errors
    /// Store errors.
    pub async fn events(&self, seq: i64, at_most: u32) -> Result<Vec<Event>, Error> {
        self.house.store.long_read(CallerKey::Operator, move |db| db.events_after(seq, at_most)).await
    }

    /// Changes after every commit: who follows the events need not ask in vain.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.house.store.commits()
    }

    /// What a user would have heard since event `seq`, had it listened: changes of its own profile, contacts and blocks, and of those it
    /// shares a contact row with. Costs a point read for each event since then, and nothing worth mentioning where there was none.
    /// # Errors
    /// Store errors.
    pub async fn missed(&self, tenant: &Tenant, listener: UserKey, seq: i64) -> Result<Missed, Error> {
        let app = tenant.app.key;
        // Most callers missed nothing: they are answered at once.
        if self.house.store.last_event_seq()? <= seq {
            return Ok(Missed { notices: Vec::new(), seen_to: seq, is_part: false });
        }
        let looks_back = move |db: &LongReads| missed(db, app, listener, seq);
        self.house.store.long_read(CallerKey::User(listener), looks_back).await
    }

    /// Notes that a user has just called, which shows that it is there.
    pub fn saw(&self, user: UserKey) {
        self.house.hub.saw(user);
    }

    /// Notes that a user has signed off.
    pub fn saw_leave(&self, user: UserKey) {
        self.house.hub.saw_leave(user);
    }

    /// Whether users are there, in the order they were asked for; ids that nobody has are left out.
    /// # Errors
    /// Store errors.
    pub async fn presence(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        ids: Vec<UserId>,
    ) -> Result<Vec<(User, Presence)>, Error> {
        let known = self.portraits(tenant, viewer, ids).await?.into_iter().flatten();
        Ok(known
            .map(|user| (self.house.hub.presence(user.key), user))
            .map(|(presence, user)| (user, presence))
            .collect())
    }
}

/// What [`Service::missed`] tells, read by one connection.
fn missed(db: &LongReads, app: AppKey, listener: UserKey, seq: i64) -> Result<Missed, Error> {
    let events = db.events_after(seq, LOOK_BACK_EVENTS_MAX)?;
    let seen_to = events.last().map_or(seq, |event| event.seq);
    let is_part = events.len() >= LOOK_BACK_EVENTS_MAX as usize;
    let (mut last_of, mut own_contacts, mut own_blocks) = (HashMap::new(), None, HashMap::new());
    for event in events.into_iter().filter(|event| event.app == app) {
        let seq = event.seq;
        if let EventKind::ProfileChanged { fields } = event.kind {
            let (last, all) = last_of.entry(event.user).or_insert((seq, Vec::new()));
            *last = seq;
            all.extend(fields);
        } else if matches!(event.kind, EventKind::ContactsChanged { .. }) && event.user == listener {
            // Who comes back reads the list anew: what of it differs need not be named.
            let (added, removed, changed) = (Vec::new(), Vec::new(), Vec::new());
            own_contacts = Some(Notice::ContactsChanged { seq, added, removed, changed });
        } else if let EventKind::Blocked { whom } | EventKind::Unblocked { whom } = event.kind
            && event.user == listener
        {
            own_blocks.insert(whom, (seq, matches!(event.kind, EventKind::Blocked { .. })));
        }
    }
    let mut notices = Vec::from_iter(own_contacts);
    for (whom, (seq, is_blocked)) in own_blocks {
        let whom = db.user_by_key(app, whom)?;
        notices.extend(whom.map(|whom| Notice::BlocksChanged { seq, whom: whom.id, is_blocked }));
    }
    for (user, (seq, fields)) in last_of {
        let hears = user == listener || db.hears(app, listener, user)?;
        if let Some(user) = db.user_by_key(app, user)?.filter(|user| hears && user.is_active()) {
            notices.push(Notice::ProfileChanged { seq, user: Box::new(user), fields });
        }
    }
    notices.sort_by_key(Notice::seq);
    Ok(Missed { notices, seen_to, is_part })
}
