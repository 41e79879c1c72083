//! Black lists: the blocks of all vendors; Tencent's also end friendships.

use standin::domain::contact::ROWS_MAX;

use super::*;

impl Fixture {
    async fn black_list_add(&self, owner: &str, whom: &[&str]) -> Vec<Outcome> {
        let whom = whom.iter().map(|id| user_id(id)).collect();
        self.store.black_list_add(self.app, by_id(owner), whom, at(8)).await.unwrap()
    }

    async fn black_list_delete(&self, owner: &str, whom: &[&str]) -> Vec<Outcome> {
        let whom = whom.iter().map(|id| user_id(id)).collect();
        self.store.black_list_delete(self.app, by_id(owner), whom, at(9)).await.unwrap()
    }
}

#[actix_web::test]
async fn a_block_ends_friendship_and_requests_both_ways() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let [bob, shy] = [fixture.key("bob").await, fixture.allowing("shy", AllowType::NeedConfirm).await];
    fixture.friends("ann", "bob").await;
    fixture.befriend("ann", wish("shy"), BOTH_WAYS).await;
    let seen = fixture.events().len();
    assert_eq!(fixture.black_list_add("ann", &["bob", "shy"]).await, [Ok(()), Ok(())]);
    let blocked = |whom| ("ann".to_owned(), EventKind::Blocked { whom });
    let expected = [
        blocked(bob),
        removed("bob", ann),
        blocked(shy),
        request("shy", ann, true, false),
        request("ann", shy, false, false),
        removed("ann", bob),
    ];
    assert_eq!(fixture.events_since(seen), expected);
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::None));
    assert_eq!(fixture.asking("shy", Direction::Incoming), Vec::<String>::new());
    assert_eq!(
        fixture.befriend("bob", wish("ann"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::OtherBlocks)
    );
}

#[actix_web::test]
async fn a_block_is_created_once_and_ended_once_for_all_vendors() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    fixture.key("eve").await;
    fixture.friends("ann", "eve").await;
    let again = FriendFault::AlreadyBlocked;
    let outcomes = fixture.black_list_add("ann", &["bob", "nobody", "ann", "bob"]).await;
    assert_eq!(outcomes, [Ok(()), Err(FriendFault::NoSuchUser), Err(FriendFault::Oneself), Err(again)]);
    assert_eq!(fixture.block(ann, "bob").await, Err(Error::Conflict(Resource::Block)));
    fixture.block(ann, "eve").await.unwrap();
    assert_eq!(fixture.black_list_add("ann", &["eve"]).await, [Err(again)]);
    assert_eq!(fixture.stand("ann", "eve"), Some(Relation::BothWays), "through another vendor a friend may be blocked");
    let seen = fixture.events().len();
    let outcomes = fixture.black_list_delete("ann", &["bob", "eve", "bob", "nobody"]).await;
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(FriendFault::NotBlocked), Err(FriendFault::NoSuchUser)]);
    assert_eq!(fixture.events_since(seen)[0], ("ann".to_owned(), EventKind::Unblocked { whom: bob }));
    assert_eq!(fixture.events_since(seen).len(), 2);
    assert_eq!(fixture.stand("ann", "bob"), Some(Relation::None), "no friendship comes back");
}

#[actix_web::test]
async fn a_black_list_is_read_from_any_item_on_and_asked_from_either_side() {
    let fixture = Fixture::fresh().await;
    fixture.key("ann").await;
    fixture.many(4).await;
    fixture.black_list_add("ann", &["u3", "u0", "u1"]).await;
    fixture.black_list_add("u0", &["ann"]).await;
    fixture.black_list_add("u2", &["ann"]).await;
    let page = |offset| {
        let listed = fixture
            .store
            .reads_of(fixture.app, &by_id("ann"), async |db, app, owner| {
                db.block_list(app, owner, Page::at_offset(offset, 2)).await
            })
            .unwrap();
        (listed.items, listed.total)
    };
    assert_eq!(page(0), (vec![(user_id("u0"), at(8)), (user_id("u1"), at(8))], 3));
    assert_eq!(page(2), (vec![(user_id("u3"), at(8))], 3));
    let ids = ["u0", "u1", "u2", "ann", "nobody"].map(user_id);
    let stand = fixture
        .store
        .reads_of(fixture.app, &by_id("ann"), async |db, app, owner| {
            db.relations(app, owner, &ids, RelationRows::Blocks).await
        })
        .unwrap();
    let [both, mine, theirs, none] = [Relation::BothWays, Relation::Mine, Relation::Theirs, Relation::None].map(Some);
    assert_eq!(stand, [both, mine, theirs, none, None]);
}

#[actix_web::test]
async fn a_black_list_has_at_most_ten_thousand_users() {
    let fixture = Fixture::fresh().await;
    fixture.many(ROWS_MAX + 2).await;
    let ids: Vec<String> = (1..=ROWS_MAX + 1).map(|n| format!("u{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let blocked = fixture.black_list_add("u0", &ids[..ROWS_MAX - 1]).await;
    assert!(blocked.iter().all(Result::is_ok));
    let full = Err(FriendFault::BlocksFull);
    assert_eq!(fixture.black_list_add("u0", &ids[ROWS_MAX - 1..]).await, [Ok(()), full]);
    fixture.black_list_delete("u0", &["u1"]).await;
    assert_eq!(fixture.black_list_add("u0", &ids[ROWS_MAX..]).await, [Ok(())]);
}
