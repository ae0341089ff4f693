//! Measures of ranking, words and confidence. Each has one home: here.

use std::collections::HashMap;

use crate::text::analysis::{TermKind, terms};

/// What one ranked list is worth: `(hit@1, hit@5, reciprocal rank @10, nDCG@10)`, each 0 to 1.
///
/// `ranked`: document ids, best first, unique. `gold`: the relevant ones, not empty. nDCG with binary relevance, after Järvelin and
/// Kekäläinen (TOIS 2002).
pub(super) fn ranking(ranked: &[String], gold: &[String]) -> (f64, f64, f64, f64) {
    let places: Vec<usize> = ranked.iter().take(10).enumerate().filter(|(_, id)| gold.contains(id)).map(|(at, _)| at).collect();
    let gain = |place: usize| 1.0 / ((place + 2) as f64).log2();
    let ideal: f64 = (0..gold.len().min(10)).map(gain).sum();
    let first = places.first();
    let hit_at = |k: usize| f64::from(u8::from(first.is_some_and(|&place| place < k)));
    let ndcg = if ideal > 0.0 { places.iter().map(|&place| gain(place)).sum::<f64>() / ideal } else { 0.0 };
    (hit_at(1), hit_at(5), first.map_or(0.0, |&place| 1.0 / (place + 1) as f64), ndcg)
}

/// Harmonic mean of precision and recall over words (Chinese: single characters), after SQuAD (Rajpurkar et al., EMNLP 2016).
pub(super) fn token_f1(answer: &str, reference: &str) -> f64 {
    let (said, wanted) = (bag(answer), bag(reference));
    let shared: usize = said.iter().map(|(word, count)| *count.min(wanted.get(word).unwrap_or(&0))).sum();
    if shared == 0 {
        return 0.0;
    }
    let precision = shared as f64 / said.values().sum::<usize>() as f64;
    let recall = shared as f64 / wanted.values().sum::<usize>() as f64;
    2.0 * precision * recall / (precision + recall)
}

/// Share of the words of `span` that `quotes` hold.
pub(super) fn word_recall(span: &str, quotes: &str) -> f64 {
    let (wanted, said) = (bag(span), bag(quotes));
    let total: usize = wanted.values().sum();
    let shared: usize = wanted.iter().map(|(word, count)| *count.min(said.get(word).unwrap_or(&0))).sum();
    if total == 0 { 0.0 } else { shared as f64 / total as f64 }
}

/// Words of `reference` that `answer` lacks, and the other way round, in alphabetical order.
pub(super) fn word_differences(answer: &str, reference: &str) -> (Vec<String>, Vec<String>) {
    let (said, wanted) = (bag(answer), bag(reference));
    let lacking = |from: &HashMap<String, usize>, other: &HashMap<String, usize>| {
        let mut words: Vec<String> =
            from.iter().filter(|(word, count)| other.get(*word).unwrap_or(&0) < *count).map(|(word, _)| word.clone()).collect();
        words.sort_unstable();
        words
    };
    (lacking(&wanted, &said), lacking(&said, &wanted))
}

fn bag(text: &str) -> HashMap<String, usize> {
    let mut bag = HashMap::new();
    for term in terms(text).into_iter().filter(|term| term.kind == TermKind::Word) {
        let han = term.text.chars().all(|c| matches!(c, '\u{3400}'..='\u{9fff}'));
        if han {
            for character in term.text.chars() {
                *bag.entry(character.to_string()).or_default() += 1;
            }
        } else {
            *bag.entry(term.text).or_default() += 1;
        }
    }
    bag
}

/// Probability that a random positive scores above a random negative; ties count half. `None` without both kinds.
pub(super) fn auroc(scored: &[(f64, bool)]) -> Option<f64> {
    let positives = scored.iter().filter(|(_, positive)| *positive).count() as f64;
    let negatives = scored.len() as f64 - positives;
    if positives == 0.0 || negatives == 0.0 {
        return None;
    }
    let mut sorted: Vec<_> = scored.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut rank_sum = 0.0;
    let mut at = 0;
    while at < sorted.len() {
        let ties = sorted[at..].iter().take_while(|(score, _)| *score == sorted[at].0).count();
        let mean_rank = at as f64 + (ties as f64 + 1.0) / 2.0;
        rank_sum += mean_rank * sorted[at..at + ties].iter().filter(|(_, positive)| *positive).count() as f64;
        at += ties;
    }
    Some((rank_sum - positives * (positives + 1.0) / 2.0) / (positives * negatives))
}

/// The value below which `share` of `values` lie (nearest rank); 0 without values.
pub(super) fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let rank = (share * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranking_rewards_the_first_place_most() {
        let gold = ["b".to_owned()];
        let ranked = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>();
        assert_eq!(ranking(&ranked(&["b", "a"]), &gold), (1.0, 1.0, 1.0, 1.0));
        let (hit_1, hit_5, reciprocal, ndcg) = ranking(&ranked(&["a", "b"]), &gold);
        assert_eq!((hit_1, hit_5, reciprocal), (0.0, 1.0, 0.5));
        assert!((ndcg - 0.6309).abs() < 1e-4);
        assert_eq!(ranking(&ranked(&["a"]), &gold), (0.0, 0.0, 0.0, 0.0));
    }

    #[test]
    fn token_f1_counts_shared_words() {
        assert!((token_f1("a late fee of $7", "the late fee is $7") - 0.6).abs() < 1e-9);
        assert_eq!(token_f1("退款三天", "退款三天"), 1.0);
        assert_eq!(token_f1("", "fee"), 0.0);
    }

    #[test]
    fn words_that_differ_are_named_on_both_sides() {
        let (missing, extra) = word_differences("a late fee of $7", "a late fee of up to $8");
        assert_eq!((missing, extra), (vec!["8".to_owned(), "to".into(), "up".into()], vec!["7".to_owned()]));
    }

    #[test]
    fn auroc_is_the_share_of_pairs_in_order() {
        assert_eq!(auroc(&[(0.9, true), (0.8, true), (0.1, false)]), Some(1.0));
        assert_eq!(auroc(&[(0.5, true), (0.5, false)]), Some(0.5));
        assert_eq!(auroc(&[(0.1, true), (0.9, false), (0.5, false), (0.6, true)]), Some(0.25));
        assert_eq!(auroc(&[(0.5, true)]), None);
    }

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values = [5.0, 1.0, 3.0, 2.0, 4.0];
        assert_eq!((percentile(&values, 0.5), percentile(&values, 0.95), percentile(&[], 0.5)), (3.0, 5.0, 0.0));
    }
}
