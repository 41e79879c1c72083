//! Things that must not be read, and the digests and salts that stand for them at rest.

use std::fmt;

use subtle::ConstantTimeEq as _;

use super::error::Fault;

/// A secret in clear, on its way in or out. No `Display`; `Debug` prints `***`; `==` takes a time that depends on the lengths alone.
#[derive(Clone, Eq)]
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

/// Checks an app secret that was given from outside: 32 to 128 letters and digits, so that it is no weaker than a made one looks.
/// # Errors
/// [`Fault::Malformed`].
pub fn app_secret(raw: &str) -> Result<Secret, Fault> {
    match (32..=128).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
        true => Ok(Secret::new(raw)),
        false => Err(Fault::Malformed("32 to 128 letters and digits")),
    }
}

/// Checks a MirrorFly licence key: 1 to 191 printable ASCII characters without blanks. It sits in web pages, so it need not be strong.
/// # Errors
/// [`Fault::Malformed`].
pub fn license_key(raw: &str) -> Result<Secret, Fault> {
    match (1..=191).contains(&raw.len()) && raw.bytes().all(|b| b.is_ascii_graphic()) {
        true => Ok(Secret::new(raw)),
        false => Err(Fault::Malformed("1 to 191 printable ASCII characters without blanks")),
    }
}

/// Characters of the longest chosen password: enough for any passphrase, and a bound on what is hashed.
pub const PASSWORD_CHARS_MAX: usize = 1024;

/// Checks a password that somebody chose: 1 to [`PASSWORD_CHARS_MAX`] characters, kept byte for byte.
/// # Errors
/// The [`Fault`] names the bound.
pub fn password(raw: &str) -> Result<Secret, Fault> {
    match raw.is_empty() {
        true => Err(Fault::Missing),
        false => super::text::at_most(raw, PASSWORD_CHARS_MAX).map(Secret::new),
    }
}

/// The 32 bytes from which everything at rest is derived or sealed. No `Display`; `Debug` prints `***`; `==` as with a [`Secret`].
#[derive(Clone, Eq)]
pub struct ServerKey([u8; 32]);

impl ServerKey {
    /// A key of fresh random bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads 64 hexadecimal digits, in either case.
    /// # Errors
    /// [`Fault::Malformed`].
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

    /// The bytes: for deriving and sealing. Never for a log.
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
