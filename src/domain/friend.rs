//! Friends, as Tencent's wire has them: contact rows of their owner with a remark and groups, and requests that wait for consent.

use super::{
    error::Fault,
    id::UserId,
    profile::Patch,
    text::{self, ContactName},
    time::Moment,
};

/// Friends one may have by this wire. Source: the vendor's limits, "3,000 friends".
pub const FRIENDS_MAX: usize = 3000;

/// Groups one may sort friends into. Source: the vendor's limits, "32 groups".
pub const GROUPS_MAX: u32 = 32;

/// Requests that may wait for one user's consent, and that one user may have waiting at others; the vendor's bound is 1,000 too.
pub const REQUESTS_MAX: u32 = 1000;

text::texts! {
    /// A group that a user sorts friends into. Source: the vendor's limits, "group name 30 B".
    #[derive(PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(try_from = "String", into = "String")]
    FriendGroup, 30, is_unsafe_in_prose;

    /// What is said to whom one wants as a friend. Source: the vendor's limits, "wording 256 B".
    #[derive(PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
    #[serde(try_from = "String", into = "String")]
    AddWording, 256, is_unsafe_in_prose;
}

text::kept! { FriendGroup AddWording }

/// How a friendship came about: `AddSource_Type_` and one to eight letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddSource(String);

impl AddSource {
    const PREFIX: &'static str = "AddSource_Type_";

    /// Letters behind the prefix.
    pub const LETTERS_MAX: usize = 8;

    /// Checks the rule of this type.
    /// # Errors
    /// [`Fault::Missing`], [`Fault::Malformed`].
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

text::shown! { AddSource }

/// A contact row as its owner's friend.
#[derive(Debug, Clone, PartialEq)]
pub struct Friend {
    /// Who it is.
    pub id: UserId,
    /// What the owner calls them.
    pub remark: Option<ContactName>,
    /// The owner's groups they are in, sorted.
    pub groups: Vec<FriendGroup>,
    /// How it came about.
    pub source: Option<AddSource>,
    /// What was said then.
    pub wording: Option<AddWording>,
    /// Since when.
    pub at: Moment,
}

/// Who lists whom, or who blocks whom, of two users.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Each the other.
    BothWays,
    /// The one who asks the other, and not the other way.
    Mine,
    /// The other the one who asks, and not the other way.
    Theirs,
    /// Neither.
    None,
}

/// Whether a request came or went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Somebody asks the user.
    Incoming,
    /// The user asks somebody.
    Outgoing,
}

/// A request to be friends that waits for consent.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The one who asks where it came, the one who is asked where it went.
    pub with: UserId,
    /// That user's display name, if it has one.
    pub name: Option<text::DisplayName>,
    /// Whether it came or went.
    pub direction: Direction,
    /// How it came about.
    pub source: Option<AddSource>,
    /// What was said.
    pub wording: Option<AddWording>,
    /// Since when.
    pub at: Moment,
}

/// A wish to list somebody as a friend.
#[derive(Debug, Clone, PartialEq)]
pub struct Befriend {
    /// Whom.
    pub whom: UserId,
    /// What the owner calls them.
    pub remark: Option<ContactName>,
    /// The groups to put them in.
    pub groups: Vec<FriendGroup>,
    /// How it came about.
    pub source: Option<AddSource>,
    /// What is said.
    pub wording: Option<AddWording>,
}

/// How friends are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Befriending {
    /// Whether the other lists the owner too.
    pub both_ways: bool,
    /// Whether nobody is asked: the back end's right.
    pub is_forced: bool,
}

/// What came of a wish to be friends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Befriended {
    /// They are friends.
    Added,
    /// The other is asked.
    Waiting,
    /// No.
    Refused(FriendFault),
}

/// A change of a friend's row. What is not given stays.
#[derive(Debug, Clone, PartialEq)]
pub struct FriendChange {
    /// Which friend.
    pub whom: UserId,
    /// What the owner calls them.
    pub remark: Patch<ContactName>,
    /// The groups they are in from now on.
    pub groups: Option<Vec<FriendGroup>>,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq)]
pub struct RequestAnswer {
    /// Who asked.
    pub from: UserId,
    /// What is answered.
    pub verdict: Verdict,
}

/// What is answered to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// No.
    Refuse,
    /// Yes.
    Agree {
        /// Whether the one who is asked lists the other too.
        both_ways: bool,
        /// What the one who is asked calls the other.
        remark: Option<ContactName>,
        /// A group of the one who is asked.
        group: Option<FriendGroup>,
    },
}

/// Why something about two users is not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FriendFault {
    /// The other does not exist.
    NoSuchUser,
    /// The other is the owner.
    Oneself,
    /// The owner lists the other already.
    AlreadyFriends,
    /// The owner does not list the other.
    NotFriends,
    /// The owner blocks the other.
    IBlock,
    /// The other blocks the owner.
    TheyBlock,
    /// The other wants no friends, [`super::particulars::AllowType::DenyAny`].
    TheyDeny,
    /// The owner may not ask anybody, [`super::particulars::ForbidType::SendOut`].
    MayNotAsk,
    /// The owner has [`FRIENDS_MAX`] friends.
    MyListFull,
    /// The other has [`FRIENDS_MAX`] friends.
    TheirListFull,
    /// The owner has [`GROUPS_MAX`] groups.
    GroupsFull,
    /// [`REQUESTS_MAX`] requests wait already.
    RequestsFull,
    /// There is no such request.
    NoSuchRequest,
    /// The owner blocks the other already.
    AlreadyBlocked,
    /// The owner does not block the other.
    NotBlocked,
    /// The owner blocks as many as it may.
    BlocksFull,
    /// The owner follows [`super::follow::FOLLOWING_MAX`] users.
    FollowingFull,
    /// The call broke off before it came to this one: the same call again completes it.
    Unfinished,
}
