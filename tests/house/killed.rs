//! kill -9 under 32 writers, round after round: what was acknowledged is there and whole, and nothing else is left lying about. They write
//! users, profiles, pictures, contacts and friends, over all three vendors' APIs.
//!
//! A few rounds; for a hundred: `STANDIN_KILL_ROUNDS=100 cargo test --test server killed`.

use std::{
    collections::{HashMap, HashSet},
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use futures_util::future::{join, join_all};
use reqwest::{Method, RequestBuilder, multipart::Part};
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    photo,
    standin::{LICENSE_KEY, Standin, form},
    tencent_rest,
    user_sig::WITH_SDK_APP_ID,
};

/// Rounds, unless `STANDIN_KILL_ROUNDS` says otherwise.
const ROUNDS: usize = 8;

/// Writes about one person, before the next one is made.
const STEPS: usize = 6;

/// How long a restart may take on a busy machine, unoptimised. On a quiet one: `cargo bench -- restart`.
const RESTART_MAX: Duration = Duration::from_secs(10);

/// Clients that write without a pause, each about people of its own.
const WRITERS: usize = 32;

#[expect(clippy::print_stderr, reason = "how many writes were cut off tells how much a run proves")]
#[actix_web::test]
async fn promise_01_kill_9_under_32_writers_loses_nothing_that_was_acknowledged() {
    let rounds = std::env::var("STANDIN_KILL_ROUNDS").map_or(ROUNDS, |rounds| rounds.parse().unwrap());
    let mut server = Standin::with(&[WITH_SDK_APP_ID]).await;
    let back_end = server.back_end_token().await;
    let mut settled = HashMap::new();
    for writer in 0..WRITERS {
        let other = json!({ "user_id": format!("other{writer}"), "username": "Other" });
        assert_eq!(server.login_or_register(other).await.status, 200);
    }
    let (mut acknowledged, mut in_flight, mut listed) = (0, 0, [0, 0]);
    for round in 0..rounds {
        // Spread over 100 to 600 ms, no two rounds alike before the 500th.
        let until = Duration::from_millis(100 + (round as u64 * 193) % 501);
        let writers = join_all((0..WRITERS).map(|writer| write_until_cut_off(&server, &back_end, round, writer)));
        let (people, ()) = join(writers, kill_after(until, server.pid())).await;
        server.kill();
        let people: Vec<Person> = people.into_iter().flatten().collect();
        acknowledged += people.iter().map(|person| person.acknowledged).sum::<usize>();
        listed[0] += people.iter().map(|person| person.friends.len()).sum::<usize>();
        listed[1] += people.iter().map(|person| person.contacts.len()).sum::<usize>();
        in_flight += people.iter().filter(|person| person.in_flight.is_some()).count();

        let stored = Stored::of(&server.data().join("standin.db"));
        people.iter().for_each(|person| person.assert_is_in(&stored));
        for (id, row) in &settled {
            assert_eq!(stored.users.get(id), Some(row), "{id} was settled before round {round}");
        }

        let begun = Instant::now();
        server.restart();
        assert!(begun.elapsed() < RESTART_MAX, "{:?}", begun.elapsed());
        let on_disk: HashSet<String> = server.pictures_on_disk().into_iter().collect();
        assert_eq!(on_disk, stored.pictures, "folders and rows of round {round}");
        assert_eq!(server.incoming_on_disk(), Vec::<String>::new());
        for person in &people {
            person.assert_is_served(&server, &stored).await;
        }
        settled = stored.users;
    }
    eprintln!(
        "{rounds} rounds: {acknowledged} writes acknowledged, {listed:?} of friends and contacts, {in_flight} cut off"
    );
    assert!(listed[0] > 0 && listed[1] > 0, "no friends, or no contacts: {listed:?}");
    assert!(acknowledged > 4 * rounds, "too few writes to prove anything: {acknowledged}");
}

pub(super) async fn kill_after(wait: Duration, process: u32) {
    actix_web::rt::time::sleep(wait).await;
    assert!(Command::new("kill").arg("-9").arg(process.to_string()).status().unwrap().success());
}

/// What a write changes: the name always, unless it draws a token.
#[derive(Debug, Default)]
struct Change {
    name: Option<String>,
    /// The users whom the changing user lists; a friend lists them too.
    friend: Option<String>,
    contact: Option<String>,
    picture: bool,
    token: bool,
    /// Ends the tickets of before.
    password: bool,
}

