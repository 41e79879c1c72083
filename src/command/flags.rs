//! The settings as flags, made from their table.

use std::{num::NonZeroUsize, path::PathBuf, thread};

use clap::{Arg, ArgMatches, value_parser};
use standin::settings::{
    self, FILE, FILE_VARIABLE, RawSettings, SETTINGS, Setting, SettingForm, SettingSources, Settings,
};

use super::failure::Failure;

const FILE_FLAG: &str = "config";

/// A flag for every setting that may have one, and `--config`.
pub(super) fn settings() -> impl Iterator<Item = Arg> {
    SETTINGS.into_iter().filter_map(flag).chain([file()])
}

/// What a command that reaches the data needs: where that is, and where it may be written down.
pub(super) fn folder() -> impl Iterator<Item = Arg> {
    let data = SETTINGS.into_iter().filter(|setting| setting.name == "data").filter_map(flag);
    data.chain([file()]).map(|flag| flag.help_heading("Data"))
}

/// Settings as the flags, the environment, the settings file and the machine say.
pub(super) fn gather(matches: &ArgMatches) -> Result<RawSettings, Failure> {
    // A command defines some of the flags only; asking for another one is no error here.
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

/// As [`gather`], as valid values.
pub(super) fn parse(matches: &ArgMatches) -> Result<Settings, Failure> {
    Ok(Settings::parse(&gather(matches)?)?)
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
