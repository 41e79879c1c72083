//! One-to-one messages: durable sends over each vendor's API, when the other side receives them, and the cost of pages.

pub(crate) mod heard;
mod pages;
mod sends;
pub(crate) mod vendors;

use std::path::Path;

use crate::{Failure, process::Serving, table};
use vendors::Vendors;

/// Pairs of users that write at once, each in a conversation of its own.
const PAIRS: usize = 256;

/// Sends by many and by one, what a listener waits for, pages of long lists: `chat [MESSAGES]`.
pub(crate) fn run(words: &[String]) -> Result<(), Failure> {
    let messages = words.first().map_or(Ok(pages::MESSAGES), |word| word.parse())?;
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("data");
    let server = serve(&data)?;
    let vendors = Vendors::of(&server, &data)?;
    vendors.make_users(2 * PAIRS + heard::LISTENERS)?;
    let head = ["durable sends", "a second", "p99", "CPU each", "one alone, p99"];
    println!("{}\n", table::aligned(head, &sends::rows(&server, &vendors, folder.path())?));
    let head = ["received by", "median", "p99"];
    println!("{}\n", table::aligned(head, &heard::rows(&vendors)?));
    drop(server);
    let head = ["pages of 20", "CPU each", "median"];
    println!("{}", table::aligned(head, &pages::rows(&data, messages, folder.path())?));
    Ok(())
}

/// Sends over Tencent's REST API by all pairs; how many a second.
pub(crate) fn tencent_sends(server: &Serving, data: &Path, folder: &Path) -> Result<f64, Failure> {
    let vendors = Vendors::of(server, data)?;
    vendors.make_users(2 * PAIRS)?;
    sends::per_second(server, &sends::tencent(&vendors), folder)
}

fn serve(data: &Path) -> Result<Serving, Failure> {
    Serving::standin(data, "warn", &vendors::VARIABLES)
}
