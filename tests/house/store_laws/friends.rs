//! Friends, requests between users, groups of friends and black lists: rows that Tencent's API writes and others share.

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

impl Fixture {
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

    /// The users notified since event number `since`, and of what.
    fn events_since(&self, seen: usize) -> Vec<(String, EventKind)> {
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
async fn a_user_that_allows_any_request_is_added_at_once_and_both_are_notified() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    let seen = fixture.events().len();
    assert_eq!(fixture.befriend("ann", full_wish("bob", "Bobby", "work"), BOTH_WAYS).await, AddFriendOutcome::Added);
    assert_eq!(fixture.events_since(seen), [added("bob", ann), added("ann", bob)]);
    assert_eq!(fixture.befriend("ann", wish("eve"), ONE_WAY).await, AddFriendOutcome::Added);
    assert_eq!(fixture.events_since(seen + 2), [added("ann", eve)]);
    let [mine, theirs] = [fixture.friend("ann", "bob").unwrap(), fixture.friend("bob", "ann").unwrap()];
    let source = Some(AddSource::parse("AddSource_Type_Web").unwrap());
    let wording = Some(AddWording::parse("It is me").unwrap());
    let expected =
        Friend { id: user_id("bob"), remark: called("Bobby"), groups: vec![group("work")], source, wording, at: at(5) };
    assert_eq!(mine, expected);
    let seen_from_there = Friend { id: user_id("ann"), remark: None, groups: Vec::new(), ..expected };
    assert_eq!(theirs, seen_from_there, "remark and group are one's own");
    assert_eq!((fixture.friend("ann", "eve").is_some(), fixture.friend("eve", "ann")), (true, None));
}

#[actix_web::test]
async fn the_relation_is_reported_from_either_side() {
    let fixture = Fixture::fresh().await;
    for id in ["ann", "bob", "eve", "kim"] {
        fixture.key(id).await;
    }
    fixture.friends("ann", "bob").await;
    fixture.befriend("ann", wish("eve"), ONE_WAY).await;
    let ids = ["bob", "eve", "kim", "nobody", "ann"].map(user_id);
    let stand = |owner| {
        fixture
            .store
            .reads_of(fixture.app, &by_id(owner), async |db, app, owner| {
                db.relations(app, owner, &ids, RelationRows::Contacts).await
            })
            .unwrap()
    };
    let none = Some(Relation::None);
    assert_eq!(stand("ann"), [Some(Relation::BothWays), Some(Relation::Mine), none, None, none]);
    assert_eq!(stand("eve"), [none, none, none, None, Some(Relation::Theirs)]);
}

#[actix_web::test]
async fn every_reason_against_a_friendship_is_reported_and_nothing_changes() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    for id in ["friend", "mine", "blocked"] {
        fixture.key(id).await;
    }
    let blocker = fixture.key("blocker").await;
    fixture.allowing("hermit", AllowType::DenyAny).await;
    fixture.friends("ann", "friend").await;
    fixture.befriend("ann", wish("mine"), ONE_WAY).await;
    fixture.block(ann, "blocked").await.unwrap();
    fixture.block(blocker, "ann").await.unwrap();
    let seen = fixture.events().len();
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
        assert_eq!(fixture.befriend("ann", wish(whom), how).await, AddFriendOutcome::Refused(fault), "{whom} {how:?}");
    }
    assert_eq!(fixture.events_since(seen), []);
    assert_eq!(fixture.befriend("ann", wish("mine"), BOTH_WAYS).await, AddFriendOutcome::Added, "the other way is new");
    assert_eq!(fixture.events_since(seen), [added("mine", ann)]);
    assert_eq!(fixture.befriend("ann", wish("hermit"), FORCED).await, AddFriendOutcome::Added, "no request is sent");
}

