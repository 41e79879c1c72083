//! Friend requests, from being asked to being answered.

use super::*;

const BOTH: RequestDecision = RequestDecision::Agree { both_ways: true, remark: None, group: None };

impl Fixture {
    async fn answer(&self, owner: &str, from: &str, verdict: RequestDecision) -> Outcome {
        let answers = vec![RequestAnswer { from: user_id(from), verdict }];
        self.store.answer_requests(self.app, by_id(owner), answers, at(7)).await.unwrap()[0]
    }

    pub(super) async fn agree(&self, owner: &str, from: &str) -> Outcome {
        self.answer(owner, from, BOTH).await
    }

    async fn forget(&self, owner: &str, direction: Direction, with: &[&str]) -> Vec<Outcome> {
        let with = with.iter().map(|id| user_id(id)).collect();
        self.store.forget_requests(self.app, by_id(owner), direction, with, at(8)).await.unwrap()
    }

    fn requests(&self, owner: &str, direction: Direction) -> Vec<FriendRequest> {
        self.store
            .reads_of(self.app, &by_id(owner), async |db, app, owner| {
                db.requests(app, owner, direction, REQUESTS_MAX).await
            })
            .unwrap()
    }

    pub(super) fn asking(&self, owner: &str, direction: Direction) -> Vec<String> {
        self.requests(owner, direction).into_iter().map(|request| request.with.as_str().to_owned()).collect()
    }

    async fn ask(&self, owner: &str, whom: &str) {
        assert_eq!(self.befriend(owner, wish(whom), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    }
}

/// A store with two users that need to confirm requests.
async fn two_shy() -> (Fixture, UserKey, UserKey) {
    let fixture = Fixture::fresh().await;
    let [ann, bob] =
        [fixture.allowing("ann", AllowType::NeedConfirm).await, fixture.allowing("bob", AllowType::NeedConfirm).await];
    (fixture, ann, bob)
}

#[actix_web::test]
async fn a_user_that_needs_to_confirm_gets_a_request_and_both_are_notified() {
    let (fixture, ann, bob) = two_shy().await;
    fixture.change("ann", named("Ann"), at(2)).await;
    let seen = fixture.events().len();
    assert_eq!(fixture.befriend("ann", full_wish("bob", "Bobby", "work"), BOTH_WAYS).await, AddFriendOutcome::Waiting);
    assert_eq!(fixture.events_since(seen), [request("bob", ann, true, true), request("ann", bob, false, true)]);
    let came = FriendRequest {
        with: user_id("ann"),
        name: Some(DisplayName::parse("Ann").unwrap()),
        direction: Direction::Incoming,
        source: Some(AddSource::parse("AddSource_Type_Web").unwrap()),
        wording: Some(AddWording::parse("It is me").unwrap()),
        at: at(5),
    };
    assert_eq!(fixture.requests("bob", Direction::Incoming), std::slice::from_ref(&came));
    let went = FriendRequest { with: user_id("bob"), name: None, direction: Direction::Outgoing, ..came };
    assert_eq!(fixture.requests("ann", Direction::Outgoing), [went]);
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::None));
    let groups =
        fixture.store.reads_of(fixture.app, &by_id("ann"), async |db, app, owner| db.groups(app, owner).await).unwrap();
    assert_eq!(groups, [], "a group comes with the friend");
}

#[actix_web::test]
async fn a_second_request_replaces_the_first() {
    let (fixture, ..) = two_shy().await;
    fixture.ask("ann", "bob").await;
    let groups = ["work", "chess", "work"].map(group).to_vec();
    let asked = vec![FriendToAdd { groups, ..full_wish("bob", "Bobby", "work") }];
    fixture.store.befriend(fixture.app, by_id("ann"), asked, BOTH_WAYS, at(6)).await.unwrap();
    let waiting = fixture.requests("bob", Direction::Incoming);
    assert_eq!((waiting.len(), waiting[0].at, waiting[0].wording.is_some()), (1, at(6), true));
    fixture.agree("bob", "ann").await.unwrap();
    let friend = fixture.friend("ann", "bob").unwrap();
    assert_eq!((friend.remark, friend.groups), (called("Bobby"), ["chess", "work"].map(group).to_vec()));
}

