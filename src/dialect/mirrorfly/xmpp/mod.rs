//! The socket of the vendor's SDK: the parts of XMPP over WebSocket that profiles, contacts and one-to-one text
//! messages need.

mod answer;
mod chat;
pub mod chat_query;
mod chat_runner;
pub mod protocol;
mod session;
pub(super) mod socket;
pub mod stanza;

pub use socket::scope;

/// The resource of a client that names none, and of the presence of users.
const RESOURCE: &str = "standin";
