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

impl Fixture {
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
    let fixture = Fixture::fresh().await;
    let owner = fixture.key("owner").await;
    let keys = fixture.many(5).await;
    fixture.add(owner, &[keys[4], keys[0], keys[2], keys[1], keys[3]]).await.unwrap();
    let page = |number, limit| fixture.listed(owner, None, Page::new(number, limit));
    assert_eq!(page(1, 2), Listed { items: vec!["u0".into(), "u1".into()], total: 5 });
    assert_eq!(page(3, 2), Listed { items: vec!["u4".into()], total: 5 });
    assert_eq!(page(4, 2), Listed { items: vec![], total: 5 });
    assert_eq!(fixture.ids(keys[0]), Vec::<String>::new(), "rows are one-directional");
}

#[actix_web::test]
async fn a_search_finds_either_name_in_any_case_of_letters() {
    let fixture = Fixture::fresh().await;
    let owner = fixture.key("owner").await;
    let aerin =
        fixture.store.register(fixture.app, UpsertUser { change: named("Ärin"), ..registration("u-a") }).await.unwrap();
    let [nameless, other] = [fixture.key("SHADOW").await, fixture.key("other").await];
    let add = vec![(aerin.user.key, None), (nameless, None), (other, called("Mum Ärmel"))];
    let change = ContactsChange { add, ..ContactsChange::default() };
    fixture.store.change_contacts(fixture.app, owner, change, at(2)).await.unwrap();
    let found = |search| fixture.listed(owner, Some(search), Page::new(1, 100)).items;
    assert_eq!(found("är"), ["u-a", "other"]);
    assert_eq!(found("ÄRIN"), ["u-a"]);
    assert_eq!(found("shad"), ["SHADOW"], "a user without a name is shown by its id");
    assert_eq!(found("u-a"), Vec::<String>::new(), "a user with a name is not");
    let second = fixture.listed(owner, Some("Ä"), Page::new(2, 1));
    assert_eq!(second, Listed { items: vec!["other".into()], total: 2 });
}

#[actix_web::test]
async fn a_change_removes_then_adds_and_keeps_names_that_are_not_given() {
    let fixture = Fixture::fresh().await;
    let owner = fixture.key("owner").await;
    let keys = fixture.many(4).await;
    let change = |add, remove| {
        let change = ContactsChange { add, remove };
        fixture.store.change_contacts(fixture.app, owner, change, at(2))
    };
    change(vec![(keys[0], called("Zero")), (keys[1], None), (owner, None)], vec![]).await.unwrap();
    assert_eq!(fixture.ids(owner), ["u0", "u1"], "the owner itself is left out");
    change(vec![(keys[0], None), (keys[2], None)], vec![keys[0], keys[1]]).await.unwrap();
    assert_eq!(fixture.ids(owner), ["u0", "u2"]);
    let names: Vec<_> =
        fixture.store.reads(async |db| db.contacts(fixture.app, owner, None, Page::new(1, 9)).await).unwrap().items;
    assert_eq!(fixture.roster(owner), names, "the whole list is the same list");
    assert_eq!(names.iter().map(|contact| contact.name.clone()).collect::<Vec<_>>(), [called("Zero"), None]);
}

#[actix_web::test]
async fn a_list_that_stays_the_same_has_no_event() {
    let fixture = Fixture::fresh().await;
    let owner = fixture.key("owner").await;
    let keys = fixture.many(2).await;
    fixture.add(owner, &keys).await.unwrap();
    fixture.add(owner, &keys[..1]).await.unwrap();
    let gone = ContactsChange { remove: vec![owner], ..ContactsChange::default() };
    fixture.store.change_contacts(fixture.app, owner, gone, at(3)).await.unwrap();
    let events = fixture.events().split_off(3);
    assert_eq!(events.len(), 1, "{events:?}");
    let listed = EventKind::ContactsChanged { added: keys, removed: Vec::new(), changed: Vec::new() };
    assert_eq!((&events[0].kind, events[0].user, events[0].id.as_str()), (&listed, owner, "owner"));
}

