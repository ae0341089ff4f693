//! Sentence embeddings with BERT-family encoders: all-MiniLM-L6-v2 by default.
//!
//! Source: Reimers and Gurevych, "Sentence-BERT" (EMNLP 2019); the pooling of `sentence-transformers/all-MiniLM-L6-v2`:
//! the mean of the last hidden states over real tokens, then unit length.

use std::path::Path;

use candle_core::{Device, Tensor};
use tokenizers::{Encoding, Tokenizer, TruncationParams};

use super::bert::{Bert, BertConfig};
use crate::error::{Context, Error, ErrorKind, Result};

/// Tokens read of one text; what comes after is not seen. The model was trained on this many at most.
const MAX_TOKENS: usize = 256;

/// Tokens, padding included, of one forward pass: more does not run faster on a CPU and costs memory.
const BATCH_TOKENS: usize = 2_048;

/// Turns texts into unit vectors.
pub struct Encoder {
    model: Bert,
    tokenizer: Tokenizer,
    device: Device,
    dimensions: usize,
}

impl Encoder {
    /// Loads an encoder from its `config.json`, `tokenizer.json` and `model.safetensors`.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file that cannot be read or does not fit the others.
    pub fn load(config: &Path, tokenizer: &Path, weights: &Path, device: &Device) -> Result<Self> {
        let damaged = |path: &Path| format!("{}: run `frontdesk models verify`, then `frontdesk models pull`", path.display());
        let config_text = std::fs::read(config).on(ErrorKind::ModelCorrupt, || damaged(config))?;
        let settings: BertConfig = serde_json::from_slice(&config_text).on(ErrorKind::ModelCorrupt, || damaged(config))?;
        let mut tokenizer_model = Tokenizer::from_file(tokenizer).on(ErrorKind::ModelCorrupt, || damaged(tokenizer))?;
        tokenizer_model
            .with_truncation(Some(TruncationParams { max_length: MAX_TOKENS, ..Default::default() }))
            .on(ErrorKind::ModelCorrupt, || damaged(tokenizer))?;
        tokenizer_model.with_padding(None); // batches are padded here, to their own longest text
        let bytes = std::fs::read(weights).on(ErrorKind::ModelCorrupt, || damaged(weights))?;
        let tensors = candle_core::safetensors::load_buffer(&bytes, device).on(ErrorKind::ModelCorrupt, || damaged(weights))?;
        drop(bytes);
        let model = Bert::load(&tensors, &settings).on(ErrorKind::ModelCorrupt, || damaged(weights))?;
        Ok(Self { model, tokenizer: tokenizer_model, device: device.clone(), dimensions: settings.hidden_size })
    }

    /// Length of every vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// One unit vector of [`Self::dimensions`] values per text, in order. `progress` hears how many texts are done.
    ///
    /// # Errors
    /// `Inference` when the model fails.
    pub fn embed(&self, texts: &[&str], mut progress: impl FnMut(usize)) -> Result<Vec<Vec<f32>>> {
        let encodings = self.tokenizer.encode_batch(texts.to_vec(), true).map_err(|cause| failed().because(cause))?;
        // Texts of like length share a batch, so that little padding is computed.
        let mut order: Vec<usize> = (0..texts.len()).collect();
        order.sort_by_key(|&at| encodings.get(at).map_or(0, Encoding::len));
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut done = 0;
        let mut rest = order.as_slice();
        while !rest.is_empty() {
            let mut count = 0;
            while count < rest.len() {
                let longest = encodings[rest[count]].len().max(1); // sorted: the last is the longest
                if count > 0 && longest * (count + 1) > BATCH_TOKENS {
                    break;
                }
                count += 1;
            }
            let (batch, later) = rest.split_at(count);
            let pooled =
                self.forward(&batch.iter().map(|&at| &encodings[at]).collect::<Vec<_>>()).map_err(|cause| failed().because(cause))?;
            for (&at, vector) in batch.iter().zip(pooled) {
                vectors[at] = vector;
            }
            done += count;
            progress(done);
            rest = later;
        }
        Ok(vectors)
    }

    /// The vector of one text.
    ///
    /// # Errors
    /// As [`Self::embed`].
    pub fn embed_one(&self, text: &str) -> Result<Vec<f32>> {
        self.embed(&[text], |_| ())?.pop().ok_or_else(failed)
    }

    fn forward(&self, batch: &[&Encoding]) -> candle_core::Result<Vec<Vec<f32>>> {
        let longest = batch.iter().map(|encoding| encoding.len()).max().unwrap_or(1);
        let shape = (batch.len(), longest);
        let (mut ids, mut mask) = (vec![0u32; batch.len() * longest], vec![0f32; batch.len() * longest]);
        for (row, encoding) in batch.iter().enumerate() {
            for (column, &id) in encoding.get_ids().iter().enumerate() {
                ids[row * longest + column] = id;
                mask[row * longest + column] = 1.0;
            }
        }
        let ids = Tensor::from_vec(ids, shape, &self.device)?;
        let mask = Tensor::from_vec(mask, shape, &self.device)?;
        let lengths: Vec<usize> = batch.iter().map(|encoding| encoding.len()).collect();
        let hidden = self.model.forward(&ids, &ids.zeros_like()?, &lengths)?;
        let (_batch, _tokens, _hidden) = hidden.dims3()?;
        let real = mask.unsqueeze(2)?;
        let mean = hidden.broadcast_mul(&real)?.sum(1)?.broadcast_div(&real.sum(1)?)?;
        let length = mean.sqr()?.sum_keepdim(1)?.sqrt()?;
        mean.broadcast_div(&length.maximum(1e-12)?)?.to_vec2()
    }
}

fn failed() -> Error {
    ErrorKind::Inference.on("the embedding model")
}
