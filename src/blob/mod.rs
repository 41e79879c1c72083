//! Picture files on disk. A picture is stored whole or not at all, is durable when `put` returns, and is never
//! replaced: a new picture has a new key.

mod folder;
mod temp_folder;

pub use folder::{Folder, StoredFile, absent_is_fine};
pub use temp_folder::{TempFolder, sync_disk};
