//! Promise 65: a picture is decoded as libjpeg-turbo decodes it and as the standards of PNG, GIF and WebP say, or refused.
//!
//! The corpus is made here. Its files and what is expected of them are left in a folder of the target folder, where
//! `tests/pictures` (a step of tests/check.sh) has each one shown by Pillow and compares every pixel.

mod animations;
mod jpeg_writer;
mod jpegs;
mod pngs;

use std::{fmt::Write as _, fs, path::Path};

use standin::{
    domain::avatar::{Format, PictureLimits, Rendition},
    picture,
};

/// A file of the corpus.
#[derive(Debug, Clone)]
struct Member {
    name: String,
    file: Vec<u8>,
    expected: Expected,
    /// A plain PNG of what is to be seen.
    like: Option<Vec<u8>>,
    /// Whether Pillow shows the file as browsers do; else it is compared with [`Self::like`] there, too.
    has_pillow: bool,
}

/// What becomes of a file.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// It is shown, and as the reference shows it.
    Shown,
    /// Besides, all its renditions are those of the nearest [`Expected::Shown`] before it.
    ShownAsBefore,
    /// It is refused in these words.
    Refused(&'static str),
    /// It is refused, in whichever words.
    RefusedSomehow,
    /// Either, but never shown otherwise than the reference shows it.
    ShownOrRefused,
}

impl Expected {
    fn word(self) -> &'static str {
        match self {
            Self::Shown | Self::ShownAsBefore => "shown",
            Self::Refused(_) | Self::RefusedSomehow => "refused",
            Self::ShownOrRefused => "either",
        }
    }
}

type Renditions = Vec<(Rendition, Vec<u8>)>;

fn prepared(upload: &[u8]) -> Result<Renditions, String> {
    let limits = PictureLimits::default();
    let facts = picture::inspect(upload, &Format::ALL, &limits).map_err(|fault| fault.to_string())?;
    let prepared = picture::prepare(upload, &facts, &limits).map_err(|fault| fault.to_string())?;
    Ok(prepared.renditions)
}

/// How far a sample of a rendition kept as a PNG may be from what is to be seen: 16 bits are rounded in two ways, colours are
/// converted in fixed point.
const PNG_APART_MAX: u8 = 2;

/// As [`PNG_APART_MAX`] for one kept as a JPEG: a difference of one before the encoder may be several behind it.
const JPEG_APART_MAX: u8 = 9;

/// Checks each member and leaves the files and a list of them for the comparison with Pillow.
fn check(kind: &str, members: &[Member]) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pictures").join(kind);
    fs::remove_dir_all(&folder).or_else(|error| if folder.exists() { Err(error) } else { Ok(()) }).unwrap();
    fs::create_dir_all(&folder).unwrap();
    let (mut list, mut wrong, mut before) = (String::new(), Vec::new(), None);
    for member in members {
        let Member { name, file, expected, like, has_pillow } = member;
        let reference = if *has_pillow || like.is_none() { String::new() } else { format!("{name}.like") };
        writeln!(list, "{name}\t{}\t{reference}", expected.word()).unwrap();
        fs::write(folder.join(name), file).unwrap();
        if let Some(like) = like.as_ref().filter(|_| !reference.is_empty()) {
            fs::write(folder.join(reference), like).unwrap();
        }
        let outcome = prepared(file);
        wrong.extend(fault(member, &outcome, before.as_deref()).map(|fault| format!("{name}: {fault}")));
        if matches!(expected, Expected::Shown) {
            before = outcome.ok();
        }
    }
    fs::write(folder.join("list.tsv"), list).unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), members.len(), wrong.join("\n"));
}

/// What is wrong with the outcome, if anything is.
fn fault(
    member: &Member,
    outcome: &Result<Renditions, String>,
    before: Option<&[(Rendition, Vec<u8>)]>,
) -> Option<String> {
    match (member.expected, outcome) {
        (Expected::ShownAsBefore, Ok(renditions)) if before != Some(renditions) => Some("shown otherwise".to_owned()),
        (Expected::Shown | Expected::ShownAsBefore | Expected::ShownOrRefused, Ok(renditions)) => {
            let wanted = prepared(member.like.as_ref()?).unwrap();
            let apart = renditions.iter().zip(&wanted).map(|((_, shown), (_, wanted))| apart(shown, wanted)).max()?;
            let most = if wanted[0].1.starts_with(b"\xFF\xD8") { JPEG_APART_MAX } else { PNG_APART_MAX };
            (apart > most).then(|| format!("shown otherwise, by {apart}"))
        }
        (Expected::Refused(reason), Err(said)) => (reason != said).then(|| format!("refused: {said}")),
        (Expected::RefusedSomehow | Expected::ShownOrRefused, Err(_)) => None,
        (Expected::Shown | Expected::ShownAsBefore, Err(said)) => Some(format!("refused: {said}")),
        (Expected::Refused(_) | Expected::RefusedSomehow, Ok(_)) => Some("shown".to_owned()),
    }
}

/// The largest difference of two pictures' samples. What cannot be seen at all may have any colour.
fn apart(one: &[u8], other: &[u8]) -> u8 {
    let [one, other] = [one, other].map(|file| image::load_from_memory(file).unwrap());
    if (one.width(), one.height(), one.color()) != (other.width(), other.height(), other.color()) {
        return u8::MAX;
    }
    let [one, other] = [one.into_rgba8(), other.into_rgba8()];
    let pixels = one.pixels().zip(other.pixels()).filter(|(one, other)| (one.0[3], other.0[3]) != (0, 0));
    pixels.flat_map(|(one, other)| (0..4).map(|at| one.0[at].abs_diff(other.0[at]))).max().unwrap_or(0)
}

#[test]
fn promise_65_every_kind_of_jpeg_is_decoded_right_or_refused_by_name() {
    check("jpeg", &jpegs::all());
}

#[test]
fn promise_65_every_kind_of_png_is_decoded_right_or_refused_by_name() {
    check("png", &pngs::all());
}

#[test]
fn promise_65_a_gif_shows_its_canvas_with_the_first_frame_in_place() {
    check("gif", &animations::gifs());
}

#[test]
fn promise_65_a_webp_shows_its_canvas_with_the_first_frame_in_place() {
    check("webp", &animations::webps());
}
