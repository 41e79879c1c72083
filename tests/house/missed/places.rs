//! Where the numbers of events end: pruning, backups, and clients that are further than the database.

use rusqlite::Connection;

use super::*;

fn rows(server: &Standin, sql: &str) -> i64 {
    Connection::open(server.data().join("standin.db")).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

/// Takes the oldest events away, all but the newest one, as the sweep would after a week.
fn prune(server: &Standin) {
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    database.execute("DELETE FROM event WHERE seq < (SELECT max(seq) FROM event)", []).unwrap();
}

#[actix_web::test]
async fn promise_61_a_client_that_was_away_longer_than_events_are_kept_must_read_everything_again() {
    let mut server = server(&["bob"]).await;
    let (bob, mirrorfly) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    let (bob_too, tencent) = log_in(&server, server.base(), "tencent", "bob").await;
    let (_, qiscus) = log_in(&server, server.base(), "qiscus", "bob").await;
    server.kill();
    drop((bob, bob_too));
    server.restart();
    for name in ["one", "two", "three"] {
        change(&server, ADA, name).await;
    }
    prune(&server);

    let mut back = come_back(server.base(), &mirrorfly).await;
    back.hears("<vCard").await;
    back.hears("<register_update").await;

    let Kept::Tencent { ticket } = &tencent else { panic!("another wire") };
    let (_, said) = tencent_socket::Socket::tries_again(server.base(), ticket).await;
    assert_eq!(said["ErrorCode"], 70001, "its app logs in again, and reads everything: {said}");

    let mut back = come_back(server.base(), &qiscus).await;
    back.hears(r#""type":"read_anew""#).await;
    change(&server, ADA, "four").await;
    back.hears("four").await;
}

#[actix_web::test]
async fn promise_61_after_a_restore_no_event_number_repeats_and_clients_read_everything_again() {
    let mut server = server(&["bob"]).await;
    let (bob, mirrorfly) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    let (_, tencent) = log_in(&server, server.base(), "tencent", "bob").await;
    let backup = server.data().parent().unwrap().join("backup");
    let backup = backup.to_str().unwrap();
    server.command(&["backup", backup]);
    let at_backup = rows(&server, "SELECT max(seq) FROM event");
    for name in ["undone", "undone too"] {
        change(&server, ADA, name).await;
    }
    let (_, qiscus) = log_in(&server, server.base(), "qiscus", "bob").await;
    server.terminate();
    drop(bob);
    server.command(&["restore", backup, "--replace"]);
    server.restart();
    assert_eq!(rows(&server, "SELECT max(seq) FROM event"), at_backup + 1_000_000);

    let mut back = come_back(server.base(), &qiscus).await;
    back.hears(r#""type":"read_anew""#).await;
    change(&server, ADA, "after").await;
    back.hears("after").await;
    assert!(rows(&server, "SELECT max(seq) FROM event") > at_backup + 1_000_000);

    let mut back = come_back(server.base(), &mirrorfly).await;
    back.hears("<register_update").await;
    let Kept::Tencent { ticket } = &tencent else { panic!("another wire") };
    let (_, said) = tencent_socket::Socket::tries_again(server.base(), ticket).await;
    assert_eq!(said["ErrorCode"], 70001, "{said}");
}

#[actix_web::test]
async fn promise_61_positions_of_a_reconnecting_client_are_merged_and_nothing_is_lost() {
    let server = server(&["bob"]).await;
    let (bob, kept) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    drop(bob);
    change(&server, ADA, "missed").await;
    for _ in 0..20 {
        drop(come_back(server.base(), &kept).await);
    }
    let places = rows(&server, "SELECT count(*) FROM session_place");
    assert!((2..=12).contains(&places), "{places} places of one user");
    come_back(server.base(), &kept).await.hears("missed").await;
}

#[actix_web::test]
async fn promise_61_a_look_back_reads_past_a_thousand_events_of_the_user() {
    let server = server(&["bob"]).await;
    let (bob, kept) = log_in(&server, server.base(), "tencent", "bob").await;
    drop(bob);
    let database = Connection::open(server.data().join("standin.db")).unwrap();
    database.busy_timeout(Duration::from_secs(5)).unwrap();
    // Changes that are in the log, as many as one part of a look-back reads and one more.
    let made = database.execute(
        r#"WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 1001)
           INSERT INTO event (app, user, id, kind, at)
           SELECT app, key, id, '{"kind":"token_reset"}', created_at FROM user, n WHERE id = 'bob'"#,
        [],
    );
    assert_eq!(made.unwrap(), 1001);
    change(&server, ADA, "behind them").await;
    come_back(server.base(), &kept).await.hears("behind them").await;
}
