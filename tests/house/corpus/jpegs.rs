//! Every way in which a JPEG's sampling, components, scans, restarts, markers and tables combine, and damage to them.

use super::{
    Expected, Member,
    jpeg_writer::{Layout, Scan},
};

const CUT: &str = "must be a whole picture, and this one is cut short";
const DAMAGED: &str = "must be an undamaged picture, and this one cannot be read";
const FRACTION: &str = "must be a JPEG whose colours are sampled at whole ratios, and this one has one at a fraction";
const ARITHMETIC: &str = "must be a JPEG with Huffman codes, and this one has arithmetic ones";
const LOSSLESS: &str = "must be a baseline or progressive JPEG, and this one is coded losslessly";
const RESOLUTIONS: &str = "must be a baseline or progressive JPEG, and this one is of several resolutions";
const NO_HEIGHT: &str = "must be a JPEG whose header says its height, and this one's does not";
const LATE_HEIGHT: &str = "must be a JPEG whose header says its height, and this one says it later";
const DEEP: &str = "must be a JPEG of 8 bits a colour, and this one has more";
const COUNT: &str = "must be a JPEG of one, three or four colours, and this one has another number";

pub(super) fn all() -> Vec<Member> {
    let parts: [fn() -> Vec<Member>; 9] =
        [sampling, sizes, colours, progressive, restarts, markers, kinds, tables, damage];
    let mut members: Vec<Member> = parts.into_iter().flat_map(|part| part()).collect();
    members.iter_mut().for_each(|member| member.name = format!("jpeg_{}.jpg", member.name));
    members
}

fn shown(name: impl Into<String>, file: Vec<u8>) -> Member {
    member(name, file, Expected::Shown)
}

/// The same picture as the member before it.
fn again(name: impl Into<String>, file: Vec<u8>) -> Member {
    member(name, file, Expected::ShownAsBefore)
}

fn refused(name: impl Into<String>, file: Vec<u8>, reason: &'static str) -> Member {
    member(name, file, Expected::Refused(reason))
}

fn member(name: impl Into<String>, file: Vec<u8>, expected: Expected) -> Member {
    Member { name: name.into(), file, expected, like: None, has_pillow: true }
}

fn segment(code: u8, data: &[u8]) -> Vec<u8> {
    [&[0xFF, code], &u16::try_from(data.len() + 2).unwrap().to_be_bytes()[..], data].concat()
}

fn adobe(transform: u8) -> Vec<u8> {
    segment(0xEE, &[b"Adobe\0\x64\0\0\0\0".as_slice(), &[transform]].concat())
}

fn jfif() -> Vec<u8> {
    segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0")
}

fn place_of(file: &[u8], code: u8) -> usize {
    file.windows(2).position(|pair| pair == [0xFF, code]).unwrap()
}

/// Where the coded data of the first scan begins.
fn coded_from(file: &[u8]) -> usize {
    let scan = place_of(file, 0xDA);
    scan + 2 + usize::from(u16::from_be_bytes([file[scan + 2], file[scan + 3]]))
}

fn with(file: &[u8], at: usize, inserted: &[u8]) -> Vec<u8> {
    [&file[..at], inserted, &file[at..]].concat()
}

