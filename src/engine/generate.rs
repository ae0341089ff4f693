//! Text from GGUF models: SmolLM2-135M-Instruct by default.
//!
//! Greedy decoding: the same prompt gives the same text. On a CPU, Llama, Qwen2 and Qwen3 models run on our own kernels, several requests
//! at once, and what prompts have in common is read once. On a GPU candle runs Llama models, one request at a time.

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use candle_core::quantized::gguf_file::Content;
use candle_core::{D, Device, IndexOp, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;

use super::llama::batch::{Batch, News, Request, Writing, ended};
use super::llama::{ARCHITECTURES, Llama, Tensors};
use super::template::Message;
use super::vocabulary::Vocabulary;
use crate::error::{Context, Error, ErrorKind, Result};

pub use super::llama::batch::Constraint;

/// Memory for the keys and values of prompts that were read before.
const KEPT_BYTES: usize = 128 << 20;

/// How often a request that waits for the model looks whether it is still wanted.
const LOOK_EVERY: Duration = Duration::from_millis(10);

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
    /// Tokens of the prompt.
    pub prompt_tokens: usize,
    /// Of these, how many had been read before and were not read again.
    pub reused_tokens: usize,
    /// Tokens written.
    pub answer_tokens: usize,
}

/// The weights of a GGUF file, ready to run.
pub(super) enum Weights {
    Own(Batch),
    /// With the device they run on.
    Candle(Box<ModelWeights>, Device),
}

impl Weights {
    /// What they run on.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Own(_) => "own kernels",
            Self::Candle(..) => "candle",
        }
    }
}

/// Opens a GGUF file: what it says about itself, and its weights on `device`. `threads`: of the CPU kernels.
///
/// # Errors
/// `ModelCorrupt` naming the file and what is wrong with it, or not supported.
pub(super) fn open_gguf(path: &Path, device: &Device, threads: usize) -> Result<(Content, Weights)> {
    let damaged = || format!("{}: run `frontdesk models verify`, then `frontdesk models pull`", path.display());
    let mut file = BufReader::new(File::open(path).on(ErrorKind::ModelCorrupt, damaged)?);
    let content = Content::read(&mut file).on(ErrorKind::ModelCorrupt, damaged)?;
    let unusable = || path.display().to_string();
    let architecture = content.metadata.get("general.architecture").and_then(|value| value.to_string().ok()).cloned().unwrap_or_default();
    if !ARCHITECTURES.contains(&architecture.as_str()) {
        let known = ARCHITECTURES.join(", ");
        let complaint = format!("its architecture is `{architecture}`; this version runs {known}, so take a model of one of these");
        return Err(ErrorKind::ModelCorrupt.on(unusable()).because(complaint));
    }
    if !device.is_cpu() && architecture == "llama" {
        file.seek(SeekFrom::Start(0)).on(ErrorKind::ModelCorrupt, damaged)?;
        let content_again = Content::read(&mut file).on(ErrorKind::ModelCorrupt, damaged)?;
        let model = ModelWeights::from_gguf(content_again, &mut file, device).on(ErrorKind::ModelCorrupt, damaged)?;
        return Ok((content, Weights::Candle(Box::new(model), device.clone())));
    }
    let model = Tensors::new(&content, &mut file).and_then(|mut tensors| Llama::load(&mut tensors, &architecture));
    let batch = Batch::start(model.on(ErrorKind::ModelCorrupt, unusable)?, threads, KEPT_BYTES)?;
    Ok((content, Weights::Own(batch)))
}

/// Threads of the CPU kernels: one per core.
pub(super) fn kernel_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// A loaded model with its tokenizer and template. Shared by threads.
pub struct Generator {
    weights: Weights,
    /// The system's words, for candle: the keys and values of this beginning are in its weights.
    prefix: Vec<u32>,
    vocabulary: Vocabulary,
}

