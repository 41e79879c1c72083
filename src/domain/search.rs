//! Searching users: which ones a caller is looking for.

use serde_json::{Map, Value};

use super::{
    custom::{CustomName, CustomValue},
    folding::folded,
    profile::User,
};

/// Matches that are counted: a list of more is one to search in, not to page through.
pub const MATCHES_MAX: u64 = 10_000;

/// Characters of the longest text that is looked for: no name is longer.
pub const TEXT_CHARS_MAX: usize = 500;

/// Whom a caller is looking for. What is not given excludes nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UserSearch {
    /// Part of a display name or of an id, compared as [`folded`] texts are.
    pub text: Option<String>,
    /// A metadata key, and the values of it that are looked for: any of them will do.
    pub metadata: Option<MetadataFilter>,
}

/// A walk through the users of an app, a stretch at a time: however far it has come, the next stretch costs the same.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Walk {
    /// Part of a display name or of an id, compared as [`folded`] texts are.
    pub text: Option<String>,
    /// A custom field, and what a user must have in it, exactly.
    pub custom: Option<(CustomName, CustomValue)>,
    /// Where the last stretch ended; none for the first one.
    pub after: Option<i64>,
    /// Users a stretch, at most.
    pub limit: u32,
}

/// A stretch of a [`Walk`].
#[derive(Debug, Clone, PartialEq)]
pub struct Stretch {
    /// In creation order. There may be fewer than asked for although others come behind them.
    pub users: Vec<User>,
    /// Where the next stretch begins, if there may be one.
    pub next: Option<i64>,
    /// How many there are in all, where that is known.
    pub total: Option<u64>,
}

/// Source: MirrorFly getUsersList, `metaDataFilter`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetadataFilter {
    /// The key, exactly.
    pub key: String,
    /// The values, exactly; numbers and booleans as JSON writes them.
    pub values: Vec<String>,
}

impl UserSearch {
    /// Whether anybody is excluded at all.
    pub fn is_for_everybody(&self) -> bool {
        self.text.as_deref().is_none_or(str::is_empty) && self.metadata.is_none()
    }

    /// Whether nobody can be called so: no name or id is so long, and none has a NUL, which no index can be asked for.
    pub fn is_of_nobody(&self) -> bool {
        self.text.as_deref().is_some_and(|text| text.contains('\0') || text.chars().nth(TEXT_CHARS_MAX).is_some())
    }

    /// The text as it is compared.
    pub fn folded_text(&self) -> Option<String> {
        self.text.as_deref().map(folded)
    }

    /// Whether a user of this id, this [`folded`] name and this metadata is looked for. `text` is [`UserSearch::folded_text`].
    pub fn finds(
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
