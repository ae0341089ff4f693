//! Activations, rounded to 8 bits in blocks of 32, straight from what they are computed from.

use super::super::rows::exp;
use super::super::team::{Shares, Team};
use super::super::{Isa, Work, run};
use super::{BLOCK, OFFSET, STEP};

/// Rows below which the helpers are not worth calling.
const ROWS_TO_SHARE: usize = 8;

/// Rows that one thread takes at a time.
const ROWS_PER_PART: usize = 8;

/// What the values of rows are computed from.
#[derive(Clone, Copy)]
pub(in crate::engine) enum Source<'a> {
    /// They are there: rows of this many.
    Plain(&'a [f32], usize),
    /// `x / rms(x) · weight` of rows as long as `weight` (Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019).
    RmsNorm { x: &'a [f32], weight: &'a [f32], eps: f32 },
    /// `silu(gate) · up`; each row holds all gates, then all ups (Shazeer, "GLU Variants Improve Transformer", 2020).
    SwiGlu(&'a [f32], usize),
}

impl Source<'_> {
    /// Values per row.
    fn width(&self) -> usize {
        match self {
            Self::Plain(_, width) | Self::SwiGlu(_, width) => *width,
            Self::RmsNorm { weight, .. } => weight.len(),
        }
    }

    fn rows(&self) -> usize {
        match self {
            Self::Plain(x, width) => x.len() / width,
            Self::RmsNorm { x, weight, .. } => x.len() / weight.len(),
            Self::SwiGlu(x, width) => x.len() / (2 * width),
        }
    }
}

/// What goes with a block of activations.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Grade {
    /// A value is `scale` times its code.
    pub(super) scale: f32,
    /// Sum of the values: what a weight's `least` is multiplied by.
    pub(super) sum: f32,
    /// What the offset of 8-bit weights adds to the sum of products, taken away beforehand.
    pub(super) start: i32,
}

/// In which forms activations are wanted: without 8-bit dot products, two of 16 bits take their place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::engine) struct Forms {
    pub(super) bytes: bool,
    pub(super) pairs: bool,
}

impl Forms {
    /// Both what `self` and what `other` wants.
    pub(in crate::engine) fn and(self, other: Self) -> Self {
        Self { bytes: self.bytes || other.bytes, pairs: self.pairs || other.pairs }
    }

    pub(super) fn holds(self, other: Self) -> bool {
        self.and(other) == self
    }
}

/// Rows of activations. Kept between products so that its memory is.
#[derive(Default)]
pub(in crate::engine) struct BlockRows {
    pub(super) rows: usize,
    /// Blocks per row.
    pub(super) blocks: usize,
    pub(super) forms: Forms,
    /// Codes, if asked for.
    pub(super) values: Vec<i8>,
    /// Codes as 16 bits, if asked for: of each four, the first, the third, the second, the fourth.
    pub(super) pairs: Vec<i16>,
    pub(super) grades: Vec<Grade>,
}

impl BlockRows {
    /// Takes all rows of `source`, in the forms that the matrices [want](super::BlockMatrix::forms) which they will be multiplied by.
    pub(in crate::engine) fn fill(&mut self, team: &mut Team, isa: Isa, source: Source<'_>, forms: Forms) {
        self.rows = source.rows();
        self.blocks = source.width().div_ceil(BLOCK);
        self.forms = forms;
        let blocks = self.rows * self.blocks;
        // Every value is written below, so what is left from before does no harm.
        self.values.resize(if forms.bytes { blocks * BLOCK } else { 0 }, 0);
        self.pairs.resize(if forms.pairs { blocks * BLOCK } else { 0 }, 0);
        self.grades.resize(blocks, Grade::default());
        let (values, pairs, grades) = (Shares::new(&mut self.values), Shares::new(&mut self.pairs), Shares::new(&mut self.grades));
        let (rows, per_row) = (self.rows, self.blocks);
        let part = |first: usize, count: usize| {
            let (from, blocks) = (first * per_row, count * per_row);
            let (bytes, halves) = (usize::from(forms.bytes) * BLOCK, usize::from(forms.pairs) * BLOCK);
            // SAFETY: each row belongs to one part, and the vectors are borrowed until all parts are done.
            let (values, pairs, grades) = unsafe {
                (values.part(from * bytes, blocks * bytes), pairs.part(from * halves, blocks * halves), grades.part(from, blocks))
            };
            run(isa, Fill { source, first, count, values, pairs, grades, per_row });
        };
        if rows < ROWS_TO_SHARE {
            part(0, rows);
        } else {
            let parts = rows.div_ceil(ROWS_PER_PART);
            team.share(parts, |number| part(number * ROWS_PER_PART, ROWS_PER_PART.min(rows - number * ROWS_PER_PART)));
        }
    }
}

