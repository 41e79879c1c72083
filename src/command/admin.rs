//! `standin admin`: the administrators, who sign in to the console.

use clap::{Arg, ArgMatches, Command};
use serde_json::{Map, Value, json};

use super::{
    app::{answer, json_flag, segment},
    control::{self, Control},
    failure::{Failure, FailureCode},
    fields::{self, FlagField, FlagKind, field},
    flags, output,
};

const ADMINS: &str = "/standin/v1/admins";

const EXAMPLES: &str = "\
Examples:
  standin admin create ada --password-stdin < password.txt
  standin admin list
  standin admin set-password ada --password-file password.txt
  standin admin delete ada";

static PASSWORD: [FlagField; 1] =
    [field("password", FlagKind::Secret, "A file with the password, of at least 12 characters")];

const COLUMNS: [(&str, &str); 2] = [("NAME", "name"), ("CREATED", "created_at")];

pub(super) fn command() -> Command {
    let set_password = Command::new("set-password").about("Replace an administrator's password and end its sessions");
    let subcommands = [
        fields::add(
            Command::new("create").about("Create an administrator, who may change every app").arg(name()),
            &PASSWORD,
        ),
        Command::new("list").about("List the administrators"),
        fields::add(set_password.arg(name()), &PASSWORD),
        Command::new("delete").about("Delete an administrator and end its sessions").arg(name()),
    ];
    let subcommands = subcommands.map(|command| command.args(flags::folder()).arg(json_flag()));
    Command::new("admin")
        .about("Create, list and delete the administrators, who sign in to the console")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .subcommands(subcommands)
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((word, matches)) = matches.subcommand() else { return Ok(()) };
    let body = match word {
        "create" | "set-password" => password(matches)?,
        _ => Map::new(),
    };
    let name = flags::given(matches, "name");
    let admin = format!("{ADMINS}/{}", segment(name));
    control::with_server(&flags::parse(matches)?, |control| match word {
        "create" => create(control, matches, name, body),
        "list" => answer(matches, &control.get(ADMINS)?, |listed| output::list(listed, "admins", &COLUMNS)),
        "set-password" => {
            control.put(&format!("{admin}/password"), body.into())?;
            let said = format!("The password of {name} is changed, and the sessions of {name} have ended.\n");
            answer(matches, &json!({ "changed": name }), |_| said)
        }
        _ => {
            control.delete(&admin)?;
            answer(matches, &json!({ "deleted": name }), |_| format!("{name} is deleted.\n"))
        }
    })
}

fn name() -> Arg {
    flags::word("name", "NAME", "The name that the administrator signs in with")
}

fn password(matches: &ArgMatches) -> Result<Map<String, Value>, Failure> {
    match fields::body(&PASSWORD, matches)? {
        body if body.is_empty() => {
            let sentence = "A password is needed: give --password-file FILE, or --password-stdin.";
            Err(Failure::new(FailureCode::Usage, sentence))
        }
        body => Ok(body),
    }
}

fn create(control: &Control, matches: &ArgMatches, name: &str, mut body: Map<String, Value>) -> Result<(), Failure> {
    body.insert("name".to_owned(), json!(name));
    let admin = control.post(ADMINS, body.into())?;
    answer(matches, &admin, |_| format!("{name} can sign in to the console now.\n"))
}
