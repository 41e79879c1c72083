//! The laws of the store: plain functions over its public operations, so that another engine can be held to them.

pub(super) mod contacts;
mod friends;
mod messages;
mod owners;
mod search;
mod signed;

use std::{os::unix::fs::PermissionsExt, path::Path, time::Duration};

use futures_util::{
    FutureExt,
    future::{join, join_all},
};
use serde_json::{Value, json};
use standin::{
    domain::{
        app::{AccountPassword, App, AppSettings, NewApp, Registration},
        avatar::{Avatar, AvatarChange, NewPicture, PictureKey, PictureKind},
        caller::{CallerKey, Owner},
        custom::{CustomName, CustomValue},
        device::{Device, DeviceText, DeviceType},
        error::{Error, Resource, Unauthenticated},
        event::{Event, EventKind},
        free_data::{Extras, Metadata},
        id::{AppId, AppKey, Host, SdkAppId, UserId, UserKey},
        page::{Order, Page},
        profile::{Patch, Profile, ProfileChange, ProfileField, State, User},
        secret::{DerivedSecret, Digest, PasswordHash, Salt, SealedSecret},
        session::Vendor,
        storage::Durability,
        tencent_profile::{AllowType, ForbidType, Gender, Location, TencentProfile},
        text::{AppName, DisplayName, Email, HttpAddress, MobileNumber, StatusText},
        time::Moment,
    },
    store::{
        ChosenPassword, IfKnown, LongReads, NewSecrets, NewTicket, NewTokens, PasswordChange, Principal, SessionState,
        StateChange, Store, StoreOptions, TicketHolder, UpsertUser, UpsertedUser, UserChange,
    },
};
use tempfile::TempDir;

use super::rules::{PointReads as _, Reads as _, Rules as _, RulesOfNoApp as _};

/// An open store in a folder of its own, with one app.
struct Fixture {
    folder: TempDir,
    store: Store,
    app: AppKey,
}

impl Fixture {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let app = store.create_app(new_app(1), at(0)).await.unwrap().key;
        Self { folder, store, app }
    }

    async fn register(&self, id: &str) -> UpsertedUser {
        self.store.register(self.app, registration(id)).await.unwrap()
    }

    async fn change(&self, id: &str, profile: ProfileChange, at: Moment) -> User {
        let change = UserChange { profile, ..UserChange::default() };
        self.store.change_user(self.app, by_id(id), change, at).await.unwrap()
    }

    async fn show(&self, id: &str, avatar: AvatarChange, moment: Moment) -> Avatar {
        let profile = ProfileChange { avatar: Some(avatar), ..ProfileChange::default() };
        self.change(id, profile, moment).await.profile.avatar
    }

    fn user(&self, id: &str) -> Option<User> {
        self.store.user(self.app, &user_id(id)).unwrap()
    }

    fn events(&self) -> Vec<Event> {
        self.store.reads(async |db| db.events_after(0, 100_000).await).unwrap().events
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.events().into_iter().map(|event| event.kind).collect()
    }

    async fn ticket(&self, holder: Principal, number: u8, expires_at: Moment) -> Digest {
        let ticket =
            NewTicket { digest: Digest([number; 32]), expires_at, vendor: Vendor::MirrorFly, newest_kept: None };
        self.store.issue_ticket(self.app, holder, ticket, at(1)).await.unwrap();
        ticket.digest
    }
}

fn open(folder: &Path) -> Store {
    let options = StoreOptions { durability: Durability::Normal, point_readers: 2, long_readers: 2 };
    Store::open(&folder.join("standin.db"), &options).expect("a folder of our own can hold a store")
}

fn at(micros: i64) -> Moment {
    Moment::from_micros(micros)
}

fn user_id(id: &str) -> UserId {
    UserId::parse(id).unwrap()
}

/// A user as a back end names it.
fn by_id(id: &str) -> Owner {
    Owner::Named(user_id(id))
}

fn derived(seed: u8) -> DerivedSecret {
    DerivedSecret { salt: Salt([seed; 16]), digest: Digest([seed; 32]) }
}

pub(super) fn new_app(number: u32) -> NewApp {
    NewApp {
        name: AppName::parse("Shop").unwrap(),
        app_id: AppId::parse(&format!("shop-{number}")).unwrap(),
        sdk_app_id: SdkAppId::parse(1_400_000_000 + u64::from(number)).unwrap(),
        account: user_id("administrator"),
        account_password: AccountPassword::Derived(derived(9)),
        secret: SealedSecret(vec![1, 2, 3]),
        license_key: SealedSecret(vec![4, 5, 6]),
        hosts: vec![Host::parse("shop.example").unwrap()],
        settings: AppSettings::default(),
    }
}

/// The handle of a user, unguessable enough for a test: unique among ids of these tests.
pub(super) fn handle(id: &str) -> PictureKey {
    let letters: String = id.bytes().filter(u8::is_ascii_alphanumeric).map(char::from).collect();
    PictureKey::parse(&format!("{letters:Z>22}")).unwrap()
}

fn picture_key(number: u32) -> PictureKey {
    PictureKey::parse(&format!("{number:022}")).unwrap()
}

fn upload(number: u32) -> AvatarChange {
    AvatarChange::Uploaded(NewPicture {
        key: picture_key(number),
        kind: PictureKind::Jpeg,
        width_px: 640,
        height_px: 480,
        bytes: 1000,
    })
}

pub(super) fn registration(id: &str) -> UpsertUser {
    UpsertUser {
        id: user_id(id),
        if_known: IfKnown::Update,
        change: ProfileChange::default(),
        chosen: None,
        secrets: NewSecrets { token: derived(1), issued: derived(2), handle: handle(id) },
        device: None,
        ticket: None,
        signed_at: None,
        at: at(1),
    }
}

pub(super) fn chosen(hash: &str, compared_with: Option<&str>) -> ChosenPassword {
    let hash_of = |hash: &str| PasswordHash(hash.to_owned());
    ChosenPassword { hash: hash_of(hash), compared_with: compared_with.map(hash_of) }
}

/// A password whose change draws 90 for the user token and 91 for the issued password.
pub(super) fn password(hash: &str, compared_with: Option<&str>) -> PasswordChange {
    let tokens = NewTokens { token: derived(90), issued: derived(91) };
    PasswordChange { chosen: chosen(hash, compared_with), tokens }
}

