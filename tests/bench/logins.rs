//! Whether the time of a refusal reveals its reason: known and unknown users, known and unknown apps.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::rt::System;
use reqwest::{Client, RequestBuilder};
use serde_json::json;

use crate::{Failure, process::Serving, table};

/// Refusals of each kind, one after another and the kinds in turns, so that whatever else the machine does befalls all alike.
const ROUNDS: u32 = 100;

/// How far two medians may be apart: 40 % of the lesser one and 3 ms.
const APART_SHARE: f64 = 0.4;
const APART_MS: f64 = 3.0;

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

const VARIABLES: &[(&str, &str)] = &[
    ("STANDIN_APP_ID", APP_ID),
    ("STANDIN_APP_SECRET", SECRET),
    ("STANDIN_ADMIN_PASSWORD", "the administrator's own"),
    // Each try comes from an address of its own, so that none has to wait.
    ("STANDIN_TRUSTED_PROXIES", "127.0.0.1"),
    ("STANDIN_DURABILITY", "normal"),
];

/// A way to be refused: its group, its name, and the call of a round.
type Way = (&'static str, &'static str, fn(&Door, u32) -> RequestBuilder);

const WAYS: &[Way] = &[
    ("password", "of a user who chose one", |door, n| door.sign_in(&format!("chosen{n}"))),
    ("password", "of a user who was issued one", |door, n| door.sign_in(&format!("issued{n}"))),
    ("password", "of nobody", |door, n| door.sign_in(&format!("nobody{n}"))),
    ("password", "of what is no id", |door, n| door.sign_in(&format!("no id {n}"))),
    ("console", "of the administrator", |door, _| door.console("admin")),
    ("console", "of no administrator", |door, n| door.console(&format!("nobody{n}"))),
    ("secret", "of this app", |door, _| door.list(APP_ID)),
    ("secret", "of no app", |door, n| door.list(&format!("app{n}"))),
];

struct Door {
    client: Client,
    address: SocketAddr,
}

impl Door {
    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn sign_in(&self, username: &str) -> RequestBuilder {
        let body = json!({ "username": username, "password": "a wrong password" });
        self.client.post(self.at("/api/v1/login")).json(&body)
    }

    fn console(&self, name: &str) -> RequestBuilder {
        self.client.post(self.at("/standin/v1/session")).json(&json!({ "name": name, "password": "a wrong password" }))
    }

    fn list(&self, app: &str) -> RequestBuilder {
        let call = self.client.get(self.at("/api/v2.1/rest/get_user_list"));
        call.header("QISCUS-SDK-APP-ID", app).header("QISCUS-SDK-SECRET", "wrongsecret0123456789wrongsecret")
    }

    /// Users with a password of their own, and users with one that was issued.
    async fn fill(&self) -> Result<(), Failure> {
        for n in 0..ROUNDS {
            for body in [
                json!({ "user_id": format!("chosen{n}"), "username": "C", "password": "a right password" }),
                json!({ "user_id": format!("issued{n}"), "username": "I" }),
            ] {
                let call = self.client.post(self.at("/api/v2.1/rest/login_or_register")).json(&body);
                let call = call.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET);
                call.send().await?.error_for_status()?;
            }
        }
        Ok(())
    }

    async fn refused(&self, call: RequestBuilder, from: &str) -> Result<(Duration, String), Failure> {
        let begun = Instant::now();
        let answer = call.header("X-Forwarded-For", from).send().await?;
        let said = answer.text().await?;
        Ok((begun.elapsed(), said))
    }
}

/// Medians of refusals, and whether those of one group are alike.
pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let server = Serving::standin(&folder.path().join("data"), "warn", VARIABLES)?;
    let door = Door { client: Client::new(), address: server.address };
    let mut times: Vec<Vec<f64>> = WAYS.iter().map(|_| Vec::new()).collect();
    let mut texts: Vec<String> = WAYS.iter().map(|_| String::new()).collect();
    System::new().block_on(async {
        door.fill().await?;
        for n in 0..ROUNDS {
            let mut ways: Vec<_> = (0_u32..).zip(WAYS.iter().zip(times.iter_mut().zip(&mut texts))).collect();
            if n % 2 == 1 {
                // Nobody always comes behind the same one.
                ways.reverse();
            }
            for (at, ((_, _, call), (times, text))) in ways {
                let from = format!("10.{at}.{}.{}", n / 250, n % 250 + 1);
                let (took, said) = door.refused(call(&door, n), &from).await?;
                times.push(took.as_secs_f64() * 1e3);
                *text = said;
            }
        }
        Ok::<(), Failure>(())
    })?;
    let medians: Vec<f64> = times.into_iter().map(table::median).collect();
    show(&medians);
    alike(&medians, &texts)
}

fn show(medians: &[f64]) {
    let row = |((group, name, _), median): (&Way, &f64)| [format!("{group} {name}"), format!("{median:.2} ms")];
    let rows: Vec<[String; 2]> = WAYS.iter().zip(medians).map(row).collect();
    println!("{}", table::aligned(["a wrong ...", "refused after"], &rows));
}

/// Each way against each other one of its group.
fn alike(medians: &[f64], texts: &[String]) -> Result<(), Failure> {
    let seen: Vec<_> = WAYS.iter().zip(medians.iter().zip(texts)).collect();
    for ((group, name, _), (median, text)) in &seen {
        for ((other_group, other_name, _), (other, other_text)) in &seen {
            if group == other_group && **median > **other * (1.0 + APART_SHARE) + APART_MS {
                return Err(format!("time tells {group} {name} from {group} {other_name}").into());
            }
            if group == other_group && text != other_text {
                return Err(format!("words tell {group} {name} from {group} {other_name}").into());
            }
        }
    }
    Ok(())
}
