//! The vendor's codec: AES-256-CBC with keys that every client knows, and two layers of text around it.
//!
//! It hides nothing: the licence key sits in every web page, the profile keys are made of user ids, and nothing tells a changed
//! message from the one that was sent. It is an encoding that the vendor's SDK insists on; who may do what is decided by tokens and
//! passwords alone. Source: observed on the SDK's own wire, with its vectors in `tests/house/mirrorfly_users/codec.rs`.

use std::fmt;

use aes::{
    Aes256,
    cipher::{BlockModeDecrypt as _, BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};
use sha2::{Digest as _, Sha256};

/// Of a key: the first half of a SHA-256 in hexadecimal digits, each digit one byte.
const KEY_BYTES: usize = 32;

/// Of an initialisation vector: one block of the cipher.
const IV_BYTES: usize = 16;

/// The initialisation vector of everything that is no profile field. The config names it to clients as `iv`.
pub const FIXED_IV: &str = "ddc0f15cc2c90fca";

/// How often the licence key or the user name stands in the text its key is made of.
const REPEATED_TIMES: usize = 3;

/// What JavaScript's `encodeURIComponent` escapes: all but letters, digits and these nine marks.
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

/// One key and one initialisation vector; both ends make the same ones from what they know.
#[derive(Clone, PartialEq, Eq)]
pub struct Codec {
    key: [u8; KEY_BYTES],
    iv: [u8; IV_BYTES],
}

/// A text that this codec did not make. Why is not told: whether the padding or the text was wrong is nobody's business.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Undecipherable;

impl fmt::Display for Undecipherable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cannot be decrypted")
    }
}

impl std::error::Error for Undecipherable {}

/// No key in a log.
impl fmt::Debug for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Codec(***)")
    }
}

impl Codec {
    /// Of live registration, both ways, and of the password in a live login: what the app's licence key makes.
    pub fn of_license(license_key: &str) -> Self {
        Self::new(&license_key.repeat(REPEATED_TIMES), FIXED_IV)
    }

    /// Of the answer of `GET /users/config`: what the caller's user name makes.
    pub fn of_username(username: &str) -> Self {
        Self::new(&username.repeat(REPEATED_TIMES), FIXED_IV)
    }

    /// Of the licence key in a question for the licence: constants of the SDK.
    pub fn of_license_question() -> Self {
        Self::new("OP~9o4i=DD19NBSfWi)=MRX0E]!m9Z)=", "pVkZxWf0OM73viRr")
    }

    /// Of the profile fields nickName, email and mobileNumber.
    ///
    /// `owner` is the id of the profile's user, exactly as it stands on the wire beside the fields. `iv_text` is the app's licence key: the
    /// config names it as `ivProfile`, and a client on plain `ws://`, which does not read the config, uses it by itself. A vector that is too
    /// short is filled with zero bytes; what is beyond its length is not used.
    pub fn of_profile(owner: &str, iv_text: &str) -> Self {
        Self::new(owner, iv_text)
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

    /// Escapes, encrypts, and writes in standard base64. The empty text has a ciphertext too; see [`Codec::encrypt_field`].
    pub fn encrypt(&self, text: &str) -> String {
        let escaped: String = utf8_percent_encode(text, ESCAPED).collect();
        let cipher = cbc::Encryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(escaped.as_bytes()))
    }

    /// The way back. A `%` that begins no escape stands for itself.
    /// # Errors
    /// [`Undecipherable`] for what is no padded standard base64, no whole number of blocks, wrongly padded, or no UTF-8 in the end.
    pub fn decrypt(&self, encrypted: &str) -> Result<String, Undecipherable> {
        let bytes = STANDARD.decode(encrypted).map_err(|_| Undecipherable)?;
        let cipher = cbc::Decryptor::<Aes256>::new(&self.key.into(), &self.iv.into());
        let escaped = cipher.decrypt_padded_vec::<Pkcs7>(&bytes).map_err(|_| Undecipherable)?;
        String::from_utf8(percent_decode(&escaped).collect()).map_err(|_| Undecipherable)
    }

    /// As [`Codec::encrypt`], but an empty field stays empty: the SDK decrypts no empty text.
    pub fn encrypt_field(&self, field: &str) -> String {
        match field.is_empty() {
            true => String::new(),
            false => self.encrypt(field),
        }
    }

    /// A field as a client sent it. What does not decrypt is the field itself: the SDK sends it in clear where its own cipher fails.
    pub fn decrypt_field(&self, sent: &str) -> String {
        self.decrypt(sent).unwrap_or_else(|Undecipherable| sent.to_owned())
    }
}

/// Lower case, as the vendor writes digests.
fn hex_digit(half: u8) -> u8 {
    match half {
        0..=9 => b'0' + half,
        _ => b'a' - 10 + half,
    }
}
