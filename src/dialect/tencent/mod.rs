//! Tencent Cloud Chat: its REST API for back ends and the socket of its Web SDK. Sources: the vendor's pages on
//! accounts, user profiles and error codes, and its Web SDK's guide to user profiles.

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
mod messages;
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

/// The domains of the vendor's servers: lite-chat has no option for another address, and calls Standin if these names
/// resolve to its machine. Source: lite-chat 4.2.1, chat 3.6.6, and the vendor's page on the REST API.
pub const VENDOR_DOMAINS: [&str; 5] =
    ["my-imcloud.com", "my-cpaas.com", "im.qcloud.com", "tim.qq.com", "im.tencent.cn"];
