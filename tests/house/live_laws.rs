//! Notifications of sessions: which users get which, in which order, and what happens to slow clients.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use standin::{
    domain::{
        caller::Owner,
        error::Error,
        free_data::Extras,
        id::{AppKey, UserId, UserKey},
        message::{Conversation, ConversationKey},
        profile::{Patch, ProfileChange, ProfileField},
        secret::{DerivedSecret, Digest, Salt},
        session::{
            ChatEvent, ChatNews, Claim, Claims, EndReason, Notification, Sibling, SiblingState, StoredPosition, Vendor,
            claims, resume,
        },
        storage::Durability,
        text::DisplayName,
        time::{Clock, Moment},
    },
    live::{
        feed::Feed,
        hub::{Hub, LiveSession},
        status_subscriptions::{self, SUBSCRIPTIONS_OF_USER_MAX, StatusSubscriptions},
    },
    store::{
        ContactsChange, IfKnown, NewPosition, NewSecrets, StateChange, Store, StoreOptions, UpsertUser, UserChange,
    },
};
use tempfile::TempDir;

use super::rules::{PointReads as _, Reads as _, Rules as _, RulesOfNoApp as _};

/// How long a test waits for what must come.
const WAIT: Duration = Duration::from_secs(10);

/// A store with one app, a hub over it with a clock of its own, and a feed that runs.
struct Fixture {
    _folder: TempDir,
    store: Store,
    app: AppKey,
    hub: Hub,
    clock: Arc<AtomicI64>,
}

fn open(folder: &Path) -> Store {
    Store::open(
        &folder.join("standin.db"),
        &StoreOptions { durability: Durability::Normal, point_readers: 2, long_readers: 2 },
    )
    .unwrap()
}

fn derived(seed: u8) -> DerivedSecret {
    DerivedSecret { salt: Salt([seed; 16]), digest: Digest([seed; 32]) }
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

impl Fixture {
    async fn fresh() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = open(folder.path());
        let app = store.create_app(super::store_laws::new_app(1), at(0)).await.unwrap().key;
        let clock = Arc::new(AtomicI64::new(1_000_000_000_000));
        let reported = Arc::clone(&clock);
        let told: Clock = Arc::new(move || at(reported.load(Ordering::Relaxed)));
        let hub = Hub::new(0, Arc::clone(&told));
        let contacts = StatusSubscriptions::new(hub.clone(), told);
        actix_web::rt::spawn(Feed::new(&store, hub.clone(), contacts, 0).unwrap().follow());
        Self { _folder: folder, store, app, hub, clock }
    }

    async fn key(&self, id: &str) -> UserKey {
        let secrets = NewSecrets { token: derived(1), issued: derived(2), handle: super::store_laws::handle(id) };
        let register = UpsertUser {
            id: user_id(id),
            if_known: IfKnown::Refuse,
            change: ProfileChange::default(),
            chosen: None,
            secrets,
            device: None,
            ticket: None,
            signed_at: None,
            at: at(1),
        };
        self.store.register(self.app, register).await.unwrap().user.key
    }

    async fn list(&self, owner: UserKey, whom: UserKey) {
        let change = ContactsChange { add: vec![(whom, None)], ..ContactsChange::default() };
        self.store.change_contacts(self.app, owner, change, at(2)).await.unwrap();
    }

    async fn rename(&self, id: &str, name: &str) {
        let display_name = Patch::Set(DisplayName::parse(name).unwrap());
        let profile = ProfileChange { display_name, ..ProfileChange::default() };
        self.change(id, UserChange { profile, ..UserChange::default() }).await;
    }

    async fn change(&self, id: &str, change: UserChange) {
        self.store.change_user(self.app, by_id(id), change, at(3)).await.unwrap();
    }

    /// A session of a user, opened when all earlier events are delivered.
    async fn listen(&self, user: UserKey) -> LiveSession {
        self.reported().await;
        self.hub.join(user, Vendor::MirrorFly, 20).unwrap()
    }

    /// Waits until the feed has delivered every event: a separate session receives the last one.
    async fn reported(&self) {
        let marker = format!("marker{}", self.store.last_event_seq().unwrap());
        let key = self.key(&marker).await;
        let mut session = self.hub.join(key, Vendor::MirrorFly, 20).unwrap();
        self.rename(&marker, "heard").await;
        assert_eq!(name(&mut session).await, "heard");
    }
}

