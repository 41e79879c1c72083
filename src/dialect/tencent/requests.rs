//! Requests to be friends that wait for an answer; the vendor calls them pendencies. Source: what its Web SDK sends and reads.

use serde_json::{Map, Value, json};

use super::{
    command::{Answered, Call, bad},
    relations::{SEQUENCE, accounts, each, is_shown, items, number, parsed, remark, results, word},
    reply::Refused,
    tags::Tag,
};
use crate::domain::{
    error::{Error, Fault},
    friend::{AddSource, AddWording, Direction, FriendGroup, Request, RequestAnswer, Verdict},
    id::UserId,
    profile::User,
    time::Moment,
};

/// Requests that one page has, as the Web SDK asks for.
const PAGE: u32 = 100;

/// Requests that came.
const COME_IN: &str = "Pendency_Type_ComeIn";

/// Requests that went.
const SEND_OUT: &str = "Pendency_Type_SendOut";

/// `sns.pendency_get`: requests that wait, the newest first. A `StartTime` of 0 in the answer ends the list.
pub(super) async fn get(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let both: &[Direction] = &[Direction::Incoming, Direction::Outgoing];
    let kinds = [("Pendency_Type_Both", both), (COME_IN, &[Direction::Incoming]), (SEND_OUT, &[Direction::Outgoing])];
    let directions = word(call.body, "PendencyType", &kinds)?.unwrap_or(both);
    let before = number(call, "StartTime")?.filter(|start| *start > 0);
    let limit = number(call, "MaxLimited")?.unwrap_or(PAGE).clamp(1, PAGE);
    let mut requests = Vec::new();
    for direction in directions {
        requests.extend(desk.service.requests(desk.tenant, &owner, *direction).await?);
    }
    let unread = desk.service.unread_requests(desk.tenant, &owner).await?;
    requests.retain(|request| is_shown(&request.with));
    requests.sort_by_key(|request| std::cmp::Reverse(request.at));
    let (page, next) = page(&requests, before, limit as usize);
    Ok(Map::from_iter([
        ("PendencyItem".to_owned(), pendencies(call, page)?),
        ("StartTime".to_owned(), next.into()),
        ("CurrentPendencySequence".to_owned(), SEQUENCE.into()),
        ("UnreadPendencyCount".to_owned(), unread.into()),
    ]))
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

fn pendencies(call: Call<'_>, page: &[Request]) -> Result<Value, Error> {
    let desk = call.desk;
    let ids: Vec<UserId> = page.iter().map(|request| request.with.clone()).collect();
    let users = desk.service.portraits(desk.tenant, call.caller.viewer(), &ids)?;
    let item = |(request, user): (&Request, Option<User>)| {
        let shown = |tag: Tag| user.as_ref().and_then(|user| tag.value(desk, user)).unwrap_or_else(|| tag.unset());
        json!({
            "To_Account": request.with.as_str(),
            "Nick": shown(Tag::Nick),
            "Image": shown(Tag::Image),
            "AddTime": request.at.unix_s(),
            "AddSource": request.source.as_ref().map_or("", AddSource::as_str),
            "AddWording": request.wording.as_ref().map_or("", AddWording::as_str),
            "PendencyType": match request.direction {
                Direction::Incoming => COME_IN,
                Direction::Outgoing => SEND_OUT,
            },
        })
    };
    Ok(page.iter().zip(users).map(item).collect())
}

/// `sns.friend_response`: answers requests that came.
pub(super) async fn answer(call: Call<'_>) -> Answered {
    let (owner, desk) = (call.owner()?, call.desk);
    let answers = items(call, "ResponseFriendItem", read_answer)?;
    let answered = async |answers| desk.service.answer_requests(desk.tenant, &owner, answers).await;
    results(each(answers, answered).await?)
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
pub(super) async fn delete(call: Call<'_>) -> Answered {
    const FIELD: &str = "PendencyType";
    let (owner, desk) = (call.owner()?, call.desk);
    let kinds = [(COME_IN, Direction::Incoming), (SEND_OUT, Direction::Outgoing)];
    let direction = word(call.body, FIELD, &kinds)?.ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    let forgotten = async |with| desk.service.forget_requests(desk.tenant, &owner, direction, with).await;
    results(each(accounts(call)?, forgotten).await?)
}

/// `sns.pendency_report`: requests that came until then have been seen; later ones count as unread.
pub(super) async fn report(call: Call<'_>) -> Answered {
    const FIELD: &str = "LatestPendencyTimeStamp";
    let owner = call.owner()?;
    let until = number(call, FIELD)?.ok_or_else(|| bad(&Fault::Missing, FIELD))?;
    // To the end of that second: what came in it is told with the same number.
    let until = Moment::from_micros((i64::from(until) + 1) * 1_000_000 - 1);
    call.desk.service.read_requests(call.desk.tenant, &owner, until).await?;
    Ok(Map::new())
}
