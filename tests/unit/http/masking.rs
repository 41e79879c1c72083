//! Tests of `src/http/showing.rs`.

use super::*;

fn shown(target: &str) -> String {
    MaskedTarget(&target.parse().unwrap()).to_string()
}

#[test]
fn known_content_is_shown_and_secrets_are_masked() {
    for (target, expected) in [
        (
            "/api/v2.1/rest/user_profile?user_id=guest@qiscus.com",
            "/api/v2.1/rest/user_profile?user_id=guest@qiscus.com",
        ),
        ("/x?page=1&to%6Ben=S&limit=50%25", "/x?page=1&to%6Ben=***&limit=50%25"),
        ("/x?user_ids[]=a&user_ids%5B%5D=b", "/x?user_ids[]=a&user_ids%5B%5D=b"),
        ("/api/v1/users/3f2a8c1e-0b7d-4e57-9a43-5d1c2b3a4f5e", "/api/v1/users/3f2a8c1e-0b7d-4e57-9a43-5d1c2b3a4f5e"),
        ("/api/v2/sdk/remove_user_device_token", "/api/v2/sdk/remove_user_device_token"),
        ("/api/v1/media/S?x=1", "/api/v1/media/***?x=1"),
        ("/api/v1/medi%61//S", "/api/v1/medi%61//***"),
        ("/pictures/upload/3sAFuPebIrDpO5yG1VP872/full.jpg", "/pictures/upload/***/full.jpg"),
        ("/pictures/of/KSI0G8cRDbZKpdf4zjpQpw/full", "/pictures/of/***/full"),
        ("/?", "/?"),
    ] {
        assert_eq!(shown(target), expected, "{target}");
    }
}

#[test]
fn unknown_content_is_shown_by_its_size() {
    for (target, expected) in [
        ("/x?to%256Ben=S", "/x?[11 bytes]"),
        ("/x?a=token%253DS", "/x?a=[11 bytes]"),
        ("/x?a=token%3DS", "/x?a=[9 bytes]"),
        ("/x?a=%7B%22password%22%3A%22S%22%7D", "/x?a=[30 bytes]"),
        ("/x?S", "/x?[1 bytes]"),
        ("/x?comment=S&Msg_Body=S&room_id=7", "/x?comment=[1 bytes]&Msg_Body=[1 bytes]&room_id=7"),
        ("/x?%7B%22token%22=S", "/x?[16 bytes]"),
        ("/x?a=https://ada:S@example.com/", "/x?a=[26 bytes]"),
        ("/x?a=%ff%fe", "/x?a=[6 bytes]"),
        ("/x?a=3sAFuPebIrDpO5yG1VP872", "/x?a=[22 bytes]"),
        ("/api%2Fv1%2Fmedia%2FS", "/[20 bytes]"),
        ("/x/token=S/y", "/x/[7 bytes]/y"),
        ("/x/%2574oken/y", "/x/[9 bytes]/y"),
        ("/x/;token=S", "/x/[8 bytes]"),
        ("/x/0123456789abcdef0123456789abcdef", "/x/[32 bytes]"),
    ] {
        assert_eq!(shown(target), expected, "{target}");
    }
}

#[test]
fn a_text_counts_as_random_from_20_characters_on() {
    for (chars, expected) in [(19, true), (20, false), (21, false)] {
        let value = format!("1{}", "a".repeat(chars - 1));
        assert_eq!(shown(&format!("/x?a={value}")).contains(&value), expected, "{chars}");
    }
}
