//! The room that every dialect's requests come through.

mod addresses;
mod strict_json;
