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
    let answers = [
        Packet(CONNACK, vec![0, 0]),
        Packet(SUBACK, vec![0, 7, 0, 0]),
        Packet(PINGRESP, vec![]),
        Packet(SUBACK, vec![0, 8, 0]),
        Packet(PINGRESP, vec![]),
    ];
    for size in [1, 2, 13, 10_000] {
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
    }
}

#[actix_web::test]
async fn what_is_not_the_protocol_closes_the_socket_with_a_reason() {
    let server = Standin::fresh().await;
    let first: [&[u8]; 6] = [
        &Packet(PINGREQ, vec![]).bytes(),
        &Packet::subscribe(1, &["u/ada/s"]).bytes(),
        &Packet::publish("u/ada/s", b"1").bytes(),
        &[0x00, 0x00],
        &[0xf0, 0x00],
        &[0x10, 0x00],
    ];
    for bytes in first {
        let mut socket = Socket::opened(&server).await;
        socket.say_bytes(bytes).await;
        assert_eq!(socket.closed().await, Some(CloseCode::Protocol), "{bytes:x?}");
    }
    let mut socket = Socket::opened(&server).await;
    socket.say_bytes(&[0x10, 0xff, 0xff, 0xff, 0x7f]).await;
    assert_eq!(socket.closed_with_reason().await, Some((CloseCode::Size, "a packet has at most 8184 bytes".into())));
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
    ];
    for packet in later {
        let mut socket = Socket::connected(&server).await;
        socket.say(&packet).await;
        let (code, why) = socket.closed_with_reason().await.unwrap();
        assert_eq!(code, CloseCode::Protocol, "{packet:?}");
        assert!(
            why.contains("MQTT 3.1.1") || why.contains("CONNECT") || why.contains("SUBSCRIBE"),
            "{packet:?}: {why}"
        );
    }
    let mut socket = Socket::connected(&server).await;
    socket.socket.send(Message::text("x")).await.unwrap();
    let reason = "packets come in binary messages".to_owned();
    assert_eq!(socket.closed_with_reason().await, Some((CloseCode::Unsupported, reason)));
    let mut socket = Socket::connected(&server).await;
    socket.say(&Packet(0xe0, vec![])).await;
    assert_eq!(socket.closed().await, Some(CloseCode::Normal), "a client that says goodbye");
    Socket::connected(&server).await.pings().await;
}

#[actix_web::test]
async fn another_version_of_the_protocol_is_refused_by_its_connack() {
    let server = Standin::fresh().await;
    let of = |name: &str, level: u8, rest: &[u8]| Packet(CONNECT, [&text(name)[..], &[level, 2, 0, 60], rest].concat());
    let version_5 = [&[5, 0x11, 0, 0, 0, 9], &text("x")[..]].concat();
    for packet in [
        of("MQIsdp", 3, &text("x")),
        of("MQTT", 3, &text("x")),
        of("MQTT", 5, &version_5),
        of("MQTT", 9, &text("x")),
        of("other", 4, &text("x")),
    ] {
        let mut socket = Socket::opened(&server).await;
        for piece in packet.bytes().chunks(3) {
            socket.say_bytes(piece).await;
        }
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 1])), "{packet:?}");
        assert_eq!(socket.closed().await, Some(CloseCode::Normal), "{packet:?}");
    }
}

#[actix_web::test]
async fn the_sub_protocol_is_mqtt_or_none_and_the_older_one_alone_is_answered() {
    let server = Standin::fresh().await;
    for (offers, answered) in [
        (&["mqtt"][..], Some("mqtt")),
        (&["mqttv3.1,mqtt"][..], Some("mqtt")),
        (&["x,mqtt"][..], Some("mqtt")),
        (&["mqttv3.1"][..], Some("mqttv3.1")),
        (&[][..], None),
    ] {
        let headers: Vec<(&str, &str)> = offers.iter().map(|offer| ("Sec-WebSocket-Protocol", *offer)).collect();
        let (_, protocol) = Socket::with(&server, &headers).await.unwrap();
        assert_eq!(protocol.as_deref(), answered, "{offers:?}");
    }
    let refused = Socket::with(&server, &[("Sec-WebSocket-Protocol", "xmpp, mqttv5")]).await;
    assert_eq!(refused.err(), Some(400));
}

