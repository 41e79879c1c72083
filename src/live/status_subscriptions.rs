//! Subscriptions to the status of users.
//!
//! A subscription belongs to a user and lives in memory. It survives a lost connection for `KEPT_FOR`, because the
//! vendor's SDK does not subscribe again. A session holds the set of users to look up, so that a slow client costs no
//! more than its subscriptions.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::sync::Notify;

use super::hub::Hub;
use crate::domain::{Clock, Error, Moment, UserKey};

/// Subscriptions of one user. The oldest one ends when there are more.
pub const SUBSCRIPTIONS_OF_USER_MAX: usize = 1000;

/// Subscriptions of all users: about 30 MB.
const SUBSCRIPTIONS_MAX: usize = 300_000;

/// How long the subscriptions of a user without a session are kept.
const KEPT_FOR: Duration = Duration::from_secs(300);

#[derive(Clone)]
pub struct StatusSubscriptions(Arc<SubscriptionsShared>);

struct SubscriptionsShared {
    hub: Hub,
    inner: Mutex<SubscriptionsState>,
    next_number: AtomicU64,
    subscriptions_max: usize,
    /// Whether users without a session come and go by their calls.
    follows_calls: bool,
    clock: Clock,
}

#[derive(Default)]
struct SubscriptionsState {
    by_subscriber: HashMap<UserKey, StatusSubscription>,
    by_target: HashMap<UserKey, StatusTarget>,
    /// Targets that are online by their last call alone.
    calling: HashSet<UserKey>,
    count: usize,
}

#[derive(Default)]
struct StatusSubscription {
    /// Oldest first.
    targets: VecDeque<UserKey>,
    sessions: Vec<(u64, Arc<Changed>)>,
    /// When its last session ended.
    left_at: Option<Moment>,
}

#[derive(Default)]
struct StatusTarget {
    subscribers: HashSet<UserKey>,
    was_online: bool,
}

#[derive(Default)]
struct Changed {
    users: Mutex<HashSet<UserKey>>,
    news: Notify,
}

/// A session's side: it receives changes of status. Dropping it announces the end of the session.
pub struct StatusSubscriber {
    subscribers: StatusSubscriptions,
    user: UserKey,
    /// None for a vendor without subscriptions.
    changed: Option<(u64, Arc<Changed>)>,
}

impl Changed {
    fn add(&self, users: impl IntoIterator<Item = UserKey>) {
        self.users.lock().unwrap_or_else(PoisonError::into_inner).extend(users);
        self.news.notify_one();
    }