async fn next(session: &mut LiveSession) -> Result<Arc<Notification>, EndReason> {
    actix_web::rt::time::timeout(WAIT, session.next()).await.expect("nothing came")
}

/// The display name in the next notification.
async fn name(session: &mut LiveSession) -> String {
    match next(session).await.unwrap().as_ref() {
        Notification::ProfileChanged { user, .. } => user.display_name_or_id().to_owned(),
        Notification::ContactsChanged { .. }
        | Notification::BlocksChanged { .. }
        | Notification::RequestChanged { .. }
        | Notification::FollowChanged { .. }
        | Notification::BlockedBy { .. }
        | Notification::AccountChanged { .. }
        | Notification::Chat { .. }
        | Notification::ChatSettingsChanged { .. }
        | Notification::StatusChanged { .. } => panic!("no profile"),
    }
}

/// What waits for a session right now.
async fn waiting(session: &mut LiveSession) -> usize {
    let mut waiting = 0;
    while actix_web::rt::time::timeout(Duration::ZERO, session.next()).await.is_ok_and(|next| next.is_ok()) {
        waiting += 1;
    }
    waiting
}

#[actix_web::test]
async fn a_change_notifies_the_user_and_contacts_in_both_directions_only() {
    let fixture = Fixture::fresh().await;
    let [ann, lists_ann, listed, stranger] =
        [fixture.key("ann").await, fixture.key("fan").await, fixture.key("idol").await, fixture.key("stranger").await];
    fixture.list(lists_ann, ann).await;
    fixture.list(ann, listed).await;
    let mut sessions = Vec::new();
    for user in [ann, ann, lists_ann, listed, stranger] {
        sessions.push(fixture.listen(user).await);
    }
    fixture.rename("ann", "Ann").await;
    fixture.reported().await;
    for session in &mut sessions[..4] {
        let notification = next(session).await.unwrap();
        let Notification::ProfileChanged { user, fields, .. } = notification.as_ref() else {
            panic!("{notification:?}")
        };
        assert_eq!((user.key, user.display_name_or_id()), (ann, "Ann"));
        assert_eq!(fields, &[ProfileField::DisplayName]);
        assert_eq!(waiting(session).await, 0, "once");
    }
    assert_eq!(waiting(&mut sessions[4]).await, 0);
}

#[actix_web::test]
async fn a_block_stops_notifications_in_both_directions() {
    let fixture = Fixture::fresh().await;
    let [ann, bob, eve] = [fixture.key("ann").await, fixture.key("bob").await, fixture.key("eve").await];
    for other in [bob, eve] {
        fixture.list(other, ann).await;
        fixture.list(ann, other).await;
    }
    fixture.store.block(fixture.app, ann, user_id("bob"), at(2)).await.unwrap();
    fixture.store.block(fixture.app, eve, user_id("ann"), at(2)).await.unwrap();
    let [mut bobs, mut eves] = [fixture.listen(bob).await, fixture.listen(eve).await];
    fixture.rename("ann", "Ann").await;
    fixture.reported().await;
    assert_eq!((waiting(&mut bobs).await, waiting(&mut eves).await), (0, 0));
    fixture.store.unblock(fixture.app, ann, user_id("bob"), at(4)).await.unwrap();
    let unblocked = next(&mut bobs).await.unwrap();
    assert!(matches!(unblocked.as_ref(), Notification::BlockedBy { is_blocked: false, .. }), "{unblocked:?}");
    fixture.rename("ann", "Anna").await;
    assert_eq!(name(&mut bobs).await, "Anna");
}

