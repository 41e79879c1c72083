//! Durable sends: by all pairs at once, and by one sender that waits for each answer.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    sync::Barrier,
    thread,
    time::{Duration, Instant},
};

use standin::dialect::mirrorfly::codec::Codec;

use super::{
    PAIRS,
    vendors::{APP_ID, SECRET, Vendors, id},
};
use crate::{
    Failure,
    live::Session,
    load::{self, Load},
    process::{self, Serving},
};

const SECONDS: u32 = 5;
const ALONE_SECONDS: u32 = 2;

/// The host of MirrorFly's addresses on a server without a public one.
const HOST: &str = "localhost";

/// One row for each API: HTTP by wrk, MirrorFly's socket by a thread for each sender.
pub(crate) fn rows(server: &Serving, vendors: &Vendors, folder: &Path) -> Result<Vec<[String; 5]>, Failure> {
    let mut rows = Vec::new();
    for (name, script) in [
        ("Tencent, REST", tencent(vendors)),
        ("Qiscus, REST", qiscus_rest(vendors)?),
        ("Qiscus, SDK", qiscus_sdk(vendors)?),
        ("MirrorFly, HTTP", mirrorfly_http(vendors)?),
    ] {
        let many = by_all(server, &script, folder)?;
        let alone = load::run_with(1, server.address, server.id(), &folder.join("sends.lua"), ALONE_SECONDS)?;
        rows.push([
            format!("{name}, {PAIRS} connections"),
            format!("{:.0}", many.per_second),
            format!("{:.1} ms", many.p99_ms),
            format!("{:.0} us", many.cpu_us),
            format!("{:.2} ms", alone.p99_ms),
        ]);
    }
    rows.push(by_socket(server, vendors)?);
    Ok(rows)
}

/// How many of a script's sends all pairs get acknowledged in a second.
pub(super) fn per_second(server: &Serving, script: &str, folder: &Path) -> Result<f64, Failure> {
    Ok(by_all(server, script, folder)?.per_second)
}

fn by_all(server: &Serving, script: &str, folder: &Path) -> Result<Load, Failure> {
    let path = folder.join("sends.lua");
    fs::write(&path, load::script_in_order(script))?;
    load::run_with(u32::try_from(PAIRS)?, server.address, server.id(), &path, SECONDS)
}

pub(super) fn tencent(vendors: &Vendors) -> String {
    format!(
        "  number = (number or 0) + 1
  local pair = number % {PAIRS}
  local body = string.format('{{\"From_Account\":\"chatter%d\",\"To_Account\":\"chatter%d\",\"MsgRandom\":%d,' ..
    '\"MsgBody\":[{{\"MsgType\":\"TIMTextElem\",\"MsgContent\":{{\"Text\":\"message %d\"}}}}]}}',
    pair, pair + {PAIRS}, math.random(4000000000), number)
  return wrk.format('POST', '{}', {{ ['Content-Type'] = 'application/json' }}, body)",
        vendors.tencent("openim/sendmsg")
    )
}

fn qiscus_rest(vendors: &Vendors) -> Result<String, Failure> {
    Ok(format!(
        "  rooms = rooms or {{ {} }}
  number = (number or 0) + 1
  local pair = number % {PAIRS}
  local body = string.format('{{\"user_id\":\"chatter%d\",\"room_id\":\"%s\",\"message\":\"message %d\"}}', pair,
    rooms[pair + 1], number)
  return wrk.format('POST', '/api/v2.1/rest/post_comment', {{ ['Content-Type'] = 'application/json',
    ['QISCUS-SDK-APP-ID'] = '{APP_ID}', ['QISCUS-SDK-SECRET'] = '{SECRET}' }}, body)",
        lua_list(|pair| vendors.qiscus_room(&id(pair), &id(pair + PAIRS)))?
    ))
}

fn qiscus_sdk(vendors: &Vendors) -> Result<String, Failure> {
    Ok(format!(
        "  rooms = rooms or {{ {} }}
  tokens = tokens or {{ {} }}
  number = (number or 0) + 1
  local pair = number % {PAIRS}
  local body = string.format('{{\"comment\":\"message %d\",\"topic_id\":\"%s\",\"type\":\"text\",' ..
    '\"unique_temp_id\":\"wrk-%d-%d\"}}', number, rooms[pair + 1], number, math.random(4000000000))
  return wrk.format('POST', '/api/v2/sdk/post_comment', {{ ['Content-Type'] = 'application/json',
    ['QISCUS-SDK-APP-ID'] = '{APP_ID}', ['QISCUS-SDK-TOKEN'] = tokens[pair + 1],
    ['QISCUS-SDK-USER-ID'] = 'chatter' .. pair }}, body)",
        lua_list(|pair| vendors.qiscus_room(&id(pair), &id(pair + PAIRS)))?,
        lua_list(|pair| vendors.qiscus_token(&id(pair)))?
    ))
}

