//! `standin healthcheck`: tells containers and supervisors whether the server is ready.

use std::time::Duration;

use clap::{ArgMatches, Command};

use super::{
    control,
    failure::{Failure, FailureCode},
    flags, output,
};

const EXAMPLES: &str = "\
Examples:
  standin healthcheck
  standin healthcheck --data /var/lib/standin

It calls /readyz of the running server over the socket of its data folder, so it needs no shell, no curl and no port. Ready means
that the server has just written a row and a file. Exit code 0: ready. 1: not ready, or no server runs; the message says which.";

/// More than the two seconds that the server takes at most.
const WAIT_MAX: Duration = Duration::from_secs(4);

pub(super) fn command() -> Command {
    Command::new("healthcheck")
        .about("Ask the running server whether it is ready: exit code 0 or 1")
        .after_help(EXAMPLES)
        .args(flags::folder())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    // A container knows only healthy and unhealthy, so every failure has the same exit code.
    let asked = flags::parse(matches).and_then(|settings| {
        let server = control::to_running_server(&settings.data)?;
        server.get_within("/readyz", WAIT_MAX)
    });
    match asked {
        Ok(_) => output::print("ready\n"),
        Err(failure) => Err(Failure::new(FailureCode::Refused, failure.to_string())),
    }
}
