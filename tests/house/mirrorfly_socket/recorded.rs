//! A run of the published SDK, replayed: its calls, and the stanzas it sent and received between them.

use super::{
    super::recorded::{Replay, steps},
    *,
};

/// What the SDK took the server for when it was recorded.
const PUBLIC_URL: &str = "http://standin.localhost";

#[actix_web::test]
async fn the_sdk_receives_what_was_recorded() {
    let server = Standin::with(&[("STANDIN_PUBLIC_URL", PUBLIC_URL), ("STANDIN_APP_REGISTRATION", "open")]).await;
    let mut replay = Replay::new(&server);
    let mut socket = None;
    for (number, step) in steps("mirrorfly-trial").iter().enumerate() {
        let at = format!("step {number}");
        if step["opens"].is_string() {
            assert_eq!(step, &json!({ "opens": "/websocket", "protocol": "xmpp" }));
            socket = Some(Socket::connect(&server).await);
        } else if let Some(said) = step["said"].as_str() {
            socket.as_mut().unwrap().say(&replay.fill(said)).await;
        } else if step["heard"].is_string() {
            let received = socket.as_mut().unwrap().hear().await;
            replay.compare(&at, &step["heard"], &json!(received));
        } else {
            replay.exchange(&at, step).await;
        }
    }
    assert_eq!(socket.unwrap().until_the_end().await, Vec::<String>::new(), "nothing was said beside it");
}
