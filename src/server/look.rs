//! A data folder looked at while no server runs on it.

use super::{StartError, folder, unusable, wall_clock};
use crate::{
    blob::Folder,
    service::{
        credentials::Keyring,
        health::{self, CHECK_UP_WAIT_MAX, Inspection, Tallied},
    },
    settings::Settings,
    store::{self, PictureRows},
};

/// What was found.
#[derive(Debug, Clone)]
pub struct Look {
    /// The version of the database's schema.
    pub schema: u32,
    /// The version that this program was written for.
    pub schema_known: u32,
    /// Whether every page of the database is as SQLite writes it; none where the time was up before all were read.
    pub is_sound: Option<bool>,
    /// What is wrong with it.
    pub wrong: Option<String>,
    /// How many pictures have a row, how many are without one, and how many rows are without a picture; none where something is wrong
    /// with the database.
    pub pictures: Option<(u64, u64, u64)>,
    /// How far this machine's clock lies behind the latest that is stored.
    pub clock_behind_s: i64,
    /// Whether the server key is that of this database; none where there is no key.
    pub key_fits: Option<bool>,
}

/// Looks over the data folder of these settings, and changes nothing. Blocks. No server may run on it.
/// # Errors
/// `Folder`, when the database or the key cannot be read.
pub fn look(settings: &Settings) -> Result<Look, StartError> {
    let data = settings.data.as_path();
    let key = folder::key_there(settings)?.map(|key| Keyring::new(&key, 1).fingerprint());
    let pictures = Folder::closed(&data.join("pictures"), &data.join("incoming"));
    let tally = |rows: &PictureRows<'_>| Tallied::of(rows, &pictures);
    let looked = store::look(&data.join("standin.db"), CHECK_UP_WAIT_MAX, tally);
    let looked = looked.map_err(|why| unusable(why.to_string()))?;
    let key_fits = key.map(|key| looked.fingerprint.is_none_or(|adopted| adopted == key));
    let found = health::inspection_of(looked, wall_clock()());
    let Inspection { schema, schema_known, is_sound, wrong, pictures, clock_behind_s } = found;
    let pictures = pictures.map(|Tallied { count, orphans, missing }| (count, orphans, missing));
    Ok(Look { schema, schema_known, is_sound, wrong, pictures, clock_behind_s, key_fits })
}
