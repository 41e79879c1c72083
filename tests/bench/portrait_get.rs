//! What a hundred profiles in one call of Tencent's REST API cost the server.

use std::{net::SocketAddr, process::Command, time::Instant};

use actix_web::rt::System;
use reqwest::Client;
use serde_json::{Value, json};

use crate::{
    Failure,
    process::{self, BINARY, Serving},
    table,
};

/// Users to ask for, each with every standard tag set.
const USERS: usize = 1_000;

/// Users that one call asks for: the most it may.
const ASKED: usize = 100;

/// Calls of a round, one after another.
const CALLS: usize = 3_000;

const ROUNDS: usize = 3;

const SDK_APP_ID: &str = "1400000001";

/// The commands of one server, as its administrator calls them.
struct BackEnd {
    client: Client,
    address: SocketAddr,
    query: String,
}

impl BackEnd {
    async fn call(&self, command: &str, body: &Value) -> Result<Value, Failure> {
        let address = format!("http://{}/v4/{command}?{}", self.address, self.query);
        let answer: Value = self.client.post(address).json(body).send().await?.json().await?;
        match answer.get("ErrorCode") == Some(&json!(0)) {
            true => Ok(answer),
            false => Err(answer.to_string().into()),
        }
    }

    /// Makes the users, and fills their profiles.
    async fn fill(&self, users: &[String]) -> Result<(), Failure> {
        for some in users.chunks(ASKED) {
            self.call("im_open_login_svc/multiaccount_import", &json!({ "Accounts": some })).await?;
        }
        for user in users {
            let items = json!([
                { "Tag": "Tag_Profile_IM_Nick", "Value": format!("Made up {user}") },
                { "Tag": "Tag_Profile_IM_Image", "Value": format!("https://example.com/{user}.png") },
                { "Tag": "Tag_Profile_IM_Gender", "Value": "Gender_Type_Female" },
                { "Tag": "Tag_Profile_IM_BirthDay", "Value": 20_000_101 },
                { "Tag": "Tag_Profile_IM_Location", "Value": "sixteen bytes, 0" },
                { "Tag": "Tag_Profile_IM_SelfSignature", "Value": "A status text of the usual length" },
                { "Tag": "Tag_Profile_IM_AllowType", "Value": "AllowType_Type_NeedConfirm" },
                { "Tag": "Tag_Profile_IM_Language", "Value": 1 },
                { "Tag": "Tag_Profile_IM_MsgSettings", "Value": 1 },
                { "Tag": "Tag_Profile_IM_AdminForbidType", "Value": "AdminForbid_Type_None" },
                { "Tag": "Tag_Profile_IM_Level", "Value": 5 },
                { "Tag": "Tag_Profile_IM_Role", "Value": 7 },
            ]);
            self.call("profile/portrait_set", &json!({ "From_Account": user, "ProfileItem": items })).await?;
        }
        Ok(())
    }
}

/// Full profiles and the names alone, a hundred a call: `portrait_get`.
pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server =
        Serving::standin(&data, "info", &[("STANDIN_SDK_APP_ID", SDK_APP_ID), ("STANDIN_DURABILITY", "normal")])?;
    let mut command = Command::new(BINARY);
    let signed = command.args(["app", "usersig", "--user", "administrator", "--data"]).arg(&data).output()?;
    let user_sig = String::from_utf8(signed.stdout)?;
    let query = format!("sdkappid={SDK_APP_ID}&identifier=administrator&usersig={}", user_sig.trim_end());
    let back_end = BackEnd { client: Client::new(), address: server.address, query };
    let rows = System::new().block_on(measure(&server, &back_end))?;
    println!("{}", table::aligned(["portrait_get, 100 users a call", "CPU each", "answered after", "bytes"], &rows));
    Ok(())
}

async fn measure(server: &Serving, back_end: &BackEnd) -> Result<Vec<[String; 4]>, Failure> {
    let users: Vec<String> = (0..USERS).map(|number| format!("user{number:07}")).collect();
    back_end.fill(&users).await?;
    let [all, name] = [json!(null), json!(["Tag_Profile_IM_Nick"])];
    let mut rows = Vec::new();
    for (what, tags) in [("all twelve standard tags", all), ("the name alone", name)] {
        let (mut cpu_ms, mut wait_ms, mut bytes) = (Vec::new(), Vec::new(), 0);
        for _ in 0..ROUNDS {
            let (cpu_before, begun) = (process::cpu_time(server.id())?, Instant::now());
            for number in 0..CALLS {
                let from = number * ASKED % USERS;
                let asked: Vec<&String> = users.iter().skip(from).take(ASKED).collect();
                let body = json!({ "To_Account": asked, "TagList": tags });
                bytes = back_end.call("profile/portrait_get", &body).await?.to_string().len();
            }
            let spent = process::cpu_time(server.id())?.saturating_sub(cpu_before);
            cpu_ms.push(spent.as_secs_f64() * 1e3 / CALLS as f64);
            wait_ms.push(begun.elapsed().as_secs_f64() * 1e3 / CALLS as f64);
        }
        let ms = |figures: Vec<f64>| format!("{:.2} ms", table::median(figures));
        rows.push([what.to_owned(), ms(cpu_ms), ms(wait_ms), bytes.to_string()]);
    }
    Ok(rows)
}
