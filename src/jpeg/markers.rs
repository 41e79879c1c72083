use crate::Error;

/// Skips bytes outside segments, and markers without a segment (TEM and the restart markers).
#[must_use]
pub fn next_marker(file: &[u8], mut at: usize) -> Option<(usize, u8)> {
    loop {
        let found = at + file.get(at..)?.iter().position(|byte| *byte == 0xFF)?;
        match *file.get(found + 1)? {
            0xFF => at = found + 1,
            0x00 | 0x01 | 0xD0..=0xD7 => at = found + 2,
            code => return Some((found, code)),
        }
    }
}

/// Returns the data of the segment whose marker is at `marker_at`, and the position after it.
pub(crate) fn segment(file: &[u8], marker_at: usize) -> Result<(&[u8], usize), Error> {
    let from = marker_at + 2;
    let length = file.get(from..from + 2).and_then(<[u8]>::first_chunk).ok_or(Error::CutShort)?;
    let length = usize::from(u16::from_be_bytes(*length));
    if length < 2 {
        return Err(Error::Damaged);
    }
    let data = file.get(from + 2..from + length).ok_or(Error::CutShort)?;
    Ok((data, from + length))
}
