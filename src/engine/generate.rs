//! Text from Llama-family GGUF models: SmolLM2-135M-Instruct by default.
//!
//! Greedy decoding: the same prompt gives the same text. The KV cache of the prompt's fixed beginning is computed once and
//! shared by all requests; a request copies the handles, not the tensors.

use std::fs::File;
use std::io::{BufReader, Cursor, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use candle_core::quantized::gguf_file::{self, Content};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{D, Device, IndexOp, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;

use super::template::Message;
use super::vocabulary::Vocabulary;
use crate::error::{Context, Error, ErrorKind, Result};

/// When to stop writing.
pub struct Limits<'a> {
    /// Tokens at most.
    pub answer_tokens: usize,
    /// Stop when this moment comes.
    pub deadline: Instant,
    /// Stop when somebody sets this.
    pub cancelled: &'a AtomicBool,
}

/// Why the text ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// The model was done.
    End,
    /// The token limit was reached.
    Length,
    /// The time was up.
    Deadline,
    /// Nobody waits for it any more.
    Cancelled,
}

/// What the model wrote.
#[derive(Debug, Clone, PartialEq)]
pub struct Generated {
    /// The text.
    pub text: String,
    /// Why it ended.
    pub stopped: StopReason,
    /// Tokens of the prompt, those with a ready KV cache included.
    pub prompt_tokens: usize,
    /// Tokens written.
    pub answer_tokens: usize,
}

/// A loaded model. Shared by threads; each call works on its own KV cache.
pub struct Generator {
    /// The weights, with the KV cache of `prefix` in place.
    primed: ModelWeights,
    prefix: Vec<u32>,
    vocabulary: Vocabulary,
    device: Device,
}

impl Generator {
    /// Loads a GGUF file and computes the KV cache of `system`, the fixed first message of every prompt.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file when it cannot be read; `Inference` when it loads and does not run.
    pub fn load(path: &Path, system: &str, device: &Device) -> Result<Self> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let damaged = || format!("{}: run `frontdesk models verify`, then `frontdesk models pull`", path.display());
        let mut file = BufReader::new(File::open(path).on(ErrorKind::ModelCorrupt, damaged)?);
        let content = Content::read(&mut file).on(ErrorKind::ModelCorrupt, damaged)?;
        let vocabulary = Vocabulary::read(&content, &name)?;
        let mut primed = if device.is_cpu() && content.tensor_infos.values().any(|tensor| is_slow_on_cpu(tensor.ggml_dtype)) {
            let (content, mut bytes) = requantize(&content, &mut file).on(ErrorKind::ModelCorrupt, damaged)?;
            ModelWeights::from_gguf(content, &mut bytes, device).on(ErrorKind::ModelCorrupt, damaged)?
        } else {
            file.seek(SeekFrom::Start(0)).on(ErrorKind::ModelCorrupt, damaged)?;
            ModelWeights::from_gguf(content, &mut file, device).on(ErrorKind::ModelCorrupt, damaged)?
        };
        let prefix = vocabulary.encode(&vocabulary.template.render(&[Message { role: "system", content: system.to_owned() }], false)?)?;
        if !prefix.is_empty() {
            forward(&mut primed, &prefix, 0, device).map_err(|cause| failed().because(cause))?;
        }
        Ok(Self { primed, prefix, vocabulary, device: device.clone() })
    }

    /// Continues the conversation by one message of the assistant. `on_text` hears each new piece of text and returns whether to go on.
    ///
    /// # Errors
    /// `Inference` when the model or its tokenizer fails.
    pub fn generate(&self, messages: &[Message], limits: &Limits<'_>, mut on_text: impl FnMut(&str) -> bool) -> Result<Generated> {
        let messages: Vec<_> =
            messages.iter().map(|message| Message { role: message.role, content: self.vocabulary.disarm(&message.content) }).collect();
        let prompt = self.vocabulary.encode(&self.vocabulary.template.render(&messages, true)?)?;
        let mut model = self.primed.clone();
        let reused = if prompt.len() > self.prefix.len() && prompt.starts_with(&self.prefix) {
            self.prefix.len()
        } else {
            model.clear_kv_cache();
            0
        };
        let mut ids = Vec::new();
        let mut text = String::new();
        let mut next = forward(&mut model, &prompt[reused..], reused, &self.device).map_err(|cause| failed().because(cause))?;
        let stopped = loop {
            if next == self.vocabulary.eos {
                break StopReason::End;
            }
            ids.push(next);
            let written = self.vocabulary.decode(&ids)?;
            // A character may take several tokens: until it is whole it decodes to U+FFFD.
            if !written.ends_with('\u{fffd}') && written.len() > text.len() && written.is_char_boundary(text.len()) {
                let go_on = on_text(&written[text.len()..]);
                text = written;
                if !go_on {
                    break StopReason::End;
                }
            }
            if ids.len() >= limits.answer_tokens {
                break StopReason::Length;
            }
            if limits.cancelled.load(Ordering::Relaxed) {
                break StopReason::Cancelled;
            }
            if Instant::now() >= limits.deadline {
                break StopReason::Deadline;
            }
            let position = prompt.len() + ids.len() - 1;
            next = forward(&mut model, &[next], position, &self.device).map_err(|cause| failed().because(cause))?;
        };
        Ok(Generated { text, stopped, prompt_tokens: prompt.len(), answer_tokens: ids.len() })
    }

    /// Tokens that a prompt of `messages` takes beyond those whose KV cache is ready.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn count_new_tokens(&self, messages: &[Message]) -> Result<usize> {
        Ok(self.vocabulary.encode(&self.vocabulary.template.render(messages, true)?)?.len().saturating_sub(self.prefix.len()))
    }
}

