//! Strangers' bytes thrown at every parser that strangers reach: no panic, no 5xx, no silence, no word of the inside.
//!
//! `cargo test --test fuzz` gives each target a second and a half. The long run of one target before a release:
//!
//! ```sh
//! STANDIN_FUZZ_SECONDS=3600 cargo test --test fuzz pictures
//! ```
//!
//! A target tries the crashes kept in `tests/fuzz/regressions/TARGET` first, then honest inputs, then as many strange ones as its time
//! allows: random bytes, and honest inputs with edits. What fails is made small and kept. Coverage-guided fuzzers want a nightly compiler
//! and are not used here.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test stops at the first surprise")]

mod front_door;
mod mirrorfly;
mod multipart;
mod native;
mod pictures;
mod qiscus;
mod recorded;
mod strange;
mod tencent;
mod tencent_frames;
mod usersig;
mod xmpp;