#[actix_web::test]
async fn a_client_that_is_silent_for_one_and_a_half_of_its_keep_alive_is_closed() {
    let server = Standin::fresh().await;
    let bob = Chatter::of(&server, "bob").await;
    let opened = async |seconds| {
        let mut socket = Socket::opened(&server).await;
        socket.say(&Packet::connect_alive(seconds)).await;
        assert_eq!(socket.packet().await, Some(Packet(CONNACK, vec![0, 0])));
        socket
    };
    let (mut stranger, mut silent, mut alive, mut unbounded) =
        (opened(2).await, opened(2).await, opened(2).await, opened(0).await);
    for socket in [&mut silent, &mut alive, &mut unbounded] {
        assert_eq!(socket.logs_in(&bob.token).await, [0; 3]);
    }
    let begun = tokio::time::Instant::now();
    // Answers to pings, and pongs that were not asked for, do not count.
    silent.socket.send(Message::Pong(vec![1].into())).await.unwrap();
    let pings = async {
        for _ in 0..5 {
            tokio::time::sleep(Duration::from_secs(1)).await;
            alive.pings().await;
        }
    };
    let ends = async {
        let reason = (CloseCode::Policy, "silent for longer than the keep-alive".to_owned());
        assert_eq!(silent.closed_with_reason().await, Some(reason.clone()));
        assert!((2..4).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
        assert_eq!(stranger.closed_with_reason().await, Some(reason));
    };
    tokio::join!(pings, ends);
    unbounded.pings().await;
}

#[actix_web::test]
async fn no_ping_follows_a_message() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::of(&bob).await;
    ada.says(room, "hello").await;
    assert_eq!(socket.hears_object().await.1["message"], "hello");
    let after = timeout(Duration::from_secs(4), socket.socket.next()).await;
    assert!(after.is_err(), "{after:?}");
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
    assert_eq!(enters(&mut socket, room).await, [0; 4], "granted, and silent");
    assert_eq!(socket.subscribes(&["u/ada/s", "unknown/c", "unknown/n"]).await, [0, REFUSED, REFUSED]);
    socket.publishes(&typing(room, "ada"), "1").await;
    socket.publishes("u/ada/s", "1").await;
    let mut other = Socket::of(&bob).await;
    enters(&mut other, room).await;
    ada.says(room, "hello").await;
    assert_eq!(other.hears_object().await.1["message"], "hello");
    other.publishes(&typing(room, "bob"), "1").await;
    other.pings().await;
    socket.hears_nothing().await;
    assert_eq!(socket.logs_in(&ada.token).await, [0, 0, 0], "it may log in at any time");
}

#[actix_web::test]
async fn a_page_of_an_origin_that_is_not_allowed_has_no_socket() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    server.command(&["app", "set", "--allowed-origins", "https://shop.example"]);
    for origin in ["https://other.example", "null"] {
        assert_eq!(Socket::of_page(&server, origin).await.err(), Some(403), "{origin}");
    }
    let mut socket = Socket::of_page(&server, "https://shop.example").await.ok().unwrap();
    assert_eq!(socket.logs_in(&ada.token).await, [0; 3]);
    Socket::of(&ada).await.pings().await;
}

#[actix_web::test]
async fn the_sockets_of_an_origin_that_leaves_the_list_end() {
    let server = Standin::fresh().await;
    let ada = Chatter::of(&server, "ada").await;
    server.command(&["app", "set", "--allowed-origins", "https://shop.example,https://other.example"]);
    let [mut gone, mut stranger, mut kept] = {
        let of = |origin| Socket::of_page(&server, origin);
        let pages = tokio::join!(of("https://shop.example"), of("https://shop.example"), of("https://other.example"));
        [pages.0.ok().unwrap(), pages.1.ok().unwrap(), pages.2.ok().unwrap()]
    };
    for socket in [&mut gone, &mut kept] {
        assert_eq!(socket.logs_in(&ada.token).await, [0; 3]);
    }
    server.command(&["app", "set", "--allowed-origins", "https://other.example"]);
    let reason = (CloseCode::Policy, "the app does not serve this client any more".to_owned());
    for socket in [&mut gone, &mut stranger] {
        assert_eq!(socket.closed_with_reason().await, Some(reason.clone()));
    }
    kept.pings().await;
    assert_eq!(Socket::of_page(&server, "https://shop.example").await.err(), Some(403));
}

#[actix_web::test]
async fn an_origin_that_one_app_allows_cannot_use_the_tokens_of_another() {
    let server = Standin::fresh().await;
    second_app(&server, &["--allowed-origins", "https://other.example"]);
    let ada = Chatter::of(&server, "ada").await;
    server.command(&["app", "set", "--app", APP_ID, "--allowed-origins", "https://shop.example"]);
    let mut socket = Socket::of_page(&server, "https://other.example").await.ok().unwrap();
    assert_eq!(socket.logs_in(&ada.token).await, [REFUSED; 3]);
}
