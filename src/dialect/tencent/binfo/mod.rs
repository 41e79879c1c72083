//! The socket of the vendor's SDK: where it opens, and what runs a conversation's verbs.

pub mod frame;
mod push;
pub mod talk;
mod unserved;

use std::{cell::Cell, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{StatusCode, header::ContentType},
    web::{self, Data},
};
use serde_json::{Map, Value};

use self::{
    frame::Proof,
    talk::{Binfo, LoggedIn, Outcome, Own, Verb},
};
use super::{
    account,
    call::{Caller, Desk},
    command,
    reply::{self, Answer, Code, Failed, Family, Refused},
    rest,
    tags::Tag,
    user_sig,
};
use crate::{
    domain::{
        caller::CallerKey,
        error::Error,
        friend::{Direction, Relation},
        listening::Notice,
        owner::Owner,
        profile::{ProfileField, User},
    },
    http::{
        addresses::Addresses,
        form::Form,
        methods,
        origins::Page,
        socket::{self, Hears, Ran, Runner as _, brake},
    },
    service::{Service, apps::Tenant, listening::Listening, profiles::Viewer, signed::Signed},
};

/// `/binfo`, behind whatever path a page's `proxyServer` has; with a slash at its end the SDK makes two of it.
pub fn door() -> Resource {
    methods::answer(web::resource(["/binfo", "/{prefix:.*}/binfo"]), [methods::get(open)], web::to(no_socket))
}

async fn no_socket() -> HttpResponse {
    answer(StatusCode::METHOD_NOT_ALLOWED, NO_SOCKET)
}

const NO_SOCKET: &str = "This is the socket of the SDK: open a WebSocket here";

/// What is answered to who gets no socket.
fn answer(status: StatusCode, why: &str) -> HttpResponse {
    let refused = reply::failed(&Refused::Said(Code::BadHttp, why.to_owned()), Family::Account);
    HttpResponse::build(status).content_type(ContentType::json()).body(refused.into_text())
}

/// Opens the socket of the Web SDK
///
/// Frames are JSON texts in binary messages: `{"head":{"ver":"v4","servcmd":"profile.portrait_set","seq":1,"a2":".."},"body":{..}}`,
/// answered by `{"head":{"servcmd":"profile.portrait_set","seq":1},"body":{..}}`. A client begins with `im_open_status.wslogin`, whose
/// head has `identifier` and `usersig`, then sends `a2` of the answer. Changes of profiles and friends come as `im_open_push.msg_push`.
#[utoipa::path(
    get, path = "/binfo", tag = "Socket", operation_id = "open_socket",
    params(
        ("sdkappid" = u32, Query, description = "The app's SDKAppID: one that is none's is refused by each answer", example = 1400000001),
        ("instanceid" = Option<String>, Query, description = "What the SDK has made for itself, 32 hex digits: the same gets the same `InstId`", example = "0123456789abcdef0123456789abcdef"),
    ),
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "No WebSocket is opened: ErrorCode 60002", body = Failed),
        (status = 403, description = "The page's origin is none of the app's allowed_origins: ErrorCode 60002", body = Failed),
    )
)]
pub(super) async fn open(service: Data<Service>, addresses: Data<Addresses>, request: HttpRequest) -> HttpResponse {
    let query = Form::query(request.query_string()).ok();
    let of_query = |name| query.as_ref().and_then(|query| query.text(name).ok()?).unwrap_or_default();
    let runner = Runner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        sdk_app_id: of_query("sdkappid").to_owned(),
        page: Page::of(request.head()),
        was_served: Cell::new(false),
    };
    if !runner.is_served() {
        return answer(StatusCode::FORBIDDEN, "This page's origin is none of the app's allowed_origins");
    }
    let talk = Binfo::new(instance(of_query("instanceid")));
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &[], talk, service, runner);
    opened.unwrap_or_else(|_no_handshake| answer(StatusCode::BAD_REQUEST, NO_SOCKET))
}

/// The client's number: of the id that its SDK made for itself, so that it has the same one when it comes back.
fn instance(id: &str) -> u32 {
    let number = id.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default();
    (number & i32::MAX.unsigned_abs()).max(1)
}

struct Runner {
    service: Service,
    addresses: Addresses,
    sdk_app_id: String,
    page: Page,
    /// Whether the app has served this dialect since the socket opened: of one that never did, each answer says so.
    was_served: Cell<bool>,
}

