//! Nearest vectors by cosine: a scan of int8 copies that chooses and exact cosines that decide, or HNSW where there are very many.
//!
//! The scan needs no building, so that a changed policy is in force at once, and no filter costs it recall.
//!
//! Source: Malkov and Yashunin, "Efficient and robust approximate nearest neighbor search using Hierarchical Navigable Small
//! World graphs" (TPAMI 2020), as in the crate `hnsw_rs`. The exact scan is the truth; the graph must agree with it or is not used.

use std::panic::{AssertUnwindSafe, catch_unwind};

use hnsw_rs::prelude::{Distance, Hnsw};

use crate::engine::RoundedVectors;

/// From this many vectors on, a graph is built, which takes minutes. Below it the scan takes 45 ns a vector on one busy core
/// (`benches/scale.rs`), misses nothing and has nothing to build.
pub const HNSW_FROM: usize = 1_000_000;

/// Vectors that the int8 scan puts forward for each one wanted, and how many more: rounding may swap neighbours.
const ROUNDED_PER_HIT: usize = 2;
const ROUNDED_SPARE: usize = 32;

/// Share of the true ten nearest that the graph must find on a sample, else the exact scan stays.
const REQUIRED_RECALL: f64 = 0.97;

const MAX_CONNECTIONS: usize = 24;
const EF_CONSTRUCTION: usize = 200;
const EF_SEARCH: usize = 128;
/// `hnsw_rs` needs this exact number to be able to write a graph.
const MAX_LAYERS: usize = 16;

/// `1 - cosine` for unit vectors, never below zero: rounding may lift a cosine above one.
#[derive(Default, Clone, Copy)]
struct UnitCosine;

impl Distance<f32> for UnitCosine {
    fn eval(&self, left: &[f32], right: &[f32]) -> f32 {
        (1.0 - dot(left, right)).max(0.0)
    }
}

