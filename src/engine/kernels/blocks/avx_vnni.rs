//! 256-bit vectors with 8-bit dot products.

#![cfg(target_arch = "x86_64")]

use std::arch::x86_64::*;

use super::avx2::{halves, spread};
use super::{BLOCK, PANEL, STEP, Tile, Width};

/// Values of a vector of f32: outputs that one register holds.
const LANES: usize = 8;

impl Tile<'_> {
    /// All rows.
    #[target_feature(enable = "avxvnni,avx2,fma,f16c")]
    pub(super) fn avx_vnni(&self) {
        self.in_steps(|row, left| match left {
            4.. => self.vnni_256::<4, 2>(row),
            3 => self.vnni_256::<3, 2>(row),
            2 => self.vnni_256::<2, 4>(row),
            _ => self.vnni_256::<1, 4>(row),
        });
    }

    #[target_feature(enable = "avxvnni,avx2,fma,f16c")]
    fn vnni_256<const ROWS: usize, const VECTORS: usize>(&self, row: usize) -> usize {
        let (blocks, width) = (self.x.blocks, self.w.width);
        let codes: [&[[i8; STEP]]; ROWS] =
            std::array::from_fn(|at| self.x.values[(row + at) * blocks * BLOCK..][..blocks * BLOCK].as_chunks().0);
        let low_half = _mm256_set1_epi8(15);
        for first in (0..PANEL / LANES).step_by(VECTORS) {
            let mut sums = [[_mm256_setzero_ps(); VECTORS]; ROWS];
            for (at, block) in self.weights.chunks_exact(width.bytes()).enumerate() {
                let mut dots = [[_mm256_setzero_si256(); VECTORS]; ROWS];
                if width == Width::Eight {
                    for (number, dots) in dots.iter_mut().enumerate() {
                        *dots = [_mm256_set1_epi32(self.x.grades[(row + number) * blocks + at].start); VECTORS];
                    }
                }
                // SAFETY, of the two below: `part` < 8 for 8-bit codes and < 4 for 4-bit ones, vector < 4: within the block's codes.
                let load = |part: usize, vector: usize| unsafe {
                    _mm256_load_si256(block.as_ptr().add(part * PANEL * STEP + (first + vector) * LANES * STEP).cast())
                };
                // SAFETY: each row has eight groups for each block of the panel: checked in `product`.
                let input = |codes: &[[i8; STEP]], group: usize| unsafe { spread(codes.get_unchecked(at * (BLOCK / STEP) + group)) };
                match width {
                    Width::Four => {
                        for pair in 0..BLOCK / STEP / 2 {
                            let both: [__m256i; VECTORS] = std::array::from_fn(|vector| load(pair, vector));
                            let low = both.map(|both| _mm256_and_si256(both, low_half));
                            let high = both.map(|both| _mm256_and_si256(_mm256_srli_epi16::<4>(both), low_half));
                            for (dots, codes) in dots.iter_mut().zip(&codes) {
                                let (even, odd) = (input(codes, 2 * pair), input(codes, 2 * pair + 1));
                                for vector in 0..VECTORS {
                                    dots[vector] = _mm256_dpbusd_avx_epi32(dots[vector], low[vector], even);
                                    dots[vector] = _mm256_dpbusd_avx_epi32(dots[vector], high[vector], odd);
                                }
                            }
                        }
                    }
                    Width::Eight => {
                        for group in 0..BLOCK / STEP {
                            let weights: [__m256i; VECTORS] = std::array::from_fn(|vector| load(group, vector));
                            for (dots, codes) in dots.iter_mut().zip(&codes) {
                                let x = input(codes, group);
                                for vector in 0..VECTORS {
                                    dots[vector] = _mm256_dpbusd_avx_epi32(dots[vector], weights[vector], x);
                                }
                            }
                        }
                    }
                }
                let scales = halves::<VECTORS>(block, width.code_bytes(), first);
                for (number, (dots, sums)) in dots.iter().zip(&mut sums).enumerate() {
                    let scale = _mm256_set1_ps(self.x.grades[(row + number) * blocks + at].scale);
                    for vector in 0..VECTORS {
                        sums[vector] =
                            _mm256_fmadd_ps(_mm256_cvtepi32_ps(dots[vector]), _mm256_mul_ps(scales[vector], scale), sums[vector]);
                    }
                }
                if width == Width::Four {
                    let least = halves::<VECTORS>(block, width.code_bytes() + 2 * PANEL, first);
                    for (number, sums) in sums.iter_mut().enumerate() {
                        let sum = _mm256_set1_ps(self.x.grades[(row + number) * blocks + at].sum);
                        for vector in 0..VECTORS {
                            sums[vector] = _mm256_fmadd_ps(least[vector], sum, sums[vector]);
                        }
                    }
                }
            }
            self.keep_all(row, first, &sums);
        }
        ROWS
    }
}