#[actix_web::test]
async fn notifications_do_not_depend_on_the_number_of_sessions() {
    let fixture = Fixture::fresh().await;
    let [ann, fan] = [fixture.key("ann").await, fixture.key("fan").await];
    fixture.list(fan, ann).await;
    let [mut own, mut fans] = [fixture.listen(ann).await, fixture.listen(fan).await];
    // More listeners than are asked about one by one; none of them knows her.
    let crowd: Vec<LiveSession> =
        (0..600).map(|n| fixture.hub.join(UserKey(1_000_000 + n), Vendor::MirrorFly, 1).unwrap()).collect();
    fixture.rename("ann", "Ann").await;
    assert_eq!((name(&mut own).await, name(&mut fans).await), ("Ann".to_owned(), "Ann".to_owned()));
    for mut session in crowd {
        assert_eq!(waiting(&mut session).await, 0);
    }
}

#[actix_web::test]
async fn notifications_come_in_commit_order_and_match_the_stored_data() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    fixture.list(ann, bob).await;
    let mut session = fixture.listen(ann).await;
    for n in 0..40 {
        let (id, name) = (["ann", "bob"][n % 2], format!("name {n}"));
        fixture.rename(id, &name).await;
    }
    let (mut former, mut last) = (0, String::new());
    for _ in 0..40 {
        let notification = next(&mut session).await.unwrap();
        assert!(notification.seq() > former);
        former = notification.seq();
        if let Notification::ProfileChanged { user, .. } = notification.as_ref() {
            last = user.display_name_or_id().to_owned();
        }
    }
    assert_eq!(last, "name 39");
}

#[actix_web::test]
async fn promise_36_a_session_that_does_not_read_ends_at_256_notifications_and_harms_no_other() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let mut quick = fixture.listen(ann).await;
    let mut slow = fixture.listen(ann).await;
    for n in 0..256 {
        fixture.rename("ann", &format!("name {n}")).await;
        name(&mut quick).await;
    }
    assert_eq!(fixture.hub.sessions(ann, Vendor::MirrorFly), 2, "256 may wait");
    fixture.rename("ann", "one too many").await;
    assert_eq!(name(&mut quick).await, "one too many");
    assert_eq!(fixture.hub.sessions(ann, Vendor::MirrorFly), 1);
    for _ in 0..256 {
        next(&mut slow).await.unwrap();
    }
    assert_eq!(next(&mut slow).await, Err(EndReason::Slow));
}

#[actix_web::test]
async fn signs_that_are_not_read_end_no_session_and_leave_room_for_what_is_stored() {
    let fixture = Fixture::fresh().await;
    let (ann, ben) = (fixture.key("ann").await, fixture.key("ben").await);
    let mut slow = fixture.listen(ann).await;
    let user = |id: &str| fixture.store.user(fixture.app, &user_id(id)).unwrap().unwrap();
    let (actor, other) = (user("ben"), user("ann"));
    let conversation = Conversation {
        key: ConversationKey(1),
        app: fixture.app,
        users: [ann, ben],
        unique_id: String::new(),
        options: "{}".to_owned(),
        last_seq: 0,
        last_at: at(1),
        created_at: at(1),
    };
    let news = ChatNews { conversation, actor, other, at: at(1), event: ChatEvent::Typing { is_typing: true } };
    for _ in 0..1000 {
        fixture.hub.pass(&[ann], Notification::Chat { seq: 0, news: Box::new(news.clone()) });
    }
    fixture.rename("ann", "stored").await;
    fixture.reported().await;
    for _ in 0..128 {
        assert_eq!(next(&mut slow).await.unwrap().seq(), 0, "half of the room is for signs");
    }
    assert_eq!(name(&mut slow).await, "stored");
    assert_eq!(fixture.hub.sessions(ann, Vendor::MirrorFly), 1);
}

/// The places that have moved since this was asked last.
fn moved(fixture: &Fixture) -> Vec<(i64, i64, bool)> {
    fixture.hub.take_changed_positions(1000).iter().map(|place| (place.row, place.confirmed, place.has_ended)).collect()
}

