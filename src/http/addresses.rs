//! The absolute addresses that the server hands out, and their recognition when a client sends one back.

use std::num::NonZeroU16;

use url::Url;

use crate::domain::{Fault, Host, PictureKey, PictureKind, Rendition};

/// The prefix of a default tile's name, where a picture has its key. No key contains `-`.
const TILE: &str = "tile-";

const SIDE_DIGITS_MAX: usize = 5;

/// Below the configured public base. Request headers have no influence.
#[derive(Debug, Clone)]
pub struct Addresses {
    base: Url,
    text: String,
    socket_host: String,
    socket_port: u16,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddressTarget {
    Tile,
    Owned(PictureKey),
    /// The stable address of the user with this handle, which shows that user's current picture.
    Stable(PictureKey),
    /// Not ours, or never handed out.
    Elsewhere,
}

impl Addresses {
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// # Errors
    /// [`Fault::Malformed`] for a scheme but `http` and `https`, and for a user, password, query or fragment.
    pub fn new(base: &Url) -> Result<Self, Fault> {
        let is_plain = base.username().is_empty()
            && base.password().is_none()
            && base.query().is_none()
            && base.fragment().is_none();
        if !is_plain || !matches!(base.scheme(), "http" | "https") {
            return Err(Fault::Malformed("an http or https address without user, query and fragment"));
        }
        Ok(Self {
            text: base.as_str().trim_end_matches('/').to_owned(),
            socket_host: base.host_str().unwrap_or_default().to_owned(),
            socket_port: base.port_or_known_default().unwrap_or_default(),
            base: base.clone(),
        })
    }

    /// Overrides host and port of the WebSocket; what is None stays.
    #[must_use]
    pub fn with_socket(self, host: Option<&Host>, port: Option<NonZeroU16>) -> Self {
        let socket_host = host.map_or(self.socket_host, |host| host.as_str().to_owned());
        Self { socket_host, socket_port: port.map_or(self.socket_port, NonZeroU16::get), ..self }
    }

    /// MirrorFly's SDK opens its WebSocket at `wss://{host}:{port}/websocket`; the host is also the domain of its JIDs.
    pub fn socket_host(&self) -> &str {
        &self.socket_host
    }

    pub fn socket_port(&self) -> u16 {
        self.socket_port
    }

    pub fn base(&self) -> &str {
        &self.text
    }

    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// Contains `/upload/`, because Qiscus' SDK rewrites that segment to make thumbnail addresses.
    pub fn picture(&self, key: &PictureKey, rendition: Rendition, kind: PictureKind) -> String {
        format!("{}/pictures/upload/{}/{}.{}", self.text, key.as_str(), rendition.name(), kind.extension())
    }

    pub fn tile(&self, seed: &str) -> String {
        format!("{}/pictures/upload/{TILE}{seed}/full.png", self.text)
    }

    pub fn stable(&self, handle: &PictureKey, rendition: Rendition) -> String {
        format!("{}/pictures/of/{}/{}", self.text, handle.as_str(), rendition.name())
    }

    /// Returns the address of a picture below MirrorFly's media path, which needs a token of the app.
    pub fn media(&self, key: &PictureKey, rendition: Rendition) -> String {
        format!("{}/api/v1/media/{}", self.text, Self::token(key, rendition))
    }

    /// Returns letters, digits and `-`, because MirrorFly's SDK puts the token into a path unescaped.
    pub fn token(key: &PictureKey, rendition: Rendition) -> String {
        match rendition {
            Rendition::Full => key.as_str().to_owned(),
            Rendition::Square48
            | Rendition::Square96
            | Rendition::Square192
            | Rendition::Square320
            | Rendition::Square512 => format!("{}-{}", key.as_str(), rendition.name()),
        }
    }

    /// Reads an address from a client. A query or fragment is ignored: apps add them to bypass caches.
    pub fn read(&self, given: &str) -> AddressTarget {
        self.below(given).and_then(|path| read_path(&path)).unwrap_or(AddressTarget::Elsewhere)
    }

    pub fn media_token(&self, given: &str) -> Option<(PictureKey, Rendition)> {
        read_token(given).or_else(|| read_token(self.below(given)?.strip_prefix("/api/v1/media/")?))
    }

    /// Returns the path below our base of an address of our scheme, host and port. Ours never need an escape, user
    /// name, backslash or dot segment, so an address with one of these is not ours, however a parser reads it.
    fn below(&self, given: &str) -> Option<String> {
        if given.contains(['%', '\\', '@']) || given.contains("..") || !given.bytes().all(|b| b.is_ascii_graphic()) {
            return None;
        }
        let given = Url::parse(given).ok()?;
        let same_origin = given.scheme() == self.base.scheme()
            && given.host_str() == self.base.host_str()
            && given.port_or_known_default() == self.base.port_or_known_default();
        let prefix = self.base.path().trim_end_matches('/');
        same_origin.then(|| given.path().strip_prefix(prefix).map(str::to_owned)).flatten()
    }
}

fn read_path(path: &str) -> Option<AddressTarget> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let given = match (segments.next()?, segments.next()?, segments.next()?) {
        ("pictures", "of", handle) => {
            rendition_named(segments.next()?)?;
            AddressTarget::Stable(PictureKey::parse(handle).ok()?)
        }
        ("pictures", "upload", first) => {
            let key = if thumbnail(first).is_some() { segments.next()? } else { first };
            let (rendition, _any_extension) = segments.next()?.split_once('.')?;
            rendition_named(rendition)?;
            match tile_seed(key) {
                Some(_seed) => AddressTarget::Tile,
                None => AddressTarget::Owned(PictureKey::parse(key).ok()?),
            }
        }
        ("api", "v1", "media") => AddressTarget::Owned(read_token(segments.next()?)?.0),
        _ => return None,
    };
    segments.next().is_none().then_some(given)
}

fn read_token(token: &str) -> Option<(PictureKey, Rendition)> {
    let (key, rendition) = match token.split_once('-') {
        Some((key, side)) => (key, rendition_named(side)?),
        None => (token, Rendition::Full),
    };
    Some((PictureKey::parse(key).ok()?, rendition))
}

pub fn bare_token(given: &str) -> Option<PictureKey> {
    read_token(given).map(|(key, _)| key)
}

pub fn tile_seed(key: &str) -> Option<&str> {
    key.strip_prefix(TILE)
}

/// Reads `full`, or a side in pixels, rounded up to the next stored square.
pub fn rendition_named(name: &str) -> Option<Rendition> {
    match name {
        "full" => Some(Rendition::Full),
        side => side_px(side).map(Rendition::square_of_at_least),
    }
}

/// Reads a thumbnail segment of Qiscus' SDKs: `w_320,h_320,c_limit`, whose larger side counts, or `,e_blur:300` for the
/// smallest.
pub fn thumbnail(segment: &str) -> Option<Rendition> {
    let mut parts = segment.split(',');
    let width_px = side_px(parts.next()?.strip_prefix("w_")?)?;
    let height_px = side_px(parts.next()?.strip_prefix("h_")?)?;
    parts.next().filter(|part| *part == "c_limit")?;
    let square = match parts.next() {
        None => Rendition::square_of_at_least(width_px.max(height_px)),
        Some(blur) => {
            side_px(blur.strip_prefix("e_blur:")?)?;
            Rendition::Square48
        }
    };
    parts.next().is_none().then_some(square)
}

fn side_px(digits: &str) -> Option<u32> {
    let is_number = digits.len() <= SIDE_DIGITS_MAX && digits.bytes().all(|b| b.is_ascii_digit());
    digits.parse().ok().filter(|side| is_number && *side > 0)
}
