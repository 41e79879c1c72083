//! Devices as back ends report them. Standin stores them and sends no push notifications.

use super::{Fault, text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeviceType {
    Web,
    Ios,
    Android,
}

impl DeviceType {
    pub const ALL: [Self; 3] = [Self::Web, Self::Ios, Self::Android];

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let unknown = if raw.is_empty() { Fault::Missing } else { Fault::NotOneOf("web, ios, android") };
        Self::ALL.into_iter().find(|known| known.as_str() == raw).ok_or(unknown)
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }
}

/// An operating system version or a push token: 1 to 4096 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceText(String);

impl DeviceText {
    /// Push tokens have fewer than 300 bytes today.
    pub const BYTES_MAX: usize = 4096;

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() {
            0 => Err(Fault::Missing),
            n if n > Self::BYTES_MAX => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            _ if raw.chars().any(text::is_unsafe) => Err(Fault::Malformed("free of control characters")),
            _ => Ok(Self(raw.to_owned())),
        }
    }
}

text::impl_as_str! { DeviceText }

/// A device from createUser. A user has one row per platform; a later report replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    pub device_type: DeviceType,
    pub os_version: Option<DeviceText>,
    pub token: Option<DeviceText>,
    pub voip_token: Option<DeviceText>,
    /// Whether the push tokens belong to Apple's sandbox: `mode` 1.
    pub sandbox: bool,
}