struct Fill<'a> {
    source: Source<'a>,
    first: usize,
    count: usize,
    values: &'a mut [i8],
    pairs: &'a mut [i16],
    grades: &'a mut [Grade],
    per_row: usize,
}

impl Work for Fill<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(mut self) {
        match self.source {
            Source::Plain(x, width) => self.fill(|row, at, to| copy(&x[row * width..][..width], at, to)),
            Source::RmsNorm { x, weight, eps } => {
                let width = weight.len();
                let mut factor = (usize::MAX, 0f32);
                self.fill(|row, at, to| {
                    let x = &x[row * width..][..width];
                    if factor.0 != row {
                        factor = (row, 1.0 / (sum_of_squares(x) / width as f32 + eps).sqrt());
                    }
                    copy(x, at, to);
                    let mut weights = [0f32; BLOCK];
                    copy(weight, at, &mut weights);
                    to.iter_mut().zip(&weights).for_each(|(to, weight)| *to *= factor.1 * weight);
                });
            }
            Source::SwiGlu(x, width) => self.fill(|row, at, to| {
                let (gates, ups) = x[row * 2 * width..][..2 * width].split_at(width);
                copy(gates, at, to);
                let mut factors = [0f32; BLOCK];
                copy(ups, at, &mut factors);
                to.iter_mut().zip(&factors).for_each(|(to, up)| *to = *to / (1.0 + exp::<FMA>(-*to)) * up);
            }),
        }
    }
}

impl Fill<'_> {
    #[inline(always)]
    fn fill(&mut self, mut block: impl FnMut(usize, usize, &mut [f32; BLOCK])) {
        for row in 0..self.count {
            for at in 0..self.per_row {
                let mut values = [0f32; BLOCK];
                block(self.first + row, at, &mut values);
                let place = row * self.per_row + at;
                let mut codes = [0i32; BLOCK];
                self.grades[place] = round(&values, &mut codes);
                if let Some(to) = self.values.get_mut(place * BLOCK..(place + 1) * BLOCK) {
                    to.iter_mut().zip(&codes).for_each(|(to, code)| *to = *code as i8);
                }
                if let Some(to) = self.pairs.get_mut(place * BLOCK..(place + 1) * BLOCK) {
                    for (to, codes) in to.chunks_exact_mut(STEP).zip(codes.chunks_exact(STEP)) {
                        to.iter_mut().zip([codes[0], codes[2], codes[1], codes[3]]).for_each(|(to, code)| *to = code as i16);
                    }
                }
            }
        }
    }
}

/// Block `at` of a row, filled up with zeros.
#[inline(always)]
fn copy(row: &[f32], at: usize, to: &mut [f32; BLOCK]) {
    if let Some(block) = row[at * BLOCK..].first_chunk::<BLOCK>() {
        *to = *block;
    } else {
        let rest = &row[at * BLOCK..];
        *to = [0.0; BLOCK];
        to[..rest.len()].copy_from_slice(rest);
    }
}

#[inline(always)]
fn sum_of_squares(x: &[f32]) -> f32 {
    let mut partial = [0f32; 16];
    let (blocks, rest) = x.as_chunks::<16>();
    for block in blocks {
        partial.iter_mut().zip(block).for_each(|(sum, value)| *sum += value * value);
    }
    partial.iter().sum::<f32>() + rest.iter().map(|value| value * value).sum::<f32>()
}

/// Rounds one block by its largest value. A block with values that are no finite numbers becomes zeros.
#[inline(always)]
fn round(values: &[f32; BLOCK], codes: &mut [i32; BLOCK]) -> Grade {
    /// Adding 1.5 · 2^23 rounds to a whole number, whose last bits are then the last of the sum: quicker than a conversion.
    const ROUND: f32 = 12_582_912.0;
    let mut largest = [0f32; 8];
    for eight in values.as_chunks::<8>().0 {
        largest.iter_mut().zip(eight).for_each(|(largest, value)| {
            let size = value.abs();
            *largest = if size > *largest { size } else { *largest };
        });
    }
    let most = largest.iter().fold(0f32, |most, value| if *value > most { *value } else { most });
    let (scale, factor) = if most > 1e-30 && most.is_finite() { (most / 127.0, 127.0 / most) } else { (0.0, 0.0) };
    let mut total = 0;
    for (value, code) in values.iter().zip(codes.iter_mut()) {
        *code = i32::from((value * factor + ROUND).to_bits() as i8);
        total += *code;
    }
    Grade { scale, sum: scale * total as f32, start: -OFFSET * total }
}