#[actix_web::test]
async fn promise_61_a_position_moves_when_the_client_confirms_and_not_when_a_notification_is_taken() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let mut session = fixture.listen(ann).await;
    session.set_row(7);
    let before = session.taken();
    fixture.rename("ann", "taken").await;
    let first = next(&mut session).await.unwrap().seq();
    assert_eq!(moved(&fixture), [], "it may never have been sent");
    fixture.rename("ann", "sent").await;
    let second = next(&mut session).await.unwrap().seq();
    session.confirm(first);
    assert_eq!(moved(&fixture), [(7, first, false)]);
    session.confirm(i64::MAX);
    session.confirm(before);
    assert_eq!(moved(&fixture), [(7, second, false)], "no further than was sent, and never back");
    fixture.rename("ann", "unconfirmed").await;
    next(&mut session).await.unwrap();
    fixture.rename("ann", "waiting").await;
    fixture.reported().await;
    drop(session);
    assert_eq!(moved(&fixture), [(7, position_of(&fixture, second), true)]);
}

/// The place of a session that had everything up to `confirmed`: just below the next event of its user.
fn position_of(fixture: &Fixture, confirmed: i64) -> i64 {
    let own = fixture.store.reads(async |db| db.events_after(confirmed, 100).await).unwrap().events;
    own.iter().find(|event| event.id.as_str() == "ann").unwrap().seq - 1
}

#[actix_web::test]
async fn promise_61_a_silent_session_ends_at_the_last_event_and_costs_nothing_before() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let session = fixture.listen(ann).await;
    session.set_row(7);
    let _nobodys = fixture.listen(bob).await;
    for n in 0..3 {
        fixture.rename("bob", &format!("name {n}")).await;
    }
    fixture.reported().await;
    assert_eq!(moved(&fixture), [], "nothing concerned it");
    let last = fixture.store.last_event_seq().unwrap();
    drop(session);
    assert_eq!(moved(&fixture), [(7, last, true)]);
}

#[actix_web::test]
async fn promise_61_the_position_is_kept_however_the_hub_ends_a_session() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let begun = async |row| {
        let session = fixture.listen(ann).await;
        session.set_row(row);
        session
    };
    let replaced = begun(1).await;
    let newer = fixture.hub.join(ann, Vendor::MirrorFly, 1).unwrap();
    assert_eq!(
        newer.siblings().iter().map(|sibling| (sibling.row, sibling.is_open())).collect::<Vec<_>>(),
        [(1, false)]
    );
    newer.set_row(2);
    fixture.hub.end(ann, None);
    let closing = begun(3).await;
    fixture.hub.close();
    let mut rows: Vec<_> = moved(&fixture).into_iter().map(|(row, _, has_ended)| (row, has_ended)).collect();
    rows.sort_unstable();
    assert_eq!(rows, [(1, true), (2, true), (3, true)]);
    drop((replaced, newer, closing));
    assert_eq!(moved(&fixture), [], "once");
}

#[actix_web::test]
async fn promise_61_events_of_a_look_back_are_not_sent_again_from_the_queue() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let mut session = fixture.listen(ann).await;
    session.set_row(7);
    session.resume_after(session.taken() - 1);
    for name in ["one", "two"] {
        fixture.rename("ann", name).await;
    }
    fixture.reported().await;
    let covered = position_of(&fixture, session.taken()) + 1;
    session.confirm(i64::MAX);
    session.caught_up(covered);
    assert_eq!(name(&mut session).await, "two");
    assert_eq!(moved(&fixture), [], "the answer to an earlier question confirms nothing of it");
}

#[actix_web::test]
async fn promise_61_the_place_of_a_silent_session_is_renewed_once_a_day() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let session = fixture.listen(ann).await;
    session.set_row(7);
    fixture.rename("bob", "Bob").await;
    fixture.reported().await;
    let day = 24 * 3600 * 1_000_000;
    fixture.clock.fetch_add(day - 1, Ordering::Relaxed);
    fixture.hub.refresh_positions();
    assert_eq!(moved(&fixture), []);
    fixture.clock.fetch_add(1, Ordering::Relaxed);
    fixture.hub.refresh_positions();
    assert_eq!(moved(&fixture), [(7, fixture.store.last_event_seq().unwrap(), false)]);
    fixture.hub.refresh_positions();
    assert_eq!(moved(&fixture), []);
    drop((session, bob));
}

