//! Search in the user directory of an app, by names and profile fields.

use super::{
    folding::folded,
    tencent_profile::{Gender, TencentProfile},
};

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