/// All factors of brightness by all factors of the colours, the latter equal or not, in one scan and in several.
fn sampling() -> Vec<Member> {
    let mut members = Vec::new();
    let factors = || (1..=4).flat_map(|h| (1..=4).map(move |v| (h, v)));
    for (luma, chroma) in factors().flat_map(|luma| factors().map(move |chroma| (luma, chroma))) {
        // Unequal colours for a third of them: all would be twice the corpus.
        let is_unequal = chroma != (1, 1) && (chroma.0 + 4 * chroma.1 + luma.0 + luma.1) % 3 == 0;
        for other in [chroma, (1, 1)].into_iter().take(if is_unequal { 2 } else { 1 }) {
            let mut layout = Layout::of(37, 29, luma.0, luma.1);
            layout.components = vec![(1, luma.0, luma.1), (2, chroma.0, chroma.1), (3, other.0, other.1)];
            let whole = |axis: fn((u8, u8)) -> u8| {
                let all = [luma, chroma, other].map(axis);
                all.iter().all(|factor| all.iter().max().unwrap() % factor == 0)
            };
            let name = format!("sampled_{}x{}_{}x{}_{}x{}", luma.0, luma.1, chroma.0, chroma.1, other.0, other.1);
            if whole(|factors| factors.0) && whole(|factors| factors.1) {
                members.push(shown(format!("{name}_together"), layout.interleaved(0)));
                members.push(again(format!("{name}_apart"), layout.separate(3)));
            } else {
                members.push(refused(name, layout.interleaved(0), FRACTION));
            }
        }
    }
    members
}

/// Sizes around those at which upsampling and padding change their ways.
fn sizes() -> Vec<Member> {
    let mut members = Vec::new();
    for (h, v) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (1, 4)] {
        for (width, height) in [1, 2, 3, 4, 5, 8, 9, 16, 17, 33]
            .into_iter()
            .flat_map(|w| [1, 2, 3, 5, 8, 9, 16, 17, 33].into_iter().map(move |h| (w, h)))
        {
            if (width + height + u16::from(h)) % 2 == 0 {
                let layout = Layout::of(width, height, h, v);
                members.push(shown(format!("size_{width}x{height}_{h}x{v}"), layout.interleaved(0)));
            }
        }
    }
    members
}

/// Numbers of components, and who says what they mean: JFIF, Adobe's marker, their names, nobody.
fn colours() -> Vec<Member> {
    let mut members = Vec::new();
    let names: [(&str, [u8; 4]); 4] =
        [("123", [1, 2, 3, 4]), ("012", [0, 1, 2, 3]), ("rgb", *b"RGBA"), ("odd", [9, 7, 5, 3])];
    let fronts: [(&str, Vec<u8>); 9] = [
        ("bare", Vec::new()),
        ("jfif", jfif()),
        ("adobe0", adobe(0)),
        ("adobe1", adobe(1)),
        ("adobe2", adobe(2)),
        ("adobe9", adobe(9)),
        ("jfif_adobe0", [jfif(), adobe(0)].concat()),
        ("adobe0_jfif", [adobe(0), jfif()].concat()),
        ("shortened", [segment(0xE0, b"JFIF\0\x01\x01\0\0\x01\0\x01"), segment(0xEE, b"Adobe\0\x64\0")].concat()),
    ];
    for (count, (name, ids), (front_name, front)) in [1, 3, 4]
        .into_iter()
        .flat_map(|count| names.iter().map(move |names| (count, names)))
        .flat_map(|(count, names)| fronts.iter().map(move |front| (count, names, front)))
    {
        let mut layout = Layout::of(21, 19, 1, 1);
        layout.front.clone_from(front);
        layout.components = ids.iter().take(count).map(|id| (*id, 1, 1)).collect();
        members.push(shown(format!("{count}_components_{name}_{front_name}"), layout.interleaved(0)));
        if count == 4 {
            layout.components[0] = (ids[0], 2, 2);
            layout.components[3] = (ids[3], 2, 2);
            members.push(shown(format!("{count}_components_{name}_{front_name}_sampled"), layout.interleaved(0)));
        }
    }
    let mut grey = Layout::of(21, 19, 1, 1);
    for (h, v) in [(1, 1), (2, 2), (4, 3)] {
        grey.components = vec![(1, h, v)];
        let push = if h == 1 { shown } else { again };
        // What an only component's factors are changes nothing.
        let mut file = grey.interleaved(2);
        grey.components = vec![(1, 1, 1)];
        let frame = place_of(&file, 0xC0);
        let plain = grey.interleaved(2);
        file.clone_from(&plain);
        file[frame + 11] = h << 4 | v;
        members.push(push(format!("grey_{h}x{v}"), file));
    }
    let mut layout = Layout::of(21, 19, 1, 1);
    for count in [2, 5] {
        layout.components = (1..=count).map(|id| (id, 1, 1)).collect();
        members.push(refused(format!("{count}_components"), layout.interleaved(0), COUNT));
    }
    layout.components = vec![(5, 1, 1), (5, 1, 1), (5, 1, 1)];
    members.push(shown("same_names", layout.interleaved(0)));
    members
}

