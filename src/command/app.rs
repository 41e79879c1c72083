//! `standin app`: the apps (tenants).

use clap::{Arg, ArgAction, ArgMatches, Command, builder::NonEmptyStringValueParser};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};
use standin::settings::DEMO_APP_PASSWORD;

use super::{
    control::{self, Control},
    failure::{Failure, FailureCode},
    fields::{self, FlagField, FlagKind, field},
    flags, output, tencent,
};

const APPS: &str = "/standin/v1/apps";

const IDS_SHOWN_MAX: usize = 20;

const EXAMPLES: &str = "\
Examples:
  standin app list
  standin app show --secrets
  standin app create --name Shop --app-id shop --registration closed
  standin app set --app shop --hosts shop.example.com --password-min 8
  standin app rotate-secret --app shop --former-ends 1d
  standin app usersig --user alice --expire 86400
  standin app field add Test1 --read friends";

static FIELDS: [FlagField; 17] = [
    field("name", FlagKind::Text("NAME"), "Its name, which only administrators see"),
    field("app_id", FlagKind::Text("APP_ID"), "Its app id (Qiscus): letters, digits, - and _"),
    field("sdk_app_id", FlagKind::Number, "Its SDKAppID (Tencent)"),
    field("registration", FlagKind::Word(&["open", "new", "closed"]), "What a client with only public keys may do"),
    field(
        "hosts",
        FlagKind::List("HOST"),
        "Host names, comma-separated, by which a call that names no app finds this one (MirrorFly)",
    ),
    field("password_min", FlagKind::Number, "The fewest characters of a password that a user chooses"),
    field(
        "token_lifetime_s",
        FlagKind::Number,
        "Seconds for which the token of a Qiscus login is valid, 60 to 2073600; 0 for no end",
    ),
    field("messages_kept_days", FlagKind::Number, "Days for which messages are kept, 1 to 36500; 0 for ever"),
    field("dialects", FlagKind::Choice(&["qiscus", "mirrorfly", "tencent"]), "The vendors whose APIs this app serves"),
    field("public_pictures", FlagKind::Switch, "Whether pictures have public addresses"),
    field(
        "allowed_origins",
        FlagKind::List("ORIGIN"),
        "Origins, comma-separated, whose pages may call from a browser; an empty text allows all",
    ),
    field(
        "import_at_login",
        FlagKind::Switch,
        "Whether a login with a UserSig creates a user that does not exist (Tencent)",
    ),
    field(
        "refuses_blocked_senders",
        FlagKind::Switch,
        "Whether a message between two users of whom one blocks the other is refused (Tencent)",
    ),
    field(
        "tencent_sessions",
        FlagKind::Number,
        "Sessions that a user may have with Tencent's SDK, 1 to 20; one more ends the oldest",
    ),
    field("secret", FlagKind::Secret, "A file with its secret: 32 to 128 letters and digits"),
    field("license_key", FlagKind::Secret, "A file with its licence key (MirrorFly)"),
    field("account_password", FlagKind::Secret, "A file with the password of its back-end account"),
];

const FACTS: [(&str, &str); 16] = [
    ("app id", "app_id"),
    ("name", "name"),
    ("SDKAppID", "sdk_app_id"),
    ("account", "account"),
    ("hosts", "hosts"),
    ("dialects", "dialects"),
    ("registration", "registration"),
    ("password min", "password_min"),
    ("token lifetime", "token_lifetime_s"),
    ("messages kept", "messages_kept_days"),
    ("public pictures", "public_pictures"),
    ("allowed origins", "allowed_origins"),
    ("import at login", "import_at_login"),
    ("refuses blocked", "refuses_blocked_senders"),
    ("Tencent sessions", "tencent_sessions"),
    ("created", "created_at"),
];

const SECRETS: [(&str, &str); 3] =
    [("secret", "secret"), ("licence key", "license_key"), ("account password", "account_password")];

const COLUMNS: [(&str, &str); 5] = [
    ("APP ID", "app_id"),
    ("NAME", "name"),
    ("SDKAPPID", "sdk_app_id"),
    ("REGISTRATION", "registration"),
    ("CREATED", "created_at"),
];

