//! The real server as a test fixture: the built binary on port 0 with its own data folder, called over the network.

use std::{
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::{Client, Method, RequestBuilder, multipart};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The app every fixture starts with.
pub(crate) const APP_ID: &str = "houseapp";
/// Its secret.
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
/// Its licence key.
pub(crate) const LICENSE_KEY: &str = "LICENSEKEY0123456789abcd";
/// The password of its back-end account.
pub(crate) const ACCOUNT_PASSWORD: &str = "correct horse battery staple";

/// How long a start may take before a test gives up.
const START_WAIT: Duration = Duration::from_secs(20);

/// A running server.
pub(crate) struct Standin {
    child: Child,
    folder: TempDir,
    orders: &'static str,
    variables: Vec<(String, String)>,
    base: String,
    log: Arc<Mutex<String>>,
    client: Client,
}

/// What a call answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON; the test ends here when it is none.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

/// Sends a call and takes the whole answer.
pub(crate) async fn send(call: RequestBuilder) -> Answer {
    let answer = call.send().await.unwrap();
    let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
    Answer { status, headers, bytes: answer.bytes().await.unwrap().to_vec() }
}

impl Standin {
    /// A server on a new folder.
    pub(crate) async fn fresh() -> Self {
        Self::with(&[]).await
    }

    /// A server on a new folder, with these environment variables beside the fixture's own.
    pub(crate) async fn with(variables: &[(&str, &str)]) -> Self {
        Self::over(tempfile::tempdir().unwrap(), variables).await
    }

    /// A server on a new folder, started by a shell that first follows these orders: `ulimit -n 128`.
    pub(crate) async fn under(orders: &'static str, variables: &[(&str, &str)]) -> Self {
        Self::over_under(tempfile::tempdir().unwrap(), orders, variables).await
    }

    /// A server on `data` in this folder, which may stand already.
    pub(crate) async fn over(folder: TempDir, variables: &[(&str, &str)]) -> Self {
        Self::over_under(folder, "", variables).await
    }

    #[expect(clippy::unused_async, reason = "as the others that start one")]
    async fn over_under(folder: TempDir, orders: &'static str, variables: &[(&str, &str)]) -> Self {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect::<Vec<_>>();
        let (child, base, log) = start(&folder.path().join("data"), orders, &variables);
        let client = Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
        Self { child, folder, orders, variables, base, log, client }
    }

    /// A demo on a new folder, with the demo's own credentials.
    pub(crate) async fn demo() -> Self {
        let own = [("STANDIN_DEMO", "true"), ("STANDIN_APP_ID", ""), ("STANDIN_APP_SECRET", "")];
        Self::with(&[&own[..], &[("STANDIN_LICENSE_KEY", ""), ("STANDIN_APP_PASSWORD", "")]].concat()).await
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The address of the server, without a slash at its end.
    pub(crate) fn base(&self) -> &str {
        &self.base
    }

    /// All addresses of the server as it logged them, in the order of `listen`, without slashes at their ends.
    pub(crate) fn bases(&self) -> Vec<String> {
        let log = self.log();
        let named = log.lines().filter_map(|line| line.split_once("listening on ")?.1.split_whitespace().next());
        named.map(str::to_owned).collect()
    }

    /// The process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Everything logged so far, starts before a restart included.
    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits for a line of the log that holds `text`; the test ends here when none comes.
    pub(crate) async fn logged(&self, text: &str) {
        let begun = Instant::now();
        while !self.log().contains(text) {
            assert!(begun.elapsed() < START_WAIT, "not logged: {text}: {}", self.log());
            actix_web::rt::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// kill -9.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM, and the exit code.
    pub(crate) fn terminate(&mut self) -> Option<i32> {
        self.tell_to_stop();
        self.ended()
    }

    /// SIGTERM.
    pub(crate) fn tell_to_stop(&self) {
        let kill = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status().unwrap();
        assert!(kill.success());
    }

    /// Waits for the end, and the exit code.
    pub(crate) fn ended(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Whether the process has not ended.
    pub(crate) fn lives(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Starts it again on the same folder, after [`Standin::kill`] or [`Standin::terminate`].
    pub(crate) fn restart(&mut self) {
        let former = self.log();
        let (child, base, log) = start(&self.data(), self.orders, &self.variables);
        log.lock().unwrap().insert_str(0, &former);
        (self.child, self.base, self.log) = (child, base, log);
    }

    /// A command of the same binary on this data folder; it must go well. Returns what it printed.
    pub(crate) fn command(&self, words: &[&str]) -> String {
        let output = standin(&self.data()).args(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// A call without any credentials.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.base))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.call(Method::GET, path)).await
    }

    /// A call of Qiscus' REST API with the app's id and secret.
    pub(crate) fn qiscus(&self, method: Method, call: &str) -> RequestBuilder {
        self.call(method, &format!("/api/v2.1/rest/{call}"))
            .header("QISCUS-SDK-APP-ID", APP_ID)
            .header("QISCUS-SDK-SECRET", SECRET)
    }

    /// `login_or_register` with this body.
    pub(crate) async fn login_or_register(&self, body: Value) -> Answer {
        send(self.qiscus(Method::POST, "login_or_register").json(&body)).await
    }

    /// `user_profile` of this user.
    pub(crate) async fn user_profile(&self, user_id: &str) -> Answer {
        send(self.qiscus(Method::GET, "user_profile").query(&[("user_id", user_id)])).await
    }

    /// The whole `get_user_list`, 100 at most.
    pub(crate) async fn user_list(&self) -> Answer {
        send(self.qiscus(Method::GET, "get_user_list").query(&[("limit", "100")])).await
    }

    /// MirrorFly's `/login`.
    pub(crate) async fn sign_in(&self, username: &str, password: &str) -> Answer {
        let body = json!({ "username": username, "password": password });
        send(self.call(Method::POST, "/api/v1/login").json(&body)).await
    }

    /// A token of the back-end account.
    pub(crate) async fn back_end_token(&self) -> String {
        let answer = self.sign_in("administrator", ACCOUNT_PASSWORD).await;
        answer.json()["data"]["token"].as_str().unwrap_or_else(|| panic!("no token: {answer:?}")).to_owned()
    }

    /// createUser with these text fields, deviceType and licenseKey beside them.
    pub(crate) async fn create_user(&self, token: &str, fields: &[(&str, &str)]) -> Answer {
        self.create_user_with(token, form(fields)).await
    }

    /// createUser with a form of one's own.
    pub(crate) async fn create_user_with(&self, token: &str, form: multipart::Form) -> Answer {
        let call = self.call(Method::POST, "/api/v1/users/createUser").header("Authorization", token);
        send(call.multipart(form)).await
    }

    /// createUser with a picture.
    pub(crate) async fn create_user_with_picture(
        &self,
        token: &str,
        user: &str,
        file_name: &str,
        bytes: Vec<u8>,
    ) -> Answer {
        let part = multipart::Part::bytes(bytes).file_name(file_name.to_owned());
        self.create_user_with(token, form(&[("userIdentifier", user)]).part("profileFile", part)).await
    }

    /// Names of all picture folders on disk.
    pub(crate) fn pictures_on_disk(&self) -> Vec<String> {
        let mut names = Vec::new();
        for shard in std::fs::read_dir(self.data().join("pictures")).unwrap() {
            for picture in std::fs::read_dir(shard.unwrap().path()).unwrap() {
                names.push(picture.unwrap().file_name().into_string().unwrap());
            }
        }
        names
    }

    /// Names of everything in `incoming`.
    pub(crate) fn incoming_on_disk(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.data().join("incoming")).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }
}

/// A createUser form with what every call needs, and these fields.
pub(crate) fn form(fields: &[(&str, &str)]) -> multipart::Form {
    let form = multipart::Form::new().text("deviceType", "web").text("licenseKey", LICENSE_KEY);
    fields.iter().fold(form, |form, (name, value)| form.text((*name).to_owned(), (*value).to_owned()))
}

impl Drop for Standin {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The built binary, with nothing of this machine's own settings around it.
pub(crate) fn standin(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.env_clear().env("STANDIN_DATA", data).current_dir(data.parent().unwrap());
    command
}

fn start(data: &Path, orders: &str, variables: &[(String, String)]) -> (Child, String, Arc<Mutex<String>>) {
    let mut command = match orders {
        "" => standin(data),
        orders => {
            let mut shell = Command::new("sh");
            shell.args(["-c", &format!("{orders} && exec \"$0\""), env!("CARGO_BIN_EXE_standin")]);
            shell.env_clear().env("STANDIN_DATA", data).current_dir(data.parent().unwrap());
            shell
        }
    };
    command
        .env("STANDIN_LISTEN", "127.0.0.1:0")
        .env("STANDIN_APP_ID", APP_ID)
        .env("STANDIN_APP_SECRET", SECRET)
        .env("STANDIN_LICENSE_KEY", LICENSE_KEY)
        .env("STANDIN_APP_PASSWORD", ACCOUNT_PASSWORD)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit());
    let mut child = command.spawn().unwrap();
    let log = Arc::new(Mutex::new(String::new()));
    let (written, mut lines) = (Arc::clone(&log), BufReader::new(child.stdout.take().unwrap()).lines());
    let (found, address) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        while let Some(Ok(line)) = lines.next() {
            if let Some((_, address)) = line.split_once("listening on ") {
                let _ = found.send(address.split_whitespace().next().unwrap_or("").to_owned());
            }
            let mut written = written.lock().unwrap();
            written.push_str(&line);
            written.push('\n');
        }
    });
    let begun = Instant::now();
    let base = address.recv_timeout(START_WAIT).unwrap_or_else(|_| {
        let _ = child.kill();
        panic!("no address after {:?}: {}", begun.elapsed(), log.lock().unwrap())
    });
    (child, base, log)
}
