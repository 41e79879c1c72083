//! Requests to be friends that wait for an answer; the vendor calls them pendencies. Source: what its Web SDK sends and reads.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    body::{Accounts, Items, Unread, body},
    call::{Answered, Call},
    relations::{Results, SEQUENCE, each, is_shown, results},
    reply::{Nothing, Refused, Told},
    tags::Tag,
    words::words,
};
use crate::domain::{
    error::Error,
    friend::{AddSource, AddWording, Direction, FriendGroup, Request, RequestAnswer, Verdict},
    id::UserId,
    owner::Owner,
    profile::User,
    text::ContactName,
    time::Moment,
};

body! {
    /// Which requests are wanted.
    struct Get as "PendencyGet" {
        owner: Owner = "From_Account",
        /// Those of both directions if it is not given.
        directions: Option<PendencyTypes> = "PendencyType",
        /// Only those from before this second of Unix time; all if it is not given or 0.
        before: Option<u32> = "StartTime" eg 0,
        /// How many at most, from 1 to 100; more are told where some came within one second.
        limit: Option<u32> = "MaxLimited" eg 100,
        _sequence: Unread = "LastSequence",
    }

    /// Answers to requests.
    struct Respond<'a> as "FriendResponse" {
        owner: Owner = "From_Account",
        answers: Items<'a, ResponseItem> = "ResponseFriendItem",
    }

    /// An answer to one.
    struct ResponseItem as "ResponseFriendItem" {
        /// Who asked.
        from: UserId = "To_Account",
        /// `Response_Action_AgreeAndAdd` if it is not given.
        action: Option<ResponseAction> = "ResponseAction",
        /// What the friend is called, at most 96 bytes of UTF-8.
        remark: Option<ContactName> = "Remark" eg "One",
        /// The group the friend goes into, at most 30 bytes of UTF-8.
        group: Option<FriendGroup> = "TagName" eg "Family",
    }

    /// Requests that are forgotten.
    struct Delete<'a> as "PendencyDelete" {
        owner: Owner = "From_Account",
        direction: PendencyType = "PendencyType",
        /// The accounts.
        accounts: Accounts<'a> = "To_Account" eg ["user1", "user2"],
    }

    /// How far requests have been seen.
    struct Report as "PendencyReport" {
        owner: Owner = "From_Account",
        /// The second of Unix time of the last one that was seen.
        until: u32 = "LatestPendencyTimeStamp" eg 1700000000,
    }
}

words! {
    /// Directions.
    PendencyTypes { Both = "Pendency_Type_Both", ComeIn = "Pendency_Type_ComeIn", SendOut = "Pendency_Type_SendOut", }

    /// Whether it came or went.
    PendencyType { ComeIn = "Pendency_Type_ComeIn", SendOut = "Pendency_Type_SendOut", }

    /// Each lists the other; only the one who asked does; nobody does.
    ResponseAction {
        AgreeAndAdd = "Response_Action_AgreeAndAdd",
        Agree = "Response_Action_Agree",
        Reject = "Response_Action_Reject",
    }
}

/// Requests that one page has, as the Web SDK asks for.
const PAGE: u32 = 100;

/// `sns.pendency_get`: requests that wait, the newest first. A `StartTime` of 0 in the answer ends the list.
pub(super) async fn get(call: Call<'_>, asked: Get) -> Answered<Pendencies> {
    let (owner, desk) = (asked.owner, call.desk);
    let directions: &[Direction] = match asked.directions {
        None | Some(PendencyTypes::Both) => &[Direction::Incoming, Direction::Outgoing],
        Some(PendencyTypes::ComeIn) => &[Direction::Incoming],
        Some(PendencyTypes::SendOut) => &[Direction::Outgoing],
    };
    let before = asked.before.filter(|start| *start > 0);
    let limit = asked.limit.unwrap_or(PAGE).clamp(1, PAGE);
    let mut requests = Vec::new();
    for direction in directions {
        requests.extend(desk.service.requests(desk.tenant, call.key(), &owner, *direction).await?);
    }
    let unread = desk.service.unread_requests(desk.tenant, call.key(), &owner).await?;
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
    /// What the next call's `StartTime` is; 0 if there are no more.
    #[serde(rename = "StartTime")]
    next: i64,
    #[serde(rename = "CurrentPendencySequence")]
    sequence: u32,
    /// Of those that came.
    #[serde(rename = "UnreadPendencyCount")]
    unread: u32,
}

