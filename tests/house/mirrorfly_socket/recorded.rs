//! A run of the published SDK, replayed: its calls, and what it said and heard on its socket between them.

use super::{
    super::recorded::{Replay, steps},
    *,
};

/// What the SDK took the server for when it was recorded.
const PUBLIC_URL: &str = "http://standin.localhost";

#[actix_web::test]
async fn what_the_sdk_hears_is_what_it_heard_then() {
    let house = Standin::with(&[("STANDIN_PUBLIC_URL", PUBLIC_URL), ("STANDIN_APP_REGISTRATION", "open")]).await;
    let mut replay = Replay::new(&house);
    let mut socket = None;
    for (number, step) in steps("mirrorfly-trial").iter().enumerate() {
        let at = format!("step {number}");
        if step["opens"].is_string() {
            assert_eq!(step, &json!({ "opens": "/websocket", "protocol": "xmpp" }));
            socket = Some(Socket::connect(&house).await);
        } else if let Some(said) = step["said"].as_str() {
            socket.as_mut().unwrap().say(&replay.fill(said)).await;
        } else if step["heard"].is_string() {
            let heard = socket.as_mut().unwrap().hear().await;
            replay.compare(&at, &step["heard"], &json!(heard));
        } else {
            replay.exchange(&at, step).await;
        }
    }
    assert_eq!(socket.unwrap().until_the_end().await, Vec::<String>::new(), "nothing was said beside it");
}
