//! Reports that users send to the operator of an app.

use actix_web::{HttpResponse, Resource};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    call,
    extractors::{PathApp, QueryParams},
    reply::NativeError,
};
use crate::{
    domain::{Report, ReportSubject},
    http::methods,
};

/// Reports on one page at most; they can take 6.4 MiB.
const REPORTS_MAX: u32 = 100;

const REPORTS_DEFAULT: u32 = 20;

pub(super) fn resource() -> Resource {
    call("/{app_id}/reports", [methods::get(list)])
}

/// The subject of a report.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum About<'a> {
    /// The chat with this user.
    Chat(&'a str),
    /// The app, with this title.
    Feedback(&'a str),
}

/// A report.
#[derive(Serialize, ToSchema)]
struct ReportView<'a> {
    key: i64,
    #[schema(format = DateTime)]
    at: String,
    /// The user who made it.
    by: &'a str,
    about: About<'a>,
    /// The messages that the client attached, as JSON text, or the user's feedback.
    text: &'a str,
}

impl<'a> From<&'a Report> for ReportView<'a> {
    fn from(report: &'a Report) -> Self {
        Self {
            key: report.key,
            at: report.at.to_string(),
            by: report.by.as_str(),
            about: match &report.subject {
                ReportSubject::Chat(with) => About::Chat(with.as_str()),
                ReportSubject::Feedback(title) => About::Feedback(title.as_str()),
            },
            text: report.text.as_str(),
        }
    }
}

/// A page of reports.
#[derive(Serialize, ToSchema)]
struct ReportsView<'a> {
    reports: Vec<ReportView<'a>>,
    /// Pass it as `after` to get older reports; null on the last page.
    next: Option<i64>,
}

/// Lists what users reported, newest first.
///
/// MirrorFly's SDK reports chats and sends feedback. The server keeps the newest 1,000 reports of an app.
#[utoipa::path(get, path = "/apps/{app_id}/reports", operation_id = "list_reports", tag = "Apps", params(("app_id" = String, Path, example = "sdksample"), ("after" = Option<i64>, Query, minimum = 1), ("limit" = Option<u32>, Query, minimum = 1, maximum = 100)), responses((status = 200, body = ReportsView)))]
pub(super) async fn list(
    PathApp { service, tenant, .. }: PathApp,
    query: QueryParams,
) -> Result<HttpResponse, NativeError> {
    let (after, limit) = (query.number("after", 1..=i64::MAX)?, query.number("limit", 1..=REPORTS_MAX)?);
    let limit = limit.unwrap_or(REPORTS_DEFAULT);
    let reports = service.reports(&tenant, after, limit).await?;
    let is_full = reports.len() == limit as usize;
    let next = reports.last().filter(|report| is_full && report.key > 1).map(|report| report.key);
    Ok(HttpResponse::Ok().json(ReportsView { reports: reports.iter().map(ReportView::from).collect(), next }))
}
