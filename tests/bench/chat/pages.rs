//! What pages of 20 cost: of a user's 1,000 conversations, and of one conversation of a million messages.

use std::{fs, path::Path};

use actix_web::rt::System;
use futures_util::future;
use standin::{
    domain::{
        Owner,
        id::{AppKey, UserId},
        message::{
            ConversationRef, MessageBody, MessageData, MessageFlags, MessageNumbers, MessageOrigin, MessageText,
        },
        storage::Durability,
        time::Moment,
    },
    service::conversations::{
        Drawn,
        sending::{self, NewMessage, SendPolicy},
    },
    store::{Store, Touches},
};

use super::{
    serve,
    vendors::{APP_ID, Vendors, id},
};
use crate::{Failure, load, people};

/// Messages of the long conversation, unless the command line says otherwise.
pub(crate) const MESSAGES: u32 = 1_000_000;

/// Conversations of the one user.
const CONVERSATIONS: u32 = 1_000;

/// Messages stored in one transaction.
const BATCH: u32 = 500;

const SECONDS: u32 = 4;

pub(crate) fn rows(data: &Path, messages: u32, folder: &Path) -> Result<Vec<[String; 3]>, Failure> {
    fill(&data.join("standin.db"), messages)?;
    let server = serve(data)?;
    let vendors = Vendors::of(&server, data)?;
    let reader = id(0);
    let token = vendors.qiscus_token(&reader)?;
    let room = vendors.qiscus_room(&reader, &people::id(0))?;
    let middle = messages / 2;
    let qiscus = |path: &str| {
        format!(
            "  return wrk.format('GET', '/api/v2/sdk/{path}', {{ ['QISCUS-SDK-APP-ID'] = '{APP_ID}',
    ['QISCUS-SDK-TOKEN'] = '{token}', ['QISCUS-SDK-USER-ID'] = '{reader}' }})"
        )
    };
    let account = vendors.mirrorfly(&reader)?;
    let mirrorfly = |path: &str| {
        format!("  return wrk.format('GET', '/api/v1/chat/{path}', {{ ['Authorization'] = '{}' }})", account.token)
    };
    let tencent = |command: &str, body: &str| {
        format!(
            "  return wrk.format('POST', '{}', {{ ['Content-Type'] = 'application/json' }}, '{body}')",
            vendors.tencent(command)
        )
    };
    let peer = people::id(0);
    let mut rows = Vec::new();
    for (name, script) in [
        (format!("Qiscus, of {CONVERSATIONS} conversations"), qiscus("user_rooms?page=1&limit=20")),
        (format!("Qiscus, newest of {messages} messages"), qiscus(&format!("load_comments?topic_id={room}&limit=20"))),
        (
            format!("Qiscus, from the middle of {messages}"),
            qiscus(&format!("load_comments?topic_id={room}&limit=20&last_comment_id={middle}")),
        ),
        (format!("MirrorFly, of {CONVERSATIONS} conversations"), mirrorfly("recent-chats?size=20")),
        (
            format!("MirrorFly, newest of {messages} messages"),
            mirrorfly(&format!("chat-history?chatType=singlechat&participant={peer}&size=20")),
        ),
        (
            format!("Tencent, of {CONVERSATIONS} conversations"),
            tencent(
                "recentcontact/get_list",
                &format!(
                    r#"{{"From_Account":"{reader}","TimeStamp":0,"StartIndex":0,"TopTimeStamp":0,"TopStartIndex":0,"AssistFlags":7}}"#
                ),
            ),
        ),
        (
            format!("Tencent, newest of {messages} messages"),
            tencent(
                "openim/admin_getroammsg",
                &format!(
                    r#"{{"Operator_Account":"{reader}","Peer_Account":"{peer}","MaxCnt":20,"MinTime":0,"MaxTime":4000000000}}"#
                ),
            ),
        ),
    ] {
        let path = folder.join("pages.lua");
        fs::write(&path, load::script_in_order(&script))?;
        let load = load::run(server.address, server.id(), &path, SECONDS)?;
        rows.push([name, format!("{:.0} us", load.cpu_us), format!("{:.2} ms", load.median_ms)]);
    }
    Ok(rows)
}

/// Makes the peers, a conversation with each, and the long one with the first.
fn fill(database: &Path, messages: u32) -> Result<(), Failure> {
    let store = people::open(database, Durability::Normal)?;
    System::new().block_on(async {
        let apps = store.feed_reader()?.read(async |db| db.apps().await).await?;
        let app = apps.first().ok_or("the first start made no app")?.key;
        people::register(&store, app, 0..CONVERSATIONS, people::TASKS).await?;
        let opened = (1..CONVERSATIONS).map(|number| send(&store, app, number, 0..1));
        future::try_join_all(opened).await?;
        for first in (0..messages).step_by(BATCH as usize) {
            send(&store, app, 0, first..messages.min(first + BATCH)).await?;
        }
        store.close().await;
        Ok(())
    })
}

/// Stores messages of one conversation: two of three are the peer's.
async fn send(store: &Store, app: AppKey, number_of_peer: u32, numbers: std::ops::Range<u32>) -> Result<(), Failure> {
    let user = |id: &str| UserId::parse(id).map_err(|fault| fault.at("id"));
    let (reader, peer) = (user(&id(0))?, user(&people::id(number_of_peer))?);
    let new = NewMessage {
        name: None,
        origin: MessageOrigin::Native,
        body: MessageBody {
            text: MessageText::parse("A message of the usual length, as people write them.")
                .map_err(|fault| fault.at("text"))?,
            custom: None,
        },
        data: MessageData::default(),
        reply_to: None,
        numbers: None,
        flags: MessageFlags::default(),
        policy: SendPolicy::default(),
    };
    let sent = async move |tx: &standin::store::Tx<'_>| {
        for number in numbers.clone() {
            let (from, to) = if number % 3 == 0 { (&reader, &peer) } else { (&peer, &reader) };
            let (from, to) = (Owner::Named(from.clone()), ConversationRef::With(to.clone()));
            let drawn = Drawn {
                unique_id: format!("{number_of_peer:016x}{number:016x}"),
                numbers: MessageNumbers { seq: number, random: number, client_time_s: 1 },
            };
            sending::send(tx, app, &from, &to, &new, &drawn, Moment::from_micros(i64::from(number))).await?;
        }
        Ok(())
    };
    Ok(store.write(Touches::All, sent).await?)
}
