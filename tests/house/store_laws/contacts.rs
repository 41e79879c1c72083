//! Contacts and blocks, and what becomes of them with their users.

use standin::{
    domain::{
        contact::{Contact, ROWS_MAX, USERS_OF_A_NUMBER_MAX},
        error::Fault,
        page::Listed,
        search::UserSearch,
        text::ContactName,
    },
    store::ContactsChange,
};

use super::*;

/// Users a step registers at once: fewer than the queue holds.
pub(crate) const STEP: usize = 500;

impl Shelf {
    pub(super) async fn key(&self, id: &str) -> UserKey {
        self.register(id).await.user.key
    }

    /// Users `u0` to `u{count - 1}`, in that order.
    pub(super) async fn many(&self, count: usize) -> Vec<UserKey> {
        let mut keys = Vec::with_capacity(count);
        while keys.len() < count {
            let ids: Vec<String> = (keys.len()..count.min(keys.len() + STEP)).map(|n| format!("u{n}")).collect();
            let made = join_all(ids.iter().map(|id| self.register(id))).await;
            keys.extend(made.into_iter().map(|made| made.user.key));
        }
        keys
    }

    pub(super) async fn add(&self, owner: UserKey, add: &[UserKey]) -> Result<(), Error> {
        let add = add.iter().map(|key| (*key, None)).collect();
        self.store.change_contacts(self.app, owner, ContactsChange { add, ..ContactsChange::default() }, at(2)).await
    }

    pub(super) fn roster(&self, owner: UserKey) -> Vec<Contact> {
        let mut roster = Vec::new();
        let mut each = |contact| {
            roster.push(contact);
            Ok(())
        };
        self.store.reads(async |db| db.roster(self.app, owner, &mut each).await).unwrap();
        roster
    }

    fn listed(&self, owner: UserKey, search: Option<&str>, page: Page) -> Listed<String> {
        let listed = self.store.reads(async |db| db.contacts(self.app, owner, search, page).await).unwrap();
        Listed {
            items: listed.items.iter().map(|contact| contact.user.id.as_str().to_owned()).collect(),
            total: listed.total,
        }
    }

    pub(super) fn ids(&self, owner: UserKey) -> Vec<String> {
        self.listed(owner, None, Page::new(1, 100)).items
    }

    pub(super) async fn block(&self, owner: UserKey, whom: &str) -> Result<(), Error> {
        self.store.block(self.app, owner, user_id(whom), at(2)).await
    }

    pub(super) async fn unblock(&self, owner: UserKey, whom: &str) -> Result<(), Error> {
        self.store.unblock(self.app, owner, user_id(whom), at(2)).await
    }

    async fn with_mobile(&self, id: &str, mobile: &str) -> UserKey {
        let mobile = Patch::Set(MobileNumber::parse(mobile).unwrap());
        let change = ProfileChange { mobile, ..ProfileChange::default() };
        self.store.register(self.app, UpsertUser { change, ..registration(id) }).await.unwrap().user.key
    }
}

pub(super) fn called(name: &str) -> Option<ContactName> {
    Some(ContactName::parse(name).unwrap())
}

fn number(number: &str) -> MobileNumber {
    MobileNumber::parse(number).unwrap()
}

#[actix_web::test]
async fn contacts_are_listed_in_creation_order_page_by_page() {
    let shelf = Shelf::fresh().await;
    let owner = shelf.key("owner").await;
    let keys = shelf.many(5).await;
    shelf.add(owner, &[keys[4], keys[0], keys[2], keys[1], keys[3]]).await.unwrap();
    let page = |number, limit| shelf.listed(owner, None, Page::new(number, limit));
    assert_eq!(page(1, 2), Listed { items: vec!["u0".into(), "u1".into()], total: 5 });
    assert_eq!(page(3, 2), Listed { items: vec!["u4".into()], total: 5 });
    assert_eq!(page(4, 2), Listed { items: vec![], total: 5 });
    assert_eq!(shelf.ids(keys[0]), Vec::<String>::new(), "rows are one-directional");
}

