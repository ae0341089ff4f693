//! One embedding for all languages: each text goes to the model that can read it.
//!
//! English and other texts go to the encoder, Chinese ones to the matcher. Vectors of the two are never compared with each other.

use super::PassageText;
use super::encoder::{Encoder, PassageVectors};
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

    /// The vectors of each passage, of [`Self::dimensions`] values, in order; zeros where no model reads the language.
    /// `progress` hears how many passages are done.
    ///
    /// # Errors
    /// `Inference` when the encoder fails.
    pub fn embed_passages(&self, passages: &[(Language, &PassageText)], mut progress: impl FnMut(usize)) -> Result<Vec<PassageVectors>> {
        let (mut vectors, mut encoded) = (Vec::with_capacity(passages.len()), Vec::new());
        for (at, (language, passage)) in passages.iter().enumerate() {
            let embed = |text: &str| if *language == Language::Zh { self.matcher.embed(text, Side::Passage) } else { Vec::new() };
            let sentence = |sentence: &String| embed(&format!("{}{sentence}", passage.heading));
            let whole = embed(&format!("{}{}", passage.heading, passage.sentences.join(" ")));
            vectors.push(PassageVectors { whole, sentences: passage.sentences.iter().map(sentence).collect() });
            if *language != Language::Zh {
                encoded.push(at);
            }
        }
        if let Some(encoder) = &self.encoder {
            let own: Vec<&PassageText> = encoded.iter().map(|&at| passages[at].1).collect();
            let done = passages.len() - encoded.len();
            for (&at, own) in encoded.iter().zip(encoder.embed_passages(&own, |count| progress(done + count))?) {
                vectors[at] = own;
            }
        }
        for PassageVectors { whole, sentences } in &mut vectors {
            sentences.iter_mut().chain([whole]).for_each(|vector| vector.resize(self.dimensions(), 0.0));
        }
        Ok(vectors)
    }

    /// The vector of a question; `None` where no model reads the language.
    ///
    /// # Errors
    /// As [`Self::embed_passages`].
    pub fn embed_question(&self, text: &str, language: Language) -> Result<Option<Vec<f32>>> {
        let vector = match (language, &self.encoder) {
            (Language::Zh, _) => Some(self.matcher.embed(text, Side::Question)),
            (_, Some(encoder)) => Some(encoder.embed_question(text)?),
            (_, None) => None,
        };
        Ok(vector.map(|mut vector| {
            vector.resize(self.dimensions(), 0.0);
            vector
        }))
    }
}