pub(super) fn command() -> Command {
    let secrets = Arg::new("secrets").long("secrets").action(ArgAction::SetTrue).help("Show its secrets too");
    let create = Command::new("create").about("Create an app; what is not given gets a default or is generated");
    let set = Command::new("set").about("Change an app; an empty text clears a field");
    let subcommands = [
        fields::add(create, &FIELDS),
        Command::new("list").about("List the apps, oldest first"),
        Command::new("show").about("Show an app").args([selector(), secrets]),
        fields::add(set.arg(selector()), &FIELDS),
        Command::new("rotate-secret")
            .about("Make a new secret and show it; the former secret ends at once, or when --former-ends says")
            .args([selector(), former_ends()]),
        tencent::usersig(),
    ];
    let subcommands = subcommands.map(|command| command.args(flags::folder()).arg(json_flag()));
    Command::new("app")
        .about("Create, show and change apps")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .subcommands(subcommands)
        .subcommand(tencent::field())
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((word, matches)) = matches.subcommand() else { return Ok(()) };
    if word == "field" {
        return tencent::run_field(matches);
    }
    let body = match word {
        "create" => fields::body(&FIELDS, matches)?,
        "set" => fields::change(&FIELDS, matches)?,
        _ => Map::new(),
    };
    let settings = flags::parse(matches)?;
    // A demo leaves this file in its folder.
    let is_demo = settings.data.join("demo").is_file();
    control::with_server(&settings, |control| match word {
        "create" => create(control, matches, body.into()),
        "list" => answer(matches, &control.get(APPS)?, |listed| output::list(listed, "apps", &COLUMNS)),
        "show" => show(control, matches, is_demo),
        "usersig" => tencent::run_usersig(control, matches),
        "set" => answer(matches, &control.patch(&path(control, matches)?, body.into())?, facts),
        _ => rotate_secret(control, matches),
    })
}

/// `--json`, for every command that calls the server.
pub(super) fn json_flag() -> Arg {
    Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON")
}

/// `--app`, for every command about one app.
pub(super) fn selector() -> Arg {
    Arg::new("app")
        .long("app")
        .value_name("APP_ID")
        .value_parser(NonEmptyStringValueParser::new())
        .help("The app; required if there are several")
}

/// # Errors
/// `Usage` if there are several apps and none is named.
pub(super) fn path(control: &Control, matches: &ArgMatches) -> Result<String, Failure> {
    if let Some(app_id) = matches.get_one::<String>("app") {
        return Ok(format!("{APPS}/{}", segment(app_id)));
    }
    let answer = control.get(APPS)?;
    let apps = answer.get("apps").and_then(Value::as_array).into_iter().flatten();
    let ids: Vec<&str> = apps.filter_map(|app| app.get("app_id").and_then(Value::as_str)).collect();
    match ids.as_slice() {
        [] => Err(Failure::new(FailureCode::Refused, "There is no app yet: create one with `standin app create`.")),
        [only] => Ok(format!("{APPS}/{}", segment(only))),
        several => Err(Failure::new(FailureCode::Usage, which_of(several))),
    }
}

fn which_of(ids: &[&str]) -> String {
    let shown = ids.get(..IDS_SHOWN_MAX).unwrap_or(ids).join(", ");
    let rest = match ids.len().saturating_sub(IDS_SHOWN_MAX) {
        0 => String::new(),
        more => format!(" and {more} more, which `standin app list` shows"),
    };
    format!("There are several apps, so say which one with --app APP_ID: {shown}{rest}.")
}

/// Returns an id as one segment of a path. Dots are encoded too, so that no id means the parent folder.
pub(super) fn segment(id: &str) -> String {
    utf8_percent_encode(id, NON_ALPHANUMERIC).to_string()
}

pub(super) fn answer(
    matches: &ArgMatches,
    answer: &Value,
    human: impl FnOnce(&Value) -> String,
) -> Result<(), Failure> {
    match matches.get_flag("json") {
        true => output::print_json(answer),
        false => output::print(&human(answer)),
    }
}

fn facts(app: &Value) -> String {
    facts_of(app, &FACTS)
}

