//! What every dialect needs and none should write twice: strict JSON and our own addresses.

pub mod addresses;
pub mod json;