#[actix_web::test]
async fn a_user_lists_at_most_ten_thousand_contacts() {
    let fixture = Fixture::fresh().await;
    let keys = fixture.many(ROWS_MAX + 2).await;
    let (owner, others) = keys.split_first().unwrap();
    fixture.add(*owner, &others[..ROWS_MAX - 1]).await.unwrap();
    fixture.add(*owner, &others[..ROWS_MAX]).await.unwrap();
    let found = ROWS_MAX as u64 + 1;
    let refused = Fault::TooMuch { most: ROWS_MAX as u64, unit: "contacts", found }.at("contacts");
    assert_eq!(fixture.add(*owner, others).await, Err(refused));
    assert_eq!(fixture.listed(*owner, None, Page::new(1, 1)).total, ROWS_MAX as u64, "nothing was done");
    let swap = ContactsChange { add: vec![(others[ROWS_MAX], None)], remove: vec![others[0]] };
    assert_eq!(fixture.store.change_contacts(fixture.app, *owner, swap, at(3)).await, Ok(()));
}

#[actix_web::test]
async fn users_of_another_app_do_not_exist_here() {
    let fixture = Fixture::fresh().await;
    let foreign = fixture.store.create_app(new_app(2), at(0)).await.unwrap().key;
    let owner = fixture.key("owner").await;
    let secrets = NewSecrets { handle: handle("elsewhere"), ..registration("x").secrets };
    let theirs = UpsertUser { secrets, ..registration("stranger") };
    let stranger = fixture.store.register(foreign, theirs).await.unwrap().user.key;
    fixture.add(owner, &[stranger]).await.unwrap();
    assert_eq!(fixture.ids(owner), Vec::<String>::new());
    assert_eq!(fixture.block(owner, "stranger").await, Err(Error::NotFound(Resource::User)));
    assert_eq!(
        fixture.store.reads(async |db| db.users_of_numbers(fixture.app, &[number("stranger")]).await).unwrap(),
        [vec![]]
    );
    let refused = Err(Error::Unauthenticated(Unauthenticated::Wrong));
    let change = ContactsChange::default();
    assert_eq!(fixture.store.change_contacts(foreign, owner, change, at(2)).await, refused);
}

#[actix_web::test]
async fn a_number_is_found_in_any_notation_and_as_an_id() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.with_mobile("ann", "+62 (812) 34-56").await;
    let bob = fixture.with_mobile("bob", "62.812/3456").await;
    let [id, _nobody] = [fixture.key("628123456").await, fixture.with_mobile("eve", "+62 812 9").await];
    let found = |given: &str| {
        fixture.store.reads(async |db| db.users_of_numbers(fixture.app, &[number(given)]).await).unwrap().concat()
    };
    assert_eq!(found("628123456"), [ann, bob, id]);
    assert_eq!(found(" +62-812-3456"), [ann, bob], "an id has one notation");
    let dashed = fixture.key("user-1.a").await;
    assert_eq!(found("user-1.a"), [dashed]);
    assert_eq!(found("+ - ()"), []);
    for n in 0..USERS_OF_A_NUMBER_MAX + 1 {
        fixture.with_mobile(&format!("shared{n}"), "0800").await;
    }
    assert_eq!(found("0800").len(), USERS_OF_A_NUMBER_MAX as usize);
    assert_eq!(found("0800")[0], fixture.user("shared0").unwrap().key);
}

#[actix_web::test]
async fn a_block_is_made_once_and_ended_once() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let oneself = || Err(Fault::Oneself.at("user id"));
    assert_eq!((fixture.block(ann, "ann").await, fixture.unblock(ann, "ann").await), (oneself(), oneself()));
    assert_eq!(fixture.block(ann, "nobody").await, Err(Error::NotFound(Resource::User)));
    assert_eq!(fixture.unblock(ann, "bob").await, Err(Error::NotFound(Resource::Block)));
    assert_eq!(fixture.block(ann, "bob").await, Ok(()));
    assert_eq!(fixture.block(ann, "bob").await, Err(Error::Conflict(Resource::Block)));
    assert_eq!(fixture.block(bob, "ann").await, Ok(()), "the other direction is another block");
    assert_eq!(fixture.unblock(ann, "bob").await, Ok(()));
    assert_eq!(fixture.unblock(ann, "bob").await, Err(Error::NotFound(Resource::Block)));
    let [blocked, back, unblocked] = [(ann, bob), (bob, ann), (ann, bob)];
    let expected = [
        (blocked.0, EventKind::Blocked { whom: blocked.1 }),
        (back.0, EventKind::Blocked { whom: back.1 }),
        (unblocked.0, EventKind::Unblocked { whom: unblocked.1 }),
    ];
    let events = fixture.events().split_off(2).into_iter().map(|event| (event.user, event.kind));
    assert_eq!(events.collect::<Vec<_>>(), expected);
}

