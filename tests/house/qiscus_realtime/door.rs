use super::*;

#[actix_web::test]
async fn a_request_that_is_no_websocket_is_refused_and_not_logged() {
    let server = Standin::fresh().await;
    golden::same(&server, "qiscus/sdk_error_no_socket", &server.get("/mqtt").await);
    for method in [Method::POST, Method::PUT] {
        assert_eq!(send(server.call(method, "/mqtt?x=wss://")).await.status, 400);
    }
    server.get("/api/v2/sdk/after").await;
    server.logged("GET /api/v2/sdk/after").await;
    assert!(!server.log().contains("/mqtt"), "{}", server.log());
}

#[actix_web::test]
async fn the_config_names_the_address_of_the_socket() {
    let server = Standin::fresh().await;
    let config = send(server.call(Method::GET, "/api/v2/sdk/config")).await.json();
    let (_, answer) = connect_async(config["results"]["broker_url"].as_str().unwrap()).await.unwrap();
    assert_eq!(answer.status(), 101);
    assert_eq!(answer.headers().get("sec-websocket-protocol"), None, "none was offered");
}

#[actix_web::test]
async fn a_packet_may_come_in_many_frames_and_a_frame_may_hold_many_packets() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let token = &bob.token;
    let packets = [
        Packet::connect("x", 4),
        Packet::subscribe(7, &[&format!("{token}/c"), &format!("{token}/n")]),
        Packet(PINGREQ, vec![]),
        Packet::subscribe(8, &[&format!("r/{room}/{room}/+/t")]),
        Packet(PINGREQ, vec![]),
    ];
    let bytes: Vec<u8> = packets.iter().flat_map(Packet::bytes).collect();
    let answers = [
        Packet(CONNACK, vec![0, 0]),
        Packet(SUBACK, vec![0, 7, 0, 0]),
        Packet(PINGRESP, vec![]),
        Packet(SUBACK, vec![0, 8, 0]),
        Packet(PINGRESP, vec![]),
    ];
    for size in [1, 2, 13, bytes.len()] {
        let mut socket = Socket::opened(&server).await;
        for piece in bytes.chunks(size) {
            socket.say_bytes(piece).await;
        }
        for answer in &answers {
            assert_eq!(socket.packet().await.as_ref(), Some(answer), "{size}");
        }
        let text = format!("in pieces of {size}");
        ada.says(room, &text).await;
        assert_eq!(socket.hears_object().await.1["message"], text);
        bob.receives(room, i64::MAX).await;
    }
}

#[actix_web::test]
async fn what_is_not_the_protocol_closes_the_socket() {
    let server = Standin::fresh().await;
    let first: [&[u8]; 8] = [
        &Packet(PINGREQ, vec![]).bytes(),
        &Packet::subscribe(1, &["u/ada/s"]).bytes(),
        &Packet::publish("u/ada/s", b"1").bytes(),
        &[0x00, 0x00],
        &[0xf0, 0x00],
        &[0x10, 0x00],
        &[0x10, 0xff, 0xff, 0xff, 0xff],
        &Packet(CONNECT, [&text("MQIsdp")[..], &[3, 2, 0, 60], &text("x")].concat()).bytes(),
    ];
    for bytes in first {
        let mut socket = Socket::opened(&server).await;
        socket.say_bytes(bytes).await;
        assert_eq!(socket.closed().await, Some(CloseCode::Normal), "{bytes:x?}");
    }
    let later = [
        Packet::connect("x", 4),
        Packet(CONNACK, vec![0, 0]),
        Packet(SUBACK, vec![0, 1, 0]),
        Packet(PINGRESP, vec![]),
        Packet(SUBSCRIBE, vec![0, 1]),
        Packet(SUBSCRIBE, vec![0]),
        Packet(SUBSCRIBE, [&[0, 1], &text("u/ada/s")[..]].concat()),
        Packet(SUBSCRIBE, [&[0, 1], &text("u/ada/s")[..], &[3]].concat()),
        Packet(SUBSCRIBE, vec![0, 1, 0, 2, 0xff, 0xfe, 0]),
        Packet(UNSUBSCRIBE, vec![0, 1, 0, 9, b'x']),
        Packet(UNSUBSCRIBE, vec![7]),
        Packet(PUBLISH, vec![0, 9, b'x']),
        Packet(0x36, text("x")),
        Packet(0x32, [&text("x")[..], &[0, 0]].concat()),
        Packet(0xe0, vec![]),
    ];
    for packet in later {
        let mut socket = Socket::connected(&server).await;
        socket.say(&packet).await;
        assert_eq!(socket.closed().await, Some(CloseCode::Normal), "{packet:?}");
    }
    let mut socket = Socket::connected(&server).await;
    socket.socket.send(Message::text("x")).await.unwrap();
    assert_eq!(socket.closed().await, Some(CloseCode::Normal));
    let mut socket = Socket::opened(&server).await;
    socket.say(&Packet::connect("x", 5)).await;
    assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 1])), "another version of the protocol");
    assert_eq!(socket.closed().await, Some(CloseCode::Normal));
    Socket::connected(&server).await.pings().await;
}

