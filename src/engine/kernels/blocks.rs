//! Rows of activations times a matrix of weights, both in blocks of 32 values with a scale of their own: the grain of GGUF files.
//!
//! Sums within a block are exact integers and blocks are added in one order, so a row's result does not depend on how many rows are
//! multiplied together: a token that is checked in a batch gets exactly the logits it gets alone.

mod avx2;
mod avx512;
mod avx_vnni;
mod rows;

use half::f16;
use rayon::prelude::*;

pub(in crate::engine) use rows::{BlockRows, Forms, Source};

use super::Isa;
use super::team::{Shares, Team};

/// Values that share a scale.
pub(in crate::engine) const BLOCK: usize = 32;

/// Outputs whose weights stand side by side in memory.
const PANEL: usize = 32;

/// Inputs that one 8-bit dot product takes.
const STEP: usize = 4;

/// Taken from 8-bit codes: the dot product wants one side unsigned.
const OFFSET: i32 = 128;

/// How weights are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Width {
    /// Codes 0 to 15: a weight is `scale · code + least`. Holds Q4_0, Q4_1 and Q4_K as they are.
    Four,
    /// Codes 0 to 255: a weight is `scale · (code - 128)`. Holds Q8_0 as it is, and the rest to within 1/254 of a block's largest.
    Eight,
}

impl Width {
    /// Bytes of one block of a panel that hold codes.
    const fn code_bytes(self) -> usize {
        match self {
            Self::Four => PANEL * BLOCK / 2,
            Self::Eight => PANEL * BLOCK,
        }
    }

    /// With the scales, and the least values where there are any.
    const fn bytes(self) -> usize {
        match self {
            Self::Four => self.code_bytes() + PANEL * 4,
            Self::Eight => self.code_bytes() + PANEL * 2,
        }
    }
}

/// 32 weights of one output.
#[derive(Debug, Clone, Copy)]
pub(in crate::engine) struct Block {
    pub(in crate::engine) codes: [u8; BLOCK],
    pub(in crate::engine) scale: f16,
    /// Zero where the width has none.
    pub(in crate::engine) least: f16,
}

impl Block {
    /// Rounds the weights of one output to 8-bit codes; the last block is filled up with zeros. Blocks with numbers that are none become
    /// zeros.
    pub(in crate::engine) fn round_row(weights: &[f32]) -> Vec<Self> {
        let filled = |weights: &[f32]| std::array::from_fn(|at| weights.get(at).copied().unwrap_or(0.0));
        weights.chunks(BLOCK).map(|weights| Self::round(&filled(weights))).collect()
    }

    fn round(weights: &[f32; BLOCK]) -> Self {
        let sum: f32 = weights.iter().map(|weight| weight.abs()).sum(); // of a NaN among them it is one
        let most = if sum.is_finite() { weights.iter().fold(0f32, |most, weight| most.max(weight.abs())) } else { 0.0 };
        let scale = f16::from_f32(most / 127.0);
        let step = f32::from(scale);
        let factor = if step > 0.0 && step.is_finite() { 1.0 / step } else { 0.0 };
        let code = |weight: f32| ((weight * factor).round().clamp(-127.0, 127.0) as i32 + OFFSET) as u8;
        Self { codes: weights.map(code), scale: if factor > 0.0 { scale } else { f16::ZERO }, least: f16::ZERO }
    }
}

/// A cache line.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Line([u8; 64]);

/// A matrix `outputs × inputs` for [`product`].
///
/// In memory: panels of 32 outputs; in each, blocks of 32 inputs one after another; in each block, the codes in groups of four inputs
/// (`[group][output][input]`; with 4-bit codes two groups share their bytes, the first in the low halves), then the scales, then the
/// least values, both f16. What is filled up is zero.
pub(in crate::engine) struct BlockMatrix {
    width: Width,
    outputs: usize,
    /// Blocks per output.
    blocks: usize,
    lines: Vec<Line>,
    /// Empty, or one per output.
    bias: Vec<f32>,
}

