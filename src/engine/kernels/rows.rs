//! What happens between the products: activation, residual and norm, attention. Plain loops, compiled per instruction set.

use super::{Isa, Work, multiply_add, run};

/// `x ← gelu(x)`, the exact GELU.
pub(in crate::engine) fn gelu_rows(isa: Isa, x: &mut [f32]) {
    run(isa, Gelu(x));
}

struct Gelu<'a>(&'a mut [f32]);

impl Work for Gelu<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        self.0.iter_mut().for_each(|value| *value = gelu::<FMA>(*value));
    }
}

/// `x ← norm(x + y)` for each row: mean 0 and variance 1, then times `weight` plus `bias`, which are one row long.
pub(in crate::engine) fn add_and_norm(isa: Isa, x: &mut [f32], y: &[f32], weight: &[f32], bias: &[f32], eps: f32) {
    run(isa, AddAndNorm { x, y, weight, bias, eps });
}

struct AddAndNorm<'a> {
    x: &'a mut [f32],
    y: &'a [f32],
    weight: &'a [f32],
    bias: &'a [f32],
    eps: f32,
}

impl Work for AddAndNorm<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let width = self.weight.len();
        for (x, y) in self.x.chunks_exact_mut(width).zip(self.y.chunks_exact(width)) {
            x.iter_mut().zip(y).for_each(|(x, y)| *x += y);
            let mean = sum_of::<FMA>(x, |value| value) / width as f32;
            let variance = sum_of::<FMA>(x, |value| (value - mean) * (value - mean)) / width as f32;
            let factor = 1.0 / (variance + self.eps).sqrt();
            for ((x, weight), bias) in x.iter_mut().zip(self.weight).zip(self.bias) {
                *x = multiply_add::<FMA>((*x - mean) * factor, *weight, *bias);
            }
        }
    }
}

/// Sixteen partial sums side by side: a single one would hold up the vector units.
#[inline(always)]
fn sum_of<const FMA: bool>(values: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut partial = [0f32; 16];
    let (blocks, rest) = values.as_chunks::<16>();
    for block in blocks {
        partial.iter_mut().zip(block).for_each(|(sum, value)| *sum += of(*value));
    }
    partial.iter().sum::<f32>() + rest.iter().map(|value| of(*value)).sum::<f32>()
}

/// Bidirectional attention of one sequence (Vaswani et al., 2017). `qkv`: `tokens × (3 · heads · size)`, queries, then keys, then
/// values; `out`: `tokens × (heads · size)`. Every token sees every token.
pub(in crate::engine) fn attend(isa: Isa, qkv: &[f32], tokens: usize, heads: usize, size: usize, out: &mut [f32]) {
    run(isa, Attend { qkv, tokens, heads, size, out });
}

struct Attend<'a> {
    qkv: &'a [f32],
    tokens: usize,
    heads: usize,
    size: usize,
    out: &'a mut [f32],
}

/// Queries that share each key they load.
const QUERIES: usize = 4;

/// Keys that are scored together.
const KEYS: usize = 16;

