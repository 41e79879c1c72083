//! The socket of the vendor's SDK: XMPP over a WebSocket, as far as profiles and contacts need it.

mod answer;
mod session;
pub(super) mod socket;
pub mod stanza;
pub mod talk;

pub use socket::scope;
