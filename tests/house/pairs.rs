//! Two users, each with a client of one vendor: all nine pairs write, hear, answer and mark read, live and in what they
//! read afterwards. Each listens on its vendor's socket.

use serde_json::{Value, json};
use standin::dialect::mirrorfly::xmpp::stanza::XmlElement;

use super::{
    mirrorfly_chat::{self, RECEIPTS},
    mirrorfly_socket::{HOST, person},
    qiscus_messages, qiscus_realtime,
    standin::Standin,
    tencent_messages,
    tencent_socket::import,
    user_sig::WITH_SDK_APP_ID,
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Vendor {
    Qiscus,
    MirrorFly,
    Tencent,
}

const VENDORS: [Vendor; 3] = [Vendor::Qiscus, Vendor::MirrorFly, Vendor::Tencent];

enum Client<'a> {
    /// Calls over HTTP and hears over the socket, as the SDK does.
    Qiscus {
        calls: qiscus_messages::Chatter<'a>,
        room: i64,
        socket: qiscus_realtime::Socket,
    },
    MirrorFly {
        socket: mirrorfly_chat::Chatter,
        sent: u32,
    },
    Tencent(tencent_messages::Chatter),
}

/// What a client heard: the vendor's own name of the message, and its text.
struct Heard {
    name: String,
    text: String,
}

impl<'a> Client<'a> {
    async fn of(server: &'a Standin, vendor: Vendor, id: &str, peer: &str) -> Self {
        match vendor {
            Vendor::Qiscus => {
                let calls = qiscus_messages::Chatter::of(server, id).await;
                let room = calls.room(peer).await;
                let mut socket = qiscus_realtime::Socket::of(&calls).await;
                assert_eq!(qiscus_realtime::enters(&mut socket, room).await, [0; 4]);
                Self::Qiscus { calls, room, socket }
            }
            Vendor::MirrorFly => {
                let socket = mirrorfly_chat::Chatter::of(server, &person(server, id).await).await;
                Self::MirrorFly { socket, sent: 0 }
            }
            Vendor::Tencent => Self::Tencent(tencent_messages::Chatter::of(server, id).await),
        }
    }

    async fn says(&mut self, peer: &str, text: &str) {
        match self {
            Self::Qiscus { calls, room, .. } => drop(calls.says(*room, text).await),
            Self::MirrorFly { socket, sent } => {
                *sent += 1;
                socket.send(peer, &format!("from-{peer}-{sent}"), text).await;
            }
            Self::Tencent(chatter) => drop(chatter.says(peer, text).await),
        }
    }

    async fn hears(&mut self) -> Heard {
        match self {
            Self::Qiscus { calls, socket, .. } => loop {
                let (topic, said) = socket.hears().await;
                if !topic.ends_with("/c") {
                    continue;
                }
                let comment: Value = serde_json::from_str(&said).unwrap();
                // The user's own messages come too, for its other devices.
                if comment["email"] != calls.id {
                    break Heard {
                        name: comment["id"].to_string(),
                        text: comment["message"].as_str().unwrap().to_owned(),
                    };
                }
            },
            Self::MirrorFly { socket, .. } => {
                let (_, name, text) = socket.hear_message().await;
                Heard { name, text }
            }
            Self::Tencent(chatter) => {
                let item = chatter.gets().await;
                Heard { name: item["MsgKey"].to_string(), text: tencent_messages::text_of(&item) }
            }
        }
    }

