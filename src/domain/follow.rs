//! Following: one user subscribes to another without the other's consent. Rows are one-directional.

use super::{profile::User, time::Moment};

/// Users that one user may follow. As many as it may have contacts.
pub const FOLLOWING_MAX: u32 = 10_000;

/// One of the lists that following makes of a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FollowList {
    /// The users that follow it.
    Followers,
    /// The users that it follows.
    Following,
    /// The users that it follows and that follow it.
    Mutual,
}

/// Where a page of such a list ended. Lists run from the newest entry to the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowCursor {
    /// When the last entry of the page was made.
    pub at: Moment,
    /// Which of the entries of that moment it was. Clients hand it back: it orders entries and gives access to nothing.
    pub place: i64,
}

/// One page of such a list.
#[derive(Debug, Clone, PartialEq)]
pub struct FollowPage {
    /// The other user of each entry, and when it was made.
    pub items: Vec<(User, Moment)>,
    /// Where the next page begins, if there is one.
    pub next: Option<FollowCursor>,
}

/// How long the lists of a user are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FollowCounts {
    /// The users that follow it.
    pub followers: u32,
    /// The users that it follows.
    pub following: u32,
    /// The users that it follows and that follow it.
    pub mutual: u32,
}
