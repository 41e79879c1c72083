//! `standin doctor`: the true server seen through a small proxy, whole and with one thing broken at a time.

use std::{
    fs::{OpenOptions, Permissions},
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    os::unix::fs::{FileExt as _, MetadataExt as _, PermissionsExt as _},
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use super::{
    photo,
    standin::{Standin, standin},
    tls::{self, Authority},
};

/// What a proxy does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    ElsewhereEntirely,
    AnotherStandin,
    DropsUnderscores,
    RefusesBodies,
    CutsBodies,
    RewritesPictures,
    NoUpgrade,
    ForgetsSubProtocol,
    SaysNothing,
}

/// A server before the server, on a loopback port of its own. It ends with the process.
struct Proxy {
    port: u16,
    upstream: Arc<AtomicU16>,
}

impl Proxy {
    fn with(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, upstream) = (listener.local_addr().unwrap().port(), Arc::new(AtomicU16::new(0)));
        let to = Arc::clone(&upstream);
        thread::spawn(move || {
            for client in listener.incoming().map(Result::unwrap) {
                let to = Arc::clone(&to);
                // A client that goes away in the middle is no matter of the test's.
                thread::spawn(move || serve(client, fault, to.load(Ordering::SeqCst)).unwrap_or_default());
            }
        });
        Self { port, upstream }
    }

    /// A server with this public address.
    async fn server_behind(&self) -> Standin {
        self.before_a_house_called("127.0.0.1").await
    }

    /// The same under another name of this machine.
    async fn before_a_house_called(&self, host: &str) -> Standin {
        let standin = Standin::with(&[("STANDIN_PUBLIC_URL", &format!("http://{host}:{}", self.port))]).await;
        let port = standin.base().rsplit_once(':').unwrap().1.parse().unwrap();
        self.upstream.store(port, Ordering::SeqCst);
        standin
    }
}

fn serve(mut client: TcpStream, fault: Fault, upstream: u16) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if client.read(&mut byte)? == 0 {
            return Ok(());
        }
        head.extend_from_slice(&byte);
    }
    let mut head = String::from_utf8(head).unwrap();
    let path = head.split(' ').nth(1).unwrap().to_owned();
    let mut say = |status: &str, more: &str, body: &str| {
        write!(client, "HTTP/1.1 {status}\r\ncontent-length: {}\r\n{more}\r\n{body}", body.len())
    };
    match (path.as_str(), fault) {
        (_, Fault::SaysNothing) => {
            thread::sleep(Duration::from_secs(30));
            return Ok(());
        }
        ("/", Fault::ElsewhereEntirely) => return say("200 OK", "", "Welcome to nginx!"),
        ("/", Fault::AnotherStandin) => return say("200 OK", "", "{\"name\":\"standin\",\"start\":\"1\"}"),
        ("/api/v1/login", Fault::RefusesBodies) => {
            say("413 Too Large", "connection: close\r\n", "<html>413</html>")?;
            // As nginx does: what is still coming is read, or the answer would be lost in a reset.
            client.set_read_timeout(Some(Duration::from_secs(1)))?;
            return io::copy(&mut client, &mut io::sink()).map(|_| ());
        }
        ("/api/v1/login", Fault::CutsBodies) => return Ok(()),
        (path, Fault::RewritesPictures) if path.starts_with("/pictures/") => {
            return say("200 OK", "content-type: image/webp\r\n", "RIFF");
        }
        ("/websocket", Fault::NoUpgrade) => return say("400 Bad Request", "", ""),
        ("/websocket", fault) => {
            let protocol = if fault == Fault::ForgetsSubProtocol { "" } else { "sec-websocket-protocol: xmpp\r\n" };
            assert!(head.to_ascii_lowercase().contains("sec-websocket-protocol: xmpp\r\n"), "{head}");
            return write!(
                client,
                "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n{protocol}\r\n"
            );
        }
        (_, _) => {}
    }
    if fault == Fault::DropsUnderscores {
        let kept = |line: &&str| !line.split(':').next().unwrap().contains('_');
        head = head.split("\r\n").filter(kept).collect::<Vec<_>>().join("\r\n");
    }
    let mut server = TcpStream::connect(("127.0.0.1", upstream))?;
    server.write_all(head.as_bytes())?;
    let (mut from_client, mut to_server) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || io::copy(&mut from_client, &mut to_server));
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// Runs the doctor: its exit code, what it printed, what it complained of.
fn doctor(data: &Path, words: &[&str]) -> (i32, String, String) {
    let output = standin(data).arg("doctor").args(words).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// The line of a check.
fn line<'a>(said: &'a str, check: &str) -> &'a str {
    said.lines().find(|line| line.split_whitespace().nth(1) == Some(check)).unwrap_or_else(|| panic!("{check}: {said}"))
}

