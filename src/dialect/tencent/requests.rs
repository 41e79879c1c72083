//! Waiting friend requests, which the vendor calls pendencies. Source: what its Web SDK sends and reads.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{AccountItems, Accounts, IgnoredNumber, body},
    call::{CommandCall, CommandResult},
    relations::{Results, SEQUENCE, is_shown, results, run_for_each},
    reply::{NoFields, ResponseFields, TencentError},
    tags::Tag,
    words::words,
};
use crate::domain::{
    AddSource, AddWording, ContactName, Direction, Error, FriendGroup, FriendRequest, Moment, Owner, RequestAnswer,
    RequestDecision, User, UserId,
};

body! {
    /// The requests to return.
    struct PendencyGetRequest as "PendencyGet" {
        owner: Owner = "From_Account",
        /// Both directions if it is not given.
        directions: Option<PendencyFilter> = "PendencyType",
        /// Only requests from before this second of Unix time; all if it is not given or 0.
        before: Option<u32> = "StartTime" eg 0,
        /// Requests at most, from 1 to 100; the response has more if several came within one second.
        limit: Option<u32> = "MaxLimited" eg 100,
        _sequence: IgnoredNumber = "LastSequence",
    }

    /// Answers to requests.
    struct FriendResponseRequest<'a> as "FriendResponse" {
        owner: Owner = "From_Account",
        answers: AccountItems<'a, FriendResponseItem> = "ResponseFriendItem",
    }

    /// An answer to one request.
    struct FriendResponseItem as "ResponseFriendItem" {
        /// The user who sent the request.
        from: UserId = "To_Account",
        /// `Response_Action_AgreeAndAdd` if it is not given.
        action: Option<ResponseAction> = "ResponseAction",
        /// The user's name for the friend, at most 96 bytes of UTF-8.
        remark: Option<ContactName> = "Remark" eg "One",
        /// The group for the friend, at most 30 bytes of UTF-8.
        group: Option<FriendGroup> = "TagName" eg "Family",
    }

    /// Requests to delete.
    struct PendencyDeleteRequest<'a> as "PendencyDelete" {
        owner: Owner = "From_Account",
        direction: PendencyType = "PendencyType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }

    /// Up to when requests have been seen.
    struct PendencyReportRequest as "PendencyReport" {
        owner: Owner = "From_Account",
        /// The time of the last request that was seen, in seconds of Unix time.
        until: u32 = "LatestPendencyTimeStamp" eg 1700000000,
    }
}

words! {
    /// The directions to return.
    #[schema(as = PendencyTypes)]
    PendencyFilter { Both = "Pendency_Type_Both", ComeIn = "Pendency_Type_ComeIn", SendOut = "Pendency_Type_SendOut", }

    /// Whether the request is incoming or outgoing.
    PendencyType { ComeIn = "Pendency_Type_ComeIn", SendOut = "Pendency_Type_SendOut", }

    /// Each lists the other; only the sender lists the other; neither does.
    ResponseAction {
        AgreeAndAdd = "Response_Action_AgreeAndAdd",
        Agree = "Response_Action_Agree",
        Reject = "Response_Action_Reject",
    }
}

/// Requests on one page; the Web SDK asks for this number.
const PAGE: u32 = 100;

pub(super) async fn get(call: CommandCall<'_>, body: PendencyGetRequest) -> CommandResult<Pendencies> {
    let owner = body.owner;
    let directions: &[Direction] = match body.directions {
        None | Some(PendencyFilter::Both) => &[Direction::Incoming, Direction::Outgoing],
        Some(PendencyFilter::ComeIn) => &[Direction::Incoming],
        Some(PendencyFilter::SendOut) => &[Direction::Outgoing],
    };
    let before = body.before.filter(|start| *start > 0);
    let limit = body.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let mut requests = Vec::new();
    for direction in directions {
        requests.extend(call.lists(&owner).requests(*direction).await?);
    }
    let unread = call.lists(&owner).unread_requests().await?;
    requests.retain(|request| is_shown(&request.with));
    requests.sort_by_key(|request| std::cmp::Reverse(request.at));
    let (page, next) = page(&requests, before, limit as usize);
    Ok(Pendencies { items: pendencies(call, page).await?, next, sequence: SEQUENCE, unread })
}

/// A page of requests.
#[derive(Serialize, ToSchema)]
pub(super) struct Pendencies {
    #[serde(rename = "PendencyItem")]
    items: Vec<Pendency>,
    /// The `StartTime` of the next call; 0 if there are no more.
    #[serde(rename = "StartTime")]
    next: i64,
    #[serde(rename = "CurrentPendencySequence")]
    sequence: u32,
    /// Incoming requests that are unread.
    #[serde(rename = "UnreadPendencyCount")]
    unread: u32,
}

