//! The command line, by its own words, answers and exit codes. A server is played by a thread that answers what a test tells it to.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    thread::{self, JoinHandle},
    time::Duration,
};

use serde_json::{Value, json};
use tempfile::TempDir;

/// `standin` with an environment of nothing but `variables`, in a working directory of its own.
fn standin(folder: &Path, words: &[&str], variables: &[(&str, &str)], input: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    command.args(words).env_clear().envs(variables.iter().copied()).current_dir(folder);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A command that needs no input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

/// Exit code, standard output and standard error of `standin` in an empty folder.
fn said(words: &[&str], variables: &[(&str, &str)]) -> (i32, String, String) {
    let folder = TempDir::new().unwrap();
    texts(&standin(folder.path(), words, variables, ""))
}

fn texts(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// One request as the played server saw it: `GET /path` and the body.
type Seen = (String, Value);

/// A server that gives one answer a connection, in order, and then what it saw.
struct Played {
    folder: TempDir,
    data: PathBuf,
    thread: JoinHandle<Vec<Seen>>,
}

impl Played {
    fn new(answers: Vec<(u16, Value)>) -> Self {
        Self::in_subfolder("data", answers)
    }

    fn in_subfolder(name: &str, answers: Vec<(u16, Value)>) -> Self {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join(name);
        fs::create_dir_all(&data).unwrap();
        let socket = standin::settings::control_socket(&data).unwrap();
        let listener = UnixListener::bind(socket.path()).unwrap();
        let thread = thread::spawn(move || {
            // The command knocks once before it speaks.
            drop(listener.accept().unwrap());
            answers.into_iter().map(|answer| answer_one(&listener, &answer)).collect()
        });
        Self { folder, data, thread }
    }

    fn ask(self, words: &[&str], input: &str) -> (i32, String, String, Vec<Seen>) {
        let data = self.data.to_str().unwrap();
        let words: Vec<&str> = words.iter().copied().chain(["--data", data]).collect();
        let (code, out, err) = texts(&standin(self.folder.path(), &words, &[], input));
        // A command that asked less than expected must not leave the thread waiting for the rest.
        let socket = standin::settings::control_socket(&self.data).unwrap();
        while !self.thread.is_finished() {
            let _ = UnixStream::connect(socket.path());
            thread::sleep(Duration::from_millis(1));
        }
        let seen = self.thread.join();
        (code, out, err.clone(), seen.unwrap_or_else(|_| panic!("exit code {code} before all was asked: {err}")))
    }
}

fn answer_one(listener: &UnixListener, (status, answer): &(u16, Value)) -> Seen {
    let (mut stream, _) = listener.accept().unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_ascii_lowercase()),
        }
        if head.len() == 1 {
            head[0] = line.trim_end().trim_end_matches(" HTTP/1.1").to_owned();
        }
    }
    let length = head.iter().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    let text = if answer.is_null() { String::new() } else { answer.to_string() };
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {}\r\n\r\n{text}", text.len()).unwrap();
    (head[0].clone(), serde_json::from_slice(&body).unwrap_or(Value::Null))
}

fn app() -> Value {
    json!({
        "app_id": "shop", "name": "Shop", "sdk_app_id": 1_400_000_002, "account": "administrator", "hosts": ["a.example", "b.example"],
        "registration": "new", "dialects": { "qiscus": true, "mirrorfly": false, "tencent": false }, "password_min": 1, "token_lifetime_s": null, "messages_kept_days": null, "public_pictures": true,
        "allowed_origins": ["https://a.example"], "import_at_login": true, "refuses_blocked_senders": false, "tencent_sessions": 1, "created_at": "2026-01-02T03:04:05.000006Z"
    })
}

fn user() -> Value {
    json!({
        "id": "alice@example.com", "key": 7, "state": "active", "name": "Alice", "avatar_url": "https://a.example/a.png",
        "picture_url": "http://127.0.0.1:8080/u/x", "status": "two\nlines", "mobile": null, "email": null, "extras": { "age": 30 },
        "metadata": {}, "created_at": "2026-01-02T03:04:05.000006Z", "updated_at": "2026-01-02T03:04:05.000006Z"
    })
}

