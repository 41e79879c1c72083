//! A data folder looked at while no server runs on it.

use super::{StartError, explain, folder, unusable, wall_clock};
use crate::{
    blob::Folder,
    service::{
        credentials::Keyring,
        health::{self, CHECK_UP_WAIT_MAX, Inspection, Soundness},
    },
    settings::Settings,
    store,
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
    /// Pictures that have a row.
    pub pictures: u64,
    /// Pictures without a row.
    pub orphans: u64,
    /// Rows without a picture.
    pub missing: u64,
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
    let looked = store::look(&data.join("standin.db"), CHECK_UP_WAIT_MAX).map_err(|why| unusable(why.to_string()))?;
    let key_fits = key.map(|key| looked.fingerprint.is_none_or(|adopted| adopted == key));
    let pictures = Folder::closed(&data.join("pictures"), &data.join("incoming"));
    let inspection = health::inspect_closed(looked, &pictures, wall_clock()());
    let found = inspection.map_err(|error| unusable(explain(data, &error)))?;
    let clock_behind_s = found.clock_behind_s();
    let Inspection { database, pictures, orphans, missing, .. } = found;
    let (is_sound, wrong) = match database.soundness {
        Soundness::Sound => (Some(true), None),
        Soundness::Broken(wrong) => (Some(false), Some(wrong)),
        Soundness::Unfinished => (None, None),
    };
    let (schema, schema_known) = (database.schema, database.schema_known);
    Ok(Look { schema, schema_known, is_sound, wrong, pictures, orphans, missing, clock_behind_s, key_fits })
}
