//! What an operator may choose: flags > `STANDIN_*` variables > `standin.toml` > defaults.
//!
//! First every setting is a text with its origin ([`Raw`]), then all of them are values that are valid ([`Settings`]). One table
//! ([`SETTINGS`]) names each setting once; flags, variables, help, refusals and docs/settings.md follow from it.

mod control_socket;
mod listen;
mod memory;
mod raw;
mod table;
mod unknown;
mod wrong;

use std::{
    net::IpAddr,
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
    str::FromStr,
};

use ipnet::IpNet;
use url::Url;

pub use self::{
    control_socket::{ControlSocket, control_socket},
    listen::{Listen, TlsFiles},
    memory::Read,
    raw::{
        FILE, FILE_BYTES_MAX, FILE_VARIABLE, Given, Origin, Raw, Surroundings, read_bounded, read_file,
        without_line_end,
    },
    table::{Form, Preset, SETTINGS, Setting},
    unknown::warning as warning_of_ignored,
    wrong::Wrong,
};
use crate::domain::{
    admin,
    app::Registration,
    id::{AppId, Host, SdkAppId},
    secret::{self, Secret, ServerKey},
};

/// The password of the back-end account of a demo's app.
pub const DEMO_APP_PASSWORD: &str = "standin-demo";

/// What `--demo` changes of the defaults: a folder of its own, so that samples never mix with what somebody keeps, and the documented
/// credentials of the demo's app, which open nothing but a demo, and a demo listens on loopback alone.
static DEMO_DEFAULTS: [(&Setting, &str); 9] = [
    (&table::INSPECT, "true"),
    (&table::DATA, "./data/demo"),
    (&table::APP_ID, "sdksample"),
    (&table::APP_SECRET, "2820ae9dfc5362f7f3a10381fb89afc7"),
    (&table::SDK_APP_ID, "1400000001"),
    (&table::LICENSE_KEY, "StandinDemoLicenseKey0123456789"),
    (&table::SDK_APP_ID, "1400000001"),
    (&table::APP_PASSWORD, DEMO_APP_PASSWORD),
    (&table::APP_REGISTRATION, "open"),
];

/// What holds when a commit is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// An answered change survives a power cut.
    Full,
    /// An answered change survives a crash of this process, not of the machine.
    Normal,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Who is shown the figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Metrics {
    /// Programs on this machine, spoken to without a proxy between.
    Loopback,
    /// Whoever asks.
    Everybody,
    /// Nobody.
    Off,
}

/// Every setting as a valid value.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; at least one.
    pub listen: Vec<Listen>,
    /// What the listeners of [`Listen::tls`] show; given exactly when there is one.
    pub tls: Option<TlsFiles>,
    /// The data folder.
    pub data: PathBuf,
    /// The base of every address handed out. Its path ends with a slash, so that [`Url::join`] appends.
    pub public_url: Option<Url>,
    /// The host that MirrorFly's SDK opens its WebSocket on, if it is not that of the public URL.
    pub socket_host: Option<Host>,
    /// The port of that WebSocket, if it is not that of the public URL.
    pub socket_port: Option<NonZeroU16>,
    /// The proxies that are believed; none unless named.
    pub trusted_proxies: Vec<IpNet>,
    /// Connections that one address may have open at one time.
    pub connections_per_address: usize,
    /// Of everything that is being read from clients at one time.
    pub read_budget_bytes: u64,
    /// Users that clients at one address may register in an hour.
    pub registrations_per_hour: NonZeroU32,
    /// Telephone numbers that clients at one address may look up in an hour.
    pub number_lookups_per_hour: NonZeroU32,
    /// Sample people and credentials, on loopback.
    pub demo: bool,
    /// What holds when a commit is answered.
    pub durability: Durability,
    /// Threads that answer requests.
    pub workers: usize,
    /// The least important lines of the log.
    pub log: log::LevelFilter,
    /// How they are written.
    pub log_format: LogFormat,
    /// Who is shown the figures.
    pub metrics: Metrics,
    /// The bounds of pictures.
    pub pictures: PictureSettings,
    /// The server key, if it is not to be a file in the data folder.
    pub server_key: Option<ServerKey>,
    /// The password that the administrator `admin` is brought to at every start.
    pub admin_password: Option<Secret>,
    /// Whether the last calls of clients are kept in memory.
    pub inspect: bool,
    /// What describes the first app at every start.
    pub first_app: FirstApp,
}

