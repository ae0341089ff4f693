//! Chinese texts to vectors: a bag of character n-grams, trained by this project so that a customer's words lie near the policy's.
//!
//! MiniLM was trained on English and finds 1 % of Chinese passages. `models/matcher/` holds the recipe, the data's sources and
//! the scores of this one. A text's vector is the weighted sum of its features' vectors, made unit length; questions and passages
//! share the vectors and have weights of their own.

use std::collections::HashMap;

use safetensors::SafeTensors;
use unicode_normalization::UnicodeNormalization;

use crate::error::{Context, ErrorKind, Result};

static WEIGHTS: &[u8] = include_bytes!("../../models/matcher/zh.safetensors");

/// Which side of the match a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What the customer says.
    Question,
    /// What the policy says.
    Passage,
}

/// The loaded matcher. It is part of the program.
pub struct Matcher {
    rows: HashMap<&'static str, usize>,
    /// `features × dimensions`.
    vectors: &'static [u8],
    question: Vec<f32>,
    passage: Vec<f32>,
    dimensions: usize,
}

impl Matcher {
    /// Reads the built-in weights.
    ///
    /// # Errors
    /// `ModelCorrupt` when the program was built with a file that does not fit.
    pub fn builtin() -> Result<Self> {
        let damaged = || "the built-in Chinese matcher".to_owned();
        let file = SafeTensors::deserialize(WEIGHTS).on(ErrorKind::ModelCorrupt, damaged)?;
        let tensor = |name: &str| file.tensor(name).on(ErrorKind::ModelCorrupt, damaged);
        let floats = |name: &str| -> Result<Vec<f32>> {
            Ok(tensor(name)?.data().as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
        };
        let vectors = tensor("vectors")?;
        let dimensions = vectors.shape().last().copied().unwrap_or(0);
        let features = std::str::from_utf8(tensor("features")?.data()).on(ErrorKind::ModelCorrupt, damaged)?;
        let rows: HashMap<&'static str, usize> = features.split('\n').enumerate().map(|(row, feature)| (feature, row)).collect();
        let (question, passage) = (floats("question")?, floats("passage")?);
        if dimensions == 0 || vectors.data().len() != rows.len() * dimensions || question.len() != rows.len() || passage.len() != rows.len()
        {
            return Err(ErrorKind::ModelCorrupt.on(damaged()));
        }
        Ok(Self { rows, vectors: vectors.data(), question, passage, dimensions })
    }

    /// Changes whenever the built-in weights do.
    pub fn fingerprint() -> String {
        super::fingerprint(WEIGHTS)
    }

    /// Length of every vector.
    pub fn dimensions(&self) -> usize {
        self.dimensions
    }

    /// The unit vector of `text`; all zero when it holds no known feature.
    pub fn embed(&self, text: &str, side: Side) -> Vec<f32> {
        let weights = match side {
            Side::Question => &self.question,
            Side::Passage => &self.passage,
        };
        let mut sum = vec![0f32; self.dimensions];
        for row in features(text).iter().filter_map(|feature| self.rows.get(feature.as_str())) {
            let values = &self.vectors[row * self.dimensions..(row + 1) * self.dimensions];
            for (total, value) in sum.iter_mut().zip(values) {
                *total += weights[*row] * f32::from(value.cast_signed());
            }
        }
        super::unit(sum)
    }
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}')
}

/// Chinese characters, their pairs and triples, words of Latin letters, and `0` for every number, as `models/matcher/train.py`.
fn features(text: &str) -> Vec<String> {
    let folded: Vec<char> = text.nfkc().flat_map(char::to_lowercase).collect();
    let mut found = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let run = |kind: fn(char) -> bool| folded[at..].iter().take_while(|c| kind(**c)).count();
        let (han, latin, digits) = (run(is_han), run(|c| c.is_ascii_lowercase()), run(|c| c.is_ascii_digit()));
        if han > 0 {
            for length in 1..=3 {
                found.extend(folded[at..at + han].windows(length).map(|gram| gram.iter().collect::<String>()));
            }
            at += han;
        } else if latin > 0 {
            found.push(folded[at..at + latin].iter().collect());
            at += latin;
        } else if digits > 0 {
            found.push("0".to_owned());
            at += digits;
            let fraction = folded[at..].iter().skip(1).take_while(|c| c.is_ascii_digit()).count();
            if folded.get(at) == Some(&'.') && fraction > 0 {
                at += 1 + fraction;
            }
        } else {
            at += 1;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::vector::dot;

    #[test]
    fn features_are_those_of_the_recipe() {
        assert_eq!(features("退款３.5元App"), ["退", "款", "退款", "0", "元", "app"]);
        assert_eq!(features("多久到"), ["多", "久", "到", "多久", "久到", "多久到"]);
        assert!(features("?! ").is_empty());
    }

    #[test]
    fn a_customers_words_lie_near_the_policys() {
        let matcher = Matcher::builtin().unwrap();
        let question = matcher.embed("钱啥时候能退回来", Side::Question);
        let near = dot(&question, &matcher.embed("退款将在审核通过后 3 个工作日内原路退回。", Side::Passage));
        let far = dot(&question, &matcher.embed("会员积分自获得之日起 12 个月内有效。", Side::Passage));
        assert!(near > far + 0.1, "{near} {far}");
        assert!((dot(&question, &question) - 1.0).abs() < 1e-4);
    }
}
