//! Following. Source: Tencent's guide to following; its SDKs have it since version 3.4.

use crate::{
    domain::{
        CallerKey, Error, EventKind, FOLLOWING_MAX, FollowCounts, FollowCursor, FollowList, FollowPage, FriendFault,
        Relation, User, UserId,
    },
    service::{
        Outcomes, Service, Tenant, UserLists, Viewer,
        friends::call::FriendCall,
        profiles::{as_visible_to, with_closeness},
    },
    store::{LongReads, RelationRows, Touches},
};

impl Service {
    pub async fn follow_counts(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<FollowCounts>>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db| db.follow_counts(app, &ids).await).await
    }
}

impl UserLists<'_> {
    /// Makes a user follow others without their consent. A block in either direction forbids it.
    pub async fn follow(&self, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.write(Touches::All, async move |call| follow(call, &whom).await).await
    }

    pub async fn unfollow(&self, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.write(Touches::All, async move |call| unfollow(call, &whom).await).await
    }

    /// Returns a page of one of a user's lists, newest first, as the viewer sees it. Every page costs the same.
    pub async fn follow_list(
        &self,
        viewer: Viewer,
        list: FollowList,
        after: Option<FollowCursor>,
        limit: u32,
    ) -> Result<FollowPage, Error> {
        let read = async move |db: &LongReads<'_>, app, owner| {
            let FollowPage { items, next } = db.follow_list(app, owner, list, after, limit).await?;
            let (users, times): (Vec<_>, Vec<_>) = items.into_iter().map(|(user, at)| (Some(user), at)).unzip();
            Ok((with_closeness(db, app, users, viewer).await?, times, next))
        };
        let (seen, times, next) = self.read(read).await?;
        let users = seen.into_iter().flatten().map(|seen| as_visible_to(self.tenant, viewer, seen));
        Ok(FollowPage { items: users.zip(times).collect(), next })
    }

    pub async fn follow_relations(&self, ids: Vec<UserId>) -> Result<Vec<Option<Relation>>, Error> {
        self.read(async move |db, app, owner| db.relations(app, owner, &ids, RelationRows::Follows).await).await
    }

    pub async fn is_notified_of_follower(&self, other: &UserId) -> Result<bool, Error> {
        let blocks = self.blocks_among(vec![other.clone()]).await?;
        Ok(blocks.first() == Some(&Some(Relation::None)))
    }
}

/// Makes a user follow others. Following a user twice is no error and no change. Events: `FollowChanged`.
pub async fn follow(call: FriendCall<'_>, whom: &[UserId]) -> Result<Outcomes, Error> {
    let mut following = call.tx.count_following(call.owner.key).await?;
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        let (tx, mine, theirs) = (call.tx, call.owner.key, other.key);
        if tx.has_follow(mine, theirs).await? {
            return Ok(Ok(()));
        }
        if let Some(block) = call.block_between(theirs).await? {
            return Ok(Err(block));
        }
        if following >= FOLLOWING_MAX {
            return Ok(Err(FriendFault::FollowingFull));
        }
        tx.put_follow(mine, theirs, call.at).await?;
        following += 1;
        call.tell(&call.owner, &EventKind::FollowChanged { whom: theirs, is_following: true }).await.map(Ok)
    };
    call.each(whom, |id| id, step).await
}

/// Stops following. A user that is not followed is no error and no change. Events: `FollowChanged`.
pub async fn unfollow(call: FriendCall<'_>, whom: &[UserId]) -> Result<Outcomes, Error> {
    let step = async |call: &mut FriendCall<'_>, other: &User, _: &UserId| {
        if call.tx.take_follow(call.owner.key, other.key).await? {
            call.tell(&call.owner, &EventKind::FollowChanged { whom: other.key, is_following: false }).await?;
        }
        Ok(Ok(()))
    };
    call.each(whom, |id| id, step).await
}
