//! Listening: sessions that hear of changes, what was missed, and who is there.

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
    live::{feed::Feed, hub::Session, watchers::Ear},
    service::{Service, apps::Tenant, credentials::Purpose, profiles::Viewer, sessions::Proved, users},
    store::{Held, Holder, NewPlace, Tx},
};

/// How often places that have moved are written. A server that is killed tells a client at most so much twice.
const PLACES_EVERY: Duration = Duration::from_secs(5);

/// Places that one transaction writes, so that others get in between.
const PLACES_AT_ONCE: usize = 1000;

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

    /// The event behind which the client must be told what it missed; none where it missed nothing, or reads everything as it comes.
    pub fn missed_since(&self) -> Option<i64> {
        self.0.missed_since()
    }

    /// The client could not be told of the last notice: it is looked up later.
    pub fn fall_behind(&self) {
        self.0.fall_behind();
    }

    /// A look-back has covered everything up to this event, and what it found was sent.
    pub fn caught_up(&self, seq: i64) {
        self.0.caught_up(seq);
    }

    /// The last event of which the client was sent what concerns it.
    pub fn sent(&self) -> i64 {
        self.0.taken()
    }

    /// The client has received everything that was sent up to this event.
    pub fn confirm(&self, seq: i64) {
        self.0.confirm(seq);
    }
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
    pub async fn held_by(&self, tenant: &Tenant, user: UserKey) -> Result<(Held, [(Wire, usize); 2]), Error> {
        let open = [Wire::MirrorFly, Wire::Tencent].map(|wire| (wire, self.house.hub.sessions(user, wire)));
        Ok((self.read(async |db| db.held(tenant.app.key, user, self.now()).await).await?, open))
    }

    /// Ends all that keeps a user signed in, on every wire. Passwords stay: who knows one comes back. Takes until the end of the second, as
    /// [`Service::kick`].
    /// # Errors
    /// `NotFound`, store errors.
    pub async fn revoke(&self, tenant: &Tenant, id: UserId) -> Result<(), Error> {
        let token = self.house.keyring.draw(Purpose::UserToken, tenant.app.key, &id);
        let now = self.now();
        let dead_before = now.second_end();
        let app = tenant.app.key;
        let rule = async move |tx: &Tx<'_>, id: &UserId| users::revoke(tx, app, id, &token, dead_before, now).await;
        let user = self.write_named(app, id, rule).await?;
        self.house.hub.end(user.key, None);
        self.until(dead_before).await;
        Ok(())
    }

    /// Opens a session for a user who has proved to be it. Its oldest one on this wire ends where it has too many.
    /// # Errors
    /// `Unauthenticated` when the user is gone, suspended, or of another password by now; `Busy` when the server stops; store errors.
    pub async fn listen(&self, tenant: &Tenant, proved: &Proved, wire: Wire) -> Result<Listening, Error> {
        let Proved { user, by } = proved;
        let (session, _) = self.join(tenant, user.key, wire, None).await?;
        // After the session is open: what ends it from here on, the feed tells.
        let held = self.read(async |db| db.credentials(tenant.app.key, &user.id).await).await?;
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

    /// Opens a session and begins its place; whether its client was here before. Where the place cannot be written (a full disk), the
    /// client still goes on from its former one.
    pub(super) async fn join(
        &self,
        tenant: &Tenant,
        user: UserKey,
        wire: Wire,
        shown: Option<Digest>,
    ) -> Result<(Session, bool), Error> {
        let (store, app) = (&self.house.store, tenant.app.key);
        let mut session = self.house.hub.join(user, wire, self.sessions_max(tenant, wire)).ok_or(Error::Busy)?;
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
        // Also what was committed and not announced when the session joined: up to the last event there is now.
        let last = self.last_event_seq().await?;
        if let Some(resumed) = resumed.filter(|resumed| resumed.behind != last) {
            session.resume_behind(resumed.behind);
        }
        Ok((session, resumed.is_some()))
    }

    /// Writes the places that have moved, every few seconds, until the task is ended.
    pub async fn keep_places(self) {
        loop {
            sleep(PLACES_EVERY).await;
            self.write_places().await;
        }
    }

    /// Writes the places that have moved. What cannot be written is left: a client then goes on from an earlier place.
    pub async fn write_places(&self) {
        loop {
            let moved = self.house.hub.take_moved(PLACES_AT_ONCE);
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
    pub async fn last_event_seq(&self) -> Result<i64, Error> {
        self.read(async |db| db.last_event_seq().await).await
    }

    /// What happened after event `seq`, in the order of the commits, in every app, and whether more may follow.
    /// # Errors
    /// Store errors.
    pub async fn events(&self, seq: i64, at_most: u32) -> Result<(Vec<Event>, bool), Error> {
        let page = self.long_read(CallerKey::Operator, async move |db| db.events_after(seq, at_most).await).await?;
        Ok((page.events, page.is_part))
    }

    /// Changes after every commit: who follows the events need not ask in vain.
    pub fn commits(&self) -> watch::Receiver<u64> {
        self.house.store.commits()
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

/// Ended places of clients that show nothing which are kept for a user and a wire; more are joined, the safer number and the later time
/// of two.
const ENDED_PLACES_MAX: usize = 8;

/// Begins the row that keeps a session's place; the row, and where the client goes on if it was here before.
/// # Errors
/// `Unauthenticated` when the user is gone.
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

/// Bounds what a client leaves that comes and goes: of the places of ended sessions the newest are joined.
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
