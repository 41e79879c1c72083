//! Writes JPEG files of any layout from coefficients, so that tests have files that no encoder at hand writes.
//!
//! The coefficients are drawn, not taken from a picture: what matters is that two decoders make the same pixels of them.

/// A picture's components and what stands in the file around its scans.
#[derive(Debug, Clone)]
pub(crate) struct Layout {
    pub(crate) width: u16,
    pub(crate) height: u16,
    /// The frame marker.
    pub(crate) frame: u8,
    pub(crate) precision: u8,
    /// Identifier and sampling factors of each component.
    pub(crate) components: Vec<(u8, u8, u8)>,
    /// Segments in front of the frame.
    pub(crate) front: Vec<u8>,
    /// What stands in front of each scan.
    pub(crate) between: Vec<u8>,
    /// The bits of the Huffman codes: 8 are looked up at once by most decoders, 16 by none.
    pub(crate) code_bits: u8,
    /// Bytes that fill up each marker.
    pub(crate) fill: usize,
}

/// A scan: components by their places, the band, the former and the present bit, the restart interval.
#[derive(Debug, Clone)]
pub(crate) struct Scan {
    pub(crate) components: Vec<usize>,
    pub(crate) band: (u8, u8),
    pub(crate) former_bit: u8,
    pub(crate) bit: u8,
    pub(crate) restart: u16,
}

impl Scan {
    pub(crate) fn sequential(components: &[usize], restart: u16) -> Self {
        Self { components: components.to_vec(), band: (0, 63), former_bit: 0, bit: 0, restart }
    }

    pub(crate) fn progressive(components: &[usize], band: (u8, u8), bits: (u8, u8)) -> Self {
        Self { components: components.to_vec(), band, former_bit: bits.0, bit: bits.1, restart: 0 }
    }
}

/// Coefficients of a component, in the order of the file.
struct Plane {
    stride: usize,
    blocks_x: usize,
    blocks_y: usize,
    blocks: Vec<[i32; 64]>,
}

impl Layout {
    /// Three components of YCbCr, the latter two of factors 1 and 1, in a baseline file without any application data.
    pub(crate) fn of(width: u16, height: u16, h: u8, v: u8) -> Self {
        Self {
            width,
            height,
            frame: 0xC0,
            precision: 8,
            components: vec![(1, h, v), (2, 1, 1), (3, 1, 1)],
            front: Vec::new(),
            between: Vec::new(),
            code_bits: 8,
            fill: 0,
        }
    }

    fn factors_max(&self) -> (usize, usize) {
        let h = self.components.iter().map(|(_, h, _)| usize::from(*h)).max().unwrap();
        (h, self.components.iter().map(|(_, _, v)| usize::from(*v)).max().unwrap())
    }

    fn units(&self) -> (usize, usize) {
        let (h, v) = self.factors_max();
        (usize::from(self.width).div_ceil(8 * h), usize::from(self.height).div_ceil(8 * v))
    }

    fn planes(&self) -> Vec<Plane> {
        let ((h_max, v_max), (units_x, units_y)) = (self.factors_max(), self.units());
        let mut dice = 0x9E37_79B9_u32;
        let mut roll = |sides: i32| {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            i32::try_from(dice >> 16).unwrap() % sides
        };
        let planes = self.components.iter().enumerate().map(|(number, (_, h, v))| {
            let (h, v) = (usize::from(*h), usize::from(*v));
            let (stride, rows) = (units_x * h, units_y * v);
            let blocks = (0..stride * rows).map(|at| {
                let mut block = [0; 64];
                let (x, y) = (i32::try_from(at % stride).unwrap(), i32::try_from(at / stride).unwrap());
                block[0] = (x * 5 + y * 3 + 7 * i32::try_from(number).unwrap()) % 41 - 20 + roll(5);
                for place in [1, 2, 3, 4, 5, 8, 12, 19, 37, 63] {
                    if roll(3) == 0 {
                        block[place] = roll(9) - 4;
                    }
                }
                block
            });
            Plane {
                stride,
                blocks_x: (usize::from(self.width) * h).div_ceil(8 * h_max),
                blocks_y: (usize::from(self.height) * v).div_ceil(8 * v_max),
                blocks: blocks.collect(),
            }
        });
        planes.collect()
    }

    fn marker(&self, code: u8) -> Vec<u8> {
        [vec![0xFF; self.fill + 1], vec![code]].concat()
    }

    fn segment(&self, code: u8, data: &[u8]) -> Vec<u8> {
        [self.marker(code), u16::try_from(data.len() + 2).unwrap().to_be_bytes().to_vec(), data.to_vec()].concat()
    }

    /// The quantisation table: small steps for the low frequencies.
    pub(crate) fn quantisation(number: u8, factor: u8) -> Vec<u8> {
        let steps = (0..64).map(|place| if place == 0 { 16 } else { 6 + place / 8 } * factor);
        std::iter::once(number).chain(steps).collect()
    }

