//! Reads that take longer than some 200 us, and the reader of the feed.
//!
//! A point read is a method of [`Store`] and runs on the caller's thread. Everything here needs a [`LongReads`], which only
//! [`Store::long_read`] and a [`FeedReader`] give out: neither can take a connection that point reads need.

use std::{collections::BTreeMap, path::Path, time::Duration};

use super::{
    Checkup, Concerning, EventPage, PictureRows, Store,
    sqlite::{
        Reader, admins, apps, black_list, contacts, events, friends, groups, health, pictures, requests, search,
        snapshot, users,
    },
};
use crate::domain::{
    admin::Kept,
    app::App,
    avatar::PictureKey,
    caller::CallerKey,
    contact::Contact,
    error::Error,
    friend::{Direction, Friend, FriendGroup, Relation, Request},
    id::{AppKey, UserId, UserKey},
    owner::Owner,
    page::{Listed, Order, Page},
    profile::User,
    search::{Stretch, UserSearch, Walk},
    text::{ContactName, MobileNumber},
    time::Moment,
};

impl Store {
    /// Runs a read that takes long on one of the threads for such, in the caller's turn: one caller uses a quarter of the threads, and
    /// of the places to wait, at most.
    /// # Errors
    /// What `read` returns; `TooMany` when the caller has as many waiting as it may; `Busy` when all places are taken.
    pub async fn long_read<T: Send + 'static>(
        &self,
        caller: CallerKey,
        read: impl FnOnce(&LongReads) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.0.long_read(caller, read).await
    }

    /// A connection for the feed alone. Every call opens one more.
    /// # Errors
    /// `Internal`, when the database cannot be opened once more.
    pub fn feed_reader(&self) -> Result<FeedReader, Error> {
        self.0.own_reader().map(|reader| FeedReader(LongReads(reader)))
    }
}

/// The feed's own connection: whatever others read, it does not wait.
pub struct FeedReader(LongReads);

impl FeedReader {
    /// Runs `read` at once, on the caller's thread.
    /// # Errors
    /// What `read` returns.
    pub fn read<T>(&self, read: impl FnOnce(&LongReads) -> Result<T, Error>) -> Result<T, Error> {
        read(&self.0)
    }
}

/// The reads that take long, and the point reads that go with them, on a connection that is not one of those for point reads.
///
/// All of them fail as every read does.
pub struct LongReads(pub(super) Reader);

#[expect(clippy::missing_errors_doc, reason = "the type's own line says it for all of them")]
impl LongReads {
    /// Reads through a connection of its own.
    pub(super) fn through(reader: Reader) -> Self {
        Self(reader)
    }

    /// Every app, in creation order.
    pub fn apps(&self) -> Result<Vec<App>, Error> {
        apps::all(&self.0)
    }

    /// The events after `seq` that may concern a user, of `at_most` rows. Costs a look into an index for
    /// each user it shares a contact row with.
    pub fn events_concerning(&self, app: AppKey, user: UserKey, seq: i64, at_most: u32) -> Result<Concerning, Error> {
        events::concerning(&self.0, app, user, seq, at_most)
    }

    /// Whether all that happened since event `seq` can still be told.
    pub fn can_tell_since(&self, seq: i64) -> Result<bool, Error> {
        events::can_tell_since(&self.0, seq)
    }

    /// A user by its key, for lists and notices: none where its row is damaged, which is logged. A point read.
    pub fn user_by_key(&self, app: AppKey, key: UserKey) -> Result<Option<User>, Error> {
        users::find_readable(&self.0, app, key)
    }

    /// These users, in their order; None for ids that nobody has. Some 5 us each.
    pub fn users_of(&self, app: AppKey, ids: &[UserId]) -> Result<Vec<Option<User>>, Error> {
        users::find_all(&self.0, app, ids)
    }

    /// Whether a user lists another. A point read.
    pub fn lists(&self, app: AppKey, owner: UserKey, contact: UserKey) -> Result<bool, Error> {
        friends::lists_in_app(&self.0, app, owner, contact)
    }

    /// A page of an app's users, suspended ones included; beyond the last page it is empty. Page n costs about what page 1 costs.
    pub fn users(&self, app: AppKey, page: Page, order: Order) -> Result<Listed<User>, Error> {
        users::list(&self.0, app, page, order)
    }

    /// A page of the users that a search finds, suspended ones included; of more than [`crate::domain::search::MATCHES_MAX`] the first
    /// ones. Texts of three characters and more are looked up in an index, others in every row.
    pub fn find_users(
        &self,
        app: AppKey,
        search: &UserSearch,
        page: Page,
        order: Order,
    ) -> Result<Listed<User>, Error> {
        search::find(&self.0, app, search, page, order)
    }

    /// The next stretch of a walk through an app's users, suspended ones included. Whatever is looked for, a stretch costs some milliseconds.
    pub fn walk_users(&self, app: AppKey, walk: &Walk) -> Result<Stretch, Error> {
        search::walk(&self.0, app, walk)
    }

    /// A page of a user's contacts, in the order they were created as users, suspended ones included; `search` is part of a name, in any
    /// case of letters. Takes a walk over the list: some 10 ms for the longest.
    pub fn contacts(
        &self,
        app: AppKey,
        owner: UserKey,
        search: Option<&str>,
        page: Page,
    ) -> Result<Listed<Contact>, Error> {
        contacts::list(&self.0, app, owner, search, page)
    }

