//! User search, for the SDK's search plugin. Source: wire/tencent-messages.md section 5.

use serde::Serialize;
use serde_json::Value;
use utoipa::{
    ToSchema,
    openapi::{RefOr, Schema},
};

use super::{
    body::{BodyField, BoundedList, FieldType, ListItem, Schemas, TEXT, body, texts},
    call::{CommandCall, CommandResult},
    portrait,
    relations::is_shown,
    reply::{ResponseFields, TencentError},
    tags::text,
    words::Word as _,
};
use crate::domain::{DirectorySearch, Fault, Gender, KEYWORDS_MAX, Page, TEXT_CHARS_MAX};

body! {
    /// The conditions of a search; at least one is required.
    struct UserQueryRequest as "UserSearchQuery" eg { "Keywords": ["ada"], "Count": 20 } {
        /// Parts of an id or a name; upper and lower case are equal.
        keywords: Option<BoundedList<String, KEYWORDS_MAX, 0>> = "Keywords",
        /// 0: any of the keywords, 1: all of them.
        needs_all: Option<bool> = "KeywordMatchType",
        /// Such as `Gender_Type_Female`; the name `Gender` also works.
        gender: Option<GenderFilter> = "UserGenderType",
        /// The earliest birthday, such as 20000101.
        born_from: Option<u32> = "UserBirthStart",
        /// The latest birthday.
        born_until: Option<u32> = "UserBirthEnd",
        /// `Cursor` of the former page.
        start: Option<SearchCursor> = "Cursor",
        /// Users on a page; 20 if it is not given, 100 at most.
        count: Option<u32> = "Count",
    }
}

/// Users on a page if the request gives no number.
const PAGE: u32 = 20;

pub(super) async fn query(call: CommandCall<'_>, request: UserQueryRequest) -> CommandResult<UsersFound> {
    let start = request.start.as_ref().map_or(0, |start| start.0);
    let page = Page::at_offset(start, request.count.unwrap_or(PAGE).clamp(1, Page::LIMIT_MAX));
    let (search, context) = (request.search()?, call.context);
    let listed = context.service.search_directory(context.tenant, call.caller.viewer(), search, page).await?;
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

impl UserQueryRequest {
    fn search(self) -> Result<DirectorySearch, TencentError> {
        let needs_all = self.needs_all == Some(true);
        let search = DirectorySearch {
            keywords: self.keywords.map(|keywords| keywords.0).unwrap_or_default(),
            needs_all,
            gender: self.gender.map(|gender| gender.0),
            born_from: self.born_from,
            born_until: self.born_until,
        };
        match search == (DirectorySearch { needs_all, ..DirectorySearch::default() }) {
            true => Err(TencentError::BadParameter(
                "Give Keywords, UserGenderType, UserBirthStart or UserBirthEnd".to_owned(),
            )),
            false => Ok(search),
        }
    }
}

impl<'a> ListItem<'a> for String {
    fn read_item(at: BodyField<'a>, item: &'a Value) -> Result<Self, TencentError> {
        let given = item.as_str().ok_or_else(|| at.bad(&TEXT))?;
        match given.chars().count() {
            0 => Err(at.bad(&Fault::Missing)),
            found if found > TEXT_CHARS_MAX => Err(at.bad(&Fault::TooManyCharacters { chars_max: TEXT_CHARS_MAX })),
            _ if given.contains('\0') => Err(at.bad(&Fault::Malformed("free of NUL"))),
            _ => Ok(given.to_owned()),
        }
    }
}

/// A gender. The SDK and lite-chat use different names for the field.
pub(super) struct GenderFilter(Gender);

impl<'a> FieldType<'a> for GenderFilter {
    fn at(at: BodyField<'a>) -> Result<Option<Self>, TencentError> {
        let text = |name| BodyField { name, ..at }.text().map(|text| text.filter(|text| !text.is_empty()));
        let given = match (text(at.name)?, text("Gender")?) {
            (Some(one), Some(other)) if one != other => {
                let info = format!("{} and Gender say different things: give one of them", at.name);
                return Err(TencentError::BadParameter(info));
            }
            (one, other) => one.or(other),
        };
        let one_of = || TencentError::BadParameter(format!("{} must be one of {} ", at.name, Gender::list(" ")));
        given.map(|given| Gender::of(given).map(Self).ok_or_else(one_of)).transpose()
    }

    fn schema(_: &mut Schemas) -> RefOr<Schema> {
        text().into()
    }
}

pub(super) struct SearchCursor(u32);

texts! { SearchCursor = |given| given.parse().map(Self).map_err(|_| Fault::Malformed("a Cursor of a former answer")), text(); }

/// A page of the users found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
pub(super) struct UsersFound {
    /// Users on all pages, 10,000 at most.
    total_count: u64,
    /// The `Cursor` of the next page; empty if there is none.
    cursor: String,
    users: Vec<UserFound>,
}

impl ResponseFields for UsersFound {}

/// A user found.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "PascalCase")]
struct UserFound {
    #[serde(rename = "UserID")]
    user_id: String,
    profile_items: Vec<FoundItem>,
}

/// A tag of the user's profile, with a text or a number.
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
