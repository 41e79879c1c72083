//! Friends, requests between users, groups of friends and black lists: rows that Tencent's wire writes and others share.

mod black_list;
mod groups;
mod requests;

use standin::domain::{
    friend::{
        AddFriendOptions, AddFriendOutcome, AddSource, AddWording, Direction, FRIENDS_MAX, Friend, FriendChange,
        FriendFault, FriendGroup, FriendRequest, FriendToAdd, GROUPS_MAX, REQUESTS_MAX, Relation, RequestAnswer,
        RequestDecision,
    },
    text::ContactName,
};
use standin::store::RelationRows;

use super::{
    contacts::{STEP, called},
    *,
};

const BOTH_WAYS: AddFriendOptions = AddFriendOptions { both_ways: true, is_forced: false };
const ONE_WAY: AddFriendOptions = AddFriendOptions { both_ways: false, is_forced: false };
const FORCED: AddFriendOptions = AddFriendOptions { both_ways: true, is_forced: true };

type Outcome = Result<(), FriendFault>;

impl Shelf {
    async fn allowing(&self, id: &str, allow: AllowType) -> UserKey {
        let tencent_profile = TencentProfile { allow_type: Some(allow), ..TencentProfile::default() };
        let change = ProfileChange { tencent_profile, ..ProfileChange::default() };
        self.store.register(self.app, UpsertUser { change, ..registration(id) }).await.unwrap().user.key
    }

    async fn befriend(&self, owner: &str, wish: FriendToAdd, how: AddFriendOptions) -> AddFriendOutcome {
        self.store.befriend(self.app, by_id(owner), vec![wish], how, at(5)).await.unwrap()[0]
    }

    /// Friends without more ado, each of the other.
    async fn friends(&self, one: &str, other: &str) {
        assert_eq!(self.befriend(one, wish(other), FORCED).await, AddFriendOutcome::Added);
    }

    async fn unfriend(&self, owner: &str, whom: &[&str], both_ways: bool) -> Vec<Outcome> {
        let whom = whom.iter().map(|id| user_id(id)).collect();
        self.store.unfriend(self.app, by_id(owner), whom, both_ways, at(6)).await.unwrap()
    }

    async fn change_friend(
        &self,
        owner: &str,
        whom: &str,
        remark: Patch<ContactName>,
        groups: Option<&[&str]>,
    ) -> Outcome {
        let groups = groups.map(|groups| groups.iter().map(|name| group(name)).collect());
        let change = FriendChange { whom: user_id(whom), remark, groups };
        self.store.change_friends(self.app, by_id(owner), vec![change], at(6)).await.unwrap()[0]
    }

    fn friend(&self, owner: &str, whom: &str) -> Option<Friend> {
        self.store
            .reads_of(self.app, &by_id(owner), async |db, app, owner| {
                db.friends_among(app, owner, &[user_id(whom)]).await
            })
            .unwrap()
            .remove(0)
    }

    fn listed_by(&self, owner: &str) -> Vec<String> {
        let listed = self
            .store
            .reads_of(self.app, &by_id(owner), async |db, app, owner| db.friends(app, owner, Page::new(1, 100)).await)
            .unwrap();
        listed.items.into_iter().map(|friend| friend.id.as_str().to_owned()).collect()
    }

    fn stand(&self, owner: &str, whom: &str) -> Option<Relation> {
        self.store
            .reads_of(self.app, &by_id(owner), async |db, app, owner| {
                db.relations(app, owner, &[user_id(whom)], RelationRows::Contacts).await
            })
            .unwrap()[0]
    }

    /// Who heard of what since there were so many events.
    fn told_since(&self, seen: usize) -> Vec<(String, EventKind)> {
        self.events().into_iter().skip(seen).map(|event| (event.id.as_str().to_owned(), event.kind)).collect()
    }
}

fn wish(whom: &str) -> FriendToAdd {
    FriendToAdd { whom: user_id(whom), remark: None, groups: Vec::new(), source: None, wording: None }
}

fn group(name: &str) -> FriendGroup {
    FriendGroup::parse(name).unwrap()
}

