//! `standin user`: the users of one app, and their contacts.

use clap::{Arg, ArgMatches, Command, value_parser};
use serde_json::{Map, Value, json};

use super::{
    app::{answer, json_flag, path, segment, selector},
    control::{self, Control},
    failure::Failure,
    fields::{self, FlagField, FlagKind, field},
    flags, output,
};

const EXAMPLES: &str = "\
Examples:
  standin user create alice --name Alice --email alice@example.com
  standin user create bob --password-stdin < password.txt
  standin user list --page 2
  standin user set alice --status 'At work' --mobile ''
  standin user suspend bob
  standin user reactivate bob
  standin user contact add alice bob
  standin user contact list alice
  standin user reset-token alice";

static FIELDS: [FlagField; 8] = [
    field("name", FlagKind::Text("NAME"), "The name others see"),
    field("status", FlagKind::Text("TEXT"), "The status text"),
    field("mobile", FlagKind::Text("NUMBER"), "The mobile number"),
    field("email", FlagKind::Text("EMAIL"), "The e-mail address; nothing is ever sent to it"),
    field("avatar_url", FlagKind::Text("URL"), "The address of a picture on another server; Standin never fetches it"),
    field("extras", FlagKind::Json, "Qiscus' extras: a JSON object that replaces the stored one"),
    field(
        "metadata",
        FlagKind::Pairs,
        "MirrorFly's metadata: up to three pairs that replace the stored ones; repeat the flag for each",
    ),
    field("password", FlagKind::Secret, "A file with a password that the user chose"),
];

/// Only `set` has it, because a new user is active.
static STATE: [FlagField; 1] =
    [field("state", FlagKind::Word(&["active", "suspended"]), "Whether the user can sign in")];

const FACTS: [(&str, &str); 13] = [
    ("id", "id"),
    ("key", "key"),
    ("state", "state"),
    ("name", "name"),
    ("status", "status"),
    ("mobile", "mobile"),
    ("email", "email"),
    ("avatar_url", "avatar_url"),
    ("picture", "picture_url"),
    ("extras", "extras"),
    ("metadata", "metadata"),
    ("created", "created_at"),
    ("updated", "updated_at"),
];

const SECRETS: [(&str, &str); 2] = [("token", "token"), ("issued password", "issued_password")];

const COLUMNS: [(&str, &str); 4] = [("ID", "id"), ("NAME", "name"), ("STATE", "state"), ("CREATED", "created_at")];

/// Columns of a contact: what its user holds, and the name that the owner of the list gave it.
const CONTACT_COLUMNS: [(&str, &str); 3] = [("ID", "id"), ("NAME", "name"), ("CALLED", "called")];

/// Users on a page unless `--limit` says otherwise.
const LIMIT: &str = "50";

/// Contacts on a page of the API.
const CONTACTS_LIMIT: u32 = 1000;

pub(super) fn command() -> Command {
    let page = Arg::new("page").long("page").value_name("NUMBER").value_parser(value_parser!(u32).range(1..));
    let limit = Arg::new("limit").long("limit").value_name("NUMBER").value_parser(value_parser!(u32).range(1..=100));
    let set = Command::new("set").about("Change a user; an empty text clears a field");
    let subcommands = [
        fields::add(Command::new("create").about("Create a user and show its token").arg(id()), &FIELDS),
        Command::new("list").about("List the users, oldest first").args([
            page.default_value("1").help("The number of the page"),
            limit.default_value(LIMIT).help("Users on a page, at most 100"),
        ]),
        Command::new("show").about("Show a user").arg(id()),
        fields::add(set.arg(id()), FIELDS.iter().chain(&STATE)),
        Command::new("suspend").about("Suspend a user: it is signed out and cannot sign in").arg(id()),
        Command::new("reactivate").about("Let a suspended user sign in again").arg(id()),
        Command::new("reset-token").about("Make a new token and show it; the former token ends at once").arg(id()),
        Command::new("delete").about("Delete a user and its pictures for good; the id becomes free").arg(id()),
    ];
    let subcommands = subcommands.map(|command| command.arg(selector()).args(flags::folder()).arg(json_flag()));
    Command::new("user")
        .about("Create, show, change and delete users and their contacts")
        .after_help(EXAMPLES)
        .subcommand_required(true)
        .subcommands(subcommands)
        .subcommand(contact())
}

fn contact() -> Command {
    let other = || flags::word("other", "OTHER", "The id of the other user");
    let subcommands = [
        Command::new("add").about("Add a user to another user's contact list").args([id(), other()]),
        Command::new("list").about("List a user's contacts").arg(id()),
        Command::new("remove").about("Remove a user from another user's contact list").args([id(), other()]),
    ];
    let subcommands = subcommands.map(|command| command.arg(selector()).args(flags::folder()).arg(json_flag()));
    Command::new("contact")
        .about("Show and change the contact list of a user")
        .subcommand_required(true)
        .subcommands(subcommands)
}

