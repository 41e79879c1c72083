//! Examines a data folder while no server uses it.

use super::{StartError, folder, unusable, wall_clock};
use crate::{
    blob::Folder,
    service::{
        credentials::Keyring,
        health::{self, CHECK_UP_WAIT_MAX, FolderInspection, PictureTally},
    },
    settings::Settings,
    store::{self, PictureRows},
};

#[derive(Debug, Clone)]
pub struct FolderReport {
    pub schema: u32,
    pub schema_known: u32,
    /// Whether SQLite's check found no fault; None if time ran out.
    pub is_sound: Option<bool>,
    pub wrong: Option<String>,
    /// Pictures with a row, pictures without a row, rows without a picture. None if the database has faults.
    pub pictures: Option<(u64, u64, u64)>,
    /// How far this machine's clock is behind the latest stored time.
    pub clock_behind_s: i64,
    /// Whether the server key belongs to this database; None without a key.
    pub key_fits: Option<bool>,
}

/// Changes nothing. Blocks. No server may use the folder.
/// # Errors
/// `Folder` if the database or the key cannot be read.
pub fn inspect_folder(settings: &Settings) -> Result<FolderReport, StartError> {
    let data = settings.data.as_path();
    let key = folder::existing_key(settings)?.map(|key| Keyring::new(&key, 1).fingerprint());
    let pictures = Folder::read_only(&data.join("pictures"), &data.join("incoming"));
    let tally = |rows: &PictureRows<'_>| PictureTally::of(rows, &pictures);
    let looked = store::check_offline(&data.join("standin.db"), CHECK_UP_WAIT_MAX, tally);
    let looked = looked.map_err(|why| unusable(why.to_string()))?;
    let key_fits = key.map(|key| looked.fingerprint.is_none_or(|adopted| adopted == key));
    let found = health::inspection_of(looked, wall_clock()());
    let FolderInspection { schema, schema_known, is_sound, wrong, pictures, clock_behind_s } = found;
    let pictures = pictures.map(|PictureTally { count, orphans, missing }| (count, orphans, missing));
    Ok(FolderReport { schema, schema_known, is_sound, wrong, pictures, clock_behind_s, key_fits })
}
