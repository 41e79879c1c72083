//! Searching users, as the SDK's plugin for searches does. Source: wire/tencent-messages.md section 5.

use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{
    call::{Answered, Call, bad},
    portrait,
    relations::{TEXT, is_shown, number, text},
    reply::{Refused, Told},
    words::Word as _,
};
use crate::domain::{
    directory::{DirectorySearch, KEYWORDS_MAX},
    error::Fault,
    page::Page,
    particulars::Gender,
    search::TEXT_CHARS_MAX,
};

pub(super) use self::asked::Query;

/// Users of a page that does not say how many.
const PAGE: u32 = 20;

/// `user_search.query`: active users whose id or name has the keywords in it.
pub(super) async fn query(call: Call<'_>) -> Answered<UsersFound> {
    let search = search(call)?;
    let desk = call.desk;
    let start = text(call.body, "Cursor")?.map(cursor).transpose()?.unwrap_or(0);
    let page = Page::behind(start, number(call, "Count")?.unwrap_or(PAGE).clamp(1, Page::LIMIT_MAX));
    let listed = desk.service.search_directory(desk.tenant, call.caller.viewer(), search, page).await?;
    let next = start.saturating_add(page.limit());
    let users = listed.items.iter().filter(|user| is_shown(&user.id)).map(|user| UserFound {
        user_id: user.id.as_str().to_owned(),
        profile_items: portrait::items(call, user, None)
            .into_iter()
            .map(|item| FoundItem::of(item.tag.into_owned(), &item.value))
            .collect(),
    });
    Ok(UsersFound {
        total_count: listed.total,
        cursor: if u64::from(next) < listed.total { next.to_string() } else { String::new() },
        users: users.collect(),
    })
}

fn cursor(given: &str) -> Result<u32, Refused> {
    given.parse().map_err(|_| bad(&Fault::Malformed("a Cursor of a former answer"), "Cursor"))
}

fn search(call: Call<'_>) -> Result<DirectorySearch, Refused> {
    let keywords = match call.field("Keywords").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        true => Vec::new(),
        false if call.field("Keywords").is_none() => Vec::new(),
        false => call.list("Keywords", KEYWORDS_MAX)?.iter().map(keyword).collect::<Result<_, _>>()?,
    };
    let needs_all = match number(call, "KeywordMatchType")? {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(bad(&Fault::NotOneOf("0, 1"), "KeywordMatchType")),
    };
    // The SDK and lite-chat name the gender differently.
    let gender = match (text(call.body, "UserGenderType")?, text(call.body, "Gender")?) {
        (Some(one), Some(other)) if one != other => {
            let info = "UserGenderType and Gender say different things: give one of them";
            return Err(Refused::BadParameter(info.to_owned()));
        }
        (one, other) => one.or(other).map(gender).transpose()?,
    };
    let search = DirectorySearch {
        keywords,
        needs_all,
        gender,
        born_from: number(call, "UserBirthStart")?,
        born_until: number(call, "UserBirthEnd")?,
    };
    match search == (DirectorySearch { needs_all, ..DirectorySearch::default() }) {
        true => Err(Refused::BadParameter("Give Keywords, UserGenderType, UserBirthStart or UserBirthEnd".to_owned())),
        false => Ok(search),
    }
}

fn gender(given: &str) -> Result<Gender, Refused> {
    let one_of = || format!("UserGenderType must be one of {} ", Gender::list(" "));
    Gender::of(given).ok_or_else(|| Refused::BadParameter(one_of()))
}

fn keyword(given: &Value) -> Result<String, Refused> {
    const FIELD: &str = "Keywords";
    let given = given.as_str().ok_or_else(|| bad(&TEXT, FIELD))?;
    match given.chars().count() {
        0 => Err(bad(&Fault::Missing, FIELD)),
        found if found > TEXT_CHARS_MAX => Err(bad(&Fault::TooManyCharacters { chars_max: TEXT_CHARS_MAX }, FIELD)),
        _ if given.contains('\0') => Err(bad(&Fault::Malformed("free of NUL"), FIELD)),
        _ => Ok(given.to_owned()),
    }
}

/// A page of the users that were found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UsersFound {
    /// On all pages, 10,000 at most.
    total_count: u64,
    /// Where the next page begins; empty if there is none.
    cursor: String,
    users: Vec<UserFound>,
}

impl Told for UsersFound {}

/// One of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct UserFound {
    #[serde(rename = "UserID")]
    user_id: String,
    profile_items: Vec<FoundItem>,
}

/// A tag of its profile, with a text or a number.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct FoundItem {
    tag: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    str_value: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    int_value: Option<u64>,
}

impl FoundItem {
    fn of(tag: String, value: &Value) -> Self {
        Self { tag, str_value: value.as_str().map(str::to_owned), int_value: value.as_u64() }
    }
}

/// What the call above reads, field by field.
mod asked {
    #![expect(
        dead_code,
        reason = "the document's: a body is read field by field, so that each fault has its own words"
    )]

    use utoipa::ToSchema;

    /// Whom the caller is looking for: at least one of the conditions.
    #[derive(ToSchema)]
    #[schema(as = UserSearchQuery, rename_all = "PascalCase", example = json!({ "Keywords": ["ada"], "Count": 20 }))]
    pub(in super::super) struct Query {
        /// Parts of an id or a name, in any case of letters.
        #[schema(max_items = 5)]
        keywords: Option<Vec<String>>,
        /// 0: any of the keywords, 1: all of them.
        #[schema(minimum = 0, maximum = 1)]
        keyword_match_type: Option<u32>,
        /// Such as `Gender_Type_Female`; `Gender` names it as well.
        user_gender_type: Option<String>,
        /// The earliest birthday, such as 20000101.
        user_birth_start: Option<u32>,
        /// The latest birthday.
        user_birth_end: Option<u32>,
        /// Users of a page; 20 if it is not given, 100 at most.
        count: Option<u32>,
        /// `Cursor` of the former page.
        cursor: Option<String>,
    }
}
