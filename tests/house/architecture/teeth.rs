//! The reader of `src/` has to bite: small sources that it must refuse, and why, and sources that it must let pass.

use super::{complaints, holds_address, is_statement, map_complaints, mapped, text_complaints};

/// Where a source stands, what it says, and what the complaint must hold.
const REFUSED: &[(&str, &str, &str)] = &[
    // Imports between rooms.
    ("src/dialect/qiscus/rest.rs", "use crate::dialect::mirrorfly::reply;", "dialect/qiscus may name"),
    ("src/dialect/qiscus/rest.rs", "fn f() { super::super::mirrorfly::rest::f() }", "crate::dialect::mirrorfly"),
    ("src/dialect/qiscus/mod.rs", "use super::mirrorfly;", "crate::dialect::mirrorfly"),
    ("src/dialect/qiscus/mod.rs", "use super::*;", "crate::dialect::*"),
    ("src/dialect/qiscus/mod.rs", "use crate::dialect as wires;", "dialect/qiscus may name http, service, domain"),
    ("src/dialect/qiscus.rs", "use crate::{http, store::{self, Store}};", "names crate::store;"),
    ("src/dialect/native/mod.rs", "use crate as house; fn f() { house::blob::put() }", "crate::blob"),
    ("src/dialect/mod.rs", "use crate::http;", "dialect may name no other room"),
    ("src/dialect/mod.rs", "pub mod qiscus; fn shared() {}", "holds more than modules"),
    ("src/dialect/slack/mod.rs", "", "stands in no room"),
    ("src/http/mod.rs", "use crate::dialect;", "http may name service, domain"),
    ("src/http/body/form/mod.rs", "fn f(s: crate::store::Store) {}", "http may name service, domain"),
    ("src/http/body/form/mod.rs", "type A<T> = Vec<<T as crate::store::Law>::Out>;", "crate::store::Law"),
    ("src/service/accounts.rs", "fn f() { json!({ \"a\": crate::http::f() }) }", "names crate::http::f"),
    ("src/service/accounts.rs", "macro_rules! m { () => { use $crate::{domain, http::form}; } }", "crate::http::form"),
    ("src/service/accounts.rs", "fn f() { run!(a, b: crate::http::f(), \"c\") }", "names crate::http::f;"),
    (
        "src/service/accounts.rs",
        "fn f() { run!(use crate::{domain::id::{self, UserId}, blob, live}; std::fs::read()) }",
        "std::fs::read",
    ),
    ("src/service/accounts.rs", "#[derive(crate::http::Derive)] struct A;", "crate::http::Derive"),
    ("src/service/accounts.rs", "use crate::store::sqlite::users;", "service may name store, fair"),
    ("src/service/mod.rs", "mod inner { use super::super::server; }", "crate::server"),
    ("src/service/mod.rs", "use crate::*;", "leads to no room"),
    ("src/service/mod.rs", "use super::*;", "leads to no room"),
    ("src/service/mod.rs", "pub(crate) use crate::store::Store;", "hands it on"),
    ("src/domain/id.rs", "use crate::store;", "domain may name no other room"),
    ("src/store/mod.rs", "use crate::blob::Folder;", "store may name store/sqlite, fair, domain"),
    ("src/main.rs", "use standin::service::Service;", "main may name server, settings"),
    ("src/main.rs", "fn main() { standin::store::Store::open() }", "main may name server, settings"),
    ("src/command/user.rs", "use standin::{server, store as rows};", "names crate::store;"),
    ("src/main.rs", "mod domain;", "takes domain into the command line's crate"),
    ("src/lib.rs", "pub mod domain; pub use domain::id::UserId;", "holds more than modules"),
    ("src/cache.rs", "", "stands in no room"),
    ("src/tools/mod.rs", "", "stands in no room"),
    ("src/store/sqlite/notes.txt", "", "is no source file"),
    // Libraries in their rooms.
    ("src/service/accounts.rs", "use actix_web::web::Data;", "actix_web lives in"),
    ("src/service/accounts.rs", "fn f() -> actix_web::HttpResponse { g() }", "lives in http, dialect, server"),
    ("src/service/accounts.rs", "#[actix_web::main] async fn f() {}", "lives in http, dialect, server"),
    ("src/service/accounts.rs", "use rusqlite::Connection;", "lives in store/sqlite"),
    ("src/store/mod.rs", "fn f(c: &::rusqlite::Connection) {}", "lives in store/sqlite"),
    ("src/store/mod.rs", "extern crate rusqlite;", "lives in store/sqlite"),
    ("src/store/mod.rs", "use {crate::domain, rusqlite as pool};", "lives in store/sqlite"),
    ("src/service/accounts.rs", "use rand::Rng;", "lives in service/credentials"),
    ("src/service/accounts.rs", "fn f() { format!(\"{}\", sha2::Sha256::new()) }", "lives in service/credentials"),
    ("src/http/mod.rs", "use image::DynamicImage;", "lives in picture"),
    ("src/dialect/qiscus/mod.rs", "use quick_xml::Reader;", "lives in dialect/mirrorfly"),
    ("src/http/mod.rs", "pub use actix_web::web::Data;", "hands it on"),
    ("src/http/mod.rs", "use ::reqwest::Client;", "a crate that no room may name"),
    // Statements, files, clocks, processes.
    ("src/service/accounts.rs", "const Q: &str = \"\n    SELECT id FROM user\";", "holds the statement"),
    ("src/store/mod.rs", "fn f() { run!(\"pragma journal_mode\") }", "holds the statement"),
    ("src/service/accounts.rs", "use std::fs;", "names std::fs"),
    ("src/service/accounts.rs", "use std::{io, fs::File};", "names std::fs::File"),
    ("src/service/accounts.rs", "use std::*;", "names std::*"),
    ("src/service/accounts.rs", "use std as s; fn f() { s::fs::read(\"a\") }", "names std::fs::read"),
    ("src/store/mod.rs", "use std::os::unix::fs::PermissionsExt;", "std::os::unix::fs lives in"),
    ("src/service/accounts.rs", "fn f() { std::time::SystemTime::now() }", "std::time::SystemTime lives in server"),
    ("src/service/accounts.rs", "use std::time; fn f() { time::SystemTime::now() }", "lives in server"),
    (
        "src/service/accounts.rs",
        "use std::time; mod a { use super::*; fn f() { time::SystemTime::now() } }",
        "lives in server",
    ),
    ("src/service/accounts.rs", "use std::time::*;", "lives in server"),
    ("src/domain/time.rs", "use jiff::Timestamp; fn f() { Timestamp::now() }", "jiff::Timestamp::now lives in server"),
    ("src/server.rs", "fn f() { std::process::exit(1) }", "std::process lives in main"),
    ("src/store/mod.rs", "#[cfg(not(test))] mod tests { use rusqlite::Connection; }", "lives in store/sqlite"),
    ("src/store/mod.rs", "#[cfg(test)] mod tests { use crate::service; }", "store may name store/sqlite, fair, domain"),
    ("src/store/mod.rs", "#[cfg(test)] mod tests {} fn f() { rusqlite::f() }", "lives in store/sqlite"),
    // What hides from the reader.
    ("src/blob/mod.rs", "#![allow(dead_code)]", "allow"),
    ("src/blob/mod.rs", "#[cfg_attr(test, allow(dead_code))] fn f() {}", "allow"),
    ("src/blob/mod.rs", "fn f() { #[allow(unused)] let a = 1; }", "allow"),
    ("src/blob/mod.rs", "#[path = \"../server.rs\"] mod server;", "a module stands where it is named"),
    ("src/blob/mod.rs", "#[path = \"../../tests/unit/blob.rs\"] mod tests;", "a module stands where it is named"),
    ("src/blob/mod.rs", "#[cfg(test)] #[path = \"../../tests/unit/store.rs\"] mod tests;", "where it is named"),
    ("src/blob/mod.rs", "#[cfg(test)] #[path = \"../../tests/unit/blob.rs\"] mod other;", "where it is named"),
    ("tests/unit/store.rs", "use crate::service;", "store may name store/sqlite, fair, domain"),
    ("tests/unit/store.rs", "#[path = \"../house/main.rs\"] mod house;", "a module stands where it is named"),
    ("src/blob/mod.rs", "include!(\"folder.rs.in\");", "a module stands where it is named"),
    ("src/blob/mod.rs", "fn f( {}", "cannot be read"),
];

