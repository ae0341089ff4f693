//! How fast a GGUF model runs here, by token ids alone: no tokenizer is needed, and random weights do.

use std::path::Path;
use std::time::{Duration, Instant};

use candle_core::Device;

use super::generate::{Weights, forward, kernel_threads, open_gguf};
use super::llama::batch::{News, Request, ended};
use crate::error::{Context, ErrorKind, Result};

/// Tokens at the end of a prompt that differ from the prompt before: a new question on the same passage.
const QUESTION_TOKENS: usize = 16;

/// A loaded model.
pub struct LlmBench {
    weights: Weights,
    device: Device,
    vocabulary: usize,
    load: Duration,
}

/// One request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// Until the first token.
    pub first_token: Duration,
    /// Until the last.
    pub total: Duration,
}

impl LlmBench {
    /// Loads the model on `device`.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file and what is wrong with it.
    pub fn load(path: &Path, device: &Device) -> Result<Self> {
        let started = Instant::now();
        let (content, weights) = open_gguf(path, device, kernel_threads())?;
        let vocabulary = content.tensor_infos.get("token_embd.weight").and_then(|info| info.shape.dims().first()).copied().unwrap_or(1);
        Ok(Self { weights, device: device.clone(), vocabulary, load: started.elapsed() })
    }

    /// How long loading took.
    pub fn load_time(&self) -> Duration {
        self.load
    }

    /// What the model runs on: `own kernels` or `candle`.
    pub fn runs_on(&self) -> &'static str {
        self.weights.name()
    }

    /// Memory of the weights in bytes, where they are on our own kernels.
    pub fn weight_bytes(&self) -> Option<usize> {
        match &self.weights {
            Weights::Own(batch) => Some(batch.model().bytes()),
            Weights::Candle(..) => None,
        }
    }

    /// Reads a prompt that shares nothing with those of other `number`s, and writes `answer_tokens` without drafts.
    ///
    /// # Errors
    /// `BadRequest` when the model takes no prompt as long, `Inference` when it fails.
    pub fn run(&self, number: u32, prompt_tokens: usize, answer_tokens: usize) -> Result<Timing> {
        self.write(self.prompt(number, prompt_tokens), answer_tokens)
    }

    /// The first token of a second question on a passage: all but the last tokens of the prompt have been read before.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_kept(&self, number: u32, prompt_tokens: usize) -> Result<Duration> {
        let mut prompt = self.prompt(number, prompt_tokens);
        self.write(prompt.clone(), 1)?;
        let passage = prompt.len().saturating_sub(QUESTION_TOKENS);
        let other = self.prompt(number + 1, prompt_tokens);
        prompt[passage..].copy_from_slice(&other[passage..]);
        Ok(self.write(prompt, 1)?.first_token)
    }

    /// As [`Self::run`], of one of many questions on one passage: all but the last tokens of the prompt have mostly been read before.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_on_kept(&self, number: u32, prompt_tokens: usize, answer_tokens: usize) -> Result<Timing> {
        const PASSAGE: u32 = u32::MAX;
        let mut prompt = self.prompt(PASSAGE, prompt_tokens);
        let passage = prompt.len().saturating_sub(QUESTION_TOKENS);
        prompt[passage..].copy_from_slice(&self.prompt(number, prompt_tokens)[passage..]);
        self.write(prompt, answer_tokens)
    }

    fn prompt(&self, number: u32, tokens: usize) -> Vec<u32> {
        let known = self.vocabulary as u64;
        (0..tokens as u64).map(|at| ((at * 7_919 + u64::from(number) * 104_729 + 13) % known) as u32).collect()
    }

    fn write(&self, prompt: Vec<u32>, most: usize) -> Result<Timing> {
        let started = Instant::now();
        let mut first = None;
        match &self.weights {
            Weights::Own(batch) => {
                let writing = batch.write(Request { prompt, most, ends: Vec::new(), constraint: None, drafts: false })?;
                loop {
                    match writing.news.recv().map_err(|_| ended())? {
                        News::Reused(_) => {}
                        News::Tokens(_) => _ = first.get_or_insert_with(|| started.elapsed()),
                        News::End | News::Full => break,
                    }
                }
            }
            Weights::Candle(model, _) => {
                let mut model = (**model).clone();
                let mut run = |tokens: &[u32], position: usize| {
                    forward(&mut model, tokens, position, &self.device).on(ErrorKind::Inference, || "the LLM".to_owned())
                };
                let mut next = run(&prompt, 0)?;
                first = Some(started.elapsed());
                for at in 1..most {
                    next = run(&[next], prompt.len() + at - 1)?;
                }
            }
        }
        let total = started.elapsed();
        Ok(Timing { first_token: first.unwrap_or(total), total })
    }
}
