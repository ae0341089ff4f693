//! Sentence embeddings with BERT-family encoders: all-MiniLM-L6-v2 by default.
//!
//! Source: Reimers and Gurevych, "Sentence-BERT" (EMNLP 2019); the pooling of `sentence-transformers/all-MiniLM-L6-v2`: the mean of
//! the last hidden states over tokens, then unit length. A passage is read once; a sentence's vector is the mean over its own
//! tokens there, so that it knows what stands around it (Günther et al., "Late Chunking", 2024). With the default model, layers
//! that this project trained for customers' questions and such sentences take the place of the original ones: `models/encoder/`. A
//! second model reads the same tokens beside it: `models/encoder-en/`. Both vectors, one behind the other, give the mean of both cosines;
//! a projection brings them back to the usual length.
//! Chinese has an encoder of its own, trained from multilingual-e5-small (Wang et al., 2024) in the same way: `models/encoder-zh/`.

use std::ops::Range;

use candle_core::Device;
use tokenizers::Tokenizer;

use super::bert::{Bert, BertFiles, Sequence};
use super::{PassageText, unit};
use crate::error::Result;

static TUNED: &[u8] = include_bytes!("../../models/encoder/encoder.safetensors");

/// The second English encoder: settings, and weights with the projection of both vectors.
static SECOND: [&[u8]; 2] =
    [include_bytes!("../../models/encoder-en/config.json"), include_bytes!("../../models/encoder-en/encoder.safetensors")];

/// The Chinese encoder: settings, tokenizer and weights.
static CHINESE: [&[u8]; 3] = [
    include_bytes!("../../models/encoder-zh/config.json"),
    include_bytes!("../../models/encoder-zh/tokenizer.json"),
    include_bytes!("../../models/encoder-zh/encoder.safetensors"),
];

/// Tokens read together, marks included. A longer passage is read in several pieces, each below its heading.
const MAX_TOKENS: usize = 256;

/// Tokens of a question that are read: its end, where the request mostly stands.
const MAX_QUESTION_TOKENS: usize = 126;

/// Tokens of a heading that are read.
const MAX_HEADING_TOKENS: usize = 64;

/// Pieces of one forward pass.
const BATCH: usize = 32;

/// Turns texts into unit vectors.
pub struct Encoder {
    model: Bert,
    second: Option<Second>,
    tokenizer: Tokenizer,
    marks: (u32, u32),
    /// Tokens before every question and every passage, which tell the model what it reads.
    prefixes: (Vec<u32>, Vec<u32>),
    dimensions: usize,
}

/// A model that reads the same tokens, and what becomes of both vectors.
struct Second {
    model: Bert,
    /// `dimensions` rows of `2 × dimensions`, for the unit vectors of both, one behind the other.
    projection: Vec<f32>,
}

/// Unit vectors of one passage.
#[derive(Debug, Clone, PartialEq)]
pub struct PassageVectors {
    /// Of all of it.
    pub whole: Vec<f32>,
    /// Of each sentence.
    pub sentences: Vec<Vec<f32>>,
}

/// Part of a passage that is read together.
struct Piece {
    passage: usize,
    sequence: Sequence,
    /// Sentence and where its tokens stand.
    sentences: Vec<(usize, Range<usize>)>,
}

impl Encoder {
    /// The model as it is in its files.
    ///
    /// # Errors
    /// `ModelCorrupt` when they do not fit together.
    pub fn original(files: &BertFiles) -> Result<Self> {
        Self::new(files, files.model()?, None, ["", ""])
    }

    /// all-MiniLM-L6-v2, whose `files` these must be, with the layers this project trained, and the second model beside it.
    ///
    /// # Errors
    /// `ModelCorrupt` when they do not fit together.
    pub fn tuned(files: &BertFiles) -> Result<Self> {
        let [config, weights] = SECOND;
        let beside = files.beside(config, weights)?;
        let dimensions = files.hidden_size();
        let second = Second { model: beside.model()?, projection: beside.extra("projection", [dimensions, 2 * dimensions])? };
        Self::new(files, files.model_with(TUNED)?, Some(second), ["", ""])
    }

    /// Changes whenever what this project trained does.
    pub fn tuned_fingerprint() -> String {
        super::fingerprint(&[TUNED, SECOND[0], SECOND[1]])
    }

    /// The Chinese encoder. It is part of the program.
    ///
    /// # Errors
    /// `ModelCorrupt` when the program was built with files that do not fit.
    pub fn chinese(device: &Device) -> Result<Self> {
        let [config, tokenizer, weights] = CHINESE;
        let files = BertFiles::builtin(config, tokenizer, weights, device)?;
        Self::new(&files, files.model()?, None, [" query: ", " passage: "])
    }

    /// Changes whenever the Chinese encoder does.
    pub fn chinese_fingerprint() -> String {
        super::fingerprint(&CHINESE)
    }

    fn new(files: &BertFiles, model: Bert, second: Option<Second>, prefixes: [&str; 2]) -> Result<Self> {
        let tokens = |text: &str| BertFiles::tokens(&files.tokenizer, text);
        Ok(Self {
            model,
            second,
            tokenizer: files.tokenizer.clone(),
            marks: files.marks,
            prefixes: (tokens(prefixes[0])?, tokens(prefixes[1])?),
            dimensions: files.hidden_size(),
        })
    }

