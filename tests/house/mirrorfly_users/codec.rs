use aes::{
    Aes256,
    cipher::{BlockModeEncrypt as _, KeyIvInit as _, block_padding::Pkcs7},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use standin::{
    dialect::mirrorfly::codec::{Codec, DecryptError},
    domain::avatar::mix_bits,
};

use crate::standin::LICENSE_KEY;

/// The key of [`LICENSE_KEY`] and the fixed vector, as the vendor's SDK makes them.
const KEY: &[u8; 32] = b"3c829f75795897dc2899748aed910262";
const IV: &[u8; 16] = b"ddc0f15cc2c90fca";

/// What no codec would produce: any bytes under the right key.
fn sealed(plain: &[u8]) -> String {
    let cipher = cbc::Encryptor::<Aes256>::new(KEY.into(), IV.into());
    STANDARD.encode(cipher.encrypt_padded_vec::<Pkcs7>(plain))
}

fn assert_both_ways(codec: &Codec, text: &str, encrypted: &str) {
    assert_eq!(codec.encrypt(text), encrypted);
    assert_eq!(codec.decrypt(encrypted).as_deref(), Ok(text));
}

#[test]
fn a_live_password_is_encrypted_as_by_the_vendors_sdk() {
    let encrypted =
        "ClW77R4Opo89ivfVr7M8dhKmnXixKUO89EZIMPe4QbPuIKz5mQfFyyzxZvmG8sdDXxVnyivfbt4jGMjnp954NiaZ4UFbkkFPZFj4C7+eeIg=";
    let text = r#"{"password":"secret12","currentTimestamp":1700000000000}"#;
    assert_both_ways(&Codec::of_license(LICENSE_KEY), text, encrypted);
}

#[test]
fn a_profile_field_is_encrypted_as_by_the_vendors_sdk() {
    let text = "Älice Ω <1>";
    let with_own_iv = Codec::of_profile("alice", "profileiv0123456");
    assert_both_ways(&with_own_iv, text, "ANybrLkDL2aH+IK6xQVL6eELIYq9PQUfpw0AR35+Kqg=");
    let ours = Codec::of_profile("alice", LICENSE_KEY);
    assert_both_ways(&ours, text, "T5HYq5g2edvAmhS4Q49gLyWduOXCOpS9LKjjhA3bnvA=");
}

#[test]
fn a_config_is_encrypted_as_by_the_vendors_sdk() {
    let encrypted =
        "twmjs0WksHNJ2kfFBX7f9UeCB4ZD6lpGl+LE1ZAM5iDwgwXBt4VrJJrc9F2LiZ3FyXawrCJ+WPloQDQ7qgaiRPvtbDlF9yVNt+M05dP3kcA=";
    let text = r#"{"xmppHost":"chat.example.test","xmppPortWeb":"443"}"#;
    assert_both_ways(&Codec::of_username("alice"), text, encrypted);
}

#[test]
fn the_text_within_is_escaped_as_by_encode_uri_component() {
    let codec = Codec::of_license(LICENSE_KEY);
    let text = "aZ09 -_.!~*'() /?#[]@$&+,;=%\"<>\\^`{|}\n\u{7f}ü👍";
    let escaped =
        "aZ09%20-_.!~*'()%20%2F%3F%23%5B%5D%40%24%26%2B%2C%3B%3D%25%22%3C%3E%5C%5E%60%7B%7C%7D%0A%7F%C3%BC%F0%9F%91%8D";
    assert_both_ways(&codec, text, &sealed(escaped.as_bytes()));
}

#[test]
fn a_short_vector_text_is_filled_up_with_zero_bytes() {
    let short = Codec::of_profile("alice", "abc");
    assert!(short == Codec::of_profile("alice", "abc\0\0\0\0\0\0\0\0\0\0\0\0\0"));
    assert!(short != Codec::of_profile("alice", "abd"));
    assert!(Codec::of_profile("alice", LICENSE_KEY) == Codec::of_profile("alice", &LICENSE_KEY[..16]));
}

#[test]
fn any_text_is_decrypted_unchanged() {
    let codec = Codec::of_username("alice");
    let mut seed = 1;
    let mut next = |below: u32| {
        seed = mix_bits(seed + 1);
        u32::try_from(seed % u64::from(below)).unwrap()
    };
    for _ in 0..2_000 {
        // Half of it from all of Unicode, half from ASCII, where every escape and every padding is.
        let chars = next(80);
        let text: String = (0..chars)
            .filter_map(|_| if next(2) == 0 { char::from_u32(next(128)) } else { char::from_u32(next(0x11_0000)) })
            .collect();
        assert_eq!(codec.decrypt(&codec.encrypt(&text)).as_deref(), Ok(&*text));
        assert_eq!(codec.decrypt_field(&codec.encrypt_field(&text)), text);
    }
}

#[test]
fn text_that_is_not_padded_standard_base64_is_refused() {
    let codec = Codec::of_license(LICENSE_KEY);
    let good = codec.encrypt("?");
    assert!(good.ends_with('='), "{good}");
    let url_safe = codec.encrypt("text 2").replace('+', "-").replace('/', "_");
    assert!(url_safe.contains(['-', '_']), "{url_safe}");
    for bad in ["*", "a", "Ω", good.trim_end_matches('='), &format!("{good}\n"), &format!(" {good}"), &url_safe] {
        assert_eq!(codec.decrypt(bad), Err(DecryptError), "{bad}");
    }
}

#[test]
fn a_partial_block_is_refused() {
    let codec = Codec::of_license(LICENSE_KEY);
    for bytes in [0, 1, 15, 17, 31] {
        assert_eq!(codec.decrypt(&STANDARD.encode(vec![7; bytes])), Err(DecryptError), "{bytes}");
    }
}

#[test]
fn a_wrong_padding_is_refused() {
    let codec = Codec::of_license(LICENSE_KEY);
    let two_blocks = STANDARD.decode(codec.encrypt("abcdefghijklmnopqrst")).unwrap();
    assert_eq!(codec.decrypt(&STANDARD.encode(&two_blocks[..16])), Err(DecryptError));
    assert_eq!(codec.decrypt(&Codec::of_license("another").encrypt("text")), Err(DecryptError));
}

#[test]
fn decrypted_text_that_is_not_utf_8_is_refused() {
    let codec = Codec::of_license(LICENSE_KEY);
    for bad in [&b"\xFF"[..], b"%FF", b"%C3", b"%ED%A0%80"] {
        assert_eq!(codec.decrypt(&sealed(bad)), Err(DecryptError), "{bad:?}");
    }
}

#[test]
fn a_percent_sign_that_begins_no_escape_stands_for_itself() {
    let codec = Codec::of_license(LICENSE_KEY);
    assert_eq!(codec.decrypt(&sealed(b"100% of %zz %4")).as_deref(), Ok("100% of %zz %4"));
}

#[test]
fn a_field_that_does_not_decrypt_is_plain_text_and_an_empty_one_is_empty() {
    let codec = Codec::of_profile("alice", LICENSE_KEY);
    for plain in ["Ada", "ada@example.com", "+62 812-3456", "", "T5HYq5g2edvAmhS4Q49gLyWduOXCOpS9LKjjhA3bnvB="] {
        assert_eq!(codec.decrypt_field(plain), plain);
    }
    assert_eq!(codec.encrypt_field(""), "");
    assert_eq!(codec.decrypt(&codec.encrypt("")).as_deref(), Ok(""));
}

#[test]
fn a_codec_prints_no_key() {
    assert_eq!(format!("{:?}", Codec::of_license(LICENSE_KEY)), "Codec(***)");
}
