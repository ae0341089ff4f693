//! The encoder layers on our own kernels. Each sequence stays on one thread, so that nothing is padded and nobody waits.

use rayon::prelude::*;

use super::weights::Weights;
use super::{BertConfig, Embeddings, Sequence};
use crate::engine::kernels::{Isa, PackedMatrix, QuantizedRows, add_and_norm, attend, gelu_rows, product};

struct Layer {
    /// Query, key and value in one product.
    qkv: PackedMatrix,
    attention_output: PackedMatrix,
    attention_norm: (Vec<f32>, Vec<f32>),
    intermediate: PackedMatrix,
    output: PackedMatrix,
    output_norm: (Vec<f32>, Vec<f32>),
}

/// The layers of one model.
pub(super) struct Layers {
    layers: Vec<Layer>,
    heads: usize,
    isa: Isa,
}

impl Layers {
    /// Takes them, named as in the original files, out of `weights`.
    pub(super) fn load(weights: &Weights, config: &BertConfig) -> Result<Self, String> {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let norm = |name: String| -> Result<_, String> {
            Ok((weights.floats(&format!("{name}.weight"), &[hidden])?, weights.floats(&format!("{name}.bias"), &[hidden])?))
        };
        let layer = |number: usize| {
            let name = |part: &str| format!("encoder.layer.{number}.{part}");
            Ok(Layer {
                qkv: weights.matrix(&["query", "key", "value"].map(|part| name(&format!("attention.self.{part}"))), hidden, hidden)?,
                attention_output: weights.matrix(&[name("attention.output.dense")], hidden, hidden)?,
                attention_norm: norm(name("attention.output.LayerNorm"))?,
                intermediate: weights.matrix(&[name("intermediate.dense")], inner, hidden)?,
                output: weights.matrix(&[name("output.dense")], hidden, inner)?,
                output_norm: norm(name("output.LayerNorm"))?,
            })
        };
        let layers = (0..config.num_hidden_layers).map(layer).collect::<Result<_, String>>()?;
        Ok(Self { layers, heads: config.num_attention_heads, isa: Isa::best() })
    }

    /// Hidden states of each sequence, in order. Ids and lengths must fit `embeddings`.
    pub(super) fn forward(&self, embeddings: &Embeddings, sequences: &[Sequence], eps: f32) -> Vec<Vec<f32>> {
        match sequences {
            [one] => vec![self.read(embeddings, one, eps)],
            several => several.par_iter().map(|sequence| self.read(embeddings, sequence, eps)).collect(),
        }
    }

    fn read(&self, embeddings: &Embeddings, sequence: &Sequence, eps: f32) -> Vec<f32> {
        let isa = self.isa;
        let tokens = sequence.ids.len();
        let hidden = embeddings.norm.0.len();
        let mut x = embeddings.look_up(sequence, hidden, isa, eps);
        let mut rounded = QuantizedRows::default();
        let inner = self.layers.iter().map(|layer| layer.intermediate.outputs().max(layer.qkv.outputs())).max().unwrap_or(0);
        let (mut wide, mut narrow) = (vec![0f32; tokens * inner], vec![0f32; tokens * hidden]);
        let mut multiply = |x: &[f32], width: usize, matrix: &PackedMatrix, out: &mut [f32]| {
            rounded.fill(isa, x, width);
            product(isa, &rounded, matrix, out);
        };
        for layer in &self.layers {
            let qkv = &mut wide[..tokens * layer.qkv.outputs()];
            multiply(&x, hidden, &layer.qkv, qkv);
            attend(isa, qkv, tokens, self.heads, hidden / self.heads, &mut narrow);
            let context = &mut wide[..tokens * hidden];
            multiply(&narrow, hidden, &layer.attention_output, context);
            add_and_norm(isa, &mut x, context, &layer.attention_norm.0, &layer.attention_norm.1, eps);
            let between = &mut wide[..tokens * layer.intermediate.outputs()];
            multiply(&x, hidden, &layer.intermediate, between);
            gelu_rows(isa, between);
            multiply(between, layer.intermediate.outputs(), &layer.output, &mut narrow);
            add_and_norm(isa, &mut x, &narrow, &layer.output_norm.0, &layer.output_norm.1, eps);
        }
        x
    }
}

impl Embeddings {
    fn look_up(&self, sequence: &Sequence, hidden: usize, isa: Isa, eps: f32) -> Vec<f32> {
        let row = |table: &'_ [f32], at: usize| table[at * hidden..(at + 1) * hidden].to_vec();
        let mut x = Vec::with_capacity(sequence.ids.len() * hidden);
        let mut rest = Vec::with_capacity(sequence.ids.len() * hidden);
        for (at, id) in sequence.ids.iter().enumerate() {
            self.words.add_row_to(*id as usize, &mut x);
            let types = row(&self.types, usize::from(at >= sequence.first_segment));
            rest.extend(row(&self.positions, at).iter().zip(types).map(|(position, kind)| position + kind));
        }
        add_and_norm(isa, &mut x, &rest, &self.norm.0, &self.norm.1, eps);
        x
    }
}
