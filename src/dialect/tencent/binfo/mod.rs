//! The socket of the vendor's SDK: its route, and the service calls that the protocol requests.

mod chat_push;
pub mod frame;
pub mod protocol;
mod push;
mod unserved;

use std::{cell::Cell, sync::Arc};

use actix_web::{
    HttpRequest, HttpResponse, Resource,
    http::{StatusCode, header::ContentType},
    web::{self, Data},
};
use serde_json::{Map, Value};

use self::{
    frame::FrameCredential,
    protocol::{Binfo, BinfoCommand, BinfoOutcome, BinfoSession, SocketUser},
};
use super::{
    account,
    call::{CommandContext, OwnEvent, SessionPosition, TencentCaller},
    command,
    reply::{self, ErrorCode, FailureEnvelope, Family, TencentError, TencentReply},
    rest,
    tags::Tag,
    user_sig,
};
use crate::{
    domain::{CallerKey, Direction, Error, Notification, Owner, ProfileField, Relation, User},
    http::{
        addresses::Addresses,
        form::Form,
        methods,
        origins::PageOrigin,
        socket::{self, CommandResult, CommandRunner as _, SessionChange, reconnect_delay},
    },
    service::{EventSubscription, Service, Tenant, UserSigLogin, Viewer},
};

/// Returns `/binfo`, below any path that a page's `proxyServer` has. If that ends in a slash, the SDK doubles it.
pub fn resource() -> Resource {
    methods::answer(web::resource(["/binfo", "/{prefix:.*}/binfo"]), [methods::get(open)], web::to(no_socket))
}

async fn no_socket() -> HttpResponse {
    answer(StatusCode::METHOD_NOT_ALLOWED, NO_SOCKET)
}

const NO_SOCKET: &str = "This is the socket of the SDK: open a WebSocket here";

fn answer(status: StatusCode, why: &str) -> HttpResponse {
    let refused = reply::failure(&TencentError::Coded(ErrorCode::BadHttp, why.to_owned()), Family::Account);
    HttpResponse::build(status).content_type(ContentType::json()).body(refused.into_text())
}

/// Opens the socket of the Web SDK
///
/// Frames are JSON objects in binary messages:
/// `{"head":{"ver":"v4","servcmd":"profile.portrait_set","seq":1,"a2":".."},"body":{..}}`. The response is
/// `{"head":{"servcmd":"profile.portrait_set","seq":1},"body":{..}}`. A client begins with `im_open_status.wslogin`,
/// whose head has `identifier` and `usersig`, and then sends the `a2` of the response. Changes of profiles and friends
/// arrive as `im_open_push.msg_push`.
#[utoipa::path(
    get, path = "/binfo", tag = "Socket", operation_id = "open_socket",
    params(
        ("sdkappid" = u32, Query, description = "The app's SDKAppID. If no app has it, each response is an error", example = 1400000001),
        ("instanceid" = Option<String>, Query, description = "The id that the SDK generated, 32 hex digits. The same id gets the same `InstId`", example = "0123456789abcdef0123456789abcdef"),
    ),
    responses(
        (status = 101, description = "The socket is open"),
        (status = 400, description = "No WebSocket is opened: ErrorCode 60002", body = FailureEnvelope),
        (status = 403, description = "The page's origin is none of the app's allowed_origins: ErrorCode 60002", body = FailureEnvelope),
    )
)]
pub(super) async fn open(
    service: Data<Service>,
    addresses: Data<Addresses>,
    request: HttpRequest, // its connection changes the protocol
) -> HttpResponse {
    let query = Form::query(request.query_string()).ok();
    let of_query = |name| query.as_ref().and_then(|query| query.text(name).ok()?).unwrap_or_default();
    let runner = BinfoRunner {
        service: service.as_ref().clone(),
        addresses: addresses.as_ref().clone(),
        sdk_app_id: of_query("sdkappid").to_owned(),
        page: PageOrigin::of(request.head()),
        was_served: Cell::new(false),
    };
    if !runner.is_served() {
        return answer(StatusCode::FORBIDDEN, "This page's origin is none of the app's allowed_origins");
    }
    let protocol = Binfo::new(instance(of_query("instanceid")));
    let service = service.as_ref().clone();
    let opened = socket::open(&request, &[], protocol, service, runner);
    opened.unwrap_or_else(|_no_handshake| answer(StatusCode::BAD_REQUEST, NO_SOCKET))
}

/// Returns the client's number, from the id that its SDK generated, so that a reconnecting client keeps its number.
fn instance(id: &str) -> u32 {
    let number = id.get(..8).and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or_default();
    (number & i32::MAX.unsigned_abs()).max(1)
}

struct BinfoRunner {
    service: Service,
    addresses: Addresses,
    sdk_app_id: String,
    page: PageOrigin,
    /// Whether the app has served this dialect since the socket opened. If it never did, each response says so.
    was_served: Cell<bool>,
}

