//! The rules of the service, run on a store alone: each in one unit of work.

use standin::{
    domain::{
        error::Error,
        friend::{Befriend, Befriended, Befriending, Direction, FriendChange, FriendFault, FriendGroup, RequestAnswer},
        id::{AppKey, UserId, UserKey},
        owner::Owner,
        time::Moment,
    },
    service::{
        contacts, follows,
        friends::{
            Outcomes,
            groups::{self, GroupStep},
            requests, rules,
        },
    },
    store::{ContactsChange, Store, Touches},
};

macro_rules! rules {
    ($($name:ident($($given:ident: $type:ty),*) -> $answer:ty = $module:ident::$rule:ident($($passed:expr),*);)*) => {
        pub(super) trait Rules {
            $(async fn $name(&self, app: AppKey, $($given: $type),*) -> Result<$answer, Error>;)*
        }

        impl Rules for Store {
            $(
                async fn $name(&self, app: AppKey, $($given: $type),*) -> Result<$answer, Error> {
                    self.write(Touches::All, async move |tx| $module::$rule(tx, app, $($passed),*).await).await
                }
            )*
        }
    };
}

rules! {
    change_contacts(owner: UserKey, change: ContactsChange, at: Moment) -> () = contacts::change_contacts(owner, &change, at);
    block(owner: UserKey, whom: UserId, at: Moment) -> () = contacts::block(owner, &whom, at);
    unblock(owner: UserKey, whom: UserId, at: Moment) -> () = contacts::unblock(owner, &whom, at);
    befriend(owner: Owner, asked: Vec<Befriend>, how: Befriending, at: Moment) -> Vec<Befriended>
        = rules::befriend(&owner, &asked, how, at);
    unfriend(owner: Owner, whom: Vec<UserId>, both_ways: bool, at: Moment) -> Outcomes
        = rules::unfriend(&owner, &whom, both_ways, at);
    change_friends(owner: Owner, changes: Vec<FriendChange>, at: Moment) -> Outcomes
        = rules::change_friends(&owner, &changes, at);
    answer_requests(owner: Owner, answers: Vec<RequestAnswer>, at: Moment) -> Outcomes
        = requests::answer(&owner, &answers, at);
    forget_requests(owner: Owner, direction: Direction, with: Vec<UserId>, at: Moment) -> Outcomes
        = requests::forget(&owner, direction, &with, at);
    read_requests(owner: Owner, until: Moment) -> () = requests::read(&owner, until);
    black_list_add(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = rules::black_list_add(&owner, &whom, at);
    black_list_delete(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes
        = rules::black_list_delete(&owner, &whom, at);
    create_groups(owner: Owner, groups: Vec<FriendGroup>, members: Vec<UserId>, at: Moment) -> Result<Outcomes, FriendFault>
        = groups::create(&owner, &groups, &members, at);
    delete_group(owner: Owner, group: FriendGroup, at_most: u32, at: Moment) -> GroupStep
        = groups::delete(&owner, &group, at_most, at);
    rename_group(owner: Owner, names: [FriendGroup; 2], at_most: u32, at: Moment) -> GroupStep
        = groups::rename(&owner, names.each_ref(), at_most, at);
    change_group(owner: Owner, group: FriendGroup, members: Vec<(UserId, bool)>, at: Moment) -> Outcomes
        = groups::change_members(&owner, &group, &members, at);
    follow(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = follows::follow(&owner, &whom, at);
    unfollow(owner: Owner, whom: Vec<UserId>, at: Moment) -> Outcomes = follows::unfollow(&owner, &whom, at);
}
