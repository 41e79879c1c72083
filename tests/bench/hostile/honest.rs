//! The honest client: reads and writes through two vendors' doors, at a pace, over connections that it keeps.

use std::{
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};

use super::{
    APP_ID, LICENSE_KEY, PASSWORD, SECRET,
    sockets::{Answer, Connection, JSON, request},
};
use crate::Failure;

/// From one request to the next, unless the answer takes longer.
const PACE: Duration = Duration::from_millis(5);

/// How often its caller looks at the server's memory.
const LOOK_EVERY: u32 = 10;

/// Of so many requests one is a sign-in, or an upload, where these are asked for: a hash and a picture take 20 ms of a core.
const COSTLY_OF: u32 = 10;

/// Users it reads and writes.
const USERS: u32 = 20;

/// No other client calls from its address.
const NUMBER: u32 = 60_000;

/// What it does beside reads and writes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kinds {
    pub(super) sign_in: bool,
    pub(super) upload: bool,
}

pub(super) struct Honest {
    server: SocketAddr,
    qiscus: Connection,
    mirrorfly: Connection,
    token: String,
    kinds: Kinds,
    asked: u32,
}

/// What it saw.
#[derive(Default)]
pub(super) struct Seen {
    waits_ms: Vec<f64>,
    pub(super) refused: Vec<String>,
}

impl Seen {
    pub(super) fn asked(&self) -> usize {
        self.waits_ms.len()
    }

    pub(super) fn percentile_ms(&self, percent: usize) -> f64 {
        let mut waits_ms = self.waits_ms.clone();
        waits_ms.sort_by(f64::total_cmp);
        waits_ms.get(waits_ms.len() * percent / 100).copied().unwrap_or_default()
    }
}

impl Honest {
    pub(super) fn new(server: SocketAddr, kinds: Kinds) -> Result<Self, Failure> {
        let mut mirrorfly = Connection::open(NUMBER, server)?;
        let body = format!("{{\"username\":\"administrator\",\"password\":\"{PASSWORD}\"}}");
        let token = mirrorfly.ask(&request("POST", "/api/v1/login", JSON, body.as_bytes()))?.text("token")?;
        let qiscus = Connection::open(NUMBER, server)?;
        let mut honest = Self { server, qiscus, mirrorfly, token, kinds, asked: 0 };
        for user in 0..USERS {
            let body = format!("{{\"user_id\":\"honest{user}\",\"username\":\"Honest\",\"password\":\"{PASSWORD}\"}}");
            let made = honest.qiscus.ask(&of_qiscus("POST", "login_or_register", body.as_bytes()))?;
            if let Some(refusal) = made.refusal() {
                return Err(refusal.into());
            }
        }
        Ok(honest)
    }

    /// Asks for so long; `look` is called now and then.
    pub(super) fn ask(
        &mut self,
        whole: Duration,
        look: &mut dyn FnMut() -> Result<(), Failure>,
    ) -> Result<Seen, Failure> {
        let (begun, mut seen) = (Instant::now(), Seen::default());
        while begun.elapsed() < whole {
            let asked = Instant::now();
            let answered = self.next();
            seen.waits_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            match answered {
                Ok(answer) => seen.refused.extend(answer.refusal()),
                Err(failure) => {
                    seen.refused.push(failure.to_string());
                    self.connect_again(begun + whole);
                }
            }
            if self.asked.is_multiple_of(LOOK_EVERY) {
                look()?;
            }
            thread::sleep(PACE.saturating_sub(asked.elapsed()));
        }
        Ok(seen)
    }

    fn connect_again(&mut self, until: Instant) {
        while Instant::now() < until {
            if let (Ok(qiscus), Ok(mirrorfly)) =
                (Connection::open(NUMBER, self.server), Connection::open(NUMBER, self.server))
            {
                (self.qiscus, self.mirrorfly) = (qiscus, mirrorfly);
                return;
            }
            thread::sleep(PACE);
        }
    }

    fn next(&mut self) -> Result<Answer, Failure> {
        let number = self.asked;
        self.asked += 1;
        let user = format!("honest{}", number / 4 % USERS);
        let authorization = format!("Authorization: {}\r\n", self.token);
        if number.is_multiple_of(COSTLY_OF) && self.kinds.sign_in {
            let body = format!("{{\"email\":\"{user}\",\"password\":\"{PASSWORD}\"}}");
            let headers = format!("{JSON}QISCUS-SDK-APP-ID: {APP_ID}\r\n");
            return self.qiscus.ask(&request("POST", "/api/v2/sdk/login_or_register", &headers, body.as_bytes()));
        }
        if number.is_multiple_of(COSTLY_OF) && self.kinds.upload {
            let headers = format!("{authorization}Content-Type: multipart/form-data; boundary=XX\r\n");
            return self.mirrorfly.ask(&request("POST", "/api/v1/users/createUser", &headers, &upload(&user)?));
        }
        match number % 4 {
            0 => self.qiscus.ask(&of_qiscus("GET", &format!("user_profile?user_id={user}"), b"")),
            1 => {
                let body = format!("{{\"user_id\":\"{user}\"}}");
                self.qiscus.ask(&of_qiscus("POST", "reset_user_token", body.as_bytes()))
            }
            2 => self.mirrorfly.ask(&request("GET", &format!("/api/v1/users/{user}"), &authorization, b"")),
            _ => {
                let body = format!(
                    "{{\"deviceType\":\"web\",\"licenseKey\":\"{LICENSE_KEY}\",\"nickname\":\"Honest {number}\"}}"
                );
                let headers = format!("{JSON}{authorization}");
                self.mirrorfly.ask(&request("POST", &format!("/api/v1/users/{user}"), &headers, body.as_bytes()))
            }
        }
    }
}

fn of_qiscus(method: &str, call: &str, body: &[u8]) -> Vec<u8> {
    let headers = format!("{JSON}QISCUS-SDK-APP-ID: {APP_ID}\r\nQISCUS-SDK-SECRET: {SECRET}\r\n");
    request(method, &format!("/api/v2.1/rest/{call}"), &headers, body)
}

/// A form with a small picture.
fn upload(user: &str) -> Result<Vec<u8>, Failure> {
    let mut photo = Vec::new();
    jpeg_encoder::Encoder::new(&mut photo, 85).encode(&[128; 64 * 48 * 3], 64, 48, jpeg_encoder::ColorType::Rgb)?;
    let field =
        |name: &str, value: &str| format!("--XX\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
    let form = [
        field("deviceType", "web"),
        field("licenseKey", LICENSE_KEY),
        field("userIdentifier", user),
        "--XX\r\nContent-Disposition: form-data; name=\"profileFile\"; filename=\"x\"\r\n\r\n".to_owned(),
    ];
    Ok([form.concat().as_bytes(), &photo, b"\r\n--XX--\r\n"].concat())
}