    async fn reads(&mut self, peer: &str, heard: &Heard) {
        match self {
            Self::Qiscus { calls, room, .. } => assert!(calls.reads(*room, heard.name.parse().unwrap()).await),
            Self::MirrorFly { socket, .. } => {
                socket.say(&mirrorfly_chat::about("seen", peer, &heard.name)).await;
                let acknowledged = socket.hear_text().await;
                assert!(acknowledged.contains(r#"<acknowledge type="seen""#), "{acknowledged}");
            }
            Self::Tencent(chatter) => chatter.reads(peer, &json!(4_000_000_000_u32)).await,
        }
    }

    /// Waits until it is told that the other user has read its message.
    async fn hears_of_reading(&mut self, peer: &str) {
        match self {
            Self::Qiscus { room, socket, .. } => {
                let of_reading = format!("r/{room}/{room}/{peer}/r");
                while socket.hears().await.0 != of_reading {}
            }
            Self::MirrorFly { socket, .. } => {
                let is_seen = |stanza: &XmlElement| {
                    stanza.find("seen", RECEIPTS).is_some()
                        && stanza.attribute("from") == Some(format!("{peer}@{HOST}").as_str())
                };
                while !is_seen(&socket.hear().await) {}
            }
            Self::Tencent(chatter) => {
                let event = chatter.told().await;
                let receipt = &event["C2cNotifyMsgArray"][0]["C2cReadedReceipt"]["To_Account"];
                assert_eq!((&event["Event"], receipt), (&json!(10), &json!(peer)), "{event}");
            }
        }
    }

    async fn unread(&mut self, peer: &str) -> u64 {
        match self {
            Self::Qiscus { calls, .. } => calls.unread().await.0,
            Self::MirrorFly { socket, .. } => {
                let rows = socket.rows(r#"status="recent_chat" limit="0""#, "participants", "participant").await;
                rows.iter().find(|row| row.text_of("msgfrom") == peer).unwrap().text_of("unread").parse().unwrap()
            }
            Self::Tencent(chatter) => {
                let unread = chatter.unread().await;
                unread.into_iter().find(|(from, _)| from == peer).map_or(0, |(_, count)| count)
            }
        }
    }

    /// The texts of the conversation, oldest first.
    async fn history(&mut self, peer: &str) -> Vec<String> {
        let mut texts: Vec<String> = match self {
            Self::Qiscus { calls, room, .. } => calls.history(*room).await,
            Self::MirrorFly { socket, .. } => {
                let asked = format!(r#"status="single_chat" to_user="{peer}" limit="20" position="up" row_id="0""#);
                let rows = socket.rows(&asked, "history", "chat").await;
                rows.iter().map(|row| mirrorfly_chat::row_text(row, "msgid", "message")).collect()
            }
            // Oldest first already.
            Self::Tencent(chatter) => return chatter.history(peer, json!({})).await.0,
        };
        texts.reverse();
        texts
    }
}

#[actix_web::test]
async fn all_nine_pairs_of_vendors_write_hear_answer_and_mark_read() {
    let server = Standin::with(&[WITH_SDK_APP_ID]).await;
    for (number, (one, other)) in VENDORS.iter().flat_map(|one| VENDORS.map(|other| (*one, other))).enumerate() {
        let (ada, bob) = (format!("ada{number}"), format!("bob{number}"));
        for (vendor, id) in [(one, &ada), (other, &bob)] {
            match vendor {
                // With the password that its client signs in with.
                Vendor::Qiscus => drop(qiscus_messages::Chatter::of(&server, id).await),
                Vendor::MirrorFly | Vendor::Tencent => import(&server, &[id]).await,
            }
        }
        let mut adas = Client::of(&server, one, &ada, &bob).await;
        let mut bobs = Client::of(&server, other, &bob, &ada).await;
        let said = format!("hello from {one:?} to {other:?} \u{1F44B}");
        adas.says(&bob, &said).await;
        let heard = bobs.hears().await;
        assert_eq!((heard.text.as_str(), bobs.unread(&ada).await), (said.as_str(), 1), "{one:?} to {other:?}");
        bobs.reads(&ada, &heard).await;
        adas.hears_of_reading(&bob).await;
        assert_eq!(bobs.unread(&ada).await, 0, "{one:?} to {other:?}");
        let answer = format!("and back from {other:?}");
        bobs.says(&ada, &answer).await;
        let heard = adas.hears().await;
        assert_eq!((heard.text.as_str(), adas.unread(&bob).await), (answer.as_str(), 1), "{other:?} to {one:?}");
        adas.reads(&bob, &heard).await;
        bobs.hears_of_reading(&ada).await;
        assert_eq!(adas.unread(&bob).await, 0);
        let all = vec![said, answer];
        assert_eq!((adas.history(&bob).await, bobs.history(&ada).await), (all.clone(), all), "{one:?} and {other:?}");
    }
}
