//! The socket of the vendor's SDK: the parts of XMPP over WebSocket that profiles and contacts need.

mod answer;
pub mod protocol;
mod session;
pub(super) mod socket;
pub mod stanza;

pub use socket::scope;
