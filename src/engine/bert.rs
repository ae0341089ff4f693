//! The BERT encoder (Devlin et al., NAACL 2019), as MiniLM and the reader use it: token ids in, hidden states out.
//!
//! Same mathematics as `candle_transformers::models::bert`, which is the reference in the tests. On a CPU that one spends most of
//! its time in scalar `erf` and `exp`; here bias, activation and softmax run in place, in loops the compiler turns into SIMD.

use std::collections::HashMap;

use candle_core::{CpuStorage, InplaceOp1, Layout, Result, Tensor, bail};
use candle_nn::ops::{layer_norm, softmax_last_dim};
use rayon::prelude::*;
use serde::Deserialize;

/// The part of a BERT `config.json` that the encoder needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct BertConfig {
    pub(super) hidden_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    hidden_act: String,
    layer_norm_eps: f32,
}

struct Dense {
    /// `in × out`.
    weight: Tensor,
    bias: Tensor,
    bias_values: Vec<f32>,
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

struct Layer {
    /// Query, key and value in one product.
    qkv: Dense,
    attention_output: Dense,
    attention_norm: Norm,
    intermediate: Dense,
    output: Dense,
    output_norm: Norm,
}

/// A loaded encoder.
pub(super) struct Bert {
    words: Tensor,
    positions: Tensor,
    types: Tensor,
    norm: Norm,
    layers: Vec<Layer>,
    heads: usize,
    eps: f32,
}

impl Bert {
    /// Takes its weights, f32 and named as in the original files, out of `tensors`.
    pub(super) fn load(tensors: &HashMap<String, Tensor>, config: &BertConfig) -> Result<Self> {
        if config.hidden_act != "gelu" {
            bail!("the activation `{}` is not known: use a model with `gelu`", config.hidden_act)
        }
        let get = |name: &str| tensors.get(name).cloned().ok_or_else(|| candle_core::Error::Msg(format!("the tensor `{name}` is missing")));
        let norm =
            |name: &str| -> Result<Norm> { Ok(Norm { weight: get(&format!("{name}.weight"))?, bias: get(&format!("{name}.bias"))? }) };
        let dense = |names: &[String]| -> Result<Dense> {
            let part = |part: &str| names.iter().map(|name| get(&format!("{name}.{part}"))).collect::<Result<Vec<_>>>();
            let bias = Tensor::cat(&part("bias")?, 0)?;
            Ok(Dense { weight: Tensor::cat(&part("weight")?, 0)?.t()?.contiguous()?, bias_values: bias.to_vec1()?, bias })
        };
        let layers = (0..config.num_hidden_layers).map(|number| {
            let name = |part: &str| format!("encoder.layer.{number}.{part}");
            Ok(Layer {
                qkv: dense(&["query", "key", "value"].map(|part| name(&format!("attention.self.{part}"))))?,
                attention_output: dense(&[name("attention.output.dense")])?,
                attention_norm: norm(&name("attention.output.LayerNorm"))?,
                intermediate: dense(&[name("intermediate.dense")])?,
                output: dense(&[name("output.dense")])?,
                output_norm: norm(&name("output.LayerNorm"))?,
            })
        });
        Ok(Self {
            words: get("embeddings.word_embeddings.weight")?,
            positions: get("embeddings.position_embeddings.weight")?,
            types: get("embeddings.token_type_embeddings.weight")?,
            norm: norm("embeddings.LayerNorm")?,
            layers: layers.collect::<Result<_>>()?,
            heads: config.num_attention_heads,
            eps: config.layer_norm_eps,
        })
    }