#[actix_web::test]
async fn a_user_that_may_not_send_requests_can_still_be_added_by_force() {
    let fixture = Fixture::fresh().await;
    let silenced = TencentProfile { forbid_type: Some(ForbidType::SendOut), ..TencentProfile::default() };
    let change = ProfileChange { tencent_profile: silenced, ..ProfileChange::default() };
    fixture.store.register(fixture.app, UpsertUser { change, ..registration("ann") }).await.unwrap();
    fixture.key("bob").await;
    assert_eq!(
        fixture.befriend("ann", wish("bob"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::MayNotSendRequests)
    );
    assert_eq!(fixture.befriend("bob", wish("ann"), BOTH_WAYS).await, AddFriendOutcome::Added, "others may ask");
    fixture.unfriend("ann", &["bob"], true).await;
    assert_eq!(fixture.befriend("ann", wish("bob"), FORCED).await, AddFriendOutcome::Added);
}

#[actix_web::test]
async fn several_friends_get_one_result_each_and_one_common_event() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    fixture.allowing("shy", AllowType::NeedConfirm).await;
    let seen = fixture.events().len();
    let asked = ["bob", "nobody", "shy", "eve", "bob"].map(wish).to_vec();
    let befriended = fixture.store.befriend(fixture.app, by_id("ann"), asked, ONE_WAY, at(5)).await.unwrap();
    let [missing, known] = [FriendFault::NoSuchUser, FriendFault::AlreadyFriends].map(AddFriendOutcome::Refused);
    assert_eq!(
        befriended,
        [AddFriendOutcome::Added, missing, AddFriendOutcome::Waiting, AddFriendOutcome::Added, known]
    );
    let both = EventKind::ContactsChanged { added: vec![bob, eve], removed: Vec::new(), changed: Vec::new() };
    let reported = fixture.events_since(seen);
    assert_eq!(reported.last(), Some(&("ann".to_owned(), both)));
    assert_eq!(reported.len(), 3, "{reported:?}");
    assert_eq!(reported[0], request("shy", ann, true, true));
}

#[actix_web::test]
async fn a_friend_is_deleted_from_one_list_or_both() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    fixture.friends("ann", "bob").await;
    fixture.friends("ann", "eve").await;
    let seen = fixture.events().len();
    let faults = [Ok(()), Err(FriendFault::NoSuchUser), Err(FriendFault::Oneself), Err(FriendFault::NotFriends)];
    assert_eq!(fixture.unfriend("ann", &["bob", "nobody", "ann", "bob"], false).await, faults);
    assert_eq!(fixture.events_since(seen), [removed("ann", bob)]);
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::Theirs));
    assert_eq!(fixture.unfriend("ann", &["eve"], true).await, [Ok(())]);
    assert_eq!(fixture.events_since(seen + 1), [removed("eve", ann), removed("ann", eve)]);
    assert_eq!((fixture.listed_by("ann"), fixture.listed_by("bob")), (vec![], vec!["ann".to_owned()]));
}

