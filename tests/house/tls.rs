//! TLS: plain and encrypted side by side, a certificate that is renewed under way, files that cannot serve.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
    sync::Arc,
    time::{Duration, SystemTime},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned, crypto::ring, pki_types::CertificateDer};
use tempfile::TempDir;

use super::standin::{Standin, standin};

/// The longest wait of a client here.
const WAIT: Duration = Duration::from_secs(5);

/// Days that a certificate holds unless a test says otherwise.
const DAYS: u64 = 90;

/// A certificate authority of a test's own.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate in files, as an operator has it.
pub(crate) struct Files {
    folder: TempDir,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap())
    }

    /// Its own certificate, for clients that trust it.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// The PEM texts of a certificate for `name` and of its key.
    pub(crate) fn issue(&self, name: &str, days: u64) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let now = SystemTime::now();
        params.not_before = (now - Duration::from_secs(86_400 * 30)).into();
        params.not_after = (now + Duration::from_secs(86_400 * days)).into();
        (params.signed_by(&key, &self.0).unwrap().pem(), key.serialize_pem())
    }

    /// A certificate for `name` that signs itself, in files: that of an authority, as `openssl req -x509` makes it by default, or not.
    pub(crate) fn self_signed(name: &str, is_ca: bool) -> Files {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.is_ca = if is_ca { IsCa::Ca(BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        let files = Files { folder: tempfile::tempdir().unwrap() };
        files.write(&(params.self_signed(&key).unwrap().pem(), key.serialize_pem()));
        files
    }

    /// As [`Authority::issue`], in files.
    pub(crate) fn files(&self, name: &str, days: u64) -> Files {
        let files = Files { folder: tempfile::tempdir().unwrap() };
        files.write(&self.issue(name, days));
        files
    }

    fn client(&self) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        config.with_root_certificates(roots).with_no_client_auth()
    }
}

impl Files {
    pub(crate) fn certificate(&self) -> String {
        self.folder.path().join("chain.pem").to_str().unwrap().to_owned()
    }

    pub(crate) fn key(&self) -> String {
        self.folder.path().join("key.pem").to_str().unwrap().to_owned()
    }

    fn write(&self, (certificate, key): &(String, String)) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
    }
}

/// A server with this `listen` setting and these files.
pub(crate) async fn server(listen: &str, files: &Files) -> Standin {
    let (certificate, key) = (files.certificate(), files.key());
    let tls = [("STANDIN_LISTEN", listen), ("STANDIN_TLS_CERTIFICATE", &certificate), ("STANDIN_TLS_KEY", &key)];
    Standin::with(&tls).await
}

/// A connection over TLS, and what the server showed on it.
struct Connection(StreamOwned<ClientConnection, TcpStream>);

