//! What is damaged in a backup is named, and nothing is restored from it.

use std::{
    fs,
    io::{Cursor, Read as _},
};

use ::standin::{
    archive::{Content, FORMAT, Listing, Manifest, Writer, content_of, pack},
    domain::storage::RecordCounts,
    server::restore::verify,
};

use super::{super::standin::Standin, Fixture, done, lived_in, run};

/// The members of a backup: name, where the header stands, where the bytes stand, how many there are.
fn members(archive: &[u8]) -> Vec<(String, usize, usize, usize)> {
    let mut archive = tar::Archive::new(Cursor::new(archive));
    let members = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let at = |place: u64| usize::try_from(place).unwrap();
        let name = entry.path().unwrap().to_str().unwrap().to_owned();
        (name, at(entry.raw_header_position()), at(entry.raw_file_position()), at(entry.size()))
    });
    members.collect()
}

/// Both commands refuse this archive, naming `name`, and the folder that was to be filled is not even made.
fn is_refused(server: &Standin, fixture: &Fixture, archive: &[u8], name: &str) {
    fs::write(&fixture.file, archive).unwrap();
    let (code, said) = run(&server.data(), &["backup", "verify", fixture.file()], &[]);
    assert_eq!((code, said.contains(name)), (Some(1), true), "{name}: {said}");
    let (code, said) = run(&fixture.elsewhere(), &["restore", fixture.file()], &[]);
    assert_eq!((code, said.contains(name)), (Some(1), true), "{name}: {said}");
    assert!(!fixture.elsewhere().exists(), "{name}");
}

async fn backed_up() -> (Standin, Fixture, Vec<u8>) {
    let (server, fixture) = (lived_in().await, Fixture::new());
    done(&server.data(), &["backup", fixture.file()]);
    let archive = fs::read(&fixture.file).unwrap();
    (server, fixture, archive)
}

#[actix_web::test]
async fn promise_10_one_flipped_byte_is_reported_by_the_name_of_its_member() {
    let (server, fixture, archive) = backed_up().await;
    let found = members(&archive);
    let picture = found.iter().find(|(name, ..)| name.ends_with("/full")).unwrap().0.clone();
    for name in ["standin.db.zst", &picture, "manifest.json", "members.jsonl", "server.key", "manifest.json.sha256"] {
        let (_, header, bytes, size) = found.iter().find(|(member, ..)| member == name).unwrap();
        let mut damaged = archive.clone();
        damaged[bytes + size / 2] ^= 1;
        is_refused(&server, &fixture, &damaged, name);
        // The tar's own record of it: its mode, which says nothing about its bytes.
        let mut damaged = archive.clone();
        damaged[header + 104] ^= 1;
        is_refused(&server, &fixture, &damaged, name);
    }
}

#[actix_web::test]
async fn promise_10_a_missing_member_is_reported_by_name() {
    let (server, fixture, archive) = backed_up().await;
    let found = members(&archive);
    let at = found.iter().position(|(name, ..)| name.ends_with("/320")).unwrap();
    let ((name, from, ..), (_, to, ..)) = (&found[at], &found[at + 1]);
    let without = [&archive[..*from], &archive[*to..]].concat();
    is_refused(&server, &fixture, &without, &format!("{name} is missing"));
    let (_, said) = run(&server.data(), &["backup", "verify", fixture.file()], &[]);
    assert_eq!(said.matches("pictures/").count(), 1, "that one and no other: {said}");
}

#[actix_web::test]
async fn promise_10_a_backup_that_ends_early_is_reported_by_the_name_it_ends_in() {
    let (server, fixture, archive) = backed_up().await;
    let (name, _, bytes, size) = members(&archive).pop().unwrap();
    is_refused(&server, &fixture, &archive[..bytes + size / 2], &format!("{name} is cut short"));
    is_refused(&server, &fixture, &archive[..archive.len() - 512], "the end of the archive");
    is_refused(&server, &fixture, &archive[..100], "manifest.json");
    is_refused(&server, &fixture, b"", "manifest.json");
}

