//! The room that every dialect's requests come through: forms, strict JSON, the guard, addresses.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::{
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    body::BoxBody,
    dev::{ServerHandle, ServiceRequest, ServiceResponse},
    error::ErrorForbidden,
    http::StatusCode,
    middleware::{Next, from_fn},
    web::{self, Data},
};
use serde_json::{Value, json};
use standin::{
    domain::{error::Error, time::Moment},
    http::{
        form::{BodyFault, Form, FormLimits, read_object},
        middleware::RequestMiddleware,
        spool::Spool,
    },
};
use tempfile::TempDir;

mod addresses;
mod bodies;
mod middleware;
mod strict_json;

/// A server with one endpoint, which answers what it read.
struct TestServer {
    addr: SocketAddr,
    spool: TempDir,
    server: ServerHandle,
}

/// What came back on a connection.
struct Answer {
    status: u16,
    head: String,
    body: Value,
}

const LIMITS: FormLimits = FormLimits {
    json_bytes_max: 1024 * 1024,
    field_bytes_max: 8 * 1024,
    wide_fields: &["extras"],
    wide_bytes_max: 64 * 1024,
    parts_max: 200,
    part_head_bytes_max: 4 * 1024,
    files_max: 4,
    file_bytes_max: 10 * 1024 * 1024,
    keeps_files: true,
    wait_max: Duration::from_secs(60),
};

impl TestServer {
    fn open() -> Self {
        Self::with(LIMITS)
    }

    fn with(limits: FormLimits) -> Self {
        let spool = tempfile::tempdir().unwrap();
        let folder = Spool::new(spool.path(), 64);
        let guard = RequestMiddleware::new(Moment::from_micros(0x1000));
        let (tell, reported) = mpsc::channel();
        thread::spawn(move || {
            let server = HttpServer::new(move || {
                App::new()
                    .wrap(guard.middleware())
                    .app_data(Data::new(limits))
                    .app_data(Data::new(folder.clone()))
                    .route("/form", web::to(tell_form))
                    .route("/object", web::to(tell_object))
                    .route("/never", web::to(never_answer))
                    .route("/deaf", web::to(|| async { HttpResponse::Ok().json(json!({ "deaf": true })) }))
                    .service(web::scope("/refused").wrap(from_fn(refuse)))
                    .default_service(web::to(|| async {
                        HttpResponse::NotFound().json(json!({ "error": "nothing here" }))
                    }))
            });
            let server = server.workers(1).bind(("127.0.0.1", 0)).unwrap();
            let addr = server.addrs()[0];
            let server = server.disable_signals().run();
            tell.send((addr, server.handle())).unwrap();
            actix_web::rt::System::new().block_on(server).unwrap();
        });
        let (addr, server) = reported.recv().unwrap();
        Self { addr, spool, server }
    }

    /// Sends these very bytes and reads one answer.
    fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = connect(self.addr);
        let _ = stream.write_all(request); // a refusal may come before all is sent
        Answer::from(&mut stream)
    }

    fn post(&self, path: &str, content_type: &str, body: &[u8]) -> Answer {
        self.post_with(path, &format!("Content-Type: {content_type}\r\n"), body)
    }

    fn post_with(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let head = format!("POST {path} HTTP/1.1\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
        self.raw(&[head.as_bytes(), body].concat())
    }

    fn multipart(&self, body: &[u8]) -> Answer {
        self.post("/form", "multipart/form-data; boundary=XX", body)
    }

    fn assert_spool_empty(&self) {
        assert_eq!(std::fs::read_dir(self.spool.path()).unwrap().count(), 0, "an upload left a file");
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        actix_web::rt::System::new().block_on(self.server.stop(false));
        self.assert_spool_empty();
    }
}

fn connect(addr: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(20))).unwrap();
    stream
}

