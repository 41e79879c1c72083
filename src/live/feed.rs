//! Follows the event rows and delivers notifications to the hub.

use std::{sync::Arc, time::Duration};

use tokio::{sync::watch, time::sleep};

use super::{hub::Hub, messages::notice_of, status_subscriptions::StatusSubscriptions};
use crate::{
    domain::{AppKey, ChatEvent, Error, Event, EventNews, Notification, User, UserId, UserKey},
    store::{EventPage, FeedReader, Store},
};

const BATCH_EVENTS: u32 = 256;

/// One by one takes about 10 us each, so that a user with a million contacts is cheap to announce.
const ASKED_ONE_BY_ONE_MAX: usize = 500;

/// After a failure the events are read again this much later, or with the next commit.
const TRY_AGAIN: Duration = Duration::from_secs(5);

pub struct Feed {
    commits: watch::Receiver<u64>,
    reader: FeedReader,
    hub: Hub,
    /// To contacts and conversation partners: who learns of a changed account. The rows of a deleted user are gone.
    contacts: StatusSubscriptions,
    seq: i64,
}

impl Feed {
    pub fn new(store: &Store, hub: Hub, contacts: StatusSubscriptions, seq: i64) -> Result<Self, Error> {
        Ok(Self { commits: store.commits(), reader: store.feed_reader()?, hub, contacts, seq })
    }

    /// Delivers until the store closes. After a failure it tries again with the next commit, or a while later.
    pub async fn follow(mut self) {
        let mut commits = self.commits.clone();
        loop {
            let told = self.catch_up().await;
            if let Err(cause) = &told {
                log::error!(
                    "events after {} could not be read, the next try is in {} s: {cause:?}",
                    self.seq,
                    TRY_AGAIN.as_secs()
                );
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
                self.notify(&event).await?;
                self.hub.advance(seq);
                self.seq = seq;
            }
            if !is_part {
                return Ok(());
            }
        }
    }

    async fn notify(&self, event: &Event) -> Result<(), Error> {
        if self.hub.is_empty() {
            return Ok(());
        }
        let (seq, app, user) = (event.seq, event.app, event.user);
        if let Some(change) = event.kind.account_change() {
            let notification = Notification::AccountChanged { seq, user: event.id.clone(), change };
            self.hub.deliver(&self.contacts.subscribers(user), &Arc::new(notification));
        }
        match event.kind.news() {
            EventNews::Profile(fields) => {
                let shown =
                    self.reader.read(async |db| db.readable_user(app, user).await).await?.filter(User::is_active);
                if let Some(shown) = shown {
                    let fields = fields.to_vec();
                    let notification = Notification::ProfileChanged { seq, user: Box::new(shown), fields };
                    self.hub.deliver(&self.notified(app, user).await?, &Arc::new(notification));
                }
            }
            EventNews::Contacts { added, removed, changed } => {
                let notification = async || {
                    let (added, removed) = (self.ids(app, added).await?, self.ids(app, removed).await?);
                    let changed = self.ids(app, changed).await?;
                    Ok(Some(Notification::ContactsChanged { seq, added, removed, changed }))
                };
                self.notify_one(user, notification).await?;
            }
            EventNews::Block { whom, is_blocked } => self.notify_block(seq, app, user, whom, is_blocked).await?,
            EventNews::Follow { whom, is_following } => {
                for (user_with_session, other, is_own) in [(user, whom, true), (whom, user, false)] {
                    let notification = |with| Notification::FollowChanged { seq, with, is_own, is_following };
                    self.notify_one(user_with_session, async || Ok(self.id(app, other).await?.map(notification)))
                        .await?;
                }
            }
            EventNews::Request { with, is_incoming, is_waiting } => {
                let notification = |with| Notification::RequestChanged { seq, with, is_incoming, is_waiting };
                self.notify_one(user, async || Ok(self.id(app, with).await?.map(notification))).await?;
            }
            EventNews::Conversation { .. } => self.notify_chat(event).await?,
            EventNews::SessionsEnd(vendor) => self.hub.end(user, vendor),
            EventNews::Silent => {}
        }
        Ok(())
    }

    /// Notifies the user that did something in a conversation, and the other one if it may know.
    async fn notify_chat(&self, event: &Event) -> Result<(), Error> {
        let mut to: Vec<UserKey> = [event.user].into_iter().chain(event.kind.other()).collect();
        to.retain(|user| self.hub.has(*user));
        if to.is_empty() {
            return Ok(());
        }
        let notice = self.reader.read(async |db| notice_of(db, event).await).await?;
        let Some(notice) = notice else { return Ok(()) };
        if let Notification::Chat { news, .. } = &notice
            && let ChatEvent::Sent(message) | ChatEvent::Edited(message) = &news.event
        {
            // The back end may send, and change, a message that its sender does not see.
            to.retain(|user| news.conversation.side_of(*user).is_some_and(|side| message.is_shown_to(side)));
        }
        self.hub.deliver(&to, &Arc::new(notice));
        Ok(())
    }

    async fn notify_block(
        &self,
        seq: i64,
        app: AppKey,
        user: UserKey,
        whom: UserKey,
        is_blocked: bool,
    ) -> Result<(), Error> {
        let notification = |whom| Notification::BlocksChanged { seq, whom, is_blocked };
        self.notify_one(user, async || Ok(self.id(app, whom).await?.map(notification))).await?;
        let notification = |by| Notification::BlockedBy { seq, by, is_blocked };
        self.notify_one(whom, async || Ok(self.id(app, user).await?.map(notification))).await
    }

    async fn notify_one(
        &self,
        user: UserKey,
        notification: impl AsyncFnOnce() -> Result<Option<Notification>, Error>,
    ) -> Result<(), Error> {
        if self.hub.has(user)
            && let Some(notification) = notification().await?
        {
            self.hub.deliver(&[user], &Arc::new(notification));
        }
        Ok(())
    }

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

    async fn notified(&self, app: AppKey, of: UserKey) -> Result<Vec<UserKey>, Error> {
        let Some(users) = self.hub.users_with_sessions(ASKED_ONE_BY_ONE_MAX) else {
            let mut notified = self.reader.read(async |db| db.subscribers(app, of).await).await?;
            notified.push(of);
            return Ok(notified);
        };
        let mut notified = Vec::new();
        for user_with_session in users {
            if user_with_session == of
                || self.reader.read(async |db| db.is_subscriber(app, user_with_session, of).await).await?
            {
                notified.push(user_with_session);
            }
        }
        Ok(notified)
    }
}
