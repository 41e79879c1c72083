//! Where the numbers of events end: pruning, backups, and clients that are further than the database.

use rusqlite::Connection;

use super::*;

fn rows(house: &Standin, sql: &str) -> i64 {
    Connection::open(house.data().join("standin.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Takes the oldest events away, all but the newest one, as the sweep would after a week.
fn prune(house: &Standin) {
    let database = Connection::open(house.data().join("standin.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    database.execute("DELETE FROM event WHERE seq < (SELECT max(seq) FROM event)", []).unwrap();
}

#[actix_web::test]
async fn promise_61_a_client_that_was_away_longer_than_events_are_kept_is_told_to_read_anew() {
    let mut house = house(&["bob"]).await;
    let (bob, mirrorfly) = log_in(&house, house.base(), "mirrorfly", "bob").await;
    let (bob_too, tencent) = log_in(&house, house.base(), "tencent", "bob").await;
    let (_, qiscus) = log_in(&house, house.base(), "qiscus", "bob").await;
    house.kill();
    drop((bob, bob_too));
    house.restart();
    for name in ["one", "two", "three"] {
        change(&house, ADA, name).await;
    }
    prune(&house);

    let mut back = come_back(house.base(), &mirrorfly).await;
    back.hears("<vCard").await;
    back.hears("<register_update").await;

    let Kept::Tencent { ticket } = &tencent else { panic!("another wire") };
    let (_, said) = tencent_socket::Socket::tries_again(house.base(), ticket).await;
    assert_eq!(said["ErrorCode"], 70001, "its app logs in anew, and reads everything: {said}");

    let mut back = come_back(house.base(), &qiscus).await;
    back.hears(r#""type":"read_anew""#).await;
    change(&house, ADA, "four").await;
    back.hears("four").await;
}

#[actix_web::test]
async fn promise_61_after_a_restore_no_number_is_given_again_and_clients_read_anew() {
    let mut house = house(&["bob"]).await;
    let (bob, mirrorfly) = log_in(&house, house.base(), "mirrorfly", "bob").await;
    let (_, tencent) = log_in(&house, house.base(), "tencent", "bob").await;
    let backup = house.data().parent().unwrap().join("backup");
    let backup = backup.to_str().unwrap();
    house.command(&["backup", backup]);
    let at_backup = rows(&house, "SELECT max(seq) FROM event");
    for name in ["undone", "undone too"] {
        change(&house, ADA, name).await;
    }
    let (_, qiscus) = log_in(&house, house.base(), "qiscus", "bob").await;
    house.terminate();
    drop(bob);
    house.command(&["restore", backup, "--replace"]);
    house.restart();
    assert_eq!(rows(&house, "SELECT max(seq) FROM event"), at_backup + 1_000_000);

    let mut back = come_back(house.base(), &qiscus).await;
    back.hears(r#""type":"read_anew""#).await;
    change(&house, ADA, "after").await;
    back.hears("after").await;
    assert!(rows(&house, "SELECT max(seq) FROM event") > at_backup + 1_000_000);

    let mut back = come_back(house.base(), &mirrorfly).await;
    back.hears("<register_update").await;
    let Kept::Tencent { ticket } = &tencent else { panic!("another wire") };
    let (_, said) = tencent_socket::Socket::tries_again(house.base(), ticket).await;
    assert_eq!(said["ErrorCode"], 70001, "{said}");
}

#[actix_web::test]
async fn promise_61_places_are_joined_for_a_client_that_comes_and_goes_and_nothing_is_lost() {
    let house = house(&["bob"]).await;
    let (bob, kept) = log_in(&house, house.base(), "mirrorfly", "bob").await;
    drop(bob);
    change(&house, ADA, "missed").await;
    for _ in 0..20 {
        drop(come_back(house.base(), &kept).await);
    }
    let places = rows(&house, "SELECT count(*) FROM session_place");
    assert!((2..=12).contains(&places), "{places} places of one user");
    come_back(house.base(), &kept).await.hears("missed").await;
}

#[actix_web::test]
async fn promise_61_a_look_back_reads_past_a_thousand_events_of_ones_own() {
    let house = house(&["bob"]).await;
    let (bob, kept) = log_in(&house, house.base(), "tencent", "bob").await;
    drop(bob);
    let database = Connection::open(house.data().join("standin.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    // Changes that are in the log, as many as one part of a look-back reads and one more.
    let made = database.execute(
        r#"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1001)
           INSERT INTO event (app, user, id, kind, at)
           SELECT app, key, id, '{"kind":"token_reset"}', created_at FROM user, n WHERE id = 'bob'"#,
        [],
    );
    assert_eq!(made.unwrap(), 1001);
    change(&house, ADA, "behind them").await;
    come_back(house.base(), &kept).await.hears("behind them").await;
}