#[actix_web::test]
async fn a_search_finds_either_name_in_any_case_of_letters() {
    let shelf = Shelf::fresh().await;
    let owner = shelf.key("owner").await;
    let aerin =
        shelf.store.register(shelf.app, UpsertUser { change: named("Ärin"), ..registration("u-a") }).await.unwrap();
    let [nameless, other] = [shelf.key("SHADOW").await, shelf.key("other").await];
    let add = vec![(aerin.user.key, None), (nameless, None), (other, called("Mum Ärmel"))];
    let change = ContactsChange { add, ..ContactsChange::default() };
    shelf.store.change_contacts(shelf.app, owner, change, at(2)).await.unwrap();
    let found = |search| shelf.listed(owner, Some(search), Page::new(1, 100)).items;
    assert_eq!(found("är"), ["u-a", "other"]);
    assert_eq!(found("ÄRIN"), ["u-a"]);
    assert_eq!(found("shad"), ["SHADOW"], "who has no name is called by the id");
    assert_eq!(found("u-a"), Vec::<String>::new(), "who has one is not");
    let second = shelf.listed(owner, Some("Ä"), Page::new(2, 1));
    assert_eq!(second, Listed { items: vec!["other".into()], total: 2 });
}

#[actix_web::test]
async fn a_change_takes_away_then_adds_and_keeps_names_that_are_not_given_anew() {
    let shelf = Shelf::fresh().await;
    let owner = shelf.key("owner").await;
    let keys = shelf.many(4).await;
    let change = |add, remove| {
        let change = ContactsChange { add, remove };
        shelf.store.change_contacts(shelf.app, owner, change, at(2))
    };
    change(vec![(keys[0], called("Zero")), (keys[1], None), (owner, None)], vec![]).await.unwrap();
    assert_eq!(shelf.ids(owner), ["u0", "u1"], "the owner itself is left out");
    change(vec![(keys[0], None), (keys[2], None)], vec![keys[0], keys[1]]).await.unwrap();
    assert_eq!(shelf.ids(owner), ["u0", "u2"]);
    let names: Vec<_> =
        shelf.store.reads(async |db| db.contacts(shelf.app, owner, None, Page::new(1, 9)).await).unwrap().items;
    assert_eq!(shelf.roster(owner), names, "the whole list is the same list");
    assert_eq!(names.iter().map(|contact| contact.name.clone()).collect::<Vec<_>>(), [called("Zero"), None]);
}

#[actix_web::test]
async fn a_list_that_stays_the_same_has_no_event() {
    let shelf = Shelf::fresh().await;
    let owner = shelf.key("owner").await;
    let keys = shelf.many(2).await;
    shelf.add(owner, &keys).await.unwrap();
    shelf.add(owner, &keys[..1]).await.unwrap();
    let gone = ContactsChange { remove: vec![owner], ..ContactsChange::default() };
    shelf.store.change_contacts(shelf.app, owner, gone, at(3)).await.unwrap();
    let events = shelf.events().split_off(3);
    assert_eq!(events.len(), 1, "{events:?}");
    let listed = EventKind::ContactsChanged { added: keys, removed: Vec::new(), changed: Vec::new() };
    assert_eq!((&events[0].kind, events[0].user, events[0].id.as_str()), (&listed, owner, "owner"));
}

#[actix_web::test]
async fn nobody_lists_more_than_ten_thousand() {
    let shelf = Shelf::fresh().await;
    let keys = shelf.many(ROWS_MAX + 2).await;
    let (owner, others) = keys.split_first().unwrap();
    shelf.add(*owner, &others[..ROWS_MAX - 1]).await.unwrap();
    shelf.add(*owner, &others[..ROWS_MAX]).await.unwrap();
    let found = ROWS_MAX as u64 + 1;
    let refused = Fault::TooMuch { most: ROWS_MAX as u64, unit: "contacts", found }.at("contacts");
    assert_eq!(shelf.add(*owner, others).await, Err(refused));
    assert_eq!(shelf.listed(*owner, None, Page::new(1, 1)).total, ROWS_MAX as u64, "nothing was done");
    let swap = ContactsChange { add: vec![(others[ROWS_MAX], None)], remove: vec![others[0]] };
    assert_eq!(shelf.store.change_contacts(shelf.app, *owner, swap, at(3)).await, Ok(()));
}

