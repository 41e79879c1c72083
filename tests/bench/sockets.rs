//! Connections that are open and idle: what each costs the server, and what others notice of them.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::Arc,
    thread,
    time::Duration,
};

use reqwest::Client;
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, pki_types::ServerName};
use tokio::runtime::Builder;

use crate::{
    Failure,
    chat::{
        heard::qiscus_socket,
        vendors::{self, VARIABLES, Vendors},
    },
    live::{RunningServer, Session},
    process::{self, Serving},
    slow::waits_ms,
    table,
};

/// Connections of each kind.
const COUNT: usize = 10_000;

/// Sessions that one user may have.
const SESSIONS_A_USER: usize = 20;

/// Once all are open, what the server does then is done.
const SETTLED_AFTER: Duration = Duration::from_secs(1);

const ASK: &[u8] = b"HEAD /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Each kind on a server of its own: `sockets [COUNT]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let count = words.first().map_or(Ok(COUNT), |word| word.parse())?;
    rlimit::increase_nofile_limit(u64::MAX)?;
    let rows = [
        row("HTTP, answered once", count, |server, _, _| (0..count).map(|_| plain(server.address)).collect())?,
        row("HTTP over TLS, answered once", count, |_, _, tls| {
            let config = Arc::new(tls.client()?);
            (0..count).map(|_| over_tls(tls.address, &config)).collect()
        })?,
        row("WebSocket, signed in", count, |server, _, _| sessions(server.address, count))?,
        row("Qiscus' realtime socket, signed in", count, |server, data, _| of_qiscus(server, data, count))?,
    ];
    let head = ["idle connections", "memory each", "others alone", "others beside them"];
    println!("{}", table::aligned(head, &rows));
    Ok(())
}

fn row<T>(
    name: &str,
    count: usize,
    open: impl FnOnce(&Serving, &Path, &Tls) -> Result<Vec<T>, Failure>,
) -> Result<[String; 4], Failure> {
    let folder = tempfile::tempdir()?;
    let tls = Tls::new(folder.path())?;
    let variables = [&VARIABLES[..], &tls.variables()].concat();
    let data = folder.path().join("data");
    let server = Serving::standin_with(&data, "warn", &variables, Some(tls.address))?;
    let alone = waits_ms(server.address)?;
    let before_kib = process::memory_kib(server.id(), "VmRSS")?;
    let opened = open(&server, &data, &tls)?;
    thread::sleep(SETTLED_AFTER);
    let grown_kib = process::memory_kib(server.id(), "VmRSS")?.saturating_sub(before_kib);
    let beside = waits_ms(server.address)?;
    drop(opened);
    let each_kib = grown_kib as f64 / count as f64;
    Ok([format!("{count} of {name}"), format!("{each_kib:.1} KiB"), alone.to_string(), beside.to_string()])
}

fn plain(address: SocketAddr) -> Result<TcpStream, Failure> {
    let mut socket = TcpStream::connect(address)?;
    socket.write_all(ASK)?;
    match socket.read(&mut [0; 4096])? {
        0 => Err("the server closed an idle connection".into()),
        _ => Ok(socket),
    }
}

fn over_tls(
    address: SocketAddr,
    config: &Arc<ClientConfig>,
) -> Result<StreamOwned<ClientConnection, TcpStream>, Failure> {
    let client = ClientConnection::new(Arc::clone(config), ServerName::try_from("localhost")?)?;
    let mut socket = StreamOwned::new(client, TcpStream::connect(address)?);
    socket.write_all(ASK)?;
    match socket.read(&mut [0; 4096])? {
        0 => Err("the server closed an idle connection".into()),
        _ => Ok(socket),
    }
}

/// Users sign in, each as often as it may.
pub(crate) fn sessions(address: SocketAddr, count: usize) -> Result<Vec<Session>, Failure> {
    let calls = Builder::new_current_thread().enable_all().build()?;
    let standin = RunningServer { client: Client::new(), address };
    let mut sessions = Vec::new();
    while sessions.len() < count {
        let account = calls.block_on(standin.register(&format!("{}", 9_000_000_000_u64 + sessions.len() as u64)))?;
        for _ in 0..SESSIONS_A_USER.min(count - sessions.len()) {
            sessions.push(Session::open(address, &account)?);
        }
    }
    Ok(sessions)
}

/// As [`sessions`], at Qiscus' realtime server: each with the three topics of its user.
fn of_qiscus(server: &Serving, data: &Path, count: usize) -> Result<Vec<Session>, Failure> {
    let vendors = Vendors::of(server, data)?;
    let users = count.div_ceil(SESSIONS_A_USER);
    vendors.make_users(users)?;
    let mut sessions = Vec::with_capacity(count);
    for user in (0..users).map(vendors::id) {
        let token = vendors.qiscus_token(&user)?;
        let topics = ["c", "n", "update"].map(|kind| format!("{token}/{kind}"));
        for _ in 0..SESSIONS_A_USER.min(count - sessions.len()) {
            sessions.push(qiscus_socket(server.address, &topics)?);
        }
    }
    Ok(sessions)
}

/// A certificate for `localhost`, and where it is shown.
struct Tls {
    address: SocketAddr,
    certificate: String,
    key: String,
    shown: rustls::pki_types::CertificateDer<'static>,
}

impl Tls {
    fn new(folder: &Path) -> Result<Self, Failure> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let written = |name: &str, text: String| -> Result<String, Failure> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            Ok(path.to_str().ok_or("a folder whose name is no text")?.to_owned())
        };
        Ok(Self {
            address: process::free_address()?,
            certificate: written("certificate.pem", made.cert.pem())?,
            key: written("key.pem", made.signing_key.serialize_pem())?,
            shown: made.cert.der().clone(),
        })
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("STANDIN_TLS_CERTIFICATE", &self.certificate), ("STANDIN_TLS_KEY", &self.key)]
    }

    fn client(&self) -> Result<ClientConfig, Failure> {
        let mut roots = RootCertStore::empty();
        roots.add(self.shown.clone())?;
        Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }
}
