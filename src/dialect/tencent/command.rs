//! The commands by their names, `service.command`: one table, for the REST API and for the socket.

use std::pin::Pin;

use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    account, black_list,
    body::Body,
    call::{Answered, Call, Caller, Desk},
    follows, friends, groups,
    portrait::{self, Portraits},
    relations::Results,
    reply::{self, Answer, Family, Nothing, Refused, Told},
    requests, search, status,
};

type Running<'a> = Pin<Box<dyn Future<Output = Result<Answer, Refused>> + 'a>>;

fn told<'a, T: Told>(answered: impl Future<Output = Answered<T>> + 'a) -> Running<'a> {
    Box::pin(async { answered.await.map(reply::told) })
}

/// A command: where it leads, and what the document says of it.
pub(super) struct Command {
    /// `service.command`.
    pub(super) name: &'static str,
    /// `/service/command`.
    pub(super) path: &'static str,
    marks: &'static [Mark],
    /// The second half of its name, which no other has.
    pub(super) id: &'static str,
    /// What it is about, in the vendor's word.
    pub(super) tag: &'static str,
    /// A line in short, and more behind it.
    pub(super) said: &'static [&'static str],
    /// The shape of its body.
    pub(super) asks: fn() -> Shape,
    /// The shape of its answer, without the envelope.
    pub(super) tells: fn() -> Shape,
    run: for<'a> fn(Call<'a>) -> Running<'a>,
}

/// The name of a shape, and its schema with those that it refers to.
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) schemas: Vec<(String, RefOr<Schema>)>,
}

impl Shape {
    /// That of a type.
    pub(super) fn of<T: ToSchema>() -> Self {
        let mut schemas = vec![(T::name().into_owned(), T::schema())];
        T::schemas(&mut schemas);
        Self { name: T::name().into_owned(), schemas }
    }
}

/// A mark of the table.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    /// The command only reads: published libraries send some of these by GET, with a body.
    Read,
    /// Only the SDK calls it, on its socket: the REST API does not have it.
    Socket,
    /// Only the app's administrator calls it.
    BackEnd,
}