fn named(name: &str) -> ProfileChange {
    ProfileChange { display_name: Patch::Set(DisplayName::parse(name).unwrap()), ..ProfileChange::default() }
}

/// The private cause of an answer that says that the fault is ours.
fn internal<T>(answer: Result<T, Error>) -> String {
    match answer {
        Err(Error::Internal(cause)) => cause.to_string(),
        Ok(_) | Err(_) => panic!("not answered as our own fault"),
    }
}

fn ids(users: &[User]) -> Vec<&str> {
    users.iter().map(|user| user.id.as_str()).collect()
}

#[actix_web::test]
async fn one_id_asked_for_by_32_at_once_becomes_one_user() {
    let fixture = Fixture::fresh().await;
    let asked = (0..32).map(|n| {
        let if_known = if n % 2 == 0 { IfKnown::Refuse } else { IfKnown::Update };
        fixture.store.register(fixture.app, UpsertUser { if_known, ..registration("guest") })
    });
    let answers = join_all(asked).await;
    let created = answers.iter().filter(|answer| answer.as_ref().is_ok_and(|registered| registered.created));
    assert_eq!(created.count(), 1);
    let refused = answers.iter().filter(|answer| matches!(answer, Err(Error::Conflict(Resource::User))));
    assert_eq!(refused.count(), 15, "all that refuse a known user but the first, which created it");
    assert_eq!(fixture.kinds(), [EventKind::Created]);
    let listed =
        fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 100), Order::OldestFirst).await).unwrap();
    assert_eq!((listed.items.len(), listed.total), (1, 1));
}

#[actix_web::test]
async fn two_writers_on_one_user_both_land() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    let status = ProfileChange { status: Patch::Set(StatusText::parse("away").unwrap()), ..ProfileChange::default() };
    join(fixture.change("guest", named("Ann"), at(2)), fixture.change("guest", status, at(3))).await;
    let profile = fixture.user("guest").unwrap().profile;
    assert_eq!(profile.display_name.unwrap().as_str(), "Ann");
    assert_eq!(profile.status.unwrap().as_str(), "away");
}

#[actix_web::test]
async fn a_refused_write_harms_no_neighbour() {
    let fixture = Fixture::fresh().await;
    fixture.register("known").await;
    let asked = (0..300).map(|n| match n % 3 {
        0 => fixture.store.register(fixture.app, UpsertUser { if_known: IfKnown::Refuse, ..registration("known") }),
        // Its picture is refused after its row was written: the handle of another user.
        1 => {
            let mut taken = registration(&format!("bad{n}"));
            taken.secrets.handle = handle("known");
            fixture.store.register(fixture.app, taken)
        }
        _ => fixture.store.register(fixture.app, registration(&format!("good{n}"))),
    });
    let answers = join_all(asked).await;
    for (n, answer) in answers.iter().enumerate() {
        match n % 3 {
            0 => assert_eq!(*answer.as_ref().unwrap_err(), Error::Conflict(Resource::User)),
            1 => assert!(matches!(answer, Err(Error::Internal(_)))),
            _ => assert!(answer.as_ref().unwrap().created),
        }
    }
    assert_eq!(
        fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 1), Order::OldestFirst).await).unwrap().total,
        101
    );
    assert_eq!(fixture.events().len(), 101);
}

#[actix_web::test]
async fn every_change_has_exactly_its_event_in_the_order_of_the_commits() {
    let fixture = Fixture::fresh().await;
    let everything = UserChange {
        profile: named("Ann"),
        password: Some(password("$one", None)),
        state: Some(StateChange::Suspend { token: derived(60) }),
        ..UserChange::default()
    };
    fixture.register("guest").await;
    fixture.store.change_user(fixture.app, by_id("guest"), everything, at(2)).await.unwrap();
    fixture.store.reset_token(fixture.app, user_id("guest"), derived(7), at(3)).await.unwrap();
    let back = UserChange { state: Some(StateChange::Reactivate), ..UserChange::default() };
    fixture.store.change_user(fixture.app, by_id("guest"), back, at(4)).await.unwrap();
    fixture.store.delete_user(fixture.app, by_id("guest"), at(0), at(5)).await.unwrap();
    let changed = EventKind::ProfileChanged { fields: vec![ProfileField::DisplayName] };
    assert_eq!(
        fixture.kinds(),
        [
            EventKind::Created,
            changed,
            EventKind::PasswordChanged,
            EventKind::Suspended,
            EventKind::TokenReset,
            EventKind::Reactivated,
            EventKind::Deleted,
        ]
    );
    let events = fixture.events();
    assert!(events.windows(2).all(|pair| pair[0].seq < pair[1].seq));
    assert_eq!(events.iter().map(|event| event.at.micros()).collect::<Vec<_>>(), [1, 2, 2, 2, 3, 4, 5]);
    assert!(events.iter().all(|event| event.app == fixture.app && event.id.as_str() == "guest"));
    let later = fixture.store.reads(async |db| db.events_after(events[2].seq, 2).await).unwrap().events;
    assert_eq!(later, events[3..5]);
}

#[actix_web::test]
async fn events_of_concurrent_writers_match_the_stored_data() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    let writers = (0..32).map(|n| fixture.change("guest", named(&format!("name {n}")), at(100 + n)));
    join_all(writers).await;
    let last = fixture.events().pop().unwrap();
    let user = fixture.user("guest").unwrap();
    assert_eq!(fixture.events().len(), 33);
    assert_eq!(last.at, user.updated_at, "the last event matches the stored state");
}

