use std::{collections::HashMap, time::Duration};

use tokio::time::sleep;

use crate::{
    domain::{
        AppKey, CallerKey, ConversationKey, Error, Event, EventKind, EventNews, Mark, Notification, ProfileField, User,
        UserId, UserKey,
    },
    live::messages::notice_of,
    service::{Service, Tenant},
    store::{EventsOfUser, LongReads},
};

/// Events one look-back reads. A client that missed more repeats the call.
const LOOK_BACK_EVENTS_MAX: u32 = 1000;

/// Tries of a look-back while too many others run.
const LOOK_BACK_TRIES_MAX: u32 = 50;

const LOOK_BACK_PAUSE: Duration = Duration::from_millis(200);

#[derive(Debug, Clone, PartialEq)]
pub struct MissedEvents {
    /// The present state of what changed, in the order of the last changes: one notice for each user whose profile
    /// changed, whose block by the listener began or ended, or whose follow of or by the listener changed; one for each
    /// request that came or went; one if the listener's contacts changed; one for each moved mark, edit, recall, and
    /// other change of a conversation.
    pub notifications: Vec<Notification>,
    /// Everything up to this event is covered.
    pub seen_to: i64,
    pub is_part: bool,
    /// Part of it is lost: the client must read everything anew. `notifications` make those clients do so that can be made
    /// to.
    pub is_anew: bool,
}

impl Service {
    /// Reads only the events of the user and of those it shares a contact row with.
    pub async fn missed(&self, tenant: &Tenant, listener: UserKey, seq: i64) -> Result<MissedEvents, Error> {
        let (last, app) = (self.last_event_seq().await?, tenant.app.key);
        if last == seq {
            return Ok(MissedEvents { notifications: Vec::new(), seen_to: seq, is_part: false, is_anew: false });
        }
        let looks_back = async move |db: &LongReads<'_>| look_back(db, app, listener, seq, last).await;
        self.long_read(CallerKey::User(listener), looks_back).await
    }

    /// Tries again for some seconds while too many run: after a restart every client looks back.
    pub async fn missed_in_turn(&self, tenant: &Tenant, listener: UserKey, seq: i64) -> Result<MissedEvents, Error> {
        for _ in 1..LOOK_BACK_TRIES_MAX {
            match self.missed(tenant, listener, seq).await {
                Err(Error::Busy | Error::TooMany { .. }) => sleep(LOOK_BACK_PAUSE).await,
                missed => return missed,
            }
        }
        self.missed(tenant, listener, seq).await
    }

    pub async fn has_events_since(&self, seq: i64) -> Result<bool, Error> {
        self.read(async |db| db.has_events_since(seq).await).await
    }
}

async fn look_back(
    db: &LongReads<'_>,
    app: AppKey,
    listener: UserKey,
    seq: i64,
    last: i64,
) -> Result<MissedEvents, Error> {
    let EventsOfUser { events, seen_to, is_part } =
        db.events_concerning(app, listener, seq, LOOK_BACK_EVENTS_MAX).await?;
    // Checked after the read: events that were pruned meanwhile are missing.
    if !db.has_events_since(seq).await? {
        return Ok(MissedEvents {
            notifications: anew(db, app, listener, last).await?,
            seen_to: last,
            is_part: false,
            is_anew: true,
        });
    }
    let mut summary = Summary::default();
    events.into_iter().filter(|event| event.app == app).for_each(|event| summary.add(listener, event));
    Ok(MissedEvents {
        notifications: summary.notifications(db, app, listener).await?,
        seen_to,
        is_part,
        is_anew: false,
    })
}