#[actix_web::test]
async fn promise_61_positions_are_bounded_by_age_and_number_and_deleted_with_their_user() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let begin = async |user, micros| {
        let new = NewPosition {
            user,
            vendor: Vendor::Tencent,
            shown: Some(Digest([u8::try_from(micros).unwrap(); 32])),
            confirmed: micros,
            siblings: Vec::new(),
            at: at(micros),
        };
        fixture.store.begin_position(fixture.app, new).await.unwrap().0
    };
    for micros in 1..=5 {
        begin(ann, micros).await;
    }
    let forget = |before, kept, at_most| fixture.store.forget_positions(at(before), kept, at_most);
    assert_eq!(forget(1, 5, 100).await, Ok(0), "none is older, and five are kept");
    assert_eq!(forget(2, 5, 100).await, Ok(1));
    assert_eq!(forget(2, 3, 100).await, Ok(1), "the oldest of four");
    assert_eq!(forget(9, 3, 2).await, Ok(2), "in steps");
    assert_eq!(forget(9, 3, 2).await, Ok(1));
    let rows = [begin(ann, 6).await, begin(bob, 7).await];
    assert!(rows[0] > 5, "no row's number is given again");
    fixture.store.delete_user(fixture.app, by_id("ann"), at(0), at(8)).await.unwrap();
    assert_eq!(forget(9, 3, 100).await, Ok(1), "bob's alone was left");
}

#[test]
fn promise_61_a_client_resumes_at_its_own_position_or_at_the_oldest_that_may_be_its_own() {
    let place = |row, shown: Option<u8>, confirmed| StoredPosition {
        row,
        shown: shown.map(|n| Digest([n; 32])),
        confirmed,
        at: at(0),
        claim: None,
    };
    let stored = [place(1, None, 30), place(2, None, 20), place(3, Some(9), 40)];
    let open =
        |row, confirmed, is_outstanding| Sibling { row, confirmed, state: SiblingState::Open { is_outstanding } };
    let behind = |siblings: &[Sibling], shown: Option<u8>| {
        resume(&stored[..], siblings, shown.map(|n| Digest([n; 32])), at(9)).map(|resumed| (resumed.after, resumed.own))
    };
    assert_eq!(behind(&[], Some(9)), Some((40, Some(3))));
    assert_eq!(behind(&[open(3, 45, false)], Some(9)), Some((45, Some(3))), "the memory knows better than the row");
    assert_eq!(behind(&[], Some(8)), None, "another's is not taken");
    assert_eq!(behind(&[], None), Some((20, None)));
    assert_eq!(behind(&[open(2, 21, false)], None), Some((30, None)), "an open session that has everything is no drop");
    assert_eq!(behind(&[open(2, 21, true)], None), Some((21, None)), "one that does not confirm may be");
    assert_eq!(resume(&[], &[], None, at(9)), None);
}

