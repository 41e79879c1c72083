//! The vendor's codec: AES-256-CBC with keys that every client knows, and two layers of text around it. It hides
//! nothing; tokens and passwords alone authorise callers. Source: observed requests and responses of the SDK, with its
//! vectors in `tests/house/mirrorfly_users/codec.rs`.

use std::fmt;

use aes::{
    Aes256,
    cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// A key is the first half of a SHA-256 in hexadecimal digits, one byte per digit.
const KEY_BYTES: usize = 32;

const IV_BYTES: usize = 16;

/// The initialisation vector of everything but profile fields. The config shows it to clients as `iv`.
pub const FIXED_IV: &str = "ddc0f15cc2c90fca";

/// How often a key's text repeats the licence key or the user name.
const REPEATED_TIMES: usize = 3;

/// The characters that JavaScript's `encodeURIComponent` escapes: all but letters, digits and these nine marks.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');

#[derive(Clone, PartialEq, Eq)]
pub struct Codec {
    key: [u8; KEY_BYTES],
    iv: [u8; IV_BYTES],
}

/// A text that this codec did not encrypt. Does not say what was wrong with it, as that would help an attacker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecryptError;

impl fmt::Display for DecryptError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot be decrypted")
    }
}

impl std::error::Error for DecryptError {}

impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec(***)")
    }
}

impl Codec {
    /// For live registration, in both directions, and for the password of a live login.
    pub fn of_license(license_key: &str) -> Self {
        Self::new(&license_key.repeat(REPEATED_TIMES), FIXED_IV)
    }

    /// For the response of `GET /users/config`: `username` is the caller's.
    pub fn of_username(username: &str) -> Self {
        Self::new(&username.repeat(REPEATED_TIMES), FIXED_IV)
    }

    /// For the licence key in a request for the licence: constants of the SDK.
    pub fn of_license_question() -> Self {
        Self::new("OP~9o4i=DD19NBSfWi)=MRX0E]!m9Z)=", "pVkZxWf0OM73viRr")
    }

    /// Returns the codec of nickName, email and mobileNumber. `owner` is the id of the profile's user, exactly as sent
    /// with the fields. `iv_text` is the app's licence key: the config shows it as `ivProfile`, and a client on plain
    /// `ws://` uses it by itself. A short vector is filled with zero bytes, a long one is cut.
    pub fn of_profile(owner: &str, iv_text: &str) -> Self {
        Self::new(owner, iv_text)
    }

    /// For message bodies: the key is made from the message's id.
    pub fn of_message(id: &str) -> Self {
        Self::new(id, FIXED_IV)
    }

    fn new(key_text: &str, iv_text: &str) -> Self {
        let digest = Sha256::digest(key_text.as_bytes());
        let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]).map(hex_digit);
        let mut key = [0; KEY_BYTES];
        key.iter_mut().zip(digits).for_each(|(at, digit)| *at = digit);
        let mut iv = [0; IV_BYTES];
        iv.iter_mut().zip(iv_text.bytes()).for_each(|(at, byte)| *at = byte);
        Self { key, iv }
    }

    /// Escapes, encrypts, and encodes in standard base64. The empty text has a ciphertext too.
    pub fn encrypt(&self, text: &str) -> String {
        let escaped: String = utf8_percent_encode(text, ESCAPED).collect();
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(escaped.as_bytes()))
    }

    /// Keeps a `%` that begins no escape.
    /// # Errors
    /// [`DecryptError`] for invalid base64, a wrong length, wrong padding, or a result that is not UTF-8.
    pub fn decrypt(&self, encrypted: &str) -> Result<String, DecryptError> {
        let bytes = STANDARD.decode(encrypted).map_err(|_| DecryptError)?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        let escaped = cipher.decrypt_padded_vec::<Pkcs7>(&bytes).map_err(|_| DecryptError)?;
        String::from_utf8(percent_decode(&escaped).collect()).map_err(|_| DecryptError)
    }

    /// Encrypts a field, but keeps an empty one empty: the SDK does not decrypt the empty text.
    pub fn encrypt_field(&self, field: &str) -> String {
        match field.is_empty() {
            true => String::new(),
            false => self.encrypt(field),
        }
    }

    /// Decrypts a field. Returns one that does not decrypt unchanged: the SDK sends it plain if its own cipher fails.
    pub fn decrypt_field(&self, sent: &str) -> String {
        self.decrypt(sent).unwrap_or_else(|DecryptError| sent.to_owned())
    }
}

/// Lower case, as the vendor writes digests.
fn hex_digit(half: u8) -> u8 {
    match half {
        0..=9 => b'0' + half,
        _ => b'a' - 10 + half,
    }
}