impl socket::CommandRunner<Binfo> for BinfoRunner {
    async fn run(&self, command: BinfoCommand) -> CommandResult<BinfoOutcome> {
        self.run_verb(command).await
    }

    fn is_served(&self) -> bool {
        let tenant = self.tenant().ok();
        let is_switched_off = self.was_served.replace(tenant.is_some()) && tenant.is_none();
        !is_switched_off && self.page.may_call(&self.service, tenant.as_deref())
    }
}

impl BinfoRunner {
    fn tenant(&self) -> Result<Arc<Tenant>, TencentError> {
        rest::app_of(&self.service, &self.sdk_app_id)
    }

    async fn run_verb(&self, command: BinfoCommand) -> CommandResult<BinfoOutcome> {
        let (outcome, session) = match command {
            BinfoCommand::LogIn(credential) => match self.log_in(credential).await {
                Ok((session, listening)) => {
                    (BinfoOutcome::LoggedIn(Box::new(session)), SessionChange::Opened(listening))
                }
                Err(refused) => (
                    BinfoOutcome::answer(reply::failure(&refused, Family::Account).into_text()),
                    SessionChange::Unchanged,
                ),
            },
            BinfoCommand::LogOut(credential) => {
                self.log_out(credential).await;
                (BinfoOutcome::LoggedOut, SessionChange::Closed)
            }
            BinfoCommand::Run { command, credential, body, position } => {
                let answer = self.run_command(&command, &credential, &body, position).await;
                let (answer, own_events) =
                    answer.unwrap_or_else(|refused| (reply::failure(&refused, Family::Account), Vec::new()));
                (BinfoOutcome::Answer { body: answer.into_text(), own_events }, SessionChange::Unchanged)
            }
            BinfoCommand::PushNotice { own, notification } => match self.pushes_for(&own, *notification).await {
                Ok(events) => (BinfoOutcome::Events { events, rest: None, seen_to: None }, SessionChange::Unchanged),
                Err(refused) => (self.fail_push(&refused).await, SessionChange::Unchanged),
            },
            BinfoCommand::PushMissed { own, seq } => match self.missed(&own, seq).await {
                Ok(missed) => missed,
                Err(refused) => (self.fail_push(&refused).await, SessionChange::Unchanged),
            },
        };
        CommandResult { outcome, session }
    }

    async fn log_in(&self, credential: FrameCredential) -> Result<(BinfoSession, EventSubscription), TencentError> {
        let (service, tenant) = (&self.service, self.tenant()?);
        let (ticket, resumes) = match credential {
            FrameCredential::Ticket(ticket) => (ticket, true),
            FrameCredential::Sig { identifier, user_sig } => {
                let checked = user_sig::check(service, &tenant, &identifier, user_sig.expose())?;
                let id = account::login_account(&self.context(&tenant), &identifier).await?;
                let signed = UserSigLogin { id, at: checked.at, expires_at: checked.expires_at };
                (service.log_in_by_user_sig(&tenant, signed).await?.ticket, false)
            }
            FrameCredential::None => {
                let info = "head must carry identifier and usersig, or the a2 of a former login";
                return Err(TencentError::Coded(ErrorCode::NoUserSig, info.to_owned()));
            }
        };
        let (user, listening) = service.listen_by_ticket(&tenant, ticket.expose(), resumes).await?;
        if !resumes {
            service.forget_status_subscriptions(user.key);
        }
        let custom_status = service.custom_status(&tenant, user.key).await?;
        // A client with a new login reads everything anew.
        let missed_since = listening.missed_since().filter(|_| resumes);
        let (at, sent) = (service.now(), listening.sent());
        let session = BinfoSession { user, ticket, custom_status, at, missed_since, sent, is_resumed: resumes };
        Ok((session, listening))
    }

    /// The client is logged out even if this fails; a failure is only logged.
    async fn log_out(&self, credential: FrameCredential) {
        let FrameCredential::Ticket(ticket) = credential else { return };
        if let Ok(tenant) = self.tenant()
            && let Ok(user) = self.service.user_by_ticket(&tenant, ticket.expose()).await
        {
            self.service.forget_status_subscriptions(user.key);
        }
        if let Err(error) = self.service.sign_out(ticket.expose()).await {
            log::error!("a ticket could not be revoked at logout: {error:?}");
        }
    }

    async fn run_command(
        &self,
        command: &str,
        credential: &FrameCredential,
        body: &Value,
        position: Option<SessionPosition>,
    ) -> Result<(TencentReply, Vec<OwnEvent>), TencentError> {
        let tenant = self.tenant()?;
        let FrameCredential::Ticket(ticket) = credential else {
            return Err(TencentError::Coded(ErrorCode::NoUserSig, "head.a2 is missing: log in first".to_owned()));
        };
        let caller = TencentCaller::User(Box::new(self.service.user_by_ticket(&tenant, ticket.expose()).await?));
        let context = CommandContext { position, ..self.context(&tenant) };
        let answer = command::run(&context, &caller, command, body).await;
        Ok((answer.unwrap_or_else(|| reply::success_json(Map::new())), context.own_events.take()))
    }