impl BlockMatrix {
    /// Asks `row` for the blocks of each output, on all threads; those it does not bring are zeros. `bias`: empty, or one per output.
    pub(in crate::engine) fn pack(
        width: Width,
        outputs: usize,
        inputs: usize,
        bias: Vec<f32>,
        row: impl Fn(usize) -> Vec<Block> + Sync,
    ) -> Self {
        assert!(bias.is_empty() || bias.len() == outputs, "one bias per output");
        let blocks = inputs.div_ceil(BLOCK);
        let panel_lines = blocks * width.bytes() / size_of::<Line>();
        let zero = Line([0; 64]);
        let mut lines = vec![zero; outputs.div_ceil(PANEL) * panel_lines];
        lines.par_chunks_mut(panel_lines.max(1)).enumerate().for_each(|(panel, lines)| {
            let bytes = lines.as_flattened_bytes();
            for column in 0..PANEL.min(outputs - panel * PANEL) {
                for (bytes, block) in bytes.chunks_exact_mut(width.bytes()).zip(row(panel * PANEL + column)) {
                    put(width, bytes, column, &block);
                }
            }
        });
        Self { width, outputs, blocks, lines, bias }
    }

    /// Values per row of the result.
    pub(in crate::engine) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Memory it takes, in bytes.
    pub(in crate::engine) fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// The weights of one output in f32, as an embedding table is read. `to` is at most as long as there are inputs.
    ///
    /// # Panics
    /// When there is no such output.
    pub(in crate::engine) fn read_row(&self, output: usize, to: &mut [f32]) {
        let panel = self.panel(output / PANEL);
        let column = output % PANEL;
        for (block, to) in panel.chunks_exact(self.width.bytes()).zip(to.chunks_mut(BLOCK)) {
            let scales = self.width.code_bytes();
            let scale = half_at(block, scales + 2 * column);
            let least = if self.width == Width::Four { half_at(block, scales + 2 * (PANEL + column)) } else { 0.0 };
            for (input, value) in to.iter_mut().enumerate() {
                *value = match self.width {
                    Width::Four => scale * f32::from(four_bits(block, column, input)) + least,
                    Width::Eight => scale * (f32::from(block[input / STEP * PANEL * STEP + column * STEP + input % STEP]) - OFFSET as f32),
                };
            }
        }
    }

    fn panel(&self, number: usize) -> &[u8] {
        let lines = self.blocks * self.width.bytes() / size_of::<Line>();
        self.lines[number * lines..(number + 1) * lines].as_bytes()
    }
}

/// Sees lines as bytes.
trait Bytes {
    fn as_bytes(&self) -> &[u8];
    fn as_flattened_bytes(&mut self) -> &mut [u8];
}

impl Bytes for [Line] {
    fn as_bytes(&self) -> &[u8] {
        // SAFETY: a line is 64 bytes without gaps.
        unsafe { std::slice::from_raw_parts(self.as_ptr().cast(), size_of_val(self)) }
    }

    fn as_flattened_bytes(&mut self) -> &mut [u8] {
        // SAFETY: a line is 64 bytes without gaps, and any byte is one.
        unsafe { std::slice::from_raw_parts_mut(self.as_mut_ptr().cast(), size_of_val(self)) }
    }
}

/// Puts 32 weights of the output at `column` into one block of a panel.
fn put(width: Width, bytes: &mut [u8], column: usize, block: &Block) {
    for (input, code) in block.codes.iter().enumerate() {
        let (group, at) = (input / STEP, column * STEP + input % STEP);
        match width {
            Width::Four => bytes[group / 2 * PANEL * STEP + at] |= (code & 15) << (4 * (group % 2)),
            Width::Eight => bytes[group * PANEL * STEP + at] = *code,
        }
    }
    let scales = width.code_bytes();
    bytes[scales + 2 * column..][..2].copy_from_slice(&block.scale.to_le_bytes());
    if width == Width::Four {
        bytes[scales + 2 * (PANEL + column)..][..2].copy_from_slice(&block.least.to_le_bytes());
    }
}

fn four_bits(block: &[u8], column: usize, input: usize) -> u8 {
    let group = input / STEP;
    (block[group / 2 * PANEL * STEP + column * STEP + input % STEP] >> (4 * (group % 2))) & 15
}

fn half_at(bytes: &[u8], at: usize) -> f32 {
    f32::from(f16::from_le_bytes([bytes[at], bytes[at + 1]]))
}

/// What becomes of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) enum Store {
    /// It replaces what was there.
    Set,
    /// It is added to what was there.
    Add,
}

