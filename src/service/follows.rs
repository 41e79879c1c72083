//! Following. Source: the vendor's guide to following, which its SDKs since version 3.4 have.

use crate::{
    domain::{
        caller::CallerKey,
        error::Error,
        event::EventKind,
        follow::{FOLLOWING_MAX, FollowCounts, FollowCursor, FollowList, FollowPage},
        friend::{FriendFault, Relation},
        id::{AppKey, UserId},
        owner::Owner,
        profile::User,
        time::Moment,
    },
    service::{
        Service,
        apps::Tenant,
        friends::{Outcomes, call::Call},
        profiles::{Viewer, as_seen, with_closeness},
    },
    store::{LongReads, RelationRows, Tx},
};

impl Service {
    /// Makes a user follow others, whose consent is not asked. A block in either direction forbids it.
    /// # Errors
    /// As [`Service::befriend`].
    pub async fn follow(&self, tenant: &Tenant, owner: &Owner, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.write_of(tenant, owner, async move |tx, app, owner, at| follow(tx, app, owner, &whom, at).await).await
    }

    /// Ends that.
    /// # Errors
    /// As [`Service::follow`].
    pub async fn unfollow(&self, tenant: &Tenant, owner: &Owner, whom: Vec<UserId>) -> Result<Outcomes, Error> {
        self.write_of(tenant, owner, async move |tx, app, owner, at| unfollow(tx, app, owner, &whom, at).await).await
    }

    /// A page of one of a user's lists, from the newest entry on, as the viewer sees it. However far it has come, a page costs the same.
    /// # Errors
    /// As [`Service::follow`].
    pub async fn follow_list(
        &self,
        tenant: &Tenant,
        viewer: Viewer,
        owner: &Owner,
        list: FollowList,
        after: Option<FollowCursor>,
        limit: u32,
    ) -> Result<FollowPage, Error> {
        let read = async move |db: &LongReads<'_>, app, owner| {
            let FollowPage { items, next } = db.follow_list(app, owner, list, after, limit).await?;
            let (users, times): (Vec<_>, Vec<_>) = items.into_iter().map(|(user, at)| (Some(user), at)).unzip();
            Ok((with_closeness(db, app, users, viewer).await?, times, next))
        };
        let (seen, times, next) = self.read_of(tenant, viewer.key(tenant), owner, read).await?;
        let users = seen.into_iter().flatten().map(|seen| as_seen(tenant, viewer, seen));
        Ok(FollowPage { items: users.zip(times).collect(), next })
    }

    /// How long the lists of these users are, in their order; None where there is no such user.
    /// # Errors
    /// Store errors.
    pub async fn follow_counts(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<FollowCounts>>, Error> {
        let app = tenant.app.key;
        self.long_read(by, async move |db| db.follow_counts(app, &ids).await).await
    }

    /// Who of a user and these others follows whom; None where there is no such other.
    /// # Errors
    /// As [`Service::follow`].
    pub async fn follow_relations(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        owner: &Owner,
        ids: Vec<UserId>,
    ) -> Result<Vec<Option<Relation>>, Error> {
        self.read_of(tenant, by, owner, async move |db, app, owner| {
            db.relations(app, owner, &ids, RelationRows::Follows).await
        })
        .await
    }

    /// Whether a user is to be told that another follows it: not where either blocks the other.
    /// # Errors
    /// As [`Service::follow`].
    pub async fn is_told_of(
        &self,
        tenant: &Tenant,
        by: CallerKey,
        listener: &Owner,
        other: &UserId,
    ) -> Result<bool, Error> {
        let blocks = self.blocks_among(tenant, by, listener, vec![other.clone()]).await?;
        Ok(blocks.first() == Some(&Some(Relation::None)))
    }
}

/// Makes a user follow others; following somebody twice changes nothing and is no fault. Events: `FollowChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn follow(tx: &Tx<'_>, app: AppKey, owner: &Owner, whom: &[UserId], at: Moment) -> Result<Outcomes, Error> {
    let call = Call::of(tx, app, owner, at).await?;
    let mut following = tx.count_following(call.owner.key).await?;
    let step = async |call: &mut Call<'_>, other: &User, _: &UserId| {
        let (mine, theirs) = (call.owner.key, other.key);
        if tx.has_follow(mine, theirs).await? {
            return Ok(Ok(()));
        }
        if let Some(block) = call.block_between(theirs).await? {
            return Ok(Err(block));
        }
        if following >= FOLLOWING_MAX {
            return Ok(Err(FriendFault::FollowingFull));
        }
        tx.put_follow(mine, theirs, at).await?;
        following += 1;
        call.tell(&call.owner, &EventKind::FollowChanged { whom: theirs, is_following: true }).await.map(Ok)
    };
    call.each(whom, |id| id, step).await
}

/// To stop following a user that is not followed changes nothing and is no fault. Events: `FollowChanged`.
/// # Errors
/// Those of the [`Owner`].
pub async fn unfollow(tx: &Tx<'_>, app: AppKey, owner: &Owner, whom: &[UserId], at: Moment) -> Result<Outcomes, Error> {
    let step = async |call: &mut Call<'_>, other: &User, _: &UserId| {
        if tx.take_follow(call.owner.key, other.key).await? {
            call.tell(&call.owner, &EventKind::FollowChanged { whom: other.key, is_following: false }).await?;
        }
        Ok(Ok(()))
    };
    Call::of(tx, app, owner, at).await?.each(whom, |id| id, step).await
}
