//! The backup format: a tar of members in a fixed order, each with a checksum. No files, clock or rows.
//!
//! ```text
//! manifest.json           what the backup is, the counts, and the checksum of the member list
//! manifest.json.sha256    the checksum of manifest.json, as sha256sum writes it
//! members.jsonl           a line for each member after it: name, bytes, SHA-256
//! server.key              unless it was left out
//! standin.db.zst          the compressed database
//! pictures/AB/ABC.../full not compressed: pictures do not get smaller
//! ```
//!
//! The tar is not compressed, so that a damaged byte spoils only its own member, and any tar program can unpack it.
//! Every header follows from the member list. So a reader compares headers instead of trusting them: a wrong name, a
//! link or a larger size is simply not the expected header. Memory does not grow with the number of members.

mod manifest;
mod member;
mod read;
mod write;

pub use manifest::{FORMAT, Listing, Manifest};
pub use member::{Content, Member, MemberName, content_of, hex, pack, unpack};
pub use read::{ReadFault, ReadReport, manifest_of, read};
pub use write::Writer;
