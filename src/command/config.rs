//! `standin config`: the settings and where they come from.

use std::io::{self, Write as _};

use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Map, Value, json};
use standin::settings::{self, Setting, SettingValue, Settings};

use super::{failure::Failure, flags, output};

const EXAMPLES: &str = "\
Examples:
  standin config show
  standin config show --origin
  STANDIN_LISTEN=:80 standin config show --json

A flag overrides a STANDIN_* variable, which overrides standin.toml, which overrides the default. A secret has no flag, because
the process list shows flags; its variable with _FILE at the end names a file that holds it.";

pub(super) fn command() -> Command {
    let show = Command::new("show")
        .about("Show every setting as `standin serve` would use it, with *** for secrets")
        .after_help(EXAMPLES)
        .arg(Arg::new("origin").long("origin").action(ArgAction::SetTrue).help("Show where each value comes from"))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON, with origins"))
        .args(flags::settings());
    Command::new("config").about("Show the settings").subcommand_required(true).subcommand(show)
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((_, matches)) = matches.subcommand() else { return Ok(()) };
    let raw = flags::gather(matches)?;
    Settings::parse(&raw)?;
    if let Some(warning) = settings::warning_of_ignored(raw.ignored_variables()) {
        // A closed standard error is no reason to fail: the warning is lost, the answer is not.
        let _ = writeln!(io::stderr(), "standin: {warning}");
    }
    if matches.get_flag("json") {
        let entry = |(setting, given): (&'static Setting, Option<&SettingValue>)| {
            let origin = given.map(|given| given.origin.to_string());
            (setting.name.to_owned(), json!({ "value": shown(setting, given), "origin": origin }))
        };
        return output::print_json(&Value::Object(raw.entries().map(entry).collect::<Map<_, _>>()));
    }
    let row = |(setting, given): (&'static Setting, Option<&SettingValue>)| {
        let value = output::shown(shown(setting, given).map(Value::from).as_ref());
        let origin = given.map(|given| given.origin.to_string());
        let unset = || format!("unset: {}", setting.default_in_words());
        let origin = matches.get_flag("origin").then(|| origin.unwrap_or_else(unset));
        [Some(setting.name.to_owned()), Some(value), origin].into_iter().flatten().collect()
    };
    output::print(&output::aligned(&raw.entries().map(row).collect::<Vec<Vec<String>>>()))
}

fn shown(setting: &Setting, given: Option<&SettingValue>) -> Option<String> {
    given.map(|given| if setting.is_secret() { "***".to_owned() } else { given.text.expose().to_owned() })
}
