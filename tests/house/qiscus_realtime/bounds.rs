use std::net::SocketAddr;

use tokio::net::TcpSocket;
use tokio_tungstenite::client_async;

use super::*;

/// Bytes of a packet behind its header.
const PACKET_BYTES_MAX: usize = 8 * 1024 - 8;

const SUBSCRIPTIONS_MAX: usize = 100;

const OF_ADDRESS_MAX: usize = 250;

const IN_ALL_MAX: usize = 1000;

#[actix_web::test]
async fn packets_have_a_longest() {
    let server = Standin::fresh().await;
    for (bytes, is_taken) in [(PACKET_BYTES_MAX - 1, true), (PACKET_BYTES_MAX, true), (PACKET_BYTES_MAX + 1, false)] {
        let mut socket = Socket::connected(&server).await;
        let packet = Packet(PUBLISH, [&text("x")[..], &vec![0; bytes - 3]].concat());
        assert_eq!(packet.1.len(), bytes);
        for piece in packet.bytes().chunks(3000) {
            socket.say_bytes(piece).await;
        }
        match is_taken {
            true => socket.pings().await,
            false => assert_eq!(socket.closed().await, Some(CloseCode::Size), "{bytes}"),
        }
    }
}

#[actix_web::test]
async fn frames_have_a_longest() {
    let server = Standin::fresh().await;
    let ping = Packet(PINGREQ, vec![]).bytes();
    for (bytes, is_taken) in [(16 * 1024 - 2, true), (16 * 1024, true), (16 * 1024 + 2, false)] {
        let mut socket = Socket::connected(&server).await;
        socket.say_bytes(&ping.repeat(bytes / 2)).await;
        match is_taken {
            true => {
                for _ in 0..bytes / 2 {
                    assert_eq!(socket.packet().await, Some(Packet(PINGRESP, vec![])));
                }
            }
            false => assert_eq!(socket.closed().await, Some(CloseCode::Size), "{bytes}"),
        }
    }
}

#[actix_web::test]
async fn a_connection_has_at_most_a_hundred_topics() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let mut rooms = Vec::new();
    for n in 0..25 {
        let other = format!("u{n}");
        Chatter::of(&server, &other).await;
        rooms.push(ada.room(&other).await);
    }
    let mut socket = Socket::of(&ada).await;
    let topics: Vec<String> = rooms.into_iter().flat_map(topics_of).collect();
    let topics: Vec<&str> = topics.iter().map(String::as_str).collect();
    let codes = socket.subscribes(&topics[..SUBSCRIPTIONS_MAX - 4]).await;
    assert_eq!(codes, [0; SUBSCRIPTIONS_MAX - 4]);
    let last = &topics[SUBSCRIPTIONS_MAX - 4..];
    assert_eq!(socket.subscribes(&[last[0], last[1]]).await, [0, REFUSED], "its own three count");
    assert_eq!(socket.subscribes(&[last[1]]).await, [REFUSED]);
    socket.unsubscribes(&[topics[0]]).await;
    assert_eq!(socket.subscribes(&[last[1], last[2]]).await, [0, REFUSED]);
}

#[actix_web::test]
async fn topics_beyond_the_first_hundred_of_a_packet_are_refused() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let own = format!("{}/c", ada.token);
    for beyond in [0, 1, 2, 600] {
        let mut socket = Socket::connected(&server).await;
        let topics: Vec<&str> = [own.as_str()].into_iter().chain(vec!["u/ada/s"; 99 + beyond]).collect();
        let codes = socket.subscribes(&topics).await;
        assert_eq!(codes[..100], [0; 100]);
        assert_eq!(codes[100..], vec![REFUSED; beyond]);
        socket.pings().await;
    }
}

#[actix_web::test]
async fn a_packet_tries_at_most_two_tokens() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let own = format!("{}/c", ada.token);
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.subscribes(&["a/c", "b/c", &own]).await, [REFUSED; 3]);
    assert_eq!(socket.subscribes(&["a/c", &own, "b/c"]).await, [REFUSED, 0, REFUSED]);
}