impl socket::Runner<Binfo> for Runner {
    async fn run(&self, verb: Verb) -> Ran<Outcome> {
        self.run_verb(verb).await
    }

    fn is_served(&self) -> bool {
        let tenant = self.tenant().ok();
        let is_switched_off = self.was_served.replace(tenant.is_some()) && tenant.is_none();
        !is_switched_off && self.page.may_call(&self.service, tenant.as_deref())
    }
}

impl Runner {
    /// The app as it is now: its settings may change while the socket is open.
    fn tenant(&self) -> Result<Arc<Tenant>, Refused> {
        rest::app_of(&self.service, &self.sdk_app_id)
    }

    async fn run_verb(&self, verb: Verb) -> Ran<Outcome> {
        let (outcome, hears) = match verb {
            Verb::LogIn(proof) => match self.log_in(proof).await {
                Ok((session, listening)) => (Outcome::LoggedIn(Box::new(session)), Hears::From(listening)),
                Err(refused) => {
                    (Outcome::Answer(reply::failed(&refused, Family::Account).into_text()), Hears::AsBefore)
                }
            },
            Verb::LogOut(proof) => {
                self.log_out(proof).await;
                (Outcome::LoggedOut, Hears::Nothing)
            }
            Verb::Run { command, proof, body } => {
                let answer = self.answered(&command, &proof, &body).await;
                let answer = answer.unwrap_or_else(|refused| reply::failed(&refused, Family::Account));
                (Outcome::Answer(answer.into_text()), Hears::AsBefore)
            }
            Verb::Tell { own, notice } => match self.looked_up(&own, *notice).await {
                Ok(events) => (Outcome::Events { events, rest: None }, Hears::AsBefore),
                Err(refused) => (self.unsaid(&refused).await, Hears::AsBefore),
            },
            Verb::LookBack { own, seq } => match self.missed(&own, seq).await {
                Ok(missed) => missed,
                Err(refused) => (self.unsaid(&refused).await, Hears::AsBefore),
            },
        };
        Ran { outcome, hears }
    }

    async fn log_in(&self, proof: Proof) -> Result<(LoggedIn, Listening), Refused> {
        let (service, tenant) = (&self.service, self.tenant()?);
        let (ticket, goes_on) = match proof {
            Proof::Ticket(ticket) => (ticket, true),
            Proof::Sig { identifier, user_sig } => {
                let checked = user_sig::check(service, &tenant, &identifier, user_sig.expose())?;
                let id = account::that_enters(&self.desk(&tenant), &identifier).await?;
                let signed = Signed { id, at: checked.at, expires_at: checked.expires_at };
                (service.enter_signed(&tenant, signed).await?.ticket, false)
            }
            Proof::None => {
                let info = "head must carry identifier and usersig, or the a2 of a former login";
                return Err(Refused::Said(Code::NoUserSig, info.to_owned()));
            }
        };
        let (user, listening) = service.listen_by_ticket(&tenant, ticket.expose(), goes_on).await?;
        if !goes_on {
            service.forget_status_subscriptions(user.key);
        }
        let custom_status = service.custom_status(&tenant, user.key).await?;
        // Who logs in anew reads all there is.
        let missed_since = listening.missed_since().filter(|_| goes_on);
        Ok((LoggedIn { user, ticket, custom_status, at: service.now(), missed_since }, listening))
    }

    /// Whatever the ticket is: who says that it goes has gone.
    async fn log_out(&self, proof: Proof) {
        let Proof::Ticket(ticket) = proof else { return };
        if let Ok(tenant) = self.tenant()
            && let Ok(user) = self.service.user_by_ticket(&tenant, ticket.expose()).await
        {
            self.service.forget_status_subscriptions(user.key);
        }
        if let Err(error) = self.service.sign_out(ticket.expose()).await {
            log::error!("a ticket outlives its logout: {error:?}");
        }
    }

    async fn answered(&self, command: &str, proof: &Proof, body: &Value) -> Result<Answer, Refused> {
        let tenant = self.tenant()?;
        let Proof::Ticket(ticket) = proof else {
            return Err(Refused::Said(Code::NoUserSig, "head.a2 is missing: log in first".to_owned()));
        };
        let caller = Caller::User(Box::new(self.service.user_by_ticket(&tenant, ticket.expose()).await?));
        let desk = self.desk(&tenant);
        let answer = command::run(&desk, &caller, command, body).await;
        Ok(answer.unwrap_or_else(|| reply::ok(Map::new())))
    }