#[actix_web::test]
async fn an_accepted_request_adds_both_with_their_own_remarks() {
    let (fixture, ann, bob) = two_shy().await;
    fixture.befriend("ann", full_wish("bob", "Bobby", "work"), ONE_WAY).await;
    let seen = fixture.events().len();
    let verdict = RequestDecision::Agree { both_ways: true, remark: called("Annie"), group: Some(group("old")) };
    assert_eq!(fixture.answer("bob", "ann", verdict.clone()).await, Ok(()));
    let settled = [request("bob", ann, true, false), request("ann", bob, false, false)];
    let reported = fixture.events_since(seen);
    assert_eq!(reported, [vec![added("ann", bob)], settled.to_vec(), vec![added("bob", ann)]].concat());
    let [mine, theirs] = [fixture.friend("bob", "ann").unwrap(), fixture.friend("ann", "bob").unwrap()];
    assert_eq!((mine.remark, mine.groups), (called("Annie"), vec![group("old")]));
    assert_eq!((theirs.remark, theirs.groups), (called("Bobby"), vec![group("work")]));
    assert_eq!((mine.source, mine.wording), (theirs.source, theirs.wording));
    assert_eq!(fixture.answer("bob", "ann", verdict).await, Err(FriendFault::NoSuchRequest), "it was answered");
}

#[actix_web::test]
async fn a_request_may_be_granted_one_way_or_refused() {
    let (fixture, ann, bob) = two_shy().await;
    fixture.ask("ann", "bob").await;
    let one_way = RequestDecision::Agree { both_ways: false, remark: None, group: None };
    assert_eq!(fixture.answer("bob", "ann", one_way).await, Ok(()));
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::Mine));
    fixture.unfriend("ann", &["bob"], true).await;
    fixture.ask("ann", "bob").await;
    let seen = fixture.events().len();
    assert_eq!(fixture.answer("bob", "ann", RequestDecision::Refuse).await, Ok(()));
    assert_eq!(fixture.events_since(seen), [request("bob", ann, true, false), request("ann", bob, false, false)]);
    assert_eq!(
        (fixture.stand("ann", "bob"), fixture.asking("bob", Direction::Incoming)),
        (Some(Relation::None), vec![])
    );
    let missing = Err(FriendFault::NoSuchRequest);
    assert_eq!(
        (fixture.agree("bob", "ann").await, fixture.answer("ann", "bob", RequestDecision::Refuse).await),
        (missing, missing)
    );
    assert_eq!(fixture.agree("bob", "nobody").await, Err(FriendFault::NoSuchUser));
    assert_eq!(fixture.agree("bob", "bob").await, Err(FriendFault::Oneself));
}

#[actix_web::test]
async fn of_two_mutual_requests_each_answer_settles_its_own() {
    let (fixture, ..) = two_shy().await;
    fixture.ask("ann", "bob").await;
    fixture.ask("bob", "ann").await;
    assert_eq!(fixture.answer("bob", "ann", RequestDecision::Refuse).await, Ok(()));
    assert_eq!(fixture.asking("ann", Direction::Incoming), ["bob"], "what bob asks still waits");
    fixture.ask("ann", "bob").await;
    assert_eq!(fixture.agree("ann", "bob").await, Ok(()));
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::BothWays));
    assert_eq!(fixture.asking("bob", Direction::Incoming), Vec::<String>::new(), "there is nothing left to ask for");
}

#[actix_web::test]
async fn a_user_added_in_another_way_has_no_pending_request() {
    let (fixture, ..) = two_shy().await;
    fixture.key("eve").await;
    fixture.ask("eve", "bob").await;
    assert_eq!(fixture.befriend("bob", wish("eve"), ONE_WAY).await, AddFriendOutcome::Added);
    assert_eq!(fixture.asking("bob", Direction::Incoming), ["eve"], "eve does not list bob yet");
    assert_eq!(fixture.befriend("eve", wish("bob"), FORCED).await, AddFriendOutcome::Added);
    assert_eq!(fixture.asking("bob", Direction::Incoming), Vec::<String>::new());
}

#[actix_web::test]
async fn a_request_is_not_granted_across_a_block() {
    let (fixture, ann, bob) = two_shy().await;
    fixture.ask("ann", "bob").await;
    fixture.block(bob, "ann").await.unwrap();
    assert_eq!(fixture.agree("bob", "ann").await, Err(FriendFault::OwnerBlocks));
    fixture.unblock(bob, "ann").await.unwrap();
    fixture.block(ann, "bob").await.unwrap();
    assert_eq!(fixture.agree("bob", "ann").await, Err(FriendFault::OtherBlocks));
    assert_eq!(fixture.answer("bob", "ann", RequestDecision::Refuse).await, Ok(()));
}

