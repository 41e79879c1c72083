//! Tests of `src/http/middleware/paths.rs`.

use super::*;

const BASES: [&str; 3] = ["/api/v2/sdk", "/api/v1", "/v4"];

#[test]
fn slashes_too_many_are_looked_through_before_a_call_and_behind_it_and_nowhere_else() {
    for (path, normalised) in [
        ("//api/v2/sdk/config", "/api/v2/sdk/config"),
        ("///api//v2///sdk////config", "/api/v2/sdk/config"),
        ("/api/v2/sdk//auth/nonce", "/api/v2/sdk/auth/nonce"),
        ("/api/v2/sdk/config/", "/api/v2/sdk/config"),
        ("/api/v2/sdk/config//", "/api/v2/sdk/config"),
        ("/api/v1//users", "/api/v1/users"),
        ("/v4//profile/portrait_get", "/v4/profile/portrait_get"),
        ("//healthz/", "/healthz"),
        ("//", "/"),
        ("//console/", "/console/"),
        ("//docs//", "/docs"),
        ("/api/v2/sdk//", "/api/v2/sdk"),
    ] {
        assert_eq!(normalised_path(&BASES, path).as_deref(), Some(normalised), "{path}");
    }
    for path in [
        "/",
        "/api/v2/sdk/config",
        "/api/v2/sdk/auth//nonce",
        "/api/v1/users//profile",
        "/v4x//y",
        "/pictures//x",
        "/console/",
        "/docs/",
        "*",
    ] {
        assert_eq!(normalised_path(&BASES, path), None, "{path}");
    }
}