impl Generator {
    /// Loads a GGUF file and reads `system`, the fixed first message of every prompt.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file when it cannot be read; `Inference` when it loads and does not run.
    pub fn load(path: &Path, system: &str, device: &Device) -> Result<Self> {
        let name = path.file_name().map_or_else(|| path.display().to_string(), |name| name.to_string_lossy().into_owned());
        let (content, mut weights) = open_gguf(path, device, kernel_threads())?;
        let vocabulary = Vocabulary::read(&content, &name)?;
        drop(content);
        let prefix = vocabulary.encode(&vocabulary.template.render(&[Message { role: "system", content: system.to_owned() }], false)?)?;
        match &mut weights {
            _ if prefix.is_empty() => {}
            Weights::Own(batch) => {
                // One token is written, so the beginning is read, and kept.
                let writing =
                    batch.write(Request { prompt: prefix.clone(), most: 1, ends: Vec::new(), constraint: None, drafts: false })?;
                while writing.news.recv().is_ok() {} // until the request is gone, so that the beginning has been kept
            }
            Weights::Candle(model, device) => {
                forward(model, &prefix, 0, device).map_err(|cause| failed().because(cause))?;
            }
        }
        Ok(Self { weights, prefix, vocabulary })
    }

    /// What the model runs on: `own kernels` or `candle`.
    pub fn runs_on(&self) -> &'static str {
        self.weights.name()
    }

    /// Whether several requests at once share the work instead of waiting for each other.
    pub fn takes_several(&self) -> bool {
        matches!(self.weights, Weights::Own(_))
    }

    /// Continues the conversation by one message of the assistant. `on_text` hears each new piece of text and returns whether to go on.
    ///
    /// # Errors
    /// `Inference` when the model or its tokenizer fails, `BadRequest` when the messages are longer than it takes.
    pub fn generate(&self, messages: &[Message], limits: &Limits<'_>, on_text: impl FnMut(&str) -> bool) -> Result<Generated> {
        self.generate_within(messages, limits, None, on_text)
    }

    /// As [`Self::generate`], of tokens that `constraint` allows alone. A model on candle refuses.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn generate_within(
        &self,
        messages: &[Message],
        limits: &Limits<'_>,
        constraint: Option<Constraint>,
        on_text: impl FnMut(&str) -> bool,
    ) -> Result<Generated> {
        let messages: Vec<_> =
            messages.iter().map(|message| Message { role: message.role, content: self.vocabulary.disarm(&message.content) }).collect();
        let prompt = self.vocabulary.encode(&self.vocabulary.template.render(&messages, true)?)?;
        let mut text = Text { vocabulary: &self.vocabulary, limits, ids: Vec::new(), text: String::new(), on_text };
        let prompt_tokens = prompt.len();
        let (stopped, reused_tokens) = match &self.weights {
            Weights::Own(batch) => {
                let (most, ends) = (limits.answer_tokens, vec![self.vocabulary.eos]);
                follow(&batch.write(Request { prompt, most, ends, constraint, drafts: true })?, &mut text)?
            }
            Weights::Candle(..) if constraint.is_some() => {
                return Err(ErrorKind::Inference.on("candle writes without constraints: run the model on a CPU"));
            }
            Weights::Candle(model, device) => self.run_candle((**model).clone(), &prompt, device, &mut text)?,
        };
        Ok(Generated { stopped, prompt_tokens, reused_tokens, answer_tokens: text.ids.len(), text: text.text })
    }

    fn run_candle(
        &self,
        mut model: ModelWeights,
        prompt: &[u32],
        device: &Device,
        text: &mut Text<'_, impl FnMut(&str) -> bool>,
    ) -> Result<(StopReason, usize)> {
        let reused = if prompt.len() > self.prefix.len() && prompt.starts_with(&self.prefix) {
            self.prefix.len()
        } else {
            model.clear_kv_cache();
            0
        };
        let mut next = forward(&mut model, &prompt[reused..], reused, device).map_err(|cause| failed().because(cause))?;
        loop {
            if next == self.vocabulary.eos {
                return Ok((StopReason::End, reused));
            }
            if let Some(stopped) = text.add(&[next])? {
                return Ok((stopped, reused));
            }
            let position = prompt.len() + text.ids.len() - 1;
            next = forward(&mut model, &[next], position, device).map_err(|cause| failed().because(cause))?;
        }
    }

    /// Tokens of the model's vocabulary that spell `text`, for a [`Constraint`].
    ///
    /// # Errors
    /// `Inference` when the tokenizer fails.
    pub fn spell(&self, text: &str) -> Result<Vec<u32>> {
        self.vocabulary.encode(&self.vocabulary.disarm(text))
    }

    /// Tokens that a prompt of `messages` takes beyond those that were read before.
    ///
    /// # Errors
    /// As [`Self::generate`].
    pub fn count_new_tokens(&self, messages: &[Message]) -> Result<usize> {
        let prompt = self.vocabulary.encode(&self.vocabulary.template.render(messages, true)?)?;
        let kept = match &self.weights {
            Weights::Own(batch) => batch.kept_tokens(&prompt),
            Weights::Candle(..) => self.prefix.len(),
        };
        Ok(prompt.len().saturating_sub(kept))
    }
}

