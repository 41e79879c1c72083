//! kill -9 under senders of three vendors, round after round: what was acknowledged is there once, what got no answer
//! is sent again under the same client id and is there once then, and the numbers of a conversation have no gap.
//!
//! A few rounds; for a hundred: `STANDIN_KILL_ROUNDS=100 cargo test --test house promise_66_kill`.

use std::{path::Path, time::Duration};

use futures_util::future::{join, join_all};
use reqwest::{Method, RequestBuilder};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use super::{
    killed::kill_after,
    mirrorfly_chat,
    mirrorfly_socket::{Person, Socket, person},
    qiscus_messages,
    standin::{APP_ID, Standin},
    tencent_rest,
    user_sig::WITH_SDK_APP_ID,
};

/// Rounds, unless `STANDIN_KILL_ROUNDS` says otherwise.
const ROUNDS: usize = 6;

/// Conversations. Three senders write into each: one user over Tencent's and MirrorFly's APIs, the other over Qiscus'.
const CONVERSATIONS: usize = 8;

#[expect(clippy::print_stderr, reason = "how many sends were cut off tells how much a run proves")]
#[actix_web::test]
async fn promise_66_kill_9_under_senders_of_three_vendors_loses_and_doubles_no_message() {
    let rounds = std::env::var("STANDIN_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let mut senders = Vec::new();
    for number in 0..CONVERSATIONS {
        senders.extend(Sender::three(&server, number).await);
    }
    let mut cut_off = 0;
    for round in 0..rounds {
        let sockets = join_all(senders.iter().map(|sender| sender.connect(&server))).await;
        // Spread over 100 to 600 ms, no two rounds alike before the 500th.
        let until = Duration::from_millis(100 + (round as u64 * 193) % 501);
        let sending =
            senders.iter_mut().zip(sockets).map(|(sender, socket)| sender.send_until_cut_off(&server, socket));
        join(join_all(sending), kill_after(until, server.pid())).await;
        server.kill();
        cut_off += senders.iter().filter(|sender| sender.in_flight.is_some()).count();
        Stored::of(&server.data().join("standin.db")).assert_holds(&senders);
        server.restart();
    }
    // The clients try again what got no answer, as the SDKs do.
    for sender in &mut senders {
        let mut socket = sender.connect(&server).await;
        assert!(sender.in_flight.is_none() || sender.send_next(&server, &mut socket).await);
    }
    server.kill();
    Stored::of(&server.data().join("standin.db")).assert_holds(&senders);
    let acknowledged: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
    eprintln!("{rounds} rounds: {acknowledged} messages acknowledged, {cut_off} cut off and sent again");
    assert!(acknowledged > 4 * CONVERSATIONS * rounds, "too few messages to prove anything: {acknowledged}");
    for api in ["tencent", "mirrorfly", "qiscus"] {
        let sent = senders.iter().filter(|sender| sender.api.name() == api).map(|sender| sender.acknowledged.len());
        assert!(sent.sum::<usize>() > rounds, "too few by {api}");
    }
}

/// The API that a sender calls, with what it needs there.
enum Api {
    Tencent,
    MirrorFly(Person),
    Qiscus { token: String, room: String },
}

impl Api {
    fn name(&self) -> &'static str {
        match self {
            Self::Tencent => "tencent",
            Self::MirrorFly(_) => "mirrorfly",
            Self::Qiscus { .. } => "qiscus",
        }
    }
}

struct Sender {
    api: Api,
    from: String,
    to: String,
    /// The text of each acknowledged message, which is also its client id where the API takes one.
    acknowledged: Vec<String>,
    in_flight: Option<String>,
    drawn: u32,
}

impl Sender {
    async fn three(server: &Standin, number: usize) -> [Self; 3] {
        let (one, other) = (format!("one{number}"), format!("other{number}"));
        let by_mirrorfly = person(server, &one).await;
        let token = qiscus_messages::Chatter::of(server, &other).await.token;
        let room = server.qiscus(Method::POST, "get_or_create_room_with_target");
        let room = answer(room.json(&json!({ "user_ids": [one, other] }))).await.unwrap();
        let room = room["results"]["room"]["room_id"].as_str().unwrap().to_owned();
        let sender = |api: Api, from: &str, to: &str| Self {
            api,
            from: from.to_owned(),
            to: to.to_owned(),
            acknowledged: Vec::new(),
            in_flight: None,
            drawn: 0,
        };
        [
            sender(Api::Tencent, &one, &other),
            sender(Api::MirrorFly(by_mirrorfly), &one, &other),
            sender(Api::Qiscus { token, room }, &other, &one),
        ]
    }

    /// The socket of an API that sends over one.
    async fn connect(&self, server: &Standin) -> Option<Socket> {
        match &self.api {
            Api::MirrorFly(person) => Some(Socket::bound(server, person).await),
            Api::Tencent | Api::Qiscus { .. } => None,
        }
    }

    async fn send_until_cut_off(&mut self, server: &Standin, mut socket: Option<Socket>) {
        while self.send_next(server, &mut socket).await {}
    }

