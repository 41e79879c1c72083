//! Finding users by parts of what they are called.

use standin::domain::{
    error::Unauthenticated,
    page::Listed,
    search::{MATCHES_MAX, MetadataFilter, UserSearch},
};

use super::*;

fn text(text: &str) -> UserSearch {
    UserSearch { text: Some(text.to_owned()), metadata: None }
}

fn metadata(key: &str, values: &[&str]) -> UserSearch {
    let values = values.iter().map(|value| (*value).to_owned()).collect();
    UserSearch { text: None, metadata: Some(MetadataFilter { key: key.to_owned(), values }) }
}

impl Fixture {
    async fn called(&self, id: &str, name: &str, pairs: Value) -> UserKey {
        let Value::Object(pairs) = pairs else { panic!("no pairs") };
        let metadata = Patch::Set(Metadata::parse(pairs).unwrap());
        let change = ProfileChange { metadata, ..named(name) };
        self.store.register(self.app, UpsertUser { change, ..registration(id) }).await.unwrap().user.key
    }

    fn found(&self, search: &UserSearch, page: Page, order: Order) -> Listed<String> {
        let Listed { items, total } =
            self.store.reads(async |db| db.find_users(self.app, search, page, order).await).unwrap();
        Listed { items: items.iter().map(|user| user.id.as_str().to_owned()).collect(), total }
    }

    fn ids_found(&self, search: &UserSearch) -> Vec<String> {
        self.found(search, Page::new(1, 100), Order::OldestFirst).items
    }
}

#[actix_web::test]
async fn a_part_of_a_name_or_of_an_id_is_enough_in_any_case_of_letters() {
    let fixture = Fixture::fresh().await;
    fixture.called("guest@qiscus.com", "Ärin \"Q\" 100%", json!({})).await;
    fixture.called("u2", "AÄRINZ", json!({})).await;
    fixture.register("nameless").await;
    for (wanted, ids) in [
        ("ärin", vec!["guest@qiscus.com", "u2"]),
        ("ÄRIN", vec!["guest@qiscus.com", "u2"]),
        ("är", vec!["guest@qiscus.com", "u2"]),
        ("\"q\"", vec!["guest@qiscus.com"]),
        ("0%", vec!["guest@qiscus.com"]),
        ("%", vec!["guest@qiscus.com"]),
        ("@qiscus", vec!["guest@qiscus.com"]),
        ("NAMELESS", vec!["nameless"]),
        ("äring", vec![]),
        ("niraä", vec![]),
        ("AND", vec![]),
    ] {
        assert_eq!(fixture.ids_found(&text(wanted)), ids, "{wanted}");
    }
    assert_eq!(fixture.ids_found(&text(&"x".repeat(501))), Vec::<String>::new());
}

#[actix_web::test]
async fn separate_letters_do_not_match_the_text() {
    let fixture = Fixture::fresh().await;
    fixture.called("u1", "abcd bcde", json!({})).await;
    fixture.called("u2", "abcde", json!({})).await;
    assert_eq!(fixture.ids_found(&text("abcde")), ["u2"]);
}

#[actix_web::test]
async fn metadata_is_found_by_key_and_whole_value() {
    let fixture = Fixture::fresh().await;
    fixture.called("u1", "One", json!({ "team": "blue", "age": 42 })).await;
    fixture.called("u2", "Two", json!({ "team": "blueish", "lead": true })).await;
    fixture.called("u3", "Three", json!({ "group": "blue", "quote": "say \"hi\"" })).await;
    assert_eq!(fixture.ids_found(&metadata("team", &["blue"])), ["u1"]);
    assert_eq!(fixture.ids_found(&metadata("team", &["blue", "blueish"])), ["u1", "u2"]);
    assert_eq!(fixture.ids_found(&metadata("age", &["42"])), ["u1"]);
    assert_eq!(fixture.ids_found(&metadata("lead", &["true"])), ["u2"]);
    assert_eq!(fixture.ids_found(&metadata("quote", &["say \"hi\""])), ["u3"]);
    assert_eq!(fixture.ids_found(&metadata("team", &[])), Vec::<String>::new());
    let both = UserSearch { text: Some("two".into()), ..metadata("team", &["blue", "blueish"]) };
    assert_eq!(fixture.ids_found(&both), ["u2"]);
}

#[actix_web::test]
async fn matches_come_page_by_page_either_way_round() {
    let fixture = Fixture::fresh().await;
    for n in 0..5 {
        fixture.register(&format!("guest{n}")).await;
    }
    for wanted in ["guest", "gu"] {
        let page = |number, order| fixture.found(&text(wanted), Page::new(number, 2), order);
        let listed = |ids: &[&str]| Listed { items: ids.iter().map(|id| (*id).to_owned()).collect(), total: 5 };
        assert_eq!(page(2, Order::OldestFirst), listed(&["guest2", "guest3"]));
        assert_eq!(page(3, Order::OldestFirst), listed(&["guest4"]));
        assert_eq!(page(1, Order::NewestFirst), listed(&["guest4", "guest3"]));
        assert_eq!(page(4, Order::OldestFirst), listed(&[]));
    }
}

