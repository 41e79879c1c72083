//! The flags of the settings, made from the table of the settings.

use std::{num::NonZeroUsize, path::PathBuf, thread};

use clap::{Arg, ArgMatches, builder::NonEmptyStringValueParser, value_parser};
use standin::settings::{
    self, FILE, FILE_VARIABLE, RawSettings, SETTINGS, Setting, SettingForm, SettingSources, Settings,
};

use super::failure::Failure;

const FILE_FLAG: &str = "config";

/// Returns a flag for every setting that may have one, and `--config`.
pub(super) fn settings() -> impl Iterator<Item = Arg> {
    SETTINGS.into_iter().filter_map(flag).chain([file()])
}

/// Returns the flags of a command that calls the server: the data folder and the settings file.
pub(super) fn folder() -> impl Iterator<Item = Arg> {
    let data = SETTINGS.into_iter().filter(|setting| setting.name == "data").filter_map(flag);
    data.chain([file()]).map(|flag| flag.help_heading("Data"))
}

/// Gathers the settings from the flags, the environment, the settings file and the machine.
pub(super) fn gather(matches: &ArgMatches) -> Result<RawSettings, Failure> {
    // A command defines only some of the flags. A flag that it does not define is not given.
    let given = |setting: &Setting| matches.try_get_one::<String>(setting.name).ok().flatten().cloned();
    let surroundings = SettingSources {
        flags: SETTINGS.into_iter().filter_map(|setting| Some((setting.name, given(setting)?))).collect(),
        file: matches.get_one::<PathBuf>(FILE_FLAG).cloned(),
        environment: std::env::vars_os().collect(),
        read: &settings::read_file,
        cores: thread::available_parallelism().map_or(1, NonZeroUsize::get),
    };
    Ok(RawSettings::gather(&surroundings)?)
}

/// Like [`gather`], checked and parsed.
pub(super) fn parse(matches: &ArgMatches) -> Result<Settings, Failure> {
    Ok(Settings::parse(&gather(matches)?)?)
}

/// Returns a word that a command needs, such as the id of a user.
pub(super) fn word(id: &'static str, value_name: &'static str, help: &'static str) -> Arg {
    Arg::new(id).value_name(value_name).required(true).value_parser(NonEmptyStringValueParser::new()).help(help)
}

/// Returns a text that was given on the command line; empty if it was not.
pub(super) fn given<'a>(matches: &'a ArgMatches, id: &str) -> &'a str {
    matches.try_get_one::<String>(id).ok().flatten().map(String::as_str).unwrap_or_default()
}

fn flag(setting: &'static Setting) -> Option<Arg> {
    let help = format!("{} [{}; default: {}]", setting.help, setting.variable(), setting.default_in_words());
    let arg = Arg::new(setting.name)
        .long(setting.flag()?)
        .value_name(setting.form.placeholder())
        .help(help)
        .help_heading(setting.group);
    Some(match setting.form {
        // `--demo` and `--demo=false`; without the equals sign the next word would be taken for its value.
        SettingForm::Switch => arg.num_args(0..=1).require_equals(true).default_missing_value("true"),
        SettingForm::Text(..)
        | SettingForm::Hidden(_)
        | SettingForm::Word(_)
        | SettingForm::Number { .. }
        | SettingForm::Size { .. } => arg,
    })
}

fn file() -> Arg {
    Arg::new(FILE_FLAG).long("config").value_name("FILE").value_parser(value_parser!(PathBuf)).help(format!(
        "Read settings from this file [{FILE_VARIABLE}; default: {FILE} in the working directory, if it is there]"
    ))
}
