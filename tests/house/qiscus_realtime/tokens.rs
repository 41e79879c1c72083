use super::*;

/// A login of a user whose tokens are valid for an hour: its token and refresh token.
async fn login(server: &Standin, id: &str) -> (String, String) {
    let chatter = Chatter::of(server, id).await;
    (chatter.token, chatter.user["refresh_token"].as_str().unwrap().to_owned())
}

async fn renewed(server: &Standin, id: &str, refresh_token: &str) -> String {
    let call = server.call(Method::POST, "/api/v2/sdk/refresh_user_token").header("QISCUS-SDK-APP-ID", APP_ID);
    let answer = send(call.form(&[("user_id", id), ("refresh_token", refresh_token)])).await;
    results(&answer)["token"].as_str().unwrap().to_owned()
}

fn own(token: &str) -> [String; 3] {
    ["c", "n", "update"].map(|kind| format!("{token}/{kind}"))
}

/// As the SDK does it, each topic in a packet of its own.
async fn changes(socket: &mut Socket, former: &str, next: &str) {
    for topic in own(former) {
        socket.unsubscribes(&[&topic]).await;
    }
    for topic in own(next) {
        assert_eq!(socket.subscribes(&[&topic]).await, [0]);
    }
}

#[actix_web::test]
async fn a_renewed_token_keeps_rooms_and_presence_and_no_contact_hears_of_it() {
    let server = Standin::fresh().await;
    let (ada, _bob, room) = two(&server).await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let (first, refresh_token) = login(&server, "bob").await;
    let mut watcher = Socket::of(&ada).await;
    assert_eq!(watcher.subscribes(&["u/bob/s"]).await, [0]);
    assert!(watcher.hears().await.1.starts_with('1'));
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.logs_in(&first).await, [0; 3]);
    assert_eq!(enters(&mut socket, room).await, [0; 4]);
    assert_eq!(socket.subscribes(&["u/ada/s"]).await, [0]);
    assert!(socket.hears().await.1.starts_with('1'));
    let second = renewed(&server, "bob", &refresh_token).await;
    // Between the renewal and the next subscription.
    ada.says(room, "meanwhile").await;
    assert_eq!(socket.hears().await.0, format!("{first}/c"));
    assert_eq!(watcher.hears_object().await.1["message"], "meanwhile");
    changes(&mut socket, &first, &second).await;
    assert_eq!(socket.hears_object().await.1["message"], "meanwhile", "it was not confirmed");
    watcher.publishes(&typing(room, "ada"), "1").await;
    assert_eq!(socket.hears().await, said(&typing(room, "ada"), "1"));
    ada.says(room, "hello").await;
    assert_eq!(socket.hears().await.0, format!("{second}/c"));
    assert_eq!(watcher.hears_object().await.1["message"], "hello");
    watcher.hears_nothing().await;
    drop(watcher);
    let (topic, status) = socket.hears().await;
    assert_eq!((topic.as_str(), &status[..2]), ("u/ada/s", "0:"));
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn a_renewal_without_rooms_is_not_heard_of_either_and_its_former_token_opens_nothing() {
    let server = Standin::fresh().await;
    let (ada, _bob, _room) = two(&server).await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let (first, refresh_token) = login(&server, "bob").await;
    let mut watcher = Socket::of(&ada).await;
    assert_eq!(watcher.subscribes(&["u/bob/s"]).await, [0]);
    assert!(watcher.hears().await.1.starts_with('1'));
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.logs_in(&first).await, [0; 3]);
    let second = renewed(&server, "bob", &refresh_token).await;
    assert_eq!(Socket::connected(&server).await.logs_in(&first).await, [REFUSED; 3]);
    changes(&mut socket, &first, &second).await;
    watcher.hears_nothing().await;
    let topics = own(&second);
    socket.unsubscribes(&topics.each_ref().map(String::as_str)).await;
    assert!(watcher.hears().await.1.starts_with('0'), "leaving all topics without a renewal is a logout");
}

