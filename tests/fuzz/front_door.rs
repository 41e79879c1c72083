//! A true server, and what no answer of it may be.

use std::{
    fs::{self, File},
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::strange::Target;

pub(crate) const APP_ID: &str = "houseapp";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const LICENSE_KEY: &str = "LICENSEKEY0123456789abcd";
pub(crate) const SDK_APP_ID: &str = "1400000001";
const PASSWORD: &str = "correct horse battery staple";

/// The longest wait for an answer, on a machine with much else to do.
const ANSWER_WAIT: Duration = Duration::from_secs(20);

const START_WAIT: Duration = Duration::from_secs(20);

/// Texts that reveal internals: no response contains one.
const INSIDE: [&str; 6] = ["panicked", "src/", ".rs:", "SELECT ", "INSERT ", "rusqlite"];

/// What may not stand in a query as it is.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>').add(b'`').add(b'{').add(b'}');

/// A running server.
pub(crate) struct RunningServer {
    child: Child,
    folder: TempDir,
    base: String,
    client: Client,
    runtime: Runtime,
}

impl RunningServer {
    pub(crate) fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = Self::standin(&folder);
        command.args(["serve", "--log", "warn", "--uploads-per-minute", "100000", "--uploads-per-day", "1000000"]);
        command
            .args(["--listen", &address.to_string()])
            .env("STANDIN_APP_ID", APP_ID)
            .env("STANDIN_APP_SECRET", SECRET);
        command.args(["--registrations-per-hour", "1000000000", "--number-lookups-per-hour", "1000000000"]);
        command.env("STANDIN_LICENSE_KEY", LICENSE_KEY).env("STANDIN_SDK_APP_ID", SDK_APP_ID);
        command
            .env("STANDIN_APP_PASSWORD", PASSWORD)
            .env("STANDIN_ADMIN_PASSWORD", PASSWORD)
            .env("STANDIN_APP_REGISTRATION", "open");
        let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap();
        let client =
            Client::builder().redirect(reqwest::redirect::Policy::none()).timeout(ANSWER_WAIT).build().unwrap();
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let server = Self { child, folder, base: format!("http://{address}"), client, runtime };
        let begun = Instant::now();
        // It answers once everything is open, the commands' socket included.
        while server.answer(server.request(Method::GET, "/")).is_err() {
            assert!(begun.elapsed() < START_WAIT, "no answer after {:?}", begun.elapsed());
            std::thread::sleep(Duration::from_millis(10));
        }
        server
    }

    /// The built binary on the folder of this server.
    fn standin(folder: &TempDir) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
        command.env_clear().env("STANDIN_DATA", folder.path().join("data")).current_dir(folder.path());
        command
    }

    /// A UserSig of a known or unknown user.
    pub(crate) fn user_sig(&self, user: &str) -> String {
        let output = Self::standin(&self.folder).args(["app", "usersig", "--user", user]).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    /// Makes a call and takes the whole answer. A connection that the server had closed between two calls is opened once more.
    pub(crate) fn answer(&self, call: RequestBuilder) -> Result<(u16, Vec<u8>), String> {
        let again = call.try_clone();
        self.runtime.block_on(async {
            let sent = match (call.send().await, again) {
                (Err(error), Some(again)) if !error.is_timeout() => again.send().await,
                (sent, _) => sent,
            };
            let answer = sent.map_err(|error| format!("no answer: {error:?}"))?;
            let status = answer.status().as_u16();
            Ok((status, answer.bytes().await.map_err(|error| format!("half an answer: {error:?}"))?.to_vec()))
        })
    }

    /// Makes a call whose answer may be anything but a failure of ours.
    pub(crate) fn stands(&self, call: RequestBuilder) -> Result<(), String> {
        let (status, bytes) = self.answer(call)?;
        let text = String::from_utf8_lossy(&bytes);
        let said: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        // Vendors that answer HTTP 200 to everything report it in the body.
        let in_body = said["status"].as_u64().unwrap_or(0);
        if status >= 500 || (500..600).contains(&in_body) {
            return Err(format!("{status}: {text}"));
        }
        match INSIDE.iter().find(|word| text.contains(*word)) {
            Some(word) => Err(format!("{word:?} stands in an answer: {text}")),
            None => Ok(()),
        }
    }

    /// A token of the back end.
    pub(crate) fn back_end(&self) -> String {
        let login = json!({ "username": "administrator", "password": PASSWORD });
        let (_, bytes) = self.answer(self.request(Method::POST, "/api/v1/login").json(&login)).unwrap();
        let said: Value = serde_json::from_slice(&bytes).unwrap();
        said["data"]["token"].as_str().unwrap().to_owned()
    }

    /// What an administrator's page sends with each call.
    pub(crate) fn administrator(&self) -> [(&'static str, String); 2] {
        let call =
            self.request(Method::POST, "/standin/v1/session").json(&json!({ "name": "admin", "password": PASSWORD }));
        self.runtime.block_on(async {
            let answer = call.send().await.unwrap();
            let cookie = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
            let said: Value = answer.json().await.unwrap();
            [("Cookie", cookie), ("X-Standin-CSRF", said["csrf"].as_str().unwrap().to_owned())]
        })
    }

    /// Nothing was logged as a failure of ours, and the process lives.
    pub(crate) fn ends_well(mut self) {
        assert!(self.child.try_wait().unwrap().is_none(), "the server has ended");
        let log = fs::read_to_string(self.log()).unwrap();
        let failed: Vec<&str> =
            log.lines().filter(|line| line.contains("ERROR") || line.contains("panicked")).collect();
        assert!(failed.is_empty(), "{}", failed.join("\n"));
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

impl Drop for RunningServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A call as a table of calls has it: method, path, content type. Without a content type the input is the query.
pub(crate) type Call = (Method, &'static str, &'static str);

pub(crate) const JSON: &str = "application/json";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";
pub(crate) const QUERY_ALONE: &str = "";

/// An input of a table of calls: its first byte chooses the call.
pub(crate) fn seed(calls: &[Call], path: &str, kind: &str, body: &str) -> Vec<u8> {
    let at = calls.iter().position(|(_, known, of_kind)| *known == path && *of_kind == kind);
    let at = at.unwrap_or_else(|| panic!("{path} {kind} is in no table"));
    [&[u8::try_from(at).unwrap()], body.as_bytes()].concat()
}

/// Throws a target's inputs at a table of calls, each sent with these headers.
pub(crate) fn fuzz_calls(server: &RunningServer, target: &Target, calls: &[Call], headers: &[(&str, String)]) {
    target.fuzz(|case| {
        let (first, body) = case.split_first().unwrap_or((&0, &[]));
        let (method, path, kind) = &calls[usize::from(*first) % calls.len()];
        let call = match *kind {
            QUERY_ALONE => server.request(method.clone(), &format!("{path}{}", percent_encode(body, QUERY))),
            kind => server.request(method.clone(), path).header("Content-Type", kind).body(body.to_vec()),
        };
        server.stands(headers.iter().fold(call, |call, (name, value)| call.header(*name, value)))
    });
}
