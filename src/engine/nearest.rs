//! Cosines of one vector with very many, on the int8 kernels: reading a quarter of the memory is most of the work saved.

use super::kernels::{Isa, PackedMatrix, QuantizedRows, product};

/// Vectors rounded to int8, each with its own scale. Cosines come out about 0.005 off at most: choose with them, then compute again.
pub struct RoundedVectors {
    packed: Option<PackedMatrix>,
    dimensions: usize,
}

impl RoundedVectors {
    /// Rounds `rows`, `count × dimensions` values.
    pub fn new(rows: &[f32], dimensions: usize) -> Self {
        let dimensions = dimensions.max(1);
        let (values, scales) = PackedMatrix::round(rows, dimensions);
        let bias = vec![0.0; scales.len()];
        Self { packed: (!scales.is_empty()).then(|| PackedMatrix::new(&values, scales, bias)), dimensions }
    }

    /// Sum of products of each vector with `query`, by position; none for a query of another length.
    pub fn dots(&self, query: &[f32]) -> Vec<f32> {
        let Some(packed) = self.packed.as_ref().filter(|_| query.len() == self.dimensions) else { return Vec::new() };
        let mut rounded = QuantizedRows::default();
        rounded.fill(Isa::best(), query, self.dimensions);
        let mut dots = vec![0.0; packed.outputs()];
        product(Isa::best(), &rounded, packed, &mut dots);
        dots
    }
}

impl RoundedVectors {
    /// For each of `rows`, the position of the vector with the largest sum of products; 0 for rows of nothing.
    pub fn closest(&self, rows: &[f32]) -> Vec<usize> {
        /// As many as keep the products in the fastest cache.
        const ROWS: usize = 48;
        let Some(packed) = &self.packed else { return vec![0; rows.len() / self.dimensions] };
        let mut rounded = QuantizedRows::default();
        let mut dots = Vec::new();
        let mut closest = Vec::with_capacity(rows.len() / self.dimensions);
        for rows in rows.chunks(ROWS * self.dimensions) {
            rounded.fill(Isa::best(), rows, self.dimensions);
            dots.resize(rows.len() / self.dimensions * packed.outputs(), 0.0);
            product(Isa::best(), &rounded, packed, &mut dots);
            let first_largest = |dots: &[f32]| {
                dots.iter().enumerate().fold((0, f32::NEG_INFINITY), |best, (at, dot)| if *dot > best.1 { (at, *dot) } else { best }).0
            };
            closest.extend(dots.chunks_exact(packed.outputs()).map(first_largest));
        }
        closest
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rounded_dots_are_close(count in 0usize..70, dimensions in 1usize..50, seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut unit = || {
                let row: Vec<f32> = (0..dimensions).map(|_| random.f32() - 0.5).collect();
                crate::engine::unit(row)
            };
            let rows: Vec<Vec<f32>> = (0..count).map(|_| unit()).collect();
            let query = unit();
            let vectors = RoundedVectors::new(&rows.concat(), dimensions);
            let dots = vectors.dots(&query);
            prop_assert_eq!(dots.len(), count);
            let closest = vectors.closest(&query.repeat(60));
            let largest = dots.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            prop_assert!(closest.len() == 60 && closest.iter().all(|at| count == 0 || dots[*at] == largest));
            for (row, found) in rows.iter().zip(dots) {
                let exact: f32 = row.iter().zip(&query).map(|(a, b)| a * b).sum();
                prop_assert!((found - exact).abs() < 0.02, "{} {}", found, exact);
            }
        }
    }
}
