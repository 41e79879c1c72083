//! Visits of the published SDK, replayed: the calls of its back end, and the frames it sent and received between them.

use super::{
    super::recorded::{Replay, steps},
    *,
};

#[actix_web::test]
async fn the_sdk_receives_what_was_recorded() {
    replayed("tencent-page").await;
}

#[actix_web::test]
async fn in_a_conversation_the_sdk_receives_what_was_recorded() {
    replayed("tencent-chat").await;
}

async fn replayed(name: &str) {
    let server = server().await;
    for field in ["Test1", "Test2"] {
        server.command(&["app", "field", "add", field]);
    }
    let mut replay = Replay::new(&server);
    let mut socket = None;
    for (number, step) in steps(name).iter().map(with_user_sigs).enumerate() {
        let at = format!("step {number}");
        if let Some(path) = step["opens"].as_str() {
            socket = Some(Aligned { socket: Socket::connect_at(&server, path).await, early: Vec::new() });
        } else if step["said"].is_object() {
            let said = replay.fill(&step["said"].to_string());
            socket.as_mut().unwrap().socket.say(Message::binary(said)).await;
        } else if step["heard"].is_object() {
            let received = socket.as_mut().unwrap().hear_like(&step["heard"]).await;
            replay.compare(&at, &step["heard"], &received);
        } else {
            replay.exchange(&at, &step).await;
        }
    }
    let mut socket = socket.unwrap();
    assert_eq!(socket.early, [Value::Null; 0], "nothing was said beside it");
    socket.socket.hears_nothing().await;
}

/// A step with signatures of its own: those that were recorded say a time.
fn with_user_sigs(step: &Value) -> Value {
    let sign = |text: String, identifier| text.replace(&format!("<usersig:{identifier}>"), &user_sig(identifier));
    let text = ["administrator", "ada"].into_iter().fold(step.to_string(), sign);
    serde_json::from_str(&text).unwrap()
}

/// A socket whose answers and pushes overtake one another, as they do when the client does not wait for them.
struct Aligned {
    socket: Socket,
    early: Vec<Value>,
}

impl Aligned {
    /// The next frame with this one's head.
    async fn hear_like(&mut self, recorded: &Value) -> Value {
        if let Some(place) = self.early.iter().position(|received| received["head"] == recorded["head"]) {
            return self.early.remove(place);
        }
        loop {
            let received = self.socket.hear().await;
            if received["head"] == recorded["head"] {
                return received;
            }
            self.early.push(received);
        }
    }
}
