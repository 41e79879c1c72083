//! What Tencent's dialect stores of sessions, and the way there from a database that knew nothing of it.

use rusqlite::Connection;
use standin::domain::{error::Unauthenticated, search::UserSearch};

use super::*;

impl Fixture {
    async fn issue(
        &self,
        key: UserKey,
        number: u8,
        vendor: Vendor,
        newest_kept: Option<u16>,
        moment: Moment,
    ) -> Digest {
        let ticket = NewTicket { digest: Digest([number; 32]), expires_at: at(1000), vendor, newest_kept };
        let holder = Principal::User { key, chosen: None, issued: derived(2).digest };
        self.store.issue_ticket(self.app, holder, ticket, moment).await.unwrap();
        ticket.digest
    }

    async fn dead_before(&self, id: &str) -> Moment {
        self.store.read(async |db| db.signatures_revoked_before(self.app, &user_id(id)).await).await.unwrap()
    }

    /// What becomes of a user that a signature of this moment vouches for.
    async fn vouched(&self, id: &str, made_at: Moment) -> Result<(), Error> {
        let asked = UpsertUser { signed_at: Some(made_at), ..registration(id) };
        self.store.register(self.app, asked).await.map(|_| ())
    }

    fn alive(&self, ticket: &Digest) -> bool {
        self.store.ticket(ticket).unwrap().is_some()
    }
}

#[actix_web::test]
async fn the_newest_tickets_of_a_vendor_are_kept_even_if_the_clock_is_wrong() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.register("ann").await.user.key, fixture.register("bob").await.user.key];
    let other_wire = fixture.issue(ann, 1, Vendor::MirrorFly, None, at(1)).await;
    let other_user = fixture.issue(bob, 2, Vendor::Tencent, Some(1), at(1)).await;
    let mut tickets = Vec::new();
    for (number, moment) in [(3, 10), (4, 20), (5, 30)] {
        tickets.push(fixture.issue(ann, number, Vendor::Tencent, Some(2), at(moment)).await);
    }
    assert_eq!([0, 1, 2].map(|n: usize| fixture.alive(&tickets[n])), [false, true, true]);
    assert_eq!((fixture.alive(&other_wire), fixture.alive(&other_user)), (true, true));
    let set_back = fixture.issue(ann, 6, Vendor::Tencent, Some(1), at(2)).await;
    assert_eq!((fixture.alive(&set_back), fixture.alive(&tickets[2])), (true, false), "the clock was set back");
    assert_eq!(fixture.store.ticket(&set_back).unwrap().unwrap().vendor, Vendor::Tencent);
}

#[actix_web::test]
async fn a_kick_ends_the_sessions_of_one_vendor_for_good() {
    let fixture = Fixture::fresh().await;
    let ann = fixture.register("ann").await.user.key;
    let from = async || fixture.dead_before("ann").await;
    assert_eq!(from().await, at(0));
    let (theirs, other_wire) = (
        fixture.issue(ann, 1, Vendor::Tencent, None, at(1)).await,
        fixture.issue(ann, 2, Vendor::MirrorFly, None, at(1)).await,
    );
    fixture.store.kick(fixture.app, user_id("ann"), at(50), at(45)).await.unwrap();
    assert_eq!((from().await, fixture.alive(&theirs), fixture.alive(&other_wire)), (at(50), false, true));
    assert_eq!(fixture.kinds(), [EventKind::Created, EventKind::Kicked]);
    fixture.store.kick(fixture.app, user_id("ann"), at(40), at(35)).await.unwrap();
    assert_eq!(from().await, at(50), "the clock was set back");
    let nobody = fixture.store.kick(fixture.app, user_id("nobody"), at(60), at(60)).await;
    assert_eq!((nobody, fixture.dead_before("nobody").await), (Err(Error::NotFound(Resource::User)), at(0)));
}

