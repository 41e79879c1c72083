//! The socket of the vendor's SDK: where it opens, and what runs a conversation's verbs.

pub mod frame;
mod push;
pub mod talk;

use std::sync::Arc;

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::header::{ContentType, ORIGIN},
    web::{self, Data, Payload},
};
use serde_json::{Map, Value};

use self::{
    frame::Proof,
    talk::{Binfo, LoggedIn, Outcome, Own, Verb},
};
use super::{
    account,
    command::{self, Caller, Desk},
    reply::{self, Answer, Code, Family, Refused},
    rest,
    tags::Tag,
};
use crate::{
    domain::{
        error::Error,
        friend::Direction,
        id::Origin,
        listening::Notice,
        profile::{ProfileField, User},
    },
    http::{
        addresses::Addresses,
        form::Form,
        socket::{self, Hears, Ran},
    },
    service::{Service, apps::Tenant, listening::Listening, profiles::Viewer, signed::Signed, user_sig},
};

/// `/binfo`, behind whatever path a page's `proxyServer` has; with a slash at its end the SDK makes two of it.
pub fn door() -> Resource {
    web::resource(["/binfo", "/{prefix:.*}/binfo"]).route(web::get().to(open))
}

async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, actix_web::Error> {
    let query = Form::query(request.query_string()).ok();
    let of_query = |name| query.as_ref().and_then(|query| query.text(name).ok()?).unwrap_or_default();
    let runner = Runner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        sdk_app_id: of_query("sdkappid").to_owned(),
    };
    if !runner.is_open_to(&request) {
        let why = Refused::Said(Code::BadHttp, "This page's origin is none of the app's allowed_origins".to_owned());
        return Ok(HttpResponse::Forbidden()
            .content_type(ContentType::json())
            .body(reply::failed(&why, Family::Account).into_text()));
    }
    let talk = Binfo::new(instance(of_query("instanceid")));
    let service = service.as_ref().clone();
    socket::open(&request, payload, &[], talk, service, async move |verb| runner.run(verb).await)
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
}

impl Runner {
    /// Whether the page that opens the socket may. Other clients say no origin.
    fn is_open_to(&self, request: &HttpRequest) -> bool {
        let Some(origin) = request.headers().get(ORIGIN) else { return true };
        let origin = origin.to_str().ok().and_then(|origin| Origin::parse(origin).ok());
        self.service.allows_origin(origin.as_ref(), self.tenant().ok().as_deref())
    }

    /// The app as it is now: its settings may change while the socket is open.
    fn tenant(&self) -> Result<Arc<Tenant>, Refused> {
        rest::app_of(&self.service, &self.sdk_app_id)
    }

