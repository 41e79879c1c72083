//! The bounds of bodies: what a caller who has shown who it is may send, and what anybody may.

use std::time::Duration;

/// Of a body that is read before its sender has shown who it is, and that holds a few short fields.
const BEFORE_SIGN_IN_BYTES_MAX: u64 = 32 * 1024;

/// As [`BEFORE_SIGN_IN_BYTES_MAX`], where one of them is a wide field: 64 KiB, which a form encodes in three times as much.
const BEFORE_SIGN_IN_WIDE_BYTES_MAX: u64 = 3 * 64 * 1024 + BEFORE_SIGN_IN_BYTES_MAX;

/// The bounds of one body.
#[derive(Debug, Clone, Copy)]
pub struct FormLimits {
    /// Of a JSON or urlencoded body; of a multipart body beside its files: fields, part heads, boundaries.
    pub json_bytes_max: u64,
    /// Of a text field in a form, decoded.
    pub field_bytes_max: u64,
    /// The fields for which `wide_bytes_max` holds instead, by the door's own names.
    pub wide_fields: &'static [&'static str],
    /// Of a wide text field in a form, decoded.
    pub wide_bytes_max: u64,
    /// Fields and files of one form.
    pub parts_max: usize,
    /// Header names and values of one part of a multipart body.
    pub part_head_bytes_max: usize,
    /// Files of one form: each is an open file while the form lives.
    pub files_max: usize,
    /// Of all files of a form together.
    pub file_bytes_max: u64,
    /// Whether files are kept. Else they are read, because a client hears its answer only then, and let go.
    pub keeps_files: bool,
    /// From the first look at a body to its end.
    pub wait_max: Duration,
}

impl Default for FormLimits {
    fn default() -> Self {
        Self {
            json_bytes_max: 1024 * 1024,
            field_bytes_max: 8 * 1024,
            wide_fields: &[],
            wide_bytes_max: 64 * 1024,
            parts_max: 200,
            part_head_bytes_max: 4 * 1024,
            files_max: 4,
            file_bytes_max: 10 * 1024 * 1024,
            keeps_files: true,
            wait_max: Duration::from_secs(60),
        }
    }
}

impl FormLimits {
    /// For calls whose sender has not shown yet who it is, of a few short fields.
    pub fn before_sign_in() -> Self {
        Self { json_bytes_max: BEFORE_SIGN_IN_BYTES_MAX, keeps_files: false, ..Self::default() }
    }

    /// As [`FormLimits::before_sign_in`], with one wide field among these.
    pub fn before_sign_in_with(wide_fields: &'static [&'static str]) -> Self {
        Self { json_bytes_max: BEFORE_SIGN_IN_WIDE_BYTES_MAX, wide_fields, ..Self::before_sign_in() }
    }

    pub(super) fn multipart_bytes_max(&self) -> u64 {
        self.file_bytes_max.saturating_add(self.json_bytes_max)
    }

    pub(super) fn of_field(&self, name: &str) -> u64 {
        match self.wide_fields.contains(&name) {
            true => self.wide_bytes_max,
            false => self.field_bytes_max,
        }
    }
}
