//! Reads `src/` and reports violations of the architecture: imports between rooms, libraries outside their room, and a wrong map.

mod reading;
mod rules;
mod teeth;
mod writes;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use reading::{Named, Reading, Root, UNIT_TESTS};
use rules::{CRATES, EMPTY_NAMES, LINES_MAX, LISTS, MACHINE_FOLDERS, PATHS, REGISTRY, ROOMS, STATEMENTS, UNFINISHED};

/// Nobody writes here by hand, and what stands here is not ours.
const NOT_OURS: &[&str] = &[".git", "target", "data", "node_modules"];

/// Every file of the tree, by its path from the top, in order.
fn files(top: &Path, below: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![top.join(below)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            match path.is_dir() {
                _ if NOT_OURS.contains(&name) => {}
                true => folders.push(path),
                false => found.push(path.strip_prefix(top).unwrap().to_str().unwrap().to_owned()),
            }
        }
    }
    found.sort();
    found
}

fn top() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    fs::read_to_string(top().join(path)).unwrap()
}

/// The names by which code reaches the crates of Cargo.toml.
fn crate_names() -> BTreeSet<String> {
    let own = CRATES.iter().map(|(name, _)| name.replace('-', "_"));
    own.chain(["std", "core", "alloc"].map(str::to_owned)).collect()
}

/// Where a file of `src/` stands in the tree: `src/store/sqlite/mod.rs` is `store/sqlite`, the command line is below `main`.
fn place(path: &str) -> Vec<String> {
    let inside = path.strip_prefix("src/").or(path.strip_prefix(UNIT_TESTS)).unwrap_or(path);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let inside = if inside == "lib" { "" } else { inside.strip_suffix("/mod").unwrap_or(inside) };
    let mut place: Vec<String> = inside.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect();
    if place.first().is_some_and(|first| first == "command") {
        place.insert(0, "main".to_owned());
    }
    place
}

fn stands_in(place: &[String], row: &str) -> bool {
    let mut place = place.iter();
    row.split('/').all(|part| place.next().is_some_and(|at| at == part))
}