impl Work for Attend<'_> {
    #[inline(always)]
    fn run<const FMA: bool>(self) {
        let Self { qkv, tokens, heads, size, out } = self;
        let width = heads * size;
        let padded = tokens.next_multiple_of(KEYS);
        let scale = 1.0 / (size as f32).sqrt();
        // One head at a time: keys transposed, `size × tokens`, so that a vector holds one coordinate of many keys.
        let mut keys = vec![0f32; size * padded];
        let mut scores = vec![0f32; QUERIES * padded];
        for head in 0..heads {
            for token in 0..tokens {
                let key = &qkv[token * 3 * width + width + head * size..][..size];
                key.iter().enumerate().for_each(|(at, value)| keys[at * padded + token] = *value);
            }
            for first in (0..tokens).step_by(QUERIES) {
                let count = QUERIES.min(tokens - first);
                // A last block that is not full repeats its last query.
                let query_at = |number: usize| (first + number.min(count - 1)) * 3 * width + head * size;
                for block in (0..padded).step_by(KEYS) {
                    let mut sums = [[0f32; KEYS]; QUERIES];
                    for at in 0..size {
                        let Some(keys) = keys[at * padded + block..].first_chunk::<KEYS>() else { break };
                        for (number, sums) in sums.iter_mut().enumerate() {
                            let query = qkv[query_at(number) + at];
                            sums.iter_mut().zip(keys).for_each(|(sum, key)| *sum = multiply_add::<FMA>(query, *key, *sum));
                        }
                    }
                    for (number, sums) in sums.iter().enumerate() {
                        scores[number * padded + block..][..KEYS].copy_from_slice(sums);
                    }
                }
                for row in scores.chunks_exact_mut(padded) {
                    let (seen, beyond) = row.split_at_mut(tokens);
                    softmax::<FMA>(seen, scale);
                    beyond.fill(0.0);
                }
                let value_at = |token: usize| token * 3 * width + 2 * width + head * size;
                for block in (0..size).step_by(KEYS) {
                    let wide = KEYS.min(size - block);
                    let mut sums = [[0f32; KEYS]; QUERIES];
                    for token in 0..tokens {
                        let values = &qkv[value_at(token) + block..][..wide];
                        for (number, sums) in sums.iter_mut().enumerate() {
                            let weight = scores[number * padded + token];
                            if let Some(values) = values.first_chunk::<KEYS>() {
                                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = multiply_add::<FMA>(weight, *value, *sum));
                            } else {
                                sums.iter_mut().zip(values).for_each(|(sum, value)| *sum = multiply_add::<FMA>(weight, *value, *sum));
                            }
                        }
                    }
                    for (number, sums) in sums.iter().enumerate().take(count) {
                        out[(first + number) * width + head * size + block..][..wide].copy_from_slice(&sums[..wide]);
                    }
                }
            }
        }
    }
}

/// Softmax of `scale · row`, in place.
#[inline(always)]
pub(super) fn softmax<const FMA: bool>(row: &mut [f32], scale: f32) {
    let mut most = [f32::NEG_INFINITY; 16];
    let (blocks, rest) = row.as_chunks::<16>();
    for block in blocks {
        most.iter_mut().zip(block).for_each(|(most, value)| *most = if *value > *most { *value } else { *most });
    }
    let most = most.iter().chain(rest).fold(f32::NEG_INFINITY, |most, value| most.max(*value));
    row.iter_mut().for_each(|value| *value = exp::<FMA>((*value - most) * scale));
    let factor = 1.0 / sum_of::<FMA>(row, |value| value);
    row.iter_mut().for_each(|value| *value *= factor);
}

/// The exact GELU, `x Φ(x)`, with `erf` after Abramowitz and Stegun 7.1.26 (absolute error below 2e-7).
#[inline(always)]
fn gelu<const FMA: bool>(x: f32) -> f32 {
    let z = (x * std::f32::consts::FRAC_1_SQRT_2).abs();
    let t = 1.0 / multiply_add::<FMA>(0.327_591_1, z, 1.0);
    const SERIES: [f32; 5] = [1.061_405_4, -1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6];
    let series = SERIES[1..].iter().fold(SERIES[0], |sum, factor| multiply_add::<FMA>(sum, t, *factor)) * t;
    let erf = (1.0 - series * exp::<FMA>(-z * z)).copysign(x);
    0.5 * x * (1.0 + erf)
}