#[test]
fn help_lists_the_commands_and_the_exit_codes() {
    let (code, out, err) = said(&["--help"], &[]);
    assert_eq!((code, err.as_str()), (0, ""));
    for word in ["serve", "app", "user", "config", "Examples:", "Exit codes:"] {
        assert!(out.contains(word), "{word} in {out}");
    }
}

#[test]
fn help_of_serve_lists_every_setting_that_may_be_a_flag_under_its_heading() {
    let (code, out, _) = said(&["serve", "--help"], &[]);
    assert_eq!(code, 0);
    for setting in standin::settings::SETTINGS {
        assert!(out.contains(&format!("{}:\n", setting.group)) || setting.flag().is_none(), "{}", setting.group);
        match setting.flag() {
            Some(flag) => assert!(out.contains(&format!("--{flag}")), "{flag}"),
            None => assert!(!out.contains(&format!("--{}", setting.name.replace('_', "-"))), "{}", setting.name),
        }
    }
}

#[test]
fn wrong_usage_gives_exit_code_2_and_an_error_on_standard_error() {
    for words in [&["bogus"][..], &["app"], &["user", "show"], &["user", "show", ""], &["serve", "--app-secret", "x"]] {
        let (code, out, err) = said(words, &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn wrong_settings_give_exit_code_2_and_one_sentence() {
    let expected = "standin: listen (from STANDIN_LISTEN) must be ";
    for words in [&[][..], &["serve"], &["app", "list"], &["user", "list"], &["config", "show"]] {
        let (code, out, err) = said(words, &[("STANDIN_LISTEN", "nowhere")]);
        assert_eq!((code, out.as_str()), (2, ""), "{words:?}");
        assert!(err.starts_with(expected) && err.ends_with(".\n") && err.lines().count() == 1, "{err}");
    }
    let (code, _, err) = said(&["--log", "loud"], &[]);
    assert_eq!(code, 2);
    assert_eq!(err, "standin: log (from --log) must be one of error, warn, info, debug.\n");
}

#[test]
fn config_show_prints_each_value_and_its_origin() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("standin.toml"), "workers = 5\npicture_cache_bytes = '1 MiB'").unwrap();
    let words = ["config", "show", "--origin", "--listen", ":9000"];
    let (code, out, err) = texts(&standin(folder.path(), &words, &[("STANDIN_WORKERS", "7")], ""));
    assert_eq!((code, err.as_str()), (0, ""));
    let line = |name: &str| {
        let line = out.lines().find(|line| line.split_whitespace().next() == Some(name)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("listen"), ":9000 --listen");
    assert_eq!(line("workers"), "7 STANDIN_WORKERS");
    assert_eq!(line("picture_cache_bytes"), "1 MiB standin.toml");
    assert_eq!(line("data"), "./data default");
    assert_eq!(line("app_id"), "- unset: made at first start");
    assert_eq!(out.lines().count(), standin::settings::SETTINGS.len());
}

#[test]
fn config_show_masks_secrets() {
    let secret = "2820ae9dfc5362f7f3a10381fb89afc7";
    for words in [&["config", "show"][..], &["config", "show", "--origin"], &["config", "show", "--json"]] {
        let (code, out, _) = said(words, &[("STANDIN_APP_SECRET", secret)]);
        assert_eq!(code, 0);
        assert!(out.contains("***") && !out.contains(secret), "{out}");
    }
    let (_, out, _) = said(&["config", "show", "--json"], &[("STANDIN_APP_SECRET", secret)]);
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["app_secret"], json!({ "value": "***", "origin": "STANDIN_APP_SECRET" }));
    assert_eq!(shown["app_id"], json!({ "value": null, "origin": null }));
}

#[test]
fn a_command_without_a_data_folder_is_exit_code_3() {
    let (code, _, err) = said(&["app", "list"], &[("STANDIN_DATA", "./none")]);
    assert_eq!(code, 3);
    assert_eq!(
        err,
        "standin: There is no data folder ./none: name it with --data, or make it with `standin serve --data ./none`.\n"
    );
}

#[test]
fn a_closed_output_pipe_is_no_failure() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_standin"));
    let mut child = command.args(["config", "show"]).env_clear().stdout(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn apps_are_listed_in_columns() {
    let (code, out, _, seen) = Played::new(vec![(200, json!({ "apps": [app()] }))]).ask(&["app", "list"], "");
    assert_eq!(code, 0);
    assert_eq!(seen, [("GET /standin/v1/apps".to_owned(), Value::Null)]);
    let expected = "\
APP ID  NAME  SDKAPPID    REGISTRATION  CREATED
shop    Shop  1400000002  new           2026-01-02T03:04:05.000006Z
";
    assert_eq!(out, expected);
}

#[test]
fn an_app_is_shown_with_its_secrets_only_when_asked() {
    let secrets = json!({ "secret": "s3", "license_key": "l4", "account": "administrator", "account_password": null });
    let answers = vec![(200, json!({ "apps": [app()] })), (200, app()), (200, secrets)];
    let (code, out, _, seen) = Played::new(answers).ask(&["app", "show", "--secrets"], "");
    assert_eq!(code, 0);
    let paths: Vec<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, ["GET /standin/v1/apps", "GET /standin/v1/apps/shop", "GET /standin/v1/apps/shop/secrets"]);
    let expected = "\
app id:           shop
name:             Shop
SDKAppID:         1400000002
account:          administrator
hosts:            a.example, b.example
dialects:         qiscus
registration:     new
password min:     1
token lifetime:   -
messages kept:    -
public pictures:  true
allowed origins:  https://a.example
import at login:  true
refuses blocked:  false
Tencent sessions: 1
created:          2026-01-02T03:04:05.000006Z
secret:           s3
licence key:      l4
account password: -

You chose the account password; the server keeps only its hash and cannot show it.
";
    assert_eq!(out, expected);
    let (_, out, _, seen) = Played::new(vec![(200, app())]).ask(&["app", "show", "--app", "shop", "--json"], "");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap(), app());
    assert_eq!(seen[0].0, "GET /standin/v1/apps/shop");
}

