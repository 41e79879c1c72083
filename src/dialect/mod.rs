//! One folder per vendor API. Each translates requests into calls of `service` and results back; none names another.

pub mod mirrorfly;
pub mod native;
pub mod qiscus;
pub mod tencent;
