//! Looking users up in the directory of an app: by parts of their names and by facts of their profiles.

use super::{
    folding::folded,
    particulars::{Gender, Particulars},
};

/// Keywords that one search has, at most.
pub const KEYWORDS_MAX: usize = 5;

/// Whom a user is looking for. What is not given excludes nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DirectorySearch {
    /// Parts of a display name or of an id, compared as [`folded`] texts are.
    pub keywords: Vec<String>,
    /// Whether all of them must be found, or any.
    pub needs_all: bool,
    /// The gender, exactly.
    pub gender: Option<Gender>,
    /// The earliest birthday, such as 20000101.
    pub born_from: Option<u32>,
    /// The latest birthday.
    pub born_until: Option<u32>,
}

impl DirectorySearch {
    /// The keywords as they are compared.
    pub fn folded_keywords(&self) -> Vec<String> {
        self.keywords.iter().map(|keyword| folded(keyword)).collect()
    }

    /// Whether a user of this id, this [`folded`] name and these particulars is looked for. `keywords` are
    /// [`DirectorySearch::folded_keywords`].
    pub fn finds(&self, keywords: &[String], id: &str, folded_name: Option<&str>, particulars: &Particulars) -> bool {
        let names = [Some(id.to_ascii_lowercase()), folded_name.map(str::to_owned)];
        let is_called = |keyword: &String| names.iter().flatten().any(|name| name.contains(keyword.as_str()));
        let is_named = match self.needs_all {
            true => keywords.iter().all(is_called),
            false => keywords.is_empty() || keywords.iter().any(is_called),
        };
        let is_born = |holds: &dyn Fn(u32) -> bool| particulars.birthday.is_some_and(holds);
        is_named
            && self.gender.is_none_or(|gender| particulars.gender == Some(gender))
            && self.born_from.is_none_or(|from| is_born(&|birthday| birthday >= from))
            && self.born_until.is_none_or(|until| is_born(&|birthday| birthday <= until))
    }
}