/// `out[row][output] = Σ x[row][input] · w[output][input] + bias[output]` for all rows of `x`. `out`: rows of `width` values, of which those
/// from `first` on are this matrix's.
///
/// # Panics
/// When `x` lacks a form that `w` wants, or `out` is not rows times width long.
#[expect(clippy::too_many_arguments, reason = "a product, where from and where to")]
pub(in crate::engine) fn product(
    team: &mut Team,
    isa: Isa,
    x: &BlockRows,
    w: &BlockMatrix,
    out: &mut [f32],
    width: usize,
    first: usize,
    store: Store,
) {
    assert!(x.blocks == w.blocks && x.forms.holds(w.forms(isa)), "the activations were made for another matrix");
    assert!(out.len() == x.rows * width && first + w.outputs <= width, "length of the result");
    let panels = w.outputs.div_ceil(PANEL);
    // Several parts per thread, because a thread may be held up by others on the machine.
    let part = panels.div_ceil(team.threads() * 6).max(1);
    let out = Shares::new(out);
    team.share(panels.div_ceil(part), |number| {
        for panel in number * part..((number + 1) * part).min(panels) {
            Tile { x, w, weights: w.panel(panel), panel, out: &out, width, first, store }.run(isa);
        }
    });
}

impl BlockMatrix {
    /// The forms of activations it is multiplied by.
    pub(in crate::engine) fn forms(&self, isa: Isa) -> Forms {
        #[cfg(target_arch = "x86_64")]
        let pairs = isa == Isa::Avx2 && self.width == Width::Eight;
        #[cfg(not(target_arch = "x86_64"))]
        let pairs = isa != Isa::Portable;
        Forms { bytes: !pairs, pairs }
    }
}

/// All rows times one panel.
struct Tile<'a> {
    x: &'a BlockRows,
    w: &'a BlockMatrix,
    weights: &'a [u8],
    panel: usize,
    out: &'a Shares<f32>,
    width: usize,
    first: usize,
    store: Store,
}

impl Tile<'_> {
    /// All rows.
    fn run(&self, isa: Isa) {
        match isa {
            // SAFETY: these values are only made by `Isa::available`, after asking the CPU for the features.
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512Vnni => unsafe { self.avx512() },
            #[cfg(target_arch = "x86_64")]
            Isa::AvxVnni => unsafe { self.avx_vnni() },
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => unsafe { self.avx2() },
            Isa::Portable => (0..self.x.rows).for_each(|row| self.portable(row)),
        }
    }

    /// Hands out rows: `step` hears the next one and how many are left, and returns how many it took.
    #[cfg(target_arch = "x86_64")]
    fn in_steps(&self, step: impl Fn(usize, usize) -> usize) {
        let mut row = 0;
        while row < self.x.rows {
            row += step(row, self.x.rows - row);
        }
    }

    fn portable(&self, row: usize) {
        let mut sums = [0f32; PANEL];
        for (at, block) in self.weights.chunks_exact(self.w.width.bytes()).enumerate() {
            let x = &self.x.values[(row * self.x.blocks + at) * BLOCK..][..BLOCK];
            let grade = &self.x.grades[row * self.x.blocks + at];
            let scales = self.w.width.code_bytes();
            for (column, sum) in sums.iter_mut().enumerate() {
                let scale = half_at(block, scales + 2 * column) * grade.scale;
                let mut dot = if self.w.width == Width::Four { 0 } else { grade.start };
                for (input, value) in x.iter().enumerate() {
                    let code = match self.w.width {
                        Width::Four => four_bits(block, column, input),
                        Width::Eight => block[input / STEP * PANEL * STEP + column * STEP + input % STEP],
                    };
                    dot += i32::from(code) * i32::from(*value);
                }
                *sum += dot as f32 * scale;
                if self.w.width == Width::Four {
                    *sum += half_at(block, scales + 2 * (PANEL + column)) * grade.sum;
                }
            }
        }
        self.keep(row, 0, &sums);
    }

    /// Puts the results of one row where they belong. `first`: the column of the first.
    #[inline(always)]
    fn keep(&self, row: usize, first: usize, sums: &[f32]) {
        let from = self.panel * PANEL + first;
        let to = (from + sums.len()).min(self.w.outputs);
        if from >= to {
            return;
        }
        // SAFETY: only the thread that has this panel writes to its columns, one row after another.
        let out = unsafe { self.out.part(row * self.width + self.first + from, to - from) };
        if self.store == Store::Set {
            out.copy_from_slice(&sums[..out.len()]);
        } else {
            out.iter_mut().zip(sums).for_each(|(out, sum)| *out += sum);
        }
        if !self.w.bias.is_empty() {
            out.iter_mut().zip(&self.w.bias[from..to]).for_each(|(out, bias)| *out += bias);
        }
    }
}

#[cfg(test)]
mod tests;
