//! Folding of text for search and sorting: texts that look the same to people fold to the same text.

use icu_normalizer::{ComposingNormalizerBorrowed, DecomposingNormalizerBorrowed};

/// The combining dot that remains when Turkish `İ` is lowercased. It follows an `i`.
const DOT_ABOVE: char = '\u{307}';

/// Drops case (`ß` is `ss`, `İ` and `ı` are `i`, `ς` is `σ`), Unicode compatibility forms (NFKC), characters without
/// width, and the variants of apostrophes, quotation marks, dashes and blanks. Accents stay.
///
/// At most 11 times as many bytes as `text`. Takes about 20 ns for a name in ASCII, else 1 us a character.
pub fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let seen: String = text.chars().filter(|c| !is_ignorable(*c)).map(plain).collect();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&seen);
    let mut small = String::with_capacity(decomposed.len());
    for c in decomposed.chars().flat_map(in_small_letters).map(plain) {
        if !is_ignorable(c) && (c != DOT_ABOVE || !small.ends_with('i')) {
            small.push(c);
        }
    }
    ComposingNormalizerBorrowed::new_nfkc().normalize(&small).into_owned()
}

/// Goes by way of capitals, so that `ß` becomes `ss`; by letter, because `str::to_lowercase` knows a final sigma.
fn in_small_letters(c: char) -> impl Iterator<Item = char> {
    c.to_lowercase().flat_map(char::to_uppercase).flat_map(char::to_lowercase)
}

/// Returns whether a character has no width: Unicode's `Default_Ignorable_Code_Point`.
fn is_ignorable(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}'..='\u{1160}' | '\u{17B4}'..='\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFF8}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}')
}

fn plain(c: char) -> char {
    match c {
        '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{2BC}' | '\u{B4}' | '`' => '\'',
        '\u{201C}'..='\u{201F}' | '\u{2033}' => '"',
        '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' => '-',
        _ if c.is_whitespace() => ' ',
        _ => c,
    }
}
