//! Contacts and blocks: one-directional rows. A Tencent friend and a MirrorFly roster item are the same row.

use super::{ContactName, Error, Fault, MobileNumber, User, text};

/// Contacts, and blocks, of one user. No vendor documents a bound but Tencent's 3,000 friends.
pub const ROWS_MAX: usize = 10_000;

/// Users that one number in a phone book matches, oldest first. Families share a phone, thousands of users do not.
pub const USERS_OF_A_NUMBER_MAX: u32 = 10;

/// Refuses more rows than a list may have.
pub fn has_room(list: &'static str, rows: usize) -> Result<(), Error> {
    Fault::if_above(ROWS_MAX, list, rows).map_err(|fault| fault.at(list))
}

#[derive(Debug, Clone, PartialEq)]
pub struct Contact {
    pub user: User,
    /// The owner's own name for the contact, if different from the display name.
    pub name: Option<ContactName>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhoneEntry {
    pub given: String,
    pub mobile: MobileNumber,
    pub name: Option<ContactName>,
}

impl PhoneEntry {
    /// Parses an entry leniently: invisible marks must not make the rest of the phone book fail. None without a number.
    pub fn of_line(number: &str, name: Option<&str>) -> Option<Self> {
        let shown: String = number.chars().filter(|c| !text::is_unsafe(*c)).collect();
        let mobile =
            MobileNumber::parse(shown.trim()).or_else(|_| MobileNumber::parse(&bare(number).unwrap_or_default()));
        Some(Self { given: number.to_owned(), mobile: mobile.ok()?, name: name.and_then(cleaned) })
    }
}

/// Removes forbidden characters from a name, turns line breaks into blanks, and cuts the name at the bound.
fn cleaned(name: &str) -> Option<ContactName> {
    let spaced = name.chars().map(|c| if c.is_control() && c.is_whitespace() { ' ' } else { c });
    let shown: String = spaced.filter(|c| !text::is_unsafe(*c)).collect();
    let end = shown.floor_char_boundary(ContactName::BYTES_MAX);
    ContactName::parse(shown[..end].trim()).ok()
}

/// The zero digit of each script (Unicode 16, `Nd`); the other nine follow it.
const ZEROS: [char; 75] = [
    '\u{30}',
    '\u{660}',
    '\u{6F0}',
    '\u{7C0}',
    '\u{966}',
    '\u{9E6}',
    '\u{A66}',
    '\u{AE6}',
    '\u{B66}',
    '\u{BE6}',
    '\u{C66}',
    '\u{CE6}',
    '\u{D66}',
    '\u{DE6}',
    '\u{E50}',
    '\u{ED0}',
    '\u{F20}',
    '\u{1040}',
    '\u{1090}',
    '\u{17E0}',
    '\u{1810}',
    '\u{1946}',
    '\u{19D0}',
    '\u{1A80}',
    '\u{1A90}',
    '\u{1B50}',
    '\u{1BB0}',
    '\u{1C40}',
    '\u{1C50}',
    '\u{A620}',
    '\u{A8D0}',
    '\u{A900}',
    '\u{A9D0}',
    '\u{A9F0}',
    '\u{AA50}',
    '\u{ABF0}',
    '\u{FF10}',
    '\u{104A0}',
    '\u{10D30}',
    '\u{10D40}',
    '\u{11066}',
    '\u{110F0}',
    '\u{11136}',
    '\u{111D0}',
    '\u{112F0}',
    '\u{11450}',
    '\u{114D0}',
    '\u{11650}',
    '\u{116C0}',
    '\u{116D0}',
    '\u{116DA}',
    '\u{11730}',
    '\u{118E0}',
    '\u{11950}',
    '\u{11BF0}',
    '\u{11C50}',
    '\u{11D50}',
    '\u{11DA0}',
    '\u{11DE0}',
    '\u{16130}',
    '\u{16A60}',
    '\u{16AC0}',
    '\u{16B50}',
    '\u{16D70}',
    '\u{1CCF0}',
    '\u{1D7CE}',
    '\u{1D7D8}',
    '\u{1D7E2}',
    '\u{1D7EC}',
    '\u{1D7F6}',
    '\u{1E140}',
    '\u{1E2F0}',
    '\u{1E5F1}',
    '\u{1E950}',
    '\u{1FBF0}',
];

fn decimal_digit(c: char) -> Option<char> {
    let zero = *ZEROS.get(ZEROS.partition_point(|zero| *zero <= c).checked_sub(1)?)?;
    char::from_digit(u32::from(c) - u32::from(zero), 10)
}

/// Returns a number without differences of notation: `+62 812-3456` and `٦٢٨١٢٣٤٥٦` are equal. None without a digit.
///
/// Keeps digits of any script, `*`, `#` and letters. National numbers stay: the country is unknown.
pub fn bare(number: &str) -> Option<String> {
    let counts = |c: char| match c {
        '＊' => Some('*'),
        '＃' => Some('#'),
        '*' | '#' => Some(c),
        _ => decimal_digit(c).or(Some(c).filter(|c| c.is_alphabetic())),
    };
    let bare: String = number.chars().filter_map(counts).collect();
    Some(bare).filter(|bare| bare.bytes().any(|byte| byte.is_ascii_digit()))
}