/// A wish with everything that it can say.
fn full_wish(whom: &str, remark: &str, name: &str) -> FriendToAdd {
    FriendToAdd {
        remark: called(remark),
        groups: vec![group(name)],
        source: Some(AddSource::parse("AddSource_Type_Web").unwrap()),
        wording: Some(AddWording::parse("It is me").unwrap()),
        ..wish(whom)
    }
}

fn added(who: &str, whom: UserKey) -> (String, EventKind) {
    (who.to_owned(), EventKind::ContactsChanged { added: vec![whom], removed: Vec::new(), changed: Vec::new() })
}

fn removed(who: &str, whom: UserKey) -> (String, EventKind) {
    (who.to_owned(), EventKind::ContactsChanged { added: Vec::new(), removed: vec![whom], changed: Vec::new() })
}

fn changed(who: &str, whom: &[UserKey]) -> (String, EventKind) {
    (who.to_owned(), EventKind::ContactsChanged { added: Vec::new(), removed: Vec::new(), changed: whom.to_vec() })
}

fn request(who: &str, with: UserKey, is_incoming: bool, is_waiting: bool) -> (String, EventKind) {
    (who.to_owned(), EventKind::RequestChanged { with, is_incoming, is_waiting })
}

#[actix_web::test]
async fn who_takes_anybody_is_listed_at_once_and_each_whose_list_differs_hears_of_it() {
    let shelf = Shelf::fresh().await;
    let [ann, bob, eve] = [shelf.key("ann").await, shelf.key("bob").await, shelf.key("eve").await];
    let seen = shelf.events().len();
    assert_eq!(shelf.befriend("ann", full_wish("bob", "Bobby", "work"), BOTH_WAYS).await, AddFriendOutcome::Added);
    assert_eq!(shelf.told_since(seen), [added("bob", ann), added("ann", bob)]);
    assert_eq!(shelf.befriend("ann", wish("eve"), ONE_WAY).await, AddFriendOutcome::Added);
    assert_eq!(shelf.told_since(seen + 2), [added("ann", eve)]);
    let [mine, theirs] = [shelf.friend("ann", "bob").unwrap(), shelf.friend("bob", "ann").unwrap()];
    let source = Some(AddSource::parse("AddSource_Type_Web").unwrap());
    let wording = Some(AddWording::parse("It is me").unwrap());
    let expected =
        Friend { id: user_id("bob"), remark: called("Bobby"), groups: vec![group("work")], source, wording, at: at(5) };
    assert_eq!(mine, expected);
    let seen_from_there = Friend { id: user_id("ann"), remark: None, groups: Vec::new(), ..expected };
    assert_eq!(theirs, seen_from_there, "remark and group are one's own");
    assert_eq!((shelf.friend("ann", "eve").is_some(), shelf.friend("eve", "ann")), (true, None));
}

#[actix_web::test]
async fn who_lists_whom_is_told_from_either_side() {
    let shelf = Shelf::fresh().await;
    for id in ["ann", "bob", "eve", "kim"] {
        shelf.key(id).await;
    }
    shelf.friends("ann", "bob").await;
    shelf.befriend("ann", wish("eve"), ONE_WAY).await;
    let ids = ["bob", "eve", "kim", "nobody", "ann"].map(user_id);
    let stand = |owner| {
        shelf
            .store
            .reads_of(shelf.app, &by_id(owner), async |db, app, owner| {
                db.relations(app, owner, &ids, RelationRows::Contacts).await
            })
            .unwrap()
    };
    let none = Some(Relation::None);
    assert_eq!(stand("ann"), [Some(Relation::BothWays), Some(Relation::Mine), none, None, none]);
    assert_eq!(stand("eve"), [none, none, none, None, Some(Relation::Theirs)]);
}