#[actix_web::test]
async fn users_of_another_app_are_nobody_here() {
    let shelf = Shelf::fresh().await;
    let foreign = shelf.store.create_app(new_app(2), at(0)).await.unwrap().key;
    let owner = shelf.key("owner").await;
    let secrets = NewSecrets { handle: handle("elsewhere"), ..registration("x").secrets };
    let theirs = UpsertUser { secrets, ..registration("stranger") };
    let stranger = shelf.store.register(foreign, theirs).await.unwrap().user.key;
    shelf.add(owner, &[stranger]).await.unwrap();
    assert_eq!(shelf.ids(owner), Vec::<String>::new());
    assert_eq!(shelf.block(owner, "stranger").await, Err(Error::NotFound(Resource::User)));
    assert_eq!(
        shelf.store.reads(async |db| db.users_of_numbers(shelf.app, &[number("stranger")]).await).unwrap(),
        [vec![]]
    );
    let refused = Err(Error::Unauthenticated(Unauthenticated::Wrong));
    let change = ContactsChange::default();
    assert_eq!(shelf.store.change_contacts(foreign, owner, change, at(2)).await, refused);
}

#[actix_web::test]
async fn a_number_is_found_in_any_notation_and_as_an_id() {
    let shelf = Shelf::fresh().await;
    let ann = shelf.with_mobile("ann", "+62 (812) 34-56").await;
    let bob = shelf.with_mobile("bob", "62.812/3456").await;
    let [id, _nobody] = [shelf.key("628123456").await, shelf.with_mobile("eve", "+62 812 9").await];
    let found = |given: &str| {
        shelf.store.reads(async |db| db.users_of_numbers(shelf.app, &[number(given)]).await).unwrap().concat()
    };
    assert_eq!(found("628123456"), [ann, bob, id]);
    assert_eq!(found(" +62-812-3456"), [ann, bob], "an id has one notation");
    let dashed = shelf.key("user-1.a").await;
    assert_eq!(found("user-1.a"), [dashed]);
    assert_eq!(found("+ - ()"), []);
    for n in 0..USERS_OF_A_NUMBER_MAX + 1 {
        shelf.with_mobile(&format!("shared{n}"), "0800").await;
    }
    assert_eq!(found("0800").len(), USERS_OF_A_NUMBER_MAX as usize);
    assert_eq!(found("0800")[0], shelf.user("shared0").unwrap().key);
}

#[actix_web::test]
async fn a_block_is_made_once_and_ended_once() {
    let shelf = Shelf::fresh().await;
    let [ann, bob] = [shelf.key("ann").await, shelf.key("bob").await];
    let oneself = || Err(Fault::Oneself.at("user id"));
    assert_eq!((shelf.block(ann, "ann").await, shelf.unblock(ann, "ann").await), (oneself(), oneself()));
    assert_eq!(shelf.block(ann, "nobody").await, Err(Error::NotFound(Resource::User)));
    assert_eq!(shelf.unblock(ann, "bob").await, Err(Error::NotFound(Resource::Block)));
    assert_eq!(shelf.block(ann, "bob").await, Ok(()));
    assert_eq!(shelf.block(ann, "bob").await, Err(Error::Conflict(Resource::Block)));
    assert_eq!(shelf.block(bob, "ann").await, Ok(()), "the other direction is another block");
    assert_eq!(shelf.unblock(ann, "bob").await, Ok(()));
    assert_eq!(shelf.unblock(ann, "bob").await, Err(Error::NotFound(Resource::Block)));
    let [blocked, back, unblocked] = [(ann, bob), (bob, ann), (ann, bob)];
    let expected = [
        (blocked.0, EventKind::Blocked { whom: blocked.1 }),
        (back.0, EventKind::Blocked { whom: back.1 }),
        (unblocked.0, EventKind::Unblocked { whom: unblocked.1 }),
    ];
    let events = shelf.events().split_off(2).into_iter().map(|event| (event.user, event.kind));
    assert_eq!(events.collect::<Vec<_>>(), expected);
}

#[actix_web::test]
async fn nobody_blocks_more_than_ten_thousand() {
    let shelf = Shelf::fresh().await;
    let keys = shelf.many(ROWS_MAX + 2).await;
    for step in (1..=ROWS_MAX).collect::<Vec<_>>().chunks(STEP) {
        let ids: Vec<String> = step.iter().map(|n| format!("u{n}")).collect();
        assert!(join_all(ids.iter().map(|id| shelf.block(keys[0], id))).await.iter().all(Result::is_ok));
    }
    let most = ROWS_MAX as u64;
    let refused = Fault::TooMuch { most, unit: "blocked users", found: most + 1 }.at("blocked users");
    assert_eq!(shelf.block(keys[0], "u10001").await, Err(refused));
    assert_eq!(rows(&shelf), ROWS_MAX as i64, "nothing was done");
    shelf.unblock(keys[0], "u1").await.unwrap();
    assert_eq!(shelf.block(keys[0], "u10001").await, Ok(()));
}