#[actix_web::test]
async fn recipients_delete_requests_and_senders_withdraw_them() {
    let (fixture, ann, bob) = two_shy().await;
    fixture.ask("ann", "bob").await;
    let missing = Err(FriendFault::NoSuchRequest);
    assert_eq!(
        fixture.forget("ann", Direction::Incoming, &["bob", "nobody"]).await,
        [missing, Err(FriendFault::NoSuchUser)]
    );
    let seen = fixture.events().len();
    assert_eq!(fixture.forget("ann", Direction::Outgoing, &["bob", "bob"]).await, [Ok(()), missing]);
    assert_eq!(fixture.events_since(seen), [request("bob", ann, true, false), request("ann", bob, false, false)]);
    fixture.ask("ann", "bob").await;
    assert_eq!(fixture.forget("bob", Direction::Incoming, &["ann"]).await, [Ok(())]);
    assert_eq!(fixture.agree("bob", "ann").await, missing);
}

#[actix_web::test]
async fn requests_are_listed_the_newest_first_and_counted_until_they_are_seen() {
    let fixture = Fixture::fresh().await;
    fixture.allowing("bob", AllowType::NeedConfirm).await;
    fixture.many(3).await;
    for (n, moment) in [(0, 20), (1, 30), (2, 10)] {
        let asked = vec![wish("bob")];
        fixture.store.befriend(fixture.app, by_id(&format!("u{n}")), asked, BOTH_WAYS, at(moment)).await.unwrap();
    }
    assert_eq!(fixture.asking("bob", Direction::Incoming), ["u1", "u0", "u2"]);
    let newest = fixture
        .store
        .reads_of(fixture.app, &by_id("bob"), async |db, app, owner| {
            db.requests(app, owner, Direction::Incoming, 1).await
        })
        .unwrap();
    assert_eq!((newest.len(), newest[0].with.as_str()), (1, "u1"));
    let unread = || {
        fixture
            .store
            .reads_of(fixture.app, &by_id("bob"), async |db, app, owner| db.unread_requests(app, owner).await)
            .unwrap()
    };
    let read = |until| fixture.store.read_requests(fixture.app, by_id("bob"), at(until));
    assert_eq!(unread(), 3);
    read(20).await.unwrap();
    assert_eq!(unread(), 1);
    read(5).await.unwrap();
    assert_eq!(unread(), 1, "what has been seen stays seen");
    read(30).await.unwrap();
    assert_eq!((unread(), fixture.asking("bob", Direction::Incoming).len()), (0, 3), "they still wait");
    assert_eq!(
        fixture.store.read_requests(fixture.app, by_id("nobody"), at(1)).await,
        Err(Error::NotFound(Resource::User))
    );
}

#[actix_web::test]
async fn a_user_has_at_most_a_thousand_requests_incoming_and_outgoing_each() {
    let fixture = Fixture::fresh().await;
    fixture.allowing("star", AllowType::NeedConfirm).await;
    let most = REQUESTS_MAX as usize;
    fixture.many(most + 2).await;
    let ids: Vec<String> = (0..most).map(|n| format!("u{n}")).collect();
    for step in ids.chunks(STEP) {
        let asked = join_all(step.iter().map(|id| fixture.befriend(id, wish("star"), BOTH_WAYS))).await;
        assert!(asked.iter().all(|befriended| *befriended == AddFriendOutcome::Waiting));
    }
    let beyond = format!("u{most}");
    let full = AddFriendOutcome::Refused(FriendFault::RequestsFull);
    assert_eq!(fixture.befriend(&beyond, wish("star"), BOTH_WAYS).await, full);
    assert_eq!(
        fixture.befriend("u0", wish("star"), BOTH_WAYS).await,
        AddFriendOutcome::Waiting,
        "asking again is no more"
    );
    fixture.forget("star", Direction::Incoming, &["u7"]).await;
    assert_eq!(fixture.befriend(&beyond, wish("star"), BOTH_WAYS).await, AddFriendOutcome::Waiting);

    let shy: Vec<String> = (0..=most).map(|n| format!("shy{n}")).collect();
    for step in shy.chunks(STEP) {
        join_all(step.iter().map(|id| fixture.allowing(id, AllowType::NeedConfirm))).await;
    }
    let asked = shy.iter().map(|id| wish(id)).collect();
    let asker = by_id(&format!("u{}", most + 1));
    let asked = fixture.store.befriend(fixture.app, asker, asked, BOTH_WAYS, at(5)).await.unwrap();
    assert!(asked[..most].iter().all(|befriended| *befriended == AddFriendOutcome::Waiting));
    assert_eq!(asked[most], full);
}