#[actix_web::test]
async fn every_reason_against_a_friendship_is_told_and_nothing_is_done() {
    let shelf = Shelf::fresh().await;
    let ann = shelf.key("ann").await;
    for id in ["friend", "mine", "blocked"] {
        shelf.key(id).await;
    }
    let blocker = shelf.key("blocker").await;
    shelf.allowing("hermit", AllowType::DenyAny).await;
    shelf.friends("ann", "friend").await;
    shelf.befriend("ann", wish("mine"), ONE_WAY).await;
    shelf.block(ann, "blocked").await.unwrap();
    shelf.block(blocker, "ann").await.unwrap();
    let seen = shelf.events().len();
    let refused = [
        ("nobody", BOTH_WAYS, FriendFault::NoSuchUser),
        ("ann", BOTH_WAYS, FriendFault::Oneself),
        ("friend", BOTH_WAYS, FriendFault::AlreadyFriends),
        ("friend", ONE_WAY, FriendFault::AlreadyFriends),
        ("mine", ONE_WAY, FriendFault::AlreadyFriends),
        ("blocked", BOTH_WAYS, FriendFault::OwnerBlocks),
        ("blocked", FORCED, FriendFault::OwnerBlocks),
        ("blocker", BOTH_WAYS, FriendFault::OtherBlocks),
        ("blocker", FORCED, FriendFault::OtherBlocks),
        ("hermit", BOTH_WAYS, FriendFault::OtherDenies),
        ("hermit", ONE_WAY, FriendFault::OtherDenies),
    ];
    for (whom, how, fault) in refused {
        assert_eq!(shelf.befriend("ann", wish(whom), how).await, AddFriendOutcome::Refused(fault), "{whom} {how:?}");
    }
    assert_eq!(shelf.told_since(seen), []);
    assert_eq!(shelf.befriend("ann", wish("mine"), BOTH_WAYS).await, AddFriendOutcome::Added, "the other way is new");
    assert_eq!(shelf.told_since(seen), [added("mine", ann)]);
    assert_eq!(shelf.befriend("ann", wish("hermit"), FORCED).await, AddFriendOutcome::Added, "nobody is asked");
}

#[actix_web::test]
async fn who_may_not_ask_asks_nobody_and_is_still_listed_by_force() {
    let shelf = Shelf::fresh().await;
    let silenced = TencentProfile { forbid_type: Some(ForbidType::SendOut), ..TencentProfile::default() };
    let change = ProfileChange { tencent_profile: silenced, ..ProfileChange::default() };
    shelf.store.register(shelf.app, UpsertUser { change, ..registration("ann") }).await.unwrap();
    shelf.key("bob").await;
    assert_eq!(
        shelf.befriend("ann", wish("bob"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::MayNotSendRequests)
    );
    assert_eq!(shelf.befriend("bob", wish("ann"), BOTH_WAYS).await, AddFriendOutcome::Added, "others may ask");
    shelf.unfriend("ann", &["bob"], true).await;
    assert_eq!(shelf.befriend("ann", wish("bob"), FORCED).await, AddFriendOutcome::Added);
}

#[actix_web::test]
async fn several_are_told_one_by_one_and_heard_of_in_one_event() {
    let shelf = Shelf::fresh().await;
    let [ann, bob, eve] = [shelf.key("ann").await, shelf.key("bob").await, shelf.key("eve").await];
    shelf.allowing("shy", AllowType::NeedConfirm).await;
    let seen = shelf.events().len();
    let asked = ["bob", "nobody", "shy", "eve", "bob"].map(wish).to_vec();
    let befriended = shelf.store.befriend(shelf.app, by_id("ann"), asked, ONE_WAY, at(5)).await.unwrap();
    let [missing, known] = [FriendFault::NoSuchUser, FriendFault::AlreadyFriends].map(AddFriendOutcome::Refused);
    assert_eq!(
        befriended,
        [AddFriendOutcome::Added, missing, AddFriendOutcome::Waiting, AddFriendOutcome::Added, known]
    );
    let both = EventKind::ContactsChanged { added: vec![bob, eve], removed: Vec::new(), changed: Vec::new() };
    let told = shelf.told_since(seen);
    assert_eq!(told.last(), Some(&("ann".to_owned(), both)));
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], request("shy", ann, true, true));
}