    /// All of a user's contacts, in the order they were created as users, given to `each` one by one: 10,000 at the most, some 10 us
    /// each. An error of `each` ends the walk.
    pub fn roster(
        &self,
        app: AppKey,
        owner: UserKey,
        each: impl FnMut(Contact) -> Result<(), Error>,
    ) -> Result<(), Error> {
        contacts::listed_by(&self.0, app, owner, each)
    }

    /// A user's own contacts by their keys, each with what the owner calls them: 10,000 at the most.
    pub fn contact_names(&self, app: AppKey, owner: UserKey) -> Result<BTreeMap<UserKey, Option<ContactName>>, Error> {
        contacts::names(&self.0, app, owner)
    }

    /// For each telephone number the users who have it, in whatever notation, and the one who has it as id, to the letter. About 10 us a
    /// number.
    pub fn users_of_numbers(&self, app: AppKey, numbers: &[MobileNumber]) -> Result<Vec<Vec<UserKey>>, Error> {
        contacts::of_numbers(&self.0, app, numbers)
    }

    /// A page of the users that a user blocks, in the order they were created.
    pub fn blocked(&self, app: AppKey, owner: UserKey, page: Page) -> Result<Listed<User>, Error> {
        contacts::blocked(&self.0, app, owner, page)
    }

    /// Requests that wait, the newest first. Those of the [`Owner`].
    pub fn requests(
        &self,
        app: AppKey,
        owner: &Owner,
        direction: Direction,
        at_most: u32,
    ) -> Result<Vec<Request>, Error> {
        requests::list(&self.0, app, owner, direction, at_most)
    }

    /// How many of the requests that came to a user have not been seen. Those of the [`Owner`].
    pub fn unread_requests(&self, app: AppKey, owner: &Owner) -> Result<u32, Error> {
        requests::unread(&self.0, app, owner)
    }

    /// A page of the users that a user blocks and since when, in the order they were created. Those of the [`Owner`].
    pub fn black_list(&self, app: AppKey, owner: &Owner, page: Page) -> Result<Listed<(UserId, Moment)>, Error> {
        black_list::page(&self.0, app, owner, page)
    }

    /// A page of a user's friends, in the order they were created as users. Those of the [`Owner`].
    pub fn friends(&self, app: AppKey, owner: &Owner, page: Page) -> Result<Listed<Friend>, Error> {
        friends::page(&self.0, app, owner, page)
    }

    /// Which of these are a user's friends, in their order. Those of the [`Owner`].
    pub fn friends_among(&self, app: AppKey, owner: &Owner, ids: &[UserId]) -> Result<Vec<Option<Friend>>, Error> {
        friends::among(&self.0, app, owner, ids)
    }

    /// Which of a user and each of these lists the other; None where there is no such other. Those of the [`Owner`].
    pub fn friendships(&self, app: AppKey, owner: &Owner, ids: &[UserId]) -> Result<Vec<Option<Relation>>, Error> {
        friends::relations(&self.0, app, owner, ids, friends::Rows::Contacts)
    }

    /// Which of a user and each of these blocks the other; None where there is no such other. Those of the [`Owner`].
    pub fn blocks_among(&self, app: AppKey, owner: &Owner, ids: &[UserId]) -> Result<Vec<Option<Relation>>, Error> {
        friends::relations(&self.0, app, owner, ids, friends::Rows::Blocks)
    }

    /// A user's groups by name, each with the friends in it. Those of the [`Owner`].
    pub fn groups(&self, app: AppKey, owner: &Owner) -> Result<Vec<(FriendGroup, Vec<UserId>)>, Error> {
        groups::all(&self.0, app, owner)
    }

    /// The users that hear of a user's changes: those it lists and those that list it, except across a block in either direction. Takes a
    /// walk over these rows.
    pub fn hearers(&self, app: AppKey, user: UserKey) -> Result<Vec<UserKey>, Error> {
        contacts::hearers(&self.0, app, user)
    }

    /// Whether `listener` is among the [`LongReads::hearers`] of a user. A few point reads.
    pub fn hears(&self, app: AppKey, listener: UserKey, of: UserKey) -> Result<bool, Error> {
        contacts::hears(&self.0, app, listener, of)
    }

    /// What happened after `seq`, in the order of the commits: at most so many events, and some 4 MiB of them.
    pub fn events_after(&self, seq: i64, at_most: u32) -> Result<EventPage, Error> {
        events::after(&self.0, seq, at_most)
    }

    /// What was done before the deed of this number, the newest first.
    pub fn deeds_before(&self, seq: i64, at_most: u32) -> Result<Vec<Kept>, Error> {
        admins::kept(&self.0, seq, at_most)
    }

    /// The rows of pictures, released ones included, to be read shard by shard: what the picture folder may hold.
    pub fn pictures(&self) -> PictureRows<'_> {
        PictureRows::of(&self.0)
    }

    /// Names of pictures of which it is not known what their files take: stored by a version that did not keep it.
    pub fn unmeasured_pictures(&self, at_most: u32) -> Result<Vec<PictureKey>, Error> {
        pictures::unmeasured(&self.0, at_most)
    }

    /// Looks the whole database over, for so long at the most.
    pub fn check_up(&self, wait_max: Duration) -> Result<Checkup, Error> {
        health::check_up(&self.0, wait_max)
    }

    /// Copies everything that is committed now into a new file (mode 0600), in one step, so that writes go on meanwhile: taken 100 pages at
    /// a time, a copy began anew with each of them and never ended. Takes as long as the file is read and written; `StorageFull`.
    pub fn copy_to(&self, file: &Path) -> Result<(), Error> {
        snapshot::copy(&self.0, file)
    }
}
