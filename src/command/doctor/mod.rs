//! `standin doctor`: checks the data folder, and whether clients reach the running server by its public address,
//! through the proxy if there is one. No secret is needed or sent, and nothing changes.

mod call;
mod checks;
mod folder;

use std::path::PathBuf;

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Value, json};
use standin::settings;

use self::checks::{CheckResult, PublicServer};
use super::{
    app::json_flag,
    control,
    failure::{Failure, FailureCode},
    flags, output,
};

const EXAMPLES: &str = "\
Examples:
  standin doctor
  standin doctor --data /var/lib/standin
  standin doctor --ca company-root.pem --json

Run it on the server's own machine. It changes nothing. It reads the database for at most 10 seconds, and each call to the public
address waits for at most 5. If a check fails that others depend on, those are skipped. Without a running server only the folder is checked.
Exit code 0: no check failed. 1: a check failed, and its line says what to change. 3: there is no database to check.";

pub(super) fn command() -> Command {
    let authority = Arg::new("ca").long("ca").value_name("FILE").value_parser(value_parser!(PathBuf));
    Command::new("doctor")
        .about("Check the data folder and whether clients reach the running server, and say what to change")
        .after_help(EXAMPLES)
        .arg(authority.help("Trust the certificate authorities in this PEM file as well as those that browsers trust"))
        .arg(json_flag())
        .args(flags::folder())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let authorities = matches.get_one::<PathBuf>("ca").map(|path| {
        settings::read_file(path)
            .map_err(|error| Failure::new(FailureCode::Usage, format!("{} cannot be read: {error}.", path.display())))
    });
    let trust = call::Trust::new(authorities.transpose()?.as_deref())?;
    let settings = flags::parse(matches)?;
    let is_json = matches.get_flag("json");
    let control = match control::to_running_server(&settings.data) {
        Ok(control) => control,
        Err(none) => {
            if settings.data.join("standin.db").is_file() {
                let outcomes = folder::all(&settings, None);
                tell(is_json, None, &outcomes)?;
                let shown = settings.data.display();
                refused(&outcomes, &format!(", and no server answers on {shown}"))?;
                return match is_json {
                    true => Ok(()),
                    false => output::print(&format!("No server runs on {shown}, so only the folder was checked.\n")),
                };
            }
            return Err(none);
        }
    };
    let mut outcomes = folder::all(&settings, Some(&control));
    let target = PublicServer::read(&control.get("/standin/v1/server")?)?;
    let outside = control.runtime().block_on(checks::all(&target, &trust));
    let why = match failed(&outside) {
        0 => format!(": the data folder {} is not as it should be", settings.data.display()),
        _ => format!(": clients do not reach all of {}", target.public_url()),
    };
    outcomes.extend(outside);
    tell(is_json, Some(target.public_url()), &outcomes)?;
    refused(&outcomes, &why)
}

fn refused(outcomes: &[CheckResult], why: &str) -> Result<(), Failure> {
    match failed(outcomes) {
        0 => Ok(()),
        n => Err(Failure::new(FailureCode::Refused, format!("{n} of {} checks failed{why}.", outcomes.len()))),
    }
}

fn failed(outcomes: &[CheckResult]) -> usize {
    outcomes.iter().filter(|outcome| outcome.advice.is_some()).count()
}

fn tell(is_json: bool, public_url: Option<&str>, outcomes: &[CheckResult]) -> Result<(), Failure> {
    match is_json {
        true => output::print_json(&json!({
            "public_url": public_url,
            "ok": failed(outcomes) == 0,
            "checks": outcomes.iter().map(object).collect::<Vec<Value>>(),
        })),
        false => output::print(&outcomes.iter().map(line).collect::<String>()),
    }
}

fn object(outcome: &CheckResult) -> Value {
    json!({
        "check": outcome.check, "ok": outcome.advice.is_none(), "found": outcome.found, "advice": outcome.advice
    })
}

fn line(outcome: &CheckResult) -> String {
    let CheckResult { check, found, advice } = outcome;
    let said = match advice {
        None => format!("ok      {check:12} {found}"),
        Some(advice) => format!("FAILED  {check:12} {found}: {advice}"),
    };
    // Another server's text must not control the terminal.
    format!("{}\n", said.replace(char::is_control, " "))
}
