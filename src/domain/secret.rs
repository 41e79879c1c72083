//! Things that must not be read, and the digests and salts that stand for them at rest.

use std::fmt;

/// A secret in clear, on its way in or out. No `Display`; `Debug` prints `***`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret as it is: its rule (length, alphabet) belongs to whoever asks for it.
    pub fn new(clear: impl Into<String>) -> Self {
        Self(clear.into())
    }

    /// The secret in clear: for an answer that must show it, a comparison or a cipher. Never for a log.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// SHA-256 of a secret with at least 128 bits of its own: what a row keeps for look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// 128 random bits from which, with the server key, a derived secret is made again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// A derived secret as a row keeps it: the salt makes it again, the digest finds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Derived {
    /// Drawn anew at each reset.
    pub salt: Salt,
    /// Of the secret the salt makes.
    pub digest: Digest,
}

/// An argon2id hash with its parameters, as a PHC string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// Bytes under an authenticated cipher whose key is not in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed(pub Vec<u8>);