/// Somebody as one writer knows them.
#[derive(Debug, Default)]
struct Person {
    id: String,
    acknowledged: usize,
    name: Option<String>,
    /// Of every acknowledged upload, the current one last.
    pictures: Vec<String>,
    /// Of every acknowledged reset, the living one last.
    tokens: Vec<String>,
    tickets: Vec<String>,
    friends: Vec<String>,
    contacts: Vec<String>,
    in_flight: Option<Change>,
}

/// One new person every six writes; ends with the first write that gets no answer.
async fn write_until_cut_off(server: &Standin, back_end: &str, round: usize, writer: usize) -> Vec<Person> {
    let mut people: Vec<Person> = Vec::new();
    for step in 0.. {
        if step % STEPS == 0 {
            people.push(Person { id: format!("p{round}.{writer}.{step}"), ..Person::default() });
        }
        // Whom they list; made before the first round.
        let other = format!("other{writer}");
        // After the first write each writer goes on at another one, so that every kind of write is cut off.
        let turn = if step % STEPS == 0 { 0 } else { 1 + (step % STEPS - 1 + writer / 3) % (STEPS - 1) };
        let person = people.last_mut().unwrap();
        let id = person.id.clone();
        // A hash takes its time, so only one writer in eight sends passwords.
        let with_password = writer.is_multiple_of(8);
        let name = format!("{round}.{writer}.{step}");
        let change = |picture: bool| Change { name: Some(name.clone()), picture, ..Change::default() };
        let (change, call) = match (turn, writer % 3) {
            (4, _) => (Change { friend: Some(other.clone()), ..Change::default() }, befriend(server, &id, &other)),
            (5, _) if let Some(ticket) = person.tickets.last() => {
                (Change { contact: Some(other.clone()), ..Change::default() }, list(server, ticket, &other))
            }
            (0, 2) => (change(false), import(server, &id, &name)),
            (5, _) => (change(false), set_name(server, &id, &name)),
            (0, 0) => (change(false), login_or_register(server, &id, &name, with_password)),
            (0, 1) | (1, _) => (change(false), create_user(server, back_end, &id, &name, false)),
            (2, _) => (Change { token: true, ..Change::default() }, reset_token(server, &id)),
            (3, _) if with_password => {
                (Change { password: true, ..change(false) }, login_or_register(server, &id, &name, true))
            }
            _ => (change(true), create_user(server, back_end, &id, &name, true)),
        };
        person.in_flight = Some(change);
        let Some(answer) = answer(call).await else { return people };
        person.acknowledge(&answer);
    }
    people
}

fn login_or_register(server: &Standin, id: &str, name: &str, with_password: bool) -> RequestBuilder {
    let mut body = json!({ "user_id": id, "username": name });
    if with_password {
        body["password"] = json!(name);
    }
    server.qiscus(Method::POST, "login_or_register").json(&body)
}

fn create_user(server: &Standin, back_end: &str, id: &str, name: &str, with_picture: bool) -> RequestBuilder {
    let form = form(&[("userIdentifier", id), ("nickname", name)]);
    let form = match with_picture {
        true => form.part("profileFile", Part::bytes(photo::jpeg(64, 48)).file_name("a.jpg")),
        false => form,
    };
    server.call(Method::POST, "/api/v1/users/createUser").header("Authorization", back_end).multipart(form)
}

fn import(server: &Standin, id: &str, name: &str) -> RequestBuilder {
    by_tencent(server, "im_open_login_svc/account_import", &json!({ "UserID": id, "Nick": name }))
}

fn set_name(server: &Standin, id: &str, name: &str) -> RequestBuilder {
    let items = json!([{ "Tag": "Tag_Profile_IM_Nick", "Value": name }]);
    by_tencent(server, "profile/portrait_set", &json!({ "From_Account": id, "ProfileItem": items }))
}

/// Each lists the other from then on.
fn befriend(server: &Standin, id: &str, other: &str) -> RequestBuilder {
    let items = json!([{ "To_Account": other, "AddSource": "AddSource_Type_Web" }]);
    let body = json!({ "From_Account": id, "AddFriendItem": items, "AddType": "Add_Type_Both", "ForceAddFlags": 1 });
    by_tencent(server, "sns/friend_add", &body)
}

fn by_tencent(server: &Standin, command: &str, body: &Value) -> RequestBuilder {
    server.call(Method::POST, &tencent_rest::address(command)).json(body)
}

