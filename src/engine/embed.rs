//! One embedding for all languages: each text goes to the model that can read it.
//!
//! English and other texts go to the encoder, Chinese ones to the matcher. Vectors of the two are never compared with each other.

use super::encoder::Encoder;
use super::matcher::{Matcher, Side};
use crate::error::Result;
use crate::text::Language;

/// Turns texts into unit vectors.
pub struct Embedder {
    encoder: Option<Encoder>,
    matcher: Matcher,
}

impl Embedder {
    /// Joins the models. Without an encoder only Chinese can be read.
    pub fn new(encoder: Option<Encoder>, matcher: Matcher) -> Self {
        Self { encoder, matcher }
    }

    /// Length of every vector; shorter ones are filled up with zeros, which changes no cosine.
    pub fn dimensions(&self) -> usize {
        self.encoder.as_ref().map_or(0, Encoder::dimensions).max(self.matcher.dimensions())
    }

    /// Whether a text of this language gets a vector.
    pub fn reads(&self, language: Language) -> bool {
        language == Language::Zh || self.encoder.is_some()
    }

    /// One unit vector of [`Self::dimensions`] values per passage, in order; zeros where no model reads the language.
    /// `progress` hears how many texts are done.
    ///
    /// # Errors
    /// `Inference` when the encoder fails.
    pub fn embed_passages(&self, texts: &[(Language, &str)], mut progress: impl FnMut(usize)) -> Result<Vec<Vec<f32>>> {
        let mut vectors = vec![Vec::new(); texts.len()];
        let mut encoded = Vec::new();
        for (at, (language, text)) in texts.iter().enumerate() {
            if *language == Language::Zh {
                vectors[at] = self.matcher.embed(text, Side::Passage);
            } else {
                encoded.push(at);
            }
        }
        if let Some(encoder) = &self.encoder {
            let own: Vec<&str> = encoded.iter().map(|&at| texts[at].1).collect();
            let done = texts.len() - encoded.len();
            for (&at, vector) in encoded.iter().zip(encoder.embed(&own, |count| progress(done + count))?) {
                vectors[at] = vector;
            }
        }
        vectors.iter_mut().for_each(|vector| vector.resize(self.dimensions(), 0.0));
        Ok(vectors)
    }

    /// The vector of a question; `None` where no model reads the language.
    ///
    /// # Errors
    /// As [`Self::embed_passages`].
    pub fn embed_question(&self, text: &str, language: Language) -> Result<Option<Vec<f32>>> {
        let vector = match (language, &self.encoder) {
            (Language::Zh, _) => Some(self.matcher.embed(text, Side::Question)),
            (_, Some(encoder)) => Some(encoder.embed_one(text)?),
            (_, None) => None,
        };
        Ok(vector.map(|mut vector| {
            vector.resize(self.dimensions(), 0.0);
            vector
        }))
    }
}
