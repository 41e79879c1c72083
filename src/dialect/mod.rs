//! The wires: each folder translates one vendor's calls to verbs and back, and nothing else. None names another.

pub mod mirrorfly;
pub mod native;
pub mod qiscus;
pub mod tencent;
