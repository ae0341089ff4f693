//! From which confidence on may answers stand, so that wrong ones which no person saw stay below a chosen share?
//!
//! Thresholds are tried from the strictest down, in an order fixed before the data is seen, and the first that cannot be vouched for ends
//! the search. The share of wrong answers only grows on the way down, so this fixed-sequence test keeps the chosen confidence over all
//! thresholds together without a correction (Bauer, 1991; as "learn then test": Angelopoulos and others, 2021). Each one is tested by the
//! exact binomial bound of Clopper and Pearson (Biometrika 1934). What it promises holds for questions like those it was measured on.

use std::collections::BTreeMap;

use serde::Serialize;

use super::eval::{Detail, QuestionDetail};
use crate::answer::{Decision, DialSetting};

/// What came of one kind of evidence.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// `dense` (English), `chinese`, `words` or `read`.
    pub evidence: String,
    /// Questions measured on.
    pub questions: usize,
    /// The loosest threshold that can be vouched for; `None` where none can.
    pub setting: Option<DialSetting>,
    /// Fewest questions that could vouch for anything, even without a single wrong answer.
    pub least_questions: usize,
}

/// What happened with a question while nothing was held back.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Outcome {
    confidence: f64,
    /// Answered, and no person saw it.
    shown: bool,
    /// What was shown is wrong.
    wrong: bool,
}

/// Calibrates on what `evaluate` found with [`crate::answer::Dial::open`].
pub fn calibrate(details: &[Detail], max_error: f64, confidence: f64) -> Vec<Calibration> {
    let mut groups: BTreeMap<&str, Vec<Outcome>> = BTreeMap::new();
    for question in details.iter().filter_map(Detail::question) {
        groups.entry(question.evidence.as_str()).or_default().push(outcome(question));
    }
    let least = (1.0 - confidence).ln() / (1.0 - max_error).ln();
    let calibration = |(evidence, outcomes): (&str, Vec<Outcome>)| Calibration {
        evidence: evidence.to_owned(),
        questions: outcomes.len(),
        setting: choose(&outcomes, max_error, confidence),
        least_questions: least.ceil() as usize,
    };
    groups.into_iter().map(calibration).collect()
}

fn outcome(question: &QuestionDetail) -> Outcome {
    let shown = !question.cited.is_empty() && question.decision != Decision::Escalate;
    Outcome { confidence: question.confidence, shown, wrong: question.wrong }
}

/// Thresholds in the order they are tried.
fn thresholds() -> impl Iterator<Item = f64> {
    (0..200).map(|step| f64::from(199 - step) / 200.0)
}

fn choose(outcomes: &[Outcome], max_error: f64, confidence: f64) -> Option<DialSetting> {
    let count =
        |from: f64, wanted: fn(&Outcome) -> bool| outcomes.iter().filter(|one| one.shown && one.confidence >= from && wanted(one)).count();
    let mut chosen = None;
    for from in thresholds() {
        let wrong = count(from, |one| one.wrong);
        let bound = upper_bound(wrong, outcomes.len(), 1.0 - confidence);
        if bound > max_error {
            break;
        }
        let answered = count(from, |_| true) as f64 / outcomes.len() as f64;
        chosen = Some(DialSetting { answer_from: from, questions: outcomes.len(), wrong, bound, answered });
    }
    chosen
}

/// The largest share under which at most `hits` of `trials` happen with probability `alpha`: with confidence `1 - alpha` the true share
/// is not larger.
pub fn upper_bound(hits: usize, trials: usize, alpha: f64) -> f64 {
    if hits >= trials {
        return 1.0;
    }
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if at_most(hits, trials, middle) > alpha {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

/// Probability of at most `hits` in `trials` of probability `share` each.
fn at_most(hits: usize, trials: usize, share: f64) -> f64 {
    let (yes, no) = (share.ln(), (1.0 - share).ln());
    let mut choices = 0f64; // logarithm of the binomial coefficient
    let mut sum = 0.0;
    for k in 0..=hits {
        if k > 0 {
            choices += ((trials - k + 1) as f64).ln() - (k as f64).ln();
        }
        sum += (choices + k as f64 * yes + (trials - k) as f64 * no).exp();
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_those_of_the_tables() {
        // The rule of three, exact; and Clopper-Pearson values as statistics packages give them.
        assert!((upper_bound(0, 100, 0.05) - 0.029_513).abs() < 1e-5);
        assert!((upper_bound(1, 269, 0.05) - 0.017_51).abs() < 2e-4);
        assert!((upper_bound(5, 100, 0.025) - 0.112_83).abs() < 1e-4);
        assert_eq!(upper_bound(3, 3, 0.05), 1.0);
    }

    fn outcomes(count: usize, wrong_below: f64) -> Vec<Outcome> {
        let one = |at: usize| {
            let confidence = at as f64 / count as f64;
            Outcome { confidence, shown: true, wrong: confidence < wrong_below }
        };
        (0..count).map(one).collect()
    }

    #[test]
    fn the_loosest_threshold_that_the_data_can_vouch_for_is_chosen() {
        let setting = choose(&outcomes(1_000, 0.4), 0.02, 0.95).unwrap();
        assert!(setting.bound <= 0.02 && setting.wrong > 0, "{setting:?}");
        assert!((0.385..0.4).contains(&setting.answer_from), "{setting:?}");
        assert!(choose(&outcomes(1_000, 0.4), 0.001, 0.95).is_none(), "a thousand questions cannot vouch for one in a thousand");
        assert!(choose(&outcomes(100, 0.0), 0.02, 0.95).is_none(), "a hundred without a mistake are too few for two in a hundred");
        assert!(choose(&outcomes(150, 0.0), 0.02, 0.95).is_some());
    }

    #[test]
    fn the_promise_is_kept_as_often_as_it_says() {
        // Confidence tells right from wrong only by tendency. The true error of a threshold is known here, so each calibration can be
        // checked against it.
        let mut random = fastrand::Rng::with_seed(11);
        let (trials, max_error) = (400, 0.05);
        let mut broken = 0;
        for _ in 0..trials {
            let drawn: Vec<Outcome> = (0..300)
                .map(|_| {
                    let confidence = random.f64();
                    Outcome { confidence, shown: true, wrong: random.f64() < 0.3 * (1.0 - confidence) }
                })
                .collect();
            if let Some(setting) = choose(&drawn, max_error, 0.9) {
                let open = 1.0 - setting.answer_from; // wrong and shown: the integral of 0.3 (1 - c) above the threshold
                broken += usize::from(0.15 * open * open > max_error);
            }
        }
        assert!(broken as f64 <= 0.13 * f64::from(trials), "{broken} of {trials} broke a promise that one in ten may break");
        assert!(broken > 0, "a promise that is never broken wastes answers");
    }
}
