//! A unit of work: what a rule of `service` reads and writes at once, by operations on rows.
//!
//! A rule is an asynchronous closure that is given a [`Tx`]. It looks first, refuses before its first write, then writes; it waits for
//! nothing but its rows. An operation on rows is one statement, or the few that one table needs; it knows no rule.

use std::{
    future::Future,
    ops::Deref,
    pin::pin,
    task::{Context, Poll, Waker},
};

use super::{FriendRow, Store, sqlite};
use crate::domain::{
    error::Error,
    event::EventKind,
    friend::FriendGroup,
    id::{AppKey, UserId, UserKey},
    owner::Owner,
    profile::{Patch, User},
    text::ContactName,
    time::Moment,
};

/// Whose rows a write may touch: an engine that runs several at a time runs those one after the other that share a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Touches {
    /// Those of one user.
    User(AppKey, Owner),
    /// Those of two users of an app.
    Two(AppKey, [Owner; 2]),
    /// Those of many users, or of none.
    All,
}

/// Reads rows.
pub struct Db<'a>(On<'a>);

/// Reads and writes rows; all of it is committed, or none.
pub struct Tx<'a> {
    db: Db<'a>,
    on: Writing<'a>,
}

/// Through which engine rows are read.
enum On<'a> {
    Sqlite(&'a sqlite::Reader),
}

/// Through which engine rows are written.
enum Writing<'a> {
    Sqlite(&'a sqlite::Writing<'a>),
}

impl<'a> Tx<'a> {
    fn sqlite(tx: &'a sqlite::Writing<'a>) -> Self {
        Self { db: Db(On::Sqlite(tx)), on: Writing::Sqlite(tx) }
    }
}

impl<'a> Deref for Tx<'a> {
    type Target = Db<'a>;

    fn deref(&self) -> &Db<'a> {
        &self.db
    }
}

impl Store {
    /// Runs a rule on the writer; resolves once its transaction is committed.
    /// # Errors
    /// What the rule refuses: nothing was changed then. `Busy`, `StorageFull`, `Internal`.
    pub async fn write<T: Send + 'static>(
        &self,
        _touches: Touches,
        rule: impl AsyncFn(&Tx<'_>) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.write(move |tx| at_once(rule(&Tx::sqlite(tx)))).await
    }
}

/// Runs work that waits for nothing: SQLite answers at once.
fn at_once<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    match pin!(work).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => Err(Error::internal("a unit of work waited for something else than its rows")),
    }
}

/// Operations on rows, a line each: what is given, what comes of it, and which function of every engine does it.
macro_rules! operations {
    ($on:ident by $engines:ident { $(
        $(#[$doc:meta])* $name:ident($($given:ident: $type:ty),*) -> $answer:ty = $module:ident::$function:ident;
    )* }) => {
        #[expect(clippy::missing_errors_doc, reason = "each fails as every read or write does")]
        impl $on<'_> {
            $(
                $(#[$doc])*
                pub async fn $name(&self, $($given: $type),*) -> Result<$answer, Error> {
                    match self.engine() {
                        $engines::Sqlite(rows) => sqlite::$module::$function(rows, $($given),*),
                    }
                }
            )*
        }
    };
}

impl<'a> Db<'a> {
    fn engine(&self) -> &On<'a> {
        &self.0
    }
}

impl<'a> Tx<'a> {
    fn engine(&self) -> &Writing<'a> {
        &self.on
    }
}

