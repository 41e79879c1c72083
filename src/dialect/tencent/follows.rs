//! Following. Source: the vendor's guide to following; names by wire/tencent-messages.md section 5.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{
        Accounts, BodyField, BoundedList, FieldType, ListItem, Schemas, body, id, named_schema_ref, number, object,
        property, texts,
    },
    call::{CommandCall, CommandResult, TencentCaller, account_of},
    portrait,
    relations::{Results, ids, is_shown, items_of, known_users, matched, results, run_for_each},
    reply::{Family, ResponseFields, ResultItem, TencentError},
    tags::{ProfileItem, text},
};
use crate::domain::{Error, Fault, FollowCounts, FollowCursor, FollowList, Moment, Owner, Relation, Resource, UserId};

/// Accounts in one call. "At most 100."
const ACCOUNTS_MAX: usize = 100;

/// Entries on a page if the request gives no number.
const PAGE: u32 = 100;

/// Entries on a page at most; the SDK asks for no more.
const PAGE_MAX: u32 = 1000;

body! {
    /// Users to follow.
    struct FollowAddRequest<'a> as "FollowAdd" {
        owner: Owner = "From_Account",
        wanted: BoundedList<FollowTarget<'a>, ACCOUNTS_MAX> = "FollowItem",
    }

    /// Users to unfollow.
    struct FollowDeleteRequest<'a> as "FollowDelete" {
        owner: Owner = "From_Account",
        accounts: Accounts<'a> = "To_Account" eg ["user1"],
    }

    /// The list and the page to return.
    struct FollowGetRequest as "FollowGet" {
        owner: Owner = "From_Account",
        /// 1 followers, 2 followed users, 3 mutual followers.
        list: FollowList = "FollowType" eg 1,
        /// `NextCursor` of the former page; empty for the first page.
        after: Option<FollowCursor> = "StartCursor" eg "",
        /// Entries on a page; 100 if it is not given, 1000 at most.
        limit: Option<u32> = "WantNum" eg 100,
    }

    /// Users to count for.
    struct FollowInfoRequest<'a> as "FollowGetInfo" {
        /// The user who asks.
        owner: Owner = "From_Account",
        /// `From_Account` if it is not given.
        accounts: Option<Accounts<'a, ACCOUNTS_MAX>> = "To_Account" eg ["user1"],
    }

    /// The accounts to compare with.
    struct FollowCheckRequest<'a> as "FollowCheck" {
        owner: Owner = "From_Account",
        accounts: Accounts<'a, ACCOUNTS_MAX> = "To_Account" eg ["user1"],
    }
}

/// A user to follow: an object with `To_Account`, or a name.
pub(super) struct FollowTarget<'a>(&'a str, Result<UserId, TencentError>);

impl<'a> ListItem<'a> for FollowTarget<'a> {
    fn read_item(_: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        let named = if item.is_object() { item.get("To_Account").unwrap_or(&Value::Null) } else { item };
        let account = account_of(named, "To_Account")?;
        Ok(Self(account, id(account)))
    }

    fn schema(others: &mut Schemas) -> RefOr<Schema> {
        let wanted = object(&["A user to follow."], [property::<UserId>("To_Account", &[], None)], None);
        named_schema_ref("FollowWanted", wanted, others)
    }
}