#[actix_web::test]
async fn a_friend_leaves_ones_own_list_or_both() {
    let shelf = Shelf::fresh().await;
    let [ann, bob, eve] = [shelf.key("ann").await, shelf.key("bob").await, shelf.key("eve").await];
    shelf.friends("ann", "bob").await;
    shelf.friends("ann", "eve").await;
    let seen = shelf.events().len();
    let faults = [Ok(()), Err(FriendFault::NoSuchUser), Err(FriendFault::Oneself), Err(FriendFault::NotFriends)];
    assert_eq!(shelf.unfriend("ann", &["bob", "nobody", "ann", "bob"], false).await, faults);
    assert_eq!(shelf.told_since(seen), [removed("ann", bob)]);
    assert_eq!(shelf.stand("ann", "bob"), Some(Relation::Theirs));
    assert_eq!(shelf.unfriend("ann", &["eve"], true).await, [Ok(())]);
    assert_eq!(shelf.told_since(seen + 1), [removed("eve", ann), removed("ann", eve)]);
    assert_eq!((shelf.listed_by("ann"), shelf.listed_by("bob")), (vec![], vec!["ann".to_owned()]));
}

#[actix_web::test]
async fn a_friends_row_changes_as_asked_and_an_event_tells_of_it_when_it_differs() {
    let shelf = Shelf::fresh().await;
    let [_, bob] = [shelf.key("ann").await, shelf.key("bob").await];
    shelf.friends("ann", "bob").await;
    let seen = shelf.events().len();
    let bobby = || Patch::Set(called("Bobby").unwrap());
    assert_eq!(shelf.change_friend("ann", "bob", bobby(), Some(&["work", "chess", "work"])).await, Ok(()));
    let friend = shelf.friend("ann", "bob").unwrap();
    assert_eq!(
        (friend.remark, friend.groups),
        (called("Bobby"), vec![group("chess"), group("work")]),
        "sorted, once each"
    );
    assert_eq!(shelf.told_since(seen), [changed("ann", &[bob])]);
    assert_eq!(shelf.change_friend("ann", "bob", bobby(), Some(&["work", "chess"])).await, Ok(()));
    assert_eq!(shelf.change_friend("ann", "bob", Patch::Keep, None).await, Ok(()));
    assert_eq!(shelf.told_since(seen).len(), 1, "it says what it said");
    assert_eq!(shelf.change_friend("ann", "bob", Patch::Clear, Some(&[])).await, Ok(()));
    let friend = shelf.friend("ann", "bob").unwrap();
    assert_eq!((friend.remark, friend.groups, shelf.told_since(seen).len()), (None, vec![], 2));
    assert_eq!(shelf.change_friend("bob", "bob", Patch::Clear, None).await, Err(FriendFault::Oneself));
    assert_eq!(shelf.change_friend("ann", "nobody", Patch::Clear, None).await, Err(FriendFault::NoSuchUser));
    shelf.unfriend("ann", &["bob"], false).await;
    assert_eq!(shelf.change_friend("ann", "bob", bobby(), Some(&["new"])).await, Err(FriendFault::NotFriends));
    let groups =
        shelf.store.reads_of(shelf.app, &by_id("ann"), async |db, app, owner| db.groups(app, owner).await).unwrap();
    assert_eq!(groups.len(), 2, "no group comes of a refusal: {groups:?}");
}

