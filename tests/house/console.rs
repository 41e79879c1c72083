//! The console's files and the root path: a page for browsers, facts for programs, and a hint for unknown paths.

use std::{fs, path::Path};

use reqwest::Method;

use super::standin::{Answer, Standin, send};

async fn as_browser(server: &Standin, path: &str) -> Answer {
    let accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    send(server.call(Method::GET, path).header("Accept", accept)).await
}

#[actix_web::test]
async fn the_root_path_shows_the_console_to_browsers_and_facts_to_programs() {
    let server = Standin::fresh().await;
    let page = as_browser(&server, "/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    assert!(page.bytes.starts_with(b"<!doctype html>"));
    for accept in ["*/*", "application/json"] {
        let facts = send(server.call(Method::GET, "/").header("Accept", accept)).await;
        assert_eq!(facts.json()["name"], "standin", "{accept}");
        let vary = facts.header("vary").unwrap_or_default().to_ascii_lowercase();
        assert!(vary.split(", ").any(|name| name == "accept"), "{vary}");
    }
}

#[actix_web::test]
async fn promise_51_console_pages_run_no_inline_or_foreign_code_and_open_in_no_frame() {
    let server = Standin::with(&[("STANDIN_PUBLIC_URL", "https://chat.example.com/x")]).await;
    let page = as_browser(&server, "/").await;
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'self'; "), "{policy}");
    for part in ["object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'"] {
        assert!(policy.split("; ").any(|given| given == part), "{policy}");
    }
    assert!(policy.contains("img-src 'self' data: blob: https://chat.example.com; "), "{policy}");
    assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    let reported = ["referrer-policy", "x-frame-options", "x-content-type-options"].map(|name| page.header(name));
    assert_eq!(reported, [Some("no-referrer"), Some("DENY"), Some("nosniff")]);
}

#[actix_web::test]
async fn every_file_of_the_console_is_in_the_binary_and_asked_for_again_only_when_it_differs() {
    let server = Standin::fresh().await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("static/console");
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let path = format!("/console/{}", entry.file_name().to_str().unwrap());
        let answer = server.get(&path).await;
        assert_eq!((answer.status, &answer.bytes), (200, &fs::read(entry.path()).unwrap()), "{path}");
        let etag = answer.header("etag").unwrap();
        let again = send(server.call(Method::GET, &path).header("If-None-Match", etag)).await;
        assert_eq!((again.status, again.bytes.len()), (304, 0), "{path}");
    }
    for (path, status) in [("/console/nothing.js", 404), ("/console/..%2f..%2fCargo.toml", 404)] {
        assert_eq!(server.get(path).await.status, status, "{path}");
    }
    for (path, front) in [("/console", "./"), ("/console/", "../")] {
        let answer = server.get(path).await;
        assert_eq!((answer.status, answer.header("location")), (308, Some(front)), "{path}");
    }
}

#[actix_web::test]
async fn an_unknown_path_names_the_nearest_one() {
    let server = Standin::fresh().await;
    let said = async |path: &str| server.get(path).await.json()["detail"].as_str().unwrap().to_owned();
    assert_eq!(
        said("/login_or_register").await,
        "No endpoint has this path: did you mean /api/v2.1/rest/login_or_register?"
    );
    assert_eq!(said("/nothing/like/it").await, "No endpoint has this path");
}