/// What a client without a token does to the positions of its user: where it resumes, and what remains for others.
#[test]
fn promise_61_a_position_that_a_client_has_resumed_serves_no_other_sign_in() {
    let place = |row, confirmed, claim: Option<(i64, i64)>| StoredPosition {
        row,
        shown: None,
        confirmed,
        at: at(0),
        claim: claim.map(|(after, micros)| Claim { after, at: at(micros) }),
    };
    let open =
        |row, confirmed, is_outstanding| Sibling { row, confirmed, state: SiblingState::Open { is_outstanding } };
    let second = 200_000_000;
    let decided = |stored: &[StoredPosition], siblings: &[Sibling]| {
        let Claims { taken, claimed } = claims(stored, siblings, 2, at(second));
        let after = resume(stored, siblings, None, at(second)).map(|resumed| resumed.after);
        let claimed: Vec<_> =
            claimed.into_iter().map(|(row, confirmed, claim)| (row, confirmed, claim.after)).collect();
        (after, taken, claimed)
    };
    assert_eq!(decided(&[place(1, 20, None)], &[]), (Some(20), vec![1], vec![]), "the one that ended is used up");
    let two = [place(1, 20, None), place(2, 30, None)];
    assert_eq!(decided(&two, &[]), (Some(20), vec![1], vec![(2, 30, 20)]), "another client may have been away too");
    let frozen = [open(1, 25, true)];
    assert_eq!(decided(&two[..1], &frozen), (Some(25), vec![], vec![(1, 25, 25)]), "it may be the one, or be alive");
    // What is claimed is for clients that return while another is there, and not for a next sign-in.
    let left = [place(2, 30, Some((20, second - 119_000_000))), place(3, 40, None)];
    assert_eq!(decided(&left, &[open(3, 40, false)]), (Some(20), vec![2], vec![]));
    assert_eq!(decided(&left, &[]), (Some(40), vec![2, 3], vec![]));
    let late = [place(2, 30, Some((20, second - 120_000_000))), place(3, 40, None)];
    assert_eq!(decided(&late, &[open(3, 40, false)]), (None, vec![2], vec![]), "two minutes later");
    assert_eq!(decided(&late, &[open(2, 31, true)]), (Some(31), vec![3], vec![(2, 31, 31)]), "it has confirmed since");
    let many: Vec<StoredPosition> = (1..=5).map(|row| place(row, 10 * row, None)).collect();
    assert_eq!(decided(&many, &[]), (Some(10), vec![1, 4, 5], vec![(2, 20, 10), (3, 30, 10)]), "a bound");
    let token = [StoredPosition { shown: Some(Digest([1; 32])), ..place(1, 20, None) }];
    assert_eq!(decided(&token, &[]).1, Vec::<i64>::new(), "a client with a token has a position of its own");
}

#[actix_web::test]
async fn promise_36_a_session_beyond_the_limit_ends_the_oldest() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    fixture.reported().await;
    let join = || fixture.hub.join(ann, Vendor::MirrorFly, 2).unwrap();
    let [mut first, mut second, mut third] = [join(), join(), join()];
    assert_eq!(next(&mut first).await, Err(EndReason::Replaced));
    fixture.rename("ann", "Ann").await;
    assert_eq!((name(&mut second).await, name(&mut third).await), ("Ann".to_owned(), "Ann".to_owned()));
}

#[actix_web::test]
async fn suspension_deletion_and_another_password_end_the_sessions() {
    let fixture = Fixture::fresh().await;
    let suspend = UserChange { state: Some(StateChange::Suspend { token: derived(9) }), ..UserChange::default() };
    let password = UserChange { password: Some(super::store_laws::password("$one", None)), ..UserChange::default() };
    for (id, change) in [("suspended", Some(suspend)), ("rekeyed", Some(password)), ("deleted", None)] {
        let key = fixture.key(id).await;
        let mut session = fixture.listen(key).await;
        match change {
            Some(change) => fixture.change(id, change).await,
            None => fixture.store.delete_user(fixture.app, by_id(id), at(0), at(4)).await.unwrap(),
        }
        assert_eq!(next(&mut session).await, Err(EndReason::Refused), "{id}");
    }
}

#[actix_web::test]
async fn a_suspended_user_is_not_spoken_of() {
    let fixture = Fixture::fresh().await;
    let [ann, fan] = [fixture.key("ann").await, fixture.key("fan").await];
    fixture.list(fan, ann).await;
    let suspend = StateChange::Suspend { token: derived(9) };
    fixture.store.change_states(fixture.app, vec![(user_id("ann"), suspend)], at(3)).await.unwrap();
    let mut fans = fixture.listen(fan).await;
    fixture.rename("ann", "unheard").await;
    fixture.reported().await;
    assert_eq!(waiting(&mut fans).await, 0);
}

#[actix_web::test]
async fn a_user_is_notified_of_its_own_contacts() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    let [mut anns, mut bobs] = [fixture.listen(ann).await, fixture.listen(bob).await];
    fixture.list(ann, bob).await;
    assert!(matches!(next(&mut anns).await.unwrap().as_ref(), Notification::ContactsChanged { .. }));
    fixture.reported().await;
    assert_eq!(waiting(&mut bobs).await, 0);
}