impl ResponseFields for Pendencies {}

/// A waiting request.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Pendency {
    /// The other user.
    #[serde(rename = "To_Account")]
    account: String,
    /// The other user's display name.
    #[schema(value_type = String)]
    nick: Value,
    /// The other user's avatar.
    #[schema(value_type = String)]
    image: Value,
    /// Since when, in seconds of Unix time.
    add_time: i64,
    /// Empty if none was given.
    #[schema(pattern = "^(AddSource_Type_[A-Za-z0-9]{1,8})?$", example = "AddSource_Type_Web")]
    add_source: String,
    #[schema(max_length = 256)]
    add_wording: String,
    pendency_type: PendencyType,
}

/// Returns up to `limit` requests from before the given second, and the second of the next page or 0. The page has all
/// requests of its last second, so that the next page can begin before it.
fn page(requests: &[FriendRequest], before: Option<u32>, limit: usize) -> (&[FriendRequest], i64) {
    let is_later = |request: &FriendRequest| before.is_some_and(|before| request.at.unix_s() >= i64::from(before));
    let first = requests.partition_point(is_later);
    let rest = requests.get(first..).unwrap_or_default();
    let Some(last) = rest.get(limit - 1).map(|request| request.at.unix_s()) else { return (rest, 0) };
    match rest.split_at_checked(rest.partition_point(|request| request.at.unix_s() >= last)) {
        Some((page, [_, ..])) => (page, last),
        Some(_) | None => (rest, 0),
    }
}

async fn pendencies(call: CommandCall<'_>, page: &[FriendRequest]) -> Result<Vec<Pendency>, Error> {
    let context = call.context;
    let ids: Vec<UserId> = page.iter().map(|request| request.with.clone()).collect();
    let users = context.service.portraits(context.tenant, call.caller.viewer(), ids).await?;
    let item = |(request, user): (&FriendRequest, Option<User>)| {
        let shown = |tag: Tag| user.as_ref().and_then(|user| tag.value(context, user)).unwrap_or_else(|| tag.unset());
        Pendency {
            account: request.with.as_str().to_owned(),
            nick: shown(Tag::Nick),
            image: shown(Tag::Image),
            add_time: request.at.unix_s(),
            add_source: request.source.as_ref().map_or("", AddSource::as_str).to_owned(),
            add_wording: request.wording.as_ref().map_or("", AddWording::as_str).to_owned(),
            pendency_type: match request.direction {
                Direction::Incoming => PendencyType::ComeIn,
                Direction::Outgoing => PendencyType::SendOut,
            },
        }
    };
    Ok(page.iter().zip(users).map(item).collect())
}

pub(super) async fn answer(call: CommandCall<'_>, body: FriendResponseRequest<'_>) -> CommandResult<Results> {
    let answered = async |answers: Vec<FriendResponseItem>| {
        let answers = answers.into_iter().map(FriendResponseItem::verdict).collect();
        call.lists(&body.owner).answer_requests(answers).await
    };
    Ok(results(run_for_each(body.answers.0, answered).await?))
}

impl FriendResponseItem {
    fn verdict(self) -> RequestAnswer {
        let Self { from, action, remark, group } = self;
        let verdict = match action.unwrap_or(ResponseAction::AgreeAndAdd) {
            ResponseAction::AgreeAndAdd => RequestDecision::Agree { both_ways: true, remark, group },
            ResponseAction::Agree => RequestDecision::Agree { both_ways: false, remark, group },
            ResponseAction::Reject => RequestDecision::Refuse,
        };
        RequestAnswer { from, verdict }
    }
}

pub(super) async fn delete(call: CommandCall<'_>, body: PendencyDeleteRequest<'_>) -> CommandResult<Results> {
    let owner = body.owner;
    let direction = match body.direction {
        PendencyType::ComeIn => Direction::Incoming,
        PendencyType::SendOut => Direction::Outgoing,
    };
    let forgotten = async |with| call.lists(&owner).forget_requests(direction, with).await;
    Ok(results(run_for_each(body.accounts.0, forgotten).await?))
}

pub(super) async fn report(call: CommandCall<'_>, body: PendencyReportRequest) -> CommandResult<NoFields> {
    // To the end of that second, because all its requests are shown with this time.
    let until = Moment::from_micros((i64::from(body.until) + 1) * 1_000_000 - 1);
    call.lists(&body.owner).read_requests(until).await?;
    Ok(NoFields {})
}
