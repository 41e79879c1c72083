//! The last requests of the vendors' clients and their responses, as a list or as a stream.

use actix_web::{HttpResponse, Resource, web::Data};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{authorization::StreamCall, call, extractors::QueryParams, reply::NativeError};
use crate::{
    http::{
        inspector::Inspector,
        methods,
        stream::{self, EventSource, StreamEvent},
    },
    service::Service,
};

pub(super) fn resource() -> Resource {
    call("/requests", [methods::get(list)])
}

/// The last requests of the vendors' clients, with secrets masked.
#[derive(Serialize, ToSchema)]
struct RequestsView<'a> {
    /// Whether the server keeps requests: the setting `inspect`.
    is_on: bool,
    #[schema(value_type = Vec<Object>)]
    requests: Vec<&'a Value>,
}

/// Lists the last requests of the vendors' clients and their responses, oldest first.
///
/// With `Accept: text/event-stream` they come as they arrive.
#[utoipa::path(get, path = "/requests", operation_id = "list_requests", tag = "Server", params(("after" = Option<i64>, Query, minimum = 0)), responses((status = 200, content((RequestsView = "application/json"), (String = "text/event-stream")))))]
pub(super) async fn list(
    service: Data<Service>,
    inspector: Data<Inspector>,
    query: QueryParams,
    listener: StreamCall,
) -> Result<HttpResponse, NativeError> {
    let after = query.number("after", 0..=i64::MAX)?;
    let n = listener.last_seen.or(after).unwrap_or_default();
    if listener.wants_stream
        && let Some(news) = inspector.news()
    {
        let (service, inspector) = (service.get_ref().clone(), inspector.get_ref().clone());
        let (permit, ticket) = (listener.permit().await?, listener.ticket);
        return Ok(stream::answer(ExchangeStream { service, inspector, news, n, ticket }, permit));
    }
    let exchanges = inspector.after(n);
    let requests = exchanges.iter().map(|exchange| &exchange.shown).collect();
    Ok(HttpResponse::Ok().json(RequestsView { is_on: inspector.is_on(), requests }))
}

struct ExchangeStream {
    service: Service,
    inspector: Inspector,
    news: watch::Receiver<i64>,
    n: i64,
    ticket: Option<String>,
}

impl EventSource for ExchangeStream {
    async fn next(&mut self) -> Option<Vec<StreamEvent>> {
        loop {
            let exchanges = self.inspector.after(self.n);
            if let Some(last) = exchanges.last() {
                self.n = last.n;
                let message = |exchange: &std::sync::Arc<crate::http::inspector::Exchange>| StreamEvent {
                    name: None,
                    id: exchange.n,
                    data: exchange.shown.to_string(),
                };
                return Some(exchanges.iter().map(message).collect());
            }
            tokio::select! {
                new = self.news.changed() => new.ok()?,
                _ = self.service.all_sessions_ended() => return None,
            }
        }
    }

    async fn may_go_on(&self) -> bool {
        match &self.ticket {
            Some(ticket) => self.service.is_admin_session(ticket).await,
            None => true,
        }
    }
}
