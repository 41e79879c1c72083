//! Secrets in clear, and the digests, salts and hashes that are stored instead of them.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::Fault;

/// A secret in clear. It has no `Display`, `Debug` prints `***`, and the time of `==` depends on the lengths only.
#[derive(Clone, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret without a check: each use has its own rule of length and alphabet.
    pub fn new(clear: impl Into<String>) -> Self {
        Self(clear.into())
    }

    /// Returns the secret in clear, for a response that must show it, a comparison or a cipher. Never log it.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.0.as_bytes().ct_eq(other.0.as_bytes()).into()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Parses an app secret from outside: 32 to 128 letters and digits, so that it can be as strong as a generated one.
pub fn app_secret(raw: &str) -> Result<Secret, Fault> {
    match (32..=128).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
        true => Ok(Secret::new(raw)),
        false => Err(Fault::Malformed("32 to 128 letters and digits")),
    }
}

/// Parses a MirrorFly licence key: 1 to 191 printable ASCII characters. Web pages contain it, so it need not be strong.
pub fn license_key(raw: &str) -> Result<Secret, Fault> {
    match (1..=191).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(Secret::new(raw)),
        false => Err(Fault::Malformed("1 to 191 printable ASCII characters without blanks")),
    }
}

/// The longest password that a person can choose. Bounds the work of hashing.
pub const PASSWORD_CHARS_MAX: usize = 1024;

/// Parses a password that a person chose: 1 to [`PASSWORD_CHARS_MAX`] characters, kept byte for byte.
pub fn password(raw: &str) -> Result<Secret, Fault> {
    match raw.is_empty() {
        true => Err(Fault::Missing),
        false => super::text::at_most(raw, PASSWORD_CHARS_MAX).map(Secret::new),
    }
}

/// The 32 bytes that secrets at rest are derived from or sealed with. `Debug` prints `***`, `==` takes constant time.
#[derive(Clone, Eq)]
pub struct ServerKey([u8; 32]);

impl ServerKey {
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub fn parse(raw: &str) -> Result<Self, Fault> {
        let digits: Vec<u8> =
            raw.chars().filter_map(|c| c.to_digit(16)).filter_map(|digit| digit.try_into().ok()).collect();
        let bytes: Vec<u8> =
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect();
        match <[u8; 32]>::try_from(bytes) {
            Ok(bytes) if raw.len() == 64 => Ok(Self(bytes)),
            Ok(_) | Err(_) => Err(Fault::Malformed("64 hexadecimal digits")),
        }
    }

    /// Returns the bytes, for deriving and sealing. Never log them.
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }
}

impl PartialEq for ServerKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// SHA-256 of a secret of at least 128 random bits. A row stores it for look-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Digest(pub [u8; 32]);

/// 128 random bits. A secret is derived from a salt and the server key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Salt(pub [u8; 16]);

/// A derived secret as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DerivedSecret {
    pub salt: Salt,
    pub digest: Digest,
}

/// An argon2id hash with its parameters, as a PHC string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

/// Bytes encrypted and authenticated with a key that is not in the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);
