//! Liveness, readiness and metrics. Anybody may call the first two: they say only yes or no, and are not logged.

use std::convert::Infallible;

use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError as _, web::Data};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    extractors::of_head,
    reply::{NativeError, NotReadyProblem, Problem},
};
use crate::{
    domain::{Error, MetricsAccess},
    http::{
        methods, metrics,
        middleware::{RequestMiddleware, Unlogged},
    },
    service::{ReadinessCondition, Service},
};

pub fn healthz() -> Resource {
    super::call("/healthz", [methods::get_and_head(lives)])
}

/// Answers 200 if a row and a file were written within the last second and the schema is current, else 503.
pub fn readyz() -> Resource {
    super::call("/readyz", [methods::get_and_head(is_ready)])
}

pub fn metrics_resource() -> Resource {
    super::call("/metrics", [methods::get_and_head(show)])
}

fn unlogged(mut answer: HttpResponse) -> HttpResponse {
    answer.extensions_mut().insert(Unlogged);
    answer
}

/// The result of a probe.
#[derive(Serialize, ToSchema)]
#[schema(as = ProbeStatus)]
struct ProbeStatus {
    /// `alive` or `ready`.
    status: &'static str,
}

/// Reports that the process answers.
#[utoipa::path(
    method(get, head), path = "/healthz", operation_id = "is_alive", tag = "Server",
    responses((status = 200, body = ProbeStatus))
)]
pub(super) async fn lives() -> HttpResponse {
    unlogged(HttpResponse::Ok().json(ProbeStatus { status: "alive" }))
}

/// Reports whether the server can work: whether it wrote a row and a file within the last second, on the current
/// schema.
#[utoipa::path(
    method(get, head), path = "/readyz", operation_id = "is_ready", tag = "Server",
    responses(
        (status = 200, body = ProbeStatus),
        (status = 503, description = "The server cannot work", body = NotReadyProblem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn is_ready(service: Data<Service>) -> HttpResponse {
    let missing = service.unmet_conditions().await;
    unlogged(match missing.is_empty() {
        true => HttpResponse::Ok().json(ProbeStatus { status: "ready" }),
        false => NativeError::NotReady(missing).error_response(),
    })
}

/// Returns metrics in the format of Prometheus. Only programs on this machine may read them, unless the setting
/// `metrics` says otherwise.
#[utoipa::path(
    method(get, head), path = "/metrics", operation_id = "show_metrics", tag = "Server",
    responses(
        (status = 200, description = "The text format of Prometheus", body = String, content_type = "text/plain"),
        (status = 403, description = "The caller is on another machine", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "Metrics are switched off", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn show(
    service: Data<Service>,
    guard: Data<RequestMiddleware>,
    readers: Data<MetricsAccess>,
    IsOfThisMachine(is_of_this_machine): IsOfThisMachine,
) -> Result<HttpResponse, NativeError> {
    match **readers {
        MetricsAccess::Everybody => {}
        MetricsAccess::Loopback if is_of_this_machine => {}
        MetricsAccess::Loopback => return Err(Error::Forbidden(ELSEWHERE).into()),
        MetricsAccess::Off => return Err(NativeError::UnknownPath { nearest: None }),
    }
    let text = guard.metrics().text(service.figures().await?, env!("CARGO_PKG_VERSION")).map_err(Error::internal)?;
    Ok(unlogged(HttpResponse::Ok().content_type(metrics::CONTENT_TYPE).body(text)))
}

pub(super) struct IsOfThisMachine(bool);

of_head! { IsOfThisMachine: Infallible = |request: &HttpRequest| Ok(Self(metrics::is_of_this_machine(request))); }

const ELSEWHERE: &str =
    "The figures are for programs on this machine that call by localhost or 127.0.0.1, without a proxy between";

/// Returns the name of a condition that is not met, and the condition in words.
pub(super) fn need_words(need: ReadinessCondition) -> [&'static str; 2] {
    match need {
        ReadinessCondition::Database => ["database", "the database accepts no write"],
        ReadinessCondition::Pictures => ["pictures", "the picture folder accepts no file"],
        ReadinessCondition::Schema => ["schema", "the schema of the database is another one"],
        ReadinessCondition::Time => ["time", "the check took longer than 2 s"],
    }
}