#[actix_web::test]
async fn a_friends_row_changes_and_an_event_follows_if_it_differs() {
    let fixture = Fixture::fresh().await;
    let [_, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    fixture.friends("ann", "bob").await;
    let seen = fixture.events().len();
    let bobby = || Patch::Set(called("Bobby").unwrap());
    assert_eq!(fixture.change_friend("ann", "bob", bobby(), Some(&["work", "chess", "work"])).await, Ok(()));
    let friend = fixture.friend("ann", "bob").unwrap();
    assert_eq!(
        (friend.remark, friend.groups),
        (called("Bobby"), vec![group("chess"), group("work")]),
        "sorted, once each"
    );
    assert_eq!(fixture.events_since(seen), [changed("ann", &[bob])]);
    assert_eq!(fixture.change_friend("ann", "bob", bobby(), Some(&["work", "chess"])).await, Ok(()));
    assert_eq!(fixture.change_friend("ann", "bob", Patch::Keep, None).await, Ok(()));
    assert_eq!(fixture.events_since(seen).len(), 1, "it says what it said");
    assert_eq!(fixture.change_friend("ann", "bob", Patch::Clear, Some(&[])).await, Ok(()));
    let friend = fixture.friend("ann", "bob").unwrap();
    assert_eq!((friend.remark, friend.groups, fixture.events_since(seen).len()), (None, vec![], 2));
    assert_eq!(fixture.change_friend("bob", "bob", Patch::Clear, None).await, Err(FriendFault::Oneself));
    assert_eq!(fixture.change_friend("ann", "nobody", Patch::Clear, None).await, Err(FriendFault::NoSuchUser));
    fixture.unfriend("ann", &["bob"], false).await;
    assert_eq!(fixture.change_friend("ann", "bob", bobby(), Some(&["new"])).await, Err(FriendFault::NotFriends));
    let groups =
        fixture.store.reads_of(fixture.app, &by_id("ann"), async |db, app, owner| db.groups(app, owner).await).unwrap();
    assert_eq!(groups.len(), 2, "no group comes of a refusal: {groups:?}");
}

#[actix_web::test]
async fn contacts_and_friends_are_the_same_rows_with_names_and_groups() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    let contacts = |add: Vec<(UserKey, Option<ContactName>)>| {
        let change = standin::store::ContactsChange { add, ..standin::store::ContactsChange::default() };
        fixture.store.change_contacts(fixture.app, ann, change, at(7))
    };
    contacts(vec![(bob, called("Robert"))]).await.unwrap();
    assert_eq!(fixture.friend("ann", "bob").unwrap().remark, called("Robert"));
    assert_eq!(
        fixture.befriend("ann", wish("bob"), ONE_WAY).await,
        AddFriendOutcome::Refused(FriendFault::AlreadyFriends)
    );
    fixture.befriend("ann", full_wish("eve", "Evie", "work"), BOTH_WAYS).await;
    assert_eq!(fixture.ids(ann), ["bob", "eve"]);
    let roster = fixture.roster(ann);
    assert_eq!(roster.into_iter().map(|contact| contact.name).collect::<Vec<_>>(), [called("Robert"), called("Evie")]);
    contacts(vec![(eve, None)]).await.unwrap();
    assert_eq!(fixture.friend("ann", "eve").unwrap().remark, called("Evie"), "a name that is not given stays");
    contacts(vec![(eve, called("Eva"))]).await.unwrap();
    let friend = fixture.friend("ann", "eve").unwrap();
    assert_eq!((friend.remark, friend.groups, friend.at), (called("Eva"), vec![group("work")], at(5)));
    fixture.change_friend("ann", "bob", Patch::Set(called("Bobby").unwrap()), None).await.unwrap();
    assert_eq!(fixture.roster(ann)[0].name, called("Bobby"));
    fixture.unfriend("ann", &["bob"], false).await;
    assert_eq!(fixture.ids(ann), ["eve"]);
}