    /// Huffman tables whose codes all have the same length, so that a symbol's code is its place.
    fn huffman(&self) -> Vec<u8> {
        let table = |class: u8, symbols: Vec<u8>| {
            let mut counts = [0; 16];
            counts[usize::from(self.code_bits) - 1] = u8::try_from(symbols.len()).unwrap();
            [vec![class], counts.to_vec(), symbols].concat()
        };
        [table(0x00, (0..12).collect()), table(0x10, ac_symbols())].concat()
    }

    pub(crate) fn frame_segment(&self) -> Vec<u8> {
        let mut data = vec![self.precision];
        data.extend(self.height.to_be_bytes());
        data.extend(self.width.to_be_bytes());
        data.push(u8::try_from(self.components.len()).unwrap());
        for (id, h, v) in &self.components {
            data.extend([*id, h << 4 | v, 0]);
        }
        self.segment(self.frame, &data)
    }

    /// The file with these scans.
    pub(crate) fn file(&self, scans: &[Scan]) -> Vec<u8> {
        let mut file = vec![0xFF, 0xD8];
        file.extend(&self.front);
        file.extend(self.segment(0xDB, &Self::quantisation(0, 1)));
        file.extend(self.frame_segment());
        file.extend(self.segment(0xC4, &self.huffman()));
        let planes = self.planes();
        let mut restart = 0;
        for scan in scans {
            file.extend(&self.between);
            if scan.restart != restart {
                restart = scan.restart;
                file.extend(self.segment(0xDD, &restart.to_be_bytes()));
            }
            file.extend(self.scan(scan, &planes));
        }
        file.extend(self.marker(0xD9));
        file
    }

    /// All components in one scan where a unit has room for them, else each in its own.
    pub(crate) fn interleaved(&self, restart: u16) -> Vec<u8> {
        let blocks: u8 = self.components.iter().map(|(_, h, v)| h * v).sum();
        let all: Vec<usize> = (0..self.components.len()).collect();
        if blocks > 10 { self.separate(restart) } else { self.file(&[Scan::sequential(&all, restart)]) }
    }

    /// Each component in a scan of its own.
    pub(crate) fn separate(&self, restart: u16) -> Vec<u8> {
        let scans = (0..self.components.len()).map(|component| Scan::sequential(&[component], restart));
        self.file(&scans.collect::<Vec<_>>())
    }

    fn scan(&self, scan: &Scan, planes: &[Plane]) -> Vec<u8> {
        let mut header = vec![u8::try_from(scan.components.len()).unwrap()];
        for component in &scan.components {
            header.extend([self.components[*component].0, 0x00]);
        }
        header.extend([scan.band.0, scan.band.1, scan.former_bit << 4 | scan.bit]);
        let mut out = self.segment(0xDA, &header);

        let mut coder = Coder::new(self, scan);
        let (mut units, is_alone) = (self.units(), scan.components.len() == 1);
        if let [only] = scan.components.as_slice() {
            units = (planes[*only].blocks_x, planes[*only].blocks_y);
        }
        for unit in 0..units.0 * units.1 {
            if scan.restart > 0 && unit > 0 && unit % usize::from(scan.restart) == 0 {
                coder.restart(unit / usize::from(scan.restart) - 1);
            }
            for (place, component) in scan.components.iter().enumerate() {
                let (_, h, v) = self.components[*component];
                let (h, v) = if is_alone { (1, 1) } else { (usize::from(h), usize::from(v)) };
                let plane = &planes[*component];
                for block in 0..h * v {
                    let (x, y) = (unit % units.0 * h + block % h, unit / units.0 * v + block / h);
                    coder.block(place, &plane.blocks[y * plane.stride + x]);
                }
            }
        }
        out.extend(coder.finish());
        out
    }
}

fn ac_symbols() -> Vec<u8> {
    (0..16).flat_map(|run: u8| (0..11).map(move |size| run << 4 | size)).collect()
}

/// Codes blocks into the bytes of a scan.
struct Coder<'a> {
    layout: &'a Layout,
    scan: &'a Scan,
    out: Vec<u8>,
    held: u32,
    count: u32,
    last_dc: [i32; 5],
    /// Blocks that ended and are not written yet, and the bits that correct them.
    ended: u32,
    corrections: Vec<bool>,
}

impl<'a> Coder<'a> {
    fn new(layout: &'a Layout, scan: &'a Scan) -> Self {
        let (out, corrections) = (Vec::new(), Vec::new());
        Self { layout, scan, out, held: 0, count: 0, last_dc: [0; 5], ended: 0, corrections }
    }

    fn put(&mut self, value: u32, bits: u32) {
        for bit in (0..bits).rev() {
            self.held = self.held << 1 | (value >> bit & 1);
            self.count += 1;
            if self.count == 8 {
                let byte = u8::try_from(self.held & 0xFF).unwrap();
                self.out.push(byte);
                if byte == 0xFF {
                    self.out.extend(vec![0xFF; self.layout.fill]);
                    self.out.push(0);
                }
                (self.held, self.count) = (0, 0);
            }
        }
    }

