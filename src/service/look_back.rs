//! Look-backs: what a client that was away must be told.

use std::{collections::HashMap, time::Duration};

use tokio::time::sleep;

use crate::{
    domain::{
        caller::CallerKey,
        error::Error,
        event::{Event, EventKind},
        id::{AppKey, UserId, UserKey},
        listening::Notice,
        profile::{ProfileField, User},
    },
    service::{Service, apps::Tenant},
    store::{Concerning, LongReads},
};

/// Events one look-back reads at most; a client that missed more looks again from where it came to.
const LOOK_BACK_EVENTS_MAX: u32 = 1000;

/// How often a look-back is tried while too many others are under way.
const LOOK_BACK_TRIES_MAX: u32 = 50;

/// How long it waits in between.
const LOOK_BACK_PAUSE: Duration = Duration::from_millis(200);

/// What a client missed.
#[derive(Debug, Clone, PartialEq)]
pub struct Missed {
    /// The state by now of what changed: one notice for each user whose profile changed, for each user whom the listener has blocked or
    /// blocks no longer, that it follows or that follows it, for each request that came or went, and one where its own contacts changed; in the order of the last changes.
    pub notices: Vec<Notice>,
    /// Everything up to this event has been looked at.
    pub seen_to: i64,
    /// Whether more stands behind that, to be looked at next.
    pub is_part: bool,
    /// Whether not all of it can be told: the client must read everything anew. The notices make those clients do so that can be made to.
    pub is_anew: bool,
}

impl Service {
    /// What a user would have heard since event `seq`, had it listened. Reads the events of the user itself and of those it shares a contact
    /// row with, and nobody else's; nothing is read where nothing happened at all.
    /// # Errors
    /// `Busy` and `TooMany` as every long read; store errors.
    pub async fn missed(&self, tenant: &Tenant, listener: UserKey, seq: i64) -> Result<Missed, Error> {
        let (last, app) = (self.last_event_seq().await?, tenant.app.key);
        if last == seq {
            return Ok(Missed { notices: Vec::new(), seen_to: seq, is_part: false, is_anew: false });
        }
        let looks_back = async move |db: &LongReads<'_>| look_back(db, app, listener, seq, last).await;
        self.long_read(CallerKey::User(listener), looks_back).await
    }

    /// As [`Service::missed`], and tries again for some seconds while too many look back: after a restart every client does.
    /// # Errors
    /// As said, after that time.
    pub async fn missed_in_turn(&self, tenant: &Tenant, listener: UserKey, seq: i64) -> Result<Missed, Error> {
        for _ in 1..LOOK_BACK_TRIES_MAX {
            match self.missed(tenant, listener, seq).await {
                Err(Error::Busy | Error::TooMany { .. }) => sleep(LOOK_BACK_PAUSE).await,
                missed => return missed,
            }
        }
        self.missed(tenant, listener, seq).await
    }

    /// Whether all that happened since event `seq` can still be told.
    /// # Errors
    /// Store errors.
    pub async fn can_tell_since(&self, seq: i64) -> Result<bool, Error> {
        self.read(async |db| db.can_tell_since(seq).await).await
    }
}

async fn look_back(db: &LongReads<'_>, app: AppKey, listener: UserKey, seq: i64, last: i64) -> Result<Missed, Error> {
    let Concerning { events, seen_to, is_part } =
        db.events_concerning(app, listener, seq, LOOK_BACK_EVENTS_MAX).await?;
    // Asked when they have been read: what was pruned meanwhile is missing from them.
    if !db.can_tell_since(seq).await? {
        return Ok(Missed {
            notices: anew(db, app, listener, last).await?,
            seen_to: last,
            is_part: false,
            is_anew: true,
        });
    }
    let mut summary = Summary::default();
    events.into_iter().filter(|event| event.app == app).for_each(|event| summary.add(listener, event));
    Ok(Missed { notices: summary.notices(db, app, listener).await?, seen_to, is_part, is_anew: false })
}

/// Makes a client read its own profile and all of its contacts.
async fn anew(db: &LongReads<'_>, app: AppKey, listener: UserKey, seq: i64) -> Result<Vec<Notice>, Error> {
    let fields = vec![ProfileField::DisplayName, ProfileField::Avatar, ProfileField::Status];
    let own = db.readable_user(app, listener).await?;
    let own = own.map(|user| Notice::ProfileChanged { seq, user: Box::new(user), fields });
    let (added, removed, changed) = (Vec::new(), Vec::new(), Vec::new());
    Ok(own.into_iter().chain([Notice::ContactsChanged { seq, added, removed, changed }]).collect())
}

/// What became of a row of the listener's contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Row {
    Added,
    Removed,
    Changed,
}

/// The first and the last of several changes of one thing.
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

/// Events, put together by what they tell of.
#[derive(Default)]
struct Summary {
    profiles: HashMap<UserKey, (i64, Vec<ProfileField>)>,
    contacts: HashMap<UserKey, Span<Row>>,
    /// The last change of the listener's contacts.
    contacts_seq: Option<i64>,
    blocks: HashMap<UserKey, Span<bool>>,
    /// Of those who block the listener.
    blocked_by: HashMap<UserKey, Span<bool>>,
    /// By the other user, and whether the listener is the one that follows.
    follows: HashMap<(UserKey, bool), Span<bool>>,
    /// By the other user, and whether it is the one who asked.
    requests: HashMap<(UserKey, bool), Span<bool>>,
}

