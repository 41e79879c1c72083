//! Unread messages of users, for back ends: in a period of time, and which users have some.

use std::time::Duration;

use super::reads::CONVERSATIONS_MAX;
use crate::{
    domain::{AppKey, CallerKey, ConversationFilter, Error, MessageId, Moment, Page, UserId, UserKey},
    service::{Service, apps::Tenant},
    store::{Db, LongReads},
};

/// Users that are read at a time.
const STEP: u32 = 500;

/// The first users with unread messages of an app, of which a page is made. Some 100 us each.
const USERS_MAX: usize = 10_000;

/// When messages were sent that count. A missing end is open.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Period {
    pub start: Option<Moment>,
    /// Includes this second.
    pub end: Option<Moment>,
}

impl Period {
    fn is_open(self) -> bool {
        self.start.is_none() && self.end.is_none()
    }
}

impl Service {
    /// Returns how many messages of the period each of these users has not read; 0 for an unknown user.
    pub async fn unread_in(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        users: Vec<UserId>,
        period: Period,
    ) -> Result<Vec<u64>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db: &LongReads<'_>| {
            let mut counts = Vec::with_capacity(users.len());
            for id in &users {
                counts.push(match db.user_key(app, id).await? {
                    Some(user) => unread(db, app, user, period).await?,
                    None => 0,
                });
            }
            Ok(counts)
        })
        .await
    }

    /// Returns a page of the users that have not read messages of the period, in creation order: out of the first 10,000
    /// with unread messages.
    pub async fn users_with_unread(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        page: Page,
        period: Period,
    ) -> Result<Vec<UserId>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db: &LongReads<'_>| {
            let wanted = usize::try_from(page.offset()).unwrap_or(usize::MAX).saturating_add(page.limit() as usize);
            let (mut found, mut looked_at, mut after) = (Vec::new(), 0, None);
            while found.len() < wanted && looked_at < USERS_MAX {
                let users = db.users_with_unread(app, after, STEP).await?;
                let Some(last) = users.last() else { break };
                (after, looked_at) = (Some(*last), looked_at + users.len());
                for user in users {
                    if unread(db, app, user, period).await? > 0 {
                        found.extend(db.readable_user(app, user).await?.map(|user| user.id));
                    }
                }
            }
            let skipped = usize::try_from(page.offset()).unwrap_or(usize::MAX);
            Ok(found.into_iter().skip(skipped).take(page.limit() as usize).collect())
        })
        .await
    }
}

async fn unread(db: &LongReads<'_>, app: AppKey, user: UserKey, period: Period) -> Result<u64, Error> {
    if period.is_open() {
        return db.total_unread(app, user).await;
    }
    let mut total = 0;
    let filter = ConversationFilter::Unread;
    for own in db.participants(app, user, filter, MessageId::MAX, 0, CONVERSATIONS_MAX).await? {
        let side = own.side();
        let first_at = async |db: &Db<'_>, at: Moment| db.first_message_at(own.conversation, side, at).await;
        let after = match period.start {
            Some(start) => match first_at(db, start).await? {
                Some(first) => MessageId(first.0 - 1).max(own.counted_from()),
                None => continue,
            },
            None => own.counted_from(),
        };
        let upto = match period.end {
            Some(end) => first_at(db, end.second_begin().after(Duration::from_secs(1))).await?,
            None => None,
        };
        let upto = upto.map_or(MessageId::MAX, |later| MessageId(later.0 - 1));
        total += u64::from(db.count_messages(own.conversation, side, own.peer, after, upto).await?);
    }
    Ok(total)
}
