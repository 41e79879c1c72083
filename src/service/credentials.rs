//! Secrets: the only file that uses ciphers, hashes or randomness for our own secrets.
//!
//! *Chosen* passwords are stored as argon2id hashes. *Derived* secrets, which a vendor's call must show again, are
//! computed from the server key and a salt in the row. *Random* tickets are shown once and stored as a digest.

use std::cell::RefCell;

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{self, CustomizedPasswordHasher, PasswordVerifier, phc},
};
use chacha20poly1305::{
    XChaCha20Poly1305, XNonce,
    aead::{Aead, Generate, KeyInit as _, Payload},
};
use hmac::{Hmac, Mac};
use rand::{
    RngExt,
    distr::{Alphanumeric, SampleString, Uniform},
};
use sha2::{Digest as _, Sha256, Sha384, Sha512};
use subtle::ConstantTimeEq;

use super::{conversations::Drawn, thread_pool::ThreadPool};
use crate::{
    domain::{
        AppKey, DerivedSecret, Digest, Error, Fault, MessageNumbers, Moment, Network, PasswordHash, PictureKey, Salt,
        SealedSecret, Secret, ServerKey, UserId, secret,
    },
    fair::{FairBounds, FairQueue},
};

/// 27 characters of 62 hold 160 bits.
const TICKET_CHARS: usize = 27;

/// 22 characters of 62 hold 128 bits.
const DERIVED_CHARS: usize = 22;

/// Hashes that may wait beyond those being computed; more get [`Error::Busy`].
const HASHES_WAITING_MAX: usize = 1024;

/// Hashes of one caller, running or waiting: a quarter of the queue.
const HASHES_OF_CALLER_MAX: usize = HASHES_WAITING_MAX / 4;

/// Whose share of the hashing queue a hash takes. A login takes a share of its network and of the account it tries.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum HashCaller {
    /// A client by its network; None on a Unix socket.
    Client(Option<Network>),
    /// An account of an app, whether or not it exists.
    Account(AppKey, UserId),
    /// All clients that register with an app's public keys: one caller, whatever their addresses.
    Registrations(AppKey),
    App(AppKey),
    Operator,
}

/// What a derived secret is for. It is part of the derivation, so secrets of two kinds are never equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    UserToken,
    IssuedPassword,
    /// Used if the operator gave no password.
    AccountPassword,
    SessionToken,
    /// Renews that token.
    RefreshToken,
}

/// What a sealed secret is. Bound into the seal, so that one kind cannot replace the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SealedKind {
    AppSecret,
    LicenseKey,
}

#[derive(Clone)]
pub struct Keyring {
    /// The 32 bytes of the key, padded with zeros to HMAC's block as HMAC itself does.
    key: [u8; 64],
    hashing: FairQueue<HashCaller>,
    threads: ThreadPool,
}

impl Keyring {
    /// `hashes_at_once` argon2 computations (19 MiB and 12 ms each) run in parallel, on threads of their own.
    pub fn new(key: &ServerKey, hashes_at_once: usize) -> Self {
        let mut block = [0; 64];
        block.iter_mut().zip(key.expose()).for_each(|(byte, given)| *byte = *given);
        let at_once = hashes_at_once.max(1);
        let bounds = FairBounds {
            running_max: at_once,
            // A single caller uses all threads: a hash takes 12 ms, and the next turn goes to another.
            running_each_max: at_once,
            waiting_max: HASHES_WAITING_MAX,
            calls_each_max: HASHES_OF_CALLER_MAX,
            what: None,
        };
        // One thread per turn, and as many waiting jobs: a thread that gave its turn back may not have taken the next
        // job yet.
        Self { key: block, hashing: FairQueue::new(bounds), threads: ThreadPool::new(at_once, at_once) }
    }

    pub fn fresh_key() -> ServerKey {
        ServerKey::new(rand::random())
    }

    pub fn fingerprint(&self) -> Digest {
        Digest(Sha256::digest(self.mac(&[b"fingerprint"])).into())
    }

