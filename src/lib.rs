//! Standin: one binary that stands in for the user side of a chat vendor.

pub mod domain;
