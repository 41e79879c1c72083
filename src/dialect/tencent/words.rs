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

impl Word for Gender {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("Gender_Type_Unknown", Self::Unknown),
        ("Gender_Type_Female", Self::Female),
        ("Gender_Type_Male", Self::Male),
    ];
}

impl Word for AllowType {
    const WORDS: &'static [(&'static str, Self)] = &[
        ("AllowType_Type_AllowAny", Self::AllowAny),
        ("AllowType_Type_NeedConfirm", Self::NeedConfirm),
        ("AllowType_Type_DenyAny", Self::DenyAny),
    ];
}

impl Word for ForbidType {
    const WORDS: &'static [(&'static str, Self)] =
        &[("AdminForbid_Type_None", Self::None), ("AdminForbid_Type_SendOut", Self::SendOut)];
}