#[actix_web::test]
async fn friends_are_listed_in_creation_order_from_any_item_on() {
    let fixture = Fixture::fresh().await;
    fixture.key("ann").await;
    fixture.many(5).await;
    let asked = ["u4", "u0", "u2", "u1", "u3"].map(wish).to_vec();
    fixture.store.befriend(fixture.app, by_id("ann"), asked, ONE_WAY, at(5)).await.unwrap();
    let page = |offset, limit| {
        let listed = fixture
            .store
            .reads_of(fixture.app, &by_id("ann"), async |db, app, owner| {
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
    let among = fixture
        .store
        .reads_of(fixture.app, &by_id("ann"), async |db, app, owner| {
            db.friends_among(app, owner, &["u3", "nobody", "ann", "u0"].map(user_id)).await
        })
        .unwrap();
    let found: Vec<_> = among.iter().map(|friend| friend.as_ref().map(|friend| friend.id.as_str())).collect();
    assert_eq!(found, [Some("u3"), None, None, Some("u0")]);
}

#[actix_web::test]
async fn a_user_has_at_most_three_thousand_friends() {
    let fixture = Fixture::fresh().await;
    let keys = fixture.many(FRIENDS_MAX + 2).await;
    fixture.allowing("shy", AllowType::NeedConfirm).await;
    let asked: Vec<FriendToAdd> = (1..FRIENDS_MAX).map(|n| wish(&format!("u{n}"))).collect();
    let befriended = fixture.store.befriend(fixture.app, by_id("u0"), asked, ONE_WAY, at(5)).await.unwrap();
    assert!(befriended.iter().all(|befriended| *befriended == AddFriendOutcome::Added));
    let [last, beyond] = [FRIENDS_MAX, FRIENDS_MAX + 1].map(|n| format!("u{n}"));
    assert_eq!(fixture.befriend("u0", wish("shy"), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    assert_eq!(fixture.befriend("u0", wish(&last), ONE_WAY).await, AddFriendOutcome::Added);
    assert_eq!(
        fixture.befriend("u0", wish(&beyond), ONE_WAY).await,
        AddFriendOutcome::Refused(FriendFault::OwnListFull)
    );
    assert_eq!(
        fixture.befriend(&beyond, wish("u0"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::OtherListFull)
    );
    assert_eq!(
        fixture.befriend(&beyond, wish("u0"), ONE_WAY).await,
        AddFriendOutcome::Added,
        "one's own list has room"
    );
    assert_eq!(
        fixture.befriend("u0", wish("u1"), BOTH_WAYS).await,
        AddFriendOutcome::Added,
        "the other's list alone grows"
    );
    let granted = fixture.agree("shy", "u0").await;
    assert_eq!(granted, Err(FriendFault::OtherListFull), "a request is granted when there is room again");
    fixture.unfriend("u0", &["u7"], false).await;
    assert_eq!(fixture.agree("shy", "u0").await, Ok(()));
    assert_eq!(fixture.ids(keys[0]).len(), 100, "as long as a page is");
    assert_eq!(
        fixture
            .store
            .reads_of(fixture.app, &by_id("u0"), async |db, app, owner| db.friends(app, owner, Page::new(1, 1)).await)
            .unwrap()
            .total,
        FRIENDS_MAX as u64
    );
}

#[actix_web::test]
async fn users_of_another_app_do_not_exist_and_unknown_users_have_no_friends() {
    let fixture = Fixture::fresh().await;
    let foreign = fixture.store.create_app(new_app(2), at(0)).await.unwrap().key;
    fixture.key("ann").await;
    let secrets = NewSecrets { handle: handle("elsewhere"), ..registration("x").secrets };
    let theirs = UpsertUser { secrets, ..registration("stranger") };
    fixture.store.register(foreign, theirs).await.unwrap();
    let missing = FriendFault::NoSuchUser;
    assert_eq!(fixture.befriend("ann", wish("stranger"), FORCED).await, AddFriendOutcome::Refused(missing));
    assert_eq!(fixture.unfriend("ann", &["stranger"], true).await, [Err(missing)]);
    assert_eq!(fixture.stand("ann", "stranger"), None);
    let (store, app, nobody) = (&fixture.store, fixture.app, || by_id("nobody"));
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
async fn deleting_a_user_deletes_its_friends_groups_and_requests() {
    let fixture = Fixture::fresh().await;
    let [ann, _] = [fixture.key("ann").await, fixture.key("bob").await];
    fixture.allowing("shy", AllowType::NeedConfirm).await;
    fixture.befriend("bob", full_wish("ann", "Annie", "work"), BOTH_WAYS).await;
    assert_eq!(fixture.befriend("bob", wish("shy"), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    fixture.store.delete_user(fixture.app, by_id("bob"), at(0), at(9)).await.unwrap();
    assert_eq!(fixture.ids(ann), Vec::<String>::new());
    let rows =
        "SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM friend_group) + (SELECT count(*) FROM request)";
    let left: i64 = outside(&fixture).query_row(rows, [], |row| row.get(0)).unwrap();
    assert_eq!(left, 0);
    assert_eq!(fixture.asking("shy", Direction::Incoming), Vec::<String>::new());
    fixture.befriend("ann", wish("shy"), BOTH_WAYS).await;
    fixture.store.delete_user(fixture.app, by_id("shy"), at(0), at(9)).await.unwrap();
    assert_eq!(fixture.asking("ann", Direction::Outgoing), Vec::<String>::new(), "the recipient may accept them too");
}