/// What a check found.
fn found<'a>(said: &'a str, check: &str) -> &'a str {
    line(said, check)[21..].trim_end()
}

/// How many lines are about the way to the server, not its folder.
fn outside(said: &str) -> usize {
    said.lines().count() - FOLDER_CHECKS
}

const FOLDER: [&str; FOLDER_CHECKS] =
    ["folder", "lock", "disk", "database", "schema", "pages", "pictures", "key", "clock"];

const OUTSIDE: [&str; 10] =
    ["name", "port", "certificate", "server", "headers", "upload", "picture", "websocket", "figures", "connections"];

/// How many lines are about the folder.
const FOLDER_CHECKS: usize = 9;

/// The version of the schema: how many steps lead to it.
const SCHEMA: u32 = 15;

#[actix_web::test]
async fn behind_a_proxy_that_passes_everything_on_all_is_well() {
    let proxy = Proxy::with(Fault::None);
    let standin = proxy.server_behind().await;
    let (code, said, complained) = doctor(&standin.data(), &[]);
    let port = proxy.port;
    let expected = format!(
        "ok      folder       {data} is closed to others\n\
         ok      lock         held by the running server, process {pid}\n\
         ok      disk         {free}\n\
         ok      database     {sizes}\n\
         ok      schema       version {schema}, as this program knows it\n\
         ok      pages        all sound\n\
         ok      pictures     0 kept\n\
         ok      key          in server.key, in the same folder as the data that it encrypts; it is this database's\n\
         ok      clock        not behind what is stored\n\
         ok      name         127.0.0.1 is 127.0.0.1\n\
         ok      port         {port} answers\n\
         ok      certificate  none: plain HTTP, which MirrorFly's SDK takes only with ssl: false\n\
         ok      server       it is this one\n\
         ok      headers      names with underscores come through\n\
         ok      upload       a body of 1.5 MiB comes through\n\
         ok      picture      comes through as image/png\n\
         ok      websocket    opens at 127.0.0.1:{port}/websocket\n\
         ok      figures      /metrics is readable, because the address is this machine's own\n\
         ok      connections  {room}\n",
        data = standin.data().display(),
        pid = standin.pid(),
        free = found(&said, "disk"),
        sizes = found(&said, "database"),
        room = found(&said, "connections"),
        schema = SCHEMA,
    );
    assert!(found(&said, "disk").ends_with("iB free"), "{said}");
    assert!(found(&said, "database").contains("KiB, and "), "{said}");
    assert_eq!((code, said.as_str(), complained.as_str()), (0, expected.as_str(), ""));
}

#[actix_web::test]
async fn a_name_under_localhost_means_this_machine_as_in_browsers() {
    let standin = Proxy::with(Fault::None).before_a_house_called("standin.localhost").await;
    let (code, said, complained) = doctor(&standin.data(), &[]);
    assert_eq!(line(&said, "name"), "ok      name         standin.localhost is 127.0.0.1, ::1");
    assert_eq!((code, complained.as_str()), (0, ""), "{said}");
}

