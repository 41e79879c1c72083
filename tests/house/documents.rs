//! The documents of the calls: every route is in one, and nothing is in one that is no route.

use std::collections::BTreeSet;

use actix_web::{App, HttpRequest, HttpResponse, introspection::IntrospectionTree, test, web};
use serde_json::Value;
use standin::domain::{
    chats::ReportText,
    device::DeviceText,
    id::UserId,
    text::{Email, HttpAddress, Title},
};

use super::standin::Standin;

/// A method and a path, with the names of its parameters.
type Call = (String, String);

/// Each vendor's document, and what its paths begin with; all other calls are in our own.
const VENDORS: [(&str, &[&str]); 3] = [
    ("/openapi/qiscus.json", &["/api/v2.1/", "/api/v2/", "/mqtt"]),
    ("/openapi/mirrorfly.json", &["/api/v1/", "/license/", "/websocket"]),
    ("/openapi/tencent.json", &["/v4/", "/binfo", "/{prefix}/binfo"]),
];

#[actix_web::test]
async fn every_route_of_qiscus_is_described_and_nothing_else() {
    is_described(VENDORS[0].0, |path| is_of(VENDORS[0].1, path)).await;
}

#[actix_web::test]
async fn every_route_of_mirrorfly_is_described_and_nothing_else() {
    is_described(VENDORS[1].0, |path| is_of(VENDORS[1].1, path)).await;
}

#[actix_web::test]
async fn every_route_of_tencent_is_described_and_nothing_else() {
    is_described(VENDORS[2].0, |path| is_of(VENDORS[2].1, path)).await;
}

#[actix_web::test]
async fn every_other_route_is_described_and_nothing_else() {
    is_described("/openapi.json", |path| !VENDORS.iter().any(|(_, prefixes)| is_of(prefixes, path))).await;
}

/// Attributes take numbers and no constants, so the document's bound of a field is written beside the type that has it.
#[actix_web::test]
async fn a_field_is_described_with_the_bound_of_its_type() {
    let server = Standin::demo().await;
    let bounds = [
        ("userIdentifier", UserId::CHARS_MAX, 2),
        ("deviceOsVersion", DeviceText::BYTES_MAX, 2),
        ("deviceToken", DeviceText::BYTES_MAX, 2),
        ("voipDeviceToken", DeviceText::BYTES_MAX, 2),
        ("device_token", DeviceText::BYTES_MAX, 2),
        ("email", Email::BYTES_MAX, 1),
        ("profileUrl", HttpAddress::CHARS_MAX, 1),
        ("title", Title::BYTES_MAX, 1),
        ("description", ReportText::BYTES_MAX, 1),
        ("data", ReportText::BYTES_MAX, 1),
    ];
    let mut described = Vec::new();
    for (document, _) in &VENDORS[..2] {
        let document = server.get(document).await.json();
        for (schema, fields) in document["components"]["schemas"].as_object().unwrap() {
            for (field, rule) in fields["properties"].as_object().into_iter().flatten() {
                if let Some(most) = rule["maxLength"].as_u64() {
                    described.push((schema.clone(), field.clone(), most));
                }
            }
        }
    }
    for (name, most, times) in bounds {
        let of_name: Vec<_> = described.iter().filter(|(_, field, _)| field == name).collect();
        assert!(of_name.len() == times && of_name.iter().all(|field| field.2 == most as u64), "{name}: {of_name:?}");
    }
}

fn is_of(prefixes: &[&str], path: &str) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

async fn is_described(document: &str, is_its: impl Fn(&str) -> bool) {
    let server = Standin::demo().await;
    let described: BTreeSet<Call> = calls_of(&server.get(document).await.json()).into_iter().collect();
    let served: BTreeSet<Call> = routes().await.into_iter().filter(|(_, path)| is_its(path)).collect();
    let missing: Vec<_> = served.difference(&described).collect();
    let invented: Vec<_> = described.difference(&served).collect();
    assert!(missing.is_empty() && invented.is_empty(), "not described: {missing:#?}\nnot served: {invented:#?}");
}

fn calls_of(document: &Value) -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, operations) in document["paths"].as_object().unwrap() {
        for method in operations.as_object().unwrap().keys().filter(|key| *key != "parameters") {
            calls.push((method.to_uppercase(), path.clone()));
        }
    }
    calls
}

/// The routes of a demo as actix reports them: a demo has all routes.
async fn routes() -> BTreeSet<Call> {
    async fn report(request: HttpRequest) -> HttpResponse {
        let tree = request.app_data::<web::Data<IntrospectionTree>>().unwrap();
        HttpResponse::Ok().content_type("application/json").body(tree.report_as_json())
    }
    let app = App::new().route("/report", web::get().to(report)).configure(standin::server::routes::routes(true));
    let app = test::init_service(app).await;
    let report: Value = test::call_and_read_body_json(&app, test::TestRequest::get().uri("/report").to_request()).await;
    let mut routes = BTreeSet::new();
    for node in report.as_array().unwrap() {
        let path = node["full_path"].as_str().unwrap();
        for method in node["methods"].as_array().unwrap().iter().filter(|_| path != "/report") {
            routes.extend(spelt_out(path).into_iter().map(|path| (method.as_str().unwrap().to_owned(), path)));
        }
    }
    routes
}

/// Paths whose parameters are bare names: `{version:v2\.1|v2}` is two paths, any other rule of a parameter none of a document's.
fn spelt_out(path: &str) -> Vec<String> {
    let Some((before, rest)) = path.split_once('{') else { return vec![path.to_owned()] };
    let (parameter, after) = rest.split_once('}').unwrap();
    let choices = match parameter.split_once(':') {
        Some((_, rule)) if rule.contains('|') => rule.split('|').map(|word| word.replace('\\', "")).collect(),
        Some((name, _)) => vec![format!("{{{name}}}")],
        None => vec![format!("{{{parameter}}}")],
    };
    let ends = spelt_out(after);
    choices.iter().flat_map(|choice| ends.iter().map(move |end| format!("{before}{choice}{end}"))).collect()
}