    /// Hidden states `[batch, tokens, hidden]` of `ids` and `types`, both `[batch, tokens]`. `lengths`: real tokens of each row; what
    /// follows is padding, which no token sees.
    pub(super) fn forward(&self, ids: &Tensor, types: &Tensor, lengths: &[usize]) -> Result<Tensor> {
        let (batch, tokens) = ids.dims2()?;
        let hidden = self.words.dim(1)?;
        let look_up = |table: &Tensor, ids: &Tensor| table.index_select(&ids.flatten_all()?, 0)?.reshape((batch, tokens, hidden));
        let x = (look_up(&self.words, ids)? + look_up(&self.types, types)?)?.broadcast_add(&self.positions.narrow(0, 0, tokens)?)?;
        let mut x = self.norm.apply(&x.reshape((batch * tokens, hidden))?, self.eps)?;
        let size = hidden / self.heads;
        for layer in &self.layers {
            let qkv = layer.qkv.apply(&x)?.reshape((batch, tokens, 3, self.heads, size))?.permute((2, 0, 3, 1, 4))?.contiguous()?;
            let part = |number: usize| qkv.narrow(0, number, 1)?.squeeze(0);
            let scores = part(0)?.matmul(&part(1)?.t()?)?;
            let weights = masked_softmax(scores, 1.0 / (size as f32).sqrt(), lengths)?;
            let context = weights.matmul(&part(2)?)?.transpose(1, 2)?.reshape((batch * tokens, hidden))?;
            x = layer.attention_norm.apply(&(layer.attention_output.apply(&context)? + x)?, self.eps)?;
            let inner = layer.intermediate.apply_gelu(&x)?;
            x = layer.output_norm.apply(&(layer.output.apply(&inner)? + x)?, self.eps)?;
        }
        x.reshape((batch, tokens, hidden))
    }
}

impl Dense {
    fn apply(&self, x: &Tensor) -> Result<Tensor> {
        let y = x.matmul(&self.weight)?;
        if !y.device().is_cpu() {
            return y.broadcast_add(&self.bias);
        }
        y.inplace_op1(&PerRow("bias", |row: &mut [f32]| add(row, &self.bias_values), self.bias_values.len()))?;
        Ok(y)
    }

    fn apply_gelu(&self, x: &Tensor) -> Result<Tensor> {
        let y = x.matmul(&self.weight)?;
        if !y.device().is_cpu() {
            return y.broadcast_add(&self.bias)?.gelu_erf();
        }
        let bias_and_gelu = |row: &mut [f32]| {
            add(row, &self.bias_values);
            row.iter_mut().for_each(|value| *value = gelu(*value));
        };
        y.inplace_op1(&PerRow("bias and gelu", bias_and_gelu, self.bias_values.len()))?;
        Ok(y)
    }
}

impl Norm {
    fn apply(&self, x: &Tensor, eps: f32) -> Result<Tensor> {
        layer_norm(x, &self.weight, &self.bias, eps)
    }
}

/// Softmax over the last axis of `scores` `[batch, heads, tokens, tokens]` times `scale`, with weight 0 beyond each row's length.
fn masked_softmax(scores: Tensor, scale: f32, lengths: &[usize]) -> Result<Tensor> {
    let (batch, heads, tokens, _tokens) = scores.dims4()?;
    if scores.device().is_cpu() {
        scores.inplace_op1(&MaskedSoftmax { scale, lengths, rows_per_batch: heads * tokens, tokens })?;
        return Ok(scores);
    }
    let hide: Vec<f32> =
        (0..batch).flat_map(|row| (0..tokens).map(move |at| if at < lengths[row] { 0.0 } else { f32::NEG_INFINITY })).collect();
    let hide = Tensor::from_vec(hide, (batch, 1, 1, tokens), scores.device())?;
    softmax_last_dim(&(scores * f64::from(scale))?.broadcast_add(&hide)?)
}

/// Changes each row of `width` values in place, rows side by side on all threads. Name, function, width.
struct PerRow<F>(&'static str, F, usize);

impl<F: Fn(&mut [f32]) + Sync> InplaceOp1 for PerRow<F> {
    fn name(&self) -> &'static str {
        self.0
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        values(storage, layout)?.par_chunks_mut(self.2 * ROWS_PER_TASK).for_each(|rows| rows.chunks_exact_mut(self.2).for_each(&self.1));
        Ok(())
    }
}

struct MaskedSoftmax<'a> {
    scale: f32,
    lengths: &'a [usize],
    rows_per_batch: usize,
    tokens: usize,
}

