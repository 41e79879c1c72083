//! Following. Source: the vendor's guide to following; names by wire/tencent-messages.md section 5.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, account_of, bad},
    portrait,
    relations::{Outcomes, Results, accounts, each, found, is_shown, number, results, text},
    reply::{Family, Outcome, Refused, Told},
    tags::Item,
};
use crate::domain::{
    error::{Error, Fault, What},
    follow::{FollowCounts, FollowCursor, FollowList},
    friend::{FriendFault, Relation},
    id::UserId,
    time::Moment,
};

pub(super) use self::asked::{FollowAdd, FollowCheck, FollowDelete, FollowGet, FollowGetInfo};

/// Accounts that one call names. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Entries of a page that does not say how many.
const PAGE: u32 = 100;

/// Entries of a page at most: what the SDK asks for at most.
const PAGE_MAX: u32 = 1000;

/// `follow.follow_add`.
pub(super) async fn add(call: Call<'_>) -> Answered<Results> {
    let (owner, desk) = (call.owner()?, call.desk);
    let follow = async |whom| desk.service.follow(desk.tenant, &owner, whom).await;
    Ok(results(each(wanted(call)?, follow).await?))
}

/// The accounts of `FollowItem`, in objects or as bare names.
fn wanted(call: Call<'_>) -> Result<Outcomes<'_, UserId>, Refused> {
    let account = |item| {
        let account = account_of(named(item), "To_Account")?;
        Ok((account, UserId::parse(account).map_err(|_| FriendFault::NoSuchUser.into())))
    };
    call.list("FollowItem", ACCOUNTS_MAX)?.iter().map(account).collect()
}

fn named(item: &Value) -> &Value {
    if item.is_object() { item.get("To_Account").unwrap_or(&Value::Null) } else { item }
}

/// `follow.follow_delete`.
pub(super) async fn delete(call: Call<'_>) -> Answered<Results> {
    let (owner, desk) = (call.owner()?, call.desk);
    let unfollow = async |whom| desk.service.unfollow(desk.tenant, &owner, whom).await;
    Ok(results(each(accounts(call)?, unfollow).await?))
}

/// `follow.follow_get`.
pub(super) async fn get(call: Call<'_>) -> Answered<FollowListed> {
    let (owner, desk) = (call.owner()?, call.desk);
    let list = match number(call, "FollowType")? {
        Some(1) => FollowList::Followers,
        Some(2) => FollowList::Following,
        Some(3) => FollowList::Mutual,
        Some(_) => return Err(bad(&Fault::NotOneOf("1, 2, 3"), "FollowType")),
        None => return Err(bad(&Fault::Missing, "FollowType")),
    };
    let after = text(call.body, "StartCursor")?.map(cursor).transpose()?;
    let limit = number(call, "WantNum")?.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let page = desk.service.follow_list(desk.tenant, call.caller.viewer(), &owner, list, after, limit).await?;
    let shown = page.items.iter().filter(|(user, _)| is_shown(&user.id));
    let items = shown.map(|(user, at)| Entry {
        account: user.id.as_str().to_owned(),
        follow_time: at.unix_s(),
        profile_item: portrait::items(call, user, None),
    });
    Ok(FollowListed { items: items.collect(), next_cursor: page.next.map(shown_cursor).unwrap_or_default() })
}

fn shown_cursor(cursor: FollowCursor) -> String {
    format!("{}-{}", cursor.at.micros(), cursor.place)
}

fn cursor(given: &str) -> Result<FollowCursor, Refused> {
    let parts = given.split_once('-').and_then(|(at, place)| Some((at.parse().ok()?, place.parse().ok()?)));
    parts
        .map(|(at, place)| FollowCursor { at: Moment::from_micros(at), place })
        .ok_or_else(|| bad(&Fault::Malformed("a NextCursor of a former answer"), "StartCursor"))
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct FollowListed {
    #[serde(rename = "FollowItem")]
    items: Vec<Entry>,
    /// Where the next page begins; empty if there is none.
    #[serde(rename = "NextCursor")]
    next_cursor: String,
}

impl Told for FollowListed {}

/// A user of such a list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = FollowEntry)]
struct Entry {
    #[serde(rename = "To_Account")]
    account: String,
    /// Since when, in seconds of Unix time.
    follow_time: i64,
    profile_item: Vec<Item>,
}

/// `follow.follow_get_info`: of the caller itself where no account is named.
pub(super) async fn get_info(call: Call<'_>) -> Answered<FollowInfos> {
    let desk = call.desk;
    call.owner()?;
    let named = match call.field("To_Account") {
        Some(_) => call.list("To_Account", ACCOUNTS_MAX)?.iter().map(|item| account_of(item, "To_Account")).collect(),
        None => call.owner_named().map(|account| vec![account]),
    }?;
    let ids: Vec<Option<UserId>> = named.iter().map(|account| UserId::parse(account).ok()).collect();
    let counts = desk.service.follow_counts(desk.tenant, call.key(), ids.iter().flatten().cloned().collect()).await?;
    let mut counts = counts.into_iter();
    let of =
        |(account, id): (&&str, &Option<UserId>)| Info::of(account, id.as_ref().and_then(|_| counts.next().flatten()));
    Ok(FollowInfos { follow_info: named.iter().zip(&ids).map(of).collect() })
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FollowInfos {
    follow_info: Vec<Info>,
}

impl Told for FollowInfos {}

/// How many users follow an account, and how many it follows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = FollowInfo)]
struct Info {
    #[serde(flatten)]
    outcome: Outcome,
    follower_count: u32,
    following_count: u32,
    mutual_following_count: u32,
}

impl Info {
    fn of(account: &str, counts: Option<FollowCounts>) -> Self {
        let outcome = counts.map(|_| ()).ok_or_else(|| Error::NotFound(What::User).into());
        let FollowCounts { followers, following, mutual } =
            counts.unwrap_or(FollowCounts { followers: 0, following: 0, mutual: 0 });
        Self {
            outcome: Outcome::of(account, Family::Relations, outcome),
            follower_count: followers,
            following_count: following,
            mutual_following_count: mutual,
        }
    }
}

/// `follow.follow_check`.
pub(super) async fn check(call: Call<'_>) -> Answered<FollowChecks> {
    let (owner, desk) = (call.owner()?, call.desk);
    call.list("To_Account", ACCOUNTS_MAX)?;
    let relations = async |ids| {
        let relations = desk.service.follow_relations(desk.tenant, call.key(), &owner, ids).await?;
        Ok::<_, Refused>(relations.into_iter().map(|relation| relation.ok_or(FriendFault::NoSuchUser)).collect())
    };
    let (result_item, _) = found(each(accounts(call)?, relations).await?, |outcome, relation| Checked {
        outcome,
        follow_type: match relation.unwrap_or(Relation::None) {
            Relation::None => 0,
            Relation::Theirs => 1,
            Relation::Mine => 2,
            Relation::BothWays => 3,
        },
    });
    Ok(FollowChecks { result_item })
}

/// Each account in the call's order.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FollowChecks {
    result_item: Vec<Checked>,
}

impl Told for FollowChecks {}

/// Who of the user and an account follows the other.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
#[schema(as = FollowChecked)]
struct Checked {
    #[serde(flatten)]
    outcome: Outcome,
    /// 0 neither, 1 the account follows the user, 2 the user follows the account, 3 both.
    follow_type: u8,
}

/// What the calls above read, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Users to follow.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct FollowAdd {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(min_items = 1, max_items = 100)]
        follow_item: Vec<FollowWanted>,
    }

    /// A user to follow.
    #[derive(ToSchema)]
    pub(in super::super) struct FollowWanted {
        #[schema(rename = "To_Account", example = "user1")]
        account: String,
    }

    /// Users to follow no longer.
    #[derive(ToSchema)]
    pub(in super::super) struct FollowDelete {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(rename = "To_Account", min_items = 1, max_items = 1000, example = json!(["user1"]))]
        accounts: Vec<String>,
    }

    /// Which list is wanted, and which page of it.
    #[derive(ToSchema)]
    #[schema(rename_all = "PascalCase")]
    pub(in super::super) struct FollowGet {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// 1 followers, 2 followed users, 3 those that are both.
        #[schema(minimum = 1, maximum = 3, example = 1)]
        follow_type: u32,
        /// `NextCursor` of the former page; empty for the first one.
        #[schema(example = "")]
        start_cursor: Option<String>,
        /// Entries of a page; 100 if it is not given, 1000 at most.
        #[schema(example = 100)]
        want_num: Option<u32>,
    }

    /// Users whose counts are wanted.
    #[derive(ToSchema)]
    pub(in super::super) struct FollowGetInfo {
        /// Who asks.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        /// The one who asks if it is not given.
        #[schema(rename = "To_Account", min_items = 1, max_items = 100, example = json!(["user1"]))]
        accounts: Option<Vec<String>>,
    }

    /// What is wanted of whom.
    #[derive(ToSchema)]
    pub(in super::super) struct FollowCheck {
        /// Whose data it is.
        #[schema(rename = "From_Account", example = "guest@qiscus.com")]
        owner: String,
        #[schema(rename = "To_Account", min_items = 1, max_items = 100, example = json!(["user1"]))]
        accounts: Vec<String>,
    }
}