#[actix_web::test]
async fn a_closed_hub_ends_all_sessions_and_opens_no_more() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let mut session = fixture.listen(ann).await;
    fixture.hub.close();
    assert_eq!(next(&mut session).await, Err(EndReason::Closing));
    assert!(fixture.hub.join(ann, Vendor::MirrorFly, 20).is_none());
}

#[actix_web::test]
async fn a_user_is_there_while_a_session_is_open_and_fifteen_seconds_after_a_call() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let now = || fixture.clock.load(Ordering::Relaxed);
    let is = || {
        let presence = fixture.hub.presence(ann);
        (presence.is_online, presence.seen_at.map(Moment::micros))
    };
    assert_eq!(is(), (false, None));
    fixture.hub.mark_online(ann);
    let called = now();
    fixture.clock.fetch_add(15_000_000, Ordering::Relaxed);
    assert_eq!(is(), (true, Some(called)));
    fixture.clock.fetch_add(1, Ordering::Relaxed);
    assert_eq!(is(), (false, Some(called)));
    let session = fixture.hub.join(ann, Vendor::MirrorFly, 20).unwrap();
    assert_eq!(is(), (true, Some(now())));
    drop(session);
    assert_eq!(is(), (false, Some(now())), "a closed session ends at once");
}

#[actix_web::test]
async fn old_events_are_forgotten_oldest_first_and_their_numbers_are_not_given_again() {
    let fixture = Fixture::fresh().await;
    for n in 0..5 {
        fixture.key(&format!("u{n}")).await;
    }
    let seqs = || {
        fixture
            .store
            .reads(async |db| db.events_after(0, 100).await)
            .unwrap()
            .events
            .iter()
            .map(|event| event.seq)
            .collect::<Vec<_>>()
    };
    let all = seqs();
    let forget = |before, kept, at_most| fixture.store.forget_events(before, kept, at_most);
    assert_eq!(forget(at(1), 100, 100).await, Ok(0), "none is older than that");
    assert_eq!(forget(at(2), 100, 2).await, Ok(2));
    assert_eq!(seqs(), all[2..]);
    assert_eq!(forget(at(1), 1, 100).await, Ok(2), "all but the last one are too many");
    assert_eq!(seqs(), all[4..]);
    assert_eq!(forget(at(2), 100, 100).await, Ok(0), "the newest stays: it says which numbers were given");
    assert_eq!(fixture.store.last_event_seq().unwrap(), all[4]);
    fixture.key("later").await;
    assert!(seqs()[1] > all[4]);
}

#[actix_web::test]
async fn promise_36_a_session_that_does_not_read_ends_at_1_mib_of_notifications() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.key("ann").await;
    let mut slow = fixture.listen(ann).await;
    let mut quick = fixture.listen(ann).await;
    let heavy = |n: usize| {
        let extras = Extras::parse(serde_json::json!({ "filling": "x".repeat(15_000), "n": n })).unwrap();
        let profile = ProfileChange { extras: Patch::Set(extras), ..ProfileChange::default() };
        UserChange { profile, ..UserChange::default() }
    };
    // Some 16 KiB each: 60 fit into 1 MiB and 71 do not.
    for n in 0..71 {
        fixture.change("ann", heavy(n)).await;
        next(&mut quick).await.unwrap();
        if n < 60 {
            assert_eq!(fixture.hub.sessions(ann, Vendor::MirrorFly), 2, "{n} wait");
        }
    }
    assert_eq!(fixture.hub.sessions(ann, Vendor::MirrorFly), 1, "and the quick one stays");
    let mut confirmed = 0;
    let why = loop {
        match next(&mut slow).await {
            Ok(_) => confirmed += 1,
            Err(why) => break why,
        }
    };
    assert!(why == EndReason::Slow && (60..=70).contains(&confirmed), "{why:?} after {confirmed}");
}