#[actix_web::test]
async fn promise_60_invalid_signatures_stay_invalid_for_a_new_user_with_the_id() {
    let fixture = Fixture::fresh().await;
    fixture.register("ann").await;
    let revoked = Err(Error::Unauthenticated(Unauthenticated::Revoked));
    fixture.store.kick(fixture.app, user_id("ann"), at(50), at(45)).await.unwrap();
    fixture.store.delete_user(fixture.app, by_id("ann"), at(40), at(60)).await.unwrap();
    assert_eq!(fixture.dead_before("ann").await, at(50), "a deletion sets no moment back");
    assert_eq!((fixture.vouched("ann", at(49)).await, fixture.user("ann")), (revoked.clone(), None));
    fixture.register("ann").await;
    assert_eq!(fixture.vouched("ann", at(49)).await, revoked, "nor for the new user");
    assert_eq!(fixture.vouched("ann", at(50)).await, Ok(()));
    fixture.store.delete_user(fixture.app, by_id("ann"), at(70), at(65)).await.unwrap();
    assert_eq!(fixture.vouched("ann", at(69)).await, revoked, "the deletion ends signatures of its own");
    assert_eq!(fixture.vouched("ann", at(70)).await, Ok(()));
    assert_eq!(fixture.vouched("bob", at(1)).await, Ok(()), "of nobody else");
}

#[actix_web::test]
async fn a_kick_stored_by_an_earlier_version_holds_after_the_upgrade() {
    let fixture = Fixture::fresh().await;
    fixture.register("ann").await;
    fixture.register("bob").await;
    let Fixture { folder, store, app } = fixture;
    store.close().await;
    let former = "DROP TABLE dead_signature; UPDATE user SET sigs_from = 77 WHERE id = 'ann'; PRAGMA user_version = 8;";
    let database = Connection::open(folder.path().join("standin.db")).unwrap();
    undo_later(&database);
    database.execute_batch(former).unwrap();
    drop(database);
    let fixture = Fixture { store: open(folder.path()), folder, app };
    assert_eq!((fixture.dead_before("ann").await, fixture.dead_before("bob").await), (at(77), at(0)));
    fixture.store.delete_user(fixture.app, by_id("ann"), at(0), at(78)).await.unwrap();
    assert_eq!(fixture.dead_before("ann").await, at(77));
}

#[actix_web::test]
async fn stored_invalid_signatures_are_bounded_and_none_becomes_valid_again() {
    let fixture = Fixture::fresh().await;
    for (id, moment) in [("u1", 10), ("u2", 20), ("u3", 30), ("u4", 40)] {
        fixture.register(id).await;
        fixture.store.kick(fixture.app, user_id(id), at(moment), at(moment)).await.unwrap();
    }
    let moments = async || {
        let mut moments = [0; 5];
        for (moment, id) in moments.iter_mut().zip(["u1", "u2", "u3", "u4", "other"]) {
            *moment = fixture.dead_before(id).await.micros();
        }
        moments
    };
    let forget = async |long_past: i64, kept_max: u32| {
        fixture.store.forget_dead_signatures(at(long_past), kept_max, 10).await.unwrap()
    };
    assert_eq!((forget(10, 5).await, forget(10, 4).await), (0, 0), "none is too old, nor one too many");
    assert_eq!(
        (forget(11, 4).await, moments().await),
        (1, [10, 20, 30, 40, 10]),
        "the oldest moment holds for every user now"
    );
    fixture.store.kick(fixture.app, user_id("u2"), at(25), at(25)).await.unwrap();
    assert_eq!((forget(0, 3).await, moments().await), (1, [30, 30, 30, 40, 30]), "u3 stood longest without a kick");
    while forget(1000, 0).await > 0 {}
    assert_eq!(moments().await, [40; 5]);
    let rows: i64 = outside(&fixture).query_row("SELECT count(*) FROM dead_signature", [], |row| row.get(0)).unwrap();
    assert_eq!(rows, 1);
}

