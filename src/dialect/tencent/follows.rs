//! Following. Source: the vendor's guide to following; names by wire/tencent-messages.md section 5.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{Accounts, At, Element, Kind, List, Schemas, body, named, number, object, property, texts},
    call::{Answered, Call, Caller, account_of},
    portrait,
    relations::{Results, each, found, is_shown, known, results},
    reply::{Family, Outcome, Refused, Told},
    tags::{Item, text},
};
use crate::domain::{
    error::{Error, Fault, What},
    follow::{FollowCounts, FollowCursor, FollowList},
    friend::{FriendFault, Relation},
    id::UserId,
    owner::Owner,
    time::Moment,
};

/// Accounts that one call names. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Entries of a page that does not say how many.
const PAGE: u32 = 100;

/// Entries of a page at most: what the SDK asks for at most.
const PAGE_MAX: u32 = 1000;

body! {
    /// Users to follow.
    struct Add<'a> as "FollowAdd" {
        owner: Owner = "From_Account",
        wanted: List<Wanted<'a>, ACCOUNTS_MAX> = "FollowItem",
    }

    /// Users to follow no longer.
    struct Delete<'a> as "FollowDelete" {
        owner: Owner = "From_Account",
        accounts: Accounts<'a> = "To_Account" eg ["user1"],
    }

    /// Which list is wanted, and which page of it.
    struct Get as "FollowGet" {
        owner: Owner = "From_Account",
        /// 1 followers, 2 followed users, 3 those that are both.
        list: FollowList = "FollowType" eg 1,
        /// `NextCursor` of the former page; empty for the first one.
        after: Option<FollowCursor> = "StartCursor" eg "",
        /// Entries of a page; 100 if it is not given, 1000 at most.
        limit: Option<u32> = "WantNum" eg 100,
    }

    /// Users whose counts are wanted.
    struct GetInfo<'a> as "FollowGetInfo" {
        /// Who asks.
        owner: Owner = "From_Account",
        /// The one who asks if it is not given.
        accounts: Option<Accounts<'a, ACCOUNTS_MAX>> = "To_Account" eg ["user1"],
    }

    /// What is wanted of whom.
    struct Check<'a> as "FollowCheck" {
        owner: Owner = "From_Account",
        accounts: Accounts<'a, ACCOUNTS_MAX> = "To_Account" eg ["user1"],
    }
}

/// A user to follow: in an object, or a bare name.
pub(super) struct Wanted<'a>(&'a str, Result<UserId, Refused>);

impl<'a> Element<'a> for Wanted<'a> {
    fn one(_: At<'a>, item: &'a Value) -> Result<Self, Refused> {
        let named = if item.is_object() { item.get("To_Account").unwrap_or(&Value::Null) } else { item };
        let account = account_of(named, "To_Account")?;
        Ok(Self(account, UserId::parse(account).map_err(|_| FriendFault::NoSuchUser.into())))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let wanted = object(&["A user to follow."], [property::<UserId>("To_Account", &[], None)], None);
        named("FollowWanted", wanted, others)
    }
}

impl<'a> Kind<'a> for FollowList {
    fn at(at: At<'a>) -> Result<Option<Self>, Refused> {
        Ok(match u32::at(at)? {
            None => None,
            Some(1) => Some(Self::Followers),
            Some(2) => Some(Self::Following),
            Some(3) => Some(Self::Mutual),
            Some(_) => return Err(at.bad(&Fault::NotOneOf("1, 2, 3"))),
        })
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        number().minimum(Some(1)).maximum(Some(3)).into()
    }
}

texts! { FollowCursor = cursor, text(); }

/// `follow.follow_add`.
pub(super) async fn add(call: Call<'_>, asked: Add<'_>) -> Answered<Results> {
    let follow = async |whom| call.desk.service.follow(call.desk.tenant, &asked.owner, whom).await;
    let wanted = asked.wanted.0.into_iter().map(|Wanted(account, id)| (account, id)).collect();
    Ok(results(each(wanted, follow).await?))
}

/// `follow.follow_delete`.
pub(super) async fn delete(call: Call<'_>, asked: Delete<'_>) -> Answered<Results> {
    let unfollow = async |whom| call.desk.service.unfollow(call.desk.tenant, &asked.owner, whom).await;
    Ok(results(each(asked.accounts.0, unfollow).await?))
}

/// `follow.follow_get`.
pub(super) async fn get(call: Call<'_>, asked: Get) -> Answered<FollowListed> {
    let Get { owner, list, after, limit } = asked;
    let (desk, limit) = (call.desk, limit.unwrap_or(PAGE).clamp(1, PAGE_MAX));
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

fn cursor(given: &str) -> Result<FollowCursor, Fault> {
    let parts = given.split_once('-').and_then(|(at, place)| Some((at.parse().ok()?, place.parse().ok()?)));
    parts
        .map(|(at, place)| FollowCursor { at: Moment::from_micros(at), place })
        .ok_or(Fault::Malformed("a NextCursor of a former answer"))
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
pub(super) async fn get_info(call: Call<'_>, asked: GetInfo<'_>) -> Answered<FollowInfos> {
    let desk = call.desk;
    let asker = match (call.caller, &asked.owner) {
        (Caller::User(user), _) => user.id.as_str(),
        (Caller::BackEnd, Owner::Named(id)) => id.as_str(),
        (Caller::BackEnd, Owner::Itself(_)) => "",
    };
    let named: Vec<&str> = match asked.accounts {
        Some(accounts) => accounts.0.into_iter().map(|(account, _)| account).collect(),
        None => vec![asker],
    };
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
pub(super) async fn check(call: Call<'_>, asked: Check<'_>) -> Answered<FollowChecks> {
    let desk = call.desk;
    let relations = async |ids| known(desk.service.follow_relations(desk.tenant, call.key(), &asked.owner, ids).await?);
    let (result_item, _) = found(each(asked.accounts.0, relations).await?, |outcome, relation| Checked {
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