#[actix_web::test]
async fn a_contact_is_a_friend_and_a_friend_a_contact_names_and_groups_kept() {
    let shelf = Shelf::fresh().await;
    let [ann, bob, eve] = [shelf.key("ann").await, shelf.key("bob").await, shelf.key("eve").await];
    let contacts = |add: Vec<(UserKey, Option<ContactName>)>| {
        let change = standin::store::ContactsChange { add, ..standin::store::ContactsChange::default() };
        shelf.store.change_contacts(shelf.app, ann, change, at(7))
    };
    contacts(vec![(bob, called("Robert"))]).await.unwrap();
    assert_eq!(shelf.friend("ann", "bob").unwrap().remark, called("Robert"));
    assert_eq!(
        shelf.befriend("ann", wish("bob"), ONE_WAY).await,
        AddFriendOutcome::Refused(FriendFault::AlreadyFriends)
    );
    shelf.befriend("ann", full_wish("eve", "Evie", "work"), BOTH_WAYS).await;
    assert_eq!(shelf.ids(ann), ["bob", "eve"]);
    let roster = shelf.roster(ann);
    assert_eq!(roster.into_iter().map(|contact| contact.name).collect::<Vec<_>>(), [called("Robert"), called("Evie")]);
    contacts(vec![(eve, None)]).await.unwrap();
    assert_eq!(shelf.friend("ann", "eve").unwrap().remark, called("Evie"), "a name that is not given anew stays");
    contacts(vec![(eve, called("Eva"))]).await.unwrap();
    let friend = shelf.friend("ann", "eve").unwrap();
    assert_eq!((friend.remark, friend.groups, friend.at), (called("Eva"), vec![group("work")], at(5)));
    shelf.change_friend("ann", "bob", Patch::Set(called("Bobby").unwrap()), None).await.unwrap();
    assert_eq!(shelf.roster(ann)[0].name, called("Bobby"));
    shelf.unfriend("ann", &["bob"], false).await;
    assert_eq!(shelf.ids(ann), ["eve"]);
}