#[actix_web::test]
async fn a_change_that_changes_nothing_leaves_no_trace() {
    let fixture = Fixture::fresh().await;
    let extras =
        Extras::parse(json!({ "level": 0.1, "big": 9_007_199_254_740_993_u64, "ratio": 1.7976931348623157e308 }));
    let change = ProfileChange {
        avatar: Some(AvatarChange::Elsewhere(HttpAddress::parse("https://example.com/a.png").unwrap())),
        extras: Patch::Set(extras.unwrap()),
        ..named("Ann")
    };
    let first = UpsertUser { change: change.clone(), chosen: Some(chosen("$one", None)), ..registration("guest") };
    let created = fixture.store.register(fixture.app, first.clone()).await.unwrap().user;
    let again = fixture.store.register(fixture.app, UpsertUser { at: at(9), ..first }).await.unwrap();
    let changed = fixture.change("guest", change, at(10)).await;
    let active = UserChange { state: Some(StateChange::Reactivate), ..UserChange::default() };
    fixture.store.change_user(fixture.app, by_id("guest"), active, at(11)).await.unwrap();
    assert!(!again.created);
    assert_eq!((&again.user, &changed), (&created, &created));
    assert_eq!(fixture.user("guest"), Some(created));
    assert_eq!(fixture.kinds(), [EventKind::Created]);
}

#[actix_web::test]
async fn a_known_user_takes_given_fields_and_keeps_its_secrets() {
    let fixture = Fixture::fresh().await;
    let created = fixture.register("guest").await;
    let mut again = UpsertUser { change: named("Ann"), ..registration("guest") };
    again.secrets = NewSecrets { token: derived(50), issued: derived(51), handle: handle("other") };
    let known = fixture.store.register(fixture.app, again).await.unwrap();
    assert_eq!(known.user.key, created.user.key);
    assert_eq!(known.user.handle, created.user.handle);
    assert_eq!((known.credentials.token, known.credentials.issued), (derived(1), derived(2)));
    assert_eq!(known.user.display_name_or_id(), "Ann");
    assert_eq!(fixture.store.credentials(fixture.app, &user_id("guest")).unwrap(), Some(known.credentials));
    assert_eq!(fixture.user("guest"), Some(known.user));
}

#[actix_web::test]
async fn promise_59_a_new_password_ends_all_that_was_issued_but_the_ticket_issued_with_it() {
    let fixture = Fixture::fresh().await;
    let ticket = |number| {
        Some(NewTicket {
            digest: Digest([number; 32]),
            expires_at: at(1000),
            vendor: Vendor::MirrorFly,
            newest_kept: None,
        })
    };
    let first = UpsertUser { ticket: ticket(1), chosen: Some(chosen("$one", None)), ..registration("guest") };
    let created = fixture.store.register(fixture.app, first.clone()).await.unwrap();
    assert_eq!(fixture.kinds(), [EventKind::Created], "choosing one at creation changes none");
    let state = SessionState { salt: Salt([1; 16]), renewed_at: at(1), token_expires_at: at(2), ends_at: at(1000) };
    let begin = || fixture.store.begin_session(fixture.app, created.credentials.clone(), state, 9);
    let session = begin().await.unwrap();
    let second = UpsertUser { ticket: ticket(2), ..first.clone() };
    let same = fixture.store.register(fixture.app, second).await.unwrap();
    assert!(fixture.store.ticket(&Digest([1; 32])).unwrap().is_some(), "the same password ends nothing");
    assert_eq!(same.credentials, created.credentials);
    let secrets = NewSecrets { token: derived(50), issued: derived(51), handle: handle("other") };
    let other = chosen("$two", Some("$one"));
    let third = UpsertUser { ticket: ticket(3), chosen: Some(other), secrets, ..first.clone() };
    let drawn = fixture.store.register(fixture.app, third.clone()).await.unwrap().credentials;
    let alive = [1, 2, 3].map(|number| fixture.store.ticket(&Digest([number; 32])).unwrap().is_some());
    assert_eq!(alive, [false, false, true]);
    assert_eq!((drawn.token, drawn.issued), (derived(50), derived(51)), "drawn anew");
    assert_eq!(fixture.store.credentials(fixture.app, &user_id("guest")).unwrap(), Some(drawn));
    assert!(fixture.store.session(fixture.app, session).unwrap().is_none(), "sessions with refresh tokens end too");
    let late = begin().await;
    assert_eq!(late, Err(Error::Unauthenticated(Unauthenticated::Wrong)), "the former password was checked too early");
    assert_eq!(fixture.kinds(), [EventKind::Created, EventKind::PasswordChanged]);
    let stale = UpsertUser { change: named("Ann"), chosen: Some(chosen("$three", Some("$one"))), ..first };
    let stale = fixture.store.register(fixture.app, stale).await.map(|_| ());
    assert_eq!(stale, Err(Error::Conflict(Resource::NewerVersion)), "it was compared with a password of the past");
    assert_eq!(fixture.user("guest").unwrap().display_name_or_id(), "guest", "nothing was changed");
}

#[actix_web::test]
async fn a_login_that_a_suspension_or_another_password_overtook_begins_no_session() {
    let fixture = Fixture::fresh().await;
    let key = fixture.register("ada").await.user.key;
    let issue = |number: u8, seen: Option<PasswordHash>, issued: DerivedSecret| {
        let ticket = NewTicket {
            digest: Digest([number; 32]),
            expires_at: at(1000),
            vendor: Vendor::MirrorFly,
            newest_kept: None,
        };
        fixture.store.issue_ticket(
            fixture.app,
            Principal::User { key, chosen: seen, issued: issued.digest },
            ticket,
            at(2),
        )
    };
    let missing = Err(Error::NotFound(Resource::User));
    let (former, current) = (PasswordHash("$one".to_owned()), PasswordHash("$two".to_owned()));
    let change = UserChange { password: Some(password(&current.0, None)), ..UserChange::default() };
    fixture.store.change_user(fixture.app, by_id("ada"), change, at(1)).await.unwrap();
    let drawn = derived(91);
    assert_eq!((issue(1, None, drawn).await, issue(2, Some(former), drawn).await), (missing.clone(), missing.clone()));
    assert_eq!(issue(3, Some(current.clone()), derived(2)).await, missing);
    assert_eq!(issue(4, Some(current.clone()), drawn).await, Ok(()));
    let suspend = UserChange { state: Some(StateChange::Suspend { token: derived(60) }), ..UserChange::default() };
    fixture.store.change_user(fixture.app, by_id("ada"), suspend, at(3)).await.unwrap();
    assert_eq!(issue(5, Some(current), drawn).await, missing);
}

