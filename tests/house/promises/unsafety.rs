//! No unsafe code, no unknown licence, and strangers' bytes thrown at every parser.

use std::{fs, path::Path};

fn text(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap()
}

#[test]
fn promise_53_unsafe_code_is_forbidden_and_nothing_switches_that_off() {
    let manifest: toml::Table = text("Cargo.toml").parse().unwrap();
    let rules = &manifest["workspace"]["lints"];
    assert_eq!(rules["rust"]["unsafe_code"].as_str(), Some("forbid"));
    for package in ["Cargo.toml", "src/jpeg/Cargo.toml"] {
        let manifest: toml::Table = text(package).parse().unwrap();
        assert_eq!(manifest["lints"]["workspace"].as_bool(), Some(true), "{package} has rules of its own");
    }
    // What is forbidden cannot be allowed again; the compiler has read every target of this package under it.
    let build = text("build.rs");
    assert!(!build.contains("unsafe"), "{build}");
}

#[test]
fn promise_53_licences_and_advisories_are_steps_of_the_one_gate() {
    let gate = text("tests/check.sh");
    for step in ["step licences deny check --hide-inclusion-graph licenses bans sources", "step advisories advisories"]
    {
        assert!(gate.lines().any(|line| line == step), "{step}");
    }
    assert!(
        gate.contains("advisories unchecked: database not reachable"),
        "what could not be checked is said to be so"
    );
    let deny: toml::Table = text("tests/deny.toml").parse().unwrap();
    let allowed = deny["licenses"]["allow"].as_array().unwrap();
    assert!(!allowed.iter().any(|name| name.as_str().unwrap().contains("GPL")), "{allowed:?}");
    assert_eq!(deny["advisories"].get("ignore"), None, "no advisory is looked away from");
}