/// What `0015_claimed_places.sql` and `0014_messages.sql` do, undone.
const UNDO_MESSAGES: &str = "
    ALTER TABLE session_place DROP COLUMN claimed;
    ALTER TABLE session_place DROP COLUMN claimed_at;
    DROP TABLE message;
    DROP TABLE participant;
    DROP TABLE conversation;
    ALTER TABLE mute DROP COLUMN level;";

/// What `0012_folded_names.sql` does, undone: the former index comes back by `0003_search.sql`.
const UNDO_FOLDED_NAMES: &str = "
    DROP TRIGGER user_text_added;
    DROP TRIGGER user_text_changed;
    DROP TRIGGER user_text_removed;
    DROP TABLE user_text;
    ALTER TABLE user DROP COLUMN folded_name;";

/// What `0013_numbers.sql`, `0011_chat_settings.sql` and `0010_session_places.sql` do, undone.
const UNDO_LATER: &str = "
    DROP INDEX user_by_mobile;
    ALTER TABLE user DROP COLUMN mobile_bare;
    ALTER TABLE user ADD COLUMN mobile_bare TEXT AS (
        replace(replace(replace(replace(replace(replace(replace(
            mobile, ' ', ''), '-', ''), '.', ''), '(', ''), ')', ''), '/', ''), '+', '')) VIRTUAL;
    CREATE INDEX user_by_mobile ON user (app, mobile_bare) WHERE mobile IS NOT NULL;
    DROP TABLE mute;
    DROP TABLE report;
    ALTER TABLE user DROP COLUMN mutes_all;
    ALTER TABLE user DROP COLUMN keeps_archived;
    DROP INDEX event_by_other;
    ALTER TABLE event DROP COLUMN other;
    DROP INDEX event_by_user;
    DROP TABLE session_place;";

/// What `0009_dead_signatures.sql`, `0008_status.sql`, `0007_picture_room.sql`, `0006_console.sql` and `0005_tencent.sql` do,
/// undone.
const UNDO: &str = "
    DROP TABLE dead_signature;
    DROP TABLE follow;
    ALTER TABLE user DROP COLUMN custom_status;
    ALTER TABLE user DROP COLUMN has_logged_in;
    DROP TRIGGER picture_counted;
    DROP TRIGGER picture_measured;
    DROP TRIGGER picture_uncounted;
    DROP INDEX picture_unmeasured;
    DROP TABLE picture_room;
    ALTER TABLE picture DROP COLUMN bytes;
    DROP TRIGGER user_custom_added;
    DROP TRIGGER user_custom_changed;
    DROP TRIGGER user_custom_removed;
    DROP TABLE user_custom;
    ALTER TABLE user DROP COLUMN picture_lock;
    ALTER TABLE app DROP COLUMN former_secret;
    ALTER TABLE app DROP COLUMN former_secret_until;
    DROP TABLE audit;
    DROP TABLE admin_session;
    DROP TABLE admin;
    DROP TABLE friend_group;
    DROP TABLE request;
    ALTER TABLE user DROP COLUMN particulars;
    ALTER TABLE user DROP COLUMN custom;
    ALTER TABLE user DROP COLUMN sigs_from;
    ALTER TABLE user DROP COLUMN requests_read_at;
    ALTER TABLE contact DROP COLUMN friend_groups;
    ALTER TABLE contact DROP COLUMN source;
    ALTER TABLE contact DROP COLUMN wording;
    ALTER TABLE ticket DROP COLUMN wire;
    PRAGMA user_version = 4;";

/// Undoes the schema changes after the one for invalid signatures.
fn undo_later(database: &Connection) {
    for step in [UNDO_MESSAGES, UNDO_FOLDED_NAMES, FORMER[2], UNDO_LATER] {
        database.execute_batch(step).unwrap();
    }
}

/// The tables, indexes and triggers that the first four steps make.
const FORMER: [&str; 4] = [
    include_str!("../../../src/store/sqlite/schema/0001_first.sql"),
    include_str!("../../../src/store/sqlite/schema/0002_contacts.sql"),
    include_str!("../../../src/store/sqlite/schema/0003_search.sql"),
    include_str!("../../../src/store/sqlite/schema/0004_sessions.sql"),
];

