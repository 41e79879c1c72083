//! `standin doctor`: whether clients reach the running server by its public address, and what to change where they do not.
//!
//! Everything is asked from outside in, as a client would: through whatever proxy stands before the server. The control socket says
//! what to look for; no secret is needed or sent.

mod call;
mod checks;

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use standin::settings;

use self::checks::{Outcome, Target};
use super::{
    app::json_flag,
    control,
    failure::{Code, Failure},
    flags, output,
};

const EXAMPLES: &str = "\
Examples:
  standin doctor
  standin doctor --data /var/lib/standin
  standin doctor --ca company-root.pem --json

Run it where clients are, or on the server's own machine. Each check waits 5 seconds at the most; where one fails that the
others build on, those are left out. Exit code 0: all is well. 1: something is to be changed, and the line says what.";

pub(super) fn command() -> Command {
    let authority = Arg::new("ca").long("ca").value_name("FILE").value_parser(value_parser!(PathBuf));
    Command::new("doctor")
        .about("Check from outside in whether clients reach the running server, and say what to change")
        .after_help(EXAMPLES)
        .arg(authority.help("Trust the authorities of this PEM file too, beside those that browsers trust"))
        .arg(json_flag())
        .args(flags::folder())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let authorities = matches.get_one::<PathBuf>("ca").map(|path| {
        settings::read_file(path)
            .map_err(|error| Failure::new(Code::Usage, format!("{} cannot be read: {error}.", path.display())))
    });
    let trust = call::Trust::new(authorities.transpose()?.as_deref())?;
    let control = control::to_running_server(&flags::parse(matches)?.data)?;
    let target = Target::read(&control.get("/standin/v1/server")?)?;
    let outcomes = control.runtime().block_on(checks::all(&target, &trust));
    let failed = outcomes.iter().filter(|outcome| outcome.advice.is_some()).count();
    match matches.get_flag("json") {
        true => output::print_json(&json!({
            "public_url": target.public_url(),
            "ok": failed == 0,
            "checks": outcomes.iter().map(object).collect::<Vec<Value>>(),
        }))?,
        false => output::print(&outcomes.iter().map(line).collect::<String>())?,
    }
    match failed {
        0 => Ok(()),
        _ => Err(Failure::new(Code::Refused, format!("Clients do not reach all of {}.", target.public_url()))),
    }
}

fn object(outcome: &Outcome) -> Value {
    json!({
        "check": outcome.check, "ok": outcome.advice.is_none(), "found": outcome.found, "advice": outcome.advice
    })
}

fn line(outcome: &Outcome) -> String {
    let Outcome { check, found, advice } = outcome;
    let said = match advice {
        None => format!("ok      {check:12} {found}"),
        Some(advice) => format!("FAILED  {check:12} {found}: {advice}"),
    };
    // What a stranger's server said controls no terminal.
    format!("{}\n", said.replace(char::is_control, " "))
}