/// The innermost room at a place.
fn room(place: &[String]) -> Option<(&'static str, &'static [&'static str])> {
    let rooms = ROOMS.iter().filter(|(name, _)| stands_in(place, name));
    // A new folder below `dialect` is no part of the list of dialects, but an unknown dialect.
    rooms.max_by_key(|(name, _)| name.len()).filter(|(name, _)| *name != "dialect" || place.len() == 1).copied()
}

/// Everything one file of `src/` does that the plan does not know. Each complaint reads `file:line: what, and which rule says no`.
fn complaints(path: &str, source: &str) -> Vec<String> {
    let place = place(path);
    let Some((own, may_name)) = room(&place).or((path == "src/lib.rs").then_some(("lib", &[]))) else {
        return vec![format!("{path}:1: stands in no room; the rooms are listed in tests/house/architecture/rules.rs")];
    };
    if !path.ends_with(".rs") {
        let is_schema = path.starts_with("src/store/sqlite/schema/") && path.ends_with(".sql");
        return if is_schema { Vec::new() } else { vec![format!("{path}:1: is no source file; src/ holds source")] };
    }
    let mut module = if own == "main" { place[1..].to_vec() } else { place.clone() };
    let is_unit_test = path.starts_with(UNIT_TESTS);
    module.extend(is_unit_test.then(|| "tests".to_owned()));
    let mut reading = match reading::read(source, &module, own == "main", &crate_names()) {
        Ok(reading) => reading,
        Err(error) => return vec![format!("{path}:{}: cannot be read: {error}", error.span().start().line)],
    };
    if is_unit_test {
        reading.named.iter_mut().for_each(|named| named.tested = true);
        reading.strings.clear();
    }
    let mut found = names(&place, own, may_name, &reading);
    found.extend(statements(&place, &reading));
    found.extend(tricks(&reading));
    if LISTS.contains(&path) {
        found
            .extend(reading.other_items.iter().map(|line| (*line, "holds more than modules; it is a list".to_owned())));
    }
    if path == "src/main.rs" {
        let foreign = reading.modules.iter().filter(|(_, name)| name != "command");
        let said = |name| format!("takes {name} into the command line's crate; only command is");
        found.extend(foreign.map(|(line, name)| (*line, said(name))));
    }
    found.sort();
    found.dedup();
    found.into_iter().map(|(line, said)| format!("{path}:{line}: {said}")).collect()
}

/// A line of a file, and what is wrong there.
type Found = (usize, String);

fn names(place: &[String], own: &str, may_name: &[&str], reading: &Reading) -> Vec<Found> {
    let judge = |named: &Named| match &named.root {
        Root::Library => names_room(own, may_name, named),
        Root::CommandLine => None,
        // Tests of a room are in no binary: they may use what a test needs, but know no other rooms.
        Root::Crate(_) if named.tested => None,
        Root::Crate(name) => names_crate(place, name, named),
    };
    reading.named.iter().filter_map(|named| Some((named.line, judge(named)?))).collect()
}

fn statements(place: &[String], reading: &Reading) -> Vec<Found> {
    if STATEMENTS.iter().any(|row| stands_in(place, row)) {
        return Vec::new();
    }
    let said = |statement: &str| {
        let head: String = statement.trim().chars().take(30).collect();
        format!("holds the statement {head:?}; SQL lives in {}", STATEMENTS.join(", "))
    };
    let found = reading.strings.iter().filter(|(_, string)| is_statement(string));
    found.map(|(line, statement)| (*line, said(statement))).collect()
}

/// What would switch a lint off, or hide source from this reader.
fn tricks(reading: &Reading) -> Vec<Found> {
    const ELSEWHERE: &str = "brings source from elsewhere; a module stands where it is named";
    let attribute = |(line, name): &Found| match name.as_str() {
        "allow" => Some((*line, "switches a lint off by allow; expect it, with a reason".to_owned())),
        "path" => Some((*line, ELSEWHERE.to_owned())),
        _ => None,
    };
    let includes = reading.macros.iter().filter(|(_, name)| name == "include");
    let includes = includes.map(|(line, _)| (*line, ELSEWHERE.to_owned()));
    reading.attributes.iter().filter_map(attribute).chain(includes).collect()
}

fn names_room(own: &str, may_name: &[&str], named: &Named) -> Option<String> {
    let said = format!("names crate::{}{}", named.segments.join("::"), if named.glob { "::*" } else { "" });
    let Some((target, _)) = room(&named.segments) else {
        return Some(format!("{said}, which leads to no room"));
    };
    let beneath = target.strip_prefix(own).is_some_and(|rest| rest.starts_with('/'));
    if target != own && !may_name.contains(&target) {
        let list = if may_name.is_empty() { "no other room".to_owned() } else { may_name.join(", ") };
        return Some(format!("{said}; {own} may name {list}"));
    }
    let foreign = named.handed_on && target != own && !beneath;
    foreign.then(|| format!("{said} and hands it on by pub use; a room hands on only what is its own"))
}

fn names_crate(place: &[String], name: &str, named: &Named) -> Option<String> {
    let path = [&[name.to_owned()], &named.segments[..]].concat().join("::");
    let said = format!("names {path}{}", if named.glob { "::*" } else { "" });
    let allowed = |rows: &[&str]| rows.iter().any(|row| stands_in(place, row));
    let is_std = ["std", "core", "alloc"].contains(&name);
    if !is_std {
        let Some((_, rows)) = CRATES.iter().find(|(row, _)| row.replace('-', "_") == name) else {
            return Some(format!("{said}, a crate that no room may name"));
        };
        if !allowed(rows) {
            return Some(format!("{said}; {name} lives in {}", rows.join(", ")));
        }
        if named.handed_on {
            return Some(format!("{said} and hands it on by pub use; a library stays in its room"));
        }
    }
    let first = if is_std { "std" } else { name };
    let full = [&[first.to_owned()], &named.segments[..]].concat().join("::");
    let below = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let limited =
        |(row, rows): &&(&str, &[&str])| (below(&full, row) || (named.glob && below(row, &full))) && !allowed(rows);
    let (row, rows) = PATHS.iter().find(limited)?;
    Some(format!("{said}; {row} lives in {}", rows.join(", ")))
}

/// Whether a string is a statement for a database rather than a sentence for a person.
fn is_statement(string: &str) -> bool {
    let words: Vec<&str> = string.split_whitespace().take(64).collect();
    let Some((first, rest)) = words.split_first() else { return false };
    let (lower, has) = (first.to_lowercase(), |word: &str| rest.iter().any(|other| other.eq_ignore_ascii_case(word)));
    if *first != lower && *first != first.to_uppercase() {
        return false; // "Select ..." begins a sentence
    }
    let next = rest.first().map(|word| word.to_lowercase()).unwrap_or_default();
    let shouted = *first != lower && !rest.is_empty();
    match lower.as_str() {
        "select" => has("from") || shouted,
        "update" => has("set") || shouted,
        "delete" => next == "from",
        "insert" | "replace" => next == "into" || next == "or",
        "create" | "drop" | "alter" => {
            ["table", "index", "trigger", "view", "unique", "virtual", "temp", "temporary"].contains(&next.as_str())
        }
        "pragma" => !rest.is_empty(),
        "with" => shouted && has("as"),
        "begin" | "savepoint" | "release" | "attach" | "detach" | "analyze" | "vacuum" | "rollback" => *first != lower,
        _ => false,
    }
}

/// Where the crate of the JPEG decoder stands, which has a test of its own.
const DECODER: &str = "src/jpeg/";

/// The files of this package.
fn own_files(below: &str) -> Vec<String> {
    files(&top(), below).into_iter().filter(|path| !path.starts_with(DECODER)).collect()
}

fn none(complaints: &[String]) {
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_file_keeps_to_its_room() {
    let files = own_files("src").into_iter().chain(own_files(UNIT_TESTS));
    none(&files.flat_map(|path| complaints(&path, &text(&path))).collect::<Vec<_>>());
}

#[test]
fn every_file_of_unit_tests_is_compiled() {
    let sources: Vec<_> = own_files("src").iter().map(|path| text(path)).collect();
    let is_named = |path: &&String| sources.iter().any(|source| source.contains(&format!("/{path}\"]\nmod tests;")));
    let unnamed: Vec<_> = own_files(UNIT_TESTS).into_iter().filter(|path| !is_named(&path)).collect();
    none(&unnamed);
}

#[test]
fn every_crate_has_its_place_and_is_named_there() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let keys = |table: &str| -> BTreeSet<String> {
        manifest.get(table).and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::keys).cloned().collect()
    };
    let dependencies = keys("dependencies");
    let mut found = Vec::new();
    // The workspace shares lints with the decoder's crate, which the next test reads.
    let is_plain = keys("workspace").iter().all(|key| key == "lints");
    if !is_plain {
        found.push("Cargo.toml: [workspace] holds more than lints".to_owned());
    }
    for table in ["build-dependencies", "target", "patch", "replace"] {
        if manifest.contains_key(table) {
            found.push(format!("Cargo.toml: [{table}] is not read by this test; teach it first"));
        }
    }
    let listed: BTreeSet<String> = CRATES.iter().map(|(name, _)| (*name).to_owned()).collect();
    found.extend(dependencies.difference(&listed).map(|name| format!("Cargo.toml: {name} has no row in CRATES")));
    found.extend(listed.difference(&dependencies).map(|name| format!("CRATES: {name} is no dependency any more")));

    let for_tests = keys("dev-dependencies");
    let crates = dependencies.iter().chain(&for_tests).map(|name| name.replace('-', "_")).collect();
    let (mut by_rooms, mut by_tests) = (BTreeSet::new(), BTreeSet::new());
    for path in own_files("").iter().filter(|path| path.ends_with(".rs")) {
        for named in reading::read(&text(path), &place(path), false, &crates).unwrap().named {
            let Root::Crate(name) = named.root else { continue };
            if path.starts_with("src/") && !named.tested {
                by_rooms.insert(name)
            } else {
                by_tests.insert(name)
            };
        }
    }
    let missed = |by: &BTreeSet<String>, name: &&String| !by.contains(&name.replace('-', "_"));
    let unnamed = dependencies.iter().filter(|name| missed(&by_rooms, name));
    found.extend(unnamed.map(|name| format!("Cargo.toml: {name} is named by no room; it goes")));
    let unnamed = for_tests.iter().filter(|name| missed(&by_tests, name));
    found.extend(unnamed.map(|name| format!("Cargo.toml: {name} is named by no test; it goes")));
    none(&found);
}