/// One contact, as the SDK of MirrorFly lists it.
fn list(server: &Standin, ticket: &str, other: &str) -> RequestBuilder {
    let call = server.call(Method::POST, "/api/v1/contacts/sandbox/syncContacts").header("Authorization", ticket);
    call.json(&json!({ "username": other, "licenseKey": LICENSE_KEY }))
}

fn reset_token(server: &Standin, id: &str) -> RequestBuilder {
    server.qiscus(Method::POST, "reset_user_token").json(&json!({ "user_id": id }))
}

/// A whole answer, or none when the server is gone.
async fn answer(call: RequestBuilder) -> Option<Value> {
    let answer = call.send().await.ok()?;
    let status = answer.status();
    let bytes = answer.bytes().await.ok()?;
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&bytes));
    let said: Value = serde_json::from_slice(&bytes).unwrap();
    let is_well =
        [said.get("ErrorCode"), said.pointer("/ResultItem/0/ResultCode")].iter().flatten().all(|code| **code == 0);
    assert!(is_well && said.get("status").is_none_or(|status| *status == 200), "{said}");
    Some(said)
}

impl Person {
    fn acknowledge(&mut self, answer: &Value) {
        let change = self.in_flight.take().unwrap();
        let text = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
        self.acknowledged += 1;
        self.name = change.name.or(self.name.take());
        self.friends.extend(change.friend);
        self.contacts.extend(change.contact);
        if change.picture {
            let address = text("/data/profileUrl").unwrap();
            self.pictures.push(address.rsplit('/').next().unwrap().to_owned());
        }
        if change.password {
            // It ends what was issued before; calls of other vendors do not show the new token.
            self.tokens.clear();
            self.tickets.clear();
        }
        self.tokens.extend(text("/results/token"));
        self.tickets.extend(text("/data/token"));
    }

    /// As the last acknowledged write left it, or as the one in flight would have: nothing lost, nothing rolled back, nothing half.
    fn assert_is_in(&self, stored: &Stored) {
        let Some(row) = stored.users.get(&self.id) else {
            assert_eq!(self.acknowledged, 0, "lost: {self:?}");
            return;
        };
        let as_acknowledged = row.name == self.name && row.picture.as_ref() == self.pictures.last();
        let went_through = self.in_flight.as_ref().is_some_and(|change| {
            let is_new = row.picture.as_ref().is_some_and(|picture| !self.pictures.contains(picture));
            let fits = if change.picture { is_new } else { row.picture.as_ref() == self.pictures.last() };
            change.name.is_some() && row.name == change.name && fits
        });
        assert!(as_acknowledged || went_through, "{row:?} of {self:?}");

        let of = |secret: &String| <[u8; 32]>::from(Sha256::digest(secret));
        if let Some((living, dead)) = self.tokens.split_last() {
            let may_be_newer = self.in_flight.as_ref().is_some_and(|change| change.token || change.password);
            assert!(may_be_newer || row.token == of(living), "a reset was lost: {self:?}");
            assert!(dead.iter().all(|dead| row.token != of(dead)), "a dead token came back: {self:?}");
        }
        let may_be_ended = self.in_flight.as_ref().is_some_and(|change| change.password);
        // The last part of a token of this shape is what is stored of it.
        let secret_of = |token: &String| token.rsplit('.').next().unwrap().to_owned();
        let mut tickets = self.tickets.iter().filter(|_| !may_be_ended).map(secret_of);
        assert!(tickets.all(|ticket| stored.tickets.contains(&of(&ticket))), "a ticket was lost: {self:?}");
        assert!(self.pictures.iter().all(|key| stored.pictures.contains(key)), "a picture was lost: {self:?}");
        let lists = |owner: &String, whom: &String| stored.contacts.contains(&(owner.clone(), whom.clone()));
        let mut contacts = self.contacts.iter().chain(&self.friends);
        assert!(contacts.all(|other| lists(&self.id, other)), "a contact was lost: {self:?}");
        assert!(self.friends.iter().all(|other| lists(other, &self.id)), "half a friendship was lost: {self:?}");
        if let Some(other) = self.in_flight.as_ref().and_then(|change| change.friend.as_ref()) {
            // A contact of before is listed on one side alone.
            let is_listed = lists(&self.id, other) && !self.contacts.contains(other);
            assert!(!is_listed || lists(other, &self.id), "half a friendship: {self:?}");
            assert!(!lists(other, &self.id) || lists(&self.id, other), "half a friendship: {self:?}");
        }
    }

