//! A device as back ends report it. Stored and deletable; Standin sends no pushes.

use super::{error::Fault, text};

/// The platforms MirrorFly's `deviceType` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, utoipa::ToSchema)]
#[schema(rename_all = "lowercase", example = "web")]
pub enum DeviceType {
    /// A browser.
    Web,
    /// Apple's.
    Ios,
    /// Google's.
    Android,
}

impl DeviceType {
    /// Reads the vendor's word.
    /// # Errors
    /// The [`Fault`] names the list.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw {
            "" => Err(Fault::Missing),
            "web" => Ok(Self::Web),
            "ios" => Ok(Self::Ios),
            "android" => Ok(Self::Android),
            _ => Err(Fault::NotOneOf("web, ios, android")),
        }
    }

    /// The vendor's word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Ios => "ios",
            Self::Android => "android",
        }
    }
}

/// A text of a device: a version or a push token. 1 to 4096 bytes without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceText(String);

impl DeviceText {
    /// Push tokens are below 300 bytes today; room for their growth.
    pub const BYTES_MAX: usize = 4096;

    /// Checks the rule of this type.
    /// # Errors
    /// The [`Fault`] names the bound; the caller names the field.
    pub fn parse(raw: &str) -> Result<Self, Fault> {
        match raw.len() {
            0 => Err(Fault::Missing),
            n if n > Self::BYTES_MAX => Err(Fault::TooManyBytes { bytes_max: Self::BYTES_MAX as u64 }),
            _ if raw.chars().any(text::is_unsafe) => Err(Fault::Malformed("free of control characters")),
            _ => Ok(Self(raw.to_owned())),
        }
    }
}

text::shown! { DeviceText }

/// What createUser tells of a device. One row a user and platform; a later report replaces it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The platform.
    pub device_type: DeviceType,
    /// Version of its operating system.
    pub os_version: Option<DeviceText>,
    /// For pushes of messages.
    pub token: Option<DeviceText>,
    /// For pushes of calls.
    pub voip_token: Option<DeviceText>,
    /// Whether its push tokens are of Apple's sandbox: `mode` 1.
    pub sandbox: bool,
}