#[actix_web::test]
async fn suspending_ends_the_sessions_of_that_user_alone() {
    let fixture = Fixture::fresh().await;
    let [bad, good] = [fixture.register("bad").await.user.key, fixture.register("good").await.user.key];
    let theirs =
        fixture.ticket(Principal::User { key: bad, chosen: None, issued: derived(2).digest }, 1, at(1000)).await;
    let others =
        fixture.ticket(Principal::User { key: good, chosen: None, issued: derived(2).digest }, 2, at(1000)).await;
    let back_end = fixture.ticket(Principal::BackEnd, 3, at(1000)).await;
    let suspend = UserChange { state: Some(StateChange::Suspend { token: derived(60) }), ..UserChange::default() };
    let suspended = fixture.store.change_user(fixture.app, by_id("bad"), suspend.clone(), at(2)).await.unwrap();
    fixture.store.change_user(fixture.app, by_id("bad"), suspend, at(3)).await.unwrap();
    assert_eq!(suspended.state, State::Suspended);
    assert_eq!(fixture.store.credentials(fixture.app, &user_id("bad")).unwrap().unwrap().state, State::Suspended);
    assert_eq!(fixture.store.ticket(&theirs).unwrap(), None);
    let ticket =
        NewTicket { digest: Digest([4; 32]), expires_at: at(1000), vendor: Vendor::MirrorFly, newest_kept: None };
    let issued = fixture
        .store
        .issue_ticket(fixture.app, Principal::User { key: bad, chosen: None, issued: derived(2).digest }, ticket, at(3))
        .await;
    assert_eq!(issued, Err(Error::NotFound(Resource::User)));
    let asked = UpsertUser { ticket: Some(ticket), change: named("New"), ..registration("bad") };
    assert!(matches!(fixture.store.register(fixture.app, asked).await, Err(Error::Forbidden(_))));
    assert_eq!((fixture.store.ticket(&ticket.digest).unwrap(), fixture.user("bad")), (None, Some(suspended)));
    assert!(fixture.store.ticket(&others).unwrap().is_some());
    assert_eq!(fixture.store.ticket(&back_end).unwrap().unwrap().holder, TicketHolder::BackEnd);
    assert_eq!(fixture.kinds(), [EventKind::Created, EventKind::Created, EventKind::Suspended]);
    let listed =
        fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 10), Order::OldestFirst).await).unwrap();
    assert_eq!(ids(&listed.items), ["bad", "good"], "suspended users are listed");
}

#[actix_web::test]
async fn a_reset_token_replaces_the_former_one_and_nothing_else() {
    let fixture = Fixture::fresh().await;
    let before = fixture.register("guest").await;
    fixture.store.reset_token(fixture.app, user_id("guest"), derived(7), at(2)).await.unwrap();
    let after = fixture.store.credentials(fixture.app, &user_id("guest")).unwrap().unwrap();
    assert_eq!((after.token, after.issued), (derived(7), before.credentials.issued));
    assert_eq!(fixture.user("guest"), Some(User { version: 2, ..before.user }));
}

#[actix_web::test]
async fn an_expired_ticket_is_found_until_it_is_forgotten() {
    let fixture = Fixture::fresh().await;
    let key = fixture.register("guest").await.user.key;
    let mut digests = Vec::new();
    for (number, expires_at) in [(1, 30), (2, 10), (3, 20), (4, 40)] {
        digests.push(
            fixture
                .ticket(Principal::User { key, chosen: None, issued: derived(2).digest }, number, at(expires_at))
                .await,
        );
    }
    let ticket = fixture.store.ticket(&digests[1]).unwrap().unwrap();
    assert_eq!((ticket.app, ticket.expires_at), (fixture.app, at(10)));
    assert_eq!(ticket.holder, TicketHolder::User { key, id: user_id("guest") });
    assert_eq!(fixture.store.forget_expired_tickets(at(9), 100).await, Ok(0));
    assert_eq!(fixture.store.forget_expired_tickets(at(30), 2).await, Ok(2));
    let alive = |n: usize| fixture.store.ticket(&digests[n]).unwrap().is_some();
    assert_eq!([0, 1, 2, 3].map(alive), [true, false, false, true], "the longest expired go first");
    assert_eq!(fixture.store.forget_expired_tickets(at(30), 2).await, Ok(1));
    assert!(alive(3));
}

#[actix_web::test]
async fn pages_equal_a_straight_enumeration() {
    let fixture = Fixture::fresh().await;
    let mut dice = Dice(7);
    let mut alive: Vec<String> = Vec::new();
    for round in 0..4 {
        let fresh: Vec<String> = (0..900).map(|n| format!("u{round}-{n}")).collect();
        for chunk in fresh.chunks(300) {
            join_all(chunk.iter().map(|id| fixture.register(id))).await;
        }
        alive.extend(fresh);
        let (gone, kept): (Vec<_>, Vec<_>) = alive.into_iter().partition(|_| dice.below(3) == 0);
        alive = kept;
        for chunk in gone.chunks(300) {
            let deletions = chunk.iter().map(|id| fixture.store.delete_user(fixture.app, by_id(id), at(0), at(2)));
            assert!(join_all(deletions).await.iter().all(Result::is_ok));
        }
    }
    // A hole as wide as a whole block, and the newest ones gone.
    let mut holes = alive.split_off(alive.len() - 50);
    holes.extend(alive.drain(200..1100));
    for id in holes {
        fixture.store.delete_user(fixture.app, by_id(&id), at(0), at(3)).await.unwrap();
    }
    pages_tell(&fixture, &alive, &mut dice);
}

fn pages_tell(fixture: &Fixture, alive: &[String], dice: &mut Dice) {
    let newest: Vec<&String> = alive.iter().rev().collect();
    let oldest: Vec<&String> = alive.iter().collect();
    for _ in 0..300 {
        let limit = 1 + dice.below(100);
        let number = 1 + dice.below(u32::try_from(alive.len()).unwrap() / limit + 3);
        for (order, expected) in [(Order::OldestFirst, &oldest), (Order::NewestFirst, &newest)] {
            let page =
                fixture.store.reads(async |db| db.users(fixture.app, Page::new(number, limit), order).await).unwrap();
            let skipped = expected.iter().skip((number as usize - 1) * limit as usize);
            let expected: Vec<&str> = skipped.take(limit as usize).map(|id| id.as_str()).collect();
            assert_eq!(ids(&page.items), expected, "page {number} of {limit}, {order:?}");
            assert_eq!(page.total, alive.len() as u64);
        }
    }
    let beyond = fixture
        .store
        .reads(async |db| db.users(fixture.app, Page::new(u32::MAX, 100), Order::NewestFirst).await)
        .unwrap();
    assert_eq!((beyond.items.len(), beyond.total), (0, alive.len() as u64));
}

