//! Rounds of kills: clients of all three vendors listen, a writer changes things, the server is killed and started again.
//!
//! A few rounds; for twenty: `STANDIN_KILL_ROUNDS=20 cargo test --test server promise_61_rounds`.

use std::{collections::HashMap, process::Command};

use futures_util::future::join_all;

use super::*;
use crate::tencent_rest;

/// Rounds, unless `STANDIN_KILL_ROUNDS` says otherwise.
const ROUNDS: usize = 3;

/// Users that change all the time.
const WRITTEN: usize = 4;

fn written(n: usize) -> String {
    format!("ada{n}")
}

/// The highest number received for each user.
type Told = HashMap<String, u64>;

/// Notes what a text tells: names and statuses are `user:number`. Fails where a user's numbers fall.
fn note(reported: &mut Told, text: &str, is_in_order: bool) {
    for word in text.split(['"', '<', '>']) {
        let Some((user, number)) = word.split_once(':') else { continue };
        let Ok(number) = number.parse::<u64>() else { continue };
        if !user.starts_with("ada") {
            continue;
        }
        let last = reported.entry(user.to_owned()).or_default();
        assert!(!is_in_order || *last <= number, "{user}: {number} after {last}");
        *last = (*last).max(number);
    }
}

struct Fixture {
    client: Option<Client>,
    kept: Kept,
    reported: Told,
}

impl Fixture {
    /// Hears until the connection is over.
    async fn hear_on(&mut self) {
        while let Some(client) = &mut self.client {
            match client.hear().await {
                Some(text) => note(&mut self.reported, &text, true),
                None => self.leave(),
            }
        }
    }

    /// A client that polls keeps what it has received; the others keep what they signed in with.
    fn leave(&mut self) {
        if let (Some(Client::Qiscus { received, .. }), Kept::Qiscus { received: kept, .. }) =
            (self.client.take(), &mut self.kept)
        {
            *kept = received;
        }
    }

    /// Reconnects and reads until it has everything that was acknowledged.
    async fn catch_up(&mut self, base: &str, acknowledged: &Told) {
        let mut client = come_back(base, &self.kept).await;
        let lacks =
            |reported: &Told| acknowledged.iter().any(|(user, number)| reported.get(user).unwrap_or(&0) < number);
        while lacks(&self.reported) {
            let arrived = tokio::time::timeout(WAIT, client.hear()).await;
            let arrived =
                arrived.unwrap_or_else(|_| panic!("lost: {acknowledged:?} was acknowledged, {:?} told", self.reported));
            note(&mut self.reported, &arrived.expect("the connection stands"), true);
        }
        self.client = Some(client);
    }
}

/// Writes without a pause; what was acknowledged, once a call gets no answer.
async fn write_until_cut_off(server: &Standin, user: &str, mut number: u64) -> (String, u64, u64) {
    let mut acknowledged = number;
    loop {
        number += 1;
        let text = format!("{user}:{number}");
        let items = json!([
            { "Tag": "Tag_Profile_IM_Nick", "Value": text }, { "Tag": "Tag_Profile_IM_SelfSignature", "Value": text },
        ]);
        let body = json!({ "From_Account": user, "ProfileItem": items });
        let call = server.call(Method::POST, &tencent_rest::address("profile/portrait_set")).json(&body);
        let Ok(answer) = call.send().await else { break };
        match answer.json::<Value>().await {
            Ok(said) if said["ErrorCode"] == 0 => acknowledged = number,
            Ok(_) | Err(_) => break,
        }
    }
    (user.to_owned(), acknowledged, number)
}

async fn stop_after(wait: Duration, process: u32, signal: &str) {
    tokio::time::sleep(wait).await;
    assert!(Command::new("kill").arg(signal).arg(process.to_string()).status().unwrap().success());
}

#[expect(clippy::print_stderr, reason = "how many changes were acknowledged tells how much a run proves")]
#[actix_web::test]
async fn promise_61_rounds_of_kills_lose_no_change_for_any_client() {
    let rounds = std::env::var("STANDIN_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut server = Standin::with(&[WITH_SDK_APP_ID]).await;
    server.command(&["app", "set", "--tencent-sessions", "5"]);
    let users: Vec<String> = (0..WRITTEN).map(written).collect();
    tencent_socket::import(&server, &users.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let mut ears = Vec::new();
    for n in 0..6 {
        let (wire, id) = (WIRES[n % 3], format!("ear{}", n / 2));
        if n % 2 == 0 {
            mirrorfly_socket::person(&server, &id).await;
            for user in &users {
                tencent_socket::befriend(&server, &id, user).await;
            }
        }
        let (client, kept) = log_in(&server, server.base(), wire, &id).await;
        ears.push(Fixture { client: Some(client), kept, reported: Told::new() });
    }
    let (mut acknowledged, mut sent) = (Told::new(), Told::new());
    for round in 0..rounds {
        let until = Duration::from_millis(200 + (round as u64 * 193) % 601);
        let signal = if round % 2 == 0 { "-9" } else { "-TERM" };
        // Every third client is away while the others hear.
        let away = round % ears.len();
        ears[away].leave();
        let writing =
            join_all(users.iter().map(|user| write_until_cut_off(&server, user, *sent.get(user).unwrap_or(&0))));
        let hearing = join_all(ears.iter_mut().map(Fixture::hear_on));
        let (done, _, ()) = tokio::join!(writing, hearing, stop_after(until, server.pid(), signal));
        for (user, known, last) in done {
            acknowledged.insert(user.clone(), known);
            sent.insert(user, last);
        }
        server.ended();
        server.restart();
        for fixture in &mut ears {
            fixture.leave();
            fixture.catch_up(server.base(), &acknowledged).await;
        }
    }
    let changes: u64 = acknowledged.values().sum();
    eprintln!("{rounds} rounds: {changes} changes acknowledged, each told to {} clients", ears.len());
    assert!(changes > 4 * rounds as u64, "too few changes to prove anything: {changes}");
}