#[actix_web::test]
async fn friends_are_listed_in_creation_order_from_any_item_on() {
    let shelf = Shelf::fresh().await;
    shelf.key("ann").await;
    shelf.many(5).await;
    let asked = ["u4", "u0", "u2", "u1", "u3"].map(wish).to_vec();
    shelf.store.befriend(shelf.app, by_id("ann"), asked, ONE_WAY, at(5)).await.unwrap();
    let page = |offset, limit| {
        let listed = shelf
            .store
            .reads_of(shelf.app, &by_id("ann"), async |db, app, owner| {
                db.friends(app, owner, Page::at_offset(offset, limit)).await
            })
            .unwrap();
        assert_eq!(listed.total, 5);
        listed.items.into_iter().map(|friend| friend.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(page(0, 2), ["u0", "u1"]);
    assert_eq!(page(3, 9), ["u3", "u4"]);
    assert_eq!(page(5, 9), Vec::<String>::new());
    assert_eq!(Page::at_offset(0, 5000).limit(), Page::OFFSET_LIMIT_MAX);
    let among = shelf
        .store
        .reads_of(shelf.app, &by_id("ann"), async |db, app, owner| {
            db.friends_among(app, owner, &["u3", "nobody", "ann", "u0"].map(user_id)).await
        })
        .unwrap();
    let found: Vec<_> = among.iter().map(|friend| friend.as_ref().map(|friend| friend.id.as_str())).collect();
    assert_eq!(found, [Some("u3"), None, None, Some("u0")]);
}

#[actix_web::test]
async fn nobody_has_more_than_three_thousand_friends() {
    let shelf = Shelf::fresh().await;
    let keys = shelf.many(FRIENDS_MAX + 2).await;
    shelf.allowing("shy", AllowType::NeedConfirm).await;
    let asked: Vec<FriendToAdd> = (1..FRIENDS_MAX).map(|n| wish(&format!("u{n}"))).collect();
    let befriended = shelf.store.befriend(shelf.app, by_id("u0"), asked, ONE_WAY, at(5)).await.unwrap();
    assert!(befriended.iter().all(|befriended| *befriended == AddFriendOutcome::Added));
    let [last, beyond] = [FRIENDS_MAX, FRIENDS_MAX + 1].map(|n| format!("u{n}"));
    assert_eq!(shelf.befriend("u0", wish("shy"), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    assert_eq!(shelf.befriend("u0", wish(&last), ONE_WAY).await, AddFriendOutcome::Added);
    assert_eq!(shelf.befriend("u0", wish(&beyond), ONE_WAY).await, AddFriendOutcome::Refused(FriendFault::OwnListFull));
    assert_eq!(
        shelf.befriend(&beyond, wish("u0"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::OtherListFull)
    );
    assert_eq!(shelf.befriend(&beyond, wish("u0"), ONE_WAY).await, AddFriendOutcome::Added, "one's own list has room");
    assert_eq!(
        shelf.befriend("u0", wish("u1"), BOTH_WAYS).await,
        AddFriendOutcome::Added,
        "the other's list alone grows"
    );
    let granted = shelf.agree("shy", "u0").await;
    assert_eq!(granted, Err(FriendFault::OtherListFull), "a request is granted when there is room again");
    shelf.unfriend("u0", &["u7"], false).await;
    assert_eq!(shelf.agree("shy", "u0").await, Ok(()));
    assert_eq!(shelf.ids(keys[0]).len(), 100, "as long as a page is");
    assert_eq!(
        shelf
            .store
            .reads_of(shelf.app, &by_id("u0"), async |db, app, owner| db.friends(app, owner, Page::new(1, 1)).await)
            .unwrap()
            .total,
        FRIENDS_MAX as u64
    );
}

#[actix_web::test]
async fn users_of_another_app_are_nobody_and_who_is_nobody_has_no_friends() {
    let shelf = Shelf::fresh().await;
    let foreign = shelf.store.create_app(new_app(2), at(0)).await.unwrap().key;
    shelf.key("ann").await;
    let secrets = NewSecrets { handle: handle("elsewhere"), ..registration("x").secrets };
    let theirs = UpsertUser { secrets, ..registration("stranger") };
    shelf.store.register(foreign, theirs).await.unwrap();
    let missing = FriendFault::NoSuchUser;
    assert_eq!(shelf.befriend("ann", wish("stranger"), FORCED).await, AddFriendOutcome::Refused(missing));
    assert_eq!(shelf.unfriend("ann", &["stranger"], true).await, [Err(missing)]);
    assert_eq!(shelf.stand("ann", "stranger"), None);
    let (store, app, nobody) = (&shelf.store, shelf.app, || by_id("nobody"));
    let refused = Error::NotFound(Resource::User);
    assert_eq!(store.befriend(app, nobody(), vec![], FORCED, at(5)).await, Err(refused.clone()));
    assert_eq!(store.unfriend(app, nobody(), vec![], true, at(5)).await, Err(refused.clone()));
    assert_eq!(store.change_friends(app, nobody(), vec![], at(5)).await, Err(refused.clone()));
    assert_eq!(store.answer_requests(app, nobody(), vec![], at(5)).await, Err(refused.clone()));
    assert_eq!(store.forget_requests(app, nobody(), Direction::Incoming, vec![], at(5)).await, Err(refused.clone()));
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.requests(app, owner, Direction::Incoming, 1).await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.unread_requests(app, owner).await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.friends(app, owner, Page::new(1, 1)).await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.friends_among(app, owner, &[]).await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db
            .relations(app, owner, &[], RelationRows::Contacts)
            .await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.groups(app, owner).await),
        Err(refused.clone())
    );
    assert_eq!(
        store.reads_of(app, &nobody(), async |db, app, owner| db.block_list(app, owner, Page::new(1, 1)).await),
        Err(refused.clone())
    );
    assert_eq!(store.black_list_add(app, nobody(), vec![], at(5)).await, Err(refused));
}

#[actix_web::test]
async fn a_deleted_user_takes_its_friends_groups_and_requests_with_it() {
    let shelf = Shelf::fresh().await;
    let [ann, _] = [shelf.key("ann").await, shelf.key("bob").await];
    shelf.allowing("shy", AllowType::NeedConfirm).await;
    shelf.befriend("bob", full_wish("ann", "Annie", "work"), BOTH_WAYS).await;
    assert_eq!(shelf.befriend("bob", wish("shy"), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    shelf.store.delete_user(shelf.app, by_id("bob"), at(0), at(9)).await.unwrap();
    assert_eq!(shelf.ids(ann), Vec::<String>::new());
    let rows =
        "SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM friend_group) + (SELECT count(*) FROM request)";
    let left: i64 = outside(&shelf).query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(shelf.asking("shy", Direction::Incoming), Vec::<String>::new());
    shelf.befriend("ann", wish("shy"), BOTH_WAYS).await;
    shelf.store.delete_user(shelf.app, by_id("shy"), at(0), at(9)).await.unwrap();
    assert_eq!(shelf.asking("ann", Direction::Outgoing), Vec::<String>::new(), "whoever is asked takes them too");
}