impl<'a> FieldType<'a> for FollowList {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
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

pub(super) async fn add(call: CommandCall<'_>, request: FollowAddRequest<'_>) -> CommandResult<Results> {
    let follow = async |whom| call.lists(&request.owner).follow(whom).await;
    let wanted = request.wanted.0.into_iter().map(|FollowTarget(account, id)| (account, id)).collect();
    Ok(results(run_for_each(wanted, follow).await?))
}

pub(super) async fn delete(call: CommandCall<'_>, request: FollowDeleteRequest<'_>) -> CommandResult<Results> {
    let unfollow = async |whom| call.lists(&request.owner).unfollow(whom).await;
    Ok(results(run_for_each(request.accounts.0, unfollow).await?))
}

pub(super) async fn get(call: CommandCall<'_>, request: FollowGetRequest) -> CommandResult<FollowGetResult> {
    let FollowGetRequest { owner, list, after, limit } = request;
    let limit = limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let page = call.lists(&owner).follow_list(call.caller.viewer(), list, after, limit).await?;
    let shown = page.items.iter().filter(|(user, _)| is_shown(&user.id));
    let items = shown.map(|(user, at)| FollowEntry {
        account: user.id.as_str().to_owned(),
        follow_time: at.unix_s(),
        profile_item: portrait::items(call, user, None),
    });
    Ok(FollowGetResult { items: items.collect(), next_cursor: page.next.map(written_cursor).unwrap_or_default() })
}

fn written_cursor(cursor: FollowCursor) -> String {
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
#[schema(as = FollowGetResult)]
pub(super) struct FollowGetResult {
    #[serde(rename = "FollowItem")]
    items: Vec<FollowEntry>,
    /// The `StartCursor` of the next page; empty if there is none.
    #[serde(rename = "NextCursor")]
    next_cursor: String,
}

impl ResponseFields for FollowGetResult {}

/// An entry of the list.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FollowEntry {
    #[serde(rename = "To_Account")]
    account: String,
    /// Since when, in seconds of Unix time.
    follow_time: i64,
    profile_item: Vec<ProfileItem>,
}

pub(super) async fn get_info(call: CommandCall<'_>, request: FollowInfoRequest<'_>) -> CommandResult<FollowInfos> {
    let context = call.context;
    let asker = match (call.caller, &request.owner) {
        (TencentCaller::User(user), _) => user.id.as_str(),
        (TencentCaller::BackEnd, Owner::Named(id)) => id.as_str(),
        (TencentCaller::BackEnd, Owner::Itself(_)) => "",
    };
    let accounts = request.accounts.map_or_else(|| vec![(asker, id(asker))], |accounts| accounts.0);
    let counts = context.service.follow_counts(context.tenant, call.key(), ids(&accounts)).await?;
    let of = |(account, counts)| FollowInfo::of(account, counts);
    Ok(FollowInfos { follow_info: matched(accounts, counts).map(of).collect() })
}

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FollowInfos {
    follow_info: Vec<FollowInfo>,
}

impl ResponseFields for FollowInfos {}

/// How many users follow an account, and how many it follows.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FollowInfo {
    #[serde(flatten)]
    outcome: ResultItem,
    follower_count: u32,
    following_count: u32,
    mutual_following_count: u32,
}

impl FollowInfo {
    fn of(account: &str, counts: Option<FollowCounts>) -> Self {
        let outcome = counts.map(|_| ()).ok_or_else(|| Error::NotFound(Resource::User).into());
        let FollowCounts { followers, following, mutual } = counts.unwrap_or_default();
        Self {
            outcome: ResultItem::of(account, Family::Relations, outcome),
            follower_count: followers,
            following_count: following,
            mutual_following_count: mutual,
        }
    }
}

pub(super) async fn check(call: CommandCall<'_>, request: FollowCheckRequest<'_>) -> CommandResult<FollowChecks> {
    let relations = async |ids| known_users(call.lists(&request.owner).follow_relations(ids).await?);
    let (result_item, _) =
        items_of(run_for_each(request.accounts.0, relations).await?, |outcome, relation| FollowChecked {
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

/// The accounts in the order of the call.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct FollowChecks {
    result_item: Vec<FollowChecked>,
}

impl ResponseFields for FollowChecks {}

/// Whether the user and an account follow each other.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FollowChecked {
    #[serde(flatten)]
    outcome: ResultItem,
    /// 0 neither, 1 the account follows the user, 2 the user follows the account, 3 both.
    follow_type: u8,
}