const LET_PASS: &[(&str, &str)] = &[
    ("src/blob/folder.rs", "#[cfg(test)] #[path = \"../../tests/unit/blob/folder.rs\"] mod tests;"),
    ("src/command/mod.rs", "#[cfg(test)] #[path = \"../../tests/unit/command.rs\"] mod tests;"),
    ("tests/unit/store.rs", "use super::*; use rusqlite::Connection; const A: &str = \"SELECT 1 FROM user\";"),
    ("src/dialect/qiscus/rest.rs", "use crate::{domain::id::UserId, http::form, service::Service};"),
    ("src/dialect/qiscus/rest.rs", "use super::{reply, view::UserView}; fn f() { super::super::qiscus::f() }"),
    ("src/dialect/qiscus/rest.rs", "// use crate::dialect::mirrorfly;\n/// See `crate::store`. TRUE\nfn f() {}"),
    ("src/dialect/qiscus/rest.rs", "const A: &str = \"crate::store::Store\"; const B: &str = r#\"use rusqlite;\"#;"),
    ("src/dialect/mod.rs", "//! The wires.\npub mod mirrorfly;\npub mod qiscus;"),
    ("src/http/mod.rs", "pub(crate) mod form; pub(in crate::http) fn f() {} pub(super) use form::Form;"),
    ("src/store/mod.rs", "mod sqlite; pub use sqlite::OpenError; use sqlite::users;"),
    (
        "src/store/sqlite/users.rs",
        "use rusqlite::params; const Q: &str = \"SELECT 1 FROM user\"; use super::super::Error;",
    ),
    ("src/store/sqlite/schema/0001_users.sql", "CREATE TABLE user (id INTEGER) STRICT;"),
    (
        "src/service/accounts.rs",
        "fn url(image: u8) -> u8 { let log = image; log } #[derive(Debug)] struct S { rand: u8 }",
    ),
    ("src/service/accounts.rs", "mod image { pub(super) fn f() {} } fn g() { image::f() }"),
    ("src/service/accounts.rs", "use crate::picture as image; fn f() { image::prepare() }"),
    ("src/service/accounts.rs", "fn f() { log::warn!(\"Delete the user, Select another\"); }"),
    ("src/service/accounts.rs", "use std::time::{Duration, Instant}; use std::{collections::*, io::prelude::*};"),
    ("src/service/credentials.rs", "use argon2::Argon2; use rand::Rng;"),
    ("src/service/credentials/seal.rs", "use chacha20poly1305::aead;"),
    ("src/picture/tile.rs", "use image::RgbImage;"),
    ("src/server.rs", "use crate::{dialect::{mirrorfly, qiscus}, store::Store}; use std::{fs, time::SystemTime};"),
    (
        "src/main.rs",
        "mod command; use standin::{server, settings}; use std::process::ExitCode; use crate::command::user;",
    ),
    ("src/command/mod.rs", "fn standin() {} pub(crate) fn run() { standin() }"),
    ("src/command/user.rs", "#[command(about = \"CREATE TABLE\")] struct A; use super::app; use crate::command;"),
    ("src/lib.rs", "//! The map.\npub mod domain;\npub mod store;"),
    ("src/blob/mod.rs", "#[expect(dead_code, reason = \"allow\")] fn f() {} const A: &[u8] = include_bytes!(\"a\");"),
];

