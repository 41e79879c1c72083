//! The table of settings: names, forms, bounds, defaults and help, each written once.

use std::fmt;

/// One setting: a row of the table that drives flags, variables, `standin.toml`, help, refusals and docs/settings.md.
#[derive(Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its key in `standin.toml`; flag and variable follow from it.
    pub name: &'static str,
    /// The heading it stands under in help and docs/settings.md.
    pub group: &'static str,
    /// What its text must look like.
    pub form: Form,
    /// What holds when nobody gives it.
    pub preset: Preset,
    /// One line for people.
    pub help: &'static str,
}

/// What the text of a setting must look like. `Display` completes "must be".
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// Free text of the form that the second sentence part names; the first is its placeholder in help.
    Text(&'static str, &'static str),
    /// As [`Form::Text`], and must not be read: without a flag, masked when shown, also given as the name of a file.
    Secret(&'static str),
    /// One of a closed list.
    Word(&'static [&'static str]),
    /// On or off.
    Switch,
    /// A whole number within bounds.
    Number {
        /// The smallest.
        min: u64,
        /// The largest.
        max: u64,
    },
    /// Bytes within bounds, plain or with KiB, MiB, GiB.
    Size {
        /// The fewest bytes.
        bytes_min: u64,
        /// The most bytes.
        bytes_max: u64,
    },
}

/// What holds when nobody gives a setting.
#[derive(Debug, PartialEq, Eq)]
pub enum Preset {
    /// This text.
    Text(&'static str),
    /// A figure found out at start, described by these words.
    Found(&'static str),
    /// Nothing; these words say what the server does then.
    Unset(&'static str),
}

impl Setting {
    /// Its flag, without the dashes before it; none for a secret, which every user of the machine could read in the process list.
    pub fn flag(&self) -> Option<String> {
        match self.form {
            Form::Secret(_) => None,
            Form::Text(..) | Form::Word(_) | Form::Switch | Form::Number { .. } | Form::Size { .. } => {
                Some(self.name.replace('_', "-"))
            }
        }
    }

    /// Its environment variable.
    pub fn variable(&self) -> String {
        format!("STANDIN_{}", self.name.to_ascii_uppercase())
    }

    /// Whether its value is masked when shown, and may be given as the name of a file under its name with `_file` behind it.
    pub fn is_secret(&self) -> bool {
        matches!(self.form, Form::Secret(_))
    }

    /// Its default in words, for help and docs/settings.md.
    pub fn default(&self) -> &'static str {
        match self.preset {
            Preset::Text(words) | Preset::Found(words) | Preset::Unset(words) => words,
        }
    }
}

impl Form {
    /// What stands for a value in help.
    pub fn placeholder(&self) -> String {
        match self {
            Self::Text(placeholder, _) => (*placeholder).to_owned(),
            Self::Secret(_) => "SECRET".to_owned(),
            Self::Word(words) => words.join("|"),
            Self::Switch => "true|false".to_owned(),
            Self::Number { .. } => "NUMBER".to_owned(),
            Self::Size { .. } => "SIZE".to_owned(),
        }
    }
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(_, form) | Self::Secret(form) => f.write_str(form),
            Self::Word(words) => write!(f, "one of {}", words.join(", ")),
            Self::Switch => f.write_str("true or false"),
            Self::Number { min, max } => write!(f, "a whole number from {min} to {max}"),
            Self::Size { bytes_min, bytes_max } => {
                write!(f, "a size from {} to {}, in bytes or with KiB, MiB, GiB", Size(*bytes_min), Size(*bytes_max))
            }
        }
    }
}

/// Bytes, shown in the largest unit that leaves no rest.
struct Size(u64);

