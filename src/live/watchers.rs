//! Subscriptions to the status of users, and the sessions that are told when one may have changed.
//!
//! A subscription belongs to a user and lives in memory: it outlives a lost connection for `KEPT_FOR`, because the vendor's SDK does not
//! subscribe anew when it connects again, and ends with a logout or a restart. Nothing is queued: a session holds the set of users whose
//! status it must look up, so that a slow client costs no more than its subscriptions.

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
use crate::domain::{
    error::Error,
    id::UserKey,
    time::{Clock, Moment},
};

/// Users that one user may subscribe to. The subscription made first ends when there are more.
pub const SUBSCRIPTIONS_OF_USER_MAX: usize = 1000;

/// Subscriptions of all users together: some 30 MB.
const SUBSCRIPTIONS_MAX: usize = 300_000;

/// How long the subscriptions of a user without a session are kept.
const KEPT_FOR: Duration = Duration::from_secs(300);

/// All subscriptions. Cloning shares them.
#[derive(Clone)]
pub struct Watchers(Arc<Shared>);

struct Shared {
    hub: Hub,
    inner: Mutex<Inner>,
    next_number: AtomicU64,
    subscriptions_max: usize,
    clock: Clock,
}

#[derive(Default)]
struct Inner {
    by_watcher: HashMap<UserKey, Watcher>,
    by_target: HashMap<UserKey, Target>,
    /// Subscriptions in all.
    count: usize,
}

/// A user that subscribes, or may, because it has a session.
#[derive(Default)]
struct Watcher {
    /// The subscription made first stands first.
    targets: VecDeque<UserKey>,
    ears: Vec<(u64, Arc<Changed>)>,
    /// When its last session ended.
    left_at: Option<Moment>,
}

/// A user whose status others subscribe to.
#[derive(Default)]
struct Target {
    watchers: HashSet<UserKey>,
    was_online: bool,
}

/// The users whose status one session must look up.
#[derive(Default)]
struct Changed {
    users: Mutex<HashSet<UserKey>>,
    news: Notify,
}

/// A session's part: it hears of the statuses its user subscribes to, and its own end is announced when it is dropped.
pub struct Ear {
    watchers: Watchers,
    user: UserKey,
    /// None: a session of a wire that has no subscriptions.
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

impl Watchers {
    /// No subscriptions, over the sessions of this hub.
    pub fn new(hub: Hub, clock: Clock) -> Self {
        Self::of_at_most(hub, clock, SUBSCRIPTIONS_MAX)
    }

    /// As [`Watchers::new`], with another bound of all subscriptions together.
    pub fn of_at_most(hub: Hub, clock: Clock, subscriptions_max: usize) -> Self {
        let (inner, next_number) = (Mutex::default(), AtomicU64::new(0));
        Self(Arc::new(Shared { hub, inner, next_number, subscriptions_max, clock }))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that a user has a further session. `hears`: whether the session is told of statuses; it begins with those that its user
    /// subscribes to, which may have changed while it was away.
    pub fn join(&self, user: UserKey, hears: bool) -> Ear {
        let changed = hears.then(|| {
            let number = self.0.next_number.fetch_add(1, Ordering::Relaxed);
            let changed = Arc::new(Changed::default());
            let mut inner = self.inner();
            let watcher = inner.by_watcher.entry(user).or_default();
            watcher.left_at = None;
            watcher.ears.push((number, Arc::clone(&changed)));
            if !watcher.targets.is_empty() {
                changed.add(watcher.targets.iter().copied());
            }
            (number, changed)
        });
        self.presence_changed(user);
        Ear { watchers: self.clone(), user, changed }
    }

    /// Subscribes a user to the status of others.
    /// # Errors
    /// `Busy` where all users together have as many subscriptions as there may be; nothing is changed then.
    pub fn watch(&self, user: UserKey, targets: &[UserKey]) -> Result<(), Error> {
        let (now, mut inner) = ((self.0.clock)(), self.inner());
        if inner.count + targets.len() > self.0.subscriptions_max {
            inner.forget_gone(now.before(KEPT_FOR));
        }
        if inner.count + targets.len() > self.0.subscriptions_max {
            return Err(Error::Busy);
        }
        for target in targets {
            // A subscription that is made again counts as made last.
            inner.unwatch(user, *target);
            inner.watch(user, *target, now, || self.0.hub.presence(*target).is_online);
        }
        Ok(())
    }

    /// Ends subscriptions of a user.
    pub fn unwatch(&self, user: UserKey, targets: &[UserKey]) {
        let mut inner = self.inner();
        targets.iter().for_each(|target| inner.unwatch(user, *target));
    }

    /// Ends all subscriptions of a user.
    pub fn unwatch_all(&self, user: UserKey) {
        self.inner().unwatch_all(user);
    }

    /// Ends all subscriptions of a user that has one session at most: it begins or ends a login, and none of its other clients has made
    /// them.
    pub fn unwatch_if_alone(&self, user: UserKey) {
        let mut inner = self.inner();
        let Some(watcher) = inner.by_watcher.get(&user).filter(|watcher| watcher.ears.len() <= 1) else { return };
        watcher.ears.iter().for_each(|(_, changed)| drop(changed.take()));
        inner.unwatch_all(user);
    }

    /// A user has set its custom status: its subscribers and its own sessions look it up.
    pub fn status_set(&self, user: UserKey) {
        let inner = self.inner();
        inner.tell(user, inner.by_target.get(&user));
        inner.tell_own(user);
    }

    /// A session of a user was opened or has ended. Subscribers are told where it was the first or the last one. The hub is asked while
    /// the lock is held: the caller that comes last sees what is true then, so no older state is told after a newer one.
    fn presence_changed(&self, user: UserKey) {
        let mut inner = self.inner();
        let Some(target) = inner.by_target.get_mut(&user) else { return };
        let is_online = self.0.hub.presence(user).is_online;
        if std::mem::replace(&mut target.was_online, is_online) != is_online {
            inner.tell(user, inner.by_target.get(&user));
        }
    }

    fn leave(&self, user: UserKey, number: u64) {
        let mut inner = self.inner();
        let Some(watcher) = inner.by_watcher.get_mut(&user) else { return };
        watcher.ears.retain(|(other, _)| *other != number);
        if watcher.ears.is_empty() {
            watcher.left_at = Some((self.0.clock)());
            inner.forget_if_idle(user);
        }
    }

    /// Ends the subscriptions of users that have been away for long.
    pub fn sweep(&self) {
        self.inner().forget_gone((self.0.clock)().before(KEPT_FOR));
    }
}

impl Inner {
    fn watch(&mut self, user: UserKey, target: UserKey, now: Moment, is_online: impl FnOnce() -> bool) {
        // A call by ticket needs no session: what it subscribes to is kept as if one had just ended.
        let watcher =
            self.by_watcher.entry(user).or_insert_with(|| Watcher { left_at: Some(now), ..Watcher::default() });
        watcher.targets.push_back(target);
        let surplus =
            if watcher.targets.len() > SUBSCRIPTIONS_OF_USER_MAX { watcher.targets.front().copied() } else { None };
        let of_target = self
            .by_target
            .entry(target)
            .or_insert_with(|| Target { watchers: HashSet::new(), was_online: is_online() });
        of_target.watchers.insert(user);
        self.count += 1;
        if let Some(first) = surplus {
            self.unwatch(user, first);
        }
    }

