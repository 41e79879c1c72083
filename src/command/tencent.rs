//! `standin app usersig` and `standin app field`: what an operator needs for Tencent's API.

use clap::{Arg, ArgMatches, Command, builder::PossibleValuesParser, value_parser};
use serde_json::{Map, Value, json};

use super::{
    app::{answer, json_flag, path, segment, selector},
    control::{self, Control},
    failure::Failure,
    flags, output,
};

const READERS: [&str; 4] = ["everyone", "friends", "owner", "back-end"];

const WRITERS: [&str; 2] = ["owner", "back-end"];

const FIELDS: [(&str, &str); 3] = [("NAME", "name"), ("READ BY", "read"), ("WRITTEN BY", "write")];

pub(super) fn usersig() -> Command {
    let help = "The id of a user, who need not exist, or administrator for the app's back end";
    let user = flags::word("user", "ID", help).long("user");
    let expire = Arg::new("expire")
        .long("expire")
        .value_name("SECONDS")
        .value_parser(value_parser!(u32).range(1..))
        .help("How long it is valid [default: 15552000, which is 180 days]");
    Command::new("usersig").about("Make a UserSig, as an app's back end does").args([selector(), user, expire])
}

pub(super) fn run_usersig(control: &Control, matches: &ArgMatches) -> Result<(), Failure> {
    let mut body = Map::new();
    body.extend(matches.get_one::<String>("user").map(|user| ("user".to_owned(), json!(user))));
    body.extend(matches.get_one::<u32>("expire").map(|seconds| ("expire_s".to_owned(), json!(seconds))));
    let signed = control.post(&format!("{}/usersig", path(control, matches)?), body.into())?;
    answer(matches, &signed, |signed| format!("{}\n", output::shown(signed.get("user_sig"))))
}

pub(super) fn field() -> Command {
    let name = flags::word("name", "NAME", "The name after Tag_Profile_Custom_: letters, digits and _");
    let who = |id: &'static str, words: &'static [&'static str], help: &'static str| {
        let value = Arg::new(id).long(id).value_name(words.join("|")).hide_possible_values(true);
        value.value_parser(PossibleValuesParser::new(words)).help(help)
    };
    let add =
        Command::new("add").about("Declare a custom field of profiles, or change who may read and write it").args([
            name,
            who("read", &READERS, "Who can read it, in addition to the back end [default: everyone]"),
            who("write", &WRITERS, "Who may write it [default: owner, and the back end]"),
        ]);
    let list = Command::new("list").about("List the custom fields");
    let subcommands = [add, list].map(|command| command.args(flags::folder()).args([selector(), json_flag()]));
    Command::new("field")
        .about("Declare custom fields of profiles (Tencent): at most 20, and they cannot be deleted")
        .subcommand_required(true)
        .subcommands(subcommands)
}

pub(super) fn run_field(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((word, matches)) = matches.subcommand() else { return Ok(()) };
    control::with_server(&flags::parse(matches)?, |control| match word {
        "add" => add(control, matches),
        _ => list(control, matches),
    })
}

fn add(control: &Control, matches: &ArgMatches) -> Result<(), Failure> {
    let name = flags::given(matches, "name").trim_start_matches("Tag_Profile_Custom_");
    let given = |id: &str| matches.get_one::<String>(id).map(|word| (id.to_owned(), json!(word)));
    let body: Map<String, Value> = [given("read"), given("write")].into_iter().flatten().collect();
    let field = control.put(&format!("{}/fields/{}", path(control, matches)?, segment(name)), body.into())?;
    answer(matches, &field, |field| output::table(std::slice::from_ref(field), &FIELDS))
}

fn list(control: &Control, matches: &ArgMatches) -> Result<(), Failure> {
    let fields = control.get(&format!("{}/fields", path(control, matches)?))?;
    answer(matches, &fields, |listed| output::list(listed, "fields", &FIELDS))
}
