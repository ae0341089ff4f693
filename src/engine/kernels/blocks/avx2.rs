//! 256-bit vectors without 8-bit dot products that add to 32-bit sums.
//!
//! 4-bit codes: sums of two products fit 16 bits eight times over, so a whole block is summed in 16 bits, twice as fast as in 32.
//! 8-bit codes: even and odd bytes become 16 bits each and are multiplied so, exactly.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;
use std::cell::RefCell;
use std::hint::black_box;

use super::rows::Grade;
use super::{BLOCK, PANEL, STEP, Tile, Width};

/// Values of a vector of f32: outputs that one register holds.
const LANES: usize = 8;

/// Vectors of a panel that are multiplied together where there are many rows: more do not fit the registers.
const NARROW: usize = 2;

/// Rows that are multiplied together where there are many.
const ROWS: usize = 4;

thread_local! {
    /// One panel of 4-bit codes, a byte each, while it is multiplied by many rows.
    static OPENED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Tile<'_> {
    /// All rows.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn avx2(&self) {
        let rows = self.x.rows;
        match self.w.width {
            Width::Four if rows >= ROWS => OPENED.with_borrow_mut(|opened| {
                self.open(opened);
                for first in (0..PANEL / LANES).step_by(NARROW) {
                    self.in_steps(|row, left| match left {
                        ROWS.. => self.four_opened::<ROWS>(row, first, opened),
                        3 => self.four_opened::<3>(row, first, opened),
                        2 => self.four_opened::<2>(row, first, opened),
                        _ => self.four_opened::<1>(row, first, opened),
                    });
                }
            }),
            Width::Four => self.in_steps(|row, left| if left >= 2 { self.four::<2>(row) } else { self.four::<1>(row) }),
            Width::Eight if rows >= ROWS => {
                for first in (0..PANEL / LANES).step_by(NARROW) {
                    self.in_steps(|row, left| match left {
                        ROWS.. => self.eight::<ROWS, NARROW>(row, first),
                        3 => self.eight::<3, NARROW>(row, first),
                        2 => self.eight::<2, NARROW>(row, first),
                        _ => self.eight::<1, NARROW>(row, first),
                    });
                }
            }
            Width::Eight => self.in_steps(|row, left| if left >= 2 { self.eight::<2, 4>(row, 0) } else { self.eight::<1, 4>(row, 0) }),
        }
    }

    /// Puts the panel's codes into a byte each, `[two vectors of outputs][group][output][input]`.
    #[target_feature(enable = "avx2")]
    fn open(&self, opened: &mut Vec<u8>) {
        let low_half = _mm256_set1_epi8(15);
        opened.resize(self.x.blocks * PANEL * BLOCK, 0);
        let half = self.x.blocks * NARROW * LANES * BLOCK;
        for (at, block) in self.weights.chunks_exact(Width::Four.bytes()).enumerate() {
            for (pair, both) in block[..Width::Four.code_bytes()].chunks_exact(PANEL * STEP).enumerate() {
                for (vector, both) in both.chunks_exact(LANES * STEP).enumerate() {
                    let group = at * (BLOCK / STEP) + 2 * pair;
                    let to = vector / NARROW * half + (group * NARROW + vector % NARROW) * LANES * STEP;
                    let to = &mut opened[to..to + (NARROW + 1) * LANES * STEP];
                    // SAFETY: `both` is 32 bytes long, `to` 96, of which the first and the last 32 are written.
                    unsafe {
                        let both = _mm256_loadu_si256(both.as_ptr().cast());
                        _mm256_storeu_si256(to.as_mut_ptr().cast(), _mm256_and_si256(both, low_half));
                        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low_half);
                        _mm256_storeu_si256(to.as_mut_ptr().add(NARROW * LANES * STEP).cast(), high);
                    }
                }
            }
        }
    }

    /// Many rows times the vectors of outputs from `first` on, whose codes have been opened.
    #[target_feature(enable = "avx2,fma,f16c")]
    fn four_opened<const ROWS: usize>(&self, row: usize, first: usize, opened: &[u8]) -> usize {
        let blocks = self.x.blocks;
        let inputs: [&[i8]; ROWS] = std::array::from_fn(|at| &self.x.values[(row + at) * blocks * BLOCK..][..blocks * BLOCK]);
        let half = blocks * NARROW * LANES * BLOCK;
        let opened = &opened[first / NARROW * half..][..half];
        // Hidden from the compiler: unrolled, it would run out of registers.
        let groups = black_box(BLOCK / STEP);
        let mut sums = [[_mm256_setzero_ps(); NARROW]; ROWS];
        for (at, block) in self.weights.chunks_exact(Width::Four.bytes()).enumerate() {
            let mut dots = [[_mm256_setzero_si256(); NARROW]; ROWS];
            for group in at * groups..(at + 1) * groups {
                // SAFETY: each row has `groups` groups for each block of the panel: checked in `product`; `opened` has two vectors for each.
                unsafe {
                    let codes = opened.as_ptr().add(group * NARROW * LANES * STEP);
                    let (left, right) = (_mm256_loadu_si256(codes.cast()), _mm256_loadu_si256(codes.add(LANES * STEP).cast()));
                    for (dots, inputs) in dots.iter_mut().zip(&inputs) {
                        let x = _mm256_set1_epi32(inputs.as_ptr().add(group * STEP).cast::<i32>().read_unaligned());
                        dots[0] = _mm256_add_epi16(dots[0], _mm256_maddubs_epi16(left, x));
                        dots[1] = _mm256_add_epi16(dots[1], _mm256_maddubs_epi16(right, x));
                    }
                }
            }
            self.add_four(row, at, block, first, &dots, &mut sums);
        }
        self.keep_all(row, first, &sums);
        ROWS
    }

    /// One or two rows, straight from the packed codes.
    #[target_feature(enable = "avx2,fma,f16c")]
    fn four<const ROWS: usize>(&self, row: usize) -> usize {
        const VECTORS: usize = PANEL / LANES;
        let blocks = self.x.blocks;
        let inputs: [&[i8]; ROWS] = std::array::from_fn(|at| &self.x.values[(row + at) * blocks * BLOCK..][..blocks * BLOCK]);
        let low_half = _mm256_set1_epi8(15);
        let pairs = black_box(BLOCK / STEP / 2);
        let mut sums = [[_mm256_setzero_ps(); VECTORS]; ROWS];
        for (at, block) in self.weights.chunks_exact(Width::Four.bytes()).enumerate() {
            let mut dots = [[_mm256_setzero_si256(); VECTORS]; ROWS];
            for pair in 0..pairs {
                for vector in 0..VECTORS {
                    // SAFETY: within the block: pair < 4 and vector < 4, so at most 512 bytes from its start; every row has two groups
                    // for each pair: checked in `product`.
                    unsafe {
                        let both = _mm256_load_si256(block.as_ptr().add((pair * VECTORS + vector) * LANES * STEP).cast());
                        let low = _mm256_and_si256(both, low_half);
                        let high = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low_half);
                        for (dots, inputs) in dots.iter_mut().zip(&inputs) {
                            let from = inputs.as_ptr().add((at * pairs + pair) * 2 * STEP).cast::<i32>();
                            let (even, odd) = (_mm256_set1_epi32(from.read_unaligned()), _mm256_set1_epi32(from.add(1).read_unaligned()));
                            let products = _mm256_add_epi16(_mm256_maddubs_epi16(low, even), _mm256_maddubs_epi16(high, odd));
                            dots[vector] = _mm256_add_epi16(dots[vector], products);
                        }
                    }
                }
            }
            self.add_four(row, at, block, 0, &dots, &mut sums);
        }
        self.keep_all(row, 0, &sums);
        ROWS
    }

    /// Adds what a block of 4-bit codes came to, in 16 bits per two inputs.
    #[inline]
    #[target_feature(enable = "avx2,fma,f16c")]
    fn add_four<const ROWS: usize, const VECTORS: usize>(
        &self,
        row: usize,
        at: usize,
        block: &[u8],
        first: usize,
        dots: &[[__m256i; VECTORS]; ROWS],
        sums: &mut [[__m256; VECTORS]; ROWS],
    ) {
        let ones = _mm256_set1_epi16(1);
        let scales = halves::<VECTORS>(block, Width::Four.code_bytes(), first);
        let least = halves::<VECTORS>(block, Width::Four.code_bytes() + 2 * PANEL, first);
        for (number, (dots, sums)) in dots.iter().zip(sums).enumerate() {
            let grade = &self.x.grades[(row + number) * self.x.blocks + at];
            let (scale, sum) = (_mm256_set1_ps(grade.scale), _mm256_set1_ps(grade.sum));
            for vector in 0..VECTORS {
                let dot = _mm256_cvtepi32_ps(_mm256_madd_epi16(dots[vector], ones));
                sums[vector] = _mm256_fmadd_ps(dot, _mm256_mul_ps(scales[vector], scale), sums[vector]);
                sums[vector] = _mm256_fmadd_ps(least[vector], sum, sums[vector]);
            }
        }
    }

    /// Some rows times the vectors of outputs from `first` on.
    #[target_feature(enable = "avx2,fma,f16c")]
    fn eight<const ROWS: usize, const VECTORS: usize>(&self, row: usize, first: usize) -> usize {
        let blocks = self.x.blocks;
        // For each group of four the even codes, then the odd ones.
        let inputs: [&[i16]; ROWS] = std::array::from_fn(|at| &self.x.pairs[(row + at) * blocks * BLOCK..][..blocks * BLOCK]);
        let even_bytes = _mm256_set1_epi16(255);
        let groups = black_box(BLOCK / STEP);
        let mut sums = [[_mm256_setzero_ps(); VECTORS]; ROWS];
        for (at, block) in self.weights.chunks_exact(Width::Eight.bytes()).enumerate() {
            let grades: [&Grade; ROWS] = std::array::from_fn(|number| &self.x.grades[(row + number) * blocks + at]);
            let mut dots: [[__m256i; VECTORS]; ROWS] = [[_mm256_setzero_si256(); VECTORS]; ROWS];
            for (dots, grade) in dots.iter_mut().zip(&grades) {
                *dots = [_mm256_set1_epi32(grade.start); VECTORS];
            }
            for group in 0..groups {
                for vector in 0..VECTORS {
                    // SAFETY: within the block: group < 8 and vector < 4, so at most 1024 bytes from its start; every row has two halves of
                    // each group: checked in `product`.
                    unsafe {
                        let both = _mm256_load_si256(block.as_ptr().add(group * PANEL * STEP + (first + vector) * LANES * STEP).cast());
                        let (even, odd) = (_mm256_and_si256(both, even_bytes), _mm256_srli_epi16::<8>(both));
                        for (dots, inputs) in dots.iter_mut().zip(&inputs) {
                            let from = inputs.as_ptr().add((at * groups + group) * STEP).cast::<i32>();
                            let (x_even, x_odd) =
                                (_mm256_set1_epi32(from.read_unaligned()), _mm256_set1_epi32(from.add(1).read_unaligned()));
                            let products = _mm256_add_epi32(_mm256_madd_epi16(even, x_even), _mm256_madd_epi16(odd, x_odd));
                            dots[vector] = _mm256_add_epi32(dots[vector], products);
                        }
                    }
                }
            }
            let scales = halves::<VECTORS>(block, Width::Eight.code_bytes(), first);
            for ((dots, sums), grade) in dots.iter().zip(&mut sums).zip(grades) {
                let scale = _mm256_set1_ps(grade.scale);
                for vector in 0..VECTORS {
                    sums[vector] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[vector]), _mm256_mul_ps(scales[vector], scale), sums[vector]);
                }
            }
        }
        self.keep_all(row, first, &sums);
        ROWS
    }

    /// Stores the sums of several rows. `first`: the first vector of the panel they are of.
    #[target_feature(enable = "avx2,fma,f16c")]
    pub(super) fn keep_all<const VECTORS: usize>(&self, row: usize, first: usize, sums: &[[__m256; VECTORS]]) {
        for (number, sums) in sums.iter().enumerate() {
            let mut plain = [[0f32; LANES]; VECTORS];
            for (plain, sum) in plain.iter_mut().zip(sums) {
                // SAFETY: `plain` holds eight values; stores need no alignment.
                unsafe { _mm256_storeu_ps(plain.as_mut_ptr(), *sum) };
            }
            self.keep(row + number, first * LANES, plain.as_flattened());
        }
    }
}

/// Four codes in every 32 bits.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn spread(codes: &[i8; STEP]) -> __m256i {
    _mm256_set1_epi32(i32::from_ne_bytes(codes.map(i8::cast_unsigned)))
}

/// The f16 values at `offset` in a block, of the outputs from vector `first` on.
#[inline]
#[target_feature(enable = "avx2,f16c")]
pub(super) fn halves<const VECTORS: usize>(block: &[u8], offset: usize, first: usize) -> [__m256; VECTORS] {
    std::array::from_fn(|vector| {
        let from = offset + 2 * LANES * (first + vector);
        // SAFETY: the slice is 16 bytes long; loads need no alignment.
        unsafe { _mm256_cvtph_ps(_mm_loadu_si128(block[from..from + 2 * LANES].as_ptr().cast())) }
    })
}
