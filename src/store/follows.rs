//! Following, user status and the directory: the operations behind what Tencent's SDK calls beside friends.

use super::{
    LongReads, Store, StoredStatus,
    sqlite::{directory, follows, friends, statuses},
};
use crate::domain::{
    directory::DirectorySearch,
    error::Error,
    follow::{FollowCounts, FollowCursor, FollowList, FollowPage},
    friend::Relation,
    id::{AppKey, UserId, UserKey},
    owner::Owner,
    page::{Listed, Page},
    profile::User,
};

impl Store {
    /// What is stored of the status of these users, by their keys; deleted ones are left out. A point read each.
    /// # Errors
    /// Those of every read.
    pub fn statuses_by_key(&self, app: AppKey, keys: &[UserKey]) -> Result<Vec<StoredStatus>, Error> {
        self.0.read(|connection| statuses::find_by_keys(connection, app, keys))
    }
}

#[expect(clippy::missing_errors_doc, reason = "the type's own line says it for all of them")]
impl LongReads {
    /// A page of one of a user's lists, from the newest entry on.
    pub fn follow_list(
        &self,
        app: AppKey,
        owner: &Owner,
        list: FollowList,
        after: Option<FollowCursor>,
        limit: u32,
    ) -> Result<FollowPage, Error> {
        follows::list(&self.0, app, owner, list, after, limit)
    }

    /// How long the lists of these users are, in their order; None where there is no such user.
    pub fn follow_counts(&self, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<FollowCounts>>, Error> {
        follows::counts(&self.0, app, ids)
    }

    /// Who of a user and these others follows whom; None where there is no such other.
    pub fn follow_relations(&self, app: AppKey, owner: &Owner, ids: &[UserId]) -> Result<Vec<Option<Relation>>, Error> {
        friends::relations(&self.0, app, owner, ids, friends::Rows::Follows)
    }

    /// What is stored of the status of these users, in their order; None where there is no such user. A point read each.
    pub fn statuses(&self, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<StoredStatus>>, Error> {
        statuses::find_all(&self.0, app, ids)
    }

    /// A page of the active users that a search of the directory finds. Of more than 10,000 the first ones.
    pub fn search_directory(&self, app: AppKey, search: &DirectorySearch, page: Page) -> Result<Listed<User>, Error> {
        directory::find(&self.0, app, search, page)
    }

    /// As [`Store::statuses_by_key`].
    pub fn statuses_by_key(&self, app: AppKey, keys: &[UserKey]) -> Result<Vec<StoredStatus>, Error> {
        statuses::find_by_keys(&self.0, app, keys)
    }
}
