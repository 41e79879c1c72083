//! The operator's settings: flags > `STANDIN_*` variables > `standin.toml` > defaults. [`RawSettings`] holds texts with
//! their origin, [`Settings`] valid values. `table.rs` declares each setting once.

mod control_socket;
mod error;
mod listen;
mod memory;
mod raw;
mod setting;
mod table;

pub use self::{
    control_socket::{ControlSocket, control_socket},
    error::SettingsError,
    listen::{Listen, TlsFiles},
    memory::ReadFile,
    raw::{
        FILE, FILE_BYTES_MAX, FILE_VARIABLE, RawSettings, SettingSources, SettingValue, ValueOrigin, read_bounded,
        read_file, warning_of_ignored, without_line_end,
    },
    setting::{Setting, SettingDefault, SettingForm},
    table::{FirstApp, PictureSettings, SETTINGS, Settings},
};

/// The documented credentials of a demo open nothing but a demo, which listens only on loopback.
pub const DEMO_APP_PASSWORD: &str = "standin-demo";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    Text,
    /// One JSON object a line.
    Json,
}

impl Settings {
    /// # Errors
    /// The first setting whose text does not have its form, or that contradicts another one.
    pub fn parse(raw: &RawSettings) -> Result<Self, SettingsError> {
        listen::check_tls(raw)?;
        let settings = Self::read(raw)?;
        match settings.demo && !settings.listen.iter().all(|listen| listen.address.ip().is_loopback()) {
            true => Err(SettingsError::demo_beyond_loopback(raw)),
            false => Ok(settings),
        }
    }
}