    fn take(&self) -> Vec<UserKey> {
        std::mem::take(&mut *self.users.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}

impl StatusSubscriptions {
    pub fn new(hub: Hub, clock: Clock) -> Self {
        Self::of_at_most(hub, clock, SUBSCRIPTIONS_MAX)
    }

    /// Announces also users that come and go by their calls, without a session.
    pub fn with_calls(hub: Hub, clock: Clock) -> Self {
        Self::with(hub, clock, SUBSCRIPTIONS_MAX, true)
    }

    pub fn of_at_most(hub: Hub, clock: Clock, subscriptions_max: usize) -> Self {
        Self::with(hub, clock, subscriptions_max, false)
    }

    fn with(hub: Hub, clock: Clock, subscriptions_max: usize, follows_calls: bool) -> Self {
        let (inner, next_number) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(SubscriptionsShared { hub, inner, next_number, subscriptions_max, follows_calls, clock }))
    }

    fn inner(&self) -> MutexGuard<'_, SubscriptionsState> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// If `gets_changes` is set, the session receives changes, beginning with all subscriptions of its user.
    pub fn join(&self, user: UserKey, gets_changes: bool) -> StatusSubscriber {
        let changed = gets_changes.then(|| {
            let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
            let changed = Arc::new(Changed::default());
            let mut inner = self.inner();
            let subscription = inner.by_subscriber.entry(user).or_default();
            subscription.left_at = None;
            subscription.sessions.push((number, Arc::clone(&changed)));
            if !subscription.targets.is_empty() {
                changed.add(subscription.targets.iter().copied());
            }
            (number, changed)
        });
        self.presence_changed(user);
        StatusSubscriber { subscribers: self.clone(), user, changed }
    }

    /// # Errors
    /// `Busy` if all users together have too many subscriptions; nothing changes then.
    pub fn subscribe(&self, user: UserKey, targets: &[UserKey]) -> Result<(), Error> {
        let (now, mut inner) = ((self.0.clock)(), self.inner());
        if inner.count + targets.len() > self.0.subscriptions_max {
            inner.forget_gone(now.before(KEPT_FOR));
        }
        if inner.count + targets.len() > self.0.subscriptions_max {
            return Err(Error::Busy);
        }
        for target in targets {
            // A repeated subscription counts as the newest.
            inner.unsubscribe(user, *target);
            inner.subscribe(user, *target, now, || self.0.hub.presence(*target).is_online);
            self.note_calling(&mut inner, *target);
        }
        Ok(())
    }

    pub fn unsubscribe(&self, user: UserKey, targets: &[UserKey]) {
        let mut inner = self.inner();
        targets.iter().for_each(|target| inner.unsubscribe(user, *target));
    }

    pub fn unsubscribe_all(&self, user: UserKey) {
        self.inner().unsubscribe_all(user);
    }

    /// The user logs in or out, and no other client has made them.
    pub fn unsubscribe_if_alone(&self, user: UserKey) {
        let mut inner = self.inner();
        let Some(subscription) = inner.by_subscriber.get(&user).filter(|subscription| subscription.sessions.len() <= 1)
        else {
            return;
        };
        subscription.sessions.iter().for_each(|(_, changed)| drop(changed.take()));
        inner.unsubscribe_all(user);
    }

    /// Returns the users that subscribe to a user.
    pub(super) fn subscribers(&self, target: UserKey) -> Vec<UserKey> {
        self.inner().by_target.get(&target).map_or_else(Vec::new, |target| target.subscribers.iter().copied().collect())
    }

    /// A user has set a custom status: its subscribers and its own sessions look it up.
    pub fn status_set(&self, user: UserKey) {
        let inner = self.inner();
        inner.notify(user, inner.by_target.get(&user));
        inner.notify_own(user);
    }

    /// A user's session opened or ended, or its client came or went. The hub is read under the lock, so that no older
    /// state is reported after a newer one.
    pub fn presence_changed(&self, user: UserKey) {
        let mut inner = self.inner();
        if let Some(target) = inner.by_target.get_mut(&user) {
            let is_online = self.0.hub.presence(user).is_online;
            if std::mem::replace(&mut target.was_online, is_online) != is_online {
                inner.notify(user, inner.by_target.get(&user));
            }
        }
        self.note_calling(&mut inner, user);
    }

    fn note_calling(&self, inner: &mut SubscriptionsState, user: UserKey) {
        let is_online = inner.by_target.get(&user).is_some_and(|target| target.was_online);
        match self.0.follows_calls && is_online && !self.0.hub.has(user) {
            true => inner.calling.insert(user),
            false => inner.calling.remove(&user),
        };
    }

    /// Announces users whose last call was too long ago.
    pub fn announce_idle(&self) {
        let calling: Vec<UserKey> = self.inner().calling.iter().copied().collect();
        calling.into_iter().for_each(|user| self.presence_changed(user));
    }

    fn leave(&self, user: UserKey, number: u64) {
        let mut inner = self.inner();
        let Some(subscription) = inner.by_subscriber.get_mut(&user) else { return };
        subscription.sessions.retain(|(other, _)| *other != number);
        if subscription.sessions.is_empty() {
            subscription.left_at = Some((self.0.clock)());
            inner.forget_if_idle(user);
        }
    }

    pub fn sweep(&self) {
        self.inner().forget_gone((self.0.clock)().before(KEPT_FOR));
    }
}

impl SubscriptionsState {
    fn subscribe(&mut self, user: UserKey, target: UserKey, now: Moment, is_online: impl FnOnce() -> bool) {
        // A call with a ticket needs no session: its subscriptions are kept as if a session had just ended.
        let subscription = self
            .by_subscriber
            .entry(user)
            .or_insert_with(|| StatusSubscription { left_at: Some(now), ..StatusSubscription::default() });
        subscription.targets.push_back(target);
        let surplus = if subscription.targets.len() > SUBSCRIPTIONS_OF_USER_MAX {
            subscription.targets.front().copied()
        } else {
            None
        };
        let of_target = self
            .by_target
            .entry(target)
            .or_insert_with(|| StatusTarget { subscribers: HashSet::new(), was_online: is_online() });
        of_target.subscribers.insert(user);
        self.count += 1;
        if let Some(first) = surplus {
            self.unsubscribe(user, first);
        }
    }

