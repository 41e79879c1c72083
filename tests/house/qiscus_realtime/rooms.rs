use super::*;

#[actix_web::test]
async fn marks_are_told_at_once_to_the_other_user_alone() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    for socket in [&mut one, &mut other] {
        assert_eq!(enters(socket, room).await, [0; 4]);
    }
    let sent = id(&ada.says(room, "one").await);
    for socket in [&mut one, &mut other] {
        assert_eq!(socket.hears_object().await.0, "c");
    }
    bob.receives(room, sent).await;
    assert_eq!(one.hears().await, said(&format!("r/{room}/{room}/bob/d"), &format!("{sent}:ada-one")));
    bob.reads(room, sent).await;
    assert_eq!(one.hears().await, said(&format!("r/{room}/{room}/bob/r"), &format!("{sent}:ada-one")));
    for socket in [&mut one, &mut other] {
        socket.hears_nothing().await;
    }
}

#[actix_web::test]
async fn the_other_users_marks_come_with_the_subscription() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let mut socket = Socket::of(&ada).await;
    assert_eq!(enters(&mut socket, room).await, [0; 4]);
    socket.hears_nothing().await;
    drop(socket);
    let first = id(&ada.says(room, "one").await);
    let second = id(&ada.says(room, "two").await);
    bob.reads(room, first).await;
    bob.receives(room, second).await;
    let delivered = said(&format!("r/{room}/{room}/bob/d"), &format!("{second}:ada-two"));
    let read = said(&format!("r/{room}/{room}/bob/r"), &format!("{first}:ada-one"));
    let mut socket = Socket::of(&ada).await;
    assert_eq!(enters(&mut socket, room).await, [0; 4]);
    let mut told = [socket.hears().await, socket.hears().await];
    told.sort();
    assert_eq!(told, [delivered.clone(), read.clone()]);
    let mut socket = Socket::of(&ada).await;
    assert_eq!(socket.subscribes(&[&format!("r/{room}/{room}/+/d")]).await, [0]);
    assert_eq!(socket.hears().await, delivered, "only what is asked for");
    assert_eq!(socket.subscribes(&[&format!("r/{room}/+/+/r")]).await, [0]);
    assert_eq!(socket.hears().await, read);
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn typing_is_passed_on_to_the_other_user() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    assert_eq!(one.subscribes(&[&typing(room, "+")]).await, [0]);
    assert_eq!(other.subscribes(&[&format!("r/{room}/+/+/+")]).await, [0]);
    for state in ["1", "0"] {
        one.publishes(&typing(room, "ada"), state).await;
        assert_eq!(other.hears().await, said(&typing(room, "ada"), state));
    }
    one.hears_nothing().await;
    other.unsubscribes(&[&format!("r/{room}/+/+/+")]).await;
    one.publishes(&typing(room, "ada"), "1").await;
    other.hears_nothing().await;
}

#[actix_web::test]
async fn what_a_client_may_not_publish_is_dropped() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let (mut socket, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    let mut foreign = Socket::of(&eve).await;
    enters(&mut other, room).await;
    foreign.publishes(&typing(room, "ada"), "1").await;
    foreign.publishes(&typing(room, "eve"), "1").await;
    for (topic, payload) in [
        (typing(room, "bob"), "1"),
        (typing(room, "eve"), "1"),
        (typing(room, "ada"), "2"),
        (typing(room, "ada"), ""),
        (typing(room, "+"), "1"),
        (format!("r/{room}/{}/ada/t", room + 1), "1"),
        (format!("r/{}/{}/ada/t", room + 99, room + 99), "1"),
        (format!("r/{room}/{room}/ada/d"), "1:x"),
        (format!("r/{room}/{room}/ada/r"), "1:x"),
        (format!("r/{room}/{room}/e"), "{}"),
        (format!("{}/c", bob.token), "{}"),
        (format!("{}/n", ada.token), "{}"),
        ("x".repeat(300), "1"),
        (String::new(), "1"),
    ] {
        socket.publishes(&topic, payload).await;
    }
    socket.hears_nothing().await;
    foreign.hears_nothing().await;
    other.hears_nothing().await;
}

#[actix_web::test]
async fn strangers_may_not_listen_and_wildcards_are_refused() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let mut socket = Socket::of(&eve).await;
    assert_eq!(enters(&mut socket, room).await, [REFUSED; 4], "a foreign room");
    assert_eq!(enters(&mut socket, room + 99).await, [REFUSED; 4], "no room");
    let mut one = Socket::of(&ada).await;
    let (own, foreign) = (format!("{}/c", ada.token), format!("{}/#", ada.token));
    for topic in [
        "#",
        "+",
        "+/c",
        "+/+",
        "#/c",
        "",
        "/",
        "/c",
        foreign.as_str(),
        "+/1/1/+/t",
        "r/+/+/+/t",
        &format!("r/{room}/#"),
        &format!("r/{room}/{room}/+/#"),
        &format!("r/{room}/{room}/#/t"),
        &format!("r/{room}/{}/+/t", room + 1),
        &format!("r/{room}/{room}/e"),
        &format!("r/-{room}/-{room}/+/t"),
        &format!("r/0{room}/0{room}/+/t"),
        &format!("r/+{room}/+{room}/+/t"),
        &format!("r/{room}/{room}/eve/t"),
        &format!("r/{room}/{room}/nobody/t"),
        "r/0/0/+/t",
        "r/99999999999999999999/99999999999999999999/+/t",
        "u/+/s",
        "u/#",
        &"x".repeat(300),
    ] {
        assert_eq!(one.subscribes(&[topic]).await, [REFUSED], "{topic}");
    }
    ada.says(room, "hello").await;
    assert_eq!(one.hears().await.0, own);
    bob.reads(room, i64::MAX).await;
    one.hears_nothing().await;
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn the_topic_of_one_user_is_granted_to_the_other_user_of_the_room() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let (mut one, mut other) = (Socket::of(&ada).await, Socket::of(&bob).await);
    let sent = id(&ada.says(room, "one").await);
    for socket in [&mut one, &mut other] {
        assert_eq!(socket.hears_object().await.0, "c");
    }
    bob.reads(room, sent).await;
    let (read, delivered) = (format!("r/{room}/{room}/bob/r"), format!("r/{room}/{room}/bob/d"));
    assert_eq!(one.subscribes(&[&typing(room, "bob"), &read]).await, [0, 0]);
    assert_eq!(one.hears().await, said(&read, &format!("{sent}:ada-one")));
    assert_eq!(other.subscribes(&[&typing(room, "bob")]).await, [0], "its own, of which it hears nothing");
    other.publishes(&typing(room, "bob"), "1").await;
    let mut heard = one.hears().await;
    if heard == said(&read, &format!("{sent}:ada-one")) {
        heard = one.hears().await; // the mark itself, behind what the subscription told of it
    }
    assert_eq!(heard, said(&typing(room, "bob"), "1"));
    one.publishes(&typing(room, "ada"), "1").await;
    other.hears_nothing().await;
    one.unsubscribes(&[&typing(room, "bob")]).await;
    other.publishes(&typing(room, "bob"), "0").await;
    other.pings().await;
    one.hears_nothing().await;
    assert_eq!(one.subscribes(&[&delivered]).await, [0]);
    assert_eq!(one.hears().await, said(&delivered, &format!("{sent}:ada-one")));
    let mut stranger = Socket::of(&Chatter::of(&server, "eve").await).await;
    assert_eq!(stranger.subscribes(&[&typing(room, "bob"), &read]).await, [REFUSED; 2]);
}
