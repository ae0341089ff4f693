//! Reads a question and a passage together: does the passage answer, and with which sentence?
//!
//! A cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019) trained by this project from MiniLM:
//! `models/reader/` holds the recipe, the data's sources and the scores. Its encoder layers are shipped as int8 with one scale
//! per row; the word embeddings are those of the MiniLM that is loaded anyway.

use std::collections::HashMap;
use std::path::Path;

use candle_core::{D, Device, IndexOp, Tensor};
use candle_nn::{Linear, Module};
use safetensors::{Dtype, SafeTensors};
use tokenizers::Tokenizer;

use super::bert::{Bert, BertConfig};
use crate::error::{Context, Error, ErrorKind, Result};

static WEIGHTS: &[u8] = include_bytes!("../../models/reader/reader.safetensors");

/// SHA-256 of the MiniLM weights whose embeddings it was trained on.
pub const BASE_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// Tokens read of question and passage together; what comes after is not seen.
const MAX_TOKENS: usize = 256;

/// Tokens read of the question: its end, where the request mostly stands.
const MAX_QUESTION_TOKENS: usize = 64;

/// A passage as the reader sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct ReaderPassage {
    /// `TITLE. HEADINGS: `, or empty.
    pub heading: String,
    /// Its sentences.
    pub sentences: Vec<String>,
}

/// What the reader makes of one passage. Both are log-odds: 0 is undecided.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// That the passage answers the question.
    pub relevance: f32,
    /// Per sentence, that it is the one; `NEG_INFINITY` for those beyond the token limit.
    pub sentences: Vec<f32>,
}

/// A loaded reader. Shared by threads.
pub struct Reader {
    model: Bert,
    relevance: Linear,
    answer: Linear,
    tokenizer: Tokenizer,
    cls: u32,
    sep: u32,
    device: Device,
}

struct Encoded {
    ids: Vec<u32>,
    /// Tokens before the passage's segment begins.
    question_tokens: usize,
    /// Token range of each sentence.
    sentences: Vec<std::ops::Range<usize>>,
}

impl Reader {
    /// Joins the shipped layers with the embeddings of MiniLM, whose files these are.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file that cannot be used.
    pub fn load(config: &Path, tokenizer: &Path, base_weights: &Path, device: &Device) -> Result<Self> {
        let damaged = |path: &Path| format!("{}: run `frontdesk models verify`, then `frontdesk models pull`", path.display());
        let settings = std::fs::read(config).on(ErrorKind::ModelCorrupt, || damaged(config))?;
        let settings: BertConfig = serde_json::from_slice(&settings).on(ErrorKind::ModelCorrupt, || damaged(config))?;
        let mut words = Tokenizer::from_file(tokenizer).on(ErrorKind::ModelCorrupt, || damaged(tokenizer))?;
        words.with_padding(None);
        words.with_truncation(None).on(ErrorKind::ModelCorrupt, || damaged(tokenizer))?;
        let special = |token: &str| words.token_to_id(token).ok_or_else(|| ErrorKind::ModelCorrupt.on(damaged(tokenizer)));
        let (cls, sep) = (special("[CLS]")?, special("[SEP]")?);
        let base = std::fs::read(base_weights).on(ErrorKind::ModelCorrupt, || damaged(base_weights))?;
        let mut tensors = HashMap::new();
        collect(&base, device, |name| name.starts_with("embeddings."), &mut tensors)
            .on(ErrorKind::ModelCorrupt, || damaged(base_weights))?;
        collect(WEIGHTS, device, |_| true, &mut tensors).on(ErrorKind::ModelCorrupt, || "the built-in reader".to_owned())?;
        let head = |name: &str| -> candle_core::Result<Linear> {
            let part = |part: &str| {
                tensors.get(&format!("{name}.{part}")).cloned().ok_or_else(|| candle_core::Error::Msg(format!("{name}.{part} is missing")))
            };
            Ok(Linear::new(part("weight")?, Some(part("bias")?)))
        };
        let build = || -> candle_core::Result<_> {
            let (relevance, answer) = (head("relevance")?, head("answer")?);
            let model = Bert::load(&tensors, &settings)?;
            Ok((model, relevance, answer))
        };
        let (model, relevance, answer) =
            build().on(ErrorKind::ModelCorrupt, || "the built-in reader does not fit this MiniLM".to_owned())?;
        Ok(Self { model, relevance, answer, tokenizer: words, cls, sep, device: device.clone() })
    }

