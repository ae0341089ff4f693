//! Reads a question and a passage together: does the passage answer, and with which sentence?
//!
//! A cross-encoder (Nogueira and Cho, "Passage Re-ranking with BERT", 2019) trained by this project from MiniLM:
//! `models/reader/` holds the recipe, the data's sources and the scores. Its encoder layers are shipped as int8 with one scale
//! per row; the word embeddings are those of the MiniLM that is loaded anyway.

use std::ops::Range;

use tokenizers::Tokenizer;

use super::PassageText;
use super::bert::{Bert, BertFiles, Sequence};
use crate::error::Result;

static WEIGHTS: &[u8] = include_bytes!("../../models/reader/reader.safetensors");

/// SHA-256 of the MiniLM weights whose embeddings it was trained on.
pub const BASE_SHA256: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// Tokens read of question and passage together; what comes after is not seen.
const MAX_TOKENS: usize = 256;

/// Tokens read of the question: its end, where the request mostly stands.
const MAX_QUESTION_TOKENS: usize = 64;

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
    relevance: Head,
    answer: Head,
    tokenizer: Tokenizer,
    marks: (u32, u32),
}

/// One number out of a hidden state.
struct Head {
    weight: Vec<f32>,
    bias: f32,
}

impl Head {
    fn apply(&self, state: &[f32]) -> f32 {
        state.iter().zip(&self.weight).map(|(value, weight)| value * weight).sum::<f32>() + self.bias
    }
}

struct Encoded {
    sequence: Sequence,
    /// Token range of each sentence.
    sentences: Vec<Range<usize>>,
}

impl Reader {
    /// Joins the shipped layers with the embeddings of all-MiniLM-L6-v2, whose `files` these must be.
    ///
    /// # Errors
    /// `ModelCorrupt` when they do not fit together.
    pub fn new(files: &BertFiles) -> Result<Self> {
        let head = |name: &str| -> Result<Head> {
            let (weight, bias) = files.head(WEIGHTS, name)?;
            Ok(Head { weight, bias })
        };
        Ok(Self {
            model: files.model_with(WEIGHTS)?,
            relevance: head("relevance")?,
            answer: head("answer")?,
            tokenizer: files.tokenizer.clone(),
            marks: files.marks,
        })
    }

    /// Reads `question` with each passage; one [`Reading`] per passage, in order.
    ///
    /// # Errors
    /// `Inference` when the model fails.
    pub fn read(&self, question: &str, passages: &[PassageText]) -> Result<Vec<Reading>> {
        let asked = BertFiles::tokens(&self.tokenizer, question)?;
        let asked = &asked[asked.len().saturating_sub(MAX_QUESTION_TOKENS)..];
        let encoded = passages.iter().map(|passage| self.pair(asked, passage)).collect::<Result<Vec<_>>>()?;
        let (sequences, sentences): (Vec<Sequence>, Vec<_>) = encoded.into_iter().map(|one| (one.sequence, one.sentences)).unzip();
        let width = self.relevance.weight.len();
        let reading = |(states, sentences): (Vec<f32>, Vec<Range<usize>>)| {
            let answer: Vec<f32> = states.chunks_exact(width).map(|state| self.answer.apply(state)).collect();
            let pool = |tokens: &Range<usize>| match answer.get(tokens.clone()) {
                Some(own) if !own.is_empty() => own.iter().sum::<f32>() / own.len() as f32,
                _ => f32::NEG_INFINITY,
            };
            let relevance = states.get(..width).map_or(f32::NEG_INFINITY, |state| self.relevance.apply(state));
            Reading { relevance, sentences: sentences.iter().map(pool).collect() }
        };
        Ok(self.model.forward(&sequences)?.into_iter().zip(sentences).map(reading).collect())
    }

    fn pair(&self, question: &[u32], passage: &PassageText) -> Result<Encoded> {
        let mut ids = vec![self.marks.0];
        ids.extend_from_slice(question);
        ids.push(self.marks.1);
        let first_segment = ids.len();
        ids.extend(BertFiles::tokens(&self.tokenizer, &passage.heading)?);
        let mut sentences = Vec::with_capacity(passage.sentences.len());
        for sentence in &passage.sentences {
            let start = ids.len();
            ids.extend(BertFiles::tokens(&self.tokenizer, sentence)?);
            sentences.push(start.min(MAX_TOKENS - 1)..ids.len().min(MAX_TOKENS - 1));
        }
        ids.truncate(MAX_TOKENS - 1);
        ids.push(self.marks.1);
        Ok(Encoded { sequence: Sequence { ids, first_segment }, sentences })
    }
}