#[actix_web::test]
async fn each_fault_of_a_proxy_is_named_with_its_remedy() {
    for (fault, check, said) in [
        (
            Fault::ElsewhereEntirely,
            "server",
            "something else answers, with HTTP 200: forward everything (nginx: location / { proxy_pass",
        ),
        (Fault::AnotherStandin, "server", "another Standin answers: point the proxy at this server"),
        (
            Fault::DropsUnderscores,
            "headers",
            "names with underscores are dropped: let them pass (nginx: underscores_in_headers on;",
        ),
        (
            Fault::RefusesBodies,
            "upload",
            "a body of 1.5 MiB is refused with HTTP 413: allow as much as a picture needs (nginx: client_max_body_size 11m;",
        ),
        (Fault::CutsBodies, "upload", "a body of 1.5 MiB broke off ("),
        (Fault::RewritesPictures, "picture", "came as HTTP 200 of image/webp: forward /pictures/ unchanged"),
        (
            Fault::NoUpgrade,
            "websocket",
            "/websocket is answered with HTTP 400: forward the upgrade (nginx: proxy_http_version 1.1;",
        ),
        (
            Fault::ForgetsSubProtocol,
            "websocket",
            "opens without the sub-protocol xmpp: let Sec-WebSocket-Protocol pass",
        ),
    ] {
        let proxy = Proxy::with(fault);
        let standin = proxy.server_behind().await;
        let (code, printed, complained) = doctor(&standin.data(), &[]);
        let base = format!("http://127.0.0.1:{}", proxy.port);
        let checks = printed.lines().count();
        let expected = format!("standin: 1 of {checks} checks failed: clients do not reach all of {base}.\n");
        assert_eq!((code, complained), (1, expected), "{fault:?}");
        assert!(line(&printed, check).starts_with(&format!("FAILED  {check:12} {said}")), "{fault:?}: {printed}");
        assert_eq!(printed.matches("FAILED").count(), 1, "{fault:?}: {printed}");
    }
}

#[actix_web::test]
async fn doctor_waits_5_seconds_for_a_silent_server() {
    let standin = Proxy::with(Fault::SaysNothing).server_behind().await;
    let begun = Instant::now();
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!(code, 1);
    assert!(line(&said, "server").contains("nothing arrived within 5 s: let the firewall"), "{said}");
    assert!((5..9).contains(&begun.elapsed().as_secs()), "{:?}", begun.elapsed());
}

#[actix_web::test]
async fn an_unknown_host_and_a_closed_port_give_different_errors() {
    let standin = Standin::with(&[("STANDIN_PUBLIC_URL", "http://standin.invalid")]).await;
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!((code, outside(&said)), (1, 1), "the rest is left out: {said}");
    assert!(line(&said, "name").starts_with("FAILED  name         standin.invalid has no address ("), "{said}");
    assert!(said.contains("): give the name an A or AAAA record"), "{said}");

    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let standin = Standin::with(&[("STANDIN_PUBLIC_URL", &format!("http://{free}"))]).await;
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!((code, outside(&said)), (1, 2), "{said}");
    assert!(
        line(&said, "port").starts_with(&format!("FAILED  port         {} does not answer (", free.port())),
        "{said}"
    );
}

#[actix_web::test]
async fn a_certificate_is_held_to_its_name_its_dates_and_its_authority() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().unwrap());
    let own = folder.path().join("authority.pem");
    std::fs::write(&own, authority.pem()).unwrap();
    let known = ["--ca", own.to_str().unwrap()];
    let unknown_issuer = "FAILED  certificate  is from an authority that browsers do not trust: give the whole chain";
    for (name, days, words, said) in [
        ("127.0.0.1", 15, &known[..], "ok      certificate  is for 127.0.0.1 and holds for 14 days and more"),
        ("127.0.0.1", 13, &known[..], "FAILED  certificate  ends within 14 days: renew it"),
        ("127.0.0.1", 0, &known[..], "FAILED  certificate  has expired: renew it"),
        ("chat.example", 90, &known[..], "FAILED  certificate  is not for 127.0.0.1: get one for this name"),
        ("127.0.0.1", 90, &[][..], unknown_issuer),
    ] {
        let standin = tls::server("https://127.0.0.1:0", &authority.files(name, days)).await;
        thread::sleep(Duration::from_secs(u64::from(days == 0)));
        let (_, printed, _) = doctor(&standin.data(), words);
        assert!(line(&printed, "certificate").starts_with(said), "{name} {days}: {printed}");
        let is_good = said.starts_with("ok");
        assert_eq!(printed.contains("ok      picture "), is_good, "over TLS: {printed}");
    }
}

#[actix_web::test]
async fn a_self_signed_certificate_is_accepted_unless_it_is_marked_as_an_authority() {
    let marked = "FAILED  certificate  is marked as an authority (CA:TRUE): make it with basicConstraints=CA:FALSE (";
    for (is_ca, said) in [(true, marked), (false, "ok      certificate  is for 127.0.0.1 and holds for 14 days")] {
        let files = Authority::self_signed("127.0.0.1", is_ca);
        let standin = tls::server("https://127.0.0.1:0", &files).await;
        let (_, printed, _) = doctor(&standin.data(), &["--ca", &files.certificate()]);
        assert!(line(&printed, "certificate").starts_with(said), "{printed}");
    }
}