#[actix_web::test]
async fn who_is_suspended_or_gone_changes_no_rows() {
    let shelf = Shelf::fresh().await;
    let [ann, bob] = [shelf.key("ann").await, shelf.key("bob").await];
    let suspend = StateChange::Suspend { token: derived(60) };
    shelf.store.change_states(shelf.app, vec![(user_id("ann"), suspend)], at(2)).await.unwrap();
    let refused = || Err(Error::Unauthenticated(Unauthenticated::Wrong));
    let suspended = || Err(Error::SUSPENDED);
    assert_eq!((shelf.block(ann, "bob").await, shelf.add(ann, &[bob]).await), (suspended(), suspended()));
    assert_eq!(shelf.block(bob, "ann").await, Ok(()), "a suspended user is still a user to others");
    shelf.store.delete_user(shelf.app, by_id("bob"), at(0), at(3)).await.unwrap();
    assert_eq!((shelf.unblock(bob, "ann").await, shelf.add(bob, &[ann]).await), (refused(), refused()));
}

/// Rows of contacts and blocks, whoever they name.
fn rows(shelf: &Shelf) -> i64 {
    let count = "SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM block)";
    outside(shelf).query_row(count, [], |row| row.get(0)).unwrap()
}

#[actix_web::test]
async fn a_deleted_user_leaves_every_list_with_its_row() {
    let shelf = Shelf::fresh().await;
    let [ann, bob, eve] = [shelf.key("ann").await, shelf.key("bob").await, shelf.key("eve").await];
    shelf.add(ann, &[bob, eve]).await.unwrap();
    shelf.add(bob, &[ann]).await.unwrap();
    shelf.block(eve, "bob").await.unwrap();
    shelf.block(bob, "eve").await.unwrap();
    assert_eq!(rows(&shelf), 5);
    shelf.store.delete_user(shelf.app, by_id("bob"), at(0), at(3)).await.unwrap();
    assert_eq!((rows(&shelf), shelf.ids(ann)), (1, vec!["eve".to_owned()]));
    assert_eq!(shelf.store.forget_departed(100).await, Ok(0));
    shelf.key("bob2").await;
    let secrets = NewSecrets { handle: handle("bobagain"), ..registration("bob").secrets };
    shelf.store.register(shelf.app, UpsertUser { secrets, ..registration("bob") }).await.unwrap();
    assert_eq!(shelf.ids(ann), ["eve"], "a new user of the id is nobody's contact");
}

#[actix_web::test]
async fn whom_thousands_list_leaves_their_lists_in_steps_and_is_seen_in_none_meanwhile() {
    let shelf = Shelf::fresh().await;
    let star = shelf.key("star").await;
    let fans = shelf.many(1001).await;
    let list = [star];
    join_all(fans[..STEP].iter().map(|fan| shelf.add(*fan, &list))).await;
    join_all(fans[STEP..2 * STEP].iter().map(|fan| shelf.add(*fan, &list))).await;
    shelf.block(fans[1000], "star").await.unwrap();
    shelf.add(fans[1000], &[star]).await.unwrap();
    shelf.store.delete_user(shelf.app, by_id("star"), at(0), at(3)).await.unwrap();
    assert_eq!(rows(&shelf), 2);
    assert!(fans.iter().all(|fan| shelf.ids(*fan).is_empty()));
    let mut steps = 0;
    while shelf.store.forget_departed(1).await.unwrap() > 0 {
        steps += 1;
    }
    assert_eq!((rows(&shelf), steps), (0, 3), "two rows, then the last look");
}