    fn unwatch(&mut self, user: UserKey, target: UserKey) {
        if !self.by_target.get(&target).is_some_and(|of_target| of_target.watchers.contains(&user)) {
            return;
        }
        if let Some(watcher) = self.by_watcher.get_mut(&user) {
            watcher.targets.retain(|other| *other != target);
        }
        self.forget_watcher(user, target);
        self.forget_if_idle(user);
    }

    fn unwatch_all(&mut self, user: UserKey) {
        let targets = self.by_watcher.get_mut(&user).map(|watcher| std::mem::take(&mut watcher.targets));
        targets.into_iter().flatten().for_each(|target| self.forget_watcher(user, target));
        self.forget_if_idle(user);
    }

    fn forget_watcher(&mut self, user: UserKey, target: UserKey) {
        let Some(of_target) = self.by_target.get_mut(&target) else { return };
        if of_target.watchers.remove(&user) {
            self.count -= 1;
        }
        if of_target.watchers.is_empty() {
            self.by_target.remove(&target);
        }
    }

    fn forget_if_idle(&mut self, user: UserKey) {
        if self.by_watcher.get(&user).is_some_and(|watcher| watcher.ears.is_empty() && watcher.targets.is_empty()) {
            self.by_watcher.remove(&user);
        }
    }

    fn forget_gone(&mut self, before: Moment) {
        let is_gone = |watcher: &Watcher| watcher.left_at.is_some_and(|left_at| left_at < before);
        let gone = self.by_watcher.iter().filter(|(_, watcher)| is_gone(watcher)).map(|(user, _)| *user);
        gone.collect::<Vec<_>>().into_iter().for_each(|user| self.unwatch_all(user));
    }

    fn tell(&self, user: UserKey, target: Option<&Target>) {
        let watchers = target.into_iter().flat_map(|target| &target.watchers);
        let ears = watchers.filter_map(|watcher| self.by_watcher.get(watcher)).flat_map(|watcher| &watcher.ears);
        ears.for_each(|(_, changed)| changed.add([user]));
    }

    fn tell_own(&self, user: UserKey) {
        let ears = self.by_watcher.get(&user).into_iter().flat_map(|watcher| &watcher.ears);
        ears.for_each(|(_, changed)| changed.add([user]));
    }
}

impl Ear {
    /// The users whose status may have changed, as soon as there are any; never for a session that is not told. May be dropped while it
    /// waits: nothing is lost.
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

impl Drop for Ear {
    fn drop(&mut self) {
        if let Some((number, _)) = &self.changed {
            self.watchers.leave(self.user, *number);
        }
        self.watchers.presence_changed(self.user);
    }
}