#[test]
fn the_jpeg_decoder_is_pure_and_names_one_crate() {
    let manifest: toml::Table = text("src/jpeg/Cargo.toml").parse().unwrap();
    let tables: BTreeSet<&str> = manifest.keys().map(String::as_str).collect();
    assert_eq!(tables, BTreeSet::from(["package", "lib", "lints", "dependencies"]));
    assert_eq!(manifest["lints"].to_string().replace(' ', ""), "{workspace=true}");
    let dependencies: Vec<&str> = manifest["dependencies"].as_table().unwrap().keys().map(String::as_str).collect();
    assert_eq!(dependencies, ["wide"]);
    let crates = ["std", "core", "alloc", "wide"].map(str::to_owned).into();
    let mut found = Vec::new();
    for path in files(&top(), DECODER).iter().filter(|path| path.ends_with(".rs")) {
        for named in
            reading::read(&text(path), &place(path.strip_prefix(DECODER).unwrap()), false, &crates).unwrap().named
        {
            let leads_out = ["env", "fs", "io", "net", "os", "process", "thread", "time"];
            if named.root == Root::Crate("std".to_owned()) && leads_out.contains(&named.segments[0].as_str()) {
                found.push(format!(
                    "{path}:{}: names std::{}; a decoder takes bytes and gives pixels",
                    named.line, named.segments[0]
                ));
            }
        }
    }
    none(&found);
}

