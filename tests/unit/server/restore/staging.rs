//! Tests of `src/server/restore/staging.rs`.

use super::*;

fn written(path: &Path, text: &str) {
    make_folder(path.parent().expect("it has one")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn text(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// Returns a folder with contents and a whole restore that stopped after `moved` steps.
fn cut_off(moved: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    for name in ["standin.db", "standin.db-wal", "server.key", "pictures/ab/x"] {
        written(&data.join(name), "former");
    }
    for name in ["standin.db", "server.key", "pictures/cd/y"] {
        written(&data.join(STAGED).join(name), "new");
    }
    written(&data.join(STAGED).join(WHOLE), ".before");
    let former = data.join(".before");
    let steps: [&dyn Fn() -> io::Result<()>; 7] = [
        &|| set_aside(&data.join("standin.db-wal"), &former),
        &|| set_aside(&data.join(PICTURES), &former),
        &|| fs::rename(data.join(STAGED).join(PICTURES), data.join(PICTURES)),
        &|| set_aside(&data.join(KEY), &former),
        &|| fs::rename(data.join(STAGED).join(KEY), data.join(KEY)),
        &|| set_aside(&data.join(DATABASE), &former),
        &|| fs::rename(data.join(STAGED).join(DATABASE), data.join(DATABASE)),
    ];
    for step in steps.iter().take(moved) {
        step().expect("it moves");
    }
    folder
}

#[test]
fn a_restore_that_was_whole_is_put_in_place_wherever_it_was_cut_off() {
    for moved in 0..=7 {
        let folder = cut_off(moved);
        let data = folder.path();
        finish(data).expect("it ends");
        for (name, former) in [("standin.db", true), ("server.key", true), ("standin.db-wal", false)] {
            assert_eq!(text(&data.join(name)).is_some(), former, "{name} after {moved}");
            assert_eq!(text(&data.join(".before").join(name)).as_deref(), Some("former"), "{name} after {moved}");
        }
        assert_eq!(text(&data.join("standin.db")).as_deref(), Some("new"));
        assert_eq!(text(&data.join("pictures/cd/y")).as_deref(), Some("new"));
        assert_eq!(text(&data.join("pictures/ab/x")), None);
        assert_eq!(text(&data.join(".before/pictures/ab/x")).as_deref(), Some("former"));
        assert!(!data.join(STAGED).exists());
    }
}

#[test]
fn a_restore_writes_its_mark_and_refuses_an_existing_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    let data = folder.path();
    let staging = Staging::begin(data).expect("it begins");
    staging.seal(".before").expect("it is whole");
    assert_eq!(text(&data.join(STAGED).join(WHOLE)).as_deref(), Some(".before"));
    make_folder(&data.join(".before")).expect("a folder");
    let staging = Staging::begin(data).expect("it begins");
    assert!(staging.seal(".before").is_err());
    assert!(!data.join(STAGED).exists(), "what is not whole leaves nothing");
}

#[test]
fn an_incomplete_restore_changes_nothing() {
    let folder = cut_off(0);
    let data = folder.path();
    fs::remove_file(data.join(STAGED).join(WHOLE)).expect("it was there");
    finish(data).expect("it ends");
    for name in ["standin.db", "standin.db-wal", "server.key", "pictures/ab/x"] {
        assert_eq!(text(&data.join(name)).as_deref(), Some("former"));
    }
    assert!(!data.join(STAGED).exists() && !data.join(".before").exists());
}
