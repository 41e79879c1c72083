//! The manifest: the first member of a backup, which describes the others.

use serde::{Deserialize, Serialize};

use super::member::Content;
use crate::domain::RecordCounts;

/// The format version that this program writes, and the only one that it reads.
pub const FORMAT: u32 = 1;

/// The manifest has the same few lines for any database.
pub(super) const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// Names of the members before those in the list.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const MANIFEST_DIGEST: &str = "manifest.json.sha256";
pub(super) const LISTING: &str = "members.jsonl";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    pub format: u32,
    pub standin: String,
    pub schema: u32,
    /// When the backup started, by the clock of that machine: RFC 3339.
    pub made_at: String,
    /// Of the server key that opens the secrets: 64 hexadecimal digits.
    pub key_fingerprint: String,
    pub has_key: bool,
    pub counts: RecordCounts,
    /// Picture files that were missing on the disk when the backup was made. The backup does not contain them.
    pub files_lost: u64,
    pub database: Content,
    pub listing: Listing,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listing {
    /// Of the list itself.
    pub content: Content,
    pub members: u64,
    pub bytes: u64,
}
