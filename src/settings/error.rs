//! Why settings are refused.

use std::{io, path::Path};

use super::{
    raw::{RawSettings, ValueOrigin},
    setting::Setting,
    table,
};
use crate::domain::text::sentence_error;

/// One sentence that says what to change, without a value: a secret may be in the wrong place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(String);

sentence_error! { SettingsError.0 }

impl SettingsError {
    pub(super) fn value(setting: &Setting, origin: &ValueOrigin) -> Self {
        Self(format!("{} (from {origin}) must be {}.", setting.name, setting.form))
    }

    pub(super) fn twice(setting: &Setting) -> Self {
        let name = setting.name;
        Self(format!("{name} and {name}_file are both given in one place: give one of them."))
    }

    pub(super) fn unknown_key(path: &Path, key: &str, nearest: &str) -> Self {
        Self(format!("{} has an unknown key {key:?}; the nearest known one is {nearest:?}.", path.display()))
    }

    pub(super) fn unknown_variable(name: &str, nearest: &str) -> Self {
        Self(format!("The environment has an unknown variable {name}; the nearest known one is {nearest}."))
    }

    pub(super) fn unreadable(path: &Path, error: &io::Error) -> Self {
        Self(format!("The file {} cannot be read: {error}.", path.display()))
    }

    pub(super) fn not_text(path: &Path) -> Self {
        Self(format!("The file {} is no UTF-8 text.", path.display()))
    }

    pub(super) fn no_toml(path: &Path, line: usize, why: &str) -> Self {
        let why = why.replace('\n', ", ");
        Self(format!("{} is no valid TOML at line {line}: {why}.", path.display()))
    }

    pub(super) fn demo_beyond_loopback(raw: &RawSettings) -> Self {
        let origin = raw.get(&table::LISTEN).map_or(&ValueOrigin::Default, |given| &given.origin);
        Self(format!(
            "listen (from {origin}) must name loopback addresses only while demo is on, because the demo's credentials are public: use 127.0.0.1, or leave demo out."
        ))
    }

    pub(super) fn half_of_tls(given: &Setting, missing: &Setting) -> Self {
        let (given, missing) = (given.name, missing.name);
        Self(format!("{given} is given, but not {missing}: TLS needs both."))
    }

    pub(super) fn tls_for_no_listener() -> Self {
        Self(
            "tls_certificate and tls_key are given, but no listen address speaks TLS: write one as https://:443."
                .to_owned(),
        )
    }

    pub(super) fn listener_without_tls(raw: &RawSettings) -> Self {
        let origin = raw.get(&table::LISTEN).map_or(&ValueOrigin::Default, |given| &given.origin);
        Self(format!(
            "listen (from {origin}) names an https:// address, which needs a certificate: give tls_certificate and tls_key."
        ))
    }
}