    /// Sends the message that got no answer, else a new one. Returns whether it was acknowledged.
    async fn send_next(&mut self, server: &Standin, socket: &mut Option<Socket>) -> bool {
        if self.in_flight.is_none() {
            self.drawn += 1;
            self.in_flight = Some(format!("{}.{}.{}", self.from, self.api.name(), self.drawn));
        }
        let text = self.in_flight.clone().unwrap();
        let is_acknowledged = match (&self.api, socket) {
            (Api::Tencent, _) => answer(self.by_tencent(server, &text)).await.is_some(),
            (Api::Qiscus { token, room }, _) => {
                answer(by_qiscus(server, token, room, &self.from, &text)).await.is_some()
            }
            (Api::MirrorFly(_), Some(socket)) => by_mirrorfly(socket, &self.to, &text).await,
            (Api::MirrorFly(_), None) => panic!("not connected"),
        };
        if is_acknowledged {
            self.acknowledged.extend(self.in_flight.take());
        }
        is_acknowledged
    }

    fn by_tencent(&self, server: &Standin, text: &str) -> RequestBuilder {
        let body = json!({
            "From_Account": self.from, "To_Account": self.to, "MsgSeq": self.drawn, "MsgRandom": self.drawn,
            "MsgBody": [{ "MsgType": "TIMTextElem", "MsgContent": { "Text": text } }],
        });
        server.call(Method::POST, &tencent_rest::address("openim/sendmsg")).json(&body)
    }
}

fn by_qiscus(server: &Standin, token: &str, room: &str, user: &str, text: &str) -> RequestBuilder {
    let call = server.call(Method::POST, "/api/v2/sdk/post_comment").header("qiscus-sdk-app-id", APP_ID);
    let call = call.header("qiscus-sdk-token", token).header("qiscus-sdk-user-id", user);
    call.json(&json!({ "comment": text, "topic_id": room, "unique_temp_id": text, "type": "text" }))
}

async fn by_mirrorfly(socket: &mut Socket, to: &str, text: &str) -> bool {
    if !socket.try_say(&mirrorfly_chat::message(to, text, text)).await {
        return false;
    }
    while let Some(heard) = socket.hear_if_any().await {
        if heard.contains("<acknowledge ") && heard.contains(text) {
            return true;
        }
    }
    false
}

/// A whole answer that says that all went well, or none when the server is gone.
async fn answer(call: RequestBuilder) -> Option<Value> {
    let answer = call.send().await.ok()?;
    let status = answer.status();
    let said: Value = serde_json::from_slice(&answer.bytes().await.ok()?).unwrap();
    assert!(status == 200 && said.get("ErrorCode").is_none_or(|code| *code == 0), "{status}: {said}");
    Some(said)
}

/// The messages in the database while no server runs.
struct Stored {
    database: Connection,
}

impl Stored {
    fn of(database: &Path) -> Self {
        let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let sound: String = database.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(sound, "ok");
        Self { database }
    }

    fn count(&self, statement: &str) -> i64 {
        self.database.query_row(statement, [], |row| row.get(0)).unwrap_or_else(|cause| panic!("{cause}: {statement}"))
    }

    fn times(&self, text: &str) -> i64 {
        let count = "SELECT count(*) FROM message WHERE text = ?1";
        self.database.query_row(count, [text], |row| row.get(0)).unwrap()
    }

    fn assert_holds(&self, senders: &[Sender]) {
        for sender in senders {
            for text in &sender.acknowledged {
                assert_eq!(self.times(text), 1, "{text}");
            }
            assert!(sender.in_flight.iter().all(|text| self.times(text) <= 1), "twice: {:?}", sender.in_flight);
        }
        let all: usize = senders.iter().map(|sender| sender.acknowledged.len()).sum();
        let in_flight = senders.iter().filter_map(|sender| sender.in_flight.as_ref()).map(|text| self.times(text));
        assert_eq!(self.count("SELECT count(*) FROM message"), i64::try_from(all).unwrap() + in_flight.sum::<i64>());
        let gaps = "
            SELECT count(*) FROM (
                SELECT count(*) AS messages, min(message.seq) AS first, max(message.seq) AS last, last_seq
                FROM message JOIN conversation ON conversation.key = message.conversation GROUP BY conversation.key)
            WHERE first <> 1 OR last <> messages OR last <> last_seq";
        assert_eq!(self.count(gaps), 0, "a gap in a conversation");
        let unannounced = "
            SELECT count(*) FROM message LEFT JOIN event ON event.seq = message.id
            WHERE event.seq IS NULL OR event.user <> message.sender";
        assert_eq!(self.count(unannounced), 0, "a message without its event");
        let miscounted = "
            SELECT count(*) FROM participant WHERE unread <> (
                SELECT count(*) FROM message
                WHERE message.conversation = participant.conversation AND message.sender = participant.peer
                    AND message.id > participant.read)";
        assert_eq!(self.count(miscounted), 0, "an unread count that is not that of the rows");
    }
}