#[test]
fn an_app_is_made_of_the_given_fields_alone() {
    let played = Played::new(vec![(201, app())]);
    let words = ["app", "create", "--name", "Shop", "--sdk-app-id", "1400000002", "--hosts", "a.example, b.example"];
    let more = ["--dialects", "qiscus", "--public-pictures", "false", "--secret-stdin"];
    let (code, out, err, seen) = played.ask(&[&words[..], &more[..]].concat(), "0123456789abcdef0123456789abcdef\n");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(out.ends_with("\n`standin app show --app shop --secrets` shows its secrets.\n"), "{out}");
    let body = json!({
        "name": "Shop", "sdk_app_id": 1_400_000_002, "hosts": ["a.example", "b.example"], "public_pictures": false,
        "dialects": { "qiscus": true, "mirrorfly": false, "tencent": false }, "secret": "0123456789abcdef0123456789abcdef"
    });
    assert_eq!(seen, [("POST /standin/v1/apps".to_owned(), body)]);
}

#[test]
fn a_command_makes_a_new_secret() {
    let until = "2026-01-03T03:04:05.000006Z";
    let played = Played::new(vec![(200, json!({ "secret": "fresh", "former_secret_until": until }))]);
    let (code, out, _, seen) = played.ask(&["app", "rotate-secret", "--app", "a/b", "--former-ends", "1d"], "");
    let expected = format!("new secret:    fresh\nformer secret: is valid until {until}\n\nGive the new secret to ");
    assert!(code == 0 && out.starts_with(&expected), "{out}");
    let asked = json!({ "former_valid_s": 86_400 });
    assert_eq!(seen, [("POST /standin/v1/apps/a%2Fb/rotate-secret".to_owned(), asked)]);
    let played = Played::new(vec![(200, json!({ "secret": "fresh", "former_secret_until": null }))]);
    let (_, out, _, seen) = played.ask(&["app", "rotate-secret", "--app", "shop"], "");
    assert!(out.contains("\nformer secret: has ended\n"), "{out}");
    assert_eq!(seen[0].1, json!({ "former_valid_s": 0 }));
    for unfit in ["1", "d", "1w", "-1d", "99999999999999999999d"] {
        let (code, _, err) = said(&["app", "rotate-secret", "--former-ends", unfit], &[]);
        assert_eq!((code, err.contains("a number with s, m, h or d")), (2, unfit != "-1d"), "{err}");
    }
}