#[actix_web::test]
async fn the_index_follows_every_change() {
    let fixture = Fixture::fresh().await;
    fixture.called("u1", "Former Name", json!({ "team": "former" })).await;
    fixture.change("u1", named("Later Name"), at(2)).await;
    assert_eq!(fixture.ids_found(&text("former")), Vec::<String>::new());
    assert_eq!(fixture.ids_found(&text("later")), ["u1"]);
    assert_eq!(fixture.ids_found(&metadata("team", &["former"])), ["u1"]);
    fixture.store.delete_user(fixture.app, by_id("u1"), at(0), at(3)).await.unwrap();
    assert_eq!(fixture.ids_found(&text("later")), Vec::<String>::new());
    let sound = "INSERT INTO user_text (user_text, rank) VALUES ('integrity-check', 1)";
    outside(&fixture).execute(sound, []).expect("the index and the rows agree");
}

#[actix_web::test]
async fn users_of_another_app_are_not_found_and_ten_thousand_matches_are_counted() {
    let fixture = Fixture::fresh().await;
    let foreign = fixture.store.create_app(new_app(2), at(0)).await.unwrap().key;
    let secrets = NewSecrets { handle: handle("elsewhere"), ..registration("x").secrets };
    fixture.store.register(foreign, UpsertUser { secrets, ..registration("u99") }).await.unwrap();
    let many: Vec<usize> = (0..usize::try_from(MATCHES_MAX).unwrap() + 1).collect();
    for step in many.chunks(500) {
        let ids: Vec<String> = step.iter().map(|n| format!("guest{n}")).collect();
        join_all(ids.iter().map(|id| fixture.register(id))).await;
    }
    let page = |number| fixture.found(&text("gue"), Page::new(number, 100), Order::OldestFirst);
    assert_eq!((page(1).total, page(100).items.len(), page(101).items.len()), (MATCHES_MAX, 100, 0));
    assert_eq!(fixture.ids_found(&text("u99")), Vec::<String>::new());
    // Sorted by name are so many; the one after them is listed last, and no user twice.
    let listed = |page| fixture.store.reads(async |db| db.users(fixture.app, page, Order::ByName).await).unwrap();
    let newest = format!("guest{MATCHES_MAX}");
    let all: Vec<String> = (1..=101)
        .flat_map(|number| listed(Page::new(number, 100)).items)
        .map(|user| user.id.as_str().to_owned())
        .collect();
    assert_eq!((listed(Page::new(1, 10)).total, all.len()), (MATCHES_MAX + 1, many.len()));
    assert!(all[..many.len() - 1].is_sorted() && all[many.len() - 1] == newest, "{:?}", &all[many.len() - 3..]);
    let straddling = listed(Page::new(103, 98)).items;
    assert_eq!(straddling.iter().map(|user| user.id.as_str()).collect::<Vec<_>>(), all[102 * 98..]);
}

#[actix_web::test]
async fn an_uploaded_picture_waits_for_a_profile_and_then_for_the_sweep() {
    let fixture = Fixture::fresh().await;
    let owner = fixture.register("ann").await.user.key;
    let AvatarChange::Uploaded(new) = upload(1) else { panic!("no upload") };
    fixture.store.add_picture(fixture.app, owner, new.clone(), at(5)).await.unwrap();
    assert_eq!(fixture.user("ann").unwrap().profile.avatar, Avatar::Tile, "no profile shows it yet");
    assert!(fixture.store.picture(&new.key).unwrap().is_some(), "but it is there");
    let shown = fixture.show("ann", AvatarChange::Owned(new.key.clone(), None), at(6)).await;
    assert_eq!(shown, Avatar::Picture(new.key.clone(), PictureKind::Jpeg));
    assert_eq!(fixture.store.take_released_pictures(at(100), 10).await.unwrap(), []);
    let AvatarChange::Uploaded(forgotten) = upload(2) else { panic!("no upload") };
    fixture.store.add_picture(fixture.app, owner, forgotten.clone(), at(7)).await.unwrap();
    assert_eq!(fixture.store.take_released_pictures(at(100), 10).await.unwrap(), [forgotten.key]);
    let gone = fixture.store.add_picture(fixture.app, UserKey(4711), new, at(8)).await;
    assert_eq!(gone, Err(Error::Unauthenticated(Unauthenticated::Wrong)));
}