    fn unsubscribe(&mut self, user: UserKey, target: UserKey) {
        if !self.by_target.get(&target).is_some_and(|of_target| of_target.subscribers.contains(&user)) {
            return;
        }
        if let Some(subscription) = self.by_subscriber.get_mut(&user) {
            subscription.targets.retain(|other| *other != target);
        }
        self.forget_subscriber(user, target);
        self.forget_if_idle(user);
    }

    fn unsubscribe_all(&mut self, user: UserKey) {
        let targets = self.by_subscriber.get_mut(&user).map(|subscription| std::mem::take(&mut subscription.targets));
        targets.into_iter().flatten().for_each(|target| self.forget_subscriber(user, target));
        self.forget_if_idle(user);
    }

    fn forget_subscriber(&mut self, user: UserKey, target: UserKey) {
        let Some(of_target) = self.by_target.get_mut(&target) else { return };
        if of_target.subscribers.remove(&user) {
            self.count -= 1;
        }
        if of_target.subscribers.is_empty() {
            self.by_target.remove(&target);
        }
    }

    fn forget_if_idle(&mut self, user: UserKey) {
        if self
            .by_subscriber
            .get(&user)
            .is_some_and(|subscription| subscription.sessions.is_empty() && subscription.targets.is_empty())
        {
            self.by_subscriber.remove(&user);
        }
    }

    fn forget_gone(&mut self, before: Moment) {
        let is_gone = |subscription: &StatusSubscription| subscription.left_at.is_some_and(|left_at| left_at < before);
        let gone = self.by_subscriber.iter().filter(|(_, subscription)| is_gone(subscription)).map(|(user, _)| *user);
        gone.collect::<Vec<_>>().into_iter().for_each(|user| self.unsubscribe_all(user));
    }

    fn notify(&self, user: UserKey, target: Option<&StatusTarget>) {
        let subscribers = target.into_iter().flat_map(|target| &target.subscribers);
        let sessions = subscribers
            .filter_map(|subscription| self.by_subscriber.get(subscription))
            .flat_map(|subscription| &subscription.sessions);
        sessions.for_each(|(_, changed)| changed.add([user]));
    }

    fn notify_own(&self, user: UserKey) {
        let sessions = self.by_subscriber.get(&user).into_iter().flat_map(|subscription| &subscription.sessions);
        sessions.for_each(|(_, changed)| changed.add([user]));
    }
}

impl StatusSubscriber {
    /// The session's own user came or went.
    pub fn own_presence_changed(&self) {
        self.subscribers.presence_changed(self.user);
    }

    /// Waits for ever if the session has no subscriptions. The future may be dropped: nothing is lost.
    pub async fn changed(&self) -> Vec<UserKey> {
        let Some((_, changed)) = &self.changed else { return std::future::pending().await };
        loop {
            let users = changed.take();
            if !users.is_empty() {
                return users;
            }
            changed.news.notified().await;
        }
    }
}

impl Drop for StatusSubscriber {
    fn drop(&mut self) {
        if let Some((number, _)) = &self.changed {
            self.subscribers.leave(self.user, *number);
        }
        self.subscribers.presence_changed(self.user);
    }
}