pub(super) fn run(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((word, matches)) = matches.subcommand() else { return Ok(()) };
    if word == "contact" {
        return run_contact(matches);
    }
    let id = flags::given(matches, "id");
    let body = match word {
        "create" => fields::body(&FIELDS, matches)?,
        "set" => fields::change(FIELDS.iter().chain(&STATE), matches)?,
        _ => Map::new(),
    };
    control::with_server(&flags::parse(matches)?, |control| {
        let users = format!("{}/users", path(control, matches)?);
        let user = format!("{users}/{}", segment(id));
        match word {
            "create" => create(control, matches, &users, id, body),
            "list" => list(control, matches, &users),
            "show" => answer(matches, &control.get(&user)?, facts),
            "set" => answer(matches, &control.patch(&user, body.into())?, facts),
            "suspend" | "reactivate" => {
                let (state, done) = match word {
                    "suspend" => ("suspended", "is suspended: it is signed out and cannot sign in"),
                    _ => ("active", "is active again"),
                };
                let user = control.patch(&user, json!({ "state": state }))?;
                answer(matches, &user, |_| format!("{id} {done}.\n"))
            }
            "reset-token" => {
                let reset = control.post(&format!("{user}/reset-token"), json!({}))?;
                answer(matches, &reset, |reset| format!("{}\n", output::shown(reset.get("token"))))
            }
            _ => {
                control.delete(&user)?;
                answer(matches, &json!({ "deleted": id }), |_| format!("{id} is deleted.\n"))
            }
        }
    })
}

fn id() -> Arg {
    flags::word("id", "ID", "The user's id")
}

fn facts(user: &Value) -> String {
    output::facts(user, &FACTS)
}

fn create(
    control: &Control,
    matches: &ArgMatches,
    users: &str,
    id: &str,
    mut body: Map<String, Value>,
) -> Result<(), Failure> {
    body.insert("id".to_owned(), json!(id));
    let user = control.post(users, body.into())?;
    let keys: Vec<_> = FACTS.into_iter().chain(SECRETS).collect();
    answer(matches, &user, |user| output::facts(user, &keys))
}

fn list(control: &Control, matches: &ArgMatches, users: &str) -> Result<(), Failure> {
    let number = |name: &str| matches.get_one::<u32>(name).copied().unwrap_or(1);
    let (page, limit) = (number("page"), number("limit"));
    let listed = control.get(&format!("{users}?page={page}&limit={limit}"))?;
    answer(matches, &listed, |listed| {
        let total = listed.get("total").and_then(Value::as_u64).unwrap_or_default();
        let pages = total.div_ceil(u64::from(limit)).max(1);
        let noun = if total == 1 { "user" } else { "users" };
        format!("{}\nPage {page} of {pages}, {total} {noun} in all.\n", output::list(listed, "users", &COLUMNS))
    })
}

fn run_contact(matches: &ArgMatches) -> Result<(), Failure> {
    let Some((word, matches)) = matches.subcommand() else { return Ok(()) };
    let id = flags::given(matches, "id");
    control::with_server(&flags::parse(matches)?, |control| {
        let contacts = format!("{}/users/{}/contacts", path(control, matches)?, segment(id));
        if word == "list" {
            return list_contacts(control, matches, &contacts);
        }
        let other = flags::given(matches, "other");
        let contact = format!("{contacts}/{}", segment(other));
        let (key, done) = match word {
            "add" => {
                control.put(&contact, json!({}))?;
                ("added", "is now")
            }
            _ => {
                control.delete(&contact)?;
                ("removed", "is no longer")
            }
        };
        answer(matches, &json!({ "user": id, key: other }), |_| format!("{other} {done} a contact of {id}.\n"))
    })
}

/// Lists all contacts, page by page. A contact's row has the fields of its user, and the name that the owner gave it as `called`.
fn list_contacts(control: &Control, matches: &ArgMatches, contacts: &str) -> Result<(), Failure> {
    let (mut all, mut after) = (Vec::new(), Some(0));
    while let Some(seen) = after {
        let page = control.get(&format!("{contacts}?limit={CONTACTS_LIMIT}&after={seen}"))?;
        all.extend(page.get("contacts").and_then(Value::as_array).into_iter().flatten().cloned());
        after = page.get("next").and_then(Value::as_u64);
    }
    let listed = json!({ "contacts": all, "total": all.len() });
    answer(matches, &listed, |_| {
        let row = |contact: &Value| {
            let of_user = |key: &str| contact.pointer(&format!("/user/{key}")).cloned();
            json!({ "id": of_user("id"), "name": of_user("name"), "called": contact.get("name") })
        };
        output::table(&all.iter().map(row).collect::<Vec<Value>>(), &CONTACT_COLUMNS)
    })
}