    /// Returns the key as text, as in its file: for a backup, never for a log.
    pub fn exported(&self) -> Secret {
        Secret::new(self.key.iter().take(32).map(|byte| format!("{byte:02x}")).collect::<String>())
    }

    fn mac(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new((&self.key).into());
        for part in parts {
            // The lengths separate neighbouring parts.
            mac.update(&(part.len() as u64).to_be_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    /// Computes a derived secret from its salt.
    pub fn derive(&self, purpose: Purpose, app: AppKey, user: &UserId, salt: Salt) -> Secret {
        let purpose: &[u8] = match purpose {
            Purpose::UserToken => b"user token",
            Purpose::IssuedPassword => b"issued password",
            Purpose::AccountPassword => b"account password",
            Purpose::SessionToken => b"session token",
            Purpose::RefreshToken => b"refresh token",
        };
        self.derived(&[purpose, &app.0.to_be_bytes(), user.as_str().as_bytes(), &salt.0])
    }

    fn derived(&self, parts: &[&[u8]]) -> Secret {
        let mac = self.mac(parts);
        let (head, _) = mac.split_at(16);
        let number = head.iter().fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
        Secret::new(format!("{:0>DERIVED_CHARS$}", base62::encode(number)))
    }

    /// Returns the proof that follows the head of a nonce of this app and process.
    pub fn nonce_tail(&self, app: AppKey, run: Salt, head: &str) -> Secret {
        self.derived(&[b"nonce", &app.0.to_be_bytes(), &run.0, head.as_bytes()])
    }

    /// Returns the token that an administrator's page repeats in each changing call. No row keeps it: it is derived
    /// from the ticket.
    pub fn csrf_of(&self, ticket: &str) -> Secret {
        self.derived(&[b"csrf", ticket.as_bytes()])
    }

    pub fn draw(&self, purpose: Purpose, app: AppKey, user: &UserId) -> DerivedSecret {
        let salt = Salt(rand::random());
        DerivedSecret { salt, digest: digest(self.derive(purpose, app, user, salt).expose()) }
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new((&self.mac(&[b"seal"])).into())
    }

    /// # Errors
    /// `Internal` if the cipher fails.
    pub fn seal(&self, kind: SealedKind, clear: &Secret) -> Result<SealedSecret, Error> {
        let nonce = XNonce::generate();
        let payload = Payload { msg: clear.expose().as_bytes(), aad: kind.bound() };
        let sealed =
            self.cipher().encrypt(&nonce, payload).map_err(|_| Error::internal("a secret could not be sealed"))?;
        Ok(SealedSecret([nonce.as_slice(), &sealed].concat()))
    }

    /// # Errors
    /// `Internal` if the row is damaged or was sealed under another key.
    pub fn unseal(&self, kind: SealedKind, sealed: &SealedSecret) -> Result<Secret, Error> {
        let refused =
            || Error::internal("a sealed secret does not open: its row is damaged, or the server key is another");
        let (nonce, sealed) = sealed.0.split_at_checked(24).ok_or_else(refused)?;
        let nonce = XNonce::try_from(nonce).map_err(|_| refused())?;
        let clear = self.cipher().decrypt(&nonce, Payload { msg: sealed, aad: kind.bound() }).map_err(|_| refused())?;
        String::from_utf8(clear).map(Secret::new).map_err(|_| refused())
    }

    /// Takes a queue share of each of the `callers`.
    /// # Errors
    /// [`Error::Busy`] if too many wait.
    pub async fn hash(&self, password: &Secret, callers: &[HashCaller]) -> Result<PasswordHash, Error> {
        let password = password.clone();
        self.in_turn(callers, move || hash_now(&password)).await
    }

    /// Without a hash it does the same work and returns false, so that an unknown user costs as much as a wrong
    /// password.
    /// # Errors
    /// [`Error::Busy`] if too many wait.
    pub async fn verify(
        &self,
        password: &Secret,
        hash: Option<PasswordHash>,
        callers: &[HashCaller],
    ) -> Result<bool, Error> {
        let password = password.clone();
        self.in_turn(callers, move || match hash {
            Some(hash) => phc::PasswordHash::new(&hash.0)
                .map(|hash| Hasher.verify_password(password.expose().as_bytes(), &hash).is_ok())
                .map_err(|_| Error::internal("a stored password hash cannot be read")),
            None => hash_now(&password).map(|_| false),
        })
        .await
    }

    async fn in_turn<T: Send + 'static>(
        &self,
        callers: &[HashCaller],
        work: impl FnOnce() -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let turn = self.hashing.enter(callers).await?;
        // The work keeps the turn: if the caller hangs up, the thread is still busy until the hash is done.
        let working = self.threads.run(move || {
            let worked = work();
            drop(turn);
            worked
        });
        working.await?
    }
}

impl SealedKind {
    fn bound(self) -> &'static [u8] {
        match self {
            Self::AppSecret => b"app secret",
            Self::LicenseKey => b"licence key",
        }
    }
}

/// argon2id with 19 MiB, two passes, one lane: the crate's default and OWASP's first choice.
fn hash_now(password: &Secret) -> Result<PasswordHash, Error> {
    let salt = phc::Salt::generate();
    Hasher
        .hash_password_with_params(password.expose().as_bytes(), &salt, Params::DEFAULT)
        .map(|hash| PasswordHash(hash.to_string()))
        .map_err(|_| Error::internal("argon2 failed"))
}

/// argon2 with memory that its thread keeps: 19 MiB per login left holes of up to 58 MiB per allocator arena.
struct Hasher;

thread_local! {
    static BLOCKS: RefCell<Vec<Block>> = const { RefCell::new(Vec::new()) };
}

impl CustomizedPasswordHasher<phc::PasswordHash> for Hasher {
    type Params = Params;

