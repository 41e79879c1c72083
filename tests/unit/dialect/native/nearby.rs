//! Tests of `src/dialect/native/nearby.rs`.

use super::*;

#[test]
fn slips_and_missing_beginnings_are_recognised_and_nothing_else() {
    for (path, expected) in [
        ("/api/v1/logn", Some("/api/v1/login")),
        ("/api/v2.1/rest/login_or_register/", Some("/api/v2.1/rest/login_or_register")),
        ("/login_or_register", Some("/api/v2.1/rest/login_or_register")),
        ("/v1/users/createUser", Some("/api/v1/users/createUser")),
        ("/standin/v1/app", Some("/standin/v1/apps")),
        ("/consol", Some("/console")),
        ("/favicon.ico", None),
        ("/wp-login.php", None),
        ("/xyz", None),
    ] {
        assert_eq!(nearest(path), expected, "{path}");
    }
}