    /// Read over public HTTP, every picture at its public address.
    async fn assert_is_served(&self, server: &Standin, stored: &Stored) {
        let Some(row) = stored.users.get(&self.id) else { return };
        let user = server.user_profile(&self.id).await.json()["results"]["user"].clone();
        assert_eq!(user["username"].as_str(), row.name.as_deref());
        if let Some(picture) = &row.picture {
            let address = format!("{}/pictures/upload/{picture}/full.jpg", server.base());
            assert_eq!(user["avatar_url"], address);
        }
        for picture in self.pictures.iter().chain(&row.picture) {
            for rendition in ["full", "48"] {
                let answer = server.get(&format!("/pictures/upload/{picture}/{rendition}.jpg")).await;
                assert_eq!(answer.status, 200, "{rendition} of {self:?}");
                image::load_from_memory(&answer.bytes).unwrap();
            }
        }
    }
}

#[derive(Debug, PartialEq)]
struct Row {
    name: Option<String>,
    picture: Option<String>,
    token: [u8; 32],
}

/// The content of the database while no server runs.
struct Stored {
    users: HashMap<String, Row>,
    pictures: HashSet<String>,
    tickets: HashSet<[u8; 32]>,
    contacts: HashSet<(String, String)>,
}

impl Stored {
    /// Reads all of it, and lets SQLite check the whole.
    fn of(database: &Path) -> Self {
        let database = Connection::open_with_flags(database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let word = |pragma: &str| database.query_row(pragma, [], |row| row.get::<_, String>(0)).unwrap();
        assert_eq!(word("PRAGMA integrity_check"), "ok");
        assert!(!database.prepare("PRAGMA foreign_key_check").unwrap().exists([]).unwrap());
        let mut users = database
            .prepare(
                "SELECT user.id, display_name, token_digest, picture.key FROM user
                 LEFT JOIN picture ON picture.owner = user.key AND released_at IS NULL",
            )
            .unwrap();
        let users = users.query_map([], |row| {
            Ok((row.get(0)?, Row { name: row.get(1)?, token: row.get(2)?, picture: row.get(3)? }))
        });
        let mut pictures = database.prepare("SELECT key FROM picture").unwrap();
        let mut tickets = database.prepare("SELECT digest FROM ticket").unwrap();
        let mut contacts = database
            .prepare(
                "SELECT owner.id, listed.id FROM contact
                 LEFT JOIN user AS owner ON owner.key = contact.owner LEFT JOIN user AS listed ON listed.key = contact.contact",
            )
            .unwrap();
        Self {
            users: users.unwrap().collect::<Result<_, _>>().unwrap(),
            pictures: pictures.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap(),
            tickets: tickets.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap(),
            // A row of or about a user that does not exist, has no id, and ends the test here.
            contacts: contacts
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap(),
        }
    }
}

/// What a start must read through: 20,000 users, and what a kill in mid-write leaves.
#[actix_web::test]
async fn promise_02_a_restart_after_a_kill_answers_at_once() {
    let mut server = Standin::fresh().await;
    server.login_or_register(json!({ "user_id": "ada", "username": "Ada" })).await;
    let writing = join_all((0..8).map(async |writer| {
        for number in 0.. {
            let call = login_or_register(&server, &format!("w{writer}.{number}"), "W", false);
            if answer(call).await.is_none() {
                return;
            }
        }
    }));
    let many = async {
        let database = Connection::open(server.data().join("standin.db")).unwrap();
        database.busy_timeout(Duration::from_secs(5)).unwrap();
        let made = database.execute(
            "WITH RECURSIVE number (n) AS (SELECT 1000000 UNION ALL SELECT n + 1 FROM number WHERE n < 1019999)
             INSERT INTO user (app, seq, id, state, handle, display_name, extras, metadata, token_salt, token_digest,
                 issued_salt, issued_digest, created_at, updated_at)
             SELECT app, n, 'm' || n, state, printf('%022d', n), 'Made up', extras, metadata, token_salt, CAST(n AS BLOB),
                 issued_salt, CAST(n AS BLOB), created_at, updated_at FROM user, number WHERE id = 'ada'",
            [],
        );
        assert_eq!(made.unwrap(), 20_000);
        kill_after(Duration::from_millis(200), server.pid()).await;
    };
    join(writing, many).await;
    server.kill();
    let begun = Instant::now();
    server.restart();
    assert_eq!(server.user_profile("ada").await.status, 200);
    assert!(begun.elapsed() < RESTART_MAX, "{:?}", begun.elapsed());
}
