//! `standin healthcheck`: whether the server on the data folder is ready, for containers and supervisors.

use std::time::Duration;

use clap::{ArgMatches, Command};

use super::{
    control,
    failure::{Code, Failure},
    flags, output,
};

const EXAMPLES: &str = "\
Examples:
  standin healthcheck
  standin healthcheck --data /var/lib/standin

It asks the running server, over the socket of its data folder, what /readyz answers: a row and a file were just written. So it
needs no shell, no curl and no port. Exit code 0: ready. 1: not, or no server runs, and the line says which.";

/// Above the two seconds that the server takes for its answer at the most.
const WAIT_MAX: Duration = Duration::from_secs(4);

pub(super) fn command() -> Command {
    Command::new("healthcheck")
        .about("Ask the running server whether it is ready: exit code 0 or 1")
        .after_help(EXAMPLES)
        .args(flags::folder())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    // A container's health has two words: whatever keeps us from asking is the second.
    let asked = flags::parse(matches).and_then(|settings| {
        let server = control::to_running_server(&settings.data)?;
        server.get_within("/readyz", WAIT_MAX)
    });
    match asked {
        Ok(_) => output::print("ready\n"),
        Err(failure) => Err(Failure::new(Code::Refused, failure.to_string())),
    }
}