    fn hash_password_customized(
        &self,
        password: &[u8],
        salt: &[u8],
        algorithm: Option<&str>,
        version: Option<u32>,
        params: Params,
    ) -> password_hash::Result<phc::PasswordHash> {
        let algorithm = algorithm.map(Algorithm::try_from).transpose()?.unwrap_or_default();
        let version = version.map(Version::try_from).transpose()?.unwrap_or_default();
        let salt = phc::Salt::new(salt)?;
        let mut out = [0; phc::Output::MAX_LENGTH];
        let bytes = params.output_len().unwrap_or(Params::DEFAULT_OUTPUT_LEN);
        let out = out.get_mut(..bytes).ok_or(password_hash::Error::OutputSize)?;
        let (blocks, written) = (params.block_count(), phc::ParamsString::try_from(&params)?);
        BLOCKS.with_borrow_mut(|memory| {
            memory.resize(blocks, Block::default());
            Argon2::new(algorithm, version, params).hash_password_into_with_memory(password, &salt, out, memory)
        })?;
        Ok(phc::PasswordHash {
            algorithm: algorithm.ident(),
            version: Some(version.into()),
            params: written,
            salt: Some(salt),
            hash: Some(phc::Output::new(out)?),
        })
    }
}

pub fn is_outdated(hash: &PasswordHash) -> bool {
    let costs_as_much = |hash: &phc::PasswordHash| {
        let ours = Params::DEFAULT;
        let enough = |given: Params| given.m_cost() >= ours.m_cost() && given.t_cost() >= ours.t_cost();
        hash.algorithm == Algorithm::Argon2id.ident()
            && hash.version == Some(Version::V0x13.into())
            && Params::try_from(hash).is_ok_and(enough)
    };
    phc::PasswordHash::new(&hash.0).is_ok_and(|hash| !costs_as_much(&hash))
}

/// # Errors
/// `Invalid` at `password`, naming the bound.
pub fn check_chosen(password: &Secret, chars_min: u16) -> Result<(), Error> {
    let chars_min = usize::from(chars_min);
    secret::password(password.expose()).map_err(|fault| fault.at("password"))?;
    match password.expose().chars().count() < chars_min {
        true => Err(Fault::TooFewCharacters { chars_min }.at("password")),
        false => Ok(()),
    }
}

/// SHA-256. For secrets of 128 random bits it is as good as a slow hash, and 250,000 times cheaper.
pub fn digest(secret: &str) -> Digest {
    Digest(Sha256::digest(secret.as_bytes()).into())
}

pub fn matches(given: &str, expected: &Digest) -> bool {
    digest(given).0.ct_eq(&expected.0).into()
}

/// Digests the secret once. Takes the same time for either.
pub fn matches_either(given: &str, expected: [&Digest; 2]) -> bool {
    let given = digest(given);
    let [one, other] = expected.map(|expected| given.0.ct_eq(&expected.0));
    (one | other).into()
}

pub fn new_ticket() -> (Secret, Digest) {
    let ticket = Alphanumeric.sample_string(&mut rand::rng(), TICKET_CHARS);
    let digest = digest(&ticket);
    (Secret::new(ticket), digest)
}

/// Draws what a new conversation, or a message without Tencent's numbers, gets by chance.
pub(super) fn draw_for_message(now: Moment) -> Drawn {
    let (unique, seq, random): (u128, u32, u32) = rand::random();
    let client_time_s = u32::try_from(now.unix_s()).unwrap_or_default();
    Drawn { unique_id: format!("{unique:032x}"), numbers: MessageNumbers { seq, random, client_time_s } }
}

pub fn new_salt() -> Salt {
    Salt(rand::random())
}

/// Characters of a nonce's head: eight for the expiry second, ten random.
pub const NONCE_HEAD_CHARS: usize = 18;

const NONCE_END_CHARS: usize = 8;

pub fn new_nonce_head(end_s: u64) -> String {
    let end = base62::encode(end_s);
    let random = Alphanumeric.sample_string(&mut rand::rng(), NONCE_HEAD_CHARS - NONCE_END_CHARS);
    format!("{end:0>NONCE_END_CHARS$}{random}")
}

pub fn nonce_end_s(head: &str) -> Option<u64> {
    u64::try_from(base62::decode(head.get(..NONCE_END_CHARS)?).ok()?).ok()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HmacAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

/// Compares in constant time.
pub fn is_signed(signing: HmacAlgorithm, key: &Secret, message: &[u8], signature: &[u8]) -> bool {
    let key = key.expose().as_bytes();
    match signing {
        HmacAlgorithm::Sha256 => has_mac(Hmac::<Sha256>::new_from_slice(key), message, signature),
        HmacAlgorithm::Sha384 => has_mac(Hmac::<Sha384>::new_from_slice(key), message, signature),
        HmacAlgorithm::Sha512 => has_mac(Hmac::<Sha512>::new_from_slice(key), message, signature),
    }
}

/// HMAC-SHA-256.
pub fn sign(key: &Secret, message: &[u8]) -> Result<[u8; 32], Error> {
    let mac = Hmac::<Sha256>::new_from_slice(key.expose().as_bytes()).map_err(Error::internal)?;
    Ok(mac.chain_update(message).finalize().into_bytes().into())
}

fn has_mac<M: Mac, E>(mac: Result<M, E>, message: &[u8], signature: &[u8]) -> bool {
    mac.is_ok_and(|mac| mac.chain_update(message).verify_slice(signature).is_ok())
}

pub fn new_picture_key() -> Result<PictureKey, Error> {
    PictureKey::parse(&Alphanumeric.sample_string(&mut rand::rng(), PictureKey::CHARS)).map_err(Error::internal)
}

/// 64 hex characters, as Tencent's console makes them.
pub fn new_app_secret() -> Secret {
    Secret::new(format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()))
}

/// 32 letters and digits.
pub fn new_license_key() -> Secret {
    Secret::new(Alphanumeric.sample_string(&mut rand::rng(), 32))
}

/// `app-` and eight letters or digits.
pub fn new_app_id() -> String {
    format!("app-{}", Alphanumeric.sample_string(&mut rand::rng(), 8).to_ascii_lowercase())
}

/// Ten digits that begin as the vendor's own do.
pub fn new_sdk_app_id() -> Result<u64, Error> {
    let numbers = Uniform::new(1_400_000_000_u64, 1_500_000_000).map_err(Error::internal)?;
    Ok(rand::rng().sample(numbers))
}
