//! Variables with our prefix that are no settings: Kubernetes and container links set some for every service called
//! standin (`STANDIN_PORT=tcp://10.0.0.1:8080`). They must not stop the start, but a mistyped setting must.

use super::raw::{FILE_SUFFIX, FILE_VARIABLE, VARIABLE_PREFIX, known_keys};

/// Prefixes of the addresses that container links set.
const PROTOCOLS: [&str; 3] = ["tcp://", "udp://", "sctp://"];

/// Names in one warning.
const LISTED_MAX: usize = 32;

/// Allows added, missing, wrong or swapped letters. For `log` only one, because two would leave one letter.
fn typos_max(known: &str) -> usize {
    match known.len() {
        ..6 => 1,
        6..12 => 2,
        12.. => 3,
    }
}

/// `key` is the variable without the prefix, in lower case.
pub(super) fn mistyped(key: &str) -> Option<String> {
    // Only secrets have a setting for a file, but operators may try it with others.
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

/// A service called `standin-socket` sets `STANDIN_SOCKET_PORT=tcp://10.0.0.1:8080`, which is the name of a setting.
pub(super) fn is_service_address(key: &str, value: &str) -> bool {
    (key == "port" || key.ends_with("_port")) && PROTOCOLS.iter().any(|protocol| value.starts_with(protocol))
}

/// Returns the warning about ignored variables. It names them and shows no value.
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