    fn context<'a>(&'a self, tenant: &'a Arc<Tenant>) -> CommandContext<'a> {
        CommandContext::new(&self.service, tenant, &self.addresses)
    }

    async fn missed(&self, own: &SocketUser, seq: i64) -> Result<(BinfoOutcome, SessionChange), TencentError> {
        let missed = self.service.missed_in_turn(&*self.tenant()?, own.key, seq).await?;
        let (rest, session) = match missed.is_part {
            true => (Some(missed.seen_to), SessionChange::Unchanged),
            false => (None, SessionChange::CaughtUp(missed.seen_to)),
        };
        let mut events = Vec::new();
        for notification in missed.notifications {
            events.extend(push::at_once(&notification));
            events.extend(self.pushes_for(own, notification).await?);
        }
        Ok((BinfoOutcome::Events { events, rest, seen_to: Some(missed.seen_to) }, session))
    }

    /// Fails the connection, so that the client gets the change when it reconnects.
    async fn fail_push(&self, refused: &TencentError) -> BinfoOutcome {
        log::error!("a notification could not be sent, so the client must reconnect: {refused:?}");
        reconnect_delay(&self.service).await;
        BinfoOutcome::Failed
    }

    async fn pushes_for(&self, own: &SocketUser, notification: Notification) -> Result<Vec<Value>, TencentError> {
        // Once an app stops serving this dialect, its clients get no more pushes.
        let Ok(tenant) = self.tenant() else { return Ok(Vec::new()) };
        let (service, context) = (&self.service, self.context(&tenant));
        let owner = Owner::Itself(own.key);
        let lists = service.lists(&tenant, CallerKey::User(own.key), &owner);
        match notification {
            Notification::ProfileChanged { user, fields, .. } => {
                let tags = readable(&context, own, &user, &fields).await?;
                Ok(push::profile_changed(&user, &tags, &context).into_iter().collect())
            }
            Notification::ContactsChanged { changed, .. } if changed.is_empty() => Ok(Vec::new()),
            Notification::ContactsChanged { changed, .. } => {
                let friends = lists.friends_among(changed).await?;
                Ok(push::friends_changed(&friends.into_iter().flatten().collect::<Vec<_>>()))
            }
            Notification::RequestChanged { with, is_incoming, is_waiting: true, .. } => {
                let (direction, asker) = match is_incoming {
                    true => (Direction::Incoming, &with),
                    false => (Direction::Outgoing, &own.id),
                };
                let requests = lists.requests(direction).await?;
                let other = service.find_user(&tenant, &with).await?;
                let request = requests.iter().find(|request| request.with == with);
                Ok(request
                    .map(|request| push::request_came(asker, request, other.as_ref(), &context))
                    .into_iter()
                    .collect())
            }
            Notification::FollowChanged { with, is_own, is_following, .. } => {
                let Some(other) = service.find_user(&tenant, &with).await? else { return Ok(Vec::new()) };
                if !is_own && !lists.is_notified_of_follower(&with).await? {
                    return Ok(Vec::new());
                }
                let relation = lists.follow_relations(vec![with]).await?.pop().flatten();
                let is_answered = match relation.unwrap_or(Relation::None) {
                    Relation::BothWays => true,
                    Relation::Mine => !is_own,
                    Relation::Theirs => is_own,
                    Relation::None => false,
                };
                Ok(vec![push::follow_changed(&other, is_own, is_following, is_answered, &context)])
            }
            Notification::StatusChanged { users } => Ok(push::statuses(&lists.statuses_for(users).await?)),
            Notification::Chat { news, .. } => Ok(chat_push::pushes(own, &news, &context)),
            Notification::BlocksChanged { .. }
            | Notification::ChatSettingsChanged { .. }
            | Notification::BlockedBy { .. }
            | Notification::AccountChanged { .. }
            | Notification::RequestChanged { is_waiting: false, .. } => Ok(Vec::new()),
        }
    }
}

async fn readable(
    context: &CommandContext<'_>,
    own: &SocketUser,
    user: &User,
    fields: &[ProfileField],
) -> Result<Vec<Tag>, Error> {
    let mut tags: Vec<Tag> = Vec::new();
    for tag in fields.iter().filter_map(Tag::of_field) {
        // A field that changed twice is pushed once.
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    if tags.iter().any(|tag| matches!(tag, Tag::Custom(_))) {
        let reads = context.service.readable(context.tenant, Viewer::User(own.key), user.key).await?;
        tags.retain(|tag| if let Tag::Custom(name) = tag { reads(name) } else { true });
    }
    Ok(tags)
}
