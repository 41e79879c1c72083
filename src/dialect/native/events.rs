//! The event log, as pages or as a stream.

use actix_web::{HttpResponse, Resource, web::Data};
use serde::Serialize;
use tokio::sync::watch;
use utoipa::ToSchema;

use super::{
    authorization::StreamCall,
    call,
    extractors::QueryParams,
    reply::{EventView, NativeError},
};
use crate::{
    domain::Event,
    http::{
        methods,
        stream::{self, EventSource, StreamEvent},
    },
    service::Service,
};

/// Events on one page, and in one read of a stream, at most.
const EVENTS_MAX: u32 = 500;

const EVENTS_DEFAULT: u32 = 100;

pub(super) fn resource() -> Resource {
    call("/events", [methods::get(list)])
}

/// A page of events.
#[derive(Serialize, ToSchema)]
struct EventsView<'a> {
    events: Vec<EventView<'a>>,
    /// Pass it as `after` to get the next page; null on the last page.
    next: Option<i64>,
    /// Whether events after `after` are missing: they were pruned or undone by a restore, or `after` is a number that
    /// does not exist yet. The caller must then read its data again.
    is_incomplete: bool,
}

/// Lists what happened to users, oldest first.
///
/// With `Accept: text/event-stream` the events come as they happen. `Last-Event-ID` resumes a broken stream. If the
/// server cannot resume it, the stream begins with an event named `read_anew` and continues with new events.
#[utoipa::path(get, path = "/events", operation_id = "list_events", tag = "Server", params(("after" = Option<i64>, Query, minimum = 0), ("limit" = Option<u32>, Query, minimum = 1, maximum = 500)), responses((status = 200, content((EventsView = "application/json"), (String = "text/event-stream")))))]
pub(super) async fn list(
    service: Data<Service>,
    query: QueryParams,
    listener: StreamCall,
) -> Result<HttpResponse, NativeError> {
    let after = query.number("after", 0..=i64::MAX)?;
    if listener.wants_stream {
        // A reconnecting client resumes; a new client begins with the next event.
        let seq = match listener.last_seen.or(after) {
            Some(seq) => seq,
            None => service.last_event_seq().await?,
        };
        let service = service.get_ref().clone();
        let (permit, ticket) = (listener.permit().await?, listener.ticket);
        let is_anew = !service.has_events_since(seq).await?;
        let seq = if is_anew { service.last_event_seq().await? } else { seq };
        return Ok(stream::answer(EventStream { commits: service.commits(), service, seq, ticket, is_anew }, permit));
    }
    let limit = query.number("limit", 1..=EVENTS_MAX)?.unwrap_or(EVENTS_DEFAULT);
    let (events, is_part) = service.events(after.unwrap_or_default(), limit).await?;
    let is_incomplete = match after {
        Some(after) => !service.has_events_since(after).await?,
        None => false,
    };
    let next = events.last().filter(|_| is_part).map(|event| event.seq);
    let events = events.iter().map(|event| view(&service, event)).collect();
    Ok(HttpResponse::Ok().json(EventsView { events, next, is_incomplete }))
}

fn view<'a>(service: &Service, event: &'a Event) -> EventView<'a> {
    EventView::of(event, service.app_id_of(event.app).map(|app| app.as_str().to_owned()))
}

struct EventStream {
    service: Service,
    commits: watch::Receiver<u64>,
    seq: i64,
    ticket: Option<String>,
    is_anew: bool,
}

impl EventSource for EventStream {
    async fn next(&mut self) -> Option<Vec<StreamEvent>> {
        if std::mem::take(&mut self.is_anew) {
            return Some(vec![StreamEvent { id: self.seq, name: Some("read_anew"), data: "{}".to_owned() }]);
        }
        loop {
            match self.service.events(self.seq, EVENTS_MAX).await {
                Ok((events, _)) if events.is_empty() => {}
                Ok((events, _)) => {
                    self.seq = events.last().map_or(self.seq, |event| event.seq);
                    return events.iter().map(|event| message(&self.service, event)).collect();
                }
                Err(error) => {
                    log::error!("a stream of events ends: {error:?}");
                    return None;
                }
            }
            tokio::select! {
                commit = self.commits.changed() => commit.ok()?,
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

fn message(service: &Service, event: &Event) -> Option<StreamEvent> {
    let data = serde_json::to_string(&view(service, event)).ok()?;
    Some(StreamEvent { id: event.seq, name: None, data })
}