/// The scans that libjpeg writes: DC first, then bands, then refinements.
fn usual_scans() -> Vec<Scan> {
    let scan = |components: &[usize], band, bits| Scan::progressive(components, band, bits);
    vec![
        scan(&[0, 1, 2], (0, 0), (0, 1)),
        scan(&[0], (1, 5), (0, 2)),
        scan(&[2], (1, 63), (0, 1)),
        scan(&[1], (1, 63), (0, 1)),
        scan(&[0], (6, 63), (0, 2)),
        scan(&[0], (1, 63), (2, 1)),
        scan(&[0, 1, 2], (0, 0), (1, 0)),
        scan(&[2], (1, 63), (1, 0)),
        scan(&[1], (1, 63), (1, 0)),
        scan(&[0], (1, 63), (1, 0)),
    ]
}

/// DC apart for each component, narrow bands, no refinement.
fn narrow_scans() -> Vec<Scan> {
    let bands = [(0, 0), (1, 1), (2, 9), (10, 62), (63, 63)];
    let scans = bands.into_iter().flat_map(|band| [2, 0, 1].map(|component| (component, band)));
    scans.map(|(component, band)| Scan::progressive(&[component], band, (0, 0))).collect()
}

/// Each coefficient bit by bit.
fn deep_scans() -> Vec<Scan> {
    let mut scans = vec![Scan::progressive(&[0, 1, 2], (0, 0), (0, 3))];
    scans.extend([0, 1, 2].map(|component| Scan::progressive(&[component], (1, 63), (0, 3))));
    for bit in [2, 1, 0] {
        scans.push(Scan::progressive(&[0, 1, 2], (0, 0), (bit + 1, bit)));
        scans.extend([1, 2, 0].map(|component| Scan::progressive(&[component], (1, 63), (bit + 1, bit))));
    }
    scans
}

fn progressive() -> Vec<Member> {
    let mut members = Vec::new();
    for (h, v) in [(1, 1), (2, 1), (1, 2), (2, 2), (4, 2)] {
        for (width, height) in [(43, 37), (8, 8), (1, 1), (64, 17)] {
            let mut layout = Layout::of(width, height, h, v);
            members.push(shown(format!("one_scan_{width}x{height}_{h}x{v}"), layout.interleaved(0)));
            layout.frame = 0xC2;
            for (name, scans) in [("usual", usual_scans()), ("narrow", narrow_scans()), ("deep", deep_scans())] {
                members.push(again(format!("progressive_{name}_{width}x{height}_{h}x{v}"), layout.file(&scans)));
                let restarted: Vec<Scan> =
                    (1..).zip(&scans).map(|(n, scan)| Scan { restart: n % 4, ..scan.clone() }).collect();
                let name = format!("progressive_{name}_{width}x{height}_{h}x{v}_restarted");
                members.push(again(name, layout.file(&restarted)));
            }
        }
    }
    let mut layout = Layout::of(43, 37, 2, 2);
    layout.frame = 0xC2;
    for (name, scans) in [("usual", usual_scans()), ("deep", deep_scans()), ("narrow", narrow_scans())] {
        for lacking in 0..scans.len() {
            let mut fewer = scans.clone();
            fewer.remove(lacking);
            let name_of = format!("progressive_{name}_without_scan_{lacking}");
            members.push(member(name_of, layout.file(&fewer), Expected::RefusedSomehow));
            members.push(refused(
                format!("progressive_{name}_with_scan_{lacking}_twice"),
                layout.file(&[&scans[..=lacking], &scans[lacking..]].concat()),
                DAMAGED,
            ));
        }
    }
    for ((name, bits), band) in
        [("skips_a_bit", (3, 1)), ("stands_still", (1, 1)), ("too_deep", (0, 14))].into_iter().zip([(0, 0); 3])
    {
        let scans = [Scan::progressive(&[0, 1, 2], (0, 0), (0, bits.0)), Scan::progressive(&[0, 1, 2], band, bits)];
        members.push(refused(format!("progressive_{name}"), layout.file(&scans), DAMAGED));
    }
    members
}

