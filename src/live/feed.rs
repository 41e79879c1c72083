//! Follows the event rows and tells the hub.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use super::hub::Hub;
use crate::{
    domain::{
        error::Error,
        event::{Event, EventKind},
        id::{AppKey, UserId, UserKey},
        listening::{Notice, Wire},
        profile::User,
    },
    store::{EventPage, FeedReader, Store},
};

/// Events read at once.
const BATCH_EVENTS: u32 = 256;

/// Listeners up to this many are asked about one by one (some 10 us each): who has a million contacts is cheap to announce then.
/// Beyond it all rows of the user's contacts are read.
const ASKED_ONE_BY_ONE_MAX: usize = 500;

/// How long after a failure the events are read again, should nobody change anything until then.
const TRY_AGAIN: Duration = Duration::from_secs(5);

/// The one who reads the event rows. One a house.
pub struct Feed {
    commits: watch::Receiver<u64>,
    reader: FeedReader,
    hub: Hub,
    seq: i64,
}

impl Feed {
    /// A feed that begins behind event `seq`, with a connection of its own.
    /// # Errors
    /// `Internal`, when the database cannot be opened once more.
    pub fn new(store: &Store, hub: Hub, seq: i64) -> Result<Self, Error> {
        Ok(Self { commits: store.commits(), reader: store.feed_reader()?, hub, seq })
    }

    /// Delivers until the store closes. What cannot be read now is tried again with the next commit, or a while later.
    pub async fn follow(mut self) {
        let mut commits = self.commits.clone();
        loop {
            let told = self.catch_up().await;
            if let Err(cause) = &told {
                log::error!("events after {} are tried again in {} s: {cause:?}", self.seq, TRY_AGAIN.as_secs());
            }
            tokio::select! {
                commit = commits.changed() => if commit.is_err() { return },
                () = sleep(TRY_AGAIN), if told.is_err() => {}
            }
        }
    }

    async fn catch_up(&mut self) -> Result<(), Error> {
        loop {
            let EventPage { events, is_part } =
                self.reader.read(async |db| db.events_after(self.seq, BATCH_EVENTS).await).await?;
            for event in events {
                let seq = event.seq;
                self.tell(event).await?;
                self.hub.passed(seq);
                self.seq = seq;
            }
            if !is_part {
                return Ok(());
            }
        }
    }

    async fn tell(&self, event: Event) -> Result<(), Error> {
        if self.hub.is_empty() {
            return Ok(());
        }
        let Event { seq, app, user, .. } = event;
        match event.kind {
            EventKind::ProfileChanged { fields } => {
                let shown =
                    self.reader.read(async |db| db.readable_user(app, user).await).await?.filter(User::is_active);
                if let Some(shown) = shown {
                    let notice = Notice::ProfileChanged { seq, user: Box::new(shown), fields };
                    self.hub.deliver(&self.hearers(app, user).await?, &Arc::new(notice));
                }
            }
            EventKind::ContactsChanged { added, removed, changed } => {
                let notice = async || {
                    let (added, removed) = (self.ids(app, &added).await?, self.ids(app, &removed).await?);
                    let changed = self.ids(app, &changed).await?;
                    Ok(Some(Notice::ContactsChanged { seq, added, removed, changed }))
                };
                self.tell_alone(user, notice).await?;
            }
            EventKind::Blocked { whom } => self.tell_block(seq, app, user, whom, true).await?,
            EventKind::Unblocked { whom } => self.tell_block(seq, app, user, whom, false).await?,
            EventKind::FollowChanged { whom, is_following } => {
                for (listener, other, is_own) in [(user, whom, true), (whom, user, false)] {
                    let notice = |with| Notice::FollowChanged { seq, with, is_own, is_following };
                    self.tell_alone(listener, async || Ok(self.id(app, other).await?.map(notice))).await?;
                }
            }
            EventKind::RequestChanged { with, is_incoming, is_waiting } => {
                let notice = |with| Notice::RequestChanged { seq, with, is_incoming, is_waiting };
                self.tell_alone(user, async || Ok(self.id(app, with).await?.map(notice))).await?;
            }
            EventKind::Suspended | EventKind::Deleted | EventKind::PasswordChanged => self.hub.end(user, None),
            EventKind::Kicked => self.hub.end(user, Some(Wire::Tencent)),
            EventKind::Created | EventKind::TokenReset | EventKind::Reactivated | EventKind::Restored => {}
        }
        Ok(())
    }

    async fn tell_block(
        &self,
        seq: i64,
        app: AppKey,
        user: UserKey,
        whom: UserKey,
        is_blocked: bool,
    ) -> Result<(), Error> {
        let notice = |whom| Notice::BlocksChanged { seq, whom, is_blocked };
        self.tell_alone(user, async || Ok(self.id(app, whom).await?.map(notice))).await?;
        let notice = |by| Notice::BlockedBy { seq, by, is_blocked };
        self.tell_alone(whom, async || Ok(self.id(app, user).await?.map(notice))).await
    }

    /// Tells one user alone, if it listens; only then the notice is made.
    async fn tell_alone(
        &self,
        user: UserKey,
        notice: impl AsyncFnOnce() -> Result<Option<Notice>, Error>,
    ) -> Result<(), Error> {
        if self.hub.has(user)
            && let Some(notice) = notice().await?
        {
            self.hub.deliver(&[user], &Arc::new(notice));
        }
        Ok(())
    }

    /// The id of a user, unless it is gone by now, or its row is damaged.
    async fn id(&self, app: AppKey, user: UserKey) -> Result<Option<UserId>, Error> {
        Ok(self.reader.read(async |db| db.readable_user(app, user).await).await?.map(|user| user.id))
    }

    async fn ids(&self, app: AppKey, users: &[UserKey]) -> Result<Vec<UserId>, Error> {
        let mut ids = Vec::with_capacity(users.len());
        for user in users {
            ids.extend(self.id(app, *user).await?);
        }
        Ok(ids)
    }

    /// The user's own sessions, and those of who hears of it.
    async fn hearers(&self, app: AppKey, of: UserKey) -> Result<Vec<UserKey>, Error> {
        let Some(listeners) = self.hub.listeners(ASKED_ONE_BY_ONE_MAX) else {
            let mut hearers = self.reader.read(async |db| db.hearers(app, of).await).await?;
            hearers.push(of);
            return Ok(hearers);
        };
        let mut hearers = Vec::new();
        for listener in listeners {
            if listener == of || self.reader.read(async |db| db.hears(app, listener, of).await).await? {
                hearers.push(listener);
            }
        }
        Ok(hearers)
    }
}