#[actix_web::test]
async fn a_user_blocks_at_most_ten_thousand_users() {
    let fixture = Fixture::fresh().await;
    let keys = fixture.many(ROWS_MAX + 2).await;
    for step in (1..=ROWS_MAX).collect::<Vec<_>>().chunks(STEP) {
        let ids: Vec<String> = step.iter().map(|n| format!("u{n}")).collect();
        assert!(join_all(ids.iter().map(|id| fixture.block(keys[0], id))).await.iter().all(Result::is_ok));
    }
    let most = ROWS_MAX as u64;
    let refused = Fault::TooMuch { most, unit: "blocked users", found: most + 1 }.at("blocked users");
    assert_eq!(fixture.block(keys[0], "u10001").await, Err(refused));
    assert_eq!(rows(&fixture), ROWS_MAX as i64, "nothing was done");
    fixture.unblock(keys[0], "u1").await.unwrap();
    assert_eq!(fixture.block(keys[0], "u10001").await, Ok(()));
}

#[actix_web::test]
async fn a_suspended_or_deleted_user_changes_no_rows() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let suspend = StateChange::Suspend { token: derived(60) };
    fixture.store.change_states(fixture.app, vec![(user_id("ann"), suspend)], at(2)).await.unwrap();
    let refused = || Err(Error::Unauthenticated(Unauthenticated::Wrong));
    let suspended = || Err(Error::SUSPENDED);
    assert_eq!((fixture.block(ann, "bob").await, fixture.add(ann, &[bob]).await), (suspended(), suspended()));
    assert_eq!(fixture.block(bob, "ann").await, Ok(()), "a suspended user is still a user to others");
    fixture.store.delete_user(fixture.app, by_id("bob"), at(0), at(3)).await.unwrap();
    assert_eq!((fixture.unblock(bob, "ann").await, fixture.add(bob, &[ann]).await), (refused(), refused()));
}

/// Rows of contacts and blocks of any user.
fn rows(fixture: &Fixture) -> i64 {
    let count = "SELECT (SELECT count(*) FROM contact) + (SELECT count(*) FROM block)";
    outside(fixture).query_row(count, [], |row| row.get(0)).unwrap()
}

#[actix_web::test]
async fn a_deleted_user_leaves_every_list_with_its_row() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    fixture.add(ann, &[bob, eve]).await.unwrap();
    fixture.add(bob, &[ann]).await.unwrap();
    fixture.block(eve, "bob").await.unwrap();
    fixture.block(bob, "eve").await.unwrap();
    assert_eq!(rows(&fixture), 5);
    fixture.store.delete_user(fixture.app, by_id("bob"), at(0), at(3)).await.unwrap();
    assert_eq!((rows(&fixture), fixture.ids(ann)), (1, vec!["eve".to_owned()]));
    assert_eq!(fixture.store.forget_departed(100).await, Ok(0));
    fixture.key("bob2").await;
    let secrets = NewSecrets { handle: handle("bobagain"), ..registration("bob").secrets };
    fixture.store.register(fixture.app, UpsertUser { secrets, ..registration("bob") }).await.unwrap();
    assert_eq!(fixture.ids(ann), ["eve"], "a new user of the id is nobody's contact");
}

