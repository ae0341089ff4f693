//! Attention of decoders: keys and values that are kept, rotary positions, and queries that see what stands before them.
//!
//! Keys and values are kept as bfloat16, half of f32: writing a token reads all of them. Keys lie in blocks of 16 tokens, one coordinate
//! of 16 tokens side by side, so that 16 scores are computed at once; values lie token by token.

use super::rows::softmax;
use super::team::{Shares, Team};
use super::{Isa, Work, multiply_add, run};

/// Tokens whose keys lie side by side.
const KEYS: usize = 16;

/// Coordinates of values that are summed together.
const LANES: usize = 16;

/// Queries that share each key they load, at most.
const QUERIES: usize = 6;

/// How queries, keys and values divide a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Heads {
    /// Query heads.
    pub(in crate::engine) queries: usize,
    /// Key and value heads; each serves `queries / pairs` query heads (Ainslie et al., "GQA", 2023).
    pub(in crate::engine) pairs: usize,
    /// Values per head; even.
    pub(in crate::engine) size: usize,
}

impl Heads {
    /// Values of a row of queries, keys and values.
    pub(in crate::engine) fn row(self) -> usize {
        (self.queries + 2 * self.pairs) * self.size
    }
}

/// Keys and values of some tokens in a row, in all layers.
pub(in crate::engine) struct Kv {
    heads: Heads,
    tokens: usize,
    layers: Vec<LayerKv>,
}

#[derive(Default)]
struct LayerKv {
    /// `[block of tokens][head][coordinate][token in block]`.
    keys: Vec<u16>,
    /// `[token][head][coordinate]`.
    values: Vec<u16>,
}

impl Kv {
    pub(in crate::engine) fn new(heads: Heads, layers: usize) -> Self {
        Self { heads, tokens: 0, layers: (0..layers).map(|_| LayerKv::default()).collect() }
    }

    /// Tokens it holds.
    pub(in crate::engine) fn tokens(&self) -> usize {
        self.tokens
    }

    /// Forgets all but the first `tokens`.
    pub(in crate::engine) fn truncate(&mut self, tokens: usize) {
        self.tokens = self.tokens.min(tokens);
    }

    /// Counts tokens whose keys and values have been kept in every layer.
    pub(in crate::engine) fn advance(&mut self, tokens: usize) {
        self.tokens += tokens;
    }

    /// Memory it takes, in bytes.
    pub(in crate::engine) fn bytes(&self) -> usize {
        self.layers.iter().map(|layer| 2 * (layer.keys.capacity() + layer.values.capacity())).sum()
    }

    /// Gives back memory that was taken for tokens to come.
    pub(in crate::engine) fn shrink(&mut self) {
        for layer in &mut self.layers {
            layer.keys.truncate(self.tokens.div_ceil(KEYS) * KEYS * self.heads.pairs * self.heads.size);
            layer.values.truncate(self.tokens * self.heads.pairs * self.heads.size);
            layer.keys.shrink_to_fit();
            layer.values.shrink_to_fit();
        }
    }

    /// Makes room for `tokens` more.
    fn reserve(&mut self, layer: usize, tokens: usize) {
        let width = self.heads.pairs * self.heads.size;
        let needed = self.tokens + tokens;
        let layer = &mut self.layers[layer];
        layer.keys.resize(layer.keys.len().max(needed.div_ceil(KEYS) * KEYS * width), 0);
        layer.values.resize(layer.values.len().max(needed * width), 0);
    }
}

/// Some rows that continue one sequence.
pub(in crate::engine) struct Continued<'a> {
    /// What stands before, oldest first: kept elsewhere, of each as many tokens as the number says.
    pub(in crate::engine) before: &'a [(&'a Kv, usize)],
    /// What stands between them and the rows; the rows' own keys and values are added.
    pub(in crate::engine) own: &'a mut Kv,
    /// The rows.
    pub(in crate::engine) rows: std::ops::Range<usize>,
}