    fn desk<'a>(&'a self, tenant: &'a Arc<Tenant>) -> Desk<'a> {
        Desk { service: &self.service, tenant, addresses: &self.addresses }
    }

    async fn missed(&self, own: &Own, seq: i64) -> Result<(Outcome, Hears), Refused> {
        let missed = self.service.missed_in_turn(&*self.tenant()?, own.key, seq).await?;
        let (rest, hears) = match missed.is_part {
            true => (Some(missed.seen_to), Hears::AsBefore),
            false => (None, Hears::CaughtUp(missed.seen_to)),
        };
        let mut events = Vec::new();
        for notice in missed.notices {
            events.extend(push::at_once(&notice));
            events.extend(self.looked_up(own, notice).await?);
        }
        Ok((Outcome::Events { events, rest }, hears))
    }

    /// A change that could not be told must not be passed over: the client is sent away, and told of it when it comes back.
    async fn unsaid(&self, refused: &Refused) -> Outcome {
        log::error!("a change could not be told, and the client is sent to come back: {refused:?}");
        brake(&self.service).await;
        Outcome::Failed
    }

    /// What a user is told of a notice beside what can be said at once.
    async fn looked_up(&self, own: &Own, notice: Notice) -> Result<Vec<Value>, Refused> {
        // An app whose wire was switched off tells nothing more.
        let Ok(tenant) = self.tenant() else { return Ok(Vec::new()) };
        let (service, desk) = (&self.service, self.desk(&tenant));
        let (key, owner) = (CallerKey::User(own.key), Owner::Itself(own.key));
        match notice {
            Notice::ProfileChanged { user, fields, .. } => {
                let tags = readable(&desk, own, &user, &fields).await?;
                Ok(push::profile_changed(&user, &tags, &desk).into_iter().collect())
            }
            Notice::ContactsChanged { changed, .. } if changed.is_empty() => Ok(Vec::new()),
            Notice::ContactsChanged { changed, .. } => {
                let friends = service.friends_among(&tenant, key, &owner, changed).await?;
                Ok(push::friends_changed(&friends.into_iter().flatten().collect::<Vec<_>>()))
            }
            Notice::RequestChanged { with, is_incoming, is_waiting: true, .. } => {
                let (direction, asker) = match is_incoming {
                    true => (Direction::Incoming, &with),
                    false => (Direction::Outgoing, &own.id),
                };
                let requests = service.requests(&tenant, key, &owner, direction).await?;
                let other = service.find_user(&tenant, &with).await?;
                let request = requests.iter().find(|request| request.with == with);
                Ok(request
                    .map(|request| push::request_came(asker, request, other.as_ref(), &desk))
                    .into_iter()
                    .collect())
            }
            Notice::FollowChanged { with, is_own, is_following, .. } => {
                let Some(other) = service.find_user(&tenant, &with).await? else { return Ok(Vec::new()) };
                if !is_own && !service.is_told_of(&tenant, key, &owner, &with).await? {
                    return Ok(Vec::new());
                }
                let relation = service.follow_relations(&tenant, key, &owner, vec![with]).await?.pop().flatten();
                let is_answered = match relation.unwrap_or(Relation::None) {
                    Relation::BothWays => true,
                    Relation::Mine => !is_own,
                    Relation::Theirs => is_own,
                    Relation::None => false,
                };
                Ok(vec![push::follow_changed(&other, is_own, is_following, is_answered, &desk)])
            }
            Notice::StatusChanged { users } => {
                Ok(push::statuses(&service.statuses_for(&tenant, key, &owner, users).await?))
            }
            Notice::BlocksChanged { .. }
            | Notice::BlockedBy { .. }
            | Notice::RequestChanged { is_waiting: false, .. } => Ok(Vec::new()),
        }
    }
}

/// The tags of those fields of a profile that a user may read.
async fn readable(desk: &Desk<'_>, own: &Own, user: &User, fields: &[ProfileField]) -> Result<Vec<Tag>, Error> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in fields.iter().filter_map(Tag::of_field) {
        // Of a field that changed twice, who looks back is told once.
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.iter().any(|tag| matches!(tag, Tag::Custom(_))) {
        let reads = desk.service.readable(desk.tenant, Viewer::User(own.key), user.key).await?;
        tags.retain(|tag| if let Tag::Custom(name) = tag { reads(name) } else { true });
    }
    Ok(tags)
}