/// Numbers that look drawn, the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((self.0 >> 33) % u64::from(bound)).unwrap()
    }
}

#[actix_web::test]
async fn a_list_of_an_unknown_user_is_empty() {
    let fixture = Fixture::fresh().await;
    for order in [Order::OldestFirst, Order::NewestFirst] {
        let listed = fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 20), order).await).unwrap();
        assert_eq!((listed.items.len(), listed.total), (0, 0));
    }
}

#[actix_web::test]
async fn nothing_crosses_from_one_app_to_another() {
    let fixture = Fixture::fresh().await;
    let foreign = fixture.store.create_app(new_app(2), at(0)).await.unwrap().key;
    let key = fixture.register("guest").await.user.key;
    fixture.show("guest", upload(1), at(2)).await;
    let id = user_id("guest");
    let missing = Error::NotFound(Resource::User);
    assert_eq!(fixture.store.user(foreign, &id).unwrap(), None);
    assert_eq!(fixture.store.credentials(foreign, &id).unwrap(), None);
    assert_eq!(
        fixture.store.reads(async |db| db.users(foreign, Page::new(1, 10), Order::OldestFirst).await).unwrap().total,
        0
    );
    let refused = fixture.store.change_user(foreign, Owner::Named(id.clone()), UserChange::default(), at(3)).await;
    assert_eq!(refused.unwrap_err(), missing);
    assert_eq!(fixture.store.reset_token(foreign, id.clone(), derived(7), at(3)).await, Err(missing.clone()));
    assert_eq!(fixture.store.delete_user(foreign, Owner::Named(id.clone()), at(0), at(3)).await, Err(missing.clone()));
    let ticket =
        NewTicket { digest: Digest([1; 32]), expires_at: at(100), vendor: Vendor::MirrorFly, newest_kept: None };
    assert_eq!(
        fixture
            .store
            .issue_ticket(foreign, Principal::User { key, chosen: None, issued: derived(2).digest }, ticket, at(3))
            .await,
        Err(missing)
    );
    let nowhere = fixture.store.issue_ticket(AppKey(99), Principal::BackEnd, ticket, at(3)).await;
    assert_eq!(nowhere, Err(Error::NotFound(Resource::App)));
    let mut namesake = registration("guest");
    namesake.secrets.handle = handle("namesake");
    let address = HttpAddress::parse("https://standin.example/p/1").unwrap();
    namesake.change.avatar = Some(AvatarChange::Owned(picture_key(1), Some(address.clone())));
    let namesake = fixture.store.register(foreign, namesake).await.unwrap();
    assert!(namesake.created && namesake.user.key != key);
    assert_eq!(namesake.user.profile.avatar, Avatar::Elsewhere(address), "a foreign picture is an address as any");
    let (app, user) = fixture.store.user_by_handle(&handle("namesake")).unwrap().unwrap();
    assert_eq!((app, user), (foreign, namesake.user));
    assert_eq!(fixture.store.picture(&picture_key(1)).unwrap().unwrap().app, fixture.app);
}

#[actix_web::test]
async fn a_user_of_a_freed_id_is_another_user() {
    let fixture = Fixture::fresh().await;
    let former = fixture.register("guest").await.user;
    fixture.show("guest", upload(1), at(2)).await;
    let ticket =
        fixture.ticket(Principal::User { key: former.key, chosen: None, issued: derived(2).digest }, 1, at(1000)).await;
    fixture.store.delete_user(fixture.app, by_id("guest"), at(0), at(3)).await.unwrap();
    assert_eq!(fixture.user("guest"), None);
    let mut again = registration("guest");
    again.secrets.handle = handle("again");
    let user = fixture.store.register(fixture.app, again).await.unwrap().user;
    assert!(user.key.0 > former.key.0);
    assert_eq!(fixture.store.ticket(&ticket).unwrap(), None);
    assert_eq!(user.profile.avatar, Avatar::Tile);
    assert_eq!(fixture.store.picture(&picture_key(1)).unwrap(), None);
    assert_eq!(fixture.store.user_by_handle(&former.handle).unwrap(), None);
    let address = HttpAddress::parse("https://standin.example/p/1").unwrap();
    let avatar = fixture.show("guest", AvatarChange::Owned(picture_key(1), Some(address.clone())), at(4)).await;
    assert_eq!(avatar, Avatar::Elsewhere(address), "nor can it be taken back by the new one");
    assert_eq!(fixture.store.take_released_pictures(at(4), 10).await, Ok(vec![picture_key(1)]), "its file is swept");
}

#[actix_web::test]
async fn a_key_is_never_used_twice_even_when_the_newest_user_goes() {
    let fixture = Fixture::fresh().await;
    let former = fixture.register("guest").await.user.key;
    fixture.store.delete_user(fixture.app, by_id("guest"), at(0), at(2)).await.unwrap();
    let Fixture { folder, store, app } = fixture;
    store.close().await;
    let store = open(folder.path());
    let later = store.register(app, registration("guest")).await.unwrap().user.key;
    assert_ne!(later, former);
}

#[actix_web::test]
async fn a_replaced_picture_is_released_and_can_be_taken_back() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    let (first, second) = (picture_key(1), picture_key(2));
    assert_eq!(fixture.show("guest", upload(1), at(2)).await, Avatar::Picture(first.clone(), PictureKind::Jpeg));
    assert_eq!(fixture.store.take_released_pictures(at(100), 10).await, Ok(vec![]), "the current one stays");
    fixture.show("guest", upload(2), at(3)).await;
    let address = HttpAddress::parse("https://standin.example/p/1").unwrap();
    let back = fixture.show("guest", AvatarChange::Owned(first.clone(), Some(address)), at(4)).await;
    assert_eq!(back, Avatar::Picture(first.clone(), PictureKind::Jpeg));
    assert_eq!(fixture.user("guest").unwrap().profile.avatar, back);
    let stored = fixture.store.picture(&second).unwrap().unwrap();
    assert_eq!((stored.width_px, stored.height_px, stored.kind), (640, 480, PictureKind::Jpeg));
    assert_eq!(fixture.store.take_released_pictures(at(4), 10).await, Ok(vec![]), "not before its time");
    assert_eq!(fixture.store.take_released_pictures(at(5), 10).await, Ok(vec![second.clone()]));
    assert_eq!(fixture.store.picture(&second).unwrap(), None);
    let kept = fixture.store.reads(async |db| {
        let rows = db.pictures();
        Ok((rows.shards()?, rows.keys_in(first.shard())?))
    });
    assert_eq!(kept.unwrap(), ([first.shard().to_owned()].into(), [first.clone()].into()));
}

