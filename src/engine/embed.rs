//! One embedding for all languages: each text goes to the model that can read it.
//!
//! Chinese texts go to the Chinese encoder, all others to the one that was downloaded. Vectors of the two are never compared with each other.

use super::PassageText;
use super::encoder::{Encoder, PassageVectors};
use crate::error::Result;
use crate::text::Language;

/// Turns texts into unit vectors.
pub struct Embedder {
    encoder: Option<Encoder>,
    chinese: Encoder,
}

impl Embedder {
    /// Joins the models. Without an `encoder` only Chinese can be read.
    pub fn new(encoder: Option<Encoder>, chinese: Encoder) -> Self {
        Self { encoder, chinese }
    }

    /// Length of every vector; shorter ones are filled up with zeros, which changes no cosine.
    pub fn dimensions(&self) -> usize {
        self.encoder.as_ref().map_or(0, Encoder::dimensions).max(self.chinese.dimensions())
    }

    /// Whether a text of this language gets a vector.
    pub fn reads(&self, language: Language) -> bool {
        self.model(language).is_some()
    }

    fn model(&self, language: Language) -> Option<&Encoder> {
        if language == Language::Zh { Some(&self.chinese) } else { self.encoder.as_ref() }
    }

    /// The vectors of each passage, of [`Self::dimensions`] values, in order; zeros where no model reads the language.
    /// `progress` hears how many passages are done.
    ///
    /// # Errors
    /// `Inference` when a model fails.
    pub fn embed_passages(&self, passages: &[(Language, &PassageText)], mut progress: impl FnMut(usize)) -> Result<Vec<PassageVectors>> {
        let blank = || vec![0.0; self.dimensions()];
        let unread = |(_, passage): &(Language, &PassageText)| PassageVectors {
            whole: blank(),
            sentences: passage.sentences.iter().map(|_| blank()).collect(),
        };
        let mut vectors: Vec<PassageVectors> = passages.iter().map(unread).collect();
        let (chinese, others): (Vec<usize>, Vec<usize>) = (0..passages.len()).partition(|&at| passages[at].0 == Language::Zh);
        let mut done = 0;
        for (model, places) in [(Some(&self.chinese), chinese), (self.encoder.as_ref(), others)] {
            let Some(model) = model else { continue };
            let own: Vec<&PassageText> = places.iter().map(|&at| passages[at].1).collect();
            let read = model.embed_passages(&own, |count| progress(done + count))?;
            done += places.len();
            for (&at, mut own) in places.iter().zip(read) {
                own.sentences.iter_mut().chain([&mut own.whole]).for_each(|vector| vector.resize(self.dimensions(), 0.0));
                vectors[at] = own;
            }
        }
        Ok(vectors)
    }

    /// The vector of a question; `None` where no model reads the language.
    ///
    /// # Errors
    /// As [`Self::embed_passages`].
    pub fn embed_question(&self, text: &str, language: Language) -> Result<Option<Vec<f32>>> {
        let Some(model) = self.model(language) else { return Ok(None) };
        let mut vector = model.embed_question(text)?;
        vector.resize(self.dimensions(), 0.0);
        Ok(Some(vector))
    }
}