async fn anew(db: &LongReads<'_>, app: AppKey, listener: UserKey, seq: i64) -> Result<Vec<Notification>, Error> {
    let fields = vec![ProfileField::DisplayName, ProfileField::Avatar, ProfileField::Status];
    let own = db.readable_user(app, listener).await?;
    let own = own.map(|user| Notification::ProfileChanged { seq, user: Box::new(user), fields });
    let (added, removed, changed) = (Vec::new(), Vec::new(), Vec::new());
    Ok(own.into_iter().chain([Notification::ContactsChanged { seq, added, removed, changed }]).collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ContactRowChange {
    Added,
    Removed,
    Changed,
}

#[derive(Debug, Clone, Copy)]
struct Span<T> {
    first: T,
    last: T,
    seq: i64,
}

impl<T: Copy> Span<T> {
    fn note<K: std::hash::Hash + Eq>(spans: &mut HashMap<K, Self>, key: K, change: T, seq: i64) {
        let span = spans.entry(key).or_insert(Self { first: change, last: change, seq });
        (span.last, span.seq) = (change, seq);
    }
}

/// Events grouped by their subject.
#[derive(Default)]
struct Summary {
    profiles: HashMap<UserKey, (i64, Vec<ProfileField>)>,
    contacts: HashMap<UserKey, Span<ContactRowChange>>,
    contacts_seq: Option<i64>,
    blocks: HashMap<UserKey, Span<bool>>,
    /// By the user that blocks the listener.
    blocked_by: HashMap<UserKey, Span<bool>>,
    /// By the other user, and whether the listener is the follower.
    follows: HashMap<(UserKey, bool), Span<bool>>,
    /// By the other user, and whether that user made the request.
    requests: HashMap<(UserKey, bool), Span<bool>>,
    /// Moved marks, by conversation, by the user whose mark it is, and by whether it is the read mark.
    marks: HashMap<(ConversationKey, UserKey, bool), Event>,
    /// Other events of conversations but sent messages, which a client reads itself.
    chats: Vec<Event>,
}

impl Summary {
    fn add(&mut self, listener: UserKey, event: Event) {
        let (seq, is_own) = (event.seq, event.user == listener);
        if matches!(event.kind.news(), EventNews::Conversation { .. }) {
            self.add_chat(event);
            return;
        }
        match event.kind.news() {
            EventNews::Profile(fields) => {
                let (last, all) = self.profiles.entry(event.user).or_insert((seq, Vec::new()));
                *last = seq;
                all.extend(fields.iter().filter(|field| !all.contains(field)).cloned().collect::<Vec<_>>());
            }
            EventNews::Contacts { added, removed, changed } if is_own => {
                self.contacts_seq = Some(seq);
                for (users, row) in [
                    (added, ContactRowChange::Added),
                    (removed, ContactRowChange::Removed),
                    (changed, ContactRowChange::Changed),
                ] {
                    users.iter().for_each(|user| Span::note(&mut self.contacts, *user, row, seq));
                }
            }
            EventNews::Block { whom, is_blocked } if is_own => Span::note(&mut self.blocks, whom, is_blocked, seq),
            EventNews::Block { whom, is_blocked } if whom == listener => {
                Span::note(&mut self.blocked_by, event.user, is_blocked, seq);
            }
            EventNews::Follow { whom, is_following } if is_own => {
                Span::note(&mut self.follows, (whom, true), is_following, seq);
            }
            EventNews::Follow { whom, is_following } if whom == listener => {
                Span::note(&mut self.follows, (event.user, false), is_following, seq);
            }
            EventNews::Request { with, is_incoming, is_waiting } if is_own => {
                Span::note(&mut self.requests, (with, is_incoming), is_waiting, seq);
            }
            EventNews::Contacts { .. }
            | EventNews::Block { .. }
            | EventNews::Follow { .. }
            | EventNews::Request { .. }
            | EventNews::Conversation { .. }
            | EventNews::SessionsEnd(_)
            | EventNews::Silent => {}
        }
    }

    /// Keeps events of conversations but sent messages; moves of the same mark become one.
    fn add_chat(&mut self, event: Event) {
        let EventKind::MarkMoved { conversation, mark, from, upto, to } = &event.kind else {
            if !matches!(event.kind, EventKind::MessageSent { .. }) {
                self.chats.push(event);
            }
            return;
        };
        let key = (*conversation, event.user, *mark == Mark::Read);
        let from = match self.marks.get(&key).map(|earlier| &earlier.kind) {
            Some(EventKind::MarkMoved { from, .. }) => *from,
            Some(_) | None => *from,
        };
        let kind = EventKind::MarkMoved { conversation: *conversation, mark: *mark, from, upto: *upto, to: *to };
        self.marks.insert(key, Event { kind, ..event });
    }

    async fn notifications(
        self,
        db: &LongReads<'_>,
        app: AppKey,
        listener: UserKey,
    ) -> Result<Vec<Notification>, Error> {
        let id = async |user| Ok::<_, Error>(db.readable_user(app, user).await?.map(|user: User| user.id));
        let mut notifications = Vec::new();
        if let Some(seq) = self.contacts_seq {
            let [added, removed, changed] = contacts(&self.contacts, id).await?;
            notifications.push(Notification::ContactsChanged { seq, added, removed, changed });
        }
        for (whom, Span { last: is_blocked, seq, .. }) in self.blocks {
            notifications.extend(id(whom).await?.map(|whom| Notification::BlocksChanged { seq, whom, is_blocked }));
        }
        for (by, Span { last: is_blocked, seq, .. }) in self.blocked_by {
            notifications.extend(id(by).await?.map(|by| Notification::BlockedBy { seq, by, is_blocked }));
        }
        for ((with, is_own), Span { last: is_following, seq, .. }) in self.follows {
            notifications.extend(id(with).await?.map(|with| Notification::FollowChanged {
                seq,
                with,
                is_own,
                is_following,
            }));
        }
        for ((with, is_incoming), Span { first, last: is_waiting, seq }) in self.requests {
            // A request that came and went in between need not be taken back.
            if is_waiting || !first {
                let notification = |with| Notification::RequestChanged { seq, with, is_incoming, is_waiting };
                notifications.extend(id(with).await?.map(notification));
            }
        }
        for (user, (seq, fields)) in self.profiles {
            let hears = user == listener || db.is_subscriber(app, listener, user).await?;
            if let Some(user) = db.readable_user(app, user).await?.filter(|user| hears && user.is_active()) {
                notifications.push(Notification::ProfileChanged { seq, user: Box::new(user), fields });
            }
        }
        for event in self.marks.values().chain(&self.chats) {
            notifications.extend(notice_of(db, event).await?);
        }
        notifications.sort_by_key(Notification::seq);
        Ok(notifications)
    }
}

/// Returns the contacts that may be new, those that were certainly removed, and those whose row changed.
async fn contacts(
    spans: &HashMap<UserKey, Span<ContactRowChange>>,
    id: impl AsyncFn(UserKey) -> Result<Option<UserId>, Error>,
) -> Result<[Vec<UserId>; 3], Error> {
    let [mut added, mut removed, mut changed] = [Vec::new(), Vec::new(), Vec::new()];
    for (user, span) in spans {
        let users = match (span.first, span.last) {
            (ContactRowChange::Added, ContactRowChange::Removed) => continue,
            (_, ContactRowChange::Removed) => &mut removed,
            (ContactRowChange::Changed | ContactRowChange::Removed, ContactRowChange::Changed) => &mut changed,
            (ContactRowChange::Added, ContactRowChange::Changed) | (_, ContactRowChange::Added) => &mut added,
        };
        users.extend(id(*user).await?);
    }
    Ok([added, removed, changed])
}