fn watched(clock: &Arc<AtomicI64>, subscriptions_max: usize) -> (Hub, StatusSubscriptions) {
    let reported = Arc::clone(clock);
    let clock: Clock = Arc::new(move || at(reported.load(Ordering::Relaxed)));
    let hub = Hub::new(0, Arc::clone(&clock));
    (hub.clone(), StatusSubscriptions::of_at_most(hub, clock, subscriptions_max))
}

fn keys(numbers: std::ops::Range<i64>) -> Vec<UserKey> {
    numbers.map(UserKey).collect()
}

/// The users whose status changes a session has to report now.
async fn told_of(fixture: &status_subscriptions::StatusSubscriber) -> Vec<UserKey> {
    let changed = actix_web::rt::time::timeout(Duration::from_millis(50), fixture.changed());
    let mut users = changed.await.unwrap_or_default();
    users.sort();
    users
}

#[actix_web::test]
async fn a_user_has_at_most_a_thousand_subscriptions_and_one_more_ends_the_oldest() {
    let (hub, watchers) = watched(&Arc::default(), 10_000);
    let fixture = watchers.join(UserKey(0), true);
    let most = i64::try_from(SUBSCRIPTIONS_OF_USER_MAX).unwrap();
    watchers.subscribe(UserKey(0), &keys(1..most + 1)).unwrap();
    watchers.subscribe(UserKey(0), &keys(most + 1..most + 2)).unwrap();
    let mut sessions = Vec::new();
    for user in [UserKey(1), UserKey(2), UserKey(most + 1)] {
        sessions.push((hub.join(user, Vendor::Tencent, 1).unwrap(), watchers.join(user, true)));
    }
    assert_eq!(told_of(&fixture).await, [UserKey(2), UserKey(most + 1)]);
}

#[actix_web::test]
async fn all_subscriptions_have_a_sum_and_those_of_absent_users_are_dropped_first() {
    let clock = Arc::new(AtomicI64::new(1_000_000_000));
    let (_hub, watchers) = watched(&clock, 3);
    let fixture = watchers.join(UserKey(0), true);
    watchers.subscribe(UserKey(0), &keys(1..3)).unwrap();
    watchers.subscribe(UserKey(9), &keys(1..2)).unwrap();
    assert_eq!(watchers.subscribe(UserKey(8), &keys(1..2)), Err(Error::Busy), "all together: 3");
    drop(fixture);
    clock.fetch_add(299 * 1_000_000, Ordering::Relaxed);
    assert_eq!(watchers.subscribe(UserKey(8), &keys(1..2)), Err(Error::Busy), "they may come back");
    clock.fetch_add(2 * 1_000_000, Ordering::Relaxed);
    watchers.subscribe(UserKey(8), &keys(1..4)).unwrap();
}

/// 200 users who watch one that comes and goes on as many threads: the last status they receive is the true one.
#[test]
fn the_last_announced_status_is_the_true_one_also_with_concurrent_sessions() {
    let (hub, watchers) = watched(&Arc::default(), 10_000);
    let ears: Vec<_> = (1000..1200)
        .map(|user| {
            let fixture = watchers.join(UserKey(user), true);
            watchers.subscribe(UserKey(user), &[UserKey(1)]).unwrap();
            fixture
        })
        .collect();
    let threads: Vec<_> = (0..200)
        .map(|_| {
            let (hub, watchers) = (hub.clone(), watchers.clone());
            std::thread::spawn(move || {
                let session = hub.join(UserKey(1), Vendor::Tencent, 1000).unwrap();
                let fixture = watchers.join(UserKey(1), true);
                drop(session);
                drop(fixture);
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let runtime = actix_web::rt::Runtime::new().unwrap();
    runtime.block_on(async {
        for fixture in &ears {
            assert_eq!(told_of(fixture).await, [UserKey(1)], "it came, and it went");
        }
        assert!(!hub.presence(UserKey(1)).is_online);
        let session = hub.join(UserKey(1), Vendor::Tencent, 1).unwrap();
        let fixture = watchers.join(UserKey(1), true);
        for watching in &ears {
            assert_eq!(told_of(watching).await, [UserKey(1)], "it was known to be away, so its coming is news");
        }
        drop((session, fixture));
    });
}