/// The bounds of pictures: of one before it is decoded, of all decoding together, of one user.
#[derive(Debug, Clone, Copy)]
pub struct PictureSettings {
    /// Of an upload.
    pub file_bytes_max: u64,
    /// Width times height.
    pub pixels_max: u64,
    /// Of the longer side.
    pub side_px_max: u32,
    /// Of one picture, unpacked.
    pub decoded_bytes_max: u64,
    /// Of all pictures being unpacked at one time.
    pub decode_budget_bytes: u64,
    /// Of small pictures kept at hand.
    pub cache_bytes: u64,
    /// Of one user.
    pub uploads_per_minute: NonZeroU32,
    /// Of one user.
    pub uploads_per_day: NonZeroU32,
}

/// What was said from outside about the first app. What was not said is made at first start and kept afterwards.
#[derive(Debug, Clone)]
pub struct FirstApp {
    /// Its name on Qiscus' wire.
    pub app_id: Option<AppId>,
    /// Its secret.
    pub secret: Option<Secret>,
    /// Its number on Tencent's wire.
    pub sdk_app_id: Option<SdkAppId>,
    /// MirrorFly's licence key.
    pub license_key: Option<Secret>,
    /// The password of its back-end account.
    pub account_password: Option<Secret>,
    /// What a client with only public keys may do.
    pub registration: Option<Registration>,
}

impl Settings {
    /// Makes values of texts.
    /// # Errors
    /// The first setting whose text is not of its form, or that does not go with `demo`.
    pub fn parse(raw: &Raw) -> Result<Self, Wrong> {
        let listen = read(raw, &table::LISTEN, listen::parse)?;
        let settings = Self {
            tls: TlsFiles::parse(raw, &listen)?,
            listen,
            data: read(raw, &table::DATA, |text| is_path(text).then(|| PathBuf::from(text)))?,
            public_url: read_if_given(raw, &table::PUBLIC_URL, public_url)?,
            socket_host: read_if_given(raw, &table::SOCKET_HOST, |text| Host::parse(text).ok())?,
            socket_port: number_if_given(raw, &table::SOCKET_PORT)?,
            trusted_proxies: read_if_given(raw, &table::TRUSTED_PROXIES, networks)?.unwrap_or_default(),
            connections_per_address: number(raw, &table::CONNECTIONS_PER_ADDRESS)?,
            read_budget_bytes: size(raw, &table::READ_BUDGET_BYTES)?,
            registrations_per_hour: number(raw, &table::REGISTRATIONS_PER_HOUR)?,
            number_lookups_per_hour: number(raw, &table::NUMBER_LOOKUPS_PER_HOUR)?,
            demo: read(raw, &table::DEMO, |text| text.parse().ok())?,
            durability: read(raw, &table::DURABILITY, |text| match text {
                "full" => Some(Durability::Full),
                "normal" => Some(Durability::Normal),
                _ => None,
            })?,
            workers: number(raw, &table::WORKERS)?,
            log: read(raw, &table::LOG, |text| word(&table::LOG, text).then(|| text.parse().ok()).flatten())?,
            log_format: read(raw, &table::LOG_FORMAT, |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            metrics: read(raw, &table::METRICS, |text| match text {
                "loopback" => Some(Metrics::Loopback),
                "everybody" => Some(Metrics::Everybody),
                "off" => Some(Metrics::Off),
                _ => None,
            })?,
            pictures: PictureSettings::parse(raw)?,
            server_key: read_if_given(raw, &table::SERVER_KEY, |text| ServerKey::parse(text).ok())?,
            admin_password: read_if_given(raw, &table::ADMIN_PASSWORD, |text| admin::password(text).ok())?,
            inspect: read(raw, &table::INSPECT, |text| text.parse().ok())?,
            first_app: FirstApp::parse(raw)?,
        };
        match settings.demo && !settings.listen.iter().all(|listen| listen.address.ip().is_loopback()) {
            true => Err(Wrong::demo_beyond_loopback(raw)),
            false => Ok(settings),
        }
    }
}

impl PictureSettings {
    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        Ok(Self {
            file_bytes_max: size(raw, &table::PICTURE_FILE_BYTES_MAX)?,
            pixels_max: number(raw, &table::PICTURE_PIXELS_MAX)?,
            side_px_max: number(raw, &table::PICTURE_SIDE_PX_MAX)?,
            decoded_bytes_max: size(raw, &table::PICTURE_DECODED_BYTES_MAX)?,
            decode_budget_bytes: size(raw, &table::DECODE_BUDGET_BYTES)?,
            cache_bytes: size(raw, &table::PICTURE_CACHE_BYTES)?,
            uploads_per_minute: number(raw, &table::UPLOADS_PER_MINUTE)?,
            uploads_per_day: number(raw, &table::UPLOADS_PER_DAY)?,
        })
    }
}

