//! The checks of the public address, in the order in which they depend on each other.

use std::{net::IpAddr, pin::Pin, time::Duration};

use http_body_util::Full;
use hyper::{
    Method, Request,
    body::Bytes,
    header::{CONNECTION, CONTENT_TYPE, HOST, HeaderName, UPGRADE},
};
use rustls::CertificateError;
use serde_json::Value;
use tokio::time::timeout;
use url::Url;

use super::call::{BoxError, CallResponse, Endpoint, Trust};
use crate::command::failure::{Failure, FailureCode};

const WAIT: Duration = Duration::from_secs(5);

/// A certificate that ends within these days should have been renewed.
const DAYS_LEFT_MIN: u64 = 14;

/// A server that can hold fewer connections needs a higher limit of open files, unless its setting asks for fewer.
const CONNECTIONS_WANTED: u64 = 10_000;

/// More than nginx's default limit of 1 MiB for a body, less than the limit for a picture.
const UPLOAD_BYTES: usize = 1536 * 1024;

/// The sample key of RFC 6455 and the response to it.
const SOCKET_KEY: (&str, &str) = ("dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");

const RENEW: &str = "renew it, then reload the proxy, or send SIGHUP where Standin itself speaks TLS";

/// The text of rustls' error for a server that shows an authority's certificate as its own. It has no type for that.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(super) struct CheckResult {
    pub(super) check: &'static str,
    pub(super) found: String,
    pub(super) advice: Option<String>,
}

pub(super) type Finding = Result<String, (String, String)>;

type Check<'a> = Pin<Box<dyn Future<Output = Finding> + 'a>>;

pub(super) fn wrong(found: impl Into<String>, advice: &str) -> (String, String) {
    (found.into(), advice.to_owned())
}

pub(super) struct PublicServer {
    base: Url,
    place: Endpoint,
    socket: Endpoint,
    tile: Url,
    start: String,
    connections_max: u64,
    connections_per_address: u64,
}

impl PublicServer {
    pub(super) fn read(answer: &Value) -> Result<Self, Failure> {
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        let read = || {
            let base = Url::parse(text("public_url")?).ok()?;
            let place = Endpoint {
                host: bare(base.host_str()?),
                port: base.port_or_known_default()?,
                tls: base.scheme() == "https",
            };
            let port = answer.get("socket_port").and_then(Value::as_u64)?;
            let socket = Endpoint { host: bare(text("socket_host")?), port: port.try_into().ok()?, tls: place.tls };
            let tile = Url::parse(text("tile")?).ok()?;
            let number = |key: &str| answer.get(key).and_then(Value::as_u64);
            let (connections_max, connections_per_address) =
                (number("connections_max")?, number("connections_per_address")?);
            let start = text("start")?.to_owned();
            Some(Self { base, place, socket, tile, start, connections_max, connections_per_address })
        };
        read().ok_or_else(|| {
            Failure::new(FailureCode::Server, "The server's response is not understood: is the server of this version?")
        })
    }

    pub(super) fn public_url(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    fn path(&self, path: &str) -> String {
        format!("{}{path}", self.base.path().trim_end_matches('/'))
    }

    fn is_of_this_machine(&self) -> bool {
        let host = self.place.host.as_str();
        let is_loopback = host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        is_loopback || host == "localhost" || host.ends_with(".localhost")
    }

    fn get(&self, path: &str) -> hyper::http::request::Builder {
        self.request(Method::GET, path)
    }

    fn request(&self, method: Method, path: &str) -> hyper::http::request::Builder {
        let request = Request::builder().method(method).uri(path);
        request.header(HOST, self.place.authority()).header(CONNECTION, "close")
    }
}

fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_owned()
}