fn mirrorfly_http(vendors: &Vendors) -> Result<String, Failure> {
    Ok(format!(
        "  tokens = tokens or {{ {} }}
  number = (number or 0) + 1
  local pair = number % {PAIRS}
  local body = string.format('chatType=chat&toUser=chatter%d&messageType=text&message=message+%d', pair + {PAIRS},
    number)
  return wrk.format('POST', '/api/v1/chat/sendmessage', {{ ['Content-Type'] = 'application/x-www-form-urlencoded',
    ['Authorization'] = tokens[pair + 1] }}, body)",
        lua_list(|pair| Ok(vendors.mirrorfly(&id(pair))?.token))?
    ))
}

fn lua_list(of: impl Fn(usize) -> Result<String, Failure>) -> Result<String, Failure> {
    let mut list = String::new();
    for pair in 0..PAIRS {
        write!(list, "'{}', ", of(pair)?)?;
    }
    Ok(list)
}

/// Stanzas of MirrorFly's SDK; each sender waits for the acknowledgement.
fn by_socket(server: &Serving, vendors: &Vendors) -> Result<[String; 5], Failure> {
    let accounts = (0..PAIRS).map(|pair| vendors.mirrorfly(&id(pair))).collect::<Result<Vec<_>, _>>()?;
    let begin = Barrier::new(PAIRS);
    let sender = |pair: usize| {
        let (account, begin) = (accounts.get(pair).ok_or("no account")?, &begin);
        let mut socket = Session::open(server.address, account)?;
        begin.wait();
        let until = Instant::now() + Duration::from_secs(SECONDS.into());
        send_until(&mut socket, pair, until, "m")
    };
    let cpu_before = process::cpu_time(server.id())?;
    let mut waits = thread::scope(|scope| {
        let sender = &sender;
        let running: Vec<_> = (0..PAIRS)
            .map(|pair| scope.spawn(move || sender(pair).map_err(|failure: Failure| failure.to_string())))
            .collect();
        let mut waits = Vec::new();
        for sender in running {
            waits.extend(sender.join().map_err(|_| "a sender broke down")??);
        }
        Ok::<_, Failure>(waits)
    })?;
    let cpu_us = (process::cpu_time(server.id())? - cpu_before).as_secs_f64() * 1e6 / waits.len() as f64;
    let mut socket = Session::open(server.address, accounts.first().ok_or("no account")?)?;
    let mut alone = send_until(&mut socket, 0, Instant::now() + Duration::from_secs(ALONE_SECONDS.into()), "a")?;
    Ok([
        format!("MirrorFly, socket, {PAIRS} connections"),
        format!("{:.0}", waits.len() as f64 / f64::from(SECONDS)),
        format!("{:.1} ms", p99_ms(&mut waits)),
        format!("{cpu_us:.0} us"),
        format!("{:.2} ms", p99_ms(&mut alone)),
    ])
}

/// Sends messages one after the other, and returns how long each waited for its acknowledgement.
fn send_until(socket: &mut Session, pair: usize, until: Instant, series: &str) -> Result<Vec<Duration>, Failure> {
    let mut waits = Vec::new();
    while Instant::now() < until {
        let stanza =
            stanza(&format!("{series}-{pair}-{}", waits.len()), &id(pair + PAIRS), "A message of usual length");
        let sent = Instant::now();
        socket.say(&stanza)?;
        socket.hear("</message>")?;
        waits.push(sent.elapsed());
    }
    Ok(waits)
}

fn stanza(name: &str, to: &str, text: &str) -> String {
    let body = serde_json::json!({ "message": text, "message_type": "text", "mentionedUsersIds": [], "nickName": "" });
    let cipher = Codec::of_message(name).encrypt(&body.to_string());
    format!(
        r#"<message xmlns="jabber:client" type="chat" id="{name}" to="{to}@{HOST}"><chatcontent xmlns="urn:xmpp:content" message_type="text" broadcast_id="" topic_id="" meta_data="{{}}" edit_msg_id="{name}"/><body message_type="text">{cipher}</body></message>"#
    )
}

fn p99_ms(waits: &mut [Duration]) -> f64 {
    waits.sort();
    waits.get(waits.len() * 99 / 100).copied().unwrap_or_default().as_secs_f64() * 1e3
}
