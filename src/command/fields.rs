//! The fields of an app or user as flags, and the JSON body that they make.

use std::{io, path::PathBuf};

use clap::{Arg, ArgAction, ArgGroup, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use serde_json::{Map, Value, json};
use standin::settings;

use super::failure::{Failure, FailureCode};

/// A field: its key in the body, which also names its flag, and how its value is written.
pub(super) struct FlagField {
    key: &'static str,
    kind: FlagKind,
    help: &'static str,
}

/// How the value of a field is written on the command line.
pub(super) enum FlagKind {
    /// A text; an empty one clears the field.
    Text(&'static str),
    Word(&'static [&'static str]),
    Number,
    Switch,
    /// A JSON object; an empty text clears the field.
    Json,
    /// `KEY=VALUE`, repeatable; an empty text clears the field.
    Pairs,
    /// Texts, comma-separated; an empty text clears the field.
    List(&'static str),
    /// Some of these words, comma-separated. Each word is a boolean in the body.
    Choice(&'static [&'static str]),
    /// A secret, only from a file or standard input, because the process list shows flags.
    Secret,
}

pub(super) const fn field(key: &'static str, kind: FlagKind, help: &'static str) -> FlagField {
    FlagField { key, kind, help }
}

/// Adds a flag for each of `fields` to `command`, and two for a secret. Standard input holds at most one secret.
pub(super) fn add(command: Command, fields: impl IntoIterator<Item = &'static FlagField>) -> Command {
    let args: Vec<Arg> = fields.into_iter().flat_map(args).collect();
    let is_stdin = |arg: &&Arg| matches!(arg.get_action(), ArgAction::SetTrue);
    let stdin = ArgGroup::new("stdin").args(args.iter().filter(is_stdin).map(Arg::get_id));
    command.args(args.clone()).group(stdin)
}

fn args(field: &'static FlagField) -> Vec<Arg> {
    let long = flag(field);
    let value = Arg::new(field.key).help(field.help);
    match field.kind {
        FlagKind::Text(placeholder) => vec![value.long(long).value_name(placeholder)],
        FlagKind::Word(words) => {
            let value = value.long(long).value_name(words.join("|")).hide_possible_values(true);
            vec![value.value_parser(PossibleValuesParser::new(words))]
        }
        FlagKind::Number => vec![value.long(long).value_name("NUMBER").value_parser(value_parser!(u64))],
        FlagKind::Switch => vec![value.long(long).value_name("true|false").value_parser(value_parser!(bool))],
        FlagKind::Json => vec![value.long(long).value_name("JSON")],
        FlagKind::Pairs => vec![value.long(long).value_name("KEY=VALUE").action(ArgAction::Append)],
        FlagKind::List(placeholder) => vec![value.long(long).value_name(format!("{placeholder},..."))],
        FlagKind::Choice(words) => vec![value.long(long).value_name(words.join(","))],
        FlagKind::Secret => {
            let file = value.long(format!("{long}-file")).value_name("FILE").value_parser(value_parser!(PathBuf));
            let stdin = Arg::new(stdin_id(field)).long(format!("{long}-stdin")).action(ArgAction::SetTrue);
            vec![file.conflicts_with(stdin_id(field)), stdin.help("The same, from standard input")]
        }
    }
}

/// Returns the name of the flag. The help names the unit, the flag does not.
fn flag(field: &FlagField) -> String {
    field.key.strip_suffix("_s").unwrap_or(field.key).replace('_', "-")
}

fn stdin_id(field: &FlagField) -> String {
    format!("{}_stdin", field.key)
}

pub(super) fn body(
    fields: impl IntoIterator<Item = &'static FlagField>,
    matches: &ArgMatches,
) -> Result<Map<String, Value>, Failure> {
    let mut body = Map::new();
    for field in fields {
        if let Some(value) = value(field, matches)? {
            body.insert(field.key.to_owned(), value);
        }
    }
    Ok(body)
}

/// Like [`body`], for a command that needs at least one field.
pub(super) fn change(
    fields: impl IntoIterator<Item = &'static FlagField>,
    matches: &ArgMatches,
) -> Result<Map<String, Value>, Failure> {
    match body(fields, matches)? {
        body if body.is_empty() => Err(Failure::new(
            FailureCode::Usage,
            "There is nothing to change: give at least one field; --help lists them.",
        )),
        body => Ok(body),
    }
}

fn value(field: &FlagField, matches: &ArgMatches) -> Result<Option<Value>, Failure> {
    let one = || matches.get_one::<String>(field.key);
    let many = || matches.get_many::<String>(field.key).map(Iterator::collect::<Vec<_>>);
    let must = |form: &str| Failure::new(FailureCode::Usage, format!("--{} must be {form}.", flag(field)));
    Ok(match field.kind {
        FlagKind::Text(_) => one().map(|text| if text.is_empty() { Value::Null } else { json!(text) }),
        FlagKind::Word(_) => one().map(|word| json!(word)),
        FlagKind::Number => matches.get_one::<u64>(field.key).map(|number| json!(number)),
        FlagKind::Switch => matches.get_one::<bool>(field.key).map(|switch| json!(switch)),
        FlagKind::Json => match one().map(String::as_str) {
            None => None,
            Some("") => Some(Value::Null),
            Some(text) => Some(serde_json::from_str(text).map_err(|_| must("JSON, such as '{\"age\": 30}'"))?),
        },
        FlagKind::Pairs => match many() {
            None => None,
            Some(texts) if texts.iter().all(|text| text.is_empty()) => Some(Value::Null),
            Some(texts) => {
                let pairs = texts.into_iter().map(|text| text.split_once('='));
                let pairs = pairs.map(|pair| pair.map(|(key, value)| (key.to_owned(), json!(value))));
                Some(pairs.collect::<Option<Map<_, _>>>().ok_or_else(|| must("KEY=VALUE"))?.into())
            }
        },
        FlagKind::List(_) => one().map(|text| json!(words_of(text))),
        FlagKind::Choice(words) => match one() {
            None => None,
            Some(text) => Some(choice(words, text).ok_or_else(|| must(&format!("some of {}", words.join(","))))?),
        },
        FlagKind::Secret => secret(field, matches)?.map(Value::from),
    })
}

fn words_of(text: &str) -> Vec<&str> {
    text.split(',').map(str::trim).filter(|word| !word.is_empty()).collect()
}

/// Turns `qiscus` into `{"qiscus": true, "mirrorfly": false}`. None if a word is not in the list.
fn choice(words: &[&str], text: &str) -> Option<Value> {
    let chosen = words_of(text);
    let is_known = chosen.iter().all(|word| words.contains(word));
    let switches = words.iter().map(|word| ((*word).to_owned(), json!(chosen.contains(word))));
    is_known.then(|| Value::Object(switches.collect()))
}

/// Reads a secret, without the line end that editors and `echo` add.
fn secret(field: &FlagField, matches: &ArgMatches) -> Result<Option<String>, Failure> {
    let (read, source) = match matches.get_one::<PathBuf>(field.key) {
        Some(path) => (settings::read_file(path), path.display().to_string()),
        None if matches.get_flag(&stdin_id(field)) => {
            (settings::read_bounded(io::stdin()), "standard input".to_owned())
        }
        None => return Ok(None),
    };
    let bytes = read.map_err(|error| Failure::new(FailureCode::Usage, format!("{source} cannot be read: {error}.")))?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::new(FailureCode::Usage, format!("{source} is not UTF-8 text.")))?;
    Ok(Some(settings::without_line_end(&text).to_owned()))
}