impl Told for Pendencies {}

/// A request that waits.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct Pendency {
    /// The other.
    #[serde(rename = "To_Account")]
    account: String,
    /// The other's display name.
    #[schema(value_type = String)]
    nick: Value,
    /// The other's avatar.
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

/// The requests from before a second, `limit` of them and who else is of the last one's second, so that the next page can begin before
/// that; and where that is, 0 for nowhere.
fn page(requests: &[Request], before: Option<u32>, limit: usize) -> (&[Request], i64) {
    let is_later = |request: &Request| before.is_some_and(|before| request.at.unix_s() >= i64::from(before));
    let first = requests.partition_point(is_later);
    let rest = requests.get(first..).unwrap_or_default();
    let Some(last) = rest.get(limit - 1).map(|request| request.at.unix_s()) else { return (rest, 0) };
    match rest.split_at_checked(rest.partition_point(|request| request.at.unix_s() >= last)) {
        Some((page, [_, ..])) => (page, last),
        Some(_) | None => (rest, 0),
    }
}

async fn pendencies(call: Call<'_>, page: &[Request]) -> Result<Vec<Pendency>, Error> {
    let desk = call.desk;
    let ids: Vec<UserId> = page.iter().map(|request| request.with.clone()).collect();
    let users = desk.service.portraits(desk.tenant, call.caller.viewer(), ids).await?;
    let item = |(request, user): (&Request, Option<User>)| {
        let shown = |tag: Tag| user.as_ref().and_then(|user| tag.value(desk, user)).unwrap_or_else(|| tag.unset());
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

/// `sns.friend_response`: answers requests that came.
pub(super) async fn answer(call: Call<'_>, asked: Respond<'_>) -> Answered<Results> {
    let desk = call.desk;
    let answered = async |answers: Vec<ResponseItem>| {
        let answers = answers.into_iter().map(ResponseItem::verdict).collect();
        desk.service.answer_requests(desk.tenant, call.key(), &asked.owner, answers).await
    };
    Ok(results(each(asked.answers.0, answered).await?))
}

impl ResponseItem {
    fn verdict(self) -> RequestAnswer {
        let Self { from, action, remark, group } = self;
        let verdict = match action.unwrap_or(ResponseAction::AgreeAndAdd) {
            ResponseAction::AgreeAndAdd => Verdict::Agree { both_ways: true, remark, group },
            ResponseAction::Agree => Verdict::Agree { both_ways: false, remark, group },
            ResponseAction::Reject => Verdict::Refuse,
        };
        RequestAnswer { from, verdict }
    }
}

/// `sns.pendency_delete`: forgets requests that came, or takes back those that went.
pub(super) async fn delete(call: Call<'_>, asked: Delete<'_>) -> Answered<Results> {
    let (owner, desk) = (asked.owner, call.desk);
    let direction = match asked.direction {
        PendencyType::ComeIn => Direction::Incoming,
        PendencyType::SendOut => Direction::Outgoing,
    };
    let forgotten = async |with| desk.service.forget_requests(desk.tenant, call.key(), &owner, direction, with).await;
    Ok(results(each(asked.accounts.0, forgotten).await?))
}

/// `sns.pendency_report`: requests that came until then have been seen; later ones count as unread.
pub(super) async fn report(call: Call<'_>, asked: Report) -> Answered<Nothing> {
    // To the end of that second: what came in it is told with the same number.
    let until = Moment::from_micros((i64::from(asked.until) + 1) * 1_000_000 - 1);
    call.desk.service.read_requests(call.desk.tenant, &asked.owner, until).await?;
    Ok(Nothing {})
}