/// One line a command: its marks, its name, the body it takes, the type of its answer, and what runs it. The document has
/// the lines above.
macro_rules! commands {
    ($($tag:literal, $service:ident {
        $($(#[doc = $said:literal])* $(@$mark:ident)* $id:ident($asked:ty) -> $told:ty = $run:path;)*
    })*) => {
        &[$($(Command {
            name: concat!(stringify!($service), ".", stringify!($id)),
            path: concat!("/", stringify!($service), "/", stringify!($id)),
            marks: &[$(Mark::$mark),*],
            id: stringify!($id),
            tag: $tag,
            said: &[$($said),*],
            asks: Shape::of::<$asked>,
            tells: Shape::of::<$told>,
            run: |call| told::<$told>(async move { $run(call, Body::read(call, call.body)?).await }),
        },)*)*]
    };
}

/// Every command.
pub(super) const COMMANDS: &[Command] = commands! {
    "Accounts", im_open_login_svc {
        /// Imports an account
        ///
        /// Makes it, or brings what is given of a known one up to date.
        @BackEnd account_import(account::Import<'_>) -> Nothing = account::import;
        /// Imports several accounts
        ///
        /// By bare names, or with what `account_import` takes. Who cannot be imported is named in `FailAccounts`; the others are.
        @BackEnd multiaccount_import(account::ImportMany<'_>) -> account::Imported = account::import_many;
        /// Tells which accounts exist
        @Read @BackEnd account_check(account::Check<'_>) -> account::Checks = account::check;
        /// Deletes accounts
        ///
        /// Each by itself: profile, picture, friends and all.
        @BackEnd account_delete(account::Delete<'_>) -> account::Deletions = account::delete;
        /// Ends every session of an account
        ///
        /// UserSigs that were signed before now are dead too.
        @BackEnd kick(account::Kick<'_>) -> Nothing = account::kick;
    }
    "Profiles", profile {
        /// Sets fields of a profile
        ///
        /// What is given replaces what was: all of it, or nothing.
        portrait_set(portrait::Set<'_>) -> Nothing = portrait::set;
        /// Reads profiles
        ///
        /// The tags that are asked for, or all. Who does not exist is told one by one; if nobody exists, the whole call is refused.
        @Read portrait_get(portrait::Get<'_>) -> Portraits<'_> = portrait::get;
        /// Reads whole profiles, as the Web SDK does
        ///
        /// Of the first 100 users. Who does not exist is left out.
        @Read portrait_get_all(portrait::GetAll<'_>) -> Portraits<'_> = portrait::get_all;
    }
    "Friends", sns {
        /// Adds friends
        ///
        /// Who wants to be asked is asked: `ResultCode` 30539, which is no failure.
        friend_add(friends::Add<'_>) -> Results = friends::add;
        /// Imports friends
        ///
        /// They are not asked. When they were added is the moment of the import.
        @BackEnd friend_import(friends::Import<'_>) -> Results = friends::import;
        /// Changes friends
        ///
        /// What the user calls them, and the groups they are in.
        friend_update(friends::Update<'_>) -> Results = friends::update;
        /// Deletes friends
        friend_delete(friends::Delete<'_>) -> Results = friends::delete;
        /// Deletes all friends
        friend_delete_all(friends::DeleteAll) -> Nothing = friends::delete_all;
        /// Tells who is a friend of whom
        @Read friend_check(friends::Check<'_>) -> friends::Checks = friends::check;
        /// Lists friends
        ///
        /// 500 a page, without their profiles.
        @Read friend_get(friends::GetPage) -> friends::FriendPage = friends::get;
        /// Reads friends, with their profiles
        @Read friend_get_list(friends::GetList<'_>) -> friends::FriendsFound = friends::get_list;
        /// Reads friends, as the Web SDK does
        ///
        /// The same as `friend_get_list`.
        @Read friend_get_specified(friends::GetList<'_>) -> friends::FriendsFound = friends::get_list;
    }
    "Requests to be friends", sns {
        /// Lists requests that wait
        ///
        /// The newest first. A `StartTime` of 0 in the answer ends the list.
        @Read pendency_get(requests::Get) -> requests::Pendencies = requests::get;
        /// Answers requests that came
        friend_response(requests::Respond<'_>) -> Results = requests::answer;
        /// Forgets requests that came, or takes back those that went
        pendency_delete(requests::Delete<'_>) -> Results = requests::delete;
        /// Marks requests as seen
        ///
        /// Those that came until then; later ones count as unread.
        pendency_report(requests::Report) -> Nothing = requests::report;
    }
    "Groups of friends", sns {
        /// Makes groups
        ///
        /// All or none, and puts friends into every one of them.
        group_add(groups::Add<'_>) -> groups::GroupsMade = groups::add;
        /// Takes groups away
        ///
        /// The friends in them stay friends.
        group_delete(groups::Delete) -> groups::GroupsGone = groups::delete;
        /// Lists groups
        ///
        /// All, or those that are named, with the friends in them where that is asked.
        @Read group_get(groups::Get) -> groups::Groups = groups::get;
        /// Changes a group
        ///
        /// Gives it another name, or puts friends into it and takes others out.
        group_update(groups::Update<'_>) -> groups::GroupChanged = groups::update;
    }
    "Black lists", sns {
        /// Blocks accounts
        ///
        /// They are no friends any more, either way.
        black_list_add(black_list::Blocked<'_>) -> Results = black_list::add;
        /// Blocks accounts no longer
        ///
        /// Friendships do not come back.
        black_list_delete(black_list::Blocked<'_>) -> Results = black_list::delete;
        /// Lists who is blocked
        ///
        /// A `StartIndex` of 0 in the answer ends the list.
        @Read black_list_get(black_list::Get) -> black_list::BlackList = black_list::get;
        /// Tells who blocks whom
        @Read black_list_check(black_list::Check<'_>) -> black_list::BlackListChecks = black_list::check;
    }
    "User status", openim {
        /// Tells which accounts are online
        @Read @BackEnd query_online_status(status::QueryOnline<'_>) -> status::Queried = status::query_online;
        /// Tells which accounts are online, by its older name
        ///
        /// The same as `query_online_status`.
        @Read @BackEnd querystate(status::QueryOnline<'_>) -> status::Queried = status::query_online;
    }
    "User status", im_open_status {
        /// Reads the status of users
        @Socket ws_get_user_status(status::Get<'_>) -> status::StatusesFound = status::get;
        /// Sets one's custom status
        @Socket ws_set_custom_status(status::Custom) -> Nothing = status::set_custom;
        /// Subscribes to the status of users
        @Socket ws_status_subscribe(status::Subscribe<'_>) -> status::Subscribed = status::subscribe;
        /// Ends subscriptions
        @Socket ws_status_unsubscribe(status::Unsubscribe<'_>) -> status::Subscribed = status::unsubscribe;
    }
    "Following", follow {
        /// Follows users
        ///
        /// Without their consent; a block in either direction forbids it.
        follow_add(follows::Add<'_>) -> Results = follows::add;
        /// Follows users no longer
        follow_delete(follows::Delete<'_>) -> Results = follows::delete;
        /// Lists followers, followed users, or both at once
        ///
        /// From the newest entry on. An empty `NextCursor` in the answer ends the list.
        @Read follow_get(follows::Get) -> follows::FollowListed = follows::get;
        /// Counts followers and followed users
        @Read follow_get_info(follows::GetInfo<'_>) -> follows::FollowInfos = follows::get_info;
        /// Tells who follows whom
        @Read follow_check(follows::Check<'_>) -> follows::FollowChecks = follows::check;
    }
    "Profiles", user_search {
        /// Finds users by parts of their names
        ///
        /// An empty `Cursor` in the answer ends the list.
        @Read query(search::Query) -> search::UsersFound = search::query;
    }
};

/// Whether there is a command of this name.
pub(super) fn is_known(name: &str) -> bool {
    named(name).is_some()
}

fn named(name: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.name == name)
}

/// Runs a command by its name. None: there is no command of this name.
pub(super) async fn run(desk: &Desk<'_>, caller: &Caller, name: &str, body: &Value) -> Option<Answer> {
    Some(named(name)?.run(desk, caller, body).await)
}

impl Command {
    /// Whether it has this mark.
    pub(super) fn has(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Runs it and answers it, envelope and all.
    pub(super) async fn run(&self, desk: &Desk<'_>, caller: &Caller, body: &Value) -> Answer {
        let call = Call { desk, caller, body };
        let admitted = if self.has(Mark::BackEnd) { call.back_end() } else { Ok(()) };
        let answered = match admitted {
            Ok(()) => (self.run)(call).await,
            Err(refused) => Err(refused),
        };
        answered.unwrap_or_else(|refused| reply::failed(&refused, Family::of(self.name)))
    }
}