    async fn run(&self, verb: Verb) -> Ran<Outcome> {
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
            Verb::Tell { own, notice } => {
                let events = self.told(&own, vec![*notice]).await;
                (Outcome::Events { events, rest: None }, Hears::AsBefore)
            }
            Verb::LookBack { own, seq } => (self.missed(&own, seq).await, Hears::AsBefore),
        };
        Ran { outcome, hears }
    }

    async fn log_in(&self, proof: Proof) -> Result<(LoggedIn, Listening), Refused> {
        let (service, tenant) = (&self.service, self.tenant()?);
        let (ticket, goes_on) = match proof {
            Proof::Ticket(ticket) => (ticket, true),
            Proof::Sig { identifier, user_sig } => {
                let checked = user_sig::check(service, &tenant, &identifier, user_sig.expose())?;
                let id = account::that_enters(&self.desk(&tenant), &identifier)?;
                let signed = Signed { id, at: checked.at, expires_at: checked.expires_at };
                (service.enter_signed(&tenant, signed).await?.ticket, false)
            }
            Proof::None => {
                let info = "head must carry identifier and usersig, or the a2 of a former login";
                return Err(Refused::Said(Code::NoUserSig, info.to_owned()));
            }
        };
        let (user, listening) = service.listen_by_ticket(&tenant, ticket.expose())?;
        // Who logs in anew reads all there is.
        let missed_since = listening.missed_since().filter(|_| goes_on);
        Ok((LoggedIn { user, ticket, at: service.now(), missed_since }, listening))
    }

    /// Whatever the ticket is: who says that it goes has gone.
    async fn log_out(&self, proof: Proof) {
        let Proof::Ticket(ticket) = proof else { return };
        if let Err(error) = self.service.sign_out(ticket.expose()).await {
            log::error!("a ticket outlives its logout: {error:?}");
        }
    }

    async fn answered(&self, command: &str, proof: &Proof, body: &Value) -> Result<Answer, Refused> {
        let tenant = self.tenant()?;
        let Proof::Ticket(ticket) = proof else {
            return Err(Refused::Said(Code::NoUserSig, "head.a2 is missing: log in first".to_owned()));
        };
        let caller = Caller::User(Box::new(self.service.user_by_ticket(&tenant, ticket.expose())?));
        let desk = self.desk(&tenant);
        let answer = command::run(&desk, &caller, command, body).await;
        Ok(answer.unwrap_or_else(|| reply::ok(Map::new())))
    }

    fn desk<'a>(&'a self, tenant: &'a Arc<Tenant>) -> Desk<'a> {
        Desk { service: &self.service, tenant, addresses: &self.addresses }
    }

    async fn missed(&self, own: &Own, seq: i64) -> Outcome {
        let missed = self.tenant().and_then(|tenant| Ok(self.service.missed(&tenant, own.key, seq)?));
        match missed {
            Ok(missed) => {
                let rest = missed.is_part.then_some(missed.seen_to);
                Outcome::Events { events: self.told(own, missed.notices).await, rest }
            }
            Err(refused) => {
                unsaid(&refused);
                Outcome::Events { events: Vec::new(), rest: None }
            }
        }
    }

    async fn told(&self, own: &Own, notices: Vec<Notice>) -> Vec<Value> {
        let mut events = Vec::new();
        for notice in notices {
            match self.events(own, notice).await {
                Ok(told) => events.extend(told),
                Err(refused) => unsaid(&refused),
            }
        }
        events
    }

    /// What a user is told of what happened, where that must be looked up.
    async fn events(&self, own: &Own, notice: Notice) -> Result<Vec<Value>, Refused> {
        let (service, tenant) = (&self.service, self.tenant()?);
        let desk = self.desk(&tenant);
        match notice {
            Notice::ProfileChanged { user, fields, .. } => {
                let tags = readable(&desk, own, &user, &fields)?;
                Ok(push::profile_changed(&user, &tags, &desk).into_iter().collect())
            }
            Notice::ContactsChanged { changed, .. } => {
                let friends = service.friends_among(&tenant, &own.id, changed).await?;
                Ok(push::friends_changed(&friends.into_iter().flatten().collect::<Vec<_>>()))
            }
            Notice::RequestChanged { with, is_incoming, .. } => {
                let (direction, asker) = match is_incoming {
                    true => (Direction::Incoming, &with),
                    false => (Direction::Outgoing, &own.id),
                };
                let requests = service.requests(&tenant, &own.id, direction).await?;
                let other = service.find_user(&tenant, &with)?;
                let request = requests.iter().find(|request| request.with == with);
                Ok(request
                    .map(|request| push::request_came(asker, request, other.as_ref(), &desk))
                    .into_iter()
                    .collect())
            }
            // Said as it comes.
            Notice::BlocksChanged { .. } => Ok(Vec::new()),
        }
    }
}

/// The tags of those fields of a profile that a user may read.
fn readable(desk: &Desk<'_>, own: &Own, user: &User, fields: &[ProfileField]) -> Result<Vec<Tag>, Error> {
    let has_custom = fields.iter().any(|field| matches!(field, ProfileField::Custom(_)));
    let tags = fields.iter().filter_map(Tag::of_field);
    if !has_custom {
        return Ok(tags.collect());
    }
    let reads = desk.service.readable(desk.tenant, Viewer::User(own.key), user.key)?;
    Ok(tags.filter(|tag| if let Tag::Custom(name) = tag { reads(name) } else { true }).collect())
}

/// Nobody waits for it: what was not pushed is read when it is asked for.
fn unsaid(refused: &Refused) {
    log::error!("a change stays unsaid: {refused:?}");
}
