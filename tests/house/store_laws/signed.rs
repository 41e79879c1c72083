//! What Tencent's wire stores of sessions, and the way there from a database that knew nothing of it.

use rusqlite::Connection;

use super::*;

impl Shelf {
    async fn issue(&self, key: UserKey, number: u8, wire: Wire, newest_kept: Option<u16>, moment: Moment) -> Digest {
        let ticket = NewTicket { digest: Digest([number; 32]), expires_at: at(1000), wire, newest_kept };
        let holder = Holder::User { key, chosen: None, issued: derived(2).digest };
        self.store.issue_ticket(self.app, holder, ticket, moment).await.unwrap();
        ticket.digest
    }

    fn alive(&self, ticket: &Digest) -> bool {
        self.store.ticket(ticket).unwrap().is_some()
    }
}

#[actix_web::test]
async fn of_one_wires_tickets_the_newest_are_kept_whatever_the_clock_says() {
    let shelf = Shelf::fresh().await;
    let [ann, bob] = [shelf.register("ann").await.user.key, shelf.register("bob").await.user.key];
    let other_wire = shelf.issue(ann, 1, Wire::MirrorFly, None, at(1)).await;
    let other_user = shelf.issue(bob, 2, Wire::Tencent, Some(1), at(1)).await;
    let mut tickets = Vec::new();
    for (number, moment) in [(3, 10), (4, 20), (5, 30)] {
        tickets.push(shelf.issue(ann, number, Wire::Tencent, Some(2), at(moment)).await);
    }
    assert_eq!([0, 1, 2].map(|n: usize| shelf.alive(&tickets[n])), [false, true, true]);
    assert_eq!((shelf.alive(&other_wire), shelf.alive(&other_user)), (true, true));
    let set_back = shelf.issue(ann, 6, Wire::Tencent, Some(1), at(2)).await;
    assert_eq!((shelf.alive(&set_back), shelf.alive(&tickets[2])), (true, false), "the clock was set back");
    assert_eq!(shelf.store.ticket(&set_back).unwrap().unwrap().wire, Wire::Tencent);
}

#[actix_web::test]
async fn a_kick_ends_what_one_wire_began_and_is_never_taken_back() {
    let shelf = Shelf::fresh().await;
    let ann = shelf.register("ann").await.user.key;
    let from = || shelf.store.sigs_from(shelf.app, ann).unwrap();
    assert_eq!(from(), at(0));
    let (theirs, other_wire) = (
        shelf.issue(ann, 1, Wire::Tencent, None, at(1)).await,
        shelf.issue(ann, 2, Wire::MirrorFly, None, at(1)).await,
    );
    shelf.store.kick(shelf.app, user_id("ann"), at(50)).await.unwrap();
    assert_eq!((from(), shelf.alive(&theirs), shelf.alive(&other_wire)), (at(50), false, true));
    assert_eq!(shelf.kinds(), [EventKind::Created, EventKind::Kicked]);
    shelf.store.kick(shelf.app, user_id("ann"), at(40)).await.unwrap();
    assert_eq!(from(), at(50), "the clock was set back");
    assert_eq!(shelf.store.kick(shelf.app, user_id("nobody"), at(60)).await, Err(Error::NotFound(What::User)));
}

/// What `0008_status.sql`, `0007_picture_room.sql`, `0006_console.sql` and `0005_tencent.sql` do, undone.
const UNDO: &str = "
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
async fn a_database_from_before_tencents_wire_keeps_its_users_contacts_and_sessions() {
    let shelf = Shelf::fresh().await;
    let [ann, bob] = [shelf.key("ann").await, shelf.key("bob").await];
    shelf.change("ann", named("Ann"), at(2)).await;
    shelf.add(ann, &[bob]).await.unwrap();
    let ticket = shelf.issue(ann, 1, Wire::MirrorFly, None, at(1)).await;
    let before = shelf.user("ann");
    let Shelf { folder, store, app } = shelf;
    store.close().await;

    let database = folder.path().join("standin.db");
    let undone = Connection::open(&database).unwrap();
    undone.execute_batch(UNDO).unwrap();
    let former = Connection::open_in_memory().unwrap();
    FORMER.iter().for_each(|step| former.execute_batch(step).unwrap());
    assert_eq!(schema(&undone), schema(&former), "it is a database of the fourth step");
    drop(undone);

    let shelf = Shelf { store: open(folder.path()), folder, app };
    assert_eq!(shelf.user("ann"), before);
    assert_eq!(shelf.ids(ann), ["bob"]);
    assert_eq!(shelf.store.ticket(&ticket).unwrap().unwrap().wire, Wire::MirrorFly);
    assert_eq!(shelf.store.sigs_from(shelf.app, ann).unwrap(), at(0));
    let friends =
        shelf.store.feed_reader().unwrap().read(|db| db.friends(shelf.app, &user_id("ann"), Page::new(1, 9))).unwrap();
    assert_eq!((friends.total, friends.items[0].groups.len()), (1, 0));
    assert_eq!(shelf.store.feed_reader().unwrap().read(|db| db.groups(shelf.app, &user_id("ann"))), Ok(vec![]));
    assert_eq!(shelf.store.feed_reader().unwrap().read(|db| db.unread_requests(shelf.app, &user_id("ann"))), Ok(0));
}
