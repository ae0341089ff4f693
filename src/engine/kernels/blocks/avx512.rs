//! 512-bit vectors with 8-bit dot products.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::{BLOCK, PANEL, STEP, Tile, Width};

/// Values of a vector of f32: outputs that one register holds.
const LANES: usize = 16;

/// Vectors of a panel.
const VECTORS: usize = PANEL / LANES;

impl Tile<'_> {
    /// All rows.
    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
    pub(super) fn avx512(&self) {
        self.in_steps(|row, left| match left {
            6.. => self.vnni_512::<6>(row),
            4..6 => self.vnni_512::<4>(row),
            3 => self.vnni_512::<3>(row),
            2 => self.vnni_512::<2>(row),
            _ => self.vnni_512::<1>(row),
        });
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma,f16c")]
    fn vnni_512<const ROWS: usize>(&self, row: usize) -> usize {
        let (blocks, width) = (self.x.blocks, self.w.width);
        let codes: [&[[i8; STEP]]; ROWS] =
            std::array::from_fn(|at| self.x.values[(row + at) * blocks * BLOCK..][..blocks * BLOCK].as_chunks().0);
        let low_half = _mm512_set1_epi8(15);
        let mut sums = [[_mm512_setzero_ps(); VECTORS]; ROWS];
        for (at, block) in self.weights.chunks_exact(width.bytes()).enumerate() {
            // SAFETY: `part` < 8 for 8-bit codes and < 4 for 4-bit ones, vector < 2: within the block's codes.
            let load = |part: usize, vector: usize| unsafe {
                _mm512_loadu_si512(block.as_ptr().add((part * VECTORS + vector) * LANES * STEP).cast())
            };
            let input = |codes: &[[i8; STEP]], group: usize| {
                // SAFETY: each row has eight groups for each block of the panel: checked in `product`.
                let codes = unsafe { codes.get_unchecked(at * (BLOCK / STEP) + group) };
                _mm512_set1_epi32(i32::from_ne_bytes(codes.map(i8::cast_unsigned)))
            };
            // SAFETY: the slice is 32 bytes long; loads need no alignment.
            let halves = |offset: usize, vector: usize| unsafe {
                let from = offset + 2 * LANES * vector;
                _mm512_cvtph_ps(_mm256_loadu_si256(block[from..from + 2 * LANES].as_ptr().cast()))
            };
            let mut dots = [[_mm512_setzero_si512(); VECTORS]; ROWS];
            match width {
                Width::Four => {
                    for pair in 0..BLOCK / STEP / 2 {
                        let both: [__m512i; VECTORS] = std::array::from_fn(|vector| load(pair, vector));
                        let low = both.map(|both| _mm512_and_si512(both, low_half));
                        let high = both.map(|both| _mm512_and_si512(_mm512_srli_epi16::<4>(both), low_half));
                        for (dots, codes) in dots.iter_mut().zip(&codes) {
                            let (even, odd) = (input(codes, 2 * pair), input(codes, 2 * pair + 1));
                            for vector in 0..VECTORS {
                                dots[vector] = _mm512_dpbusd_epi32(dots[vector], low[vector], even);
                                dots[vector] = _mm512_dpbusd_epi32(dots[vector], high[vector], odd);
                            }
                        }
                    }
                }
                Width::Eight => {
                    for (number, dots) in dots.iter_mut().enumerate() {
                        *dots = [_mm512_set1_epi32(self.x.grades[(row + number) * blocks + at].start); VECTORS];
                    }
                    for group in 0..BLOCK / STEP {
                        let weights: [__m512i; VECTORS] = std::array::from_fn(|vector| load(group, vector));
                        for (dots, codes) in dots.iter_mut().zip(&codes) {
                            let x = input(codes, group);
                            for vector in 0..VECTORS {
                                dots[vector] = _mm512_dpbusd_epi32(dots[vector], weights[vector], x);
                            }
                        }
                    }
                }
            }
            let scales: [__m512; VECTORS] = std::array::from_fn(|vector| halves(width.code_bytes(), vector));
            for (number, (dots, sums)) in dots.iter().zip(&mut sums).enumerate() {
                let scale = _mm512_set1_ps(self.x.grades[(row + number) * blocks + at].scale);
                for vector in 0..VECTORS {
                    sums[vector] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(dots[vector]), _mm512_mul_ps(scales[vector], scale), sums[vector]);
                }
            }
            if width == Width::Four {
                let least: [__m512; VECTORS] = std::array::from_fn(|vector| halves(width.code_bytes() + 2 * PANEL, vector));
                for (number, sums) in sums.iter_mut().enumerate() {
                    let sum = _mm512_set1_ps(self.x.grades[(row + number) * blocks + at].sum);
                    for vector in 0..VECTORS {
                        sums[vector] = _mm512_fmadd_ps(least[vector], sum, sums[vector]);
                    }
                }
            }
        }
        for (number, sums) in sums.iter().enumerate() {
            let mut plain = [[0f32; LANES]; VECTORS];
            for (plain, sum) in plain.iter_mut().zip(sums) {
                // SAFETY: `plain` holds sixteen values; stores need no alignment.
                unsafe { _mm512_storeu_ps(plain.as_mut_ptr(), *sum) };
            }
            self.keep(row + number, 0, plain.as_flattened());
        }
        ROWS
    }
}