impl FirstApp {
    fn parse(raw: &Raw) -> Result<Self, Wrong> {
        Ok(Self {
            app_id: read_if_given(raw, &table::APP_ID, |text| AppId::parse(text).ok())?,
            secret: read_if_given(raw, &table::APP_SECRET, |text| secret::app_secret(text).ok())?,
            sdk_app_id: read_if_given(raw, &table::SDK_APP_ID, |text| {
                whole(text).and_then(|number| SdkAppId::parse(number).ok())
            })?,
            license_key: read_if_given(raw, &table::LICENSE_KEY, |text| secret::license_key(text).ok())?,
            account_password: read_if_given(raw, &table::APP_PASSWORD, |text| secret::password(text).ok())?,
            registration: read_if_given(raw, &table::APP_REGISTRATION, |text| Registration::parse(text).ok())?,
        })
    }
}

/// A setting's value if it was given; refused in the words of its form if `parse` finds none in its text.
fn read_if_given<T>(raw: &Raw, setting: &Setting, parse: impl FnOnce(&str) -> Option<T>) -> Result<Option<T>, Wrong> {
    let Some(given) = raw.get(setting) else { return Ok(None) };
    parse(given.text.expose()).map(Some).ok_or_else(|| Wrong::value(setting, &given.origin))
}

/// Addresses stand for themselves alone.
fn networks(text: &str) -> Option<Vec<IpNet>> {
    let network = |one: &str| one.parse().ok().or_else(|| Some(IpNet::from(one.parse::<IpAddr>().ok()?)));
    text.split(',').map(|one| network(one.trim())).collect()
}

/// As [`read_if_given`], for a setting that has a default.
fn read<T>(raw: &Raw, setting: &Setting, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Wrong> {
    read_if_given(raw, setting, parse)?.ok_or_else(|| Wrong::value(setting, &Origin::Default))
}

fn number<T: FromStr>(raw: &Raw, setting: &Setting) -> Result<T, Wrong> {
    number_if_given(raw, setting)?.ok_or_else(|| Wrong::value(setting, &Origin::Default))
}

fn number_if_given<T: FromStr>(raw: &Raw, setting: &Setting) -> Result<Option<T>, Wrong> {
    read_if_given(raw, setting, |text| {
        let is_within = matches!(setting.form, Form::Number { min, max } if (min..=max).contains(&whole(text)?));
        is_within.then(|| text.parse().ok()).flatten()
    })
}

fn size(raw: &Raw, setting: &Setting) -> Result<u64, Wrong> {
    read(raw, setting, |text| {
        let unit = table::UNITS.into_iter().find_map(|(name, unit)| Some((text.strip_suffix(name)?, unit)));
        let (count, unit) = unit.map_or((text, 1), |(count, unit)| (count.trim_end_matches(' '), unit));
        let bytes = whole(count)?.checked_mul(unit)?;
        let is_within =
            matches!(setting.form, Form::Size { bytes_min, bytes_max } if (bytes_min..=bytes_max).contains(&bytes));
        is_within.then_some(bytes)
    })
}

/// A whole number in digits alone: `parse` would also take a plus sign.
fn whole(text: &str) -> Option<u64> {
    text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn word(setting: &Setting, text: &str) -> bool {
    matches!(setting.form, Form::Word(words) if words.contains(&text))
}

fn public_url(text: &str) -> Option<Url> {
    let mut url = Url::parse(text).ok()?;
    let is_base = matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    if !url.path().ends_with('/') {
        url.set_path(&format!("{}/", url.path()));
    }
    is_base.then_some(url)
}

/// Whether the system can take `text` for a path at all.
fn is_path(text: &str) -> bool {
    !text.is_empty() && !text.contains('\0')
}