impl Continued<'_> {
    /// Position of the first row in its sequence.
    fn first_position(&self) -> usize {
        self.before.iter().map(|(_, tokens)| tokens).sum::<usize>() + self.own.tokens
    }
}

/// Rotary positions: each pair of coordinates `i` and `i + size / 2` turns with the position (Su et al., "RoFormer", 2021).
pub(in crate::engine) struct Rotation {
    /// `[position][coordinate]`, of the first half of a head.
    pub(in crate::engine) cosines: Vec<f32>,
    pub(in crate::engine) sines: Vec<f32>,
}

/// Weights of the norms of each query and key before they turn (Qwen3); empty where there is none.
#[derive(Default)]
pub(in crate::engine) struct HeadNorms {
    pub(in crate::engine) query: Vec<f32>,
    pub(in crate::engine) key: Vec<f32>,
    pub(in crate::engine) eps: f32,
}

/// Turns the queries and keys in `qkv` to their positions and keeps keys and values. Rows of `qkv`: queries, keys, values.
#[expect(clippy::too_many_arguments, reason = "each is one thing, and a struct of them would be made once, here")]
pub(in crate::engine) fn rotate_and_keep(
    team: &mut Team,
    isa: Isa,
    layer: usize,
    heads: Heads,
    qkv: &mut [f32],
    sequences: &mut [Continued<'_>],
    rotation: &Rotation,
    norms: &HeadNorms,
) {
    let row_width = heads.row();
    let qkv = Shares::new(qkv);
    // A part is the rows whose keys share a block, so that no two threads write to one block.
    let mut parts = Vec::new();
    let mut places = Vec::new();
    for (number, sequence) in sequences.iter_mut().enumerate() {
        sequence.own.reserve(layer, sequence.rows.len());
        let (first, position, kept) = (sequence.rows.start, sequence.first_position(), sequence.own.tokens);
        let mut row = 0;
        while row < sequence.rows.len() {
            let count = (KEYS - (kept + row) % KEYS).min(sequence.rows.len() - row);
            parts.push((number, first + row, position + row, kept + row, count));
            row += count;
        }
        let own = &mut sequence.own.layers[layer];
        places.push((Shares::new(&mut own.keys), Shares::new(&mut own.values)));
    }
    let width = heads.pairs * heads.size;
    let work = |part: usize| {
        let (number, row, position, kept, count) = parts[part];
        // SAFETY: each row is in one part; so is each block of keys, and the values of each token; all are borrowed until `share` ends.
        let (rows, keys, values) = unsafe {
            (
                qkv.part(row * row_width, count * row_width),
                places[number].0.part(kept / KEYS * KEYS * width, KEYS * width),
                places[number].1.part(kept * width, count * width),
            )
        };
        run(isa, RotateAndKeep { heads, rotation, norms, position, in_block: kept % KEYS, rows, keys, values });
    };
    if parts.len() < 3 { (0..parts.len()).for_each(work) } else { team.share(parts.len(), work) }
}

struct RotateAndKeep<'a> {
    heads: Heads,
    rotation: &'a Rotation,
    norms: &'a HeadNorms,
    position: usize,
    in_block: usize,
    rows: &'a mut [f32],
    keys: &'a mut [u16],
    values: &'a mut [u16],
}

impl Work for RotateAndKeep<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Heads { queries, pairs, size } = self.heads;
        let half = size / 2;
        for (number, row) in self.rows.chunks_exact_mut(self.heads.row()).enumerate() {
            let at = (self.position + number) * half;
            let (cosines, sines) = (&self.rotation.cosines[at..at + half], &self.rotation.sines[at..at + half]);
            let (turned, values) = row.split_at_mut((queries + pairs) * size);
            for (head, coordinates) in turned.chunks_exact_mut(size).enumerate() {
                let norm = if head < queries { &self.norms.query } else { &self.norms.key };
                if !norm.is_empty() {
                    let factor = 1.0 / (coordinates.iter().map(|value| value * value).sum::<f32>() / size as f32 + self.norms.eps).sqrt();
                    coordinates.iter_mut().zip(norm).for_each(|(value, weight)| *value *= factor * weight);
                }
                let (left, right) = coordinates.split_at_mut(half);
                for ((left, right), (cos, sin)) in left.iter_mut().zip(right).zip(cosines.iter().zip(sines)) {
                    (*left, *right) = (*left * cos - *right * sin, *right * cos + *left * sin);
                }
            }
            let column = self.in_block + number;
            for (at, value) in turned[queries * size..].iter().enumerate() {
                self.keys[at * KEYS + column] = to_bfloat(*value);
            }
            let kept = &mut self.values[number * pairs * size..][..pairs * size];
            kept.iter_mut().zip(values).for_each(|(kept, value)| *kept = to_bfloat(*value));
        }
    }
}

