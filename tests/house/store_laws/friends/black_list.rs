//! Black lists: the blocks of every wire, of which Tencent's also end friendships.

use standin::domain::contact::ROWS_MAX;

use super::*;

impl Shelf {
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
    let shelf = Shelf::fresh().await;
    let ann = shelf.key("ann").await;
    let [bob, shy] = [shelf.key("bob").await, shelf.allowing("shy", AllowType::NeedConfirm).await];
    shelf.friends("ann", "bob").await;
    shelf.befriend("ann", wish("shy"), BOTH_WAYS).await;
    let seen = shelf.events().len();
    assert_eq!(shelf.black_list_add("ann", &["bob", "shy"]).await, [Ok(()), Ok(())]);
    let blocked = |whom| ("ann".to_owned(), EventKind::Blocked { whom });
    let expected = [
        blocked(bob),
        removed("bob", ann),
        blocked(shy),
        request("shy", ann, true, false),
        request("ann", shy, false, false),
        removed("ann", bob),
    ];
    assert_eq!(shelf.told_since(seen), expected);
    assert_eq!(shelf.stand("ann", "bob"), Some(Relation::None));
    assert_eq!(shelf.asking("shy", Direction::Incoming), Vec::<String>::new());
    assert_eq!(
        shelf.befriend("bob", wish("ann"), BOTH_WAYS).await,
        AddFriendOutcome::Refused(FriendFault::OtherBlocks)
    );
}

#[actix_web::test]
async fn a_block_is_made_once_and_ended_once_whichever_wire_made_it() {
    let shelf = Shelf::fresh().await;
    let [ann, bob] = [shelf.key("ann").await, shelf.key("bob").await];
    shelf.key("eve").await;
    shelf.friends("ann", "eve").await;
    let again = FriendFault::AlreadyBlocked;
    let outcomes = shelf.black_list_add("ann", &["bob", "nobody", "ann", "bob"]).await;
    assert_eq!(outcomes, [Ok(()), Err(FriendFault::NoSuchUser), Err(FriendFault::Oneself), Err(again)]);
    assert_eq!(shelf.block(ann, "bob").await, Err(Error::Conflict(Resource::Block)));
    shelf.block(ann, "eve").await.unwrap();
    assert_eq!(shelf.black_list_add("ann", &["eve"]).await, [Err(again)]);
    assert_eq!(shelf.stand("ann", "eve"), Some(Relation::BothWays), "on another wire a friend may be blocked");
    let seen = shelf.events().len();
    let outcomes = shelf.black_list_delete("ann", &["bob", "eve", "bob", "nobody"]).await;
    assert_eq!(outcomes, [Ok(()), Ok(()), Err(FriendFault::NotBlocked), Err(FriendFault::NoSuchUser)]);
    assert_eq!(shelf.told_since(seen)[0], ("ann".to_owned(), EventKind::Unblocked { whom: bob }));
    assert_eq!(shelf.told_since(seen).len(), 2);
    assert_eq!(shelf.stand("ann", "bob"), Some(Relation::None), "no friendship comes back");
}

#[actix_web::test]
async fn a_black_list_is_read_from_any_item_on_and_asked_from_either_side() {
    let shelf = Shelf::fresh().await;
    shelf.key("ann").await;
    shelf.many(4).await;
    shelf.black_list_add("ann", &["u3", "u0", "u1"]).await;
    shelf.black_list_add("u0", &["ann"]).await;
    shelf.black_list_add("u2", &["ann"]).await;
    let page = |offset| {
        let listed = shelf
            .store
            .reads_of(shelf.app, &by_id("ann"), async |db, app, owner| {
                db.block_list(app, owner, Page::at_offset(offset, 2)).await
            })
            .unwrap();
        (listed.items, listed.total)
    };
    assert_eq!(page(0), (vec![(user_id("u0"), at(8)), (user_id("u1"), at(8))], 3));
    assert_eq!(page(2), (vec![(user_id("u3"), at(8))], 3));
    let ids = ["u0", "u1", "u2", "ann", "nobody"].map(user_id);
    let stand = shelf
        .store
        .reads_of(shelf.app, &by_id("ann"), async |db, app, owner| {
            db.relations(app, owner, &ids, RelationRows::Blocks).await
        })
        .unwrap();
    let [both, mine, theirs, none] = [Relation::BothWays, Relation::Mine, Relation::Theirs, Relation::None].map(Some);
    assert_eq!(stand, [both, mine, theirs, none, None]);
}

#[actix_web::test]
async fn nobody_has_more_than_ten_thousand_on_the_black_list() {
    let shelf = Shelf::fresh().await;
    shelf.many(ROWS_MAX + 2).await;
    let ids: Vec<String> = (1..=ROWS_MAX + 1).map(|n| format!("u{n}")).collect();
    let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
    let blocked = shelf.black_list_add("u0", &ids[..ROWS_MAX - 1]).await;
    assert!(blocked.iter().all(Result::is_ok));
    let full = Err(FriendFault::BlocksFull);
    assert_eq!(shelf.black_list_add("u0", &ids[ROWS_MAX - 1..]).await, [Ok(()), full]);
    shelf.black_list_delete("u0", &["u1"]).await;
    assert_eq!(shelf.black_list_add("u0", &ids[ROWS_MAX..]).await, [Ok(())]);
}