    /// Length of every vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The unit vector of a question.
    ///
    /// # Errors
    /// `Inference` when the model fails.
    pub fn embed_question(&self, text: &str) -> Result<Vec<f32>> {
        let tokens = BertFiles::tokens(&self.tokenizer, text)?;
        let sequence = self.sequence(&[&self.prefixes.0, &tokens[tokens.len().saturating_sub(MAX_QUESTION_TOKENS)..]]);
        let sum = |model: &Bert| -> Result<Vec<f32>> {
            let mut sum = vec![0.0; self.dimensions];
            model.forward(std::slice::from_ref(&sequence))?.iter().for_each(|states| self.add_states(&mut sum, states));
            Ok(sum)
        };
        let sums = self.models().map(sum).collect::<Result<Vec<_>>>()?;
        Ok(self.joined(sums.iter()))
    }

    /// The vectors of each passage, in order. `progress` hears how many passages are done.
    ///
    /// # Errors
    /// `Inference` when the model fails.
    pub fn embed_passages(&self, passages: &[&PassageText], mut progress: impl FnMut(usize)) -> Result<Vec<PassageVectors>> {
        let mut pieces = Vec::new();
        for (number, passage) in passages.iter().enumerate() {
            self.split(number, passage, &mut pieces)?;
        }
        // Pieces of like length run side by side, so that no thread waits long for another.
        pieces.sort_by_key(|piece| std::cmp::Reverse(piece.sequence.ids.len()));
        let (mut sequences, mut places): (Vec<Sequence>, Vec<_>) = (Vec::new(), Vec::new());
        for piece in pieces {
            sequences.push(piece.sequence);
            places.push((piece.passage, piece.sentences));
        }
        let blank = || vec![0f32; self.dimensions];
        let blank_of =
            |passage: &&PassageText| PassageVectors { whole: blank(), sentences: passage.sentences.iter().map(|_| blank()).collect() };
        let mut sums: Vec<Vec<PassageVectors>> = self.models().map(|_| passages.iter().map(blank_of).collect()).collect();
        let mut done = 0;
        for (sequences, places) in sequences.chunks(BATCH).zip(places.chunks(BATCH)) {
            for (model, sums) in self.models().zip(&mut sums) {
                for (states, (passage, sentences)) in model.forward(sequences)?.iter().zip(places) {
                    let sum = &mut sums[*passage];
                    self.add_states(&mut sum.whole, states);
                    for (sentence, tokens) in sentences {
                        let own = &states[tokens.start * self.dimensions..tokens.end * self.dimensions];
                        self.add_states(&mut sum.sentences[*sentence], own);
                    }
                }
            }
            done += places.len();
            progress(done.min(passages.len()));
        }
        let finish = |(at, passage): (usize, &&PassageText)| {
            let sentence = |number: usize| self.joined(sums.iter().map(|sums| &sums[at].sentences[number]));
            PassageVectors {
                whole: self.joined(sums.iter().map(|sums| &sums[at].whole)),
                sentences: (0..passage.sentences.len()).map(sentence).collect(),
            }
        };
        Ok(passages.iter().enumerate().map(finish).collect())
    }

    /// The models that read every text.
    fn models(&self) -> impl Iterator<Item = &Bert> {
        [&self.model].into_iter().chain(self.second.as_ref().map(|second| &second.model))
    }

    /// The unit vector out of the sums of each model's states.
    fn joined<'a>(&self, sums: impl Iterator<Item = &'a Vec<f32>>) -> Vec<f32> {
        let units: Vec<f32> = sums.flat_map(|sum| unit(sum.clone())).collect();
        let Some(Second { projection, .. }) = &self.second else { return units };
        unit(projection.chunks_exact(units.len()).map(|row| row.iter().zip(&units).map(|(weight, value)| weight * value).sum()).collect())
    }

    /// Tokens of `text`, without marks.
    ///
    /// # Errors
    /// `Inference` when the tokenizer fails.
    pub fn count_tokens(&self, text: &str) -> Result<usize> {
        Ok(BertFiles::tokens(&self.tokenizer, text)?.len())
    }

    fn sequence(&self, parts: &[&[u32]]) -> Sequence {
        let mut ids = vec![self.marks.0];
        parts.iter().for_each(|part| ids.extend_from_slice(part));
        ids.push(self.marks.1);
        Sequence { first_segment: ids.len(), ids }
    }

    /// The passage as one piece, or as many as its length asks for.
    fn split(&self, number: usize, passage: &PassageText, pieces: &mut Vec<Piece>) -> Result<()> {
        let mut heading = self.prefixes.1.clone();
        heading.extend(BertFiles::tokens(&self.tokenizer, &passage.heading)?.iter().take(MAX_HEADING_TOKENS));
        let room = MAX_TOKENS - 2 - heading.len();
        let (mut body, mut sentences) = (Vec::new(), Vec::new());
        let mut close = |body: &mut Vec<u32>, sentences: &mut Vec<(usize, Range<usize>)>| {
            pieces.push(Piece { passage: number, sequence: self.sequence(&[&heading, body]), sentences: std::mem::take(sentences) });
            body.clear();
        };
        for (at, sentence) in passage.sentences.iter().enumerate() {
            let mut tokens = BertFiles::tokens(&self.tokenizer, &format!("{}{sentence}", passage.joint))?;
            tokens.truncate(room);
            if body.len() + tokens.len() > room {
                close(&mut body, &mut sentences);
            }
            let start = 1 + heading.len() + body.len();
            sentences.push((at, start..start + tokens.len()));
            body.extend(tokens);
        }
        close(&mut body, &mut sentences);
        Ok(())
    }

    fn add_states(&self, sum: &mut [f32], states: &[f32]) {
        for state in states.chunks_exact(self.dimensions) {
            sum.iter_mut().zip(state).for_each(|(sum, value)| *sum += value);
        }
    }
}
