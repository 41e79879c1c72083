//! The first member of a backup: what the rest is.

use serde::{Deserialize, Serialize};

use super::member::Content;
use crate::domain::amounts::Amounts;

/// The form of backup that this program writes, and the only one it reads.
pub const FORMAT: u32 = 1;

/// Of the manifest: it has the same few lines whatever the house holds.
pub(super) const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// Names of the members in front of those that are listed.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MANIFEST_DIGEST: &str = "manifest.json.sha256";
pub(super) const LISTING: &str = "members.jsonl";

/// What a backup is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// The version of the program that wrote it.
    pub standin: String,
    /// The version of the database's schema.
    pub schema: u32,
    /// When it was begun, by the clock of the machine that made it: RFC 3339.
    pub made_at: String,
    /// Of the server key that opens its secrets: 64 hexadecimal digits.
    pub key_fingerprint: String,
    /// Whether that key is inside.
    pub has_key: bool,
    /// How much of everything its database holds.
    pub counts: Amounts,
    /// Files of pictures that the disk no longer had when it was made, and which are not inside.
    pub files_lost: u64,
    /// The database, unpacked.
    pub database: Content,
    /// The list of all members behind it.
    pub listing: Listing,
}

/// The listing, and what it lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Of the listing itself.
    pub content: Content,
    /// Lines of it.
    pub members: u64,
    /// Of all members it lists.
    pub bytes: u64,
}
