//! The bounds of bodies, before and after the caller is authenticated.

use std::time::Duration;

const BEFORE_SIGN_IN_BYTES_MAX: u64 = 32 * 1024;

/// Like [`BEFORE_SIGN_IN_BYTES_MAX`], plus one wide field: 64 KiB, which a form encodes in up to three times as much.
const BEFORE_SIGN_IN_WIDE_BYTES_MAX: u64 = 3 * 64 * 1024 + BEFORE_SIGN_IN_BYTES_MAX;

#[derive(Debug, Clone, Copy)]
pub struct FormLimits {
    pub json_bytes_max: u64,
    pub field_bytes_max: u64,
    pub wide_fields: &'static [&'static str],
    pub wide_bytes_max: u64,
    pub parts_max: usize,
    pub part_head_bytes_max: usize,
    /// Files of one form. Each is an open file while the form lives.
    pub files_max: usize,
    pub file_bytes_max: u64,
    /// If not, files are read to the end and dropped, because a client reads the answer only then.
    pub keeps_files: bool,
    /// For the whole body, from the first read.
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
    pub fn before_sign_in() -> Self {
        Self { json_bytes_max: BEFORE_SIGN_IN_BYTES_MAX, keeps_files: false, ..Self::default() }
    }

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
