//! Who is listening, and what they hear: sessions by user, told in the order of the commits.
//!
//! The hub learns of changes from the event rows alone, which were written with the change: what is announced is stored, and what is
//! stored is announced, whichever wire it came by.

pub mod feed;
pub mod hub;
mod queue;
pub mod watchers;