/// To the nearest bfloat16, ties to even.
#[inline(always)]
fn to_bfloat(value: f32) -> u16 {
    let bits = value.to_bits();
    (bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16) as u16
}

#[inline(always)]
fn from_bfloat(value: u16) -> f32 {
    f32::from_bits(u32::from(value) << 16)
}

/// Attention of each row over what stands before it and itself. `qkv`: as [`rotate_and_keep`] left it; `out`: rows of `queries · size`.
pub(in crate::engine) fn attend_before(
    team: &mut Team,
    isa: Isa,
    layer: usize,
    heads: Heads,
    qkv: &[f32],
    sequences: &[Continued<'_>],
    out: &mut [f32],
) {
    let group = heads.queries / heads.pairs;
    // A part is one key head and as many rows as fill a tile of queries.
    let rows_per_part = (QUERIES / group).max(1);
    let mut parts = Vec::new();
    for sequence in sequences {
        for first in sequence.rows.clone().step_by(rows_per_part) {
            for head in 0..heads.pairs {
                parts.push((sequence, first, rows_per_part.min(sequence.rows.end - first), head));
            }
        }
    }
    // The last rows see the most: they go first, so that no thread is left with a long one at the end.
    parts.reverse();
    let out = Shares::new(out);
    let work = |part: usize| {
        let (sequence, first, rows, head) = parts[part];
        run(isa, Attend { layer, heads, qkv, sequence, first, rows, head, out: &out });
    };
    if parts.len() < 2 { (0..parts.len()).for_each(work) } else { team.share(parts.len(), work) }
}

struct Attend<'a> {
    layer: usize,
    heads: Heads,
    qkv: &'a [f32],
    sequence: &'a Continued<'a>,
    first: usize,
    rows: usize,
    head: usize,
    out: &'a Shares<f32>,
}

impl Work for Attend<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let group = self.heads.queries / self.heads.pairs;
        let count = self.rows * group;
        let mut scores = Vec::new();
        let mut first = 0;
        while first < count {
            first += match count - first {
                6.. => self.tile::<FMA, 6>(first, &mut scores),
                4..6 => self.tile::<FMA, 4>(first, &mut scores),
                3 => self.tile::<FMA, 3>(first, &mut scores),
                2 => self.tile::<FMA, 2>(first, &mut scores),
                _ => self.tile::<FMA, 1>(first, &mut scores),
            };
        }
    }
}

