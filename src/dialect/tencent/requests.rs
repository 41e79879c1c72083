//! Requests to be friends that wait for an answer; the vendor calls them pendencies. Source: what its Web SDK sends and reads.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, bad},
    relations::{Results, SEQUENCE, accounts, each, is_shown, items, number, parsed, remark, results, word},
    reply::{Nothing, Refused, Told},
    tags::Tag,
};
use crate::domain::{
    error::{Error, Fault},
    friend::{AddSource, AddWording, Direction, FriendGroup, Request, RequestAnswer, Verdict},
    id::UserId,
    profile::User,
    time::Moment,
};

pub(super) use self::asked::{PendencyDelete, PendencyGet, PendencyReport, Respond};

/// Requests that one page has, as the Web SDK asks for.
const PAGE: u32 = 100;

/// Requests that came.
const COME_IN: &str = "Pendency_Type_ComeIn";

/// Requests that went.
const SEND_OUT: &str = "Pendency_Type_SendOut";

/// `sns.pendency_get`: requests that wait, the newest first. A `StartTime` of 0 in the answer ends the list.
pub(super) async fn get(call: Call<'_>) -> Answered<Pendencies> {
    let (owner, desk) = (call.owner()?, call.desk);
    let both: &[Direction] = &[Direction::Incoming, Direction::Outgoing];
    let kinds = [("Pendency_Type_Both", both), (COME_IN, &[Direction::Incoming]), (SEND_OUT, &[Direction::Outgoing])];
    let directions = word(call.body, "PendencyType", &kinds)?.unwrap_or(both);
    let before = number(call, "StartTime")?.filter(|start| *start > 0);
    let limit = number(call, "MaxLimited")?.unwrap_or(PAGE).clamp(1, PAGE);
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

/// Whether it came or went.
#[derive(Serialize, ToSchema)]
pub(super) enum PendencyType {
    #[serde(rename = "Pendency_Type_ComeIn")]
    ComeIn,
    #[serde(rename = "Pendency_Type_SendOut")]
    SendOut,
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
pub(super) async fn answer(call: Call<'_>) -> Answered<Results> {
    let (owner, desk) = (call.owner()?, call.desk);
    let answers = items(call, "ResponseFriendItem", read_answer)?;
    let answered = async |answers| desk.service.answer_requests(desk.tenant, call.key(), &owner, answers).await;
    Ok(results(each(answers, answered).await?))
}

/// What an answer says.
#[derive(Clone, Copy)]
enum Action {
    /// Each lists the other.
    AgreeAndAdd,
    /// The one who asked lists the one who answers.
    Agree,
    Reject,
}

fn read_answer(from: UserId, item: &Value) -> Result<RequestAnswer, Refused> {
    let actions = [
        ("Response_Action_AgreeAndAdd", Action::AgreeAndAdd),
        ("Response_Action_Agree", Action::Agree),
        ("Response_Action_Reject", Action::Reject),
    ];
    let action = word(item, "ResponseAction", &actions)?.unwrap_or(Action::AgreeAndAdd);
    let (remark, group) = (parsed(item, "Remark", remark)?, parsed(item, "TagName", FriendGroup::parse)?);
    let verdict = match action {
        Action::AgreeAndAdd => Verdict::Agree { both_ways: true, remark, group },
        Action::Agree => Verdict::Agree { both_ways: false, remark, group },
        Action::Reject => Verdict::Refuse,
    };
    Ok(RequestAnswer { from, verdict })
}

/// `sns.pendency_delete`: forgets requests that came, or takes back those that went.
pub(super) async fn delete(call: Call<'_>) -> Answered<Results> {
    const FIELD: &str = "PendencyType";
    let (owner, desk) = (call.owner()?, call.desk);
    let kinds = [(COME_IN, Direction::Incoming), (SEND_OUT, Direction::Outgoing)];
    let direction = word(call.body, FIELD, &kinds)?.ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    let forgotten = async |with| desk.service.forget_requests(desk.tenant, call.key(), &owner, direction, with).await;
    Ok(results(each(accounts(call)?, forgotten).await?))
}

/// `sns.pendency_report`: requests that came until then have been seen; later ones count as unread.
pub(super) async fn report(call: Call<'_>) -> Answered<Nothing> {
    const FIELD: &str = "LatestPendencyTimeStamp";
    let owner = call.owner()?;
    let until = number(call, FIELD)?.ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    // To the end of that second: what came in it is told with the same number.
    let until = Moment::from_micros((i64::from(until) + 1) * 1_000_000 - 1);
    call.desk.service.read_requests(call.desk.tenant, &owner, until).await?;
    Ok(Nothing {})
}

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Which requests are wanted.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct PendencyGet {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// Those of both directions if it is not given.
        pendency_type: Option<PendencyTypes>,
        /// Only those from before this second of Unix time; all if it is not given or 0.
        #[schema(example = 0)]
        start_time: Option<u32>,
        /// How many at most, from 1 to 100; more are told where some came within one second.
        #[schema(example = 100)]
        max_limited: Option<u32>,
        /// Not read.
        #[schema(example = 0)]
        last_sequence: Option<u32>,
    }

    /// Directions.
    #[derive(ToSchema)]
    pub(in super::super) enum PendencyTypes {
        #[schema(rename = "Pendency_Type_Both")]
        Both,
        #[schema(rename = "Pendency_Type_ComeIn")]
        ComeIn,
        #[schema(rename = "Pendency_Type_SendOut")]
        SendOut,
    }

    /// Answers to requests.
    #[derive(ToSchema)]
    #[schema(as = FriendResponse, rename_all = "PascalCase")]
    pub(in super::super) struct Respond {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 1000)]
        response_friend_item: Vec<ResponseFriendItem>,
    }

    /// An answer to one.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct ResponseFriendItem {
        /// Who asked.
        #[schema(rename = "To_Account", example = "user1")]
        account: String,
        /// `Response_Action_AgreeAndAdd` if it is not given.
        response_action: Option<ResponseAction>,
        /// What the friend is called, at most 96 bytes of UTF-8.
        #[schema(max_length = 96, example = "One")]
        remark: Option<String>,
        /// The group the friend goes into, at most 30 bytes of UTF-8.
        #[schema(max_length = 30, example = "Family")]
        tag_name: Option<String>,
    }

    /// Each lists the other; only the one who asked does; nobody does.
    #[derive(ToSchema)]
    pub(in super::super) enum ResponseAction {
        #[schema(rename = "Response_Action_AgreeAndAdd")]
        AgreeAndAdd,
        #[schema(rename = "Response_Action_Agree")]
        Agree,
        #[schema(rename = "Response_Action_Reject")]
        Reject,
    }

    /// Requests that are forgotten.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct PendencyDelete {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The accounts.
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1", "user2"]))]
        accounts: Vec<String>,
        pendency_type: super::PendencyType,
    }

    /// How far requests have been seen.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct PendencyReport {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The second of Unix time of the last one that was seen.
        #[schema(example = 1700000000)]
        latest_pendency_time_stamp: u32,
    }
}
