//! Large photos that arrive together: each is answered, and memory stays bounded.

use std::time::Instant;

use actix_web::rt::System;
use futures_util::future;
use jpeg_encoder::{ColorType, Encoder, SamplingFactor};
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

/// Clients, each with a photo of its own user.
const TOGETHER: u32 = 32;

/// 24 megapixels, as phones make them.
const WIDTH_PX: u16 = 6_000;
const HEIGHT_PX: u16 = 4_000;

const LICENSE_KEY: &str = "benchlicense";
const PASSWORD: &str = "bench password";

/// All photos at once, the server's peak from its start to the last answer.
pub(crate) fn run(_: &[String]) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let variables = [("STANDIN_LICENSE_KEY", LICENSE_KEY), ("STANDIN_APP_PASSWORD", PASSWORD)];
    let server = Serving::standin(&folder.path().join("data"), "info", &variables)?;
    let photo = photo()?;
    let mut rows = vec![["one photo".to_owned(), format!("{:.1} MB", photo.len() as f64 / 1e6)]];
    let (client, base) = (Client::new(), format!("http://{}/api/v1", server.address));
    let begun = Instant::now();
    System::new().block_on(async {
        let token = sign_in(&client, &base).await?;
        let uploads = (0..TOGETHER).map(|number| upload(&client, &base, &token, number, photo.clone()));
        future::try_join_all(uploads).await
    })?;
    rows.push(["all answered after".to_owned(), format!("{:.1} s", begun.elapsed().as_secs_f64())]);
    for (name, line) in [("resident at the peak", "VmHWM"), ("resident afterwards", "VmRSS")] {
        rows.push([name.to_owned(), format!("{} MiB", process::memory_kib(server.id(), line)? >> 10)]);
    }
    println!("{}", table::aligned(["32 progressive 4:4:4 photos of 24 megapixels", "figure"], &rows));
    Ok(())
}

/// What costs a decoder the most: progressive, colour in full resolution.
fn photo() -> Result<Vec<u8>, Failure> {
    let row: Vec<u8> = (0..u32::from(WIDTH_PX) * 3).map(|at| (at / 3 % 251).to_le_bytes()[0]).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_progressive(true);
    encoder.set_sampling_factor(SamplingFactor::F_1_1);
    encoder.encode(&row.repeat(HEIGHT_PX.into()), WIDTH_PX, HEIGHT_PX, ColorType::Rgb)?;
    Ok(file)
}

async fn sign_in(client: &Client, base: &str) -> Result<String, Failure> {
    let body = json!({ "username": "administrator", "password": PASSWORD });
    let answer: Value = client.post(format!("{base}/login")).json(&body).send().await?.json().await?;
    let token = answer.pointer("/data/token").and_then(Value::as_str);
    Ok(token.ok_or_else(|| format!("no token: {answer}"))?.to_owned())
}

async fn upload(client: &Client, base: &str, token: &str, number: u32, photo: Vec<u8>) -> Result<(), Failure> {
    let form = Form::new()
        .text("deviceType", "web")
        .text("licenseKey", LICENSE_KEY)
        .text("userIdentifier", format!("u{number}"))
        .part("profileFile", Part::bytes(photo).file_name("photo.jpg"));
    let call = client.post(format!("{base}/users/createUser")).header("Authorization", token).multipart(form);
    call.send().await?.error_for_status()?;
    Ok(())
}
