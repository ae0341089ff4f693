//! How likely is it that the chosen sentences answer the question?
//!
//! A logistic regression over [`Signals`], one per language group, fitted by `models/confidence/fit.py` and kept as numbers in
//! `models/confidence/weights.json`: what it was fitted on and how well it separates stands there.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::Deserialize;

use super::select::Signals;
use crate::text::Language;

#[derive(Debug, Deserialize)]
struct Weights {
    bias: f64,
    signals: BTreeMap<String, f64>,
}

#[derive(Debug, Deserialize)]
struct Model {
    /// For questions the embedding model can read.
    dense: Weights,
    /// For questions matched by words alone.
    lexical: Weights,
    /// Below it nothing is shown.
    offer_from: Thresholds,
    /// From here on the answer stands alone.
    answer_from: Thresholds,
}

#[derive(Debug, Clone, Copy, Deserialize)]
struct Thresholds {
    dense: f64,
    lexical: f64,
}

static MODEL: LazyLock<Model> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../models/confidence/weights.json")).expect("checked by a test below"));

/// What the confidence allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Sure enough to stand alone.
    Sure,
    /// Worth showing, with a person beside it.
    Unsure,
    /// Not worth showing.
    TooWeak,
}

/// Probability that the selection answers the question, and what that allows. `dense`: whether vectors took part.
pub fn judge(signals: &Signals, language: Language, dense: bool) -> (f64, Standing) {
    let by_words = !dense || language == Language::Zh;
    let weights = if by_words { &MODEL.lexical } else { &MODEL.dense };
    let pick = |thresholds: Thresholds| if by_words { thresholds.lexical } else { thresholds.dense };
    let sum: f64 = weights.bias + weights.signals.iter().map(|(name, weight)| weight * f64::from(value(signals, name))).sum::<f64>();
    let probability = 1.0 / (1.0 + (-sum).exp());
    let standing = if probability >= pick(MODEL.answer_from) {
        Standing::Sure
    } else if probability >= pick(MODEL.offer_from) {
        Standing::Unsure
    } else {
        Standing::TooWeak
    };
    (probability, standing)
}

fn value(signals: &Signals, name: &str) -> f32 {
    match name {
        "sentence_score" => signals.sentence_score,
        "sentence_cosine" => signals.sentence_cosine,
        "highest_cosine" => signals.highest_cosine,
        "passage_cosine" => signals.passage_cosine,
        "sentence_coverage" => signals.sentence_coverage,
        "passage_coverage" => signals.passage_coverage,
        "unknown_share" => signals.unknown_share,
        "lexical_strength" => signals.lexical_strength,
        "margin" => signals.margin,
        "agreement" => signals.agreement,
        "number_fit" => signals.number_fit,
        "content_words" => signals.content_words,
        _ => f32::NAN, // refused by the test below
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fitted_weight_belongs_to_a_signal() {
        for weights in [&MODEL.dense, &MODEL.lexical] {
            for (name, weight) in &weights.signals {
                assert!(!value(&Signals::default(), name).is_nan(), "{name}");
                assert!(weight.is_finite());
            }
        }
        assert!(MODEL.offer_from.dense <= MODEL.answer_from.dense && MODEL.offer_from.lexical <= MODEL.answer_from.lexical);
    }

    #[test]
    fn a_close_match_is_surer_than_a_far_one() {
        let far = Signals { sentence_cosine: 0.1, highest_cosine: 0.1, passage_cosine: 0.1, unknown_share: 0.8, content_words: 1.4, ..Signals::default() };
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
            content_words: 1.4,
            ..Signals::default()
        };
        for (language, dense) in [(Language::En, true), (Language::Zh, false)] {
            assert!(judge(&close, language, dense).0 > judge(&far, language, dense).0);
            assert_eq!(judge(&far, language, dense).1, Standing::TooWeak);
        }
    }
}