#[actix_web::test]
async fn a_deleted_user_leaves_thousands_of_lists_in_steps_and_is_hidden_meanwhile() {
    let fixture = Fixture::fresh().await;
    let star = fixture.key("star").await;
    let fans = fixture.many(1001).await;
    let list = [star];
    join_all(fans[..STEP].iter().map(|fan| fixture.add(*fan, &list))).await;
    join_all(fans[STEP..2 * STEP].iter().map(|fan| fixture.add(*fan, &list))).await;
    fixture.block(fans[1000], "star").await.unwrap();
    fixture.add(fans[1000], &[star]).await.unwrap();
    fixture.store.delete_user(fixture.app, by_id("star"), at(0), at(3)).await.unwrap();
    assert_eq!(rows(&fixture), 2);
    assert!(fans.iter().all(|fan| fixture.ids(*fan).is_empty()));
    let mut steps = 0;
    while fixture.store.forget_departed(1).await.unwrap() > 0 {
        steps += 1;
    }
    assert_eq!((rows(&fixture), steps), (0, 3), "two rows, then the last look");
}

#[actix_web::test]
async fn states_of_many_change_together_or_not_at_all() {
    let fixture = Fixture::fresh().await;
    fixture.many(3).await;
    let suspend = |ids: &[&str]| {
        let change = StateChange::Suspend { token: derived(60) };
        let changes = ids.iter().map(|id| (user_id(id), change)).collect();
        fixture.store.change_states(fixture.app, changes, at(2))
    };
    let missing = Fault::NoSuchUser(user_id("ghost")).at("ids");
    assert_eq!(missing.to_string(), "ids names a user that does not exist: ghost");
    assert_eq!(suspend(&["u0", "ghost", "u1"]).await, Err(missing));
    assert!(fixture.user("u0").unwrap().is_active());
    assert_eq!(suspend(&["u0", "u1", "u0"]).await, Ok(()));
    let active = ["u0", "u1", "u2"].map(|id| fixture.user(id).unwrap().is_active());
    assert_eq!(active, [false, false, true]);
    assert_eq!(fixture.kinds()[3..], [EventKind::Suspended, EventKind::Suspended]);
    let held = fixture.store.credentials(fixture.app, &user_id("u0")).unwrap().unwrap();
    assert_eq!(held.token, derived(60), "the token of before is dead for good");
}

#[actix_web::test]
async fn a_reset_of_the_issued_password_ends_its_tickets_and_pending_logins() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.register("ann").await;
    let holder = Principal::of(&ann.credentials);
    let ticket = fixture.ticket(holder.clone(), 1, at(1000)).await;
    let state = SessionState { salt: Salt([1; 16]), renewed_at: at(1), token_expires_at: at(2), ends_at: at(1000) };
    let session = fixture.store.begin_session(fixture.app, ann.credentials.clone(), state, 9).await.unwrap();
    let tokens = NewTokens { token: derived(62), issued: derived(61) };
    fixture.store.reset_issued(fixture.app, user_id("ann"), tokens, at(2)).await.unwrap();
    assert_eq!(fixture.store.ticket(&ticket).unwrap(), None);
    assert!(fixture.store.session(fixture.app, session).unwrap().is_none());
    let late = fixture.store.begin_session(fixture.app, ann.credentials, state, 9).await;
    assert_eq!(late, Err(Error::Unauthenticated(Unauthenticated::Wrong)));
    let late =
        NewTicket { digest: Digest([2; 32]), expires_at: at(1000), vendor: Vendor::MirrorFly, newest_kept: None };
    assert_eq!(
        fixture.store.issue_ticket(fixture.app, holder, late, at(3)).await,
        Err(Error::NotFound(Resource::User))
    );
    let (user, held) = fixture.store.account(fixture.app, &user_id("ann")).unwrap().unwrap();
    let unchanged = User { version: 2, ..ann.user };
    assert_eq!((user, held.issued, held.token), (unchanged, derived(61), derived(62)));
    assert_eq!(fixture.kinds(), [EventKind::Created, EventKind::PasswordChanged]);
    let missing = fixture.store.reset_issued(fixture.app, user_id("ghost"), tokens, at(2)).await;
    assert_eq!(missing, Err(Error::NotFound(Resource::User)));
}

#[actix_web::test]
async fn a_database_of_the_first_schema_is_brought_up_to_date() {
    const FIRST: &str = include_str!("../../../src/store/sqlite/schema/0001_first.sql");
    let fixture = Fixture::fresh().await;
    let ann = fixture.with_mobile("ann", "+62 812").await;
    let Fixture { folder, store, app } = fixture;
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