#[actix_web::test]
async fn a_socket_elsewhere_is_looked_for_there() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port().to_string();
    let standin = Standin::with(&[("STANDIN_SOCKET_HOST", "localhost"), ("STANDIN_SOCKET_PORT", &free)]).await;
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!(code, 1);
    let expected = format!("FAILED  websocket    localhost:{free} does not answer (");
    assert!(line(&said, "websocket").starts_with(&expected), "{said}");
    assert!(said.contains("): set socket_host and socket_port to where clients reach /websocket"), "{said}");
}

#[actix_web::test]
async fn plain_http_behind_an_https_public_url_is_reported() {
    let mut standin = Standin::fresh().await;
    let base = standin.base().replace("http://", "https://");
    standin.terminate();
    let (listen, public) = (base.trim_start_matches("https://").to_owned(), base.clone());
    let standin = Standin::with(&[("STANDIN_LISTEN", &listen), ("STANDIN_PUBLIC_URL", &public)]).await;
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!(code, 1);
    assert!(line(&said, "certificate").starts_with("FAILED  certificate  the TLS handshake failed ("), "{said}");
}

#[actix_web::test]
async fn it_answers_in_json_for_programs() {
    let standin = Proxy::with(Fault::DropsUnderscores).server_behind().await;
    let (code, said, _) = doctor(&standin.data(), &["--json"]);
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!((code, &said["ok"]), (1, &Value::Bool(false)));
    let checks = said["checks"].as_array().unwrap();
    let names: Vec<_> = checks.iter().map(|check| check["check"].as_str().unwrap()).collect();
    assert_eq!(names[..FOLDER_CHECKS], FOLDER);
    assert_eq!(names[FOLDER_CHECKS..], OUTSIDE);
    let failed: Vec<_> = checks.iter().filter(|check| check["ok"] == Value::Bool(false)).collect();
    assert_eq!(failed.len(), 1, "{said}");
    assert_eq!(failed[0]["found"], "names with underscores are dropped");
    assert!(failed[0]["advice"].as_str().unwrap().contains("underscores_in_headers on;"));
    assert!(checks[0]["advice"].is_null());
}

#[actix_web::test]
async fn doctor_reports_a_stopped_server_and_a_useless_ca_file() {
    let mut standin = Standin::fresh().await;
    let useless = standin.data().join("server.key");
    let (code, _, complained) = doctor(&standin.data(), &["--ca", useless.to_str().unwrap()]);
    let said = "standin: --ca must name a PEM file of certificates of authorities: it holds none.\n";
    assert_eq!((code, complained.as_str()), (2, said));
    standin.terminate();
    let (code, printed, complained) = doctor(&standin.data(), &[]);
    assert_eq!((code, complained.as_str()), (0, ""), "a healthy folder: {printed}");
    assert_eq!(printed.lines().count(), FOLDER_CHECKS + 1, "{printed}");
    assert_eq!(printed.matches("FAILED").count(), 0, "{printed}");
    assert_eq!(found(&printed, "lock"), "free: no server runs");
    let note = format!("No server runs on {}, so only the folder was checked.", standin.data().display());
    assert_eq!(printed.lines().last(), Some(note.as_str()));
    let (code, printed, _) = doctor(&standin.data(), &["--json"]);
    assert_eq!((code, serde_json::from_str::<Value>(&printed).unwrap()["ok"].clone()), (0, Value::Bool(true)));
    let empty = tempfile::tempdir().unwrap();
    let (code, _, complained) = doctor(empty.path(), &[]);
    assert_eq!(code, 3, "there is nothing to check: {complained}");
    assert!(complained.starts_with("standin: No server runs on the data folder "), "{complained}");
}

