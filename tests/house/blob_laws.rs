//! The laws of the picture folder: plain functions over its public operations.

use std::{collections::HashSet, fs, os::unix::fs::PermissionsExt, path::Path};

use standin::{
    blob::Folder,
    domain::{avatar::PictureKey, error::Error},
};
use tempfile::TempDir;

fn fresh() -> (TempDir, Folder) {
    let data = tempfile::tempdir().unwrap();
    let folder = open(data.path());
    (data, folder)
}

fn open(data: &Path) -> Folder {
    Folder::open(&data.join("pictures"), &data.join("incoming")).unwrap()
}

fn key(number: u32) -> PictureKey {
    PictureKey::parse(&format!("{number:022}")).unwrap()
}

/// The names of all pictures, shard by shard.
fn keys(folder: &Folder) -> Vec<PictureKey> {
    folder.shards().unwrap().iter().flat_map(|shard| folder.keys_in(shard).unwrap()).collect()
}

fn entries(folder: &Path) -> usize {
    fs::read_dir(folder).unwrap().count()
}

fn read(folder: &Folder, key: &PictureKey, file: &str) -> Result<Option<Vec<u8>>, Error> {
    folder.open_file(key, file)?.map(|file| file.read_all()).transpose()
}

#[test]
fn stored_pictures_are_read_back_also_after_reopening() {
    let (data, folder) = fresh();
    folder.put(&key(1), &[("full.jpg", b"whole"), ("48.jpg", b"")]).unwrap();
    for folder in [folder, open(data.path())] {
        assert_eq!(read(&folder, &key(1), "full.jpg").unwrap().as_deref(), Some(&b"whole"[..]));
        assert_eq!(read(&folder, &key(1), "48.jpg").unwrap().as_deref(), Some(&b""[..]));
        assert_eq!(read(&folder, &key(1), "96.jpg").unwrap(), None);
        assert_eq!(read(&folder, &key(2), "full.jpg").unwrap(), None);
    }
    assert_eq!(entries(&data.path().join("incoming")), 0);
}

#[test]
fn a_picture_is_put_whole_or_not_at_all() {
    let (data, folder) = fresh();
    // The second file of that name cannot be made: a failure half way.
    let refused = folder.put(&key(1), &[("full.jpg", b"whole"), ("full.jpg", b"again")]);
    assert!(matches!(refused, Err(Error::Internal(_))));
    assert_eq!(keys(&folder), []);
    assert_eq!(read(&folder, &key(1), "full.jpg").unwrap(), None);
    assert_eq!(entries(&data.path().join("incoming")), 0);
    folder.put(&key(1), &[("full.jpg", b"whole")]).unwrap();
}

#[test]
fn a_picture_is_never_replaced() {
    let (data, folder) = fresh();
    folder.put(&key(1), &[("full.jpg", b"first")]).unwrap();
    assert!(folder.put(&key(1), &[("full.jpg", b"second")]).is_err());
    assert_eq!(read(&folder, &key(1), "full.jpg").unwrap().as_deref(), Some(&b"first"[..]));
    assert_eq!(entries(&data.path().join("incoming")), 0);
}

#[test]
fn a_removed_picture_is_gone_and_removing_it_again_is_fine() {
    let (data, folder) = fresh();
    folder.put(&key(1), &[("full.jpg", b"whole"), ("48.jpg", b"small")]).unwrap();
    folder.put(&key(2), &[("full.jpg", b"other")]).unwrap();
    folder.remove(&key(1)).unwrap();
    folder.remove(&key(1)).unwrap();
    assert_eq!(keys(&folder), [key(2)]);
    assert_eq!(read(&folder, &key(1), "full.jpg").unwrap(), None);
    assert_eq!(entries(&data.path().join("incoming")), 0);
}

#[test]
fn a_leftover_of_an_earlier_removal_does_not_stop_a_later_one() {
    let (data, folder) = fresh();
    let half = data.path().join("incoming").join(format!("{}-leaving", key(1).as_str()));
    fs::create_dir(&half).unwrap();
    fs::write(half.join("48.jpg"), b"left over").unwrap();
    folder.put(&key(1), &[("full.jpg", b"whole")]).unwrap();
    folder.remove(&key(1)).unwrap();
    assert_eq!(keys(&folder), []);
    assert_eq!(entries(&data.path().join("incoming")), 0);
}

#[test]
fn opening_empties_the_incoming_folder_and_keeps_every_picture() {
    let (data, folder) = fresh();
    folder.put(&key(1), &[("full.jpg", b"whole")]).unwrap();
    let half = data.path().join("incoming").join(key(2).as_str());
    fs::create_dir(&half).unwrap();
    fs::write(half.join("full.jpg"), b"ha").unwrap();
    fs::write(data.path().join("incoming/upload"), b"spooled").unwrap();
    let folder = open(data.path());
    assert_eq!(entries(&data.path().join("incoming")), 0);
    assert_eq!(keys(&folder), [key(1)]);
}

#[test]
fn keys_are_the_pictures_and_nothing_else() {
    let (data, folder) = fresh();
    // Two of them share a shard, one has its own.
    let put = [key(1), key(2), PictureKey::parse("ZZZZZZZZZZZZZZZZZZZZZZ").unwrap()];
    for key in &put {
        folder.put(key, &[("full.png", b"whole")]).unwrap();
    }
    fs::write(data.path().join("pictures/notes.txt"), b"").unwrap();
    fs::create_dir(data.path().join("pictures/00/lost+found")).unwrap();
    let found = keys(&folder);
    assert_eq!(found.len(), 3);
    assert_eq!(found.into_iter().collect::<HashSet<_>>(), put.into());
}

#[test]
fn nothing_outside_a_picture_can_be_named() {
    let (data, folder) = fresh();
    fs::write(data.path().join("secret"), b"secret").unwrap();
    for name in ["../../../secret", "/etc/passwd", "..", ".", "", "a/b"] {
        assert!(folder.put(&key(1), &[(name, b"bytes")]).is_err(), "{name}");
        assert!(!matches!(read(&folder, &key(1), name), Ok(Some(_))), "{name}");
    }
    assert_eq!(keys(&folder), []);
    assert_eq!(fs::read(data.path().join("secret")).unwrap(), b"secret");
}

#[test]
fn folders_and_files_are_private() {
    let (data, folder) = fresh();
    folder.put(&key(1), &[("full.jpg", b"whole")]).unwrap();
    let mode = |path: &str| fs::metadata(data.path().join(path)).unwrap().permissions().mode() & 0o7777;
    let name = key(1);
    for folder in ["incoming", "pictures", "pictures/00", &format!("pictures/00/{}", name.as_str())] {
        assert_eq!(mode(folder), 0o700, "{folder}");
    }
    assert_eq!(mode(&format!("pictures/00/{}/full.jpg", name.as_str())), 0o600);
}

#[test]
fn many_at_once_all_land() {
    let (_data, folder) = fresh();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let folder = folder.clone();
            scope.spawn(move || {
                for n in 0..10 {
                    folder.put(&key(thread * 100 + n), &[("full.jpg", &[7; 10_000])]).unwrap();
                }
                (0..5).for_each(|n| folder.remove(&key(thread * 100 + n)).unwrap());
            });
        }
    });
    assert_eq!(keys(&folder).len(), 40);
}
