//! Following: a user subscribes to another user without consent. Rows are one-directional.

use super::{profile::User, time::Moment};

/// Users that one user may follow: as many as it may have contacts.
pub const FOLLOWING_MAX: u32 = 10_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowList {
    Followers,
    Following,
    Mutual,
}

/// The end of a page. Lists run from the newest entry to the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowCursor {
    pub at: Moment,
    /// Orders entries of the same time. Clients see and return it, so it must not grant access to anything.
    pub place: i64,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FollowPage {
    /// The other user of each entry, and the entry's creation time.
    pub items: Vec<(User, Moment)>,
    pub next: Option<FollowCursor>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowCounts {
    pub followers: u32,
    pub following: u32,
    pub mutual: u32,
}
