//! A page of a list: what the vendors' list calls ask for.

/// Which page of a list, and how long a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    offset: u64,
    limit: u32,
}

impl Page {
    /// The longest page any wire may ask for by its number.
    pub const LIMIT_MAX: u32 = 100;

    /// The longest page any wire may ask for by its first item: of lists whose items are small.
    pub const STRETCH_MAX: u32 = 1000;

    /// Page `number` (from 1; 0 reads as 1) of `limit` items each, kept within 1 to [`Page::LIMIT_MAX`].
    pub fn new(number: u32, limit: u32) -> Self {
        let limit = limit.clamp(1, Self::LIMIT_MAX);
        Self { offset: u64::from(number.max(1) - 1) * u64::from(limit), limit }
    }

    /// The items behind the first `offset` ones, `limit` of them, kept within 1 to [`Page::STRETCH_MAX`].
    pub fn behind(offset: u32, limit: u32) -> Self {
        Self { offset: u64::from(offset), limit: limit.clamp(1, Self::STRETCH_MAX) }
    }

    /// Items a page.
    pub fn limit(self) -> u32 {
        self.limit
    }

    /// Which page of its length this is, from 1.
    pub fn number(self) -> u64 {
        self.offset / u64::from(self.limit) + 1
    }

    /// Items before the first one of this page.
    pub fn offset(self) -> u64 {
        self.offset
    }
}

/// Which way a list runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    /// In creation order.
    #[default]
    OldestFirst,
    /// Against creation order.
    NewestFirst,
    /// By the names shown, in any case of letters; equal names in creation order. Only the oldest
    /// [`MATCHES_MAX`](super::search::MATCHES_MAX) users are sorted, and the others follow in creation order.
    ByName,
    /// As [`Order::ByName`], the last name first.
    ByNameReversed,
}

/// One page's items, and how many there are on all pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    /// In the order that was asked for.
    pub items: Vec<T>,
    /// On all pages.
    pub total: u64,
}