/// The units of sizes, largest first.
pub(super) const UNITS: [(&str, u64); 3] = [("GiB", GIB), ("MiB", MIB), ("KiB", KIB)];

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match UNITS.into_iter().find(|(_, unit)| self.0 > 0 && self.0.is_multiple_of(*unit)) {
            Some((name, unit)) => write!(f, "{} {name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

const SERVING: &str = "Serving";
const LOGGING: &str = "Log and figures";
const PICTURES: &str = "Pictures";
const FIRST_APP: &str = "The first app";
const AT_REST: &str = "Secrets at rest";
const CONSOLE: &str = "The console";

/// Every setting, in the order of help and docs/settings.md.
pub static SETTINGS: [&Setting; 35] = [
    &LISTEN,
    &TLS_CERTIFICATE,
    &TLS_KEY,
    &DATA,
    &PUBLIC_URL,
    &SOCKET_HOST,
    &SOCKET_PORT,
    &TRUSTED_PROXIES,
    &CONNECTIONS_PER_ADDRESS,
    &READ_BUDGET_BYTES,
    &REGISTRATIONS_PER_HOUR,
    &NUMBER_LOOKUPS_PER_HOUR,
    &DEMO,
    &DURABILITY,
    &WORKERS,
    &LOG,
    &LOG_FORMAT,
    &METRICS,
    &PICTURE_FILE_BYTES_MAX,
    &PICTURE_PIXELS_MAX,
    &PICTURE_SIDE_PX_MAX,
    &PICTURE_DECODED_BYTES_MAX,
    &DECODE_BUDGET_BYTES,
    &PICTURE_CACHE_BYTES,
    &UPLOADS_PER_MINUTE,
    &UPLOADS_PER_DAY,
    &SERVER_KEY,
    &ADMIN_PASSWORD,
    &INSPECT,
    &APP_ID,
    &APP_SECRET,
    &SDK_APP_ID,
    &LICENSE_KEY,
    &APP_PASSWORD,
    &APP_REGISTRATION,
];

pub(super) static LISTEN: Setting = Setting {
    name: "listen",
    group: SERVING,
    form: Form::Text(
        "ADDR:PORT",
        "a comma-separated list of ADDRESS:PORT such as 127.0.0.1:8080,https://[::1]:8443 (:8080 means every IPv4 address, port 0 any free port, https:// in front that it speaks TLS)",
    ),
    preset: Preset::Text("127.0.0.1:8080"),
    help: "Where to listen, comma-separated; :8080 means every IPv4 address, port 0 any free port; https://:443 speaks TLS, and :80,https://:443 both",
};

pub(super) static TLS_CERTIFICATE: Setting = Setting {
    name: "tls_certificate",
    group: SERVING,
    form: Form::Text("FILE", "the path of a file"),
    preset: Preset::Unset("no TLS"),
    help: "The certificate that https:// listen addresses show, with its chain: a PEM file, read again on SIGHUP",
};

pub(super) static TLS_KEY: Setting = Setting {
    name: "tls_key",
    group: SERVING,
    form: Form::Text("FILE", "the path of a file"),
    preset: Preset::Unset("no TLS"),
    help: "The private key of that certificate: a PEM file, read again on SIGHUP",
};

pub(super) static DATA: Setting = Setting {
    name: "data",
    group: SERVING,
    form: Form::Text("DIR", "the path of a folder"),
    preset: Preset::Text("./data"),
    help: "The folder that holds the database, the pictures and the server key (with --demo: ./data/demo)",
};

pub(super) static PUBLIC_URL: Setting = Setting {
    name: "public_url",
    group: SERVING,
    form: Form::Text(
        "URL",
        "an http or https address without user, query or fragment, such as https://chat.example.com/standin",
    ),
    preset: Preset::Unset("the first listen address"),
    help: "The base of every address handed out, as clients reach this server; may have a path",
};

pub(super) static SOCKET_HOST: Setting = Setting {
    name: "socket_host",
    group: SERVING,
    form: Form::Text("HOST", "a host name without port"),
    preset: Preset::Unset("the host of the public URL"),
    help: "The host on which MirrorFly's SDK is told to open its WebSocket, wss://HOST:PORT/websocket",
};

pub(super) static SOCKET_PORT: Setting = Setting {
    name: "socket_port",
    group: SERVING,
    form: Form::Number { min: 1, max: u16::MAX as u64 },
    preset: Preset::Unset("the port of the public URL"),
    help: "The port of that WebSocket",
};

pub(super) static TRUSTED_PROXIES: Setting = Setting {
    name: "trusted_proxies",
    group: SERVING,
    form: Form::Text("NETWORKS", "a comma-separated list of addresses or networks such as 127.0.0.1,10.0.0.0/8"),
    preset: Preset::Unset("none"),
    help: "The proxies in front of this server, comma-separated addresses or networks: what they say in X-Forwarded-For counts as the client's address",
};

pub(super) static CONNECTIONS_PER_ADDRESS: Setting = Setting {
    name: "connections_per_address",
    group: SERVING,
    form: Form::Number { min: 1, max: 1_000_000 },
    preset: Preset::Text("20000"),
    help: "Connections that one address (of IPv6 one network of 64 bits) may have open at one time, idle ones and sockets included; never more than half of those that the limit of open files leaves room for; more are cut off at once; trusted proxies have as many as they like",
};

pub(super) static READ_BUDGET_BYTES: Setting = Setting {
    name: "read_budget_bytes",
    group: SERVING,
    form: Form::Size { bytes_min: MIB, bytes_max: 64 * GIB },
    preset: Preset::Found("a sixteenth of the memory the process may use, from 8 MiB to 24 MiB"),
    help: "The memory that all requests and WebSocket messages being read at one time share, beyond the first 8 KiB of each connection; when it is full, the slowest are answered 503 and closed",
};

pub(super) static REGISTRATIONS_PER_HOUR: Setting = Setting {
    name: "registrations_per_hour",
    group: SERVING,
    form: Form::Number { min: 1, max: 1_000_000_000 },
    preset: Preset::Text("600"),
    help: "Users that clients at one address (of IPv6 one network of 64 bits) may register in an hour with public keys alone; what an app's secret has signed does not count",
};

pub(super) static NUMBER_LOOKUPS_PER_HOUR: Setting = Setting {
    name: "number_lookups_per_hour",
    group: SERVING,
    form: Form::Number { min: 1, max: 1_000_000_000 },
    preset: Preset::Text("100000"),
    help: "Telephone numbers that clients at one address (of IPv6 one network of 64 bits) may look up among the users in an hour, by syncing their phone books",
};

pub(super) static DEMO: Setting = Setting {
    name: "demo",
    group: SERVING,
    form: Form::Switch,
    preset: Preset::Text("false"),
    help: "Start with sample people and documented sample credentials, on loopback only",
};

pub(super) static DURABILITY: Setting = Setting {
    name: "durability",
    group: SERVING,
    form: Form::Word(&["full", "normal"]),
    preset: Preset::Text("full"),
    help: "full: an answered change survives a power cut; normal: faster, but a power cut or a crash of the operating system may lose what was answered since the last checkpoint (up to about 32 MiB of changes); a crash of standin alone loses nothing",
};

pub(super) static WORKERS: Setting = Setting {
    name: "workers",
    group: SERVING,
    form: Form::Number { min: 1, max: 1024 },
    preset: Preset::Found("one a processor core"),
    help: "Threads that answer requests",
};

pub(super) static LOG: Setting = Setting {
    name: "log",
    group: LOGGING,
    form: Form::Word(&["error", "warn", "info", "debug"]),
    preset: Preset::Text("info"),
    help: "The least important lines that are written; a line of standin.toml is read again on SIGHUP",
};

pub(super) static LOG_FORMAT: Setting = Setting {
    name: "log_format",
    group: LOGGING,
    form: Form::Word(&["text", "json"]),
    preset: Preset::Text("text"),
    help: "How log lines are written, to standard output",
};

pub(super) static METRICS: Setting = Setting {
    name: "metrics",
    group: LOGGING,
    form: Form::Word(&["loopback", "everybody", "off"]),
    preset: Preset::Text("loopback"),
    help: "Who is shown /metrics: loopback (programs on this machine, not what a proxy passes on), everybody, off (nobody)",
};

pub(super) static PICTURE_FILE_BYTES_MAX: Setting = Setting {
    name: "picture_file_bytes_max",
    group: PICTURES,
    form: Form::Size { bytes_min: KIB, bytes_max: GIB },
    preset: Preset::Text("10 MiB"),
    help: "The largest picture file that is taken",
};

pub(super) static PICTURE_PIXELS_MAX: Setting = Setting {
    name: "picture_pixels_max",
    group: PICTURES,
    form: Form::Number { min: 1, max: 1_000_000_000 },
    preset: Preset::Text("32000000"),
    help: "The most pixels of a picture, width times height",
};

pub(super) static PICTURE_SIDE_PX_MAX: Setting = Setting {
    name: "picture_side_px_max",
    group: PICTURES,
    form: Form::Number { min: 1, max: 65_535 },
    preset: Preset::Text("12000"),
    help: "The longest side of a picture, in pixels",
};

pub(super) static PICTURE_DECODED_BYTES_MAX: Setting = Setting {
    name: "picture_decoded_bytes_max",
    group: PICTURES,
    form: Form::Size { bytes_min: MIB, bytes_max: 4 * GIB },
    preset: Preset::Text("128 MiB"),
    help: "The most memory that one picture may take when unpacked",
};

pub(super) static DECODE_BUDGET_BYTES: Setting = Setting {
    name: "decode_budget_bytes",
    group: PICTURES,
    form: Form::Size { bytes_min: MIB, bytes_max: 64 * GIB },
    preset: Preset::Found("a quarter of the memory the process may use, at most 256 MiB"),
    help: "The memory that all pictures being unpacked at one time share; one that takes more than that is unpacked alone, one that takes more than twice that is refused",
};

pub(super) static PICTURE_CACHE_BYTES: Setting = Setting {
    name: "picture_cache_bytes",
    group: PICTURES,
    form: Form::Size { bytes_min: 0, bytes_max: 64 * GIB },
    preset: Preset::Text("32 MiB"),
    help: "The memory that keeps small pictures at hand; 0 keeps none",
};

pub(super) static UPLOADS_PER_MINUTE: Setting = Setting {
    name: "uploads_per_minute",
    group: PICTURES,
    form: Form::Number { min: 1, max: 1_000_000 },
    preset: Preset::Text("10"),
    help: "Pictures that one user may upload in a minute",
};

pub(super) static UPLOADS_PER_DAY: Setting = Setting {
    name: "uploads_per_day",
    group: PICTURES,
    form: Form::Number { min: 1, max: 1_000_000 },
    preset: Preset::Text("100"),
    help: "Pictures that one user may upload in a day",
};

pub(super) static SERVER_KEY: Setting = Setting {
    name: "server_key",
    group: AT_REST,
    form: Form::Secret("64 hexadecimal digits"),
    preset: Preset::Unset("DATA/server.key, made at first start"),
    help: "The key that seals every secret in the database; keep it elsewhere than the data",
};

pub(super) static ADMIN_PASSWORD: Setting = Setting {
    name: "admin_password",
    group: CONSOLE,
    form: Form::Secret("12 to 1024 characters"),
    preset: Preset::Unset("no administrator is made"),
    help: "The password of the administrator `admin`, set again at each start",
};

pub(super) static INSPECT: Setting = Setting {
    name: "inspect",
    group: CONSOLE,
    form: Form::Switch,
    preset: Preset::Text("false"),
    help: "Whether the last 500 calls of clients are kept in memory for administrators to look at; a demo does",
};

pub(super) static APP_ID: Setting = Setting {
    name: "app_id",
    group: FIRST_APP,
    form: Form::Text("APP_ID", "1 to 64 letters, digits, - and _"),
    preset: Preset::Unset("made at first start"),
    help: "Its app id (Qiscus)",
};

pub(super) static APP_SECRET: Setting = Setting {
    name: "app_secret",
    group: FIRST_APP,
    form: Form::Secret("32 to 128 letters and digits"),
    preset: Preset::Unset("made at first start"),
    help: "Its secret (the SDK secret of Qiscus, the SecretKey of Tencent)",
};

pub(super) static SDK_APP_ID: Setting = Setting {
    name: "sdk_app_id",
    group: FIRST_APP,
    form: Form::Number { min: 1, max: u32::MAX as u64 },
    preset: Preset::Unset("made at first start"),
    help: "Its SDKAppID (Tencent)",
};

pub(super) static LICENSE_KEY: Setting = Setting {
    name: "license_key",
    group: FIRST_APP,
    form: Form::Secret("1 to 191 printable ASCII characters without blanks"),
    preset: Preset::Unset("made at first start"),
    help: "Its licence key (MirrorFly)",
};

pub(super) static APP_PASSWORD: Setting = Setting {
    name: "app_password",
    group: FIRST_APP,
    form: Form::Secret("1 to 1024 characters"),
    preset: Preset::Unset("made at first start"),
    help: "The password of its back-end account, administrator (MirrorFly)",
};

pub(super) static APP_REGISTRATION: Setting = Setting {
    name: "app_registration",
    group: FIRST_APP,
    form: Form::Word(&["open", "new", "closed"]),
    preset: Preset::Unset("new at first start"),
    help: "What a client with only public keys may do: open (also sign in to existing accounts: a guessed id is a login), new (create accounts), closed (neither)",
};
