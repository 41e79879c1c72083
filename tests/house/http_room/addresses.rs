//! Our own addresses: built, recognised, and distinguished from similar ones.

use std::num::NonZeroU16;

use standin::{
    domain::{
        avatar::{PictureKey, PictureKind, Rendition},
        id::Host,
    },
    http::addresses::{AddressTarget, Addresses, rendition_named, thumbnail},
};
use url::Url;

const KEY: &str = "0123456789abcdefABCDEF";

fn server(base: &str) -> Addresses {
    Addresses::new(&Url::parse(base).unwrap()).unwrap()
}

fn key() -> PictureKey {
    PictureKey::parse(KEY).unwrap()
}

#[test]
fn every_address_is_recognised_under_every_base() {
    let bases = [
        "http://127.0.0.1:8080",
        "https://chat.example.test/",
        "https://chat.example.test/a/b",
        "https://chat.example.test/a/b/",
        "http://[::1]:9/x",
    ];
    for base in bases {
        let server = server(base);
        assert!(!server.base().ends_with('/'));
        for rendition in Rendition::ALL {
            for kind in [PictureKind::Jpeg, PictureKind::Png] {
                assert_eq!(server.read(&server.picture(&key(), rendition, kind)), AddressTarget::Owned(key()));
            }
            assert_eq!(server.read(&server.stable(&key(), rendition)), AddressTarget::Stable(key()));
            let media = server.media(&key(), rendition);
            assert_eq!(server.read(&media), AddressTarget::Owned(key()));
            assert_eq!(server.media_token(&media), Some((key(), rendition)));
            assert_eq!(server.media_token(&Addresses::token(&key(), rendition)), Some((key(), rendition)));
        }
        assert_eq!(server.read(&server.tile("00ff00ff00ff00ff")), AddressTarget::Tile);
    }
}

#[test]
fn addresses_look_as_documented() {
    let server = server("HTTPS://Chat.Example.Test:443/base/");
    let base = "https://chat.example.test/base";
    assert_eq!(
        server.picture(&key(), Rendition::Full, PictureKind::Jpeg),
        format!("{base}/pictures/upload/{KEY}/full.jpg")
    );
    assert_eq!(
        server.picture(&key(), Rendition::Square96, PictureKind::Png),
        format!("{base}/pictures/upload/{KEY}/96.png")
    );
    assert_eq!(server.tile("seed"), format!("{base}/pictures/upload/tile-seed/full.png"));
    assert_eq!(server.stable(&key(), Rendition::Square192), format!("{base}/pictures/of/{KEY}/192"));
    assert_eq!(server.media(&key(), Rendition::Full), format!("{base}/api/v1/media/{KEY}"));
    assert_eq!(server.media(&key(), Rendition::Square48), format!("{base}/api/v1/media/{KEY}-48"));
}

#[test]
fn qiscus_thumbnail_forms_of_our_pictures_are_ours() {
    let server = server("https://chat.example.test/p");
    for path in [
        format!("upload/w_320,h_320,c_limit/{KEY}/full.png"),
        format!("upload/w_320,h_320,c_limit,e_blur:300/{KEY}/full.png"),
        format!("upload/{KEY}/full.png"),
        format!("upload/{KEY}/100.webp"),
        format!("upload/{KEY}/full.jpg?t=1699999999#x"),
    ] {
        assert_eq!(
            server.read(&format!("https://chat.example.test/p/pictures/{path}")),
            AddressTarget::Owned(key()),
            "{path}"
        );
    }
    let tile = "https://chat.example.test/p/pictures/upload/w_320,h_320,c_limit/tile-ab/full.png";
    assert_eq!(server.read(tile), AddressTarget::Tile);
    for same in ["HTTPS://CHAT.example.TEST/p", "https://chat.example.test:443/p"] {
        assert_eq!(
            server.read(&format!("{same}/pictures/upload/{KEY}/full.jpg")),
            AddressTarget::Owned(key()),
            "{same}"
        );
    }
}

#[test]
fn lookalikes_are_elsewhere() {
    let server = server("https://chat.example.test/p");
    let path = format!("/p/pictures/upload/{KEY}/full.jpg");
    for given in [
        format!("https://chat.example.test.evil{path}"),
        format!("https://evil{path}"),
        format!("https://chat.example.test@evil{path}"),
        format!("https://evil@chat.example.test{path}"),
        format!("https://chat.example.test:x@evil{path}"),
        format!("https://chat.example.test\\@evil{path}"),
        format!("https://evil#chat.example.test{path}"),
        format!("https://evil?chat.example.test{path}"),
        format!("http://chat.example.test{path}"),
        format!("https://chat.example.test:444{path}"),
        format!("https://chat.example.test:80{path}"),
        format!("https://chat.example.test.{path}"),
        format!("ftp://chat.example.test{path}"),
        format!("//chat.example.test{path}"),
        format!("javascript:https://chat.example.test{path}"),
        format!("https://chat.example.test/pictures/upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/px/pictures/upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/x/../pictures/upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/../upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/%2e%2e/upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures%2Fupload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}/%66ull.jpg"),
        format!("https://chat.example.test/p\\pictures/upload/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload//{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}/full.jpg/x"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}/full"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}/other.jpg"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}x/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/w_1/{KEY}/full.jpg"),
        format!("https://chat.example.test/p/pictures/upload/{KEY}"),
        format!("https://chat.example.test/p/Pictures/upload/{KEY}/full.jpg"),
        format!(" https://chat.example.test{path}"),
        format!("https://chat.example.test{path}\n"),
        format!("https://chat.exam\u{200B}ple.test{path}"),
        format!("https://\u{FF43}hat.example.test{path}"),
        "https://chat.example.test/p".to_owned(),
        "https://chat.example.test/p/pictures/of/short/full".to_owned(),
        KEY.to_owned(),
        String::new(),
    ] {
        assert_eq!(server.read(&given), AddressTarget::Elsewhere, "{given}");
    }
}

