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
    assert!((1..=12).contains(&places), "{places} places of one user");
    come_back(server.base(), &kept).await.hears("missed").await;
}

/// Waits until the positions of the sessions that ended are stored.
async fn stored(server: &Standin) {
    let is_open = "SELECT count(*) FROM session_place WHERE has_ended = 0";
    for _ in 0..200 {
        if rows(server, is_open) == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("a session has not ended");
}

/// A client that hears a new change next: what it missed would come before.
async fn hears_only(server: &Standin, back: &mut Client, name: &str) {
    change(server, ADA, name).await;
    let arrived = tokio::time::timeout(WAIT, back.hear()).await.expect("the change").unwrap();
    assert!(arrived.contains(name), "{name} is first: {arrived}");
}

#[actix_web::test]
async fn promise_61_a_missed_change_arrives_at_one_sign_in_of_mirrorfly_and_at_no_later_one() {
    let mut server = server(&["bob"]).await;
    let (bob, kept) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    drop(bob);
    change(&server, ADA, "missed").await;
    let mut back = come_back(server.base(), &kept).await;
    back.hears("missed").await;
    // It reads on, and so answers the ping that follows.
    hears_only(&server, &mut back, "live").await;
    assert!(tokio::time::timeout(Duration::from_secs(3), back.hear()).await.is_err(), "nothing else");
    drop(back);
    for (round, is_restarted) in [false, false, true, true].into_iter().enumerate() {
        stored(&server).await;
        if is_restarted {
            match round {
                2 => assert_eq!(server.terminate(), Some(0)),
                _ => server.kill(),
            }
            server.restart();
        }
        let mut again = come_back(server.base(), &kept).await;
        hears_only(&server, &mut again, &format!("round {round}")).await;
        assert!(tokio::time::timeout(Duration::from_secs(3), again.hear()).await.is_err(), "nothing else");
    }
}

#[actix_web::test]
async fn promise_61_two_pages_that_were_away_both_receive_a_change_and_a_later_one_does_not() {
    let server = server(&["bob"]).await;
    let (one, kept) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    let (two, _) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    drop((one, two));
    stored(&server).await;
    change(&server, ADA, "missed").await;
    let mut one = come_back(server.base(), &kept).await;
    one.hears("missed").await;
    // It confirms what it received before the second one comes.
    assert!(tokio::time::timeout(Duration::from_secs(1), one.hear()).await.is_err(), "nothing else");
    let mut two = come_back(server.base(), &kept).await;
    two.hears("missed").await;
    assert!(tokio::time::timeout(Duration::from_secs(1), two.hear()).await.is_err(), "nothing else");
    let mut third = come_back(server.base(), &kept).await;
    hears_only(&server, &mut third, "to all").await;
}

#[actix_web::test]
async fn promise_61_a_client_that_reconnects_before_its_drop_is_noticed_receives_nothing_again_later() {
    let server = server(&["bob"]).await;
    let proxy = Proxy::to(server.base()).await;
    let (mut bob, kept) = log_in(&server, proxy.base(), "mirrorfly", "bob").await;
    change(&server, ADA, "heard").await;
    bob.hears("heard").await;
    proxy.freeze();
    change(&server, ADA, "missed").await;
    let mut back = come_back(server.base(), &kept).await;
    back.hears("missed").await;
    assert!(tokio::time::timeout(Duration::from_secs(1), back.hear()).await.is_err(), "nothing else");
    drop(back);
    proxy.reset();
    stored(&server).await;
    let mut again = come_back(server.base(), &kept).await;
    hears_only(&server, &mut again, "later").await;
}

#[actix_web::test]
async fn promise_61_a_sign_in_that_is_cut_before_it_confirms_leaves_the_changes_to_the_next() {
    let mut server = server(&["bob"]).await;
    let (bob, kept) = log_in(&server, server.base(), "mirrorfly", "bob").await;
    drop(bob);
    stored(&server).await;
    change(&server, ADA, "missed").await;
    for is_killed in [false, true] {
        // The sign-in reaches the server, and nothing that the server says reaches the client.
        let proxy = Proxy::to(server.base()).await;
        let cut = come_back(proxy.base(), &kept).await;
        proxy.freeze();
        match is_killed {
            true => {
                server.kill();
                server.restart();
            }
            false => proxy.reset(),
        }
        drop(cut);
    }
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