#[actix_web::test]
async fn a_picture_of_another_user_is_an_address_as_any() {
    let fixture = Fixture::fresh().await;
    fixture.register("ann").await;
    fixture.register("bob").await;
    fixture.show("ann", upload(1), at(2)).await;
    let address = HttpAddress::parse("https://standin.example/p/1").unwrap();
    let avatar = fixture.show("bob", AvatarChange::Owned(picture_key(1), Some(address.clone())), at(3)).await;
    assert_eq!(avatar, Avatar::Elsewhere(address.clone()));
    assert_eq!(fixture.user("bob").unwrap().profile.avatar, Avatar::Elsewhere(address));
    assert!(matches!(fixture.user("ann").unwrap().profile.avatar, Avatar::Picture(..)));
    fixture.show("bob", AvatarChange::Tile, at(4)).await;
    assert_eq!(fixture.user("bob").unwrap().profile.avatar, Avatar::Tile);
}

#[actix_web::test]
async fn released_pictures_are_taken_longest_released_first_and_a_few_at_a_time() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    for number in 1..=5 {
        fixture.show("guest", upload(number), at(i64::from(number) * 10)).await;
    }
    assert_eq!(fixture.store.take_released_pictures(at(100), 3).await.unwrap().len(), 3);
    assert_eq!(fixture.store.take_released_pictures(at(100), 3).await, Ok(vec![picture_key(4)]));
}

#[actix_web::test]
async fn a_profile_comes_back_byte_for_byte() {
    let fixture = Fixture::fresh().await;
    let pairs = json!({ "zeta": "1", "alpha": true, "mid": 2.5 });
    let Value::Object(pairs) = pairs else { unreachable!() };
    let change = ProfileChange {
        display_name: Patch::Set(DisplayName::parse("  A\u{300}nn 😀 ").unwrap()),
        avatar: Some(AvatarChange::Elsewhere(HttpAddress::parse("https://example.com/a.png?x=%20").unwrap())),
        status: Patch::Set(StatusText::parse("two\nlines\t").unwrap()),
        mobile: Patch::Set(MobileNumber::parse("+49 (0) 30").unwrap()),
        email: Patch::Set(Email::parse("!#$%&+@example.com").unwrap()),
        extras: Patch::Set(Extras::parse(json!({ "a": { "b": [1, null, "\u{0}"] } })).unwrap()),
        metadata: Patch::Set(Metadata::parse(pairs).unwrap()),
        tencent_profile: TencentProfile {
            gender: Some(Gender::Unknown),
            birthday: Some(20_000_101),
            location: Some(Location::parse("\u{0}\u{1}  ").unwrap()),
            language: Some(u32::MAX),
            allow_type: Some(AllowType::NeedConfirm),
            message_settings: Some(0),
            forbid_type: Some(ForbidType::SendOut),
            level: Some(1),
            role: Some(2),
        },
        custom: [(CustomName::parse("Test1").unwrap(), CustomValue::parse(" x\n").unwrap())].into(),
    };
    let user = fixture.store.register(fixture.app, UpsertUser { change, ..registration("guest") }).await.unwrap().user;
    assert_eq!(fixture.user("guest").as_ref(), Some(&user));
    let metadata = fixture.user("guest").unwrap().profile.metadata;
    let keys: Vec<&String> = metadata.as_object().keys().collect();
    assert_eq!(keys, ["zeta", "alpha", "mid"], "in the order they were given");
    assert_eq!(fixture.store.user_by_handle(&user.handle).unwrap(), Some((fixture.app, user.clone())));
    let cleared = ProfileChange {
        display_name: Patch::Clear,
        avatar: Some(AvatarChange::Tile),
        status: Patch::Clear,
        mobile: Patch::Clear,
        email: Patch::Clear,
        extras: Patch::Clear,
        metadata: Patch::Clear,
        tencent_profile: TencentProfile::default(),
        custom: [(CustomName::parse("Test1").unwrap(), CustomValue::parse("").unwrap())].into(),
    };
    let left = Profile { tencent_profile: user.profile.tencent_profile, ..Profile::default() };
    assert_eq!(
        fixture.change("guest", cleared, at(2)).await.profile,
        left,
        "Tencent's API sets fields and never removes them"
    );
    assert_eq!(fixture.user("guest").unwrap().profile, left);
}

#[actix_web::test]
async fn numbers_of_extras_come_back_as_they_were() {
    let fixture = Fixture::fresh().await;
    let mut dice = Dice(3);
    let drawn =
        (0..1000).map(|_| f64::from_bits(u64::from(dice.below(1 << 31)) << 32 | u64::from(dice.below(1 << 31))));
    let numbers: Vec<f64> = drawn.filter(|number| number.is_finite()).take(500).collect();
    let extras = Extras::parse(json!({ "numbers": numbers })).unwrap();
    let change = ProfileChange { extras: Patch::Set(extras.clone()), ..ProfileChange::default() };
    fixture.store.register(fixture.app, UpsertUser { change, ..registration("guest") }).await.unwrap();
    let stored = fixture.user("guest").unwrap().profile.extras;
    assert!(stored == extras, "a number changed on its way");
}

