//! The vendor's words for the values of enums.

use crate::domain::{AllowType, ForbidType, Gender};

pub(super) trait Word: Copy + PartialEq + 'static {
    const WORDS: &'static [(&'static str, Self)];

    fn of(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, meaning)| *meaning)
    }

    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, meaning)| *meaning == self).map_or("", |(word, _)| word)
    }

    fn list(between: &str) -> String {
        Self::WORDS.iter().map(|(word, _)| *word).collect::<Vec<_>>().join(between)
    }
}

/// Declares enums of words, with their schemas.
macro_rules! words {
    ($($(#[$about:meta])* $name:ident { $($(#[$said:meta])* $variant:ident = $word:literal,)* })*) => {$(
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
        $(#[$about])*
        pub(in crate::dialect::tencent) enum $name {
            $($(#[$said])* #[serde(rename = $word)] #[schema(rename = $word)] $variant,)*
        }

        impl $crate::dialect::tencent::words::Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),*];
        }
    )*};
}
pub(super) use words;

/// Gives the values of enums of the domain their words.
macro_rules! words_of {
    ($($name:ident { $($variant:ident = $word:literal,)* })*) => {$(
        impl Word for $name {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, Self::$variant)),*];
        }
    )*};
}

words_of! {
    Gender { Unknown = "Gender_Type_Unknown", Female = "Gender_Type_Female", Male = "Gender_Type_Male", }

    AllowType {
        AllowAny = "AllowType_Type_AllowAny",
        NeedConfirm = "AllowType_Type_NeedConfirm",
        DenyAny = "AllowType_Type_DenyAny",
    }

    ForbidType { None = "AdminForbid_Type_None", SendOut = "AdminForbid_Type_SendOut", }
}
