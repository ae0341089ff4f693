//! Does an English text sound angry or grieving, whatever its words?
//!
//! A logistic regression over the encoder's vector of the text, what the patterns heard, words of a few kinds and marks, fitted by
//! `models/mood/fit.py`, where `features` computes the same. It is a guess: by itself it may set the tone and offer a person, never call
//! one (`handover` refuses such rules). Without a vector there is no guess.

use std::collections::{BTreeMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use super::signals::{Signal, SignalKind};

/// From here on the tone follows it. Of customers' ordinary messages less than one in a hundred get there: `models/mood/README.md`.
pub(super) const STRONG: f64 = 0.8;
/// Below it nothing is said.
const HEARD: f64 = 0.5;
/// Counts go no higher.
const MOST: usize = 3;

/// As `fit.py` writes them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Weights {
    bias: f64,
    /// Per signal of the patterns.
    heard: BTreeMap<SignalKind, f64>,
    /// Per kind of word: for each of them, and for there being any.
    words: BTreeMap<String, (f64, f64)>,
    marks: Marks<f64>,
    vector: Vec<f64>,
}

/// What else the text looks like: features, or their weights.
#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Marks<T> {
    exclamations: T,
    questions: T,
    /// Most letters are capitals.
    shouted: T,
    capital_words: T,
    /// Logarithm of the number of words.
    length: T,
    dots: T,
}

static WEIGHTS: LazyLock<Weights> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../models/mood/weights.json")).expect("a test reads them"));

static WORDS: LazyLock<BTreeMap<String, HashSet<String>>> = LazyLock::new(|| {
    let kinds: BTreeMap<String, String> = serde_json::from_str(include_str!("../../models/mood/words.json")).expect("a test reads them");
    kinds.into_iter().map(|(kind, words)| (kind, words.split(' ').map(str::to_owned).collect())).collect()
});

static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new("[a-z']+").expect("pattern is a constant"));
static CAPITAL_WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?-u:\b)[A-Z]{3,}(?-u:\b)").expect("pattern is a constant"));

/// The signal, if `text` sounds heated. `vector`: the encoder's of `text` alone; `heard`: what the patterns heard in it.
pub(super) fn signal(text: &str, vector: &[f32], heard: &[Signal]) -> Option<Signal> {
    let score = probability(text, vector, heard)?;
    (score >= HEARD).then(|| Signal::new(SignalKind::Heated, score, None))
}

/// `None` for a vector of another model.
fn probability(text: &str, vector: &[f32], heard: &[Signal]) -> Option<f64> {
    let weights = &*WEIGHTS;
    if vector.len() != weights.vector.len() {
        return None;
    }
    let (counts, marks) = features(text);
    let words = counts.iter().filter_map(|(kind, count)| {
        let (each, any) = weights.words.get(*kind)?;
        Some(*each * *count as f64 + if *count > 0 { *any } else { 0.0 })
    });
    let kinds: HashSet<SignalKind> = heard.iter().map(|signal| signal.kind).collect();
    let patterns = weights.heard.iter().filter(|(kind, _)| kinds.contains(*kind)).map(|(_, weight)| *weight);
    let dense = vector.iter().zip(&weights.vector).map(|(value, weight)| f64::from(*value) * *weight);
    let shape = &weights.marks;
    let shape = marks.exclamations * shape.exclamations
        + marks.questions * shape.questions
        + marks.shouted * shape.shouted
        + marks.capital_words * shape.capital_words
        + marks.length * shape.length
        + marks.dots * shape.dots;
    let sum = weights.bias + shape + words.sum::<f64>() + patterns.sum::<f64>() + dense.sum::<f64>();
    Some((1000.0 / (1.0 + (-sum).exp())).round() / 1000.0)
}

/// Words per kind, and marks.
fn features(text: &str) -> (Vec<(&'static str, usize)>, Marks<f64>) {
    let text = text.replace('’', "'");
    let plain = text.to_lowercase();
    let words: Vec<String> = WORD.find_iter(&plain).map(|word| word.as_str().replace('\'', "")).collect();
    let count = |kind: &HashSet<String>| words.iter().filter(|word| kind.contains(*word)).count().min(MOST);
    let counts = WORDS.iter().map(|(name, kind)| (name.as_str(), count(kind))).collect();
    let letters = text.chars().filter(char::is_ascii_alphabetic).count();
    let capitals = text.chars().filter(char::is_ascii_uppercase).count();
    let number = |count: usize| count.min(MOST) as f64;
    let marks = Marks {
        exclamations: number(text.matches('!').count()),
        questions: number(text.matches('?').count()),
        shouted: f64::from(letters > 8 && capitals * 2 > letters),
        capital_words: number(CAPITAL_WORD.find_iter(&text).count()),
        length: (words.len().max(1) as f64).ln(),
        dots: f64::from(text.contains("...")),
    };
    (counts, marks)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::triage::triage;

    #[test]
    fn weights_and_words_fit_together() {
        assert_eq!(WEIGHTS.words.keys().collect::<Vec<_>>(), WORDS.keys().collect::<Vec<_>>());
        assert!(WEIGHTS.vector.iter().all(|weight| weight.is_finite()));
        assert_eq!(probability("hello", &[0.5; 3], &[]), None, "a vector of another model says nothing");
    }

    #[test]
    fn features_are_those_of_the_recipe() {
        let (counts, marks) = features("You’re LYING!! I HATE this... don't you?");
        let count = |name: &str| counts.iter().find(|(kind, _)| *kind == name).unwrap().1;
        assert_eq!((count("second_person"), count("insult"), count("hate"), count("negation")), (2, 1, 1, 1));
        let length = 7f64.ln();
        let expected = Marks { exclamations: 2.0, questions: 1.0, shouted: 0.0, capital_words: 2.0, length, dots: 1.0 };
        assert_eq!(marks, expected);
    }

    #[test]
    fn harsh_words_weigh_more_than_kind_ones_and_cost_no_time() {
        let blank = vec![0.0; WEIGHTS.vector.len()];
        let score = |text: &str| probability(text, &blank, &triage(text).signals).unwrap();
        let (harsh, kind) = ("I hate this, you are pathetic liars and idiots!", "Thanks, that is lovely. How do I pay?");
        assert!(score(harsh) > score(kind) + 0.3, "{} {}", score(harsh), score(kind));
        let heard = triage(harsh).signals;
        let began = std::time::Instant::now();
        for _ in 0..1_000 {
            std::hint::black_box(probability(harsh, &blank, &heard));
        }
        assert!(began.elapsed().as_millis() < 1_000, "a thousand took {:?}", began.elapsed());
    }
}