impl Connection {
    fn to(base: &str, client: ClientConfig) -> io::Result<Self> {
        let address = base.strip_prefix("https://").expect("it speaks TLS");
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(WAIT)).unwrap();
        let tls = ClientConnection::new(Arc::new(client), "127.0.0.1".try_into().unwrap()).unwrap();
        let mut connection = Self(StreamOwned::new(tls, stream));
        while connection.0.conn.is_handshaking() {
            connection.0.conn.complete_io(&mut connection.0.sock)?;
        }
        Ok(connection)
    }

    fn shown(&self) -> CertificateDer<'static> {
        self.0.conn.peer_certificates().unwrap()[0].clone().into_owned()
    }

    /// The front page, as text with its head; the connection stays open.
    fn front(&mut self) -> String {
        self.0.write_all(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").unwrap();
        let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
        while !answer.ends_with(b"}}") {
            let read = self.0.read(&mut piece).unwrap();
            assert!(read > 0, "closed after {:?}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&piece[..read]);
        }
        String::from_utf8(answer).unwrap()
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject as _;
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[actix_web::test]
async fn plain_http_and_tls_are_served_side_by_side() {
    let authority = Authority::new();
    let server = server("127.0.0.1:0,https://127.0.0.1:0", &authority.files("127.0.0.1", DAYS)).await;
    server.logged("the first app is").await;
    let bases = server.bases();
    let [plain, tls] = &bases[..] else { panic!("{bases:?}") };
    assert!(plain.starts_with("http://") && tls.starts_with("https://"), "{bases:?}");
    assert_eq!(server.get("/").await.status, 200);
    let front = Connection::to(tls, authority.client()).unwrap().front();
    assert!(front.starts_with("HTTP/1.1 200 OK"), "{front}");
    assert!(front.contains(&format!("{plain}/api/v1")), "addresses are those of the first listener: {front}");
}

#[actix_web::test]
async fn without_a_public_url_a_first_listener_over_tls_hands_out_https_addresses() {
    let authority = Authority::new();
    let server = server("https://127.0.0.1:0", &authority.files("127.0.0.1", DAYS)).await;
    let front = Connection::to(server.base(), authority.client()).unwrap().front();
    assert!(front.contains(&format!("\"{}/api/v1\"", server.base())), "{front}");
}

#[actix_web::test]
async fn tls_connections_use_http_1_1_only() {
    let authority = Authority::new();
    let server = server("https://127.0.0.1:0", &authority.files("127.0.0.1", DAYS)).await;
    let mut client = authority.client();
    client.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let connection = Connection::to(server.base(), client.clone()).unwrap();
    assert_eq!(connection.0.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    client.alpn_protocols = vec![b"h2".to_vec()];
    assert!(Connection::to(server.base(), client).is_err(), "nothing in common");
}

fn hang_up(server: &Standin) {
    assert!(Command::new("kill").arg("-HUP").arg(server.pid().to_string()).status().unwrap().success());
}

#[actix_web::test]
async fn a_renewed_certificate_is_shown_after_sighup_and_open_connections_go_on() {
    let authority = Authority::new();
    let files = authority.files("127.0.0.1", DAYS);
    let server = server("https://127.0.0.1:0", &files).await;
    let mut before = Connection::to(server.base(), authority.client()).unwrap();
    before.front();
    let renewed = authority.issue("127.0.0.1", DAYS);
    files.write(&renewed);
    assert_ne!(before.shown(), der(&renewed.0));
    hang_up(&server);
    server.logged(&format!("the certificate {} was read again", files.certificate())).await;
    assert_eq!(Connection::to(server.base(), authority.client()).unwrap().shown(), der(&renewed.0));
    assert!(before.front().starts_with("HTTP/1.1 200 OK"), "the former connection");
}

#[actix_web::test]
async fn a_faulty_new_file_is_logged_by_name_and_the_former_certificate_stays() {
    let authority = Authority::new();
    let files = authority.files("127.0.0.1", DAYS);
    let server = server("https://127.0.0.1:0", &files).await;
    let shown = Connection::to(server.base(), authority.client()).unwrap().shown();
    fs::write(files.key(), "half a key").unwrap();
    hang_up(&server);
    server.logged(&format!("tls_key: {} holds no PRIVATE KEY block", files.key())).await;
    server.logged("; the former certificate stays").await;
    assert_eq!(Connection::to(server.base(), authority.client()).unwrap().shown(), shown);
}

#[test]
fn files_that_cannot_serve_stop_the_start_with_a_sentence_that_names_them() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().unwrap();
    let refused = |files: &Files, said: &str| {
        let mut command = standin(&folder.path().join("data"));
        command.args(["serve", "--listen", "https://127.0.0.1:0", "--tls-certificate", &files.certificate()]);
        let output = command.args(["--tls-key", &files.key()]).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{output:?}");
        assert_eq!(String::from_utf8(output.stderr).unwrap(), format!("standin: {said}\n"));
    };
    let fresh = || authority.files("127.0.0.1", DAYS);
    let write = |path: String, text: &str| fs::write(path, text).unwrap();

    let files = fresh();
    write(files.certificate(), "no certificate");
    refused(&files, &format!("tls_certificate: {} holds no CERTIFICATE block.", files.certificate()));

    let files = fresh();
    fs::remove_file(files.key()).unwrap();
    refused(&files, &format!("tls_key: {} cannot be read: No such file or directory (os error 2).", files.key()));

    let files = fresh();
    write(files.key(), &fs::read_to_string(files.certificate()).unwrap());
    let said = "holds no PRIVATE KEY block (one with a passphrase is not read)";
    refused(&files, &format!("tls_key: {} {said}.", files.key()));

    let files = fresh();
    write(files.key(), &authority.issue("127.0.0.1", DAYS).1);
    let said = format!("is not the key of the certificate {}", files.certificate());
    refused(&files, &format!("tls_key: {} {said}.", files.key()));
    assert!(!Path::new(&folder.path().join("data")).exists(), "nothing was made");
}
