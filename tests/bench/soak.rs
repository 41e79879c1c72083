//! The server under half the load it can bear, for as long as one likes: what grows, and what fails.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, Instant},
};

use actix_web::rt::{System, time as timer};
use futures_util::future;
use jpeg_encoder::{ColorType, Encoder};
use reqwest::{
    Client,
    multipart::{Form, Part},
};
use serde_json::{Value, json};

use crate::{
    Failure,
    process::{self, Serving},
    table,
};

const MINUTES: u32 = 20;

/// Growth is looked for after so much of it, or in the second half of a shorter run.
const WARM_AFTER: Duration = Duration::from_secs(600);

/// How long the load that the server can bear is looked for.
const TOP: Duration = Duration::from_secs(10);

const CLIENTS: u32 = 32;

/// Users that are read and written in turn. They are made while the top rate is looked for, and on the way.
const USERS: u32 = 20_000;

/// Of this many calls, one uploads a photo, ten change a profile, and the others read a profile.
const OF: u32 = 50;
const CHANGES: u32 = 10;

const PHOTO_PX: (u16, u16) = (1280, 960);

const SAMPLE_EVERY: Duration = Duration::from_secs(1);

const APP_ID: &str = "bench";
const SECRET: &str = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
const LICENSE_KEY: &str = "benchlicense";
const PASSWORD: &str = "bench password";

/// `soak [MINUTES]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let minutes: u32 = words.first().map_or(Ok(MINUTES), |word| word.parse())?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let variables = [
        ("STANDIN_APP_ID", APP_ID),
        ("STANDIN_APP_SECRET", SECRET),
        ("STANDIN_LICENSE_KEY", LICENSE_KEY),
        ("STANDIN_APP_PASSWORD", PASSWORD),
    ];
    let server = Serving::standin(&data, "error", &variables)?;
    System::new().block_on(async {
        let load = Load::new(&server).await?;
        let top = load.drive(TOP, None).await / TOP.as_secs_f64();
        load.forget();
        let whole = Duration::from_secs(60) * minutes;
        let watched = watch(&server, &data, whole);
        let (calls, samples) = future::join(load.drive(whole, Some(top / 2.0)), watched).await;
        report(&load, top, calls / whole.as_secs_f64(), whole, &samples?);
        Ok(())
    })
}

/// What clients do.
struct Load {
    client: Client,
    base: String,
    token: Cell<String>,
    photo: Vec<u8>,
    number: Cell<u32>,
    /// How often which failure came.
    failed: RefCell<BTreeMap<String, u32>>,
}

impl Load {
    async fn new(server: &Serving) -> Result<Self, Failure> {
        let (width, height) = PHOTO_PX;
        let row: Vec<u8> = (0..u32::from(width) * 3).map(|at| (at / 3 % 251).to_le_bytes()[0]).collect();
        let mut photo = Vec::new();
        Encoder::new(&mut photo, 85).encode(&row.repeat(height.into()), width, height, ColorType::Rgb)?;
        let load = Self {
            client: Client::new(),
            base: format!("http://{}", server.address),
            token: Cell::default(),
            photo,
            number: Cell::new(0),
            failed: RefCell::default(),
        };
        load.sign_in().await?;
        Ok(load)
    }

    /// A back end's token holds for an hour.
    async fn sign_in(&self) -> Result<(), Failure> {
        let body = json!({ "username": "administrator", "password": PASSWORD });
        let answer = self.client.post(format!("{}/api/v1/login", self.base)).json(&body).send().await?;
        let answer: Value = answer.json().await?;
        let token = answer.pointer("/data/token").and_then(Value::as_str).ok_or("no token")?;
        self.token.set(token.to_owned());
        Ok(())
    }

    /// Calls for so long, at this rate or as fast as answers come; how many were answered.
    async fn drive(&self, whole: Duration, per_second: Option<f64>) -> f64 {
        let end = Instant::now() + whole;
        let client = async |_| {
            let mut calls = 0.0;
            let mut pace = per_second.map(|rate| {
                let mut pace = timer::interval(Duration::from_secs_f64(f64::from(CLIENTS) / rate));
                pace.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
                pace
            });
            while Instant::now() < end {
                if let Some(pace) = &mut pace {
                    pace.tick().await;
                }
                if let Err(failure) = self.call().await {
                    self.note(&failure.into());
                }
                calls += 1.0;
            }
            calls
        };
        let renew = async {
            while Instant::now() < end {
                timer::sleep(SAMPLE_EVERY.min(end.saturating_duration_since(Instant::now()))).await;
                // Far more often than it must be, and far less often than it could be felt.
                if self.number.get() % 600 < 100
                    && let Err(failure) = self.sign_in().await
                {
                    self.note(&failure);
                }
            }
        };
        let (calls, ()) = future::join(future::join_all((0..CLIENTS).map(client)), renew).await;
        calls.iter().sum()
    }