fn restarts() -> Vec<Member> {
    let mut members = Vec::new();
    for (h, v) in [(1, 1), (2, 2)] {
        let layout = Layout::of(83, 61, h, v);
        members.push(shown(format!("unrestarted_{h}x{v}"), layout.interleaved(0)));
        for interval in [1, 2, 3, 7, 8, 9, 1_000] {
            members.push(again(format!("restarted_{interval}_{h}x{v}"), layout.interleaved(interval)));
            members.push(again(format!("restarted_apart_{interval}_{h}x{v}"), layout.separate(interval)));
        }
        let changing: Vec<Scan> =
            (0..3).zip([5, 0, 2]).map(|(component, n)| Scan::sequential(&[component], n)).collect();
        members.push(again(format!("restarted_changing_{h}x{v}"), layout.file(&changing)));
        let mixed = [Scan::sequential(&[0, 1], 4), Scan::sequential(&[2], 3)];
        members.push(again(format!("restarted_mixed_{h}x{v}"), layout.file(&mixed)));
    }
    let layout = Layout::of(83, 61, 1, 1);
    let file = layout.interleaved(7);
    let marker = |number: u8| place_of(&file, 0xD0 + number);
    let (first, third) = (marker(0), marker(2));
    let changed = |at: usize, code: u8| {
        let mut changed = file.clone();
        changed[at + 1] = code;
        changed
    };
    members.push(refused("restart_missing", [&file[..first], &file[first + 2..]].concat(), DAMAGED));
    members.push(refused("restart_misnumbered", changed(third, 0xD5), DAMAGED));
    members.push(refused("restart_interval_lost", [&file[..first], &file[third..]].concat(), DAMAGED));
    members.push(refused("restart_twice", with(&file, first, &[0xFF, 0xD0]), DAMAGED));
    let unannounced = layout.interleaved(0);
    let middle = coded_from(&unannounced) + 200;
    members.push(refused("restart_unannounced", with(&unannounced, middle, &[0xFF, 0xD0]), DAMAGED));
    let end = unannounced.len() - 2;
    members.push(shown("restart_behind_the_last_unit", with(&unannounced, end, &[0xFF, 0xD0])));
    members
}

