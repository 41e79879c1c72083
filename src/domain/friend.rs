//! Friends as Tencent's API has them: contact rows with a remark and groups, requests that wait for consent, and follows.

use super::{ContactName, Fault, Moment, Patch, User, UserId, text};

/// Friends a user may have through Tencent's API. Source: the vendor's limits, "3,000 friends".
pub const FRIENDS_MAX: usize = 3000;

/// Friend groups a user may have. Source: the vendor's limits, "32 groups".
pub const GROUPS_MAX: u32 = 32;

/// Pending friend requests a user may have, incoming and outgoing each. The vendor's bound is 1,000 too.
pub const REQUESTS_MAX: u32 = 1000;

text::bounded_texts! {
    /// A group of friends in a user's contact list. Source: the vendor's limits, "group name 30 B".
    #[derive(PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(try_from = "String", into = "String")]
    FriendGroup, 30, is_unsafe_in_prose;

    /// The text sent with a friend request. Source: the vendor's limits, "wording 256 B".
    #[derive(PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(try_from = "String", into = "String")]
    AddWording, 256, is_unsafe_in_prose;
}

text::impl_string_conversion! { FriendGroup AddWording }

/// The origin of a friendship: `AddSource_Type_` and one to eight letters or digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddSource(String);

impl AddSource {
    const PREFIX: &'static str = "AddSource_Type_";

    pub const LETTERS_MAX: usize = 8;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let is_right = |letters: &str| {
            (1..=Self::LETTERS_MAX).contains(&letters.len()) && letters.bytes().all(|b| b.is_ascii_alphanumeric())
        };
        match raw.strip_prefix(Self::PREFIX) {
            _ if raw.is_empty() => Err(Fault::Missing),
            Some(letters) if is_right(letters) => Ok(Self(raw.to_owned())),
            Some(_) | None => Err(Fault::Malformed("AddSource_Type_ and one to eight letters")),
        }
    }
}

text::impl_as_str! { AddSource }

#[derive(Debug, Clone, PartialEq)]
pub struct Friend {
    pub id: UserId,
    pub remark: Option<ContactName>,
    /// The owner's groups that contain the friend, sorted.
    pub groups: Vec<FriendGroup>,
    pub source: Option<AddSource>,
    pub wording: Option<AddWording>,
    pub at: Moment,
}

/// Whether two users list each other as contacts, or block each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    BothWays,
    Mine,
    Theirs,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Incoming,
    Outgoing,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FriendRequest {
    /// The other user: the sender of an incoming request, the recipient of an outgoing one.
    pub with: UserId,
    pub name: Option<text::DisplayName>,
    pub direction: Direction,
    pub source: Option<AddSource>,
    pub wording: Option<AddWording>,
    pub at: Moment,
}

#[derive(Debug, Clone, PartialEq)]
pub struct FriendToAdd {
    pub whom: UserId,
    pub remark: Option<ContactName>,
    pub groups: Vec<FriendGroup>,
    pub source: Option<AddSource>,
    pub wording: Option<AddWording>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AddFriendOptions {
    /// Whether the owner is added to the other user's list too.
    pub both_ways: bool,
    /// Whether to skip the other user's consent. Only a back end may.
    pub is_forced: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddFriendOutcome {
    Added,
    Waiting,
    Refused(FriendFault),
}

#[derive(Debug, Clone, PartialEq)]
pub struct FriendChange {
    pub whom: UserId,
    pub remark: Patch<ContactName>,
    pub groups: Option<Vec<FriendGroup>>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct RequestAnswer {
    pub from: UserId,
    pub verdict: RequestDecision,
}

#[derive(Debug, Clone, PartialEq)]
pub enum RequestDecision {
    Refuse,
    Agree {
        /// Whether the recipient adds the sender too.
        both_ways: bool,
        remark: Option<ContactName>,
        group: Option<FriendGroup>,
    },
}

/// Why an operation between a user (the owner) and another user was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FriendFault {
    NoSuchUser,
    Oneself,
    AlreadyFriends,
    NotFriends,
    OwnerBlocks,
    OtherBlocks,
    /// The other user accepts no friend requests: [`super::tencent_profile::AllowType::DenyAny`].
    OtherDenies,
    /// The owner may not send friend requests: [`super::tencent_profile::ForbidType::SendOut`].
    MayNotSendRequests,
    OwnListFull,
    OtherListFull,
    GroupsFull,
    RequestsFull,
    NoSuchRequest,
    AlreadyBlocked,
    NotBlocked,
    BlocksFull,
    /// The owner follows [`super::friend::FOLLOWING_MAX`] users.
    FollowingFull,
    /// The call stopped before it reached this user. Repeating the same call completes it.
    Unfinished,
}

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

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FollowCounts {
    pub followers: u32,
    pub following: u32,
    pub mutual: u32,
}
