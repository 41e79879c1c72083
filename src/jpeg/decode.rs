//! Decodes a file from its first marker to its last.

use crate::{
    Error, Picture,
    bits::Bits,
    frame::FrameHeader,
    idct,
    marker::{APP0, APP14, DHT, DNL, DQT, DRI, EOI, SOI, SOS},
    markers::{next_marker, segment},
    paint::{ColourSpace, Painter},
    progressive::{Pass, Progress},
    scan::{Scan, ScanState},
    sequential::Codes,
    tables::{BLOCK, Tables},
};

/// Memory: the pixels, three rows of units of each component, and 128 bytes for each of [`FrameHeader::blocks_held`] if
/// the file is progressive or has its components in several scans.
pub fn decode(file: &[u8]) -> Result<Picture, Error> {
    let mut decoder = Decoder { file, at: 2, ..Decoder::default() };
    while let Some((marker_at, code)) = next_marker(file, decoder.at) {
        match code {
            EOI => break,
            SOI => return Err(Error::Damaged),
            _ => {}
        }
        let (data, next) = match segment(file, marker_at) {
            // The picture is complete, and the rest of the file is no segment.
            Err(Error::CutShort) if decoder.is_complete() => break,
            read => read?,
        };
        decoder.at = next;
        decoder.meet(code, data)?;
    }
    decoder.finish()
}

#[derive(Default)]
struct Decoder<'a> {
    file: &'a [u8],
    at: usize,
    tables: Tables,
    frame: Option<FrameHeader>,
    has_jfif: bool,
    adobe_transform: Option<u8>,
    colours: Option<ColourSpace>,
    gathered: Option<Coefficients>,
    picture: Option<Picture>,
}

struct Coefficients {
    /// For each component, block after block, padded to whole units.
    coefficients: Vec<Vec<i16>>,
    /// For each component, its quantisation table at the start of its first scan.
    quantisation: Vec<Option<[i16; BLOCK]>>,
    progress: Progress,
}

impl Coefficients {
    fn new(frame: &FrameHeader) -> Self {
        let values = |c: &crate::frame::Component| c.stride as usize * (frame.units_y * c.v) as usize * BLOCK;
        Self {
            coefficients: frame.components.iter().map(|component| vec![0; values(component)]).collect(),
            quantisation: vec![None; frame.components.len()],
            progress: Progress::new(frame),
        }
    }

    fn is_complete(&self, frame: &FrameHeader) -> bool {
        self.quantisation.iter().all(Option::is_some) && (!frame.progressive || self.progress.is_complete())
    }
}