#[actix_web::test]
async fn random_packets_never_end_the_server() {
    let server = Standin::fresh().await;
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for _ in 0..300 {
        let mut socket = Socket::connected(&server).await;
        let content = (0..random() % 24).map(|_| u8::try_from(random() % 6).unwrap()).collect();
        let packet = Packet(u8::try_from(random() % 256).unwrap(), content);
        socket.say(&packet).await;
        let _ = socket.socket.close(None).await;
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
    Socket::connected(&server).await.pings().await;
}

#[actix_web::test]
async fn native_clients_ask_for_a_higher_quality_and_get_their_acknowledgements() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut socket, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    enters(&mut other, room).await;
    let topic = format!("{}/c", ada.token);
    socket.say(&Packet(SUBSCRIBE, [&[0, 9], &text(&topic)[..], &[2]].concat())).await;
    assert_eq!(socket.answer().await, Packet(SUBACK, vec![0, 9, 0]));
    let publication = |id: u8, state: &str| [&text(&typing(room, "ada"))[..], &[0, id], state.as_bytes()].concat();
    socket.say(&Packet(0x32, publication(5, "1"))).await;
    assert_eq!(socket.answer().await, Packet(0x40, vec![0, 5]));
    assert_eq!(other.hears().await, said(&typing(room, "ada"), "1"));
    socket.say(&Packet(0x34, publication(6, "0"))).await;
    assert_eq!(socket.answer().await, Packet(0x50, vec![0, 6]));
    assert_eq!(other.hears().await, said(&typing(room, "ada"), "0"));
    socket.say(&Packet(0x62, vec![0, 6])).await;
    assert_eq!(socket.answer().await, Packet(0x70, vec![0, 6]));
}

#[actix_web::test]
async fn a_client_without_a_login_may_stay_and_is_told_nothing() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::named(&server, &format!("{APP_ID}_undefined_1")).await;
    assert_eq!(enters(&mut socket, room).await, [REFUSED; 4]);
    assert_eq!(socket.subscribes(&["u/ada/s", "unknown/c", "unknown/n"]).await, [REFUSED; 3]);
    socket.publishes(&typing(room, "ada"), "1").await;
    socket.publishes("u/ada/s", "1").await;
    let mut other = Socket::of(&bob).await;
    enters(&mut other, room).await;
    ada.says(room, "hello").await;
    assert_eq!(other.hears_object().await.1["message"], "hello");
    socket.hears_nothing().await;
    assert_eq!(socket.logs_in(&ada.token).await, [0, 0, 0], "it may log in at any time");
}

#[actix_web::test]
async fn a_page_of_an_origin_that_is_not_allowed_has_no_socket() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    server.command(&["app", "set", "--allowed-origins", "https://shop.example"]);
    for (origin, is_allowed) in [("https://shop.example", true), ("https://other.example", false), ("null", false)] {
        let mut request = format!("{}/mqtt", server.base().replace("http", "ws")).into_client_request().unwrap();
        request.headers_mut().insert("Origin", origin.parse().unwrap());
        let (socket, _) = connect_async(request).await.unwrap();
        let mut socket = Socket { socket, read: Vec::new(), subscriptions: 0, heard: VecDeque::new() };
        if !is_allowed {
            assert_eq!(socket.closed().await, Some(CloseCode::Policy), "{origin}");
            continue;
        }
        socket.say(&Packet::connect("x", 4)).await;
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
        assert_eq!(socket.logs_in(&ada.token).await, [0; 3], "{origin}");
    }
}

#[actix_web::test]
async fn an_origin_that_one_app_allows_cannot_use_the_tokens_of_another() {
    let server = Standin::fresh().await;
    second_app(&server, &["--allowed-origins", "https://other.example"]);
    let ada = Chatter::of(&server, "ada").await;
    server.command(&["app", "set", "--app", APP_ID, "--allowed-origins", "https://shop.example"]);
    let mut request = format!("{}/mqtt", server.base().replace("http", "ws")).into_client_request().unwrap();
    request.headers_mut().insert("Origin", "https://other.example".parse().unwrap());
    let (socket, _) = connect_async(request).await.unwrap();
    let mut socket = Socket { socket, read: Vec::new(), subscriptions: 0, heard: VecDeque::new() };
    socket.say(&Packet::connect("x", 4)).await;
    assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
    assert_eq!(socket.logs_in(&ada.token).await, [REFUSED; 3]);
}
