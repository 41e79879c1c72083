//! Benchmarks that print figures, one by name: `cargo bench -- idle`. Without a name, the list.
//!
//! Figures hold for the machine and the moment: compare only what one run prints.
#![expect(clippy::print_stdout, reason = "the figures are for the person that runs it")]

mod backup;
mod chat;
mod commits;
mod hello;
mod hostile;
mod idle;
mod live;
mod load;
mod logins;
mod pages;
mod people;
mod pictures;
mod portrait_get;
mod process;
mod reads;
mod restart;
mod slow;
mod small;
mod soak;
mod sockets;
mod table;
mod uploads;
mod users;

use std::process::ExitCode;

/// A benchmark's figures could not be taken, and why.
type Failure = Box<dyn std::error::Error>;

/// A benchmark: its words on the command line, what it shows, and what runs with the words behind its name.
type Benchmark = (&'static str, &'static str, fn(&[String]) -> Result<(), Failure>);

const BENCHMARKS: &[Benchmark] = &[
    ("idle", "the server with nothing to do: ready after, memory, size of its binary", idle::run),
    ("commits", "durable registrations, 256 tasks against one", commits::run),
    ("pages [USERS]", "the first page of a million users against the last one", pages::run),
    ("users [USERS]", "a million users searched, and walked to the end, against the goal of 50 ms", users::run),
    ("reads [USERS]", "a profile over HTTP at a million users against a bare hello", reads::run),
    ("pictures FILE", "all renditions against one vipsthumbnail", pictures::run),
    ("live [LISTENERS]", "a profile change to 10,000 open sessions: heard after, memory", live::run),
    ("chat [MESSAGES]", "messages over each vendor's API: sends, when they are received, pages of 20", chat::run),
    ("logins", "refusals for known and unknown users and apps: whether their times differ", logins::run),
    ("portrait_get", "a hundred profiles in one call of Tencent's REST API: CPU of the server", portrait_get::run),
    ("backup [USERS]", "what writers feel of a backup of 100,000 users, and how long it takes", backup::run),
    ("uploads [BUDGET]", "32 photos of 24 megapixels at once, also on a small budget: memory", uploads::run),
    ("sockets [COUNT]", "10,000 idle connections, plain, TLS, WebSocket: memory each, others' waits", sockets::run),
    ("slow [COUNT]", "400 clients that stall or drip: how long they last, others' waits", slow::run),
    ("small [MIB]", "a server in 512 MiB: users, idle sockets, uploads and messages", small::run),
    ("hostile [STORM]", "an honest client beside storms of hostile ones: refusals, waits, memory", hostile::run),
    ("restart [USERS]", "kill -9 under 32 writers at 100,000 users: the first good answer after", restart::run),
    ("soak [MINUTES]", "half the load it can bear, uploads among it: what grows, what fails", soak::run),
];

/// What a benchmark starts as a process of its own.
const CHILDREN: &[Benchmark] = &[("hello", "", hello::run), ("prepare", "", pictures::prepare)];

fn main() -> ExitCode {
    // cargo adds `--bench`.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let asked = words.split_first().and_then(|(name, rest)| {
        let known = |(usage, ..): &&Benchmark| usage.split(' ').next() == Some(name);
        BENCHMARKS.iter().chain(CHILDREN).find(known).map(|(_, _, run)| run(rest))
    });
    match asked {
        Some(Ok(())) => ExitCode::SUCCESS,
        Some(Err(failure)) => {
            println!("{failure}");
            ExitCode::FAILURE
        }
        None => {
            let rows: Vec<_> = BENCHMARKS.iter().map(|(usage, shows, _)| [(*usage).into(), (*shows).into()]).collect();
            println!("cargo bench -- NAME\n\n{}", table::aligned(["name", "shows"], &rows));
            ExitCode::FAILURE
        }
    }
}