impl Decoder<'_> {
    fn meet(&mut self, code: u8, data: &[u8]) -> Result<(), Error> {
        match code {
            SOS => self.scan(data),
            DHT => self.tables.define_huffman(data),
            DQT => self.tables.define_quantisation(data),
            DRI => self.tables.define_restart_interval(data),
            DNL => Err(Error::Unread("a JPEG whose header says its height, and this one says it later")),
            0xCC => Err(Error::Unread("a JPEG with Huffman codes, and this one has arithmetic ones")),
            0xC0..=0xCF if self.frame.is_none() => {
                self.frame = Some(FrameHeader::parse(code, data)?);
                Ok(())
            }
            0xC0..=0xCF => Err(Error::Damaged),
            APP0 => {
                self.has_jfif |= data.starts_with(b"JFIF\0") && data.len() >= 14;
                Ok(())
            }
            APP14 => {
                if let Some(adobe) = data.first_chunk::<12>().filter(|adobe| adobe.starts_with(b"Adobe")) {
                    self.adobe_transform = Some(adobe[11]);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// At the first scan, as in libjpeg: JFIF outranks Adobe's marker, which outranks the names of the components.
    fn colours(&self, frame: &FrameHeader) -> ColourSpace {
        let names: Vec<u8> = frame.components.iter().map(|component| component.id).collect();
        match (names.len(), self.has_jfif, self.adobe_transform) {
            (1, _, _) => ColourSpace::Grey,
            (3, true, _) => ColourSpace::YCbCr,
            (3, false, Some(0)) => ColourSpace::Rgb,
            (3, false, None) if names == *b"RGB" => ColourSpace::Rgb,
            (3, false, _) => ColourSpace::YCbCr,
            (_, _, None | Some(0)) => ColourSpace::Cmyk,
            (_, _, Some(_)) => ColourSpace::Ycck,
        }
    }

    fn scan(&mut self, header: &[u8]) -> Result<(), Error> {
        if self.picture.is_some() {
            return Err(Error::Damaged);
        }
        let frame = self.frame.take().ok_or(Error::Damaged)?;
        let scan = Scan::parse(header, &frame)?;
        let colours = *self.colours.get_or_insert(self.colours(&frame));
        let mut bits = Bits::new(self.file, self.at);
        if !frame.progressive && scan.components.len() == frame.components.len() && self.gathered.is_none() {
            let mut quantisation = Vec::with_capacity(frame.components.len());
            for component in &frame.components {
                quantisation.push(self.tables.quantisation(component.quantisation)?);
            }
            self.picture = Some(paint_scan(&frame, &scan, &self.tables, &quantisation, colours, &mut bits)?);
        } else {
            let gathered = self.gathered.get_or_insert_with(|| Coefficients::new(&frame));
            gather_scan(&frame, &scan, &self.tables, gathered, &mut bits)?;
        }
        self.at = bits.finish()?;
        self.frame = Some(frame);
        Ok(())
    }

    fn is_complete(&self) -> bool {
        let gathered = self.gathered.as_ref().zip(self.frame.as_ref());
        self.picture.is_some() || gathered.is_some_and(|(gathered, frame)| gathered.is_complete(frame))
    }

    fn finish(self) -> Result<Picture, Error> {
        if !self.is_complete() {
            return Err(Error::CutShort);
        }
        match (self.picture, self.gathered, self.frame, self.colours) {
            (Some(picture), _, _, _) => Ok(picture),
            (None, Some(gathered), Some(frame), Some(colours)) => paint_gathered(&frame, &gathered, colours),
            (_, _, _, _) => Err(Error::CutShort),
        }
    }
}

fn paint_scan(
    frame: &FrameHeader,
    scan: &Scan,
    tables: &Tables,
    quantisation: &[[i16; BLOCK]],
    colours: ColourSpace,
    bits: &mut Bits<'_>,
) -> Result<Picture, Error> {
    let codes = Codes::of(scan, tables)?;
    let mut state = ScanState::new(tables.restart_interval);
    let mut painter = Painter::new(frame, colours);
    for _ in 0..frame.units_y {
        for unit_x in 0..frame.units_x {
            state.begin_unit(bits)?;
            for (place, (component, quantisation)) in frame.components.iter().zip(quantisation).enumerate() {
                for y in 0..component.v {
                    for x in 0..component.h {
                        let mut block = [0; BLOCK];
                        codes.read(place, bits, &mut state, &mut block)?;
                        let x = unit_x * component.h + x;
                        if x < component.blocks_x {
                            painter.put(place, x as usize, y as usize, &idct::samples(&block, quantisation)?)?;
                        }
                    }
                }
            }
        }
        painter.end_row();
    }
    Ok(painter.finish())
}

fn gather_scan(
    frame: &FrameHeader,
    scan: &Scan,
    tables: &Tables,
    gathered: &mut Coefficients,
    bits: &mut Bits<'_>,
) -> Result<(), Error> {
    for component in &scan.components {
        let slot = gathered.quantisation.get_mut(component.index).ok_or(Error::Damaged)?;
        let number = frame.components.get(component.index).ok_or(Error::Damaged)?.quantisation;
        match slot {
            Some(_) if frame.progressive => {}
            // libjpeg decodes it again over the first one.
            Some(_) => return Err(Error::Damaged),
            None => *slot = Some(tables.quantisation(number)?),
        }
    }
    let mut state = ScanState::new(tables.restart_interval);
    if frame.progressive {
        gathered.progress.advance(scan)?;
        let pass = Pass::of(scan, tables)?;
        each_block(frame, scan, &mut gathered.coefficients, &mut state, bits, |place, bits, state, block| {
            pass.read(place, bits, state, block)
        })
    } else {
        let codes = Codes::of(scan, tables)?;
        each_block(frame, scan, &mut gathered.coefficients, &mut state, bits, |place, bits, state, block| {
            codes.read(place, bits, state, block)
        })
    }
}

#[inline]
fn each_block<'a>(
    frame: &FrameHeader,
    scan: &Scan,
    coefficients: &mut [Vec<i16>],
    state: &mut ScanState,
    bits: &mut Bits<'a>,
    read: impl Fn(usize, &mut Bits<'a>, &mut ScanState, &mut [i16; BLOCK]) -> Result<(), Error>,
) -> Result<(), Error> {
    let (units_x, units_y) = scan.units(frame);
    let is_alone = scan.components.len() == 1;
    for unit_y in 0..units_y {
        for unit_x in 0..units_x {
            state.begin_unit(bits)?;
            for (place, scanned) in scan.components.iter().enumerate() {
                let component = frame.components.get(scanned.index).ok_or(Error::Damaged)?;
                let blocks = coefficients.get_mut(scanned.index).ok_or(Error::Damaged)?.as_chunks_mut::<BLOCK>().0;
                let (h, v) = if is_alone { (1, 1) } else { (component.h, component.v) };
                for y in unit_y * v..(unit_y + 1) * v {
                    for x in unit_x * h..(unit_x + 1) * h {
                        let at = y as usize * component.stride as usize + x as usize;
                        read(place, bits, state, blocks.get_mut(at).ok_or(Error::Damaged)?)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn paint_gathered(frame: &FrameHeader, gathered: &Coefficients, colours: ColourSpace) -> Result<Picture, Error> {
    let mut painter = Painter::new(frame, colours);
    for unit_y in 0..frame.units_y {
        let parts = frame.components.iter().zip(&gathered.coefficients).zip(&gathered.quantisation);
        for (index, ((component, coefficients), quantisation)) in parts.enumerate() {
            let quantisation = quantisation.as_ref().ok_or(Error::CutShort)?;
            let (blocks, _) = coefficients.as_chunks::<BLOCK>();
            for y in 0..component.v {
                let row = ((unit_y * component.v + y) * component.stride) as usize;
                for (x, block) in blocks.iter().skip(row).take(component.blocks_x as usize).enumerate() {
                    painter.put(index, x, y as usize, &idct::samples(block, quantisation)?)?;
                }
            }
        }
        painter.end_row();
    }
    Ok(painter.finish())
}