#[test]
fn an_import_outside_the_rules_is_refused_with_its_reason() {
    for (path, source, reason) in REFUSED {
        let found = complaints(path, source);
        assert!(
            found.iter().any(|complaint| complaint.contains(reason)),
            "{path}\n{source}\nwants {reason:?} in {found:#?}"
        );
    }
}

#[test]
fn an_import_within_the_rules_passes() {
    for (path, source) in LET_PASS {
        assert_eq!(complaints(path, source), Vec::<String>::new(), "{path}\n{source}");
    }
}

#[test]
fn a_complaint_gives_the_line_the_name_and_the_rule() {
    let source = "use crate::domain;\n\nfn f() {\n    crate::store::open();\n}\n";
    let complaint = "src/http/body/form/mod.rs:4: names crate::store::open; http may name service, domain";
    assert_eq!(complaints("src/http/body/form/mod.rs", source), [complaint]);
}

#[test]
fn sql_statements_and_sentences_are_distinguished() {
    let statements = [
        "SELECT 1",
        "select id from user",
        "\n  UPDATE user SET a = 1",
        "update user set a = 1",
        "DELETE FROM user",
        "INSERT OR IGNORE INTO a",
        "insert into a",
        "CREATE UNIQUE INDEX a",
        "DROP TABLE a",
        "PRAGMA user_version",
        "SAVEPOINT a",
        "BEGIN IMMEDIATE",
        "WITH a AS (SELECT 1) SELECT * FROM a",
        "REPLACE INTO a",
    ];
    for statement in statements {
        assert!(is_statement(statement), "{statement}");
    }
    let sentences =
        ["DELETE", "Delete from here", "update", "create user", "select", "Begin", "with care", "", "CREATE"];
    for sentence in sentences {
        assert!(!is_statement(sentence), "{sentence}");
    }
}