/// The first words of the map's lines: of the fenced block in the doc comment of `src/lib.rs`, those lines that are not indented.
fn mapped(lib: &str) -> Vec<String> {
    let docs =
        lib.lines().filter_map(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let block = docs.skip_while(|line| !line.starts_with("```")).skip(1).take_while(|line| !line.starts_with("```"));
    let entries = block.filter(|line| !line.is_empty() && !line.starts_with(' '));
    entries.filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Whether the map and the rooms that exist say the same. A room stands in the map as it stands in `src/`: `server.rs`, `store/`.
fn map_complaints(mapped: &[String], files: &[String]) -> Vec<String> {
    let mut standing: BTreeSet<String> = BTreeSet::new();
    for path in files.iter().filter(|path| !LISTS.contains(&path.as_str())) {
        let inside = path.trim_start_matches("src/");
        match room(&place(path)) {
            Some(("main", _)) => standing.insert("main.rs".to_owned()),
            Some((name, _)) if inside == format!("{name}.rs") => standing.insert(inside.to_owned()),
            Some((name, _)) => standing.insert(format!("{name}/")),
            None => false,
        };
    }
    let drawn: BTreeSet<String> = mapped.iter().cloned().collect();
    let missing = standing.difference(&drawn).map(|name| format!("src/lib.rs: the map does not name {name}"));
    let gone =
        drawn.difference(&standing).map(|name| format!("src/lib.rs: the map names {name}, which does not stand"));
    let twice = mapped.iter().enumerate().filter(|(at, name)| mapped[..*at].contains(name));
    missing.chain(gone).chain(twice.map(|(_, name)| format!("src/lib.rs: the map names {name} twice"))).collect()
}

#[test]
fn the_map_shows_every_room_that_exists_and_no_other() {
    none(&map_complaints(&mapped(&text("src/lib.rs")), &own_files("src")));
}

/// What holds for every text of the tree, source or not.
fn text_complaints(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let file = path.rsplit('/').next().unwrap_or(path);
    let empty =
        path.split('/').map(|part| part.split('.').next().unwrap_or(part)).find(|stem| EMPTY_NAMES.contains(stem));
    found.extend(empty.map(|stem| (1, format!("{stem} says nothing; a file is named for what it knows"))));
    let lines = text.lines().count();
    if path.starts_with("src/") && lines > LINES_MAX {
        found.push((lines, format!("has {lines} lines; a file in src/ has at most {LINES_MAX}")));
    }
    let is_lock = ["Cargo.lock", "package-lock.json"].contains(&file);
    for (at, line) in text.lines().enumerate() {
        let said = if is_lock {
            (holds_address(line)).then(|| "a lock file records no address but cargo's own registry".to_owned())
        } else {
            let word = UNFINISHED.iter().find(|word| holds_word(line, word)).map(|word| format!("{word}: finish it"));
            word.or_else(|| machine_path(line).map(|folder| format!("a path of somebody's machine: /{folder}/")))
        };
        found.extend(said.map(|said| (at + 1, said)));
    }
    found.into_iter().map(|(line, said)| format!("{path}:{line}: {said}")).collect()
}

/// Where a lock file would fetch from. Homepages and pages for donations are not fetched.
fn holds_address(line: &str) -> bool {
    let key = line.trim_start();
    let fetched = key.starts_with("\"resolved\"") || key.starts_with("source =");
    fetched && line.contains("://") && line != REGISTRY
}

fn holds_word(line: &str, word: &str) -> bool {
    line.split(|c: char| !c.is_alphanumeric()).any(|part| part == word)
}

fn machine_path(line: &str) -> Option<&'static str> {
    MACHINE_FOLDERS.iter().copied().find(|folder| {
        let path = format!("/{folder}/");
        let starts = |(at, _): (usize, &str)| {
            !line[..at].ends_with(|before: char| before.is_alphanumeric() || "_.-}/".contains(before))
        };
        line.match_indices(&path).any(starts)
    })
}

#[test]
fn every_text_is_finished_and_at_home_anywhere() {
    let top = top();
    let of =
        |path: &String| fs::read_to_string(top.join(path)).map(|text| text_complaints(path, &text)).unwrap_or_default();
    none(&files(&top, "").iter().flat_map(of).collect::<Vec<_>>());
}