    /// Reads `question` with each passage; one [`Reading`] per passage, in order.
    ///
    /// # Errors
    /// `Inference` when the model fails.
    pub fn read(&self, question: &str, passages: &[ReaderPassage]) -> Result<Vec<Reading>> {
        let asked = self.encode(question)?;
        let asked = &asked[asked.len().saturating_sub(MAX_QUESTION_TOKENS)..];
        let encoded = passages.iter().map(|passage| self.pair(asked, passage)).collect::<Result<Vec<_>>>()?;
        // Passages of like length go together, so that little padding is computed.
        let mut order: Vec<usize> = (0..encoded.len()).collect();
        order.sort_by_key(|&at| encoded[at].ids.len());
        let mut readings = vec![Reading { relevance: f32::NEG_INFINITY, sentences: Vec::new() }; encoded.len()];
        for batch in order.chunks(BATCH) {
            let parts: Vec<&Encoded> = batch.iter().map(|&at| &encoded[at]).collect();
            for (&at, reading) in batch.iter().zip(self.forward(&parts).map_err(|cause| failed().because(cause))?) {
                readings[at] = reading;
            }
        }
        Ok(readings)
    }

    fn encode(&self, text: &str) -> Result<Vec<u32>> {
        let encoding = self.tokenizer.encode(text, false).map_err(|cause| failed().because(cause))?;
        Ok(encoding.get_ids().to_vec())
    }

    fn pair(&self, question: &[u32], passage: &ReaderPassage) -> Result<Encoded> {
        let mut ids = vec![self.cls];
        ids.extend_from_slice(question);
        ids.push(self.sep);
        let question_tokens = ids.len();
        ids.extend(self.encode(&passage.heading)?);
        let mut sentences = Vec::with_capacity(passage.sentences.len());
        for sentence in &passage.sentences {
            let start = ids.len();
            ids.extend(self.encode(sentence)?);
            sentences.push(start.min(MAX_TOKENS - 1)..ids.len().min(MAX_TOKENS - 1));
        }
        ids.truncate(MAX_TOKENS - 1);
        ids.push(self.sep);
        Ok(Encoded { ids, question_tokens, sentences })
    }

    fn forward(&self, batch: &[&Encoded]) -> candle_core::Result<Vec<Reading>> {
        let longest = batch.iter().map(|encoded| encoded.ids.len()).max().unwrap_or(1);
        let shape = (batch.len(), longest);
        let blank = || vec![0u32; batch.len() * longest];
        let (mut ids, mut types) = (blank(), blank());
        for (row, encoded) in batch.iter().enumerate() {
            let start = row * longest;
            let end = start + encoded.ids.len();
            ids[start..end].copy_from_slice(&encoded.ids);
            types[start + encoded.question_tokens.min(encoded.ids.len())..end].fill(1);
        }
        let tensor = |values: Vec<u32>| Tensor::from_vec(values, shape, &self.device);
        let lengths: Vec<usize> = batch.iter().map(|encoded| encoded.ids.len()).collect();
        let hidden = self.model.forward(&tensor(ids)?, &tensor(types)?, &lengths)?;
        let (_batch, _tokens, _hidden) = hidden.dims3()?;
        let relevance: Vec<f32> = self.relevance.forward(&hidden.i((.., 0))?.contiguous()?)?.squeeze(D::Minus1)?.to_vec1()?;
        let answer: Vec<Vec<f32>> = self.answer.forward(&hidden)?.squeeze(D::Minus1)?.to_vec2()?;
        let pool = |logits: &[f32], tokens: &std::ops::Range<usize>| match logits.get(tokens.clone()) {
            Some(own) if !own.is_empty() => own.iter().sum::<f32>() / own.len() as f32,
            _ => f32::NEG_INFINITY,
        };
        let readings = batch.iter().zip(relevance).zip(&answer);
        Ok(readings
            .map(|((encoded, relevance), logits)| Reading {
                relevance,
                sentences: encoded.sentences.iter().map(|tokens| pool(logits, tokens)).collect(),
            })
            .collect())
    }
}

/// Passages of one forward pass.
const BATCH: usize = 4;

/// Adds the wanted tensors of a safetensors file as f32; int8 ones are multiplied by their `NAME.scale`, one per row.
fn collect(bytes: &[u8], device: &Device, wanted: impl Fn(&str) -> bool, tensors: &mut HashMap<String, Tensor>) -> candle_core::Result<()> {
    let file = SafeTensors::deserialize(bytes).map_err(candle_core::Error::wrap)?;
    let floats = |data: &[u8]| -> Vec<f32> { data.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect() };
    for (name, view) in file.tensors().into_iter().filter(|(name, _)| wanted(name) && !name.ends_with(".scale")) {
        let values = match view.dtype() {
            Dtype::F32 => floats(view.data()),
            Dtype::I8 => {
                let scales = floats(file.tensor(&format!("{name}.scale")).map_err(candle_core::Error::wrap)?.data());
                let columns = view.shape().last().copied().unwrap_or(1).max(1);
                view.data()
                    .chunks(columns)
                    .zip(&scales)
                    .flat_map(|(row, scale)| row.iter().map(move |value| f32::from(value.cast_signed()) * scale))
                    .collect()
            }
            Dtype::I64 => continue, // position ids, which the model makes itself
            other => return Err(candle_core::Error::Msg(format!("{name} has type {other:?}"))),
        };
        tensors.insert(name, Tensor::from_vec(values, view.shape(), device)?);
    }
    Ok(())
}

fn failed() -> Error {
    ErrorKind::Inference.on("the reader")
}