/// Sum of products. Sixteen running sums let the compiler use SIMD registers.
pub fn dot(left: &[f32], right: &[f32]) -> f32 {
    let mut sums = [0f32; 16];
    let (left_blocks, right_blocks) = (left.chunks_exact(16), right.chunks_exact(16));
    let tail: f32 = left_blocks.remainder().iter().zip(right_blocks.remainder()).map(|(a, b)| a * b).sum();
    for (a, b) in left_blocks.zip(right_blocks) {
        for lane in 0..16 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    sums.iter().sum::<f32>() + tail
}

/// Unit vectors by position.
pub struct VectorIndex {
    dimensions: usize,
    /// `count × dimensions`, row-major.
    rows: Vec<f32>,
    rounded: RoundedVectors,
    graph: Option<Hnsw<'static, f32, UnitCosine>>,
}

impl VectorIndex {
    /// Takes `rows`, `count × dimensions` values, and builds a graph where `graph_from` or more vectors make it worth while.
    pub fn new(dimensions: usize, rows: Vec<f32>, graph_from: usize) -> Self {
        let rounded = RoundedVectors::new(&rows, dimensions);
        let mut index = Self { dimensions: dimensions.max(1), rows, rounded, graph: None };
        if index.len() >= graph_from {
            // The library asserts on surprising input; a panic there only costs speed.
            index.graph = catch_unwind(AssertUnwindSafe(|| index.build_graph())).ok().flatten();
        }
        index
    }

    /// Number of vectors.
    pub fn len(&self) -> usize {
        self.rows.len() / self.dimensions
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// All values, row-major.
    pub fn rows(&self) -> &[f32] {
        &self.rows
    }

    /// Whether searches go through the graph.
    pub fn has_graph(&self) -> bool {
        self.graph.is_some()
    }

    /// Cosine of the vector at `position` with a unit vector.
    pub fn cosine(&self, position: usize, query: &[f32]) -> f32 {
        self.rows.get(position * self.dimensions..(position + 1) * self.dimensions).map_or(0.0, |row| dot(row, query))
    }

    /// The `top_k` nearest allowed positions with their cosines, best first; equal cosines in order of position.
    pub fn search(&self, query: &[f32], top_k: usize, allowed: &(dyn Fn(usize) -> bool + Sync)) -> Vec<(usize, f32)> {
        if query.len() != self.dimensions || top_k == 0 {
            return Vec::new();
        }
        let found = self.graph.as_ref().map(|graph| {
            let admit = |id: &usize| allowed(*id);
            graph.search_filter(query, top_k, EF_SEARCH.max(top_k), Some(&admit))
        });
        match found {
            // A rare filter leaves the graph short of candidates; the scan finds them all.
            Some(found) if found.len() >= top_k => found.iter().map(|near| (near.d_id, self.cosine(near.d_id, query))).collect(),
            _ => {
                let rounded = self.rounded.dots(query).into_iter().enumerate().filter(|(position, _)| allowed(*position)).collect();
                let chosen = best(rounded, ROUNDED_PER_HIT * top_k + ROUNDED_SPARE);
                best(chosen.into_iter().map(|(position, _)| (position, self.cosine(position, query))).collect(), top_k)
            }
        }
    }

    /// As [`Self::search`], by the exact cosine of every vector.
    pub fn scan(&self, query: &[f32], top_k: usize, allowed: &(dyn Fn(usize) -> bool + Sync)) -> Vec<(usize, f32)> {
        let rows = self.rows.chunks_exact(self.dimensions).enumerate().filter(|(position, _)| allowed(*position));
        best(rows.map(|(position, row)| (position, dot(row, query))).collect(), top_k)
    }

    fn build_graph(&self) -> Option<Hnsw<'static, f32, UnitCosine>> {
        let mut graph = Hnsw::new(MAX_CONNECTIONS, self.len(), MAX_LAYERS, EF_CONSTRUCTION, UnitCosine);
        let points: Vec<(&[f32], usize)> = self.rows.chunks_exact(self.dimensions).enumerate().map(|(at, row)| (row, at)).collect();
        graph.parallel_insert_slice(&points);
        graph.set_searching_mode(true);
        (self.recall(&graph) >= REQUIRED_RECALL).then_some(graph)
    }

    /// Recall@10 of the graph against the scan, over about a hundred of our own vectors.
    fn recall(&self, graph: &Hnsw<'static, f32, UnitCosine>) -> f64 {
        let step = (self.len() / 100).max(1);
        let (mut found, mut wanted) = (0, 0);
        for query in self.rows.chunks_exact(self.dimensions).step_by(step) {
            let near: Vec<usize> = graph.search(query, 10, EF_SEARCH).iter().map(|near| near.d_id).collect();
            let truth = self.scan(query, 10, &|_| true);
            wanted += truth.len();
            found += truth.iter().filter(|(position, _)| near.contains(position)).count();
        }
        found as f64 / wanted.max(1) as f64
    }
}

/// The `top_k` highest, best first; equal ones in order of position.
fn best(mut scored: Vec<(usize, f32)>, top_k: usize) -> Vec<(usize, f32)> {
    let by_score = |a: &(usize, f32), b: &(usize, f32)| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0));
    if scored.len() > top_k {
        scored.select_nth_unstable_by(top_k, by_score);
        scored.truncate(top_k);
    }
    scored.sort_unstable_by(by_score);
    scored
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random_units(count: usize, dimensions: usize) -> Vec<f32> {
        let mut random = fastrand::Rng::with_seed(7);
        let mut rows = Vec::with_capacity(count * dimensions);
        for _ in 0..count {
            let row: Vec<f32> = (0..dimensions).map(|_| random.f32() - 0.5).collect();
            let length = dot(&row, &row).sqrt();
            rows.extend(row.iter().map(|value| value / length));
        }
        rows
    }

    #[test]
    fn the_graph_finds_what_the_scan_finds() {
        let rows = random_units(3_000, 32);
        let index = VectorIndex::new(32, rows.clone(), 1_000);
        assert!(index.has_graph());
        let (mut found, mut wanted) = (0, 0);
        for query in rows.chunks_exact(32).take(50) {
            let near = index.search(query, 10, &|_| true);
            let truth = index.scan(query, 10, &|_| true);
            wanted += truth.len();
            found += truth.iter().filter(|hit| near.iter().any(|other| other.0 == hit.0)).count();
        }
        assert!(found as f64 >= 0.97 * wanted as f64, "{found} of {wanted}");
    }

    #[test]
    fn a_rare_filter_loses_nothing_even_with_a_graph() {
        let rows = random_units(2_000, 16);
        let index = VectorIndex::new(16, rows.clone(), 1_000);
        let allowed = |position: usize| position % 400 == 3;
        let found = index.search(&rows[..16], 5, &allowed);
        assert_eq!(found, index.scan(&rows[..16], 5, &allowed));
        assert_eq!(found.len(), 5);
    }

    #[test]
    fn equal_vectors_and_foreign_lengths_are_harmless() {
        let index = VectorIndex::new(4, [0.5f32; 4 * 1_200].to_vec(), 1_000);
        let positions: Vec<usize> = index.scan(&[0.5; 4], 3, &|_| true).iter().map(|hit| hit.0).collect();
        assert_eq!(positions, [0, 1, 2]);
        assert_eq!(index.search(&[0.5; 4], 3, &|_| true).len(), 3);
        assert!(index.search(&[1.0; 3], 3, &|_| true).is_empty());
    }

    #[test]
    fn dot_sums_every_product_at_any_length() {
        for length in [0, 1, 15, 16, 17, 384, 385] {
            let values: Vec<f32> = (0..length).map(|value| value as f32 * 0.01).collect();
            let plain: f32 = values.iter().map(|value| value * value).sum();
            assert!((dot(&values, &values) - plain).abs() <= plain * 1e-5);
        }
    }
}
