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

/// The budget of a machine with 256 MiB, if none is set.
const SMALL_BUDGET: &str = "64MiB";

/// All photos at once, the server's peak from its start to the last answer: with the default budget, then with a small one, or with the
/// one that is named: `uploads [BUDGET]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let photos = photos()?;
    let budgets = match words.first() {
        Some(budget) => vec![Some(budget.as_str())],
        None => vec![None, Some(SMALL_BUDGET)],
    };
    for budget in budgets {
        arrive_together(&photos, budget)?;
    }
    Ok(())
}

fn arrive_together(photos: &[Vec<u8>], budget: Option<&str>) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let mut variables = vec![("STANDIN_LICENSE_KEY", LICENSE_KEY), ("STANDIN_APP_PASSWORD", PASSWORD)];
    variables.extend(budget.map(|budget| ("STANDIN_DECODE_BUDGET_BYTES", budget)));
    let server = Serving::standin(&folder.path().join("data"), "info", &variables)?;
    let (client, base) = (Client::new(), format!("http://{}/api/v1", server.address));
    let begun = Instant::now();
    let answers = System::new().block_on(all(&client, &base, photos))?;
    let lasted_s = begun.elapsed().as_secs_f64();
    let refused: Vec<_> = answers.iter().flatten().collect();
    let mut rows = vec![
        ["taken".to_owned(), (answers.len() - refused.len()).to_string()],
        ["refused, with the reason".to_owned(), refused.len().to_string()],
        ["all answered after".to_owned(), format!("{lasted_s:.1} s")],
    ];
    for (name, line) in [("resident at the peak", "VmHWM"), ("resident afterwards", "VmRSS")] {
        rows.push([name.to_owned(), format!("{} MiB", process::memory_kib(server.id(), line)? >> 10)]);
    }
    let budget = budget.map_or_else(|| "the default".to_owned(), |budget| format!("decode_budget_bytes = {budget}"));
    let head = format!("32 photos of 24 megapixels, {budget}");
    println!("{}", table::aligned([head.as_str(), "figure"], &rows));
    if let Some(reason) = refused.first() {
        println!("{reason}");
    }
    Ok(())
}

/// Uploads all at once; of each, why it was refused, if it was.
pub(crate) async fn all(client: &Client, base: &str, photos: &[Vec<u8>]) -> Result<Vec<Option<String>>, Failure> {
    let token = sign_in(client, base).await?;
    let photos = (0..TOGETHER).zip(photos.iter().cycle());
    let uploads = photos.map(|(number, photo)| upload(client, base, &token, number, photo.clone()));
    future::try_join_all(uploads).await
}

/// A baseline photo as phones make it, a progressive one, and what costs a decoder the most: progressive, colour in full resolution.
pub(crate) fn photos() -> Result<Vec<Vec<u8>>, Failure> {
    [(false, SamplingFactor::F_2_2), (true, SamplingFactor::F_2_2), (true, SamplingFactor::F_1_1)]
        .into_iter()
        .map(|(is_progressive, sampling)| photo(is_progressive, sampling))
        .collect()
}

fn photo(is_progressive: bool, sampling: SamplingFactor) -> Result<Vec<u8>, Failure> {
    let row: Vec<u8> = (0..u32::from(WIDTH_PX) * 3).map(|at| (at / 3 % 251).to_le_bytes()[0]).collect();
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, 90);
    encoder.set_progressive(is_progressive);
    encoder.set_sampling_factor(sampling);
    encoder.encode(&row.repeat(HEIGHT_PX.into()), WIDTH_PX, HEIGHT_PX, ColorType::Rgb)?;
    Ok(file)
}

async fn sign_in(client: &Client, base: &str) -> Result<String, Failure> {
    let body = json!({ "username": "administrator", "password": PASSWORD });
    let answer: Value = client.post(format!("{base}/login")).json(&body).send().await?.json().await?;
    let token = answer.pointer("/data/token").and_then(Value::as_str);
    Ok(token.ok_or_else(|| format!("no token: {answer}"))?.to_owned())
}

/// Uploads one; why it was refused, if it was.
async fn upload(
    client: &Client,
    base: &str,
    token: &str,
    number: u32,
    photo: Vec<u8>,
) -> Result<Option<String>, Failure> {
    let form = Form::new()
        .text("deviceType", "web")
        .text("licenseKey", LICENSE_KEY)
        .text("userIdentifier", format!("u{number}"))
        .part("profileFile", Part::bytes(photo).file_name("photo.jpg"));
    let call = client.post(format!("{base}/users/createUser")).header("Authorization", token).multipart(form);
    let answer = call.send().await?;
    let status = answer.status().as_u16();
    let said = answer.text().await?;
    match status {
        200 => Ok(None),
        400 => Ok(Some(said)),
        _ => Err(format!("{status}: {said}").into()),
    }
}
