//! The three vendors' credentials of the same users on one server.

use std::{net::SocketAddr, path::Path, process::Command};

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::{
    Failure,
    live::{self, Account, RunningServer},
    process::{BINARY, Serving},
};

pub(crate) const APP_ID: &str = "bench";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
pub(crate) const SDK_APP_ID: &str = "1400000001";

pub(crate) const VARIABLES: [(&str, &str); 7] = [
    live::VARIABLES[0],
    live::VARIABLES[1],
    live::VARIABLES[2],
    live::VARIABLES[3],
    ("STANDIN_APP_ID", APP_ID),
    ("STANDIN_APP_SECRET", SECRET),
    ("STANDIN_SDK_APP_ID", SDK_APP_ID),
];

/// Of every user in Qiscus' SDK.
const PASSWORD: &str = "bench password";

pub(crate) struct Vendors {
    pub(crate) address: SocketAddr,
    calls: Runtime,
    client: Client,
    /// The query of an administrator's call of Tencent's API.
    query: String,
    data: std::path::PathBuf,
}

pub(crate) fn id(number: usize) -> String {
    format!("chatter{number}")
}

impl Vendors {
    pub(crate) fn of(server: &Serving, data: &Path) -> Result<Self, Failure> {
        let calls = Builder::new_current_thread().enable_all().build()?;
        let mut vendors =
            Self { address: server.address, calls, client: Client::new(), query: String::new(), data: data.to_owned() };
        vendors.query = vendors.signed_as("administrator")?;
        Ok(vendors)
    }

    pub(crate) fn user_sig(&self, user: &str) -> Result<String, Failure> {
        let mut command = Command::new(BINARY);
        let signed = command.args(["app", "usersig", "--user", user, "--data"]).arg(&self.data).output()?;
        Ok(String::from_utf8(signed.stdout)?.trim_end().to_owned())
    }

    fn signed_as(&self, user: &str) -> Result<String, Failure> {
        Ok(format!("sdkappid={SDK_APP_ID}&identifier={user}&usersig={}", self.user_sig(user)?))
    }

    /// The path of an administrator's call of Tencent's API.
    pub(crate) fn tencent(&self, command: &str) -> String {
        format!("/v4/{command}?{}", self.query)
    }

    pub(crate) fn make_users(&self, count: usize) -> Result<(), Failure> {
        for user in (0..count).map(id) {
            let body = json!({ "user_id": user, "username": user, "password": PASSWORD });
            self.by_qiscus("login_or_register", &body)?;
        }
        Ok(())
    }

    pub(crate) fn by_tencent(&self, command: &str, body: &Value) -> Result<Value, Failure> {
        let answer = self.call(self.client.post(self.at(&self.tencent(command))).json(body))?;
        match answer.get("ErrorCode") == Some(&json!(0)) {
            true => Ok(answer),
            false => Err(answer.to_string().into()),
        }
    }

    /// A user's token for Qiscus' SDK.
    pub(crate) fn qiscus_token(&self, user: &str) -> Result<String, Failure> {
        let request = self.client.post(self.at("/api/v2/sdk/login_or_register")).header("QISCUS-SDK-APP-ID", APP_ID);
        let answer = self.call(request.form(&[("email", user), ("password", PASSWORD)]))?;
        text(&answer, "/results/user/token")
    }

    /// The id of the room of two users in Qiscus' API.
    pub(crate) fn qiscus_room(&self, one: &str, other: &str) -> Result<String, Failure> {
        let answer = self.by_qiscus("get_or_create_room_with_target", &json!({ "user_ids": [one, other] }))?;
        text(&answer, "/results/room/room_id")
    }

    fn by_qiscus(&self, call: &str, body: &Value) -> Result<Value, Failure> {
        let request = self.client.post(self.at(&format!("/api/v2.1/rest/{call}"))).json(body);
        self.call(request.header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET))
    }

    /// A user's account in MirrorFly's API.
    pub(crate) fn mirrorfly(&self, user: &str) -> Result<Account, Failure> {
        let standin = RunningServer { client: self.client.clone(), address: self.address };
        self.calls.block_on(standin.register(user))
    }

    fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    fn call(&self, request: RequestBuilder) -> Result<Value, Failure> {
        Ok(self.calls.block_on(async { request.send().await?.json().await })?)
    }
}

fn text(answer: &Value, pointer: &str) -> Result<String, Failure> {
    let found = answer.pointer(pointer).and_then(Value::as_str);
    Ok(found.ok_or_else(|| format!("no {pointer} in {answer}"))?.to_owned())
}