#[actix_web::test]
async fn states_of_many_change_together_or_not_at_all() {
    let shelf = Shelf::fresh().await;
    shelf.many(3).await;
    let suspend = |ids: &[&str]| {
        let change = StateChange::Suspend { token: derived(60) };
        let changes = ids.iter().map(|id| (user_id(id), change)).collect();
        shelf.store.change_states(shelf.app, changes, at(2))
    };
    let missing = Fault::NoSuchUser(user_id("ghost")).at("ids");
    assert_eq!(missing.to_string(), "ids names a user that does not exist: ghost");
    assert_eq!(suspend(&["u0", "ghost", "u1"]).await, Err(missing));
    assert!(shelf.user("u0").unwrap().is_active());
    assert_eq!(suspend(&["u0", "u1", "u0"]).await, Ok(()));
    let active = ["u0", "u1", "u2"].map(|id| shelf.user(id).unwrap().is_active());
    assert_eq!(active, [false, false, true]);
    assert_eq!(shelf.kinds()[3..], [EventKind::Suspended, EventKind::Suspended]);
    let held = shelf.store.credentials(shelf.app, &user_id("u0")).unwrap().unwrap();
    assert_eq!(held.token, derived(60), "the token of before is dead for good");
}

#[actix_web::test]
async fn a_reset_of_the_issued_password_ends_what_was_issued_and_logins_under_way() {
    let shelf = Shelf::fresh().await;
    let ann = shelf.register("ann").await;
    let holder = Principal::of(&ann.credentials);
    let ticket = shelf.ticket(holder.clone(), 1, at(1000)).await;
    let state = SessionState { salt: Salt([1; 16]), renewed_at: at(1), token_expires_at: at(2), ends_at: at(1000) };
    let session = shelf.store.begin_session(shelf.app, ann.credentials.clone(), state, 9).await.unwrap();
    let tokens = NewTokens { token: derived(62), issued: derived(61) };
    shelf.store.reset_issued(shelf.app, user_id("ann"), tokens, at(2)).await.unwrap();
    assert_eq!(shelf.store.ticket(&ticket).unwrap(), None);
    assert!(shelf.store.session(shelf.app, session).unwrap().is_none());
    let late = shelf.store.begin_session(shelf.app, ann.credentials, state, 9).await;
    assert_eq!(late, Err(Error::Unauthenticated(Unauthenticated::Wrong)));
    let late =
        NewTicket { digest: Digest([2; 32]), expires_at: at(1000), vendor: Vendor::MirrorFly, newest_kept: None };
    assert_eq!(shelf.store.issue_ticket(shelf.app, holder, late, at(3)).await, Err(Error::NotFound(Resource::User)));
    let (user, held) = shelf.store.account(shelf.app, &user_id("ann")).unwrap().unwrap();
    let unchanged = User { version: 2, ..ann.user };
    assert_eq!((user, held.issued, held.token), (unchanged, derived(61), derived(62)));
    assert_eq!(shelf.kinds(), [EventKind::Created, EventKind::PasswordChanged]);
    let missing = shelf.store.reset_issued(shelf.app, user_id("ghost"), tokens, at(2)).await;
    assert_eq!(missing, Err(Error::NotFound(Resource::User)));
}

#[actix_web::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date() {
    const FIRST: &str = include_str!("../../../src/store/sqlite/schema/0001_first.sql");
    let shelf = Shelf::fresh().await;
    let ann = shelf.with_mobile("ann", "+62 812").await;
    let Shelf { folder, store, app } = shelf;
    store.close().await;
    let (new, old) = (folder.path().join("standin.db"), folder.path().join("first"));
    std::fs::create_dir(&old).unwrap();
    let first = rusqlite::Connection::open(old.join("standin.db")).unwrap();
    first.execute_batch(FIRST).unwrap();
    first.execute("ATTACH ?1 AS new", [new.to_str().unwrap()]).unwrap();
    for table in ["house", "app", "user"] {
        let columns = "SELECT group_concat(name) FROM pragma_table_info(?1) WHERE ?1 IS NOT NULL";
        let columns: String = first.query_row(columns, [table], |row| row.get(0)).unwrap();
        first.execute_batch(&format!("INSERT INTO {table} SELECT {columns} FROM new.{table}")).unwrap();
    }
    first.pragma_update(None, "user_version", 1).unwrap();
    drop(first);
    let store = open(&old);
    assert_eq!(store.reads(async |db| db.users_of_numbers(app, &[number("62812")]).await).unwrap(), [vec![ann]]);
    let search = UserSearch { text: Some("ann".into()), ..UserSearch::default() };
    let found = store.reads(async |db| db.find_users(app, &search, Page::new(1, 1), Order::OldestFirst).await).unwrap();
    assert_eq!(found.items[0].key, ann);
}