operations!(Db by On {
    /// A user by its id.
    user(app: AppKey, id: &UserId) -> Option<User> = users::find;
    /// A user by its key.
    user_by_key(app: AppKey, key: UserKey) -> Option<User> = users::find_by_key;
    /// The key of the user of this id.
    user_key(app: AppKey, id: &UserId) -> Option<UserKey> = users::key;
    /// What a user calls a contact; none where it does not list it.
    contact_name(owner: UserKey, contact: UserKey) -> Option<Option<String>> = contacts::name;
    /// Whether a user lists another.
    has_contact(owner: UserKey, contact: UserKey) -> bool = friends::lists;
    /// How many users one lists, deleted ones included whose rows the sweep has not taken away.
    count_contacts(owner: UserKey) -> usize = friends::friends;
    /// Whether a user blocks another.
    has_block(owner: UserKey, blocked: UserKey) -> bool = friends::blocks;
    /// How many users one blocks.
    count_blocks(app: AppKey, owner: UserKey) -> usize = contacts::blocks_of;
    /// Whether a user has room for these groups beside those it has.
    has_room_for_groups(owner: UserKey, groups: &[FriendGroup]) -> bool = groups::have_room;
    /// Whether a user has a group of this name.
    has_group(owner: UserKey, group: &FriendGroup) -> bool = groups::is_there;
    /// Friends in a group, `at_most`.
    members_of_group(owner: UserKey, group: &FriendGroup, at_most: u32) -> Vec<UserKey> = groups::members;
    /// What a friend was asked for with, while it has not answered.
    request(asked: UserKey, by: UserKey) -> Option<FriendRow> = requests::waiting;
    /// Whether a user follows another.
    has_follow(follower: UserKey, followed: UserKey) -> bool = follows::follows;
    /// How many users one follows.
    count_following(follower: UserKey) -> u32 = follows::following;
    /// Whether another request may wait for one, or by the other.
    has_room_for_request(asked: UserKey, by: UserKey) -> bool = requests::have_room;
});

operations!(Tx by Writing {
    /// Tells of a change.
    append_event(app: AppKey, user: UserKey, id: &UserId, kind: &EventKind, at: Moment) -> () = events::append;
    /// Lists a user of the app under a name, or gives it another; whether there is such a user.
    put_contact(app: AppKey, owner: UserKey, contact: UserKey, name: Option<&ContactName>, at: Moment) -> bool = contacts::put;
    /// Lists a friend; whether it was not listed.
    put_friend(owner: UserKey, contact: UserKey, row: &FriendRow, at: Moment) -> bool = friends::put;
    /// Changes a friend's remark, where one is given, and groups; whether they were others.
    change_friend(owner: UserKey, contact: UserKey, remark: &Patch<ContactName>, groups: Option<&[FriendGroup]>) -> bool = friends::set;
    /// Whether it was listed.
    take_contact(owner: UserKey, contact: UserKey) -> bool = friends::take;
    /// Whether it was not blocked.
    put_block(owner: UserKey, blocked: UserKey, at: Moment) -> bool = contacts::put_block;
    /// Whether it was blocked.
    take_block(owner: UserKey, blocked: UserKey) -> bool = contacts::take_block;
    /// Makes the groups that are new.
    put_groups(owner: UserKey, groups: &[FriendGroup]) -> () = groups::add;
    /// Takes a group away; the rows of friends still name it.
    take_group(owner: UserKey, group: &FriendGroup) -> () = groups::take;
    /// Takes a friend out of one group and puts it into others; whether its row says something else by that.
    regroup(owner: UserKey, friend: UserKey, without: Option<&FriendGroup>, with: &[FriendGroup]) -> bool = groups::regroup;
    /// Whether it did not follow.
    put_follow(follower: UserKey, followed: UserKey, at: Moment) -> bool = follows::put;
    /// Whether it followed.
    take_follow(follower: UserKey, followed: UserKey) -> bool = follows::take;
    /// Keeps a request, in the place of the one that waits between the two.
    put_request(asked: UserKey, by: UserKey, row: &FriendRow, at: Moment) -> () = requests::put;
    /// Whether there was one.
    take_request(asked: UserKey, by: UserKey) -> bool = requests::take;
    /// Requests that came to a user until then have been seen; it is never earlier than it was.
    set_requests_read(user: UserKey, until: Moment) -> () = requests::set_read;
});