#[actix_web::test]
async fn topics_from_before_the_token_are_granted_and_heard_with_it() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let foreign = ada.room(&Chatter::of(&server, "eve").await.id).await;
    let sent = id(&bob.says(room, "one").await);
    ada.reads(room, sent).await;
    let mut socket = Socket::connected(&server).await;
    assert_eq!(enters(&mut socket, room).await, [0; 4]);
    assert_eq!(enters(&mut socket, foreign).await, [0; 4]);
    assert_eq!(socket.subscribes(&["u/ada/s", "u/nobody/s"]).await, [0, 0]);
    let mut other = Socket::of(&ada).await;
    for room in [room, foreign] {
        other.publishes(&typing(room, "ada"), "1").await;
    }
    other.pings().await;
    socket.hears_nothing().await;
    assert_eq!(socket.logs_in(&bob.token).await, [0; 3]);
    let mut told = [socket.hears().await, socket.hears().await, socket.hears().await];
    told.sort();
    let [delivered, read, (topic, status)] = told;
    assert_eq!(delivered, said(&format!("r/{room}/{room}/ada/d"), &format!("{sent}:bob-one")));
    assert_eq!(read, said(&format!("r/{room}/{room}/ada/r"), &format!("{sent}:bob-one")));
    assert_eq!((topic.as_str(), &status[..2]), ("u/ada/s", "1:"));
    for room in [foreign, room] {
        other.publishes(&typing(room, "ada"), "0").await;
    }
    assert_eq!(socket.hears().await, said(&typing(room, "ada"), "0"), "not that of another user's room");
    socket.hears_nothing().await;
}

#[actix_web::test]
async fn after_a_logout_the_next_user_hears_its_own_rooms_alone() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let eve = Chatter::of(&server, "eve").await;
    let mut socket = Socket::of(&bob).await;
    assert_eq!(enters(&mut socket, room).await, [0; 4]);
    socket.unsubscribes(&own(&bob.token).each_ref().map(String::as_str)).await;
    assert_eq!(socket.logs_in(&eve.token).await, [0; 3], "the topics of the user before it are left");
    let mut other = Socket::of(&ada).await;
    other.publishes(&typing(room, "ada"), "1").await;
    other.pings().await;
    ada.says(room, "to bob").await;
    socket.hears_nothing().await;
    let own_room = ada.room("eve").await;
    ada.says(own_room, "to eve").await;
    assert_eq!(socket.hears().await.0, format!("{}/c", eve.token));
}

#[actix_web::test]
async fn the_last_live_token_names_the_user_and_a_connection_with_topics_of_another_one_ends() {
    let server = Standin::fresh().await;
    let (ada, bob, room) = two(&server).await;
    let topics = |one: &Chatter<'_>, other: &Chatter<'_>| [format!("{}/c", one.token), format!("{}/c", other.token)];
    let mut socket = Socket::connected(&server).await;
    let both = topics(&ada, &bob);
    assert_eq!(socket.subscribes(&both.each_ref().map(String::as_str)).await, [REFUSED, 0], "in one packet");
    ada.says(room, "to bob").await;
    assert_eq!(socket.hears().await.0, both[1]);
    socket.hears_nothing().await;
    assert_eq!(socket.subscribes(&both.each_ref().map(String::as_str)).await, [REFUSED, 0], "again");
    assert_eq!(socket.hears().await.0, both[1], "not confirmed");
    let last = topics(&bob, &ada);
    socket.say(&Packet::subscribe(9, &last.each_ref().map(String::as_str))).await;
    let reason = "a connection is of one user: connect again for another one".to_owned();
    assert_eq!(socket.closed_with_reason().await, Some((CloseCode::Policy, reason)), "its topics do not end silently");
    let mut again = Socket::connected(&server).await;
    let codes = again.subscribes(&last.each_ref().map(String::as_str)).await;
    assert_eq!(codes, [REFUSED, 0], "the SDK subscribes again to all in one packet");
}

#[actix_web::test]
async fn two_tokens_of_one_user_are_both_heard() {
    let server = Standin::fresh().await;
    let (ada, _bob, room) = two(&server).await;
    server.command(&["app", "set", "--token-lifetime", "3600"]);
    let (first, second) = (login(&server, "bob").await.0, login(&server, "bob").await.0);
    let mut socket = Socket::connected(&server).await;
    assert_eq!(socket.logs_in(&first).await, [0; 3]);
    assert_eq!(socket.logs_in(&second).await, [0; 3]);
    ada.says(room, "hello").await;
    let mut heard = [socket.hears().await.0, socket.hears().await.0];
    heard.sort();
    let mut expected = [format!("{first}/c"), format!("{second}/c")];
    expected.sort();
    assert_eq!(heard, expected);
    socket.hears_nothing().await;
}
