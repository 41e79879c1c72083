//! The table of settings. Each is declared once: its field, type, name, group, form, default, help and parser.

use std::{
    net::IpAddr,
    num::{NonZeroU16, NonZeroU32},
    path::PathBuf,
};

use ipnet::IpNet;
use log::LevelFilter;
use url::Url;

use super::{
    DEMO_APP_PASSWORD, LogFormat,
    error::SettingsError,
    listen::{self, Listen},
    memory,
    raw::RawSettings,
    setting::{
        GIB, KIB, MIB, Setting,
        SettingDefault::{Fixed, Found, Unset},
        SettingForm::{Hidden, Number, Size, Switch, Text, Word},
        number, path, size, switch, whole, word,
    },
};
use crate::domain::{AppId, Durability, Host, MetricsAccess, Registration, SdkAppId, Secret, ServerKey, admin, secret};

const SERVING: &str = "Serving";
const LOGGING: &str = "Log and figures";
const PICTURES: &str = "Pictures";
const FIRST_APP: &str = "The first app";
const AT_REST: &str = "Secrets at rest";
const CONSOLE: &str = "The console";

/// Declares structs of settings, how they are read, and the list of all settings in the order of help and docs/settings.md.
macro_rules! settings {
    ($(#[$about:meta])* $settings:ident $(
        { $(@$group:ident $($(#[$doc:meta])* $row:ident $field:ident: $type:ty = $setting:expr, $parse:expr;)*)* }
        $(#[$part_about:meta])* $part_field:ident: $part:ident @$part_group:ident
        { $(
            $(#[$part_doc:meta])*
            $part_row:ident $part_name:ident: $part_type:ty = $part_setting:expr, $part_parse:expr;
        )* }
    )*) => {
        $(
            $($(pub(super) static $row: Setting = $setting.in_group($group);)*)*
            $(pub(super) static $part_row: Setting = $part_setting.in_group($part_group);)*

            $(#[$part_about])*
            #[derive(Debug, Clone)]
            pub struct $part {
                $($(#[$part_doc])* pub $part_name: $part_type,)*
            }

            impl $part {
                fn read(raw: &RawSettings) -> Result<Self, SettingsError> {
                    Ok(Self { $($part_name: $part_row.read(raw, $part_parse)?,)* })
                }
            }
        )*

        /// Every setting, in the order of help and docs/settings.md.
        pub static SETTINGS: [&Setting; 36] = [$($($(&$row,)*)* $(&$part_row,)*)*];

        $(#[$about])*
        #[derive(Debug, Clone)]
        pub struct $settings {
            $($($($(#[$doc])* pub $field: $type,)*)* pub $part_field: $part,)*
        }

        impl $settings {
            /// Parses every setting by itself.
            pub(super) fn read(raw: &RawSettings) -> Result<Self, SettingsError> {
                Ok(Self { $($($($field: $row.read(raw, $parse)?,)*)* $part_field: $part::read(raw)?,)* })
            }
        }
    };
}

settings! {
    /// Every setting as a valid value.
    Settings {
        @SERVING
        /// At least one.
        LISTEN listen: Vec<Listen> = Setting::new(
            "listen",
            Text(
                "ADDR:PORT",
                "a comma-separated list of ADDRESS:PORT such as 127.0.0.1:8080,https://[::1]:8443 (:8080 means every IPv4 address, port 0 means any free port, https:// means TLS)",
            ),
            Fixed("127.0.0.1:8080"),
            "Where to listen, comma-separated; :8080 means every IPv4 address, and port 0 means any free port; https://:443 uses TLS, and :80,https://:443 both",
        ), |_, text| listen::parse(text);

        /// See [`Settings::tls`].
        TLS_CERTIFICATE tls_certificate: Option<PathBuf> = Setting::new(
            "tls_certificate",
            Text("FILE", "the path of a file"),
            Unset("no TLS"),
            "The certificate that https:// listen addresses show, with its chain: a PEM file, read again on SIGHUP",
        ), path;

        /// See [`Settings::tls`].
        TLS_KEY tls_key: Option<PathBuf> = Setting::new(
            "tls_key",
            Text("FILE", "the path of a file"),
            Unset("no TLS"),
            "The private key of that certificate: a PEM file, read again on SIGHUP",
        ), path;

        DATA data: PathBuf = Setting::new(
            "data",
            Text("DIR", "the path of a folder"),
            Fixed("./data"),
            "The folder that holds the database, the pictures and the server key (with --demo: ./data/demo)",
        ).in_demo("./data/demo"), path;

        /// The base of every address handed out. Its path ends with a slash, so that [`Url::join`] appends.
        PUBLIC_URL public_url: Option<Url> = Setting::new(
            "public_url",
            Text(
                "URL",
                "an http or https address without user, query or fragment, such as https://chat.example.com/standin",
            ),
            Unset("the first listen address"),
            "The base of every address handed out, as clients reach this server; may have a path",
        ), |_, text| public_url(text);

        /// The host of MirrorFly's WebSocket; None is that of the public URL.
        SOCKET_HOST socket_host: Option<Host> = Setting::new(
            "socket_host",
            Text("HOST", "a host name without port"),
            Unset("the host of the public URL"),
            "The host on which MirrorFly's SDK is told to open its WebSocket, wss://HOST:PORT/websocket",
        ), |_, text| Host::parse(text).ok();

        /// The port of that WebSocket; None is that of the public URL.
        SOCKET_PORT socket_port: Option<NonZeroU16> = Setting::new(
            "socket_port",
            Number { min: 1, max: 65_535 },
            Unset("the port of the public URL"),
            "The port of that WebSocket",
        ), number::<NonZeroU16>;

        TRUSTED_PROXIES trusted_proxies: Option<Vec<IpNet>> = Setting::new(
            "trusted_proxies",
            Text(
                "NETWORKS",
                "a comma-separated list of addresses or networks such as 127.0.0.1,10.0.0.0/8",
            ),
            Unset("none"),
            "The proxies in front of this server, comma-separated addresses or networks: what they say in X-Forwarded-For counts as the client's address",
        ), |_, text| networks(text);

        CONNECTIONS_PER_ADDRESS connections_per_address: usize = Setting::new(
            "connections_per_address",
            Number { min: 1, max: 1_000_000 },
            Fixed("20000"),
            "Connections that one address (of IPv6 one network of 64 bits) may have open at one time, idle ones and sockets included; never more than half of those that the limit of open files leaves room for; more are closed at once; trusted proxies have no limit",
        ), number;

        READ_BUDGET_BYTES read_budget_bytes: u64 = Setting::new(
            "read_budget_bytes",
            Size { bytes_min: MIB, bytes_max: 64 * GIB },
            Found("a sixteenth of the memory the process may use, from 8 MiB to 24 MiB", memory::read_budget_bytes),
            "The memory that all requests and WebSocket messages being read at one time share, beyond the first 8 KiB of each connection; when it is full, the slowest are answered 503 and closed",
        ), size;

        /// Of clients at one address.
        REGISTRATIONS_PER_HOUR registrations_per_hour: NonZeroU32 = Setting::new(
            "registrations_per_hour",
            Number { min: 1, max: 1_000_000_000 },
            Fixed("600"),
            "Users that clients at one address (of IPv6 one network of 64 bits) may register in an hour with public keys alone; what an app's secret has signed does not count",
        ), number;

        /// Of clients at one address.
        NUMBER_LOOKUPS_PER_HOUR number_lookups_per_hour: NonZeroU32 = Setting::new(
            "number_lookups_per_hour",
            Number { min: 1, max: 1_000_000_000 },
            Fixed("100000"),
            "Telephone numbers that clients at one address (of IPv6 one network of 64 bits) may look up among the users in an hour, by syncing their phone books",
        ), number;

        DEMO demo: bool = Setting::new(
            "demo",
            Switch,
            Fixed("false"),
            "Start with sample users and documented sample credentials, on loopback only",
        ), switch;

        DURABILITY durability: Durability = Setting::new(
            "durability",
            Word(&["full", "normal"]),
            Fixed("full"),
            "full: an answered change survives a power cut; normal: faster, but a power cut or a crash of the operating system may lose what was answered since the last checkpoint (up to about 32 MiB of changes); a crash of standin alone loses nothing",
        ), |setting, text| word(setting, text, &[Durability::Full, Durability::Normal]);

        WORKERS workers: usize = Setting::new(
            "workers",
            Number { min: 1, max: 1024 },
            Found("one per processor core", |sources| sources.cores as u64),
            "Threads that answer requests",
        ), number;

        /// At least 4, because one caller uses at most a quarter of them.
        LONG_READ_THREADS long_read_threads: usize = Setting::new(
            "long_read_threads",
            Number { min: 4, max: 256 },
            Found("one per processor core, from 4 to 16", |sources| (sources.cores as u64).clamp(4, 16)),
            "Threads that run searches, exports and other long reads of the database; one caller uses at most a quarter of them, and the next calls wait",
        ), number;

        @LOGGING
        LOG log: LevelFilter = Setting::new(
            "log",
            Word(&["error", "warn", "info", "debug"]),
            Fixed("info"),
            "The least important lines that are written; a line of standin.toml is read again on SIGHUP",
        ), |setting, text| {
            word(setting, text, &[LevelFilter::Error, LevelFilter::Warn, LevelFilter::Info, LevelFilter::Debug])
        };

        LOG_FORMAT log_format: LogFormat = Setting::new(
            "log_format",
            Word(&["text", "json"]),
            Fixed("text"),
            "How log lines are written, to standard output",
        ), |setting, text| word(setting, text, &[LogFormat::Text, LogFormat::Json]);

        METRICS metrics: MetricsAccess = Setting::new(
            "metrics",
            Word(&["loopback", "everybody", "off"]),
            Fixed("loopback"),
            "Clients that may read /metrics: loopback (programs on this machine, without a proxy), everybody, off (no client)",
        ), |setting, text| {
            word(setting, text, &[MetricsAccess::Loopback, MetricsAccess::Everybody, MetricsAccess::Off])
        };
    }

    /// The bounds of pictures.
    pictures: PictureSettings @PICTURES {
        PICTURE_FILE_BYTES_MAX file_bytes_max: u64 = Setting::new(
            "picture_file_bytes_max",
            Size { bytes_min: KIB, bytes_max: GIB },
            Fixed("10 MiB"),
            "The largest picture file that is accepted",
        ), size;

        PICTURE_PIXELS_MAX pixels_max: u64 = Setting::new(
            "picture_pixels_max",
            Number { min: 1, max: 1_000_000_000 },
            Fixed("32000000"),
            "The most pixels of a picture, width times height",
        ), number;

        PICTURE_SIDE_PX_MAX side_px_max: u32 = Setting::new(
            "picture_side_px_max",
            Number { min: 1, max: 65_535 },
            Fixed("12000"),
            "The longest side of a picture, in pixels",
        ), number;

        /// Of one picture.
        PICTURE_DECODED_BYTES_MAX decoded_bytes_max: u64 = Setting::new(
            "picture_decoded_bytes_max",
            Size { bytes_min: MIB, bytes_max: 4 * GIB },
            Fixed("128 MiB"),
            "The most memory that one decoded picture may take",
        ), size;

        /// Of all pictures being decoded.
        DECODE_BUDGET_BYTES decode_budget_bytes: u64 = Setting::new(
            "decode_budget_bytes",
            Size { bytes_min: MIB, bytes_max: 64 * GIB },
            Found("a quarter of the memory the process may use, at most 256 MiB", memory::decode_budget_bytes),
            "The memory that all pictures being decoded at one time share; a picture that needs more is decoded alone, and one that needs more than twice as much is refused",
        ), size;

        PICTURE_CACHE_BYTES cache_bytes: u64 = Setting::new(
            "picture_cache_bytes",
            Size { bytes_min: 0, bytes_max: 64 * GIB },
            Fixed("32 MiB"),
            "The memory that caches small pictures; 0 caches none",
        ), size;

        /// Of one user.
        UPLOADS_PER_MINUTE uploads_per_minute: NonZeroU32 = Setting::new(
            "uploads_per_minute",
            Number { min: 1, max: 1_000_000 },
            Fixed("10"),
            "Pictures that one user may upload in a minute",
        ), number;

        /// Of one user.
        UPLOADS_PER_DAY uploads_per_day: NonZeroU32 = Setting::new(
            "uploads_per_day",
            Number { min: 1, max: 1_000_000 },
            Fixed("100"),
            "Pictures that one user may upload in a day",
        ), number;
    }

    {
        @AT_REST
        SERVER_KEY server_key: Option<ServerKey> = Setting::new(
            "server_key",
            Hidden("64 hexadecimal digits"),
            Unset("DATA/server.key, made at first start"),
            "The key that seals every secret in the database; keep it elsewhere than the data",
        ), |_, text| ServerKey::parse(text).ok();

        @CONSOLE
        ADMIN_PASSWORD admin_password: Option<Secret> = Setting::new(
            "admin_password",
            Hidden("12 to 1024 characters"),
            Unset("no administrator is made"),
            "The password of the administrator `admin`, set again at each start",
        ), |_, text| admin::password(text).ok();

        INSPECT inspect: bool = Setting::new(
            "inspect",
            Switch,
            Fixed("false"),
            "Whether the last 500 calls of clients are kept in memory for administrators, message texts by their size; a demo keeps them, with the texts",
        ).in_demo("true"), switch;
    }

    /// What an operator sets of the first app. The rest is created at the first start and kept.
    first_app: FirstApp @FIRST_APP {
        APP_ID app_id: Option<AppId> = Setting::new(
            "app_id",
            Text("APP_ID", "1 to 64 letters, digits, - and _"),
            Unset("made at first start"),
            "Its app id (Qiscus)",
        ).in_demo("sdksample"), |_, text| AppId::parse(text).ok();

        APP_SECRET secret: Option<Secret> = Setting::new(
            "app_secret",
            Hidden("32 to 128 letters and digits"),
            Unset("made at first start"),
            "Its secret (the SDK secret of Qiscus, the SecretKey of Tencent)",
        ).in_demo("2820ae9dfc5362f7f3a10381fb89afc7"), |_, text| secret::app_secret(text).ok();

        SDK_APP_ID sdk_app_id: Option<SdkAppId> = Setting::new(
            "sdk_app_id",
            Number { min: 1, max: 4_294_967_295 },
            Unset("made at first start"),
            "Its SDKAppID (Tencent)",
        ).in_demo("1400000001"), |_, text| whole(text).and_then(|number| SdkAppId::parse(number).ok());

        LICENSE_KEY license_key: Option<Secret> = Setting::new(
            "license_key",
            Hidden("1 to 191 printable ASCII characters without blanks"),
            Unset("made at first start"),
            "Its licence key (MirrorFly)",
        ).in_demo("StandinDemoLicenseKey0123456789"), |_, text| secret::license_key(text).ok();

        /// The password of its back-end account.
        APP_PASSWORD account_password: Option<Secret> = Setting::new(
            "app_password",
            Hidden("1 to 1024 characters"),
            Unset("made at first start"),
            "The password of its back-end account, administrator (MirrorFly)",
        ).in_demo(DEMO_APP_PASSWORD), |_, text| secret::password(text).ok();

        APP_REGISTRATION registration: Option<Registration> = Setting::new(
            "app_registration",
            Word(&["open", "new", "closed"]),
            Unset("new at first start"),
            "What a client with only public keys may do: open (also sign in to existing accounts: a guessed id is a login), new (create accounts), closed (neither)",
        ).in_demo("open"), |_, text| Registration::parse(text).ok();
    }
}

/// An address is a network of one.
fn networks(text: &str) -> Option<Vec<IpNet>> {
    let network = |one: &str| one.parse().ok().or_else(|| Some(IpNet::from(one.parse::<IpAddr>().ok()?)));
    text.split(',').map(|one| network(one.trim())).collect()
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