#[test]
fn the_map_is_read_from_its_block_and_compared_with_the_folder() {
    let lib = "//! Words.\n//! domain/ not here\n//! ```text\n//! server.rs   wires\n//!             the rooms\n//! store/      rows\n//! ```\n";
    assert_eq!(mapped(lib), ["server.rs", "store/"]);
    let files = |list: &[&str]| list.iter().map(|path| (*path).to_owned()).collect::<Vec<_>>();
    let standing = ["src/lib.rs", "src/server.rs", "src/store/mod.rs", "src/dialect/mod.rs"];
    assert_eq!(map_complaints(&mapped(lib), &files(&standing)), Vec::<String>::new());
    let more = files(
        &[&standing[..], &["src/store/sqlite/mod.rs", "src/command/user.rs", "src/dialect/qiscus/mod.rs"]].concat(),
    );
    let missing =
        ["dialect/qiscus/", "main.rs", "store/sqlite/"].map(|name| format!("src/lib.rs: the map does not name {name}"));
    assert_eq!(map_complaints(&mapped(lib), &more), missing);
    let gone = map_complaints(&mapped(lib), &files(&["src/server/mod.rs", "src/store/mod.rs"]));
    assert_eq!(
        gone,
        ["src/lib.rs: the map does not name server/", "src/lib.rs: the map names server.rs, which does not stand"]
    );
}

#[test]
fn unfinished_texts_and_paths_of_one_machine_are_refused() {
    let one = |path: &str, text: &str| text_complaints(path, text).join("\n");
    assert!(one("src/store/utils.rs", "").contains("utils says nothing"));
    assert!(one("tests/common/mod.rs", "").contains("common says nothing"));
    assert!(one("src/a.rs", &"\n".repeat(601)).contains("has 601 lines"));
    assert_eq!(one("src/a.rs", &"\n".repeat(600)), "");
    let unfinished = ["TO", "DO"].concat();
    assert!(one("README.md", &format!("a\n{unfinished}: b")).starts_with("README.md:2:"));
    let (home, work) = (["/ho", "me/"].concat(), ["/wo", "rk/"].concat());
    assert!(one("tests/check.sh", &format!("cd {home}me")).contains("somebody's machine"));
    assert!(one("README.md", &format!("`{work}main`")).contains("somebody's machine"));
    assert_eq!(one("README.md", &format!("https://example.org{work}a and var{home}")), "");
    assert!(holds_address("      \"resolved\": \"https://registry.example/a.tgz\","));
    assert!(holds_address("source = \"registry+https://mirror.example/index\""));
    assert!(holds_address("source = \"git+https://example.org/a\""));
    assert!(!holds_address("source = \"registry+https://github.com/rust-lang/crates.io-index\""));
    assert!(!holds_address("        \"url\": \"https://example.org/donate\""));
}