#[actix_web::test]
async fn promise_10_no_byte_can_be_flipped_unseen() {
    let (_house, fixture, archive) = backed_up().await;
    assert!(verify(&fixture.file).is_ok());
    // Every 97th: the parts of headers, the bytes of members, the zeros between and behind them.
    let places: Vec<usize> = (0..archive.len()).step_by(97).chain(archive.len() - 1..archive.len()).collect();
    assert!(places.len() > 300, "{}", places.len());
    for place in places {
        let mut damaged = archive.clone();
        damaged[place] ^= 0x20;
        fs::write(&fixture.file, &damaged).unwrap();
        assert!(verify(&fixture.file).is_err(), "byte {place} of {}", archive.len());
    }
}

/// A backup that no Standin wrote, but whose digests are all right: a database of so many zeros, promised as `promised`, and a member
/// of this name.
fn forged(format: u32, (zeros, promised): (u64, u64), name: &str) -> Vec<u8> {
    let mut packed = Vec::new();
    let (stored, whole) = pack(std::io::repeat(0).take(zeros), &mut packed).unwrap();
    let line = |name: &str, content: &Content| format!("{}\n", serde_json::json!({ "name": name, "content": content }));
    let evil = content_of(&b"evil"[..]).unwrap();
    let listing = line("standin.db.zst", &stored) + &line(name, &evil);
    let manifest = Manifest {
        format,
        standin: "0.1.0".to_owned(),
        schema: 1,
        made_at: "2026-01-01T00:00:00Z".to_owned(),
        key_fingerprint: "0".repeat(64),
        has_key: false,
        counts: RecordCounts::default(),
        files_lost: 0,
        database: Content { bytes: promised, ..whole },
        listing: Listing {
            content: content_of(listing.as_bytes()).unwrap(),
            members: 2,
            bytes: stored.bytes + evil.bytes,
        },
    };
    let mut archive = Vec::new();
    let mut writer = Writer::begin(&mut archive, 1, &manifest, listing.as_bytes()).unwrap();
    writer.put("standin.db.zst", &stored, packed.as_slice()).unwrap();
    writer.put(name, &evil, &b"evil"[..]).unwrap();
    writer.end().unwrap();
    archive
}

const PICTURE: &str = "pictures/3s/3sAFuPebIrDpO5yG1VP872/full";

#[actix_web::test]
async fn a_backup_that_was_forged_writes_nowhere_and_fills_no_disk() {
    let (server, fixture) = (Standin::fresh().await, Fixture::new());
    let outside = fixture.folder.path().join("outside");
    for name in ["outside", "pictures/3s/outside", "server.key.new", "standin.db"] {
        is_refused(&server, &fixture, &forged(FORMAT, (10, 10), name), name);
        assert!(!outside.exists());
    }
    // 64 MiB of zeros in some kilobytes, promised as one: unpacked to the promise and no further.
    is_refused(
        &server,
        &fixture,
        &forged(FORMAT, (64 << 20, 1000), PICTURE),
        "standin.db.zst unpacks to a database that differs",
    );
    // What it promises truly, but is no database.
    is_refused(&server, &fixture, &forged(FORMAT, (4096, 4096), PICTURE), "standin.db.zst cannot be used");
}

#[test]
fn a_file_that_is_not_a_backup_is_refused() {
    let fixture = Fixture::new();
    let data = fixture.elsewhere();
    let (code, said) = run(&data, &["restore", fixture.file()], &[]);
    assert_eq!((code, said.contains("cannot be opened")), (Some(2), true), "{said}");
    fs::write(&fixture.file, vec![b'x'; 4096]).unwrap();
    let (code, said) = run(&data, &["restore", fixture.file()], &[]);
    assert_eq!((code, said.contains("this is no backup")), (Some(1), true), "{said}");
    assert!(!data.exists());
}

#[actix_web::test]
async fn a_backup_of_a_later_format_names_it() {
    let (server, fixture) = (Standin::fresh().await, Fixture::new());
    is_refused(&server, &fixture, &forged(FORMAT + 1, (10, 10), PICTURE), "has format 2");
}