    async fn call(&self) -> Result<(), reqwest::Error> {
        let number = self.number.get();
        self.number.set(number.wrapping_add(1));
        let call = match number % OF {
            // Counted for themselves, so that photos come to all users and nobody's quota of a day is reached.
            0 => self.change(&user(number / OF), number, true),
            of if of <= CHANGES => self.change(&user(number), number, false),
            _ => {
                // Whom a change has named some fifty calls ago: nobody else is sure to be there.
                let user = user((number - number % OF).wrapping_sub(OF - CHANGES));
                let path = format!("{}/api/v2.1/rest/user_profile?user_id={user}", self.base);
                self.client.get(path).header("QISCUS-SDK-APP-ID", APP_ID).header("QISCUS-SDK-SECRET", SECRET)
            }
        };
        let answer = call.send().await?.error_for_status()?;
        answer.bytes().await.map(drop)
    }

    fn change(&self, user: &str, number: u32, with_photo: bool) -> reqwest::RequestBuilder {
        let form = Form::new()
            .text("deviceType", "web")
            .text("licenseKey", LICENSE_KEY)
            .text("userIdentifier", user.to_owned())
            .text("nickname", format!("Name {number}"));
        let form = match with_photo {
            true => form.part("profileFile", Part::bytes(self.photo.clone()).file_name("a.jpg")),
            false => form,
        };
        let token = self.token.take();
        self.token.set(token.clone());
        let call = self.client.post(format!("{}/api/v1/users/createUser", self.base));
        call.header("Authorization", token).multipart(form)
    }

    /// What failed while the top rate was looked for is no part of the soak.
    fn forget(&self) {
        self.failed.take();
    }

    /// Whom a call named is no part of why it failed.
    fn note(&self, failure: &Failure) {
        let mut said = failure.to_string();
        let mut cause = failure.source();
        while let Some(deeper) = cause {
            said = format!("{said}: {deeper}");
            cause = deeper.source();
        }
        said.retain(|c| !c.is_ascii_digit());
        *self.failed.borrow_mut().entry(said).or_default() += 1;
    }
}

/// Whom the call of this number names: each of them once before anybody twice.
fn user(number: u32) -> String {
    format!("u{}", number.wrapping_mul(7919) % USERS)
}

struct Sample {
    at: Duration,
    resident_mib: f64,
    open_files: f64,
    log_mib: f64,
}

async fn watch(server: &Serving, data: &Path, whole: Duration) -> Result<Vec<Sample>, Failure> {
    let (begun, mut samples) = (Instant::now(), Vec::new());
    while begun.elapsed() < whole {
        timer::sleep(SAMPLE_EVERY).await;
        samples.push(Sample {
            at: begun.elapsed(),
            resident_mib: process::memory_kib(server.id(), "VmRSS")? as f64 / 1024.0,
            open_files: fs::read_dir(format!("/proc/{}/fd", server.id()))?.count() as f64,
            log_mib: fs::metadata(data.join("standin.db-wal"))?.len() as f64 / f64::from(1 << 20),
        });
    }
    Ok(samples)
}

fn report(load: &Load, top: f64, rate: f64, whole: Duration, samples: &[Sample]) {
    let warm = WARM_AFTER.min(whole / 2);
    let settled: Vec<&Sample> = samples.iter().filter(|sample| sample.at >= warm).collect();
    let slope = |figure: fn(&Sample) -> f64| per_hour(&settled, figure);
    let most = |figure: fn(&Sample) -> f64| samples.iter().map(figure).fold(0.0, f64::max);
    let last = |figure: fn(&Sample) -> f64| samples.last().map_or(0.0, figure);
    let resident = format!("{:.1} MiB; {:+.2} MiB an hour", last(|s| s.resident_mib), slope(|s| s.resident_mib));
    let files = format!(
        "{:.0}, {:.0} at the most; {:+.1} an hour",
        last(|s| s.open_files),
        most(|s| s.open_files),
        slope(|s| s.open_files)
    );
    let rows = [
        ["calls a second, as many as it can bear".to_owned(), format!("{top:.0}")],
        ["calls a second, in the soak".to_owned(), format!("{rate:.0}")],
        ["calls that failed".to_owned(), load.failed.borrow().values().sum::<u32>().to_string()],
        ["resident at the end; its slope".to_owned(), resident],
        ["open files at the end; their slope".to_owned(), files],
        ["write-ahead log, at the most".to_owned(), format!("{:.1} MiB", most(|s| s.log_mib))],
    ];
    let head = format!("{} min, slopes after {:.1} min", whole.as_secs() / 60, warm.as_secs_f64() / 60.0);
    println!("{}", table::aligned([&head, "figure"], &rows));
    for (failure, times) in &*load.failed.borrow() {
        println!("{times} times: {failure}");
    }
}

/// The middle of the slopes between any two samples (Theil and Sen): a minute in which uploads queue is no growth, and does not count as
/// one; what grows bit by bit does.
fn per_hour(samples: &[&Sample], figure: fn(&Sample) -> f64) -> f64 {
    let hours = |sample: &Sample| sample.at.as_secs_f64() / 3600.0;
    let later = |(n, former)| samples.iter().skip(n + 1).map(move |sample| (former, sample));
    let pairs = samples.iter().enumerate().flat_map(later);
    table::median(
        pairs.map(|(former, later)| (figure(later) - figure(former)) / (hours(later) - hours(former))).collect(),
    )
}