#[actix_web::test]
async fn a_device_replaces_the_one_of_its_platform() {
    let fixture = Fixture::fresh().await;
    let device = |device_type, token: &str| Device {
        device_type,
        os_version: None,
        token: Some(DeviceText::parse(token).unwrap()),
        voip_token: None,
        sandbox: false,
    };
    for (device_type, token) in [(DeviceType::Ios, "a"), (DeviceType::Web, "b"), (DeviceType::Ios, "c")] {
        let register = UpsertUser { device: Some(device(device_type, token)), ..registration("guest") };
        fixture.store.register(fixture.app, register).await.unwrap();
    }
    let count = "SELECT group_concat(platform || token, ' ') FROM (SELECT * FROM device ORDER BY platform)";
    assert_eq!(outside(&fixture).query_row(count, [], |row| row.get::<_, String>(0)).unwrap(), "iosc webb");
    fixture.store.delete_user(fixture.app, by_id("guest"), at(0), at(2)).await.unwrap();
    let left = outside(&fixture).query_row("SELECT count(*) FROM device", [], |row| row.get::<_, i64>(0));
    assert_eq!(left.unwrap(), 0);
}

/// The database as a tool from outside sees it.
fn outside(fixture: &Fixture) -> rusqlite::Connection {
    rusqlite::Connection::open(fixture.folder.path().join("standin.db")).unwrap()
}

#[actix_web::test]
async fn apps_store_their_fields_and_names_are_unique() {
    let fixture = Fixture::fresh().await;
    let first: App = fixture.store.reads(async |db| db.apps().await).unwrap().remove(0);
    assert_eq!(first.hosts, new_app(1).hosts);
    assert_eq!(first.account_password, AccountPassword::Derived(derived(9)));
    let second = fixture.store.create_app(new_app(2), at(5)).await.unwrap();
    assert_eq!(fixture.store.reads(async |db| db.apps().await).unwrap(), [first.clone(), second.clone()]);
    let taken = NewApp { sdk_app_id: second.sdk_app_id, ..new_app(3) };
    assert_eq!(fixture.store.create_app(taken, at(6)).await, Err(Error::Conflict(Resource::App)));
    let taken = App { app_id: first.app_id.clone(), ..second.clone() };
    assert_eq!(fixture.store.change_app(taken).await, Err(Error::Conflict(Resource::App)));
    let settings = AppSettings { registration: Registration::Closed, password_min: 8, ..AppSettings::default() };
    let changed = App {
        name: AppName::parse("Other").unwrap(),
        account_password: AccountPassword::Chosen(PasswordHash("$argon2id".into())),
        settings,
        hosts: vec![],
        ..second
    };
    assert_eq!(fixture.store.change_app(App { created_at: at(99), ..changed.clone() }).await, Ok(changed.clone()));
    assert_eq!(fixture.store.reads(async |db| db.apps().await).unwrap(), [first, changed.clone()]);
    let nobody =
        App { key: AppKey(77), app_id: AppId::parse("x").unwrap(), sdk_app_id: SdkAppId::parse(9).unwrap(), ..changed };
    assert_eq!(fixture.store.change_app(nobody).await, Err(Error::NotFound(Resource::App)));
}

#[actix_web::test]
async fn the_first_key_is_adopted_for_good() {
    let fixture = Fixture::fresh().await;
    let (own, other) = (Digest([1; 32]), Digest([2; 32]));
    assert_eq!(fixture.store.adopt_key(own).await, Ok(true));
    assert_eq!(fixture.store.adopt_key(other).await, Ok(false));
    assert_eq!(fixture.store.adopt_key(own).await, Ok(true));
}

#[actix_web::test]
async fn a_reopened_store_has_everything() {
    let fixture = Fixture::fresh().await;
    fixture.store.adopt_key(Digest([1; 32])).await.unwrap();
    let created = UpsertUser { change: named("Ann"), ..registration("guest") };
    let registered = fixture.store.register(fixture.app, created).await.unwrap();
    fixture.show("guest", upload(1), at(2)).await;
    let digest = fixture
        .ticket(Principal::User { key: registered.user.key, chosen: None, issued: derived(2).digest }, 1, at(1000))
        .await;
    let (apps, user, events) =
        (fixture.store.reads(async |db| db.apps().await).unwrap(), fixture.user("guest"), fixture.events());
    let Fixture { folder, store, app } = fixture;
    store.close().await;
    let store = open(folder.path());
    let fixture = Fixture { folder, store, app };
    assert_eq!(fixture.store.reads(async |db| db.apps().await).unwrap(), apps);
    assert_eq!(fixture.user("guest"), user);
    assert_eq!(fixture.events(), events);
    assert!(fixture.store.ticket(&digest).unwrap().is_some());
    assert_eq!(fixture.store.adopt_key(Digest([2; 32])).await, Ok(false));
    fixture.register("second").await;
    assert_eq!(fixture.events().len(), events.len() + 1);
}

#[actix_web::test]
async fn closing_finishes_queued_writes_and_refuses_later_ones() {
    let fixture = Fixture::fresh().await;
    let store = fixture.store.clone();
    let ids: Vec<String> = (0..100).map(|n| format!("u{n}")).collect();
    let queued = join_all(ids.iter().map(|id| fixture.store.register(fixture.app, registration(id))));
    let (answers, ()) = join(queued, store.close()).await;
    assert!(answers.iter().all(Result::is_ok));
    let late = fixture.store.register(fixture.app, registration("late")).await;
    assert_eq!(late.unwrap_err(), Error::Busy);
    assert_eq!(
        fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 1), Order::OldestFirst).await).unwrap().total,
        100
    );
}

#[actix_web::test]
async fn a_caller_that_is_dropped_leaves_a_complete_write_or_none() {
    let fixture = Fixture::fresh().await;
    let mut impatient = Box::pin(fixture.store.register(fixture.app, registration("guest")));
    // Polled once, so that it is queued; a fast disk may even have answered it by then.
    let _ = impatient.as_mut().now_or_never();
    drop(impatient);
    fixture.register("next").await;
    assert!(fixture.user("guest").is_some(), "it was queued, so it is done");
    drop(fixture.store.register(fixture.app, registration("never")));
    fixture.register("last").await;
    assert_eq!(fixture.user("never"), None, "it was never asked for");
}