#[test]
fn media_tokens_are_read_bare_and_as_addresses_only() {
    let server = server("https://chat.example.test");
    assert_eq!(server.media_token(&format!("{KEY}-100")), Some((key(), Rendition::Square192)));
    let with_query = format!("https://chat.example.test/api/v1/media/{KEY}?mf=1");
    assert_eq!(server.media_token(&with_query), Some((key(), Rendition::Full)));
    for given in [
        String::new(),
        format!("{KEY}x"),
        format!("{KEY}-"),
        format!("{KEY}-0"),
        format!("{KEY}-96-96"),
        format!("{KEY}/96"),
        format!("../{KEY}"),
        format!("https://evil/api/v1/media/{KEY}"),
        format!("https://chat.example.test/api/v1/media/{KEY}/x"),
    ] {
        assert_eq!(server.media_token(&given), None, "{given}");
    }
}

#[test]
fn sizes_round_up_to_the_ladder() {
    for (name, rendition) in [
        ("full", Rendition::Full),
        ("1", Rendition::Square48),
        ("48", Rendition::Square48),
        ("49", Rendition::Square96),
        ("96", Rendition::Square96),
        ("100", Rendition::Square192),
        ("320", Rendition::Square320),
        ("512", Rendition::Square512),
        ("513", Rendition::Square512),
        ("99999", Rendition::Square512),
    ] {
        assert_eq!(rendition_named(name), Some(rendition), "{name}");
    }
    for name in ["", "0", "-1", "+1", "1.5", "Full", "100000", "99999999999999999999", "96px", "\u{0661}"] {
        assert_eq!(rendition_named(name), None, "{name}");
    }
}

#[test]
fn thumbnail_segments_are_read_as_the_sdk_writes_them() {
    for (segment, square) in [
        ("w_320,h_320,c_limit", Rendition::Square320),
        ("w_320,h_320,c_limit,e_blur:300", Rendition::Square48),
        ("w_40,h_100,c_limit", Rendition::Square192),
        ("w_9000,h_1,c_limit", Rendition::Square512),
    ] {
        assert_eq!(thumbnail(segment), Some(square), "{segment}");
    }
    for segment in [
        "",
        "w_320",
        "w_320,h_320",
        "h_320,w_320,c_limit",
        "w_0,h_320,c_limit",
        "w_320,h_320,c_fill",
        "w_320,h_320,c_limit,",
        "w_320,h_320,c_limit,e_blur:",
        "w_320,h_320,c_limit,e_blur:300,x",
        "w_-1,h_320,c_limit",
        "w_999999,h_320,c_limit",
    ] {
        assert_eq!(thumbnail(segment), None, "{segment}");
    }
}

#[test]
fn a_base_that_cannot_stand_in_front_is_refused() {
    for base in ["ftp://x/", "https://u@x/", "https://u:p@x/", "https://x/?a", "https://x/#a", "data:x"] {
        assert!(Addresses::new(&Url::parse(base).unwrap()).is_err(), "{base}");
    }
}

#[test]
fn the_socket_uses_host_and_port_of_the_base_unless_set() {
    let socket = |server: &Addresses| (server.socket_host().to_owned(), server.socket_port());
    assert_eq!(socket(&server("https://chat.example.test/a")), ("chat.example.test".to_owned(), 443));
    assert_eq!(socket(&server("http://chat.example.test")), ("chat.example.test".to_owned(), 80));
    assert_eq!(socket(&server("http://127.0.0.1:8080")), ("127.0.0.1".to_owned(), 8080));
    let (host, port) = (Host::parse("ws.example.test").unwrap(), NonZeroU16::new(8443));
    let reported = |host, port| socket(&server("https://chat.example.test").with_socket(host, port));
    assert_eq!(reported(Some(&host), port), ("ws.example.test".to_owned(), 8443));
    assert_eq!(reported(Some(&host), None), ("ws.example.test".to_owned(), 443));
    assert_eq!(reported(None, port), ("chat.example.test".to_owned(), 8443));
}