impl InplaceOp1 for MaskedSoftmax<'_> {
    fn name(&self) -> &'static str {
        "masked softmax"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let rows = values(storage, layout)?.par_chunks_mut(self.tokens).enumerate().with_min_len(ROWS_PER_TASK);
        rows.for_each(|(number, row)| {
            let length = self.lengths.get(number / self.rows_per_batch).copied().unwrap_or(self.tokens).clamp(1, self.tokens);
            let (seen, padding) = row.split_at_mut(length);
            let highest = seen.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            seen.iter_mut().for_each(|value| *value = exp((*value - highest) * self.scale));
            let total: f32 = seen.iter().sum();
            seen.iter_mut().for_each(|value| *value /= total);
            padding.fill(0.0);
        });
        Ok(())
    }
}

/// Rows one thread takes at a time: enough work to be worth handing over.
const ROWS_PER_TASK: usize = 16;

fn values<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    match (storage, layout.contiguous_offsets()) {
        (CpuStorage::F32(values), Some((start, end))) => Ok(&mut values[start..end]),
        _ => bail!("an in-place step needs contiguous f32 values"),
    }
}

fn add(row: &mut [f32], bias: &[f32]) {
    row.iter_mut().zip(bias).for_each(|(value, bias)| *value += bias);
}

/// The exact GELU, `x Φ(x)`, with `erf` after Abramowitz and Stegun 7.1.26 (absolute error below 2e-7).
fn gelu(x: f32) -> f32 {
    let z = (x * std::f32::consts::FRAC_1_SQRT_2).abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let series = ((((1.061_405_4 * t - 1.453_152_1) * t + 1.421_413_8) * t - 0.284_496_72) * t + 0.254_829_6) * t;
    let erf = (1.0 - series * exp(-z * z)).copysign(x);
    0.5 * x * (1.0 + erf)
}

/// `e^x` as `2^n · 2^f` with a polynomial for the fraction (relative error below 3e-7), without a call, so that loops over it use SIMD.
fn exp(x: f32) -> f32 {
    /// Adding and taking away 1.5 · 2^23 rounds to the nearest whole number.
    const ROUND: f32 = 12_582_912.0;
    let scaled = x.clamp(-87.0, 88.0) * std::f32::consts::LOG2_E;
    let whole = (scaled + ROUND) - ROUND;
    let f = scaled - whole;
    // Taylor series of 2^f: the powers of ln 2 over the factorials.
    const SERIES: [f32; 6] = [1.540_353e-4, 1.333_355_8e-3, 9.618_129e-3, 0.055_504_11, 0.240_226_5, std::f32::consts::LN_2];
    let p = SERIES.iter().fold(0.0, |sum, factor| (sum + factor) * f) + 1.0;
    p * f32::from_bits(((whole as i32 + 127) << 23) as u32)
}

#[cfg(test)]
mod tests {
    use candle_core::Device;

    use super::*;

    #[test]
    fn exp_and_gelu_agree_with_the_exact_functions() {
        let mut worst = (0f64, 0f64);
        for step in -8_700..8_800 {
            let x = step as f32 / 100.0;
            worst.0 = worst.0.max((f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs());
        }
        for step in -1_000..1_000 {
            let x = step as f32 / 100.0;
            let exact = Tensor::new(f64::from(x), &Device::Cpu).unwrap().gelu_erf().unwrap().to_scalar::<f64>().unwrap();
            worst.1 = worst.1.max((f64::from(gelu(x)) - exact).abs());
        }
        assert!(worst.0 < 5e-7 * 10.0 && worst.1 < 2e-6, "{worst:?}");
    }

    #[test]
    fn padding_gets_no_weight_and_the_rest_sums_to_one() {
        let scores = Tensor::randn(0f32, 3.0, (2, 3, 5, 5), &Device::Cpu).unwrap();
        let weights = masked_softmax(scores, 0.5, &[3, 5]).unwrap();
        let rows: Vec<Vec<f32>> = weights.reshape((30, 5)).unwrap().to_vec2().unwrap();
        for (number, row) in rows.iter().enumerate() {
            let length = if number < 15 { 3 } else { 5 };
            assert!((row[..length].iter().sum::<f32>() - 1.0).abs() < 1e-5);
            assert!(row[length..].iter().all(|weight| *weight == 0.0));
        }
    }
}