#[actix_web::test]
async fn a_database_of_a_newer_version_is_refused_and_left_alone() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    outside(&fixture).execute_batch("PRAGMA user_version = 4711").unwrap();
    let Fixture { folder, store, .. } = fixture;
    store.close().await;
    let file = folder.path().join("standin.db");
    let before = std::fs::read(&file).unwrap();
    let options = StoreOptions { durability: Durability::Full, point_readers: 1, long_readers: 1 };
    let refused = Store::open(&file, &options).map(drop).unwrap_err().to_string();
    assert!(refused.contains("newer Standin") && refused.contains("4711") && refused.ends_with('.'), "{refused}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_with_a_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let options = StoreOptions { durability: Durability::Full, point_readers: 1, long_readers: 1 };
    let noise = folder.path().join("noise.db");
    std::fs::write(&noise, [7; 8192]).unwrap();
    let nowhere = folder.path().join("absent/standin.db");
    for file in [noise, nowhere] {
        let refused = Store::open(&file, &options).map(drop).unwrap_err().to_string();
        assert!(refused.starts_with("Cannot use the database") && !refused.contains('\n'), "{refused}");
    }
}

#[actix_web::test]
async fn the_files_of_the_store_are_private() {
    let fixture = Fixture::fresh().await;
    fixture.register("guest").await;
    let mut files: Vec<(String, u32)> = std::fs::read_dir(fixture.folder.path())
        .unwrap()
        .map(|entry| {
            let entry = entry.unwrap();
            (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode() & 0o7777)
        })
        .collect();
    files.sort();
    let expected = ["standin.db", "standin.db-shm", "standin.db-wal"].map(|name| (name.to_owned(), 0o600));
    assert_eq!(files, expected);
}

#[test]
fn sqlite_is_one_that_does_not_corrupt_a_wal() {
    assert!(rusqlite::version_number() >= 3_051_003);
}

#[actix_web::test]
async fn a_row_that_breaks_a_rule_is_named_and_its_value_is_not() {
    let fixture = Fixture::fresh().await;
    let key = fixture.register("guest").await.user.key;
    fixture.register("other").await;
    let broken = "UPDATE user SET display_name = 'secret' || char(7) WHERE id = 'guest'";
    assert_eq!(outside(&fixture).execute(broken, []).unwrap(), 1);
    let UserKey(key) = key;
    let cause = internal(fixture.store.user(fixture.app, &user_id("guest")));
    assert!(cause.starts_with(&format!("table user, key {key}, column display_name: must be")), "{cause}");
    assert!(!cause.contains("secret"));
    assert!(fixture.user("other").is_some());
}

#[actix_web::test]
async fn a_clock_set_back_changes_no_order() {
    let fixture = Fixture::fresh().await;
    for (id, moment) in [("a", 500), ("b", 10), ("c", i64::MAX)] {
        fixture.store.register(fixture.app, UpsertUser { at: at(moment), ..registration(id) }).await.unwrap();
    }
    let listed =
        fixture.store.reads(async |db| db.users(fixture.app, Page::new(1, 10), Order::NewestFirst).await).unwrap();
    assert_eq!(ids(&listed.items), ["c", "b", "a"]);
    let reported: Vec<UserId> = fixture.events().into_iter().map(|event| event.id).collect();
    assert_eq!(reported, ["a", "b", "c"].map(user_id));
    assert_eq!(listed.items[0].created_at.after(Duration::from_secs(1)), at(i64::MAX));
}

/// Occupies a thread for long reads until the sender is used or dropped.
async fn hold_long_reader(store: &Store, caller: CallerKey) -> std::sync::mpsc::Sender<()> {
    let (let_go, wait) = std::sync::mpsc::channel();
    let (began, begun) = tokio::sync::oneshot::channel();
    let store = store.clone();
    actix_web::rt::spawn(async move {
        let held = async move |_: &LongReads<'_>| {
            let _ = began.send(());
            let _ = wait.recv();
            Ok(())
        };
        store.long_read(caller, held).await
    });
    begun.await.unwrap();
    let_go
}

#[actix_web::test]
async fn promise_58_point_reads_and_the_feed_wait_for_no_long_read_and_a_flood_is_refused_alone() {
    let fixture = Fixture::fresh().await;
    fixture.register("ada").await;
    let user = |n: i64| CallerKey::User(UserKey(n));
    let feed = fixture.store.feed_reader().unwrap();
    let held = [hold_long_reader(&fixture.store, user(1)).await, hold_long_reader(&fixture.store, user(2)).await];
    let asks = |n: i64| Box::pin(fixture.store.long_read(user(n), async move |_| Ok(n)));
    // All threads for long reads are taken. One caller sends a thousand more.
    let (mut refused, mut flood) = (0, Vec::new());
    for mut ask in (0..1000).map(|_| asks(3)) {
        match ask.as_mut().now_or_never() {
            Some(answer) => {
                assert!(matches!(answer, Err(Error::TooMany { .. })), "{answer:?}");
                refused += 1;
            }
            None => flood.push(ask),
        }
    }
    assert!(refused > 900, "a caller has a quarter of the places to wait: {refused}");
    let mut other = asks(4);
    assert_eq!(other.as_mut().now_or_never(), None, "another caller has a place");
    for _ in 0..100 {
        assert_eq!(fixture.user("ada").map(|user| user.id), Some(user_id("ada")));
        assert!(!feed.read(async |db| db.events_after(0, 100).await).await.unwrap().events.is_empty());
    }
    let [first, second] = held;
    first.send(()).unwrap();
    let (other, flood) = join(other, join_all(flood)).await;
    assert_eq!(other, Ok(4));
    assert!(flood.iter().all(|read| *read == Ok(3)), "what has a place is served");
    second.send(()).unwrap();
}

#[actix_web::test]
async fn promise_58_more_threads_than_connections_do_point_reads_side_by_side() {
    let fixture = Fixture::fresh().await;
    fixture.register("ada").await;
    let (here, all) = (std::sync::Arc::new(std::sync::Barrier::new(32)), fixture.app);
    let threads = (0..32).map(|_| {
        let (store, here) = (fixture.store.clone(), std::sync::Arc::clone(&here));
        std::thread::spawn(move || {
            here.wait();
            (0..50).all(|_| store.user(all, &user_id("ada")).unwrap().is_some())
        })
    });
    let threads: Vec<_> = threads.collect();
    assert!(threads.into_iter().all(|thread| thread.join().unwrap()));
}