/// Hears what is written until the text ends. Returns why it ended and how many tokens of the prompt were not read again.
fn follow(writing: &Writing, text: &mut Text<'_, impl FnMut(&str) -> bool>) -> Result<(StopReason, usize)> {
    let mut reused = 0;
    loop {
        let stopped = match writing.news.recv_timeout(LOOK_EVERY) {
            Ok(News::Reused(tokens)) => {
                reused = tokens;
                None
            }
            Ok(News::Tokens(tokens)) => text.add(&tokens)?,
            Ok(News::End) => Some(StopReason::End),
            Ok(News::Full) => Some(StopReason::Length),
            Err(RecvTimeoutError::Timeout) => text.limits.over(),
            Err(RecvTimeoutError::Disconnected) => return Err(ended()),
        };
        if let Some(stopped) = stopped {
            return Ok((stopped, reused));
        }
    }
}

impl Limits<'_> {
    /// Why to stop now, if at all.
    fn over(&self) -> Option<StopReason> {
        if self.cancelled.load(Ordering::Relaxed) {
            Some(StopReason::Cancelled)
        } else if Instant::now() >= self.deadline {
            Some(StopReason::Deadline)
        } else {
            None
        }
    }
}

/// What has been written, as tokens and as text.
struct Text<'a, F> {
    vocabulary: &'a Vocabulary,
    limits: &'a Limits<'a>,
    ids: Vec<u32>,
    text: String,
    on_text: F,
}

impl<F: FnMut(&str) -> bool> Text<'_, F> {
    /// Adds tokens and says what they spell. Returns why to stop, if at all.
    fn add(&mut self, ids: &[u32]) -> Result<Option<StopReason>> {
        self.ids.extend_from_slice(ids);
        let written = self.vocabulary.decode(&self.ids)?;
        let said = self.text.len();
        // A character may take several tokens: until it is whole it decodes to U+FFFD.
        if !written.ends_with('\u{fffd}') && written.len() > said && written.is_char_boundary(said) {
            let go_on = (self.on_text)(&written[said..]);
            self.text = written;
            if !go_on {
                return Ok(Some(StopReason::End));
            }
        }
        if self.ids.len() >= self.limits.answer_tokens {
            return Ok(Some(StopReason::Length));
        }
        Ok(self.limits.over())
    }
}

/// Runs `tokens` at `position` and returns the likeliest next token.
pub(super) fn forward(model: &mut ModelWeights, tokens: &[u32], position: usize, device: &Device) -> candle_core::Result<u32> {
    let input = Tensor::new(tokens, device)?.unsqueeze(0)?;
    let logits = model.forward(&input, position)?;
    let (_batch, _vocabulary) = logits.dims2()?;
    logits.i(0)?.argmax(D::Minus1)?.to_scalar()
}

fn failed() -> Error {
    ErrorKind::Inference.on("the LLM")
}
