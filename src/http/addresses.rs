//! The absolute addresses the house hands out, and its own again when a client sends one back.

use std::num::NonZeroU16;

use url::Url;

use crate::domain::{
    avatar::{PictureKey, PictureKind, Rendition},
    error::Fault,
    id::Host,
};

/// What comes before the key of a default tile where a picture has its own key. No key has a `-`.
const TILE: &str = "tile-";

/// Digits of a side in pixels that are read; longer numbers are no sides.
const SIDE_DIGITS_MAX: usize = 5;

/// Makes addresses below the public base, and knows them again. The base is configured; no request header ever takes part.
#[derive(Debug, Clone)]
pub struct Addresses {
    base: Url,
    /// Without a slash at its end.
    text: String,
    socket_host: String,
    socket_port: u16,
}

/// What an address given by a client points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// One of our default tiles.
    Tile,
    /// A picture of ours, in whichever rendition, thumbnail form or by its media address.
    Owned(PictureKey),
    /// The stable address of the user with this handle: whatever that user shows at the time.
    Stable(PictureKey),
    /// Not ours, or nothing we ever handed out.
    Elsewhere,
}

impl Addresses {
    /// The host of the base, without its port.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Takes the public base: `http` or `https`, maybe with a path in front of everything.
    /// # Errors
    /// [`Fault::Malformed`] for another scheme, and for a user, password, query or fragment in it.
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

    /// Lets the WebSocket be elsewhere than the public base; what is not given stays.
    #[must_use]
    pub fn with_socket(self, host: Option<&Host>, port: Option<NonZeroU16>) -> Self {
        let socket_host = host.map_or(self.socket_host, |host| host.as_str().to_owned());
        Self { socket_host, socket_port: port.map_or(self.socket_port, NonZeroU16::get), ..self }
    }

    /// The host on which MirrorFly's SDK opens its WebSocket, and the domain of its JIDs.
    pub fn socket_host(&self) -> &str {
        &self.socket_host
    }

    /// The port on which MirrorFly's SDK opens its WebSocket: `wss://{host}:{port}/websocket`.
    pub fn socket_port(&self) -> u16 {
        self.socket_port
    }

    /// The public base, without a slash at its end.
    pub fn base(&self) -> &str {
        &self.text
    }

    /// The origin of our own pages: the public base without its path.
    pub fn origin(&self) -> String {
        self.base.origin().ascii_serialization()
    }

    /// A picture's public address. It holds `/upload/`, because Qiscus' SDK makes thumbnail addresses by rewriting that segment.
    pub fn picture(&self, key: &PictureKey, rendition: Rendition, kind: PictureKind) -> String {
        format!("{}/pictures/upload/{}/{}.{}", self.text, key.as_str(), rendition.name(), kind.extension())
    }

    /// The address of the tile drawn from `seed`, the text of a tile's seed.
    pub fn tile(&self, seed: &str) -> String {
        format!("{}/pictures/upload/{TILE}{seed}/full.png", self.text)
    }

    /// The address that always shows what the user of this handle shows.
    pub fn stable(&self, handle: &PictureKey, rendition: Rendition) -> String {
        format!("{}/pictures/of/{}/{}", self.text, handle.as_str(), rendition.name())
    }

    /// The address of a picture below MirrorFly's media path, where it needs a token of the app.
    pub fn media(&self, key: &PictureKey, rendition: Rendition) -> String {
        format!("{}/api/v1/media/{}", self.text, Self::token(key, rendition))
    }

    /// A picture's name where MirrorFly wants a bare token: letters, digits and `-`, because its SDK puts it into a path unescaped.
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

    /// Reads an address that a client gives. A query or fragment behind one of ours does not matter: apps add them against caches.
    pub fn read(&self, given: &str) -> Given {
        self.below(given).and_then(|path| read_path(&path)).unwrap_or(Given::Elsewhere)
    }

    /// Reads a media token that a client gives, bare or as a media address of ours.
    pub fn media_token(&self, given: &str) -> Option<(PictureKey, Rendition)> {
        read_token(given).or_else(|| read_token(self.below(given)?.strip_prefix("/api/v1/media/")?))
    }

    /// The path below our base, if `given` is an address of our scheme, host and port in plain letters.
    ///
    /// Nothing we hand out needs an escape, a user name, a backslash or a dot segment, so an address with one is not ours,
    /// whatever a parser makes of it.
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

fn read_path(path: &str) -> Option<Given> {
    let mut segments = path.strip_prefix('/')?.split('/');
    let given = match (segments.next()?, segments.next()?, segments.next()?) {
        ("pictures", "of", handle) => {
            rendition_named(segments.next()?)?;
            Given::Stable(PictureKey::parse(handle).ok()?)
        }
        ("pictures", "upload", first) => {
            let key = if thumbnail(first).is_some() { segments.next()? } else { first };
            let (rendition, _any_extension) = segments.next()?.split_once('.')?;
            rendition_named(rendition)?;
            match tile_seed(key) {
                Some(_seed) => Given::Tile,
                None => Given::Owned(PictureKey::parse(key).ok()?),
            }
        }
        ("api", "v1", "media") => Given::Owned(read_token(segments.next()?)?.0),
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

/// The picture that a bare media token names; an address is none.
pub fn bare_token(given: &str) -> Option<PictureKey> {
    read_token(given).map(|(key, _)| key)
}

/// The seed's text, where a key names a default tile.
pub fn tile_seed(key: &str) -> Option<&str> {
    key.strip_prefix(TILE)
}

/// The rendition an address names: `full`, or a side in pixels, rounded up to the ladder of squares.
pub fn rendition_named(name: &str) -> Option<Rendition> {
    match name {
        "full" => Some(Rendition::Full),
        side => side_px(side).map(Rendition::square_of_at_least),
    }
}

/// The square for a thumbnail segment as Qiscus' SDKs write it: `w_320,h_320,c_limit`, and the smallest for one that ends in `,e_blur:300`.
///
/// Any width and height are read, not just the SDKs' 320: the larger one counts.
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