    fn align(&mut self) {
        while self.count > 0 {
            self.put(1, 1);
        }
    }

    fn restart(&mut self, number: usize) {
        self.end_blocks();
        self.align();
        let code = 0xD0 + u8::try_from(number % 8).unwrap();
        self.out.extend(self.layout.marker(code));
        self.last_dc = [0; 5];
    }

    fn finish(mut self) -> Vec<u8> {
        self.end_blocks();
        self.align();
        self.out
    }

    fn dc_symbol(&mut self, symbol: u32) {
        self.put(symbol, self.layout.code_bits.into());
    }

    fn ac_symbol(&mut self, run: u32, size: u32) {
        self.put(run * 11 + size, self.layout.code_bits.into());
    }

    fn block(&mut self, place: usize, block: &[i32; 64]) {
        let (scan, band) = (self.scan, usize::from(self.scan.band.0)..=usize::from(self.scan.band.1));
        let is_progressive = self.layout.frame == 0xC2;
        match (is_progressive, scan.band.0, scan.former_bit) {
            (false, _, _) => {
                self.first_dc(place, block[0]);
                self.first_ac(block, 1..=63);
            }
            (true, 0, 0) => self.first_dc(place, block[0] >> scan.bit),
            (true, 0, _) => self.put(u32::from(block[0] >> scan.bit & 1 == 1), 1),
            (true, _, 0) => self.first_ac(block, band),
            (true, _, _) => self.refine_ac(block, band),
        }
    }

    fn first_dc(&mut self, place: usize, value: i32) {
        let difference = value - self.last_dc[place];
        self.last_dc[place] = value;
        let size = 32 - difference.unsigned_abs().leading_zeros();
        self.dc_symbol(size);
        self.value(difference, size);
    }

    fn value(&mut self, value: i32, size: u32) {
        let negative = if value < 0 { (1 << size) - 1 } else { 0 };
        self.put(u32::try_from(value + negative).unwrap(), size);
    }

    fn first_ac(&mut self, block: &[i32; 64], band: std::ops::RangeInclusive<usize>) {
        let mut run = 0;
        for value in band.map(|place| block[place]).map(|value| value.signum() * (value.abs() >> self.scan.bit)) {
            if value == 0 {
                run += 1;
                continue;
            }
            self.end_blocks();
            while run > 15 {
                self.ac_symbol(15, 0);
                run -= 16;
            }
            let size = 32 - value.unsigned_abs().leading_zeros();
            self.ac_symbol(run, size);
            self.value(value, size);
            run = 0;
        }
        if run > 0 {
            self.end_block();
        }
    }

    /// Sequential scans say the end of each block, progressive ones of several together.
    fn end_block(&mut self) {
        self.ended += 1;
        if self.layout.frame != 0xC2 {
            self.ac_symbol(0, 0);
            self.ended = 0;
        } else if self.ended == 0x7FFF {
            self.end_blocks();
        }
    }

    fn end_blocks(&mut self) {
        if self.ended > 0 {
            let size = 31 - self.ended.leading_zeros();
            self.ac_symbol(size, 0);
            self.put(self.ended & ((1 << size) - 1), size);
            self.ended = 0;
        }
        self.corrections(0);
    }

    /// Writes the corrections held from this one on.
    fn corrections(&mut self, from: usize) {
        for correction in self.corrections.split_off(from) {
            self.put(correction.into(), 1);
        }
    }

    fn refine_ac(&mut self, block: &[i32; 64], band: std::ops::RangeInclusive<usize>) {
        let magnitudes: Vec<i32> = band.clone().map(|place| block[place].abs() >> self.scan.bit).collect();
        let last_new = magnitudes.iter().rposition(|magnitude| *magnitude == 1);
        let (mut run, mut own) = (0, self.corrections.len());
        for (at, (place, magnitude)) in band.zip(&magnitudes).enumerate() {
            if *magnitude == 0 {
                run += 1;
                continue;
            }
            while run > 15 && last_new.is_some_and(|last| at <= last) {
                let held = self.corrections.split_off(own);
                self.end_blocks();
                self.ac_symbol(15, 0);
                run -= 16;
                self.corrections = held;
                self.corrections(0);
                own = 0;
            }
            if *magnitude > 1 {
                self.corrections.push(magnitude & 1 == 1);
                continue;
            }
            let held = self.corrections.split_off(own);
            self.end_blocks();
            self.ac_symbol(run, 1);
            self.put(u32::from(block[place] > 0), 1);
            self.corrections = held;
            self.corrections(0);
            (run, own) = (0, 0);
        }
        if run > 0 || self.corrections.len() > own {
            self.end_block();
        }
    }
}
