//! How likely is it that the chosen sentences answer the question?
//!
//! A logistic regression over [`Signals`], one per language group, fitted by `models/confidence/fit.py` and kept as numbers in
//! `models/confidence/weights.json`: what it was fitted on and how well it separates stands there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::dial::Dial;
use super::select::Signals;
use crate::text::Language;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    bias: f64,
    signals: BTreeMap<String, f64>,
    /// Below it nothing is shown.
    offer_from: f64,
    /// From here on the answer stands alone.
    answer_from: f64,
}

/// One set of weights per kind of evidence.
#[derive(Debug, Deserialize)]
struct Model {
    /// The reader has looked at the passage.
    read: Weights,
    /// Words and the English encoders' vectors.
    dense: Weights,
    /// Chinese: words and vectors.
    chinese: Weights,
    /// Words alone.
    words: Weights,
}

const WEIGHTS: &str = include_str!("../../models/confidence/weights.json");

static MODEL: LazyLock<Model> = LazyLock::new(|| serde_json::from_str(WEIGHTS).expect("checked by a test below"));

/// Names the model, so that thresholds measured with one are never used with another.
pub(super) fn fingerprint() -> String {
    use sha2::{Digest, Sha256};
    Sha256::digest(WEIGHTS).iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// The kind of evidence a question is judged by.
pub(super) fn kind(language: Language, has_vectors: bool, is_read: bool) -> &'static str {
    match (language, has_vectors) {
        (_, false) => "words",
        (Language::Zh, true) => "chinese",
        (_, true) if is_read => "read",
        (_, true) => "dense",
    }
}

/// What the confidence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Sure enough to stand alone.
    Sure,
    /// Worth showing, with a person beside it.
    Unsure,
    /// Worth showing but for the error rate that the operator chose: a person must see it first.
    Held,
    /// Not worth showing.
    TooWeak,
}

/// Probability that the selection answers the question, and what that allows.
pub(super) fn judge(signals: &Signals, kind: &str, dial: Option<&Dial>) -> (f64, Standing) {
    let weights = match kind {
        "words" => &MODEL.words,
        "chinese" => &MODEL.chinese,
        "read" => &MODEL.read,
        _ => &MODEL.dense,
    };
    weigh(signals, weights, dial.and_then(|dial| dial.answer_from(kind)))
}

/// `held_below`: the operator's threshold, which replaces the lower one.
fn weigh(signals: &Signals, weights: &Weights, held_below: Option<f64>) -> (f64, Standing) {
    let sum: f64 = weights.bias + weights.signals.iter().map(|(name, weight)| weight * f64::from(value(signals, name))).sum::<f64>();
    let probability = 1.0 / (1.0 + (-sum).exp());
    let standing = match held_below {
        Some(limit) if probability < limit && probability < weights.offer_from => Standing::TooWeak,
        Some(limit) if probability < limit => Standing::Held,
        None if probability < weights.offer_from => Standing::TooWeak,
        _ if probability < weights.answer_from => Standing::Unsure,
        _ => Standing::Sure,
    };
    (probability, standing)
}

fn value(signals: &Signals, name: &str) -> f32 {
    match name {
        "sentence_score" => signals.sentence_score,
        "sentence_cosine" => signals.sentence_cosine,
        "highest_cosine" => signals.highest_cosine,
        "passage_cosine" => signals.passage_cosine,
        "relevance" => signals.relevance,
        "answer" => signals.answer,
        "sentence_coverage" => signals.sentence_coverage,
        "passage_coverage" => signals.passage_coverage,
        "unknown_share" => signals.unknown_share,
        "lexical_strength" => signals.lexical_strength,
        "margin" => signals.margin,
        "agreement" => signals.agreement,
        "number_fit" => signals.number_fit,
        "content_words" => signals.content_words,
        "unknown_names" => signals.unknown_names,
        _ => f32::NAN, // refused by the test below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fitted_weight_belongs_to_a_signal() {
        for weights in [&MODEL.read, &MODEL.dense, &MODEL.chinese, &MODEL.words] {
            assert!(weights.offer_from <= weights.answer_from);
            for (name, weight) in &weights.signals {
                assert!(!value(&Signals::default(), name).is_nan(), "{name}");
                assert!(weight.is_finite());
            }
        }
    }

    #[test]
    fn a_close_match_is_surer_than_a_far_one() {
        let far = Signals {
            sentence_cosine: 0.1,
            highest_cosine: 0.1,
            passage_cosine: 0.1,
            unknown_share: 0.8,
            content_words: 1.4,
            ..Signals::default()
        };
        let close = Signals {
            sentence_score: 1.4,
            sentence_cosine: 0.8,
            highest_cosine: 0.8,
            passage_cosine: 0.75,
            sentence_coverage: 0.8,
            passage_coverage: 0.9,
            lexical_strength: 0.6,
            margin: 0.3,
            agreement: 1.0,
            relevance: 3.0,
            answer: 2.0,
            content_words: 1.4,
            ..Signals::default()
        };
        let far = Signals { relevance: -4.0, answer: -4.0, ..far };
        for weights in [&MODEL.read, &MODEL.dense, &MODEL.chinese, &MODEL.words] {
            assert!(weigh(&close, weights, None).0 > weigh(&far, weights, None).0);
            assert_eq!(weigh(&far, weights, None).1, Standing::TooWeak);
        }
    }

    #[test]
    fn the_operators_threshold_holds_back_what_the_shipped_ones_would_show() {
        let signals =
            Signals { sentence_cosine: 0.8, highest_cosine: 0.8, passage_cosine: 0.75, passage_coverage: 0.9, ..Signals::default() };
        let (probability, standing) = weigh(&signals, &MODEL.dense, None);
        assert_ne!(standing, Standing::TooWeak);
        assert_eq!(weigh(&signals, &MODEL.dense, Some(probability + 0.001)).1, Standing::Held);
        assert_eq!(weigh(&signals, &MODEL.dense, Some(probability - 0.001)).1, standing);
        let weak = Signals { content_words: 1.4, ..Signals::default() };
        assert_eq!(weigh(&weak, &MODEL.dense, None).1, Standing::TooWeak);
        assert_eq!(weigh(&weak, &MODEL.dense, Some(0.0)).1, Standing::Unsure, "a dial that is fully open shows everything");
    }
}