impl Summary {
    fn add(&mut self, listener: UserKey, event: Event) {
        let (seq, is_own) = (event.seq, event.user == listener);
        match event.kind {
            EventKind::ProfileChanged { fields } => {
                let (last, all) = self.profiles.entry(event.user).or_insert((seq, Vec::new()));
                *last = seq;
                all.extend(fields.into_iter().filter(|field| !all.contains(field)).collect::<Vec<_>>());
            }
            EventKind::ContactsChanged { added, removed, changed } if is_own => {
                self.contacts_seq = Some(seq);
                for (users, row) in [(added, Row::Added), (removed, Row::Removed), (changed, Row::Changed)] {
                    users.into_iter().for_each(|user| Span::note(&mut self.contacts, user, row, seq));
                }
            }
            EventKind::Blocked { whom } if is_own => Span::note(&mut self.blocks, whom, true, seq),
            EventKind::Unblocked { whom } if is_own => Span::note(&mut self.blocks, whom, false, seq),
            EventKind::Blocked { whom } if whom == listener => Span::note(&mut self.blocked_by, event.user, true, seq),
            EventKind::Unblocked { whom } if whom == listener => {
                Span::note(&mut self.blocked_by, event.user, false, seq);
            }
            EventKind::FollowChanged { whom, is_following } if is_own => {
                Span::note(&mut self.follows, (whom, true), is_following, seq);
            }
            EventKind::FollowChanged { whom, is_following } if whom == listener => {
                Span::note(&mut self.follows, (event.user, false), is_following, seq);
            }
            EventKind::RequestChanged { with, is_incoming, is_waiting } if is_own => {
                Span::note(&mut self.requests, (with, is_incoming), is_waiting, seq);
            }
            EventKind::Created
            | EventKind::TokenReset
            | EventKind::PasswordChanged
            | EventKind::Suspended
            | EventKind::Reactivated
            | EventKind::Deleted
            | EventKind::ContactsChanged { .. }
            | EventKind::Blocked { .. }
            | EventKind::Unblocked { .. }
            | EventKind::FollowChanged { .. }
            | EventKind::RequestChanged { .. }
            | EventKind::Kicked
            | EventKind::Restored => {}
        }
    }

    async fn notices(self, db: &LongReads<'_>, app: AppKey, listener: UserKey) -> Result<Vec<Notice>, Error> {
        let id = async |user| Ok::<_, Error>(db.readable_user(app, user).await?.map(|user: User| user.id));
        let mut notices = Vec::new();
        if let Some(seq) = self.contacts_seq {
            let [added, removed, changed] = contacts(&self.contacts, id).await?;
            notices.push(Notice::ContactsChanged { seq, added, removed, changed });
        }
        for (whom, Span { last: is_blocked, seq, .. }) in self.blocks {
            notices.extend(id(whom).await?.map(|whom| Notice::BlocksChanged { seq, whom, is_blocked }));
        }
        for (by, Span { last: is_blocked, seq, .. }) in self.blocked_by {
            notices.extend(id(by).await?.map(|by| Notice::BlockedBy { seq, by, is_blocked }));
        }
        for ((with, is_own), Span { last: is_following, seq, .. }) in self.follows {
            notices.extend(id(with).await?.map(|with| Notice::FollowChanged { seq, with, is_own, is_following }));
        }
        for ((with, is_incoming), Span { first, last: is_waiting, seq }) in self.requests {
            // One that came and went in between need not be taken back.
            if is_waiting || !first {
                let notice = |with| Notice::RequestChanged { seq, with, is_incoming, is_waiting };
                notices.extend(id(with).await?.map(notice));
            }
        }
        for (user, (seq, fields)) in self.profiles {
            let hears = user == listener || db.hears(app, listener, user).await?;
            if let Some(user) = db.readable_user(app, user).await?.filter(|user| hears && user.is_active()) {
                notices.push(Notice::ProfileChanged { seq, user: Box::new(user), fields });
            }
        }
        notices.sort_by_key(Notice::seq);
        Ok(notices)
    }
}

/// Who is listed by now and may not have been, who certainly was and is no longer, and whose row says something else.
async fn contacts(
    spans: &HashMap<UserKey, Span<Row>>,
    id: impl AsyncFn(UserKey) -> Result<Option<UserId>, Error>,
) -> Result<[Vec<UserId>; 3], Error> {
    let [mut added, mut removed, mut changed] = [Vec::new(), Vec::new(), Vec::new()];
    for (user, span) in spans {
        let users = match (span.first, span.last) {
            (Row::Added, Row::Removed) => continue,
            (_, Row::Removed) => &mut removed,
            (Row::Changed | Row::Removed, Row::Changed) => &mut changed,
            (Row::Added, Row::Changed) | (_, Row::Added) => &mut added,
        };
        users.extend(id(*user).await?);
    }
    Ok([added, removed, changed])
}