/// Like [`facts`], with the given keys. Of the vendors, only those that the app serves are named.
fn facts_of(app: &Value, keys: &[(&str, &str)]) -> String {
    let switches = app.get("dialects").and_then(Value::as_object);
    let on = switches.into_iter().flatten().filter(|(_, on)| **on == json!(true)).map(|(name, _)| json!(name));
    let mut app = app.clone();
    if let Some(dialects) = app.get_mut("dialects") {
        *dialects = on.collect();
    }
    output::facts(&app, keys)
}

fn create(control: &Control, matches: &ArgMatches, body: Value) -> Result<(), Failure> {
    let app = control.post(APPS, body)?;
    let note = match is_unfound_by_login(control, &app)? {
        true => format!(
            "MirrorFly's login cannot find this app, because it has no host and is not the first one: give it a host with \
             `standin app set --app {} --hosts HOST`.\n",
            output::shown(app.get("app_id"))
        ),
        false => String::new(),
    };
    answer(matches, &app, |app| {
        let app_id = output::shown(app.get("app_id"));
        format!("{}\n`standin app show --app {app_id} --secrets` shows its secrets.\n{note}", facts(app))
    })
}

/// Whether MirrorFly's login cannot find the new `app`: it has no host, and another app is the first one.
fn is_unfound_by_login(control: &Control, app: &Value) -> Result<bool, Failure> {
    let has_host = app.get("hosts").and_then(Value::as_array).is_some_and(|hosts| !hosts.is_empty());
    let is_served = app.pointer("/dialects/mirrorfly").and_then(Value::as_bool).unwrap_or_default();
    if has_host || !is_served {
        return Ok(false);
    }
    Ok(control.get(APPS)?.pointer("/apps/0/app_id") != app.get("app_id"))
}

fn show(control: &Control, matches: &ArgMatches, is_demo: bool) -> Result<(), Failure> {
    let path = path(control, matches)?;
    let mut app = control.get(&path)?;
    if !matches.get_flag("secrets") {
        return answer(matches, &app, facts);
    }
    let secrets = control.get(&format!("{path}/secrets"))?;
    if let (Value::Object(app), Value::Object(secrets)) = (&mut app, secrets) {
        app.extend(secrets);
    }
    answer(matches, &app, |app| {
        let is_chosen = app.get("account_password").is_none_or(Value::is_null);
        let note = match (is_chosen, is_demo) {
            (false, _) => String::new(),
            (true, false) => {
                "\nYou chose the account password; the server keeps only its hash and cannot show it.\n".to_owned()
            }
            (true, true) => {
                format!("\nThe account password of a demo's app is {DEMO_APP_PASSWORD}, unless another was set.\n")
            }
        };
        let keys: Vec<_> = FACTS.into_iter().chain(SECRETS).collect();
        format!("{}{note}", facts_of(app, &keys))
    })
}

fn former_ends() -> Arg {
    Arg::new("former-ends")
        .long("former-ends")
        .value_name("TIME")
        .value_parser(seconds_of)
        .default_value("0")
        .help("How long the former secret stays valid: a number with s, m, h or d, such as 1d; at most 7d, and 0 ends it at once")
}

fn seconds_of(text: &str) -> Result<u64, &'static str> {
    const FORM: &str = "must be 0, or a number with s, m, h or d, such as 12h or 1d";
    let unit = match text.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ if text == "0" => return Ok(0),
        _ => return Err(FORM),
    };
    let number: u64 = text.trim_end_matches(char::is_alphabetic).parse().map_err(|_| FORM)?;
    number.checked_mul(unit).ok_or(FORM)
}

fn rotate_secret(control: &Control, matches: &ArgMatches) -> Result<(), Failure> {
    let seconds = matches.get_one::<u64>("former-ends").copied().unwrap_or_default();
    let body = json!({ "former_valid_s": seconds });
    let rotated = control.post(&format!("{}/rotate-secret", path(control, matches)?), body)?;
    answer(matches, &rotated, |rotated| {
        let former = match rotated.get("former_secret_until").and_then(Value::as_str) {
            Some(until) => format!("is valid until {until}"),
            None => "has ended".to_owned(),
        };
        format!(
            "new secret:    {}\nformer secret: {former}\n\nGive the new secret to Qiscus back ends, and as SecretKey to whatever makes UserSigs for Tencent.\n\
             Once the former secret has ended, calls and UserSigs made with it are refused. MirrorFly does not use this secret.\n",
            output::shown(rotated.get("secret"))
        )
    })
}
