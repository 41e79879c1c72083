//! Bytes too big for rows: the renditions of pictures, as files.
//!
//! A picture is put whole or not at all, durable when `put` returns, and never replaced: a new picture has a new name.

mod folder;
mod workplace;

pub use folder::{Folder, StoredFile};
pub use workplace::{Workplace, sync_disk};
