//! Suggests a known path for an unknown one: most are mistyped or lack their first segments.

/// Candidates: the base of each API and its first calls.
const PATHS: [&str; 20] = [
    "/",
    "/api/v1",
    "/api/v1/login",
    "/api/v1/register",
    "/api/v1/users/createUser",
    "/api/v2.1/rest",
    "/api/v2.1/rest/login_or_register",
    "/api/v2.1/rest/get_user_list",
    "/api/v2.1/rest/user_profile",
    "/api/v2/sdk/login_or_register",
    "/console",
    "/healthz",
    "/metrics",
    "/pictures",
    "/readyz",
    "/standin/v1/admins",
    "/standin/v1/apps",
    "/standin/v1/audit",
    "/standin/v1/session",
    "/websocket",
];

/// Longer paths are not compared.
const PATH_BYTES_MAX: usize = 100;

/// Edit distance (insert, delete, replace, swap) up to which a path counts as mistyped.
const SLIPS_MAX: usize = 4;

pub(super) fn nearest(path: &str) -> Option<&'static str> {
    if path.len() > PATH_BYTES_MAX {
        return None;
    }
    let path = path.trim_end_matches('/');
    let slips = PATHS.into_iter().map(|known| (strsim::damerau_levenshtein(path, known), known)).min();
    let mistyped =
        slips.filter(|(slips, known)| *slips <= SLIPS_MAX && *slips < known.len() / 2).map(|(_, known)| known);
    let last = path.rsplit('/').next().filter(|last| !last.is_empty());
    let ends_so = |known: &&str| known.rsplit('/').next() == last;
    mistyped.or_else(|| PATHS.into_iter().find(ends_so))
}

#[cfg(test)]
#[path = "../../../tests/unit/dialect/native/nearby.rs"]
mod tests;