fn markers() -> Vec<Member> {
    let mut layout = Layout::of(45, 33, 2, 2);
    let plain = layout.interleaved(0);
    let scans = layout.separate(0);
    let end = plain.len() - 2;
    let coded = coded_from(&plain);
    let frame = place_of(&plain, 0xC0);
    let mut members = vec![
        shown("plain", plain.clone()),
        again("without_end", plain[..end].to_vec()),
        again("with_half_an_end", plain[..=end].to_vec()),
        again("with_a_tail", [&plain[..], b"PK\x03\x04 and more"].concat()),
        again("with_a_second_picture", [&plain[..], &plain].concat()),
        again("with_a_broken_tail_before_the_end", [&plain[..end], &[0xFF, 0xE1, 0xFF, 0xFF, 0x00]].concat()),
        again("with_spare_bytes", with(&plain, end, &[0x55, 0xAA])),
        refused("with_more_spare_bytes", with(&plain, end, &[0x55, 0xAA, 0x55]), DAMAGED),
        again("with_bytes_between_segments", with(&plain, frame, b"lost bytes")),
        again("with_application_data_behind_the_scan", with(&plain, end, &segment(0xE5, b"late"))),
        again("with_adobe_behind_the_scan", with(&plain, end, &adobe(0))),
        refused("with_a_second_start", with(&plain, frame, &[0xFF, 0xD8]), DAMAGED),
        refused("with_a_second_frame", with(&plain, frame, &layout.frame_segment()), DAMAGED),
        refused("with_a_second_scan", [&plain[..end], &plain[place_of(&plain, 0xDA)..]].concat(), DAMAGED),
        refused("with_late_height", with(&plain, end, &segment(0xDC, &33_u16.to_be_bytes())), LATE_HEIGHT),
        refused("with_a_scan_less", [&scans[..scans.len() / 3], &[0xFF, 0xD9]].concat(), CUT),
    ];
    let mut thumbnail = layout.clone();
    let exif = [b"Exif\0\0II*\0\x08\0\0\0\0\0\0\0\0\0".as_slice(), &Layout::of(16, 16, 1, 1).interleaved(0)].concat();
    thumbnail.front = segment(0xE1, &exif);
    members.push(again("with_a_thumbnail", thumbnail.interleaved(0)));
    thumbnail.between = [segment(0xE1, &exif), segment(0xFE, b"\xFF\xD9 is no end here")].concat();
    members.push(again("with_segments_between_scans", thumbnail.separate(0)));
    for fill in [1, 2, 9] {
        layout.fill = fill;
        members.push(again(format!("filled_up_{fill}"), layout.interleaved(3)));
        members.push(again(format!("filled_up_apart_{fill}"), layout.separate(2)));
    }
    layout.fill = 0;
    for keep in 0..end {
        let cut = plain[..keep].to_vec();
        if keep > frame + 30 && keep % 29 == 0 {
            members.push(refused(format!("cut_at_{keep}"), cut.clone(), CUT));
            if keep > coded {
                members.push(refused(format!("cut_at_{keep}_and_ended"), [&cut[..], &[0xFF, 0xD9]].concat(), CUT));
            }
        }
    }
    layout.height = 0;
    let tall = [&plain[..frame], &layout.frame_segment(), &plain[frame + 19..]].concat();
    members.push(refused(
        "of_no_height",
        with(&tall, tall.len() - 2, &segment(0xDC, &33_u16.to_be_bytes())),
        NO_HEIGHT,
    ));
    layout.height = 33;
    layout.width = 0;
    let flat = [&plain[..frame], &layout.frame_segment(), &plain[frame + 19..]].concat();
    members.push(refused("of_no_width", flat, DAMAGED));
    members
}

fn kinds() -> Vec<Member> {
    let mut layout = Layout::of(30, 30, 2, 1);
    let mut members = vec![shown("baseline", layout.interleaved(0))];
    layout.frame = 0xC1;
    members.push(again("extended", layout.interleaved(0)));
    members.push(again("extended_apart", layout.separate(2)));
    for (code, reason) in [
        (0xC3, LOSSLESS),
        (0xC5, RESOLUTIONS),
        (0xC6, RESOLUTIONS),
        (0xC7, LOSSLESS),
        (0xC9, ARITHMETIC),
        (0xCA, ARITHMETIC),
        (0xCB, LOSSLESS),
        (0xCD, RESOLUTIONS),
        (0xCE, RESOLUTIONS),
        (0xCF, LOSSLESS),
    ] {
        layout.frame = code;
        members.push(refused(format!("kind_{code:x}"), layout.interleaved(0), reason));
    }
    layout.frame = 0xC1;
    layout.precision = 12;
    members.push(refused("12_bits", layout.interleaved(0), DEEP));
    members
}