/// Runs the checks. The first failure on the way to the server ends them, because the rest depends on it.
pub(super) async fn all(target: &PublicServer, trust: &Trust) -> Vec<CheckResult> {
    let way: [(_, Check<'_>); 4] = [
        ("name", Box::pin(name(target))),
        ("port", Box::pin(port(target))),
        ("certificate", Box::pin(certificate(target, trust))),
        ("server", Box::pin(server(target, trust))),
    ];
    let behind: [(_, Check<'_>); 6] = [
        ("headers", Box::pin(headers(target, trust))),
        ("upload", Box::pin(upload(target, trust))),
        ("picture", Box::pin(picture(target, trust))),
        ("websocket", Box::pin(websocket(target, trust))),
        ("figures", Box::pin(figures(target, trust))),
        ("connections", Box::pin(connections(target))),
    ];
    let mut outcomes = Vec::new();
    for (name, check) in way {
        let outcome = outcome(name, bounded(check).await);
        let is_end = outcome.advice.is_some();
        outcomes.push(outcome);
        if is_end {
            return outcomes;
        }
    }
    for (name, check) in behind {
        outcomes.push(outcome(name, bounded(check).await));
    }
    outcomes
}

pub(super) fn outcome(check: &'static str, finding: Finding) -> CheckResult {
    match finding {
        Ok(found) => CheckResult { check, found, advice: None },
        Err((found, advice)) => CheckResult { check, found, advice: Some(advice) },
    }
}

async fn bounded(check: impl Future<Output = Finding>) -> Finding {
    timeout(WAIT, check).await.unwrap_or_else(|_| {
        let found = format!("nothing arrived within {} s", WAIT.as_secs());
        Err(wrong(found, "let the firewall and the proxy forward it"))
    })
}

async fn name(target: &PublicServer) -> Finding {
    let host = &target.place.host;
    match target.place.addresses().await {
        Ok(found) => {
            let shown: Vec<String> = found.iter().take(4).map(|address| address.ip().to_string()).collect();
            Ok(format!("{host} is {}", shown.join(", ")))
        }
        Err(error) => Err(wrong(
            format!("{host} has no address ({error})"),
            "give the name an A or AAAA record, or set public_url to what clients call",
        )),
    }
}

async fn port(target: &PublicServer) -> Finding {
    let port = target.place.port;
    target.place.connect().await.map(|()| format!("{port} answers")).map_err(|error| {
        let advice =
            "let the proxy or `listen` have this port and the firewall pass it, or set public_url to what clients call";
        wrong(format!("{port} does not answer ({error})"), advice)
    })
}

async fn certificate(target: &PublicServer, trust: &Trust) -> Finding {
    if !target.place.tls {
        return Ok("none: plain HTTP, which MirrorFly's SDK takes only with ssl: false".to_owned());
    }
    let host = &target.place.host;
    match trust.certificate(&target.place, Duration::from_secs(DAYS_LEFT_MIN * 86_400)).await {
        Ok(Ok(())) => Ok(format!("is for {host} and holds for {DAYS_LEFT_MIN} days and more")),
        Ok(Err(_)) => Err(wrong(format!("ends within {DAYS_LEFT_MIN} days"), RENEW)),
        Err(error) => Err(distrusted(&error, host).unwrap_or_else(|| {
            let advice = "let the proxy speak TLS on this port, or write https:// before it in `listen`";
            wrong(format!("the TLS handshake failed ({error})"), advice)
        })),
    }
}

fn distrusted(error: &BoxError, host: &str) -> Option<(String, String)> {
    let system = error.downcast_ref::<std::io::Error>()?;
    let Some(rustls::Error::InvalidCertificate(fault)) = system.get_ref()?.downcast_ref::<rustls::Error>() else {
        return None;
    };
    if matches!(fault, CertificateError::Expired | CertificateError::ExpiredContext { .. }) {
        return Some(wrong("has expired", RENEW));
    }
    if matches!(fault, CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }) {
        let advice = "get one for this name, or set public_url and socket_host to names it is for";
        return Some(wrong(format!("is not for {host}"), advice));
    }
    if matches!(fault, CertificateError::Other(other) if other.to_string() == CA_AS_SERVER) {
        let advice = "make it with basicConstraints=CA:FALSE (openssl req: -addext basicConstraints=critical,CA:FALSE)";
        return Some(wrong("is marked as an authority (CA:TRUE)", advice));
    }
    if matches!(fault, CertificateError::UnknownIssuer) {
        let advice =
            "give the whole chain (nginx: ssl_certificate fullchain.pem), or name your own authority with --ca";
        return Some(wrong("is from an authority that browsers do not trust", advice));
    }
    Some(wrong(format!("is not accepted ({error})"), "get one from an authority that browsers trust"))
}

async fn ask(
    place: &Endpoint,
    trust: &Trust,
    request: hyper::http::request::Builder,
    body: Vec<u8>,
) -> Result<CallResponse, CallFailed> {
    let answer = async { place.call(trust, request.body(Full::new(Bytes::from(body)))?).await };
    answer.await.map_err(CallFailed)
}

struct CallFailed(BoxError);

impl From<CallFailed> for (String, String) {
    fn from(CallFailed(error): CallFailed) -> Self {
        wrong(format!("the call broke off ({error})"), "look into the proxy's log")
    }
}

fn json(answer: &CallResponse) -> Value {
    serde_json::from_slice(&answer.body).unwrap_or_default()
}

async fn server(target: &PublicServer, trust: &Trust) -> Finding {
    let answer = ask(&target.place, trust, target.get(&target.path("/")), Vec::new()).await?;
    let body = json(&answer);
    match body.get("start").and_then(Value::as_str) {
        Some(start) if start == target.start => Ok("it is this one".to_owned()),
        Some(_) => Err(wrong(
            "another Standin answers",
            "point the proxy at this server, or name the folder of the other one with --data",
        )),
        None => Err(wrong(
            format!("something else answers, with HTTP {}", answer.status.as_u16()),
            "forward everything (nginx: location / { proxy_pass http://127.0.0.1:8080; proxy_set_header Host $host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; }, Caddy: reverse_proxy 127.0.0.1:8080)",
        )),
    }
}

/// The server refuses a call without an app id before it looks at the secret, and with another status.
async fn headers(target: &PublicServer, trust: &Trust) -> Finding {
    let request = target.get(&target.path("/api/v2.1/rest/get_user_list"));
    let request = request.header("QISCUS_SDK_APP_ID", "standin-doctor").header("QISCUS_SDK_SECRET", "none");
    let answer = ask(&target.place, trust, request, Vec::new()).await?;
    match answer.status.as_u16() {
        401 => Ok("names with underscores come through".to_owned()),
        400 => Err(wrong(
            "names with underscores are dropped",
            "let them pass (nginx: underscores_in_headers on; in the first server block of the address)",
        )),
        status => {
            Err(wrong(format!("a call was answered with HTTP {status}"), "let the proxy forward /api/ unchanged"))
        }
    }
}

/// Sends a login with a file and no name. The server reads it completely, then refuses it in MirrorFly's format.
async fn upload(target: &PublicServer, trust: &Trust) -> Finding {
    const BOUNDARY: &str = "standin-doctor";
    let head = format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"file\"\r\n\r\n");
    let body = [head.as_bytes(), &vec![0; UPLOAD_BYTES], format!("\r\n--{BOUNDARY}--\r\n").as_bytes()].concat();
    let request = target.request(Method::POST, &target.path("/api/v1/login"));
    let request = request.header(CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
    let advice =
        "allow as much as a picture needs (nginx: client_max_body_size 11m; Caddy: request_body max_size 11MB)";
    let answer = ask(&target.place, trust, request, body).await;
    let answer = answer.map_err(|CallFailed(error)| wrong(format!("a body of 1.5 MiB broke off ({error})"), advice))?;
    match json(&answer).get("status").and_then(Value::as_u64) {
        Some(400) => Ok("a body of 1.5 MiB comes through".to_owned()),
        Some(_) | None => {
            Err(wrong(format!("a body of 1.5 MiB is refused with HTTP {}", answer.status.as_u16()), advice))
        }
    }
}

async fn picture(target: &PublicServer, trust: &Trust) -> Finding {
    let answer = ask(&target.place, trust, target.get(target.tile.path()), Vec::new()).await?;
    let kind = answer.headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or("no type");
    match (answer.status.as_u16(), kind) {
        (200, "image/png") if answer.body.starts_with(PNG) => Ok("comes through as image/png".to_owned()),
        (status, kind) => Err(wrong(
            format!("came as HTTP {status} of {kind}"),
            "forward /pictures/ unchanged: no other location for it or for *.png, nothing that rewrites pictures",
        )),
    }
}

/// A proxy on this machine that does not name its clients would show them the figures.
async fn figures(target: &PublicServer, trust: &Trust) -> Finding {
    let path = target.path("/metrics");
    let answer = ask(&target.place, trust, target.get(&path), Vec::new()).await?;
    // A client can send any host name.
    let by_other_name = Request::builder().uri(&path).header(HOST, "localhost").header(CONNECTION, "close");
    let by_other_name = ask(&target.place, trust, by_other_name, Vec::new()).await?;
    let is_shown = [answer, by_other_name].iter().any(|answer| answer.status.as_u16() == 200);
    match (is_shown, target.is_of_this_machine()) {
        (true, false) => Err(wrong(
            "/metrics is readable by every client",
            "block it in the proxy (nginx: location = /metrics { return 404; }), or set metrics to off",
        )),
        (true, true) => Ok("/metrics is readable, because the address is this machine's own".to_owned()),
        (false, _) => Ok("/metrics is not readable".to_owned()),
    }
}

async fn connections(target: &PublicServer) -> Finding {
    let PublicServer { connections_max, connections_per_address, .. } = *target;
    let found = format!("there is room for {connections_max} at one time");
    // If the setting asks for more than half of all connections, one address gets half.
    let is_cut = connections_per_address >= connections_max / 2;
    match is_cut && connections_max < CONNECTIONS_WANTED {
        true => Err((
            format!("{found}, of which one address may have {connections_per_address}: fewer than connections_per_address"),
            "raise the hard limit of open files (`ulimit -Hn`, systemd's LimitNOFILE=), or lower connections_per_address"
                .to_owned(),
        )),
        false => Ok(found),
    }
}

async fn websocket(target: &PublicServer, trust: &Trust) -> Finding {
    const PROTOCOL: HeaderName = HeaderName::from_static("sec-websocket-protocol");
    let (key, expected) = SOCKET_KEY;
    let request = Request::builder().uri("/websocket").header(HOST, target.socket.authority());
    let request = request.header(CONNECTION, "Upgrade").header(UPGRADE, "websocket");
    let request =
        request.header("sec-websocket-version", "13").header("sec-websocket-key", key).header(&PROTOCOL, "xmpp");
    let answer = ask(&target.socket, trust, request, Vec::new()).await.map_err(|CallFailed(error)| {
        let certificate = distrusted(&error, &target.socket.host);
        certificate.map(|(found, advice)| (format!("its certificate {found}"), advice)).unwrap_or_else(|| {
            let advice = "set socket_host and socket_port to where clients reach /websocket, or leave them unset";
            wrong(format!("{} does not answer ({error})", target.socket.authority()), advice)
        })
    })?;
    let header = |name: HeaderName| answer.headers.get(name).and_then(|value| value.to_str().ok());
    let is_upgraded =
        answer.status.as_u16() == 101 && header(HeaderName::from_static("sec-websocket-accept")) == Some(expected);
    match (is_upgraded, header(PROTOCOL)) {
        (true, Some("xmpp")) => Ok(format!("opens at {}/websocket", target.socket.authority())),
        (true, _) => Err(wrong(
            "opens without the sub-protocol xmpp",
            "let Sec-WebSocket-Protocol pass both ways: browsers close a socket without it",
        )),
        (false, _) => Err(wrong(
            format!("/websocket is answered with HTTP {}", answer.status.as_u16()),
            "forward the upgrade (nginx: proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection $connection_upgrade, as docs/operations.md has it; Caddy does it by itself)",
        )),
    }
}