/// Runs `tokens` at `position` and returns the likeliest next token.
fn forward(model: &mut ModelWeights, tokens: &[u32], position: usize, device: &Device) -> candle_core::Result<u32> {
    let input = Tensor::new(tokens, device)?.unsqueeze(0)?;
    let logits = model.forward(&input, position)?;
    let (_batch, _vocabulary) = logits.dims2()?;
    logits.i(0)?.argmax(D::Minus1)?.to_scalar()
}

/// candle has no SIMD dot product for these: one takes five times as long as Q8_0.
fn is_slow_on_cpu(dtype: GgmlDType) -> bool {
    matches!(dtype, GgmlDType::Q4_1 | GgmlDType::Q5_0 | GgmlDType::Q5_1)
}

/// The same model with its slow tensors as Q8_0. From 4 or 5 bits to 8 next to nothing is lost, and prefill runs five times as fast.
fn requantize(content: &Content, file: &mut BufReader<File>) -> candle_core::Result<(Content, Cursor<Vec<u8>>)> {
    let mut tensors = Vec::with_capacity(content.tensor_infos.len());
    for name in content.tensor_infos.keys() {
        let tensor = content.tensor(file, name, &Device::Cpu)?;
        let tensor =
            if is_slow_on_cpu(tensor.dtype()) { QTensor::quantize(&tensor.dequantize(&Device::Cpu)?, GgmlDType::Q8_0)? } else { tensor };
        tensors.push((name.as_str(), tensor));
    }
    // The vocabulary is read already; leaving it out saves a second parse of its 100,000 strings.
    let metadata: Vec<_> =
        content.metadata.iter().filter(|(key, _)| !key.starts_with("tokenizer.")).map(|(key, value)| (key.as_str(), value)).collect();
    let mut bytes = Cursor::new(Vec::new());
    gguf_file::write(&mut bytes, &metadata, &tensors.iter().map(|(name, tensor)| (*name, tensor)).collect::<Vec<_>>())?;
    drop(tensors);
    bytes.set_position(0);
    let content = Content::read(&mut bytes)?;
    Ok((content, bytes))
}

fn failed() -> Error {
    ErrorKind::Inference.on("the LLM")
}
