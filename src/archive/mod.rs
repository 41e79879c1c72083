//! What a backup is as bytes: a tar of members in a fixed order, each with its digest. No files, no clock, no rows.
//!
//! ```text
//! manifest.json           what it is, how much of everything, and the digest of the listing
//! manifest.json.sha256    the digest of that, as sha256sum writes it
//! members.jsonl           a line for each member behind it: name, bytes, SHA-256
//! server.key              unless it was left out
//! standin.db.zst          the database, packed
//! pictures/AB/ABC.../full as they are: pictures do not get smaller
//! ```
//!
//! The tar itself is not packed, so that a damaged byte spoils the member it stands in and no other, and any tar can take it apart.
//! Every header can be told from the listing, so a reader compares instead of believing: a name that leads elsewhere, a link, a size
//! beyond what was promised are all "not the member that was written". Memory does not grow with the number of members.

mod manifest;
mod member;
mod read;
mod write;

pub use manifest::{FORMAT, Listing, Manifest};
pub use member::{Content, Member, Place, content_of, hex, pack, unpack};
pub use read::{ReadFault, Report, manifest_of, read};
pub use write::Writer;
