//! What watches the house from outside: whether it lives, whether it can do its work, and its figures.
//!
//! Anybody may ask the first two, once a second and for ever: they say nothing of the house but yes or no, and have no line in the log at
//! its usual level.

use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError as _, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::reply::{NotReadyProblem, Problem, Refusal};
use crate::{
    domain::error::Error,
    http::{
        guard::{Guard, Unlogged},
        methods,
        metrics::{self, Readers},
    },
    service::{Service, health::Need},
};

/// `GET /healthz`: 200 while the process answers.
pub fn healthz() -> Resource {
    super::call("/healthz", [methods::get_and_head(lives)])
}

/// `GET /readyz`: 200 when a row and a file were written within the last second and the schema is ours, else 503.
pub fn readyz() -> Resource {
    super::call("/readyz", [methods::get_and_head(is_ready)])
}

/// `GET /metrics`, for whom [`Readers`] among the app's data names.
pub fn figures() -> Resource {
    super::call("/metrics", [methods::get_and_head(show)])
}

fn quiet(mut answer: HttpResponse) -> HttpResponse {
    answer.extensions_mut().insert(Unlogged);
    answer
}

/// A word for whoever watches.
#[derive(Serialize, ToSchema)]
struct Status {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Tells that the process answers.
#[utoipa::path(
    method(get, head), path = "/healthz", operation_id = "is_alive", tag = "The house",
    responses((status = 200, body = Status))
)]
pub(super) async fn lives() -> HttpResponse {
    quiet(HttpResponse::Ok().json(Status { status: "alive" }))
}

/// Tells whether the house can do its work: whether it has written a row and a file within the last second, on the schema it knows.
#[utoipa::path(
    method(get, head), path = "/readyz", operation_id = "is_ready", tag = "The house",
    responses(
        (status = 200, body = Status),
        (status = 503, description = "It cannot", body = NotReadyProblem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn is_ready(service: Data<Service>) -> HttpResponse {
    let missing = service.missing_needs().await;
    quiet(match missing.is_empty() {
        true => HttpResponse::Ok().json(Status { status: "ready" }),
        false => Refusal::NotReady(missing).error_response(),
    })
}

/// Tells figures, as Prometheus reads them: to programs of this machine, unless the setting `metrics` says otherwise.
#[utoipa::path(
    method(get, head), path = "/metrics", operation_id = "show_figures", tag = "The house",
    responses(
        (status = 200, description = "The text format of Prometheus", body = String, content_type = "text/plain"),
        (status = 403, description = "The caller is elsewhere", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "They are switched off", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    service: Data<Service>,
    guard: Data<Guard>,
    readers: Data<Readers>,
    request: HttpRequest,
) -> Result<HttpResponse, Refusal> {
    match **readers {
        Readers::Everybody => {}
        Readers::Here if metrics::is_of_this_machine(&request) => {}
        Readers::Here => return Err(Error::Forbidden(ELSEWHERE).into()),
        Readers::Nobody => return Err(Refusal::UnknownPath { nearest: None }),
    }
    let text = guard.metrics().text(service.facts().await?, env!("CARGO_PKG_VERSION")).map_err(Error::internal)?;
    Ok(quiet(HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text)))
}

/// What is said to whoever may not see the figures.
const ELSEWHERE: &str =
    "The figures are for programs on this machine that call by localhost or 127.0.0.1, without a proxy between";

/// What is missing, as programs read it.
pub(super) fn need_word(need: Need) -> &'static str {
    match need {
        Need::Database => "database",
        Need::Pictures => "pictures",
        Need::Schema => "schema",
        Need::Time => "time",
    }
}

/// What is missing, for people.
pub(super) fn need_words(need: Need) -> &'static str {
    match need {
        Need::Database => "the database takes no write",
        Need::Pictures => "the picture folder takes no file",
        Need::Schema => "the schema of the database is another one",
        Need::Time => "finding out took longer than 2 s",
    }
}