fn schema(connection: &Connection) -> Vec<(String, String)> {
    let mut statement =
        connection.prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
    let bare = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ").replace(" )", ")");
    rows.map(|row| row.map(|(name, sql)| (name, bare(sql))).unwrap()).collect()
}

#[actix_web::test]
async fn a_database_from_before_tencents_dialect_keeps_its_users_contacts_and_sessions() {
    let fixture = Fixture::fresh().await;
    let [ann, bob] = [fixture.key("ann").await, fixture.key("bob").await];
    fixture.change("ann", named("Ann"), at(2)).await;
    fixture.add(ann, &[bob]).await.unwrap();
    let ticket = fixture.issue(ann, 1, Vendor::MirrorFly, None, at(1)).await;
    let before = fixture.user("ann");
    let Fixture { folder, store, app } = fixture;
    store.close().await;

    let database = folder.path().join("standin.db");
    let undone = Connection::open(&database).unwrap();
    undo_later(&undone);
    undone.execute_batch(UNDO).unwrap();
    let former = Connection::open_in_memory().unwrap();
    FORMER.iter().for_each(|step| former.execute_batch(step).unwrap());
    assert_eq!(schema(&undone), schema(&former), "it is a database of the fourth step");
    drop(undone);

    let fixture = Fixture { store: open(folder.path()), folder, app };
    assert_eq!(fixture.user("ann"), before);
    assert_eq!(fixture.ids(ann), ["bob"]);
    assert_eq!(fixture.store.ticket(&ticket).unwrap().unwrap().vendor, Vendor::MirrorFly);
    assert_eq!(fixture.dead_before("ann").await, at(0));
    let friends = fixture
        .store
        .reads_of(fixture.app, &by_id("ann"), async |db, app, owner| db.friends(app, owner, Page::new(1, 9)).await)
        .unwrap();
    assert_eq!((friends.total, friends.items[0].groups.len()), (1, 0));
    assert_eq!(
        fixture.store.reads_of(fixture.app, &by_id("ann"), async |db, app, owner| db.groups(app, owner).await),
        Ok(vec![])
    );
    assert_eq!(
        fixture.store.reads_of(fixture.app, &by_id("ann"), async |db, app, owner| db.unread_requests(app, owner).await),
        Ok(0)
    );
}

#[actix_web::test]
async fn issue_14_names_from_before_the_upgrade_are_found_in_every_spelling() {
    let fixture = Fixture::fresh().await;
    for (id, name) in [("u1", "Straße"), ("u2", "Jose\u{301}"), ("u3", "Ada")] {
        fixture.register(id).await;
        fixture.change(id, named(name), at(2)).await;
    }
    fixture.register("u4").await;
    let Fixture { folder, store, app } = fixture;
    store.close().await;
    let former = Connection::open(folder.path().join("standin.db")).unwrap();
    for step in [UNDO_MESSAGES, UNDO_FOLDED_NAMES, FORMER[2], "PRAGMA user_version = 11"] {
        former.execute_batch(step).unwrap();
    }
    drop(former);
    let fixture = Fixture { store: open(folder.path()), folder, app };
    let found = |text: &str| {
        let search = UserSearch { text: Some(text.to_owned()), metadata: None };
        let page = Page::new(1, 10);
        let read = fixture.store.reads(async |db| db.find_users(app, &search, page, Order::OldestFirst).await);
        read.unwrap().items.iter().map(|user| user.id.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(["STRASSE", "josé", "ada", "U4"].map(found), [["u1"], ["u2"], ["u3"], ["u4"]]);
    let sound = "INSERT INTO user_text (user_text, rank) VALUES ('integrity-check', 1)";
    outside(&fixture).execute(sound, []).expect("the index and the rows agree");
}
