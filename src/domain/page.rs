//! Pages of lists by offset and limit.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    offset: u64,
    limit: u32,
}

impl Page {
    /// The longest page that an API may request by page number.
    pub const LIMIT_MAX: u32 = 100;

    /// The longest page that an API may request by offset, for lists of small items.
    pub const OFFSET_LIMIT_MAX: u32 = 1000;

    /// Creates page `number` (from 1; 0 counts as 1). `limit` is clamped to 1 to [`Page::LIMIT_MAX`].
    pub fn new(number: u32, limit: u32) -> Self {
        let limit = limit.clamp(1, Self::LIMIT_MAX);
        Self { offset: u64::from(number.max(1) - 1) * u64::from(limit), limit }
    }

    /// Creates the page after the first `offset` items. `limit` is clamped to 1 to [`Page::OFFSET_LIMIT_MAX`].
    pub fn at_offset(offset: u32, limit: u32) -> Self {
        Self { offset: u64::from(offset), limit: limit.clamp(1, Self::OFFSET_LIMIT_MAX) }
    }

    pub fn limit(self) -> u32 {
        self.limit
    }

    pub fn number(self) -> u64 {
        self.offset / u64::from(self.limit) + 1
    }

    pub fn offset(self) -> u64 {
        self.offset
    }
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Order {
    #[default]
    OldestFirst,
    NewestFirst,
    /// Sorted by folded display name or id; equal names in creation order. Only the oldest
    /// [`MATCHES_MAX`](super::search::MATCHES_MAX) users are sorted; the others follow in creation order.
    ByName,
    ByNameReversed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed<T> {
    pub items: Vec<T>,
    pub total: u64,
}
