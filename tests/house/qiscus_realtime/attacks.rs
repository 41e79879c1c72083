use std::time::Instant;

use super::*;

/// Topics and packets of a user that are handled at once.
const AT_ONCE: usize = 400;

const PER_SECOND: usize = 20;

/// How long a client may take to send its first packet.
const CONNECT_WAIT: Duration = Duration::from_secs(10);

/// How long a client stays without a login.
const WITHOUT_LOGIN: Duration = Duration::from_secs(120);

#[actix_web::test]
async fn repeated_topics_cost_nothing() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let last = id(&bob.says(room, "hello").await);
    ada.reads(room, last).await;
    let mut socket = Socket::of(&bob).await;
    let topic = format!("r/{room}/{room}/+/r");
    let begun = Instant::now();
    for packet in 0..200 {
        assert_eq!(socket.subscribes(&[topic.as_str(); 60]).await, [0; 60]);
        socket.pings().await;
        let expected = usize::from(packet == 0);
        assert_eq!(socket.heard.len(), expected, "the mark comes with the first subscription alone");
        socket.heard.clear();
    }
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    socket.unsubscribes(&[&topic]).await;
    assert_eq!(socket.subscribes(&[&topic, &format!("r/{room}/{room}/+/t")]).await, [0; 2]);
    assert_eq!(socket.hears().await.0, format!("r/{room}/{room}/ada/r"), "a new subscription tells it again");
}

#[actix_web::test]
async fn the_sockets_of_a_user_subscribe_at_a_pace_and_others_do_not_wait() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let ids: Vec<String> = (0..70).map(|n| format!("u/nobody{n}/s")).collect();
    let topics: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut sockets = Vec::new();
    for _ in 0..5 {
        sockets.push(Socket::of(&bob).await);
    }
    let (begun, packets) = (Instant::now(), 2);
    let attack = futures_util::future::join_all(sockets.iter_mut().map(async |socket| {
        for _ in 0..packets {
            assert_eq!(socket.subscribes(&topics).await, [REFUSED; 70]);
        }
    }));
    let meanwhile = async {
        let (mut longest, mut socket) = (Duration::ZERO, Socket::of(&ada).await);
        for n in 0..20 {
            let asked = Instant::now();
            assert_eq!(socket.subscribes(&[&format!("r/{room}/{room}/+/{}", ["t", "d"][n % 2])]).await, [0]);
            ada.says(room, &n.to_string()).await;
            assert_eq!(socket.hears_object().await.1["message"], n.to_string());
            longest = longest.max(asked.elapsed());
        }
        longest
    };
    let (_, longest) = tokio::join!(attack, meanwhile);
    let all = 5 * packets * 70;
    let least = Duration::from_secs(u64::try_from((all - AT_ONCE) / PER_SECOND).unwrap()) - Duration::from_secs(1);
    assert!(begun.elapsed() >= least, "{:?}", begun.elapsed());
    assert!(longest < Duration::from_secs(5), "{longest:?}");
}

#[actix_web::test]
async fn packets_of_a_socket_that_is_gone_are_dropped() {
    let server = Standin::fresh().await;
    let (ada, bob, _room) = two(&server).await;
    let mut watcher = Socket::of(&ada).await;
    assert_eq!(watcher.subscribes(&["u/bob/s"]).await, [0]);
    assert!(watcher.hears().await.1.starts_with('1'));
    let mut socket = Socket::of(&bob).await;
    let ids: Vec<String> = (0..99).map(|n| format!("u/no{n}/s")).collect();
    let topics: Vec<&str> = ids.iter().map(String::as_str).collect();
    // They would take 40 seconds.
    let packets = [0; 12].map(|_| Packet::subscribe(7, &topics).bytes());
    for pair in packets.chunks(2) {
        socket.say_bytes(&pair.concat()).await;
    }
    let begun = Instant::now();
    socket.cut().await;
    assert!(watcher.hears().await.1.starts_with('0'));
    assert!(begun.elapsed() < Duration::from_secs(15), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn parts_of_a_connect_packet_and_pings_do_not_put_off_its_limit() {
    let server = Standin::fresh().await;
    let (mut parts, mut pings) = (Socket::opened(&server).await, Socket::opened(&server).await);
    let mut connected = Socket::connected(&server).await;
    let begun = Instant::now();
    let connect = Packet::connect(&"x".repeat(100), 4).bytes();
    for byte in &connect[..9] {
        parts.say_bytes(&[*byte]).await;
        pings.socket.send(Message::Ping(vec![1].into())).await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    for socket in [&mut parts, &mut pings] {
        assert_eq!(socket.closed().await, Some(CloseCode::Policy));
    }
    assert!(begun.elapsed() < CONNECT_WAIT + Duration::from_secs(3), "{:?}", begun.elapsed());
    connected.pings().await;
}

#[actix_web::test]
async fn a_client_without_a_login_ends_after_two_minutes_despite_its_pings() {
    let server = Standin::fresh().await;
    let bob = Chatter::of(&server, "bob").await;
    let (mut anonymous, mut user) = (Socket::connected(&server).await, Socket::of(&bob).await);
    let begun = Instant::now();
    while begun.elapsed() < WITHOUT_LOGIN - Duration::from_secs(5) {
        tokio::time::sleep(Duration::from_secs(5)).await;
        user.pings().await;
        anonymous.pings().await;
    }
    assert_eq!(anonymous.closed().await, Some(CloseCode::Policy));
    assert!(begun.elapsed() >= WITHOUT_LOGIN - Duration::from_secs(1), "{:?}", begun.elapsed());
    user.pings().await;
    let mut again = Socket::connected(&server).await;
    assert_eq!(again.logs_in(&bob.token).await, [0; 3], "the SDK connects again by itself");
}