#[actix_web::test]
async fn each_fault_of_the_data_folder_is_named_with_its_remedy() {
    let mut standin = Standin::fresh().await;
    let data = standin.data();
    let token = standin.back_end_token().await;
    standin.create_user_with_picture(&token, "ada", "photo.jpg", photo::jpeg(64, 64)).await;
    std::fs::set_permissions(data.join("standin.db"), Permissions::from_mode(0o644)).unwrap();
    let key = standin.pictures_on_disk().remove(0);
    std::fs::remove_dir_all(data.join("pictures").join(&key[..2])).unwrap();
    let (code, said, complained) = doctor(&data, &[]);
    let shown = data.display();
    assert_eq!(code, 1);
    assert_eq!(
        complained,
        format!(
            "standin: 2 of {} checks failed: the data folder {shown} is not as it should be.\n",
            said.lines().count()
        )
    );
    let expected = format!("open to others: {shown}/standin.db (0644): chmod -R go= {shown}");
    assert_eq!(found(&said, "folder"), expected);
    assert!(
        found(&said, "pictures").starts_with("1 kept, and the files of 1 of them are not there: restore"),
        "{said}"
    );
    assert_eq!(said.matches("FAILED").count(), 2, "{said}");

    standin.terminate();
    let key = std::fs::read(data.join("server.key")).unwrap();
    std::fs::write(data.join("server.key"), "00".repeat(32)).unwrap();
    let (code, said, complained) = doctor(&data, &[]);
    let expected = format!("standin: 3 of {FOLDER_CHECKS} checks failed, and no server answers on {shown}.\n");
    assert_eq!((code, complained), (1, expected), "{said}");
    let expected = "in server.key, in the same folder as the data that it encrypts; it is another database's: give back the key of this folder";
    assert_eq!(found(&said, "key"), expected);
    std::fs::remove_file(data.join("server.key")).unwrap();
    let (_, said, _) = doctor(&data, &[]);
    assert!(found(&said, "key").starts_with("not found: put it back as server.key"), "{said}");
    std::fs::write(data.join("server.key"), key).unwrap();

    let database = OpenOptions::new().write(true).open(data.join("standin.db")).unwrap();
    // Past the schema on the first page, every page but the last is garbage.
    database.write_all_at(&[0xa5; 4096 * 20], 4096).unwrap();
    let (_, said, _) = doctor(&data, &[]);
    assert!(found(&said, "pages").starts_with("damaged ("), "{said}");
    assert!(said.contains("): stop the server, keep a copy of the folder, and restore the last backup"), "{said}");
    assert_eq!(said.lines().last(), Some(line(&said, "pages")), "the rest is left out");
}

#[actix_web::test]
async fn it_changes_nothing_in_a_folder_that_no_server_runs_on() {
    let mut standin = Standin::fresh().await;
    standin.login_or_register(serde_json::json!({ "user_id": "ada", "password": "a key", "username": "Ada" })).await;
    standin.terminate();
    let state = || {
        let mut files: Vec<_> = std::fs::read_dir(standin.data())
            .unwrap()
            .map(|entry| {
                let (path, known) = entry.map(|entry| (entry.path(), entry.metadata().unwrap())).unwrap();
                (std::fs::read(&path).unwrap_or_default(), path, known.modified().unwrap(), known.mode())
            })
            .collect();
        files.sort();
        files
    };
    let before = state();
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!((code, said.matches("FAILED").count()), (0, 0), "{said}");
    assert!(before == state(), "a file of the folder changed");
}

#[actix_web::test]
async fn a_server_that_does_not_answer_is_named_by_its_process() {
    let standin = Standin::fresh().await;
    std::fs::remove_file(standin::settings::control_socket(&standin.data()).unwrap().path()).unwrap();
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!(code, 1);
    let pid = standin.pid();
    let expected = format!("held by process {pid}, which does not answer on the control socket: look at its log");
    assert!(found(&said, "lock").starts_with(&expected), "{said}");
}

#[actix_web::test]
async fn promise_64_too_low_a_limit_of_open_files_is_named_with_its_remedy() {
    let standin = Standin::under("ulimit -n 256", &[]).await;
    let (_, said, _) = doctor(&standin.data(), &[]);
    let line = found(&said, "connections");
    assert!(
        line.starts_with("there is room for ")
            && line.contains(": fewer than connections_per_address: raise the hard limit"),
        "{said}"
    );
    standin.logged("half of all: for the 20000 of connections_per_address raise the limit").await;
    let standin = Standin::under("ulimit -n 256", &[("STANDIN_CONNECTIONS_PER_ADDRESS", "40")]).await;
    let (code, said, _) = doctor(&standin.data(), &[]);
    assert_eq!((code, found(&said, "connections").starts_with("there is room for ")), (0, true), "{said}");
}