#[test]
fn a_user_sig_is_made() {
    let signed = json!({ "sdk_app_id": 1, "user": "alice", "expire_s": 60, "user_sig": "eJx" });
    let played = Played::new(vec![(200, signed)]);
    let (code, out, _, seen) =
        played.ask(&["app", "usersig", "--app", "shop", "--user", "alice", "--expire", "60"], "");
    assert_eq!((code, out.as_str()), (0, "eJx\n"));
    let asked = json!({ "user": "alice", "expire_s": 60 });
    assert_eq!(seen, [("POST /standin/v1/apps/shop/usersig".to_owned(), asked)]);
    let (code, _, err) = said(&["app", "usersig", "--user", "alice", "--expire", "0"], &[]);
    assert_eq!(code, 2, "{err}");
    let (code, _, err) = said(&["app", "usersig"], &[]);
    assert_eq!(code, 2, "{err}");
}

#[test]
fn a_custom_field_is_declared_and_listed() {
    let field = json!({ "name": "Test1", "read": "friends", "write": "owner" });
    let expected = "NAME   READ BY  WRITTEN BY\nTest1  friends  owner\n";
    for name in ["Test1", "Tag_Profile_Custom_Test1"] {
        let played = Played::new(vec![(200, field.clone())]);
        let (code, out, _, seen) = played.ask(&["app", "field", "add", name, "--app", "shop", "--read", "friends"], "");
        assert_eq!((code, out.as_str()), (0, expected));
        assert_eq!(seen, [("PUT /standin/v1/apps/shop/fields/Test1".to_owned(), json!({ "read": "friends" }))]);
    }
    let played = Played::new(vec![(200, json!({ "fields": [field] }))]);
    let (code, out, _, seen) = played.ask(&["app", "field", "list", "--app", "shop"], "");
    assert_eq!((code, out.as_str(), seen[0].0.as_str()), (0, expected, "GET /standin/v1/apps/shop/fields"));
    let (code, _, err) = said(&["app", "field", "add", "Test1", "--read", "nobody"], &[]);
    assert!(code == 2 && err.contains("everyone, friends, owner, back-end"), "{err}");
}

