//! What a MirrorFly user's own devices call: registration with its codec, blocks, contacts.

mod codec;