impl Attend<'_> {
    /// `TILE` queries of this part, from number `first` on.
    #[inline(always)]
    fn tile<const FMA: bool, const TILE: usize>(&self, first: usize, scores: &mut Vec<f32>) -> usize {
        let Heads { queries, pairs, size } = self.heads;
        let group = queries / pairs;
        let place = |number: usize| (self.first + (first + number) / group, self.head * group + (first + number) % group);
        let start = self.sequence.first_position();
        let seen: [usize; TILE] = std::array::from_fn(|number| start + place(number).0 - self.sequence.rows.start + 1);
        let most = seen[TILE - 1]; // later queries are of later rows
        let query: [&[f32]; TILE] = std::array::from_fn(|number| {
            let (row, head) = place(number);
            &self.qkv[row * self.heads.row() + head * size..][..size]
        });
        let own = &*self.sequence.own;
        let own_tokens = most - (start - own.tokens);
        let stretches = self.sequence.before.iter().copied().chain([(own, own_tokens)]);

        // Scores, one row per query, by position, so that sums do not depend on how the sequence is cut into stretches.
        let stride = most.next_multiple_of(KEYS);
        scores.clear();
        scores.resize(TILE * stride, 0.0);
        let mut at = 0;
        for (kv, tokens) in stretches.clone() {
            let keys = &kv.layers[self.layer].keys;
            for block in 0..tokens.div_ceil(KEYS) {
                let keys = &keys[(block * pairs + self.head) * size * KEYS..][..size * KEYS];
                let mut sums = [[0f32; KEYS]; TILE];
                for (coordinate, keys) in keys.as_chunks::<KEYS>().0.iter().enumerate() {
                    let keys = keys.map(from_bfloat);
                    for (sums, query) in sums.iter_mut().zip(&query) {
                        let query = query[coordinate];
                        sums.iter_mut().zip(&keys).for_each(|(sum, key)| *sum = multiply_add::<FMA>(query, *key, *sum));
                    }
                }
                let real = (tokens - block * KEYS).min(KEYS);
                for (number, sums) in sums.iter().enumerate() {
                    scores[number * stride + at..][..real].copy_from_slice(&sums[..real]);
                }
                at += real;
            }
        }
        let scale = 1.0 / (size as f32).sqrt();
        for (row, seen) in scores.chunks_exact_mut(stride).zip(seen) {
            let (seen, beyond) = row.split_at_mut(seen);
            softmax::<FMA>(seen, scale);
            beyond.fill(0.0);
        }

        for block in (0..size).step_by(LANES) {
            let wide = LANES.min(size - block);
            let mut sums = [[0f32; LANES]; TILE];
            let mut at = 0;
            for (kv, tokens) in stretches.clone() {
                let values = &kv.layers[self.layer].values;
                for token in 0..tokens {
                    let values = &values[(token * pairs + self.head) * size + block..][..wide];
                    let mut plain = [0f32; LANES];
                    if let Some(values) = values.first_chunk::<LANES>() {
                        plain = values.map(from_bfloat);
                    } else {
                        plain.iter_mut().zip(values).for_each(|(plain, value)| *plain = from_bfloat(*value));
                    }
                    for (number, sums) in sums.iter_mut().enumerate() {
                        let weight = scores[number * stride + at + token];
                        sums.iter_mut().zip(&plain).for_each(|(sum, value)| *sum = multiply_add::<FMA>(weight, *value, *sum));
                    }
                }
                at += tokens;
            }
            for (number, sums) in sums.iter().enumerate() {
                let (row, head) = place(number);
                // SAFETY: each query head of each row is in one part, and the parts end before the slice is used again.
                let out = unsafe { self.out.part((row * queries + head) * size + block, wide) };
                out.copy_from_slice(&sums[..wide]);
            }
        }
        TILE
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Attention of the last row over all, in f64, one head after another.
    fn reference(rows: &[Vec<f32>], heads: Heads) -> Vec<f32> {
        let last = rows.last().unwrap();
        let group = heads.queries / heads.pairs;
        let mut out = Vec::new();
        for head in 0..heads.queries {
            let part = |row: &[f32], at: usize| row[at * heads.size..][..heads.size].to_vec();
            let query = part(last, head);
            let scores: Vec<f64> = rows
                .iter()
                .map(|row| {
                    let key = part(row, heads.queries + head / group);
                    query.iter().zip(key).map(|(q, k)| f64::from(q * k)).sum::<f64>() / (heads.size as f64).sqrt()
                })
                .collect();
            let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let weights: Vec<f64> = scores.iter().map(|score| (score - most).exp()).collect();
            let total: f64 = weights.iter().sum();
            for at in 0..heads.size {
                let value = |row: &[f32]| f64::from(row[(heads.queries + heads.pairs + head / group) * heads.size + at]);
                out.push((rows.iter().zip(&weights).map(|(row, weight)| value(row) * weight).sum::<f64>() / total) as f32);
            }
        }
        out
    }

    fn still(heads: Heads, positions: usize) -> Rotation {
        let half = positions * heads.size / 2;
        Rotation { cosines: vec![1.0; half], sines: vec![0.0; half] }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn queries_see_what_stands_before_them_however_it_is_split(
            kept in 0usize..40, own in 0usize..40, new in 1usize..20, pairs in 1usize..3, group in 1usize..8,
            size in prop::sample::select(vec![8usize, 16, 24, 64]), seed in any::<u64>(),
        ) {
            let heads = Heads { queries: pairs * group, pairs, size };
            let mut random = fastrand::Rng::with_seed(seed);
            let rows: Vec<Vec<f32>> = (0..kept + own + new).map(|_| (0..heads.row()).map(|_| random.f32() * 4.0 - 2.0).collect()).collect();
            let rotation = still(heads, rows.len());
            let mut team = Team::new(2);
            for isa in Isa::available() {
                // More was kept than is used: the first `kept` tokens of it.
                let mut first = Kv::new(heads, 1);
                let mut second = Kv::new(heads, 1);
                let mut keep = |kv: &mut Kv, before: &[(&Kv, usize)], rows: &[Vec<f32>]| {
                    let mut flat = rows.concat();
                    let mut sequences = [Continued { before, own: kv, rows: 0..rows.len() }];
                    rotate_and_keep(&mut team, isa, 0, heads, &mut flat, &mut sequences, &rotation, &HeadNorms::default());
                    let mut out = vec![0.0; rows.len() * heads.queries * size];
                    attend_before(&mut team, isa, 0, heads, &flat, &sequences, &mut out);
                    kv.advance(rows.len());
                    out
                };
                keep(&mut first, &[], &rows[..(kept + 5).min(rows.len())]);
                let before = [(&first, kept)];
                keep(&mut second, &before, &rows[kept..kept + own]);
                let out = keep(&mut second, &before, &rows[kept + own..]);
                // The same to the last bit where nothing is kept elsewhere.
                let whole = keep(&mut Kv::new(heads, 1), &[], &rows);
                prop_assert!(whole.ends_with(&out), "{}", isa.name());
                for at in [0, new / 2, new - 1] {
                    let expected = reference(&rows[..kept + own + at + 1], heads);
                    for (value, expected) in out[at * expected.len()..].iter().zip(&expected) {
                        // bfloat16 keeps eight bits.
                        prop_assert!((value - expected).abs() < 0.05, "{}: {value} {expected}", isa.name());
                    }
                }
            }
        }
    }

    #[test]
    fn turning_depends_on_the_distance_alone() {
        let heads = Heads { queries: 1, pairs: 1, size: 8 };
        let angle = |position: usize, at: usize| position as f32 * 0.3f32.powi(at as i32);
        let table = |of: fn(f32) -> f32| (0..64).flat_map(|position| (0..4).map(move |at| of(angle(position, at)))).collect();
        let rotation = Rotation { cosines: table(f32::cos), sines: table(f32::sin) };
        let row: Vec<f32> = (0..heads.row()).map(|at| (at as f32 * 0.7).sin()).collect();
        let mut team = Team::new(1);
        let mut dots = Vec::new();
        for shift in [0, 20] {
            let mut kv = Kv::new(heads, 1);
            let mut rows = row.repeat(shift + 6);
            let mut sequences = [Continued { before: &[], own: &mut kv, rows: 0..shift + 6 }];
            rotate_and_keep(&mut team, Isa::Portable, 0, heads, &mut rows, &mut sequences, &rotation, &HeadNorms::default());
            let part = |row: usize, at: usize| rows[row * heads.row() + at..][..8].to_vec();
            dots.push(part(shift + 5, 0).iter().zip(part(shift, 8)).map(|(query, key)| query * key).sum::<f32>());
        }
        assert!((dots[0] - dots[1]).abs() < 1e-4, "{dots:?}");
    }
}
