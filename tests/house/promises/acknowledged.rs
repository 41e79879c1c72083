//! Promises 3 and 4: what is answered is on the disk, a picture before the row that names it.

use std::time::{Duration, Instant};

use futures_util::future::join_all;

use super::{picture_of, register, shim::Faults, upload};

/// Much longer than a registration takes by itself, on a busy machine too.
const SLOW: Duration = Duration::from_millis(1500);

#[actix_web::test]
async fn promise_03_no_answer_leaves_before_a_sync_that_32_writers_share() {
    let (server, faults) = Faults::server(&[]).await;
    register(&server, "first", "F").await;
    faults.make_each_sync_take_longer(SLOW);
    let before = faults.syncs();
    let begun = Instant::now();
    let ids: Vec<String> = (0..32).map(|writer| format!("u{writer}")).collect();
    let answers = join_all(ids.iter().map(async |id| {
        let answer = register(&server, id, "N").await;
        (answer.status, begun.elapsed())
    }));
    for (status, after) in answers.await {
        assert_eq!(status, 200);
        assert!(after >= SLOW, "answered after {after:?}, before the sync was done");
    }
    let syncs = faults.syncs() - before;
    assert!((1..=16).contains(&syncs), "{syncs} syncs for 32 registrations");
}

#[actix_web::test]
async fn promise_03_durability_normal_does_not_wait_for_the_disk_and_documents_the_possible_loss() {
    let (server, faults) = Faults::server(&[("STANDIN_DURABILITY", "normal")]).await;
    register(&server, "first", "F").await;
    let before = faults.syncs();
    for writer in 0..8 {
        assert_eq!(register(&server, &format!("u{writer}"), "N").await.status, 200);
    }
    assert_eq!(faults.syncs(), before);
    let help = server.command(&["serve", "--help"]).split_whitespace().collect::<Vec<_>>().join(" ");
    for said in
        ["full: an answered change survives a power cut", "since the last checkpoint (up to about 32 MiB of changes)"]
    {
        assert!(help.contains(said), "{help}");
    }
    let (server, faults) = Faults::server(&[]).await;
    let before = faults.syncs();
    for writer in 0..8 {
        register(&server, &format!("u{writer}"), "N").await;
    }
    assert!(faults.syncs() - before >= 8, "full is the default");
}

#[actix_web::test]
async fn promise_04_files_are_synced_and_in_their_place_before_the_row_is_written() {
    let (server, faults) = Faults::server(&[]).await;
    let back_end = server.back_end_token().await;
    faults.trace();
    let key = picture_of(&upload(&server, &back_end, "ada").await);
    let trace = faults.trace();
    let first =
        |line: &str| trace.iter().position(|each| each == line).unwrap_or_else(|| panic!("no {line}: {trace:#?}"));
    let last =
        |line: &str| trace.iter().rposition(|each| each == line).unwrap_or_else(|| panic!("no {line}: {trace:#?}"));
    let shard = &key[..2];
    let moved = first(&format!("rename /pictures/{shard}/{key}"));
    for side in ["full", "512", "320", "192", "96", "48"] {
        let file = format!("/incoming/{key}/{side}");
        assert!(last(&format!("write {file}")) < first(&format!("sync {file}")), "{trace:#?}");
        assert!(first(&format!("sync {file}")) < moved);
    }
    assert!(first(&format!("sync /incoming/{key}")) < moved);
    let placed = first(&format!("sync /pictures/{shard}")).max(first("sync /pictures"));
    let row = first("write /standin.db-wal");
    assert!(moved < placed && placed < row && row < last("sync /standin.db-wal"), "{trace:#?}");
    assert!(!trace.iter().any(|line| line.starts_with("write /pictures/")), "never written in its place: {trace:#?}");
}
