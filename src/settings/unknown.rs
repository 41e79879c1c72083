//! Variables that begin with our prefix and are no settings.
//!
//! Kubernetes and container links set such variables for every service called standin: `STANDIN_SERVICE_HOST`,
//! `STANDIN_PORT=tcp://10.0.0.1:8080`, `STANDIN_PORT_8080_TCP_ADDR`. They must not stop the start, while a mistyped setting must.

use super::raw::{FILE_SUFFIX, FILE_VARIABLE, VARIABLE_PREFIX, known_keys};

/// What a container link puts before an address.
const PROTOCOLS: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// Names that one warning lists.
const LISTED_MAX: usize = 32;

/// Typing errors (a letter more, less, other or swapped) up to which a name is taken for a mistyped `known` one: two letters of `log` leave
/// one.
fn typos_max(known: &str) -> usize {
    match known.len() {
        ..6 => 1,
        6..12 => 2,
        12.. => 3,
    }
}

/// The setting that an unknown variable was most likely meant to be, by its key; none where it is like no setting. `key` is the rest of the
/// name behind the prefix, in small letters.
pub(super) fn mistyped(key: &str) -> Option<String> {
    // The name of a file is taken for secrets alone, but may be tried with other settings, too.
    near(key).or_else(|| near(key.strip_suffix(FILE_SUFFIX)?))
}

fn near(key: &str) -> Option<String> {
    let settings_file = FILE_VARIABLE.strip_prefix(VARIABLE_PREFIX).unwrap_or_default().to_ascii_lowercase();
    let typos = |known: String| {
        let typos = strsim::damerau_levenshtein(&known, key);
        (typos <= typos_max(&known)).then_some((typos, known))
    };
    known_keys().chain([settings_file]).filter_map(typos).min().map(|(_, known)| known)
}

/// Whether a variable is the address that Kubernetes and container links give of a service. A service called `standin-socket` sets
/// `STANDIN_SOCKET_PORT=tcp://10.0.0.1:8080`, which is the name of a setting.
pub(super) fn is_service_address(key: &str, value: &str) -> bool {
    (key == "port" || key.ends_with("_port")) && PROTOCOLS.iter().any(|protocol| value.starts_with(protocol))
}

/// The warning about variables that are ignored; none where there are none. It names them and shows no value.
pub fn warning(ignored: &[String]) -> Option<String> {
    let listed: Vec<String> = ignored.iter().take(LISTED_MAX).map(|name| name.escape_debug().to_string()).collect();
    let more = match ignored.len().saturating_sub(LISTED_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    (!listed.is_empty()).then(|| {
        format!(
            "ignored variables that are no settings: {}{more}; Kubernetes and container links set such names for a service called standin",
            listed.join(", ")
        )
    })
}