#[actix_web::test]
async fn a_users_oldest_connection_ends_if_there_are_too_many() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut sockets = Vec::new();
    for _ in 0..20 {
        sockets.push(Socket::of(&bob).await);
    }
    sockets[0].hears_nothing().await;
    sockets.push(Socket::of(&bob).await);
    assert_eq!(sockets[0].closed().await, Some(CloseCode::Policy));
    ada.says(room, "hello").await;
    for socket in &mut sockets[1..] {
        assert_eq!(socket.hears_object().await.1["message"], "hello");
    }
}

/// A socket from a loopback address of its own, or the status that refuses it.
async fn from(server: &Standin, last: u8) -> Result<Socket, u16> {
    let address: SocketAddr = server.base().strip_prefix("http://").unwrap().parse().unwrap();
    let stream = TcpSocket::new_v4().unwrap();
    stream.bind(SocketAddr::from(([127, 0, 0, last], 0))).unwrap();
    let stream = stream.connect(address).await.unwrap();
    match client_async(format!("ws://{address}/mqtt"), MaybeTlsStream::Plain(stream)).await {
        Ok((socket, _)) => Ok(Socket { socket, read: Vec::new(), subscriptions: 0, heard: VecDeque::new() }),
        Err(tungstenite::Error::Http(answer)) => Err(answer.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// A connected client of this address, without a login.
async fn anonymous(server: &Standin, last: u8) -> Socket {
    let mut socket = from(server, last).await.unwrap();
    socket.say(&Packet::connect("x", 4)).await;
    assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
    socket
}

#[actix_web::test]
async fn above_the_bound_of_an_address_its_oldest_socket_without_a_login_ends() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let mut open = Vec::new();
    for _ in 0..OF_ADDRESS_MAX {
        open.push(anonymous(&server, 2).await);
    }
    assert_eq!(open[0].logs_in(&ada.token).await, [0; 3]);
    open.push(anonymous(&server, 2).await);
    open[1].pings().await;
    let mut other = anonymous(&server, 3).await;
    open[1].pings().await;
    // One more than the bound.
    open.push(anonymous(&server, 2).await);
    assert_eq!(open[1].closed().await, Some(CloseCode::Again), "the oldest one without a login");
    for at in [0, 2, OF_ADDRESS_MAX, OF_ADDRESS_MAX + 1] {
        open[at].pings().await;
    }
    // A client that logs out counts again, and stays.
    let topics = ["c", "n", "update"].map(|kind| format!("{}/{kind}", ada.token));
    open[0].unsubscribes(&topics.each_ref().map(String::as_str)).await;
    assert_eq!(open[2].closed().await, Some(CloseCode::Again));
    open[0].pings().await;
    assert_eq!(open[3].logs_in(&ada.token).await, [0; 3]);
    other.pings().await;
}

#[actix_web::test]
async fn above_the_bound_of_all_the_address_with_the_most_sockets_gives_way() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    let mut user = anonymous(&server, 99).await;
    let mut open = Vec::new();
    for n in 1..IN_ALL_MAX {
        open.push(from(&server, u8::try_from(2 + n / OF_ADDRESS_MAX).unwrap()).await.unwrap());
    }
    for last in 100..110 {
        let mut late = anonymous(&server, last).await;
        assert_eq!(late.logs_in(&ada.token).await, [0; 3], "nobody is locked out");
    }
    assert_eq!(user.logs_in(&ada.token).await, [0; 3], "the oldest socket, of an address with one");
}

#[actix_web::test]
async fn two_hundred_clients_of_one_address_that_connect_at_once_all_get_in() {
    let server = Standin::fresh().await;
    let mut tokens = Vec::new();
    for n in 0..10 {
        tokens.push(Chatter::of(&server, &format!("u{n}")).await.token);
    }
    let clients = (0..200).map(async |n: usize| {
        let mut socket = from(&server, 7).await.unwrap();
        socket.say(&Packet::connect(&format!("client {n}"), 4)).await;
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
        assert_eq!(socket.logs_in(&tokens[n % 10]).await, [0; 3]);
        socket
    });
    for socket in &mut futures_util::future::join_all(clients).await {
        socket.pings().await;
    }
}
