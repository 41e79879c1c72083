//! What a setting is: its names, the form of its text, its default.

use std::{fmt, path::PathBuf, str::FromStr};

use super::{
    error::SettingsError,
    raw::{RawSettings, SettingSources, ValueOrigin},
};

#[derive(Debug)]
pub struct Setting {
    pub name: &'static str,
    pub group: &'static str,
    pub form: SettingForm,
    pub default: SettingDefault,
    pub demo: Option<&'static str>,
    pub help: &'static str,
}

/// What the text of a setting must look like. `Display` completes "must be".
#[derive(Debug)]
pub enum SettingForm {
    /// Free text: its placeholder in help, and its description.
    Text(&'static str, &'static str),
    /// A secret text with this description: it has no flag, is masked when shown, and may be in a file of its own.
    Hidden(&'static str),
    /// One of these words.
    Word(&'static [&'static str]),
    Switch,
    Number {
        min: u64,
        max: u64,
    },
    /// Bytes, plain or with KiB, MiB, GiB.
    Size {
        bytes_min: u64,
        bytes_max: u64,
    },
}

#[derive(Debug)]
pub enum SettingDefault {
    Fixed(&'static str),
    /// A number that depends on the machine, with its description.
    Found(&'static str, fn(&SettingSources<'_>) -> u64),
    /// None; the text says what the server does then.
    Unset(&'static str),
}

impl Setting {
    pub(super) const fn new(
        name: &'static str,
        form: SettingForm,
        default: SettingDefault,
        help: &'static str,
    ) -> Self {
        Self { name, group: "", form, default, demo: None, help }
    }

    pub(super) const fn in_group(mut self, group: &'static str) -> Self {
        self.group = group;
        self
    }

    pub(super) const fn in_demo(mut self, text: &'static str) -> Self {
        self.demo = Some(text);
        self
    }

    /// Returns the flag without its dashes. A secret has none: every user of the machine could read the process list.
    pub fn flag(&self) -> Option<String> {
        (!self.is_secret()).then(|| self.name.replace('_', "-"))
    }

    pub fn variable(&self) -> String {
        format!("STANDIN_{}", self.name.to_ascii_uppercase())
    }

    /// Whether its value is masked when shown, and may be in a file that the setting with `_file` at its end names.
    pub fn is_secret(&self) -> bool {
        matches!(self.form, SettingForm::Hidden(_))
    }

    pub fn default_in_words(&self) -> &'static str {
        match self.default {
            SettingDefault::Fixed(words) | SettingDefault::Found(words, _) | SettingDefault::Unset(words) => words,
        }
    }

    /// Parses the value, if it is given; the error describes the setting's form.
    pub(super) fn read_if_given<T>(
        &self,
        raw: &RawSettings,
        parse: impl FnOnce(&Self, &str) -> Option<T>,
    ) -> Result<Option<T>, SettingsError> {
        let Some(value) = raw.get(self) else { return Ok(None) };
        parse(self, value.text.expose()).map(Some).ok_or_else(|| SettingsError::value(self, &value.origin))
    }

    pub(super) fn read<T, F: FromOption<T>>(
        &self,
        raw: &RawSettings,
        parse: impl FnOnce(&Self, &str) -> Option<T>,
    ) -> Result<F, SettingsError> {
        let value = self.read_if_given(raw, parse)?;
        F::from_option(value).ok_or_else(|| SettingsError::value(self, &ValueOrigin::Default))
    }
}

pub(super) trait FromOption<T>: Sized {
    fn from_option(value: Option<T>) -> Option<Self>;
}

impl<T> FromOption<T> for T {
    fn from_option(value: Option<T>) -> Option<Self> {
        value
    }
}

impl<T> FromOption<T> for Option<T> {
    fn from_option(value: Option<T>) -> Option<Self> {
        Some(value)
    }
}

impl SettingForm {
    pub fn placeholder(&self) -> String {
        match self {
            Self::Text(placeholder, _) => (*placeholder).to_owned(),
            Self::Hidden(_) => "SECRET".to_owned(),
            Self::Word(words) => words.join("|"),
            Self::Switch => "true|false".to_owned(),
            Self::Number { .. } => "NUMBER".to_owned(),
            Self::Size { .. } => "SIZE".to_owned(),
        }
    }
}

impl fmt::Display for SettingForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_, form) | Self::Hidden(form) => f.write_str(form),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Switch => f.write_str("true or false"),
            Self::Number { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Size { bytes_min, bytes_max } => {
                write!(f, "a size from {} to {}, in bytes or with KiB, MiB, GiB", Size(*bytes_min), Size(*bytes_max))
            }
        }
    }
}

pub(super) const KIB: u64 = 1 << 10;
pub(super) const MIB: u64 = 1 << 20;
pub(super) const GIB: u64 = 1 << 30;

const UNITS: [(&str, u64); 3] = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)];

/// Bytes, shown in the largest unit that divides them.
struct Size(u64);

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.into_iter().find(|(_, unit)| self.0 > 0 && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{} {name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Parses a [`SettingForm::Number`] within its bounds.
pub(super) fn number<T: FromStr>(setting: &Setting, text: &str) -> Option<T> {
    let is_within = matches!(setting.form, SettingForm::Number { min, max } if (min..=max).contains(&whole(text)?));
    is_within.then(|| text.parse().ok()).flatten()
}

/// Parses a [`SettingForm::Size`] within its bounds, into bytes.
pub(super) fn size(setting: &Setting, text: &str) -> Option<u64> {
    let unit = UNITS.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)));
    let (count, unit) = unit.map_or((text, 1), |(count, unit)| (count.trim_end_matches(' '), unit));
    let bytes = whole(count)?.checked_mul(unit)?;
    let is_within =
        matches!(setting.form, SettingForm::Size { bytes_min, bytes_max } if (bytes_min..=bytes_max).contains(&bytes));
    is_within.then_some(bytes)
}

/// Parses a [`SettingForm::Word`]; `values` has the order of its words.
pub(super) fn word<T: Copy>(setting: &Setting, text: &str, values: &[T]) -> Option<T> {
    let SettingForm::Word(words) = setting.form else { return None };
    words.iter().zip(values).find(|(word, _)| **word == text).map(|(_, value)| *value)
}

pub(super) fn switch(_: &Setting, text: &str) -> Option<bool> {
    text.parse().ok()
}

/// Parses a path that the system accepts.
pub(super) fn path(_: &Setting, text: &str) -> Option<PathBuf> {
    (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text))
}

/// Parses a whole number of digits alone: `parse` would also accept a plus sign.
pub(super) fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}
