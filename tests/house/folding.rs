//! Folding of texts for searches.

use standin::domain::folding::folded;

#[test]
fn texts_that_look_the_same_are_folded_to_the_same_text() {
    for (one, other) in [
        ("José", "JOSE\u{301}"),
        ("Straße", "STRASSE"),
        ("STRAẞE", "strasse"),
        ("İstanbul", "ıstanbul"),
        ("ISTANBUL", "i\u{307}stanbul"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ＡＢＣ１", "abc1"),
        ("ﬁsh", "FISH"),
        ("한국", "\u{1112}\u{1161}\u{11AB}\u{1100}\u{116E}\u{11A8}"),
        ("カタカナ", "ｶﾀｶﾅ"),
        ("ガ", "ｶﾞ"),
        ("O’Brien", "o'brien"),
        ("Jean–Luc", "jean-luc"),
        ("a\u{A0}b\u{3000}c", "a b c"),
        ("“x”", "\"X\""),
        ("\u{200F}שלום\u{200E}", "שלום"),
        ("👨\u{200D}👩\u{FE0F}", "👨👩"),
        ("\u{FEFF}Ada\u{200B}", "ada"),
        ("Å", "Å"),
        ("Ω", "Ω"),
        ("Ⅷ", "viii"),
    ] {
        assert_eq!(folded(one), folded(other), "{one}, {other}");
    }
    for (one, other) in [("e", "é"), ("שלום", "שָׁלוֹם"), ("a", "а"), ("1", "l")] {
        assert_ne!(folded(one), folded(other), "{one}, {other}");
    }
}

#[test]
fn folding_twice_changes_nothing_and_the_length_is_bounded() {
    for c in '\0'..='\u{1FFFF}' {
        let (text, once) = (format!("i{c}x"), folded(&format!("i{c}x")));
        assert_eq!(folded(&once), once, "{:04X}", u32::from(c));
        assert!(once.len() <= text.len() * 11, "{:04X}", u32::from(c));
    }
}
