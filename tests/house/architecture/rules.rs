//! The allowed imports between rooms and of libraries. Everything that is not listed is refused.

/// The rooms of the crate and the rooms that each may name besides itself. A room is a file or a folder of `src/`; a room
/// beneath another (`store/sqlite`) is entered through that one alone.
pub(super) const ROOMS: &[(&str, &[&str])] = &[
    ("main", &["server", "settings", "archive"]),
    ("settings", &["domain"]),
    (
        "server",
        &[
            "settings",
            "domain",
            "store",
            "blob",
            "archive",
            "picture",
            "live",
            "service",
            "http",
            "dialect/qiscus",
            "dialect/mirrorfly",
            "dialect/tencent",
            "dialect/native",
        ],
    ),
    ("domain", &[]),
    ("fair", &["domain"]),
    ("store", &["store/sqlite", "fair", "domain"]),
    ("store/sqlite", &["store", "fair", "domain"]),
    ("blob", &["domain"]),
    ("archive", &["domain"]),
    ("picture", &["domain"]),
    ("live", &["store", "domain"]),
    ("service", &["store", "fair", "blob", "archive", "picture", "live", "domain"]),
    ("http", &["service", "domain"]),
    // Only the list of the dialects: what two of them share belongs to `http`.
    ("dialect", &[]),
    ("dialect/qiscus", &["http", "service", "domain"]),
    ("dialect/mirrorfly", &["http", "service", "domain"]),
    ("dialect/tencent", &["http", "service", "domain"]),
    ("dialect/native", &["http", "service", "domain"]),
];

/// Files that hold modules and nothing else.
pub(super) const LISTS: &[&str] = &["src/lib.rs", "src/dialect/mod.rs", "src/dialect.rs"];

const SQLITE: &[&str] = &["store/sqlite"];
const CREDENTIALS: &[&str] = &["service/credentials"];
const PICTURE: &[&str] = &["picture"];
const MIRRORFLY: &[&str] = &["dialect/mirrorfly"];

/// Every dependency and the places (rooms, or files and folders of rooms) that may name it.
pub(super) const CRATES: &[(&str, &[&str])] = &[
    ("actix-cors", &["http"]),
    ("actix-http", &["http"]),
    ("actix-server", &["http"]),
    ("actix-service", &["http"]),
    ("actix-web", &["http", "dialect", "server"]),
    ("actix-multipart", &["http"]),
    ("aes", MIRRORFLY),
    ("argon2", CREDENTIALS),
    ("base62", CREDENTIALS),
    ("base64", &["dialect/mirrorfly", "dialect/qiscus", "dialect/tencent"]),
    ("bytes", &["service", "http", "dialect/qiscus"]),
    ("bytemuck", PICTURE),
    ("cbc", MIRRORFLY),
    ("chacha20poly1305", CREDENTIALS),
    ("clap", &["main", "settings"]),
    ("env_logger", &["main"]),
    ("fast_image_resize", PICTURE),
    ("flate2", &["picture", "dialect/tencent"]),
    ("futures-util", &["http"]),
    ("gif", PICTURE),
    ("hmac", CREDENTIALS),
    ("http-body-util", &["main"]),
    ("hyper", &["main"]),
    ("icu_normalizer", &["domain/folding"]),
    ("hyper-util", &["main"]),
    ("image", PICTURE),
    ("ipnet", &["settings", "http"]),
    // For formatting a `Moment`; the time comes from the clock argument.
    ("jiff", &["domain"]),
    ("jpeg-encoder", PICTURE),
    ("log", &["main", "settings", "server", "store", "blob", "live", "service", "http", "dialect"]),
    ("memchr", &["http"]),
    ("moxcms", PICTURE),
    ("mqttbytes", &["dialect/qiscus"]),
    ("percent-encoding", &["http", "main", "dialect/mirrorfly"]),
    // No registry is global: each is passed to the code that counts.
    ("prometheus-client", &["http"]),
    ("png", PICTURE),
    ("quick-xml", MIRRORFLY),
    ("quick_cache", &["live", "service"]),
    ("rand", CREDENTIALS),
    ("rlimit", &["main"]),
    ("rust-embed", &["http"]),
    ("rusqlite", SQLITE),
    ("rusqlite_migration", SQLITE),
    ("rustix", &["blob", "main", "server"]),
    ("rustls", &["server", "http", "main"]),
    ("serde", &["domain", "archive", "settings", "store/sqlite", "http", "dialect", "main"]),
    ("serde_json", &["domain", "archive", "store/sqlite", "service/backup", "http", "dialect", "main"]),
    ("sha2", &["service/credentials", "dialect/mirrorfly", "archive"]),
    ("socket2", &["server"]),
    ("standin-jpeg", PICTURE),
    ("strsim", &["settings", "dialect/qiscus", "dialect/native"]),
    ("subtle", &["service/credentials", "domain/secret"]),
    ("tar", &["archive"]),
    ("tempfile", &["http", "server"]),
    ("tokio", &["main", "server", "fair", "store", "live", "service", "http", "dialect"]),
    ("tokio-rustls", &["http", "main"]),
    ("tokio-util", &["http"]),
    ("toml", &["settings"]),
    ("url", &["domain", "settings", "http", "server", "main"]),
    ("utoipa", &["http", "dialect", "server"]),
    ("utoipa-swagger-ui", &["http"]),
    ("webpki-roots", &["main"]),
    ("zstd", &["archive"]),
];

/// Paths that lead out of the crate and belong to few places. `std` stands for `core` and `alloc` too.
pub(super) const PATHS: &[(&str, &[&str])] = &[
    ("std::fs", FILES),
    ("std::os::unix::fs", FILES),
    ("tokio::fs", FILES),
    ("std::time::SystemTime", &["server"]),
    ("std::time::UNIX_EPOCH", &["server"]),
    ("jiff::Timestamp::now", &["server"]),
    ("jiff::Zoned::now", &["server"]),
    ("std::process", &["main"]),
];

/// Bytes in rows and folders, forms on their way, the settings file, the data folder's lock and key.
const FILES: &[&str] = &["blob", "http", "settings", "main", "server", "store/sqlite"];

/// The only place of statements.
pub(super) const STATEMENTS: &[&str] = SQLITE;

/// Lines of a file in `src/`: what is longer holds more than one idea.
pub(super) const LINES_MAX: usize = 600;

/// Names that say nothing about what a file knows.
pub(super) const EMPTY_NAMES: &[&str] =
    &["util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "shared"];

/// Words of unfinished work. Joined here, so that this list is none.
pub(super) const UNFINISHED: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// First folders of paths that exist only on one developer's machine.
pub(super) const MACHINE_FOLDERS: &[&str] = &["home", "root", "work", "workspace", "Users"];

/// The only address a lock file may hold.
pub(super) const REGISTRY: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