fn tables() -> Vec<Member> {
    let mut layout = Layout::of(50, 34, 2, 2);
    let plain = layout.separate(0);
    let mut members = vec![shown("short_codes", plain.clone())];
    for bits in [9, 10, 11, 12, 16] {
        layout.code_bits = bits;
        members.push(again(format!("codes_of_{bits}_bits"), layout.separate(0)));
    }
    layout.code_bits = 8;
    let double: Vec<u8> =
        [0x10].into_iter().chain(Layout::quantisation(0, 1)[1..].iter().flat_map(|step| [0, *step])).collect();
    let table = place_of(&plain, 0xDB);
    members.push(again("steps_of_16_bits", [&plain[..table], &segment(0xDB, &double), &plain[table + 69..]].concat()));
    layout.front = segment(0xDB, &[Layout::quantisation(0, 3), Layout::quantisation(1, 2)].concat());
    members.push(again("defined_twice", layout.separate(0)));
    layout.front = Vec::new();

    // A table that changes between the scans counts for those that come after.
    layout.between = segment(0xDB, &Layout::quantisation(0, 2));
    let changed = layout.separate(0);
    members.push(shown("steps_changed_between_scans", changed));
    layout.between = Vec::new();
    let last = plain.len() - 2;
    members.push(shown("short_codes_again", plain.clone()));
    members
        .push(again("steps_changed_behind_the_scans", with(&plain, last, &segment(0xDB, &Layout::quantisation(0, 2)))));

    let codes = place_of(&plain, 0xC4);
    let frame = place_of(&plain, 0xC0);
    members.push(refused("without_steps", [&plain[..table], &plain[table + 69..]].concat(), DAMAGED));
    let code_bytes = 2 + usize::from(u16::from_be_bytes([plain[codes + 2], plain[codes + 3]]));
    let mut unknown = plain.clone();
    unknown[frame + 12] = 3;
    members.push(refused("unknown_steps", unknown, DAMAGED));
    let mut other = plain.clone();
    let scan = place_of(&plain, 0xDA);
    other[scan + 6] = 0x11;
    members.push(refused("unknown_codes", other, DAMAGED));
    let all_ones = segment(0xC4, &[&[0x00, 2][..], &[0; 15], &[0, 1]].concat());
    members.push(refused("codes_of_all_ones", with(&plain, codes + code_bytes, &all_ones), DAMAGED));
    let too_many = segment(0xC4, &[&[0x00, 3][..], &[0; 15], &[0, 1, 2]].concat());
    members.push(refused("more_codes_than_there_are", with(&plain, codes, &too_many), DAMAGED));
    members
}

/// Damage in the coded data: refused, or what is left of the codes still says exactly as many blocks as there must be.
fn damage() -> Vec<Member> {
    let mut members = Vec::new();
    let mut progressive = Layout::of(90, 70, 2, 2);
    progressive.frame = 0xC2;
    let files = [
        ("baseline", Layout::of(90, 70, 2, 2).interleaved(0)),
        ("restarted", Layout::of(90, 70, 2, 1).interleaved(4)),
        ("apart", Layout::of(90, 70, 1, 1).separate(0)),
        ("progressive", progressive.file(&usual_scans())),
    ];
    let mut dice = 0x1234_5678_u32;
    let mut roll = || {
        dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        dice >> 8
    };
    for (name, file) in files {
        let from = coded_from(&file);
        for number in 0..40 {
            let length = [1, 4, 40, 300][number % 4];
            let at = from + roll() as usize % (file.len() - 2 - length - from);
            let mut damaged = file.clone();
            for byte in &mut damaged[at..at + length] {
                *byte = if number % 8 < 4 { 0 } else { roll().to_le_bytes()[0] };
            }
            let expected = Expected::ShownOrRefused;
            members.push(member(format!("damaged_{name}_{number}"), damaged, expected));
            let shorter = [&file[..at], &file[at + length..]].concat();
            members.push(member(format!("shortened_{name}_{number}"), shorter, expected));
        }
    }
    members
}
