//! Tencent Cloud Chat: its REST API for back ends and the socket of its Web SDK. Serves accounts, profiles, friends,
//! black lists, following and user status, but no messages.
//!
//! Sources: the vendor's pages on accounts, user profiles and error codes of the server API, and its Web SDK's guide to
//! user profiles.

mod account;
pub mod binfo;
mod black_list;
mod body;
mod call;
mod command;
mod document;
mod follows;
mod friend_tags;
mod friends;
mod groups;
mod portrait;
mod relations;
mod reply;
mod requests;
mod rest;
mod search;
mod status;
mod tags;
mod user_sig;
mod words;

pub use self::{binfo::resource as socket, document::document, rest::scope as rest, user_sig::make as make_user_sig};

/// The domains of the vendor's servers, which its SDKs and back ends call. lite-chat has no option for another address:
/// it calls Standin if these names resolve to the machine of Standin. Source: the addresses in lite-chat 4.2.1 and chat
/// 3.6.6, and the vendor's page on the REST API.
pub const VENDOR_DOMAINS: [&str; 5] =
    ["my-imcloud.com", "my-cpaas.com", "im.qcloud.com", "tim.qq.com", "im.tencent.cn"];