#[test]
fn a_user_is_made_and_its_token_shown() {
    let mut made = user();
    made["token"] = json!("t1");
    made["issued_password"] = json!("p2");
    let played = Played::new(vec![(201, made)]);
    let words =
        ["user", "create", "alice@example.com", "--app", "shop", "--name", "Alice", "--extras", "{\"age\": 30}"];
    let more = ["--metadata", "a=1", "--metadata", "b=x=y", "--password-stdin"];
    let (code, out, err, seen) = played.ask(&[&words[..], &more[..]].concat(), "pass word\r\n");
    assert_eq!((code, err.as_str()), (0, ""));
    let body = json!({
        "id": "alice@example.com", "name": "Alice", "extras": { "age": 30 }, "metadata": { "a": "1", "b": "x=y" },
        "password": "pass word"
    });
    assert_eq!(seen, [("POST /standin/v1/apps/shop/users".to_owned(), body)]);
    let expected = "\
id:              alice@example.com
key:             7
state:           active
name:            Alice
status:          two\\nlines
mobile:          -
email:           -
avatar_url:      https://a.example/a.png
picture:         http://127.0.0.1:8080/u/x
extras:          {\"age\":30}
metadata:        {}
created:         2026-01-02T03:04:05.000006Z
updated:         2026-01-02T03:04:05.000006Z
token:           t1
issued password: p2
";
    assert_eq!(out, expected);
}

#[test]
fn users_are_listed_a_page_at_a_time() {
    let played = Played::new(vec![(200, json!({ "users": [user()], "total": 51 }))]);
    let (code, out, _, seen) = played.ask(&["user", "list", "--app", "shop", "--page", "2"], "");
    assert_eq!(code, 0);
    assert_eq!(seen[0].0, "GET /standin/v1/apps/shop/users?page=2&limit=50");
    let expected = "\
ID                 NAME   STATE   CREATED
alice@example.com  Alice  active  2026-01-02T03:04:05.000006Z

Page 2 of 2, 51 users in all.
";
    assert_eq!(out, expected);
}

#[test]
fn an_empty_text_clears_a_field_and_the_id_is_encoded_whole() {
    let played = Played::new(vec![(200, user())]);
    let words = ["user", "set", "../x", "--app", "shop", "--mobile", "", "--metadata", "", "--state", "suspended"];
    let (code, _, _, seen) = played.ask(&words, "");
    assert_eq!(code, 0);
    let body = json!({ "mobile": null, "metadata": null, "state": "suspended" });
    assert_eq!(seen, [("PATCH /standin/v1/apps/shop/users/%2E%2E%2Fx".to_owned(), body)]);
}

#[test]
fn a_token_is_reset_and_a_user_deleted() {
    let played = Played::new(vec![(200, json!({ "token": "t2" }))]);
    let (code, out, _, seen) = played.ask(&["user", "reset-token", "bob", "--app", "shop"], "");
    assert_eq!(
        (code, out.as_str(), seen[0].0.as_str()),
        (0, "t2\n", "POST /standin/v1/apps/shop/users/bob/reset-token")
    );
    let played = Played::new(vec![(204, Value::Null)]);
    let (code, out, _, seen) = played.ask(&["user", "delete", "bob", "--app", "shop"], "");
    assert_eq!(
        (code, out.as_str(), seen[0].0.as_str()),
        (0, "bob is deleted.\n", "DELETE /standin/v1/apps/shop/users/bob")
    );
}

#[test]
fn a_user_is_suspended_and_reactivated() {
    for (word, state, sentence) in [
        ("suspend", "suspended", "bob is suspended: it is signed out and cannot sign in.\n"),
        ("reactivate", "active", "bob is active again.\n"),
    ] {
        let (code, out, _, seen) = Played::new(vec![(200, user())]).ask(&["user", word, "bob", "--app", "shop"], "");
        assert_eq!((code, out.as_str()), (0, sentence));
        let asked = json!({ "state": state });
        assert_eq!(seen, [("PATCH /standin/v1/apps/shop/users/bob".to_owned(), asked)]);
    }
}

#[test]
fn contacts_are_added_listed_page_by_page_and_removed() {
    let contacts = "/standin/v1/apps/shop/users/bob/contacts";
    let ask = |word: &str, more: &[&str], answers| {
        Played::new(answers).ask(&[&["user", "contact", word, "--app", "shop", "bob"], more].concat(), "")
    };
    let (code, out, _, seen) = ask("add", &["a/b"], vec![(204, Value::Null)]);
    assert_eq!((code, out.as_str()), (0, "a/b is now a contact of bob.\n"));
    assert_eq!(seen, [(format!("PUT {contacts}/a%2Fb"), json!({}))]);
    let (code, out, _, seen) = ask("remove", &["ada", "--json"], vec![(204, Value::Null)]);
    assert_eq!((code, serde_json::from_str::<Value>(&out).unwrap()), (0, json!({ "user": "bob", "removed": "ada" })));
    assert_eq!(seen[0].0, format!("DELETE {contacts}/ada"));
    let page = |next: Value| json!({ "contacts": [{ "user": user(), "name": "Al" }], "next": next, "total": 2 });
    let (code, out, _, seen) = ask("list", &[], vec![(200, page(json!(1))), (200, page(Value::Null))]);
    let row = "alice@example.com  Alice  Al\n";
    assert_eq!((code, out), (0, format!("ID                 NAME   CALLED\n{row}{row}")));
    let paths: Vec<&str> = seen.iter().map(|(path, _)| path.as_str()).collect();
    assert_eq!(paths, [0, 1].map(|after| format!("GET {contacts}?limit=1000&after={after}")));
}

#[test]
fn nothing_to_change_and_values_of_no_form_are_wrong_usage() {
    let (code, _, err) = said(&["user", "set", "bob"], &[]);
    assert_eq!(
        (code, err.as_str()),
        (2, "standin: There is nothing to change: give at least one field; --help lists them.\n")
    );
    for word in ["create", "set-password"] {
        let (code, _, err) = said(&["admin", word, "ada"], &[]);
        let expected = "standin: A password is needed: give --password-file FILE, or --password-stdin.\n";
        assert_eq!((code, err.as_str()), (2, expected), "{word}");
    }
    let (code, _, err) = said(&["user", "create", "bob", "--extras", "{"], &[]);
    assert_eq!((code, err.as_str()), (2, "standin: --extras must be JSON, such as '{\"age\": 30}'.\n"));
    let (code, _, err) = said(&["user", "create", "bob", "--metadata", "novalue"], &[]);
    assert_eq!((code, err.as_str()), (2, "standin: --metadata must be KEY=VALUE.\n"));
    let (code, _, err) = said(&["app", "set", "--dialects", "icq"], &[]);
    assert_eq!((code, err.as_str()), (2, "standin: --dialects must be some of qiscus,mirrorfly,tencent.\n"));
    let (code, _, err) = said(&["app", "set", "--registration", "opne"], &[]);
    assert_eq!(code, 2, "{err}");
    assert!(
        err.contains("[possible values: open, new, closed]") && err.contains("similar value exists: 'open'"),
        "{err}"
    );
    let (code, _, err) = said(&["user", "create", "bob", "--password-file", "none"], &[]);
    assert_eq!((code, err.as_str()), (2, "standin: none cannot be read: No such file or directory (os error 2).\n"));
}

#[test]
fn a_refusal_of_the_server_gives_exit_code_1_and_its_own_text() {
    let problem = json!({ "title": "Not Found", "detail": "User not found", "status": 404 });
    let (code, out, err, _) = Played::new(vec![(404, problem)]).ask(&["user", "show", "bob", "--app", "shop"], "");
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", "standin: User not found\n"));
    let (code, _, err, _) = Played::new(vec![(409, json!({ "title": "a\u{1b}[31mb" }))]).ask(&["app", "create"], "");
    assert_eq!((code, err.as_str()), (1, "standin: a [31mb\n"));
    let (code, _, err, _) = Played::new(vec![(200, json!({ "apps": [] }))]).ask(&["app", "show"], "");
    assert_eq!((code, err.as_str()), (1, "standin: There is no app yet: create one with `standin app create`.\n"));
}

#[test]
fn a_server_that_fails_or_breaks_off_is_exit_code_4() {
    let (code, _, err, _) =
        Played::new(vec![(503, json!({ "title": "The server is busy, try again" }))]).ask(&["app", "list"], "");
    assert_eq!((code, err.as_str()), (4, "standin: The server is busy, try again\n"));
    let (code, _, err, _) = Played::new(vec![(500, json!("odd"))]).ask(&["app", "list"], "");
    assert_eq!(
        (code, err.as_str()),
        (4, "standin: The server's response (HTTP 500) is not understood: is the server of this version?\n")
    );
    let (code, _, err, _) = Played::new(Vec::new()).ask(&["app", "list"], "");
    assert_eq!(code, 4);
    assert!(err.starts_with("standin: The server ended the connection without a response"), "{err}");
}

#[test]
fn a_data_folder_whose_path_is_too_long_for_a_socket_address_is_reached() {
    let played = Played::in_subfolder(&"long/".repeat(40), vec![(200, json!({ "apps": [] }))]);
    let (code, out, err, _) = played.ask(&["app", "list", "--json"], "");
    assert_eq!((code, out.as_str(), err.as_str()), (0, "{\n  \"apps\": []\n}\n", ""));
}
