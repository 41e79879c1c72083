//! Searches of users: filters and cursors.

use serde_json::{Map, Value};

use super::{CustomName, CustomValue, Gender, TencentProfile, User, folding::folded};

/// The most matches that are counted and paged through.
pub const MATCHES_MAX: u64 = 10_000;

/// The longest text to search for: no name is longer.
pub const TEXT_CHARS_MAX: usize = 500;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserSearch {
    /// Part of a display name or of an id, compared after [`folded`].
    pub text: Option<String>,
    pub metadata: Option<MetadataFilter>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserPageQuery {
    /// Part of a display name or of an id, compared after [`folded`].
    pub text: Option<String>,
    pub custom: Option<(CustomName, CustomValue)>,
    pub after: Option<i64>,
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UserPage {
    /// In creation order. There may be fewer than the limit although more pages follow.
    pub users: Vec<User>,
    pub next: Option<i64>,
    pub total: Option<u64>,
}

/// A metadata key and the accepted values. Source: MirrorFly getUsersList, `metaDataFilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFilter {
    pub key: String,
    /// Compared exactly; numbers and booleans as JSON text.
    pub values: Vec<String>,
}

impl UserSearch {
    pub fn matches_all(&self) -> bool {
        self.text.as_deref().is_none_or(str::is_empty) && self.metadata.is_none()
    }

    /// Whether no user can match: no name or id is that long, and none contains a NUL, which no index can search.
    pub fn matches_none(&self) -> bool {
        self.text.as_deref().is_some_and(|text| text.contains('\0') || text.chars().nth(TEXT_CHARS_MAX).is_some())
    }

    pub fn folded_text(&self) -> Option<String> {
        self.text.as_deref().map(folded)
    }

    /// `text` is [`UserSearch::folded_text`], `folded_name` is a [`folded`] name.
    pub fn matches(
        &self,
        text: Option<&str>,
        id: &str,
        folded_name: Option<&str>,
        metadata: &Map<String, Value>,
    ) -> bool {
        let by_text = text.is_none_or(|text| {
            folded_name.is_some_and(|name| name.contains(text)) || id.to_ascii_lowercase().contains(text)
        });
        let by_metadata = self.metadata.as_ref().is_none_or(|filter| match metadata.get(&filter.key) {
            Some(Value::String(value)) => filter.values.contains(value),
            Some(value) => filter.values.contains(&value.to_string()),
            None => false,
        });
        by_text && by_metadata
    }
}

pub const KEYWORDS_MAX: usize = 5;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectorySearch {
    /// Parts of a display name or of an id, compared after [`folded`].
    pub keywords: Vec<String>,
    /// Whether all keywords must match, instead of any.
    pub needs_all: bool,
    pub gender: Option<Gender>,
    /// A birthday is a number such as 20000101.
    pub born_from: Option<u32>,
    pub born_until: Option<u32>,
}

impl DirectorySearch {
    pub fn folded_keywords(&self) -> Vec<String> {
        self.keywords.iter().map(|keyword| folded(keyword)).collect()
    }

    /// `keywords` are [`DirectorySearch::folded_keywords`], `folded_name` is a [`folded`] name.
    pub fn matches(
        &self,
        keywords: &[String],
        id: &str,
        folded_name: Option<&str>,
        tencent_profile: &TencentProfile,
    ) -> bool {
        let names = [Some(id.to_ascii_lowercase()), folded_name.map(str::to_owned)];
        let is_called = |keyword: &String| names.iter().flatten().any(|name| name.contains(keyword.as_str()));
        let is_named = match self.needs_all {
            true => keywords.iter().all(is_called),
            false => keywords.is_empty() || keywords.iter().any(is_called),
        };
        let is_born = |holds: &dyn Fn(u32) -> bool| tencent_profile.birthday.is_some_and(holds);
        is_named
            && self.gender.is_none_or(|gender| tencent_profile.gender == Some(gender))
            && self.born_from.is_none_or(|from| is_born(&|birthday| birthday >= from))
            && self.born_until.is_none_or(|until| is_born(&|birthday| birthday <= until))
    }
}