/// `e^x` as `2^n · 2^f` with a polynomial for the fraction (relative error below 3e-7), without a call, so that loops over it use SIMD.
#[inline(always)]
pub(super) fn exp<const FMA: bool>(x: f32) -> f32 {
    /// Adding and taking away 1.5 · 2^23 rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let scaled = x.clamp(-87.0, 88.0) * std::f32::consts::LOG2_E;
    let whole = (scaled + ROUND) - ROUND;
    let f = scaled - whole;
    // Taylor series of 2^f: the powers of ln 2 over the factorials.
    const SERIES: [f32; 7] = [1.540_353e-4, 1.333_355_8e-3, 9.618_129e-3, 0.055_504_11, 0.240_226_5, std::f32::consts::LN_2, 1.0];
    let p = SERIES[1..].iter().fold(SERIES[0], |sum, factor| multiply_add::<FMA>(sum, f, *factor));
    // The clamp keeps `whole` within -126 to 127, so the exponent is never that of an infinity.
    p * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use candle_core::{DType, Device, Tensor};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn exp_and_gelu_agree_with_the_exact_functions() {
        let mut worst = (0f64, 0f64);
        for step in -8_700..8_800 {
            let x = step as f32 / 100.0;
            for value in [exp::<true>(x), exp::<false>(x)] {
                worst.0 = worst.0.max((f64::from(value) / f64::from(x).exp() - 1.0).abs());
            }
        }
        for step in -1_000..1_000 {
            let x = step as f32 / 100.0;
            let exact = Tensor::new(f64::from(x), &Device::Cpu).unwrap().gelu_erf().unwrap().to_scalar::<f64>().unwrap();
            for value in [gelu::<true>(x), gelu::<false>(x)] {
                worst.1 = worst.1.max((f64::from(value) - exact).abs());
            }
        }
        assert!(worst.0 < 5e-6 && worst.1 < 2e-6, "{worst:?}");
    }

    /// The same in candle, in f32.
    fn attention_in_candle(qkv: &[f32], tokens: usize, heads: usize, size: usize) -> Vec<f32> {
        let all = Tensor::from_slice(qkv, (tokens, 3, heads, size), &Device::Cpu).unwrap().to_dtype(DType::F32).unwrap();
        let part = |at: usize| all.narrow(1, at, 1).unwrap().squeeze(1).unwrap().transpose(0, 1).unwrap().contiguous().unwrap();
        let scores = (part(0).matmul(&part(1).t().unwrap()).unwrap() / (size as f64).sqrt()).unwrap();
        let weights = candle_nn::ops::softmax_last_dim(&scores).unwrap();
        let out = weights.matmul(&part(2)).unwrap().transpose(0, 1).unwrap();
        out.flatten_all().unwrap().to_vec1().unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn attention_agrees_with_candle_on_any_shape(tokens in 1usize..70, heads in 1usize..4, size in prop::sample::select(vec![8usize, 16, 24, 32, 64]), seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let qkv: Vec<f32> = (0..tokens * 3 * heads * size).map(|_| random.f32() * 6.0 - 3.0).collect();
            let expected = attention_in_candle(&qkv, tokens, heads, size);
            for isa in Isa::available() {
                let mut out = vec![0.0; tokens * heads * size];
                attend(isa, &qkv, tokens, heads, size, &mut out);
                for (value, expected) in out.iter().zip(&expected) {
                    prop_assert!((value - expected).abs() < 2e-4, "{}: {value} {expected}", isa.name());
                }
            }
        }

        #[test]
        fn norm_agrees_with_candle(rows in 1usize..6, width in 1usize..80, seed in any::<u64>()) {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut values = |count: usize| -> Vec<f32> { (0..count).map(|_| random.f32() * 4.0 - 1.0).collect() };
            let (x, y, weight, bias) = (values(rows * width), values(rows * width), values(width), values(width));
            let tensor = |values: &[f32], shape: &[usize]| Tensor::from_slice(values, shape, &Device::Cpu).unwrap();
            let sum = (tensor(&x, &[rows, width]) + tensor(&y, &[rows, width])).unwrap();
            let expected = candle_nn::ops::layer_norm(&sum, &tensor(&weight, &[width]), &tensor(&bias, &[width]), 1e-5).unwrap();
            let expected: Vec<f32> = expected.flatten_all().unwrap().to_vec1().unwrap();
            for isa in Isa::available() {
                let mut out = x.clone();
                add_and_norm(isa, &mut out, &y, &weight, &bias, 1e-5);
                for (value, expected) in out.iter().zip(&expected) {
                    prop_assert!((value - expected).abs() < 1e-3 * expected.abs().max(1.0), "{}: {value} {expected}", isa.name());
                }
            }
        }
    }
}
