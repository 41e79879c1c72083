//! Searches of users: filters and cursors.

use serde_json::{Map, Value};

use super::{
    custom::{CustomName, CustomValue},
    folding::folded,
    profile::User,
};

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
    /// A custom field and its exact value.
    pub custom: Option<(CustomName, CustomValue)>,
    /// The cursor: None for the first page.
    pub after: Option<i64>,
    /// The most users of a page.
    pub limit: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub struct UserPage {
    /// In creation order. There may be fewer than the limit although more pages follow.
    pub users: Vec<User>,
    /// The cursor of the next page, if there may be one.
    pub next: Option<i64>,
    /// The number of users on all pages, if known.
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