impl Answer {
    fn from(stream: &mut TcpStream) -> Self {
        let mut bytes = Vec::new();
        let mut chunk = [0; 4096];
        let at = loop {
            if let Some(at) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break at + 4;
            }
            let read = match stream.read(&mut chunk) {
                Ok(0) => panic!("the connection ended before an answer"),
                read => read.expect("an answer"),
            };
            bytes.extend_from_slice(&chunk[..read]);
        };
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let length =
            head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        while bytes.len() < at + length.unwrap_or(0) {
            let read = stream.read(&mut chunk).expect("the rest of an answer");
            assert!(read > 0, "the connection ended within an answer");
            bytes.extend_from_slice(&chunk[..read]);
        }
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self { status, body: serde_json::from_slice(&bytes[at..]).unwrap_or(Value::Null), head }
    }

    fn said(&self) -> (u16, &str) {
        (self.status, self.body["error"].as_str().unwrap_or_default())
    }
}

fn refusal(fault: &BodyFault) -> HttpResponse {
    let status = match fault {
        BodyFault::Malformed(_) | BodyFault::BrokenOff => StatusCode::BAD_REQUEST,
        BodyFault::TooLarge { .. } | BodyFault::TooMany { .. } => StatusCode::PAYLOAD_TOO_LARGE,
        BodyFault::Unsupported(_) => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        BodyFault::TimedOut { .. } | BodyFault::TooSlow => StatusCode::REQUEST_TIMEOUT,
        BodyFault::Server(Error::StorageFull) => StatusCode::INSUFFICIENT_STORAGE,
        BodyFault::Server(_) => StatusCode::INTERNAL_SERVER_ERROR,
    };
    HttpResponse::build(status).json(json!({ "error": fault.to_string() }))
}

fn reported<T>(read: Result<T, Error>, tell: impl FnOnce(T) -> Value) -> Value {
    read.map_or_else(|error| json!({ "error": error.to_string() }), tell)
}

/// Whether a client waits for the endpoint that never answers.
static IS_WAITED_FOR: AtomicBool = AtomicBool::new(false);

async fn never_answer() -> HttpResponse {
    IS_WAITED_FOR.store(true, Ordering::SeqCst);
    std::future::pending().await
}

async fn tell_form(
    head: HttpRequest,
    payload: web::Payload,
    limits: Data<FormLimits>,
    spool: Data<Spool>,
) -> HttpResponse {
    let read = match head.method().as_str() {
        "GET" => Form::query(head.query_string()),
        _ => Form::read(&head, payload, &limits, &spool).await,
    };
    let mut form = match read {
        Ok(form) => form,
        Err(fault) => return refusal(&fault),
    };
    let file = form.file("file");
    HttpResponse::Ok().json(json!({
        "name": reported(form.text("name"), |text| json!(text)),
        "other": reported(form.text("other"), |text| json!(text)),
        "many": reported(form.texts("many"), |texts| json!(texts)),
        "mode": reported(form.value("mode"), |value| json!(value)),
        "extras": reported(form.json("extras"), |value| json!(value)),
        "file": reported(file, |file| json!(file.map(|file| {
            let reported = json!(file.bytes());
            let bytes = file.read().unwrap();
            json!({ "told": reported, "bytes": bytes.len(), "sum": bytes.iter().map(|b| u64::from(*b)).sum::<u64>() })
        }))),
    }))
}

async fn refuse(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse, actix_web::Error> {
    Err(ErrorForbidden("refused by a middleware"))
}

async fn tell_object(head: HttpRequest, payload: web::Payload, limits: Data<FormLimits>) -> HttpResponse {
    match read_object(&head, payload, &limits).await {
        Ok(object) => HttpResponse::Ok().json(object),
        Err(fault) => refusal(&fault),
    }
}

/// A part of a multipart body with the boundary `XX`.
fn part(name: &str, more: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"{more}\r\n\r\n");
    [head.as_bytes(), body, b"\r\n"].concat()
}

fn whole(parts: &[Vec<u8>]) -> Vec<u8> {
    [parts.concat(), b"--XX--\r\n".to_vec()].concat()
}
