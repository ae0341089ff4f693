//! Which sentences of different policies say different things about the same matter?
//!
//! Two sentences conflict when they are about the same matter and give different values in the same unit, or when they are nearly the
//! same and only one of them says no. Only sentences that hold on a common day are compared, in one language. Found by words alone, so
//! that it costs little and needs no model; what it names are candidates for a person to read. Of the two contradictions put into the
//! sample policies it finds the one about a number, with three pairs that are none; the other ("not refunded" against "refunded pro rata")
//! takes understanding.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::{IndexedVersion, SentenceId};
use crate::policy::{SentenceKind, Version};
use crate::text::analysis::{TermKind, is_stop_word, terms};

/// Share of each sentence's meaning, weighted by rarity, that the other one or the headings above it must hold for both to be about
/// the same matter.
const SAME_MATTER: f32 = 0.65;

/// The same for sentences that differ in a negation only: two sentences with little else in common differ in one all the time.
const SAME_BUT_NEGATED: f32 = 0.95;

/// Content words a sentence must have to be about something.
const WORDS: usize = 3;

/// A word in more sentences than this leads to no candidates: it would compare everything with everything.
const COMMON: usize = 60;

/// Two sentences that cannot both be right.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The first, by its place in the snapshot.
    pub first: SentenceId,
    /// The second.
    pub second: SentenceId,
}

struct Statement<'a> {
    sentence: SentenceId,
    version: &'a Version,
    words: HashSet<String>,
    /// Words of the title and headings above it.
    place: HashSet<String>,
    values: BTreeMap<String, Vec<String>>,
    negated: bool,
}

/// All conflicts among `versions`, in the order of their sentences.
pub(super) fn conflicts(versions: &[IndexedVersion]) -> Vec<Conflict> {
    let statements = statements(versions);
    let mut by_word: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, statement) in statements.iter().enumerate() {
        for word in &statement.words {
            by_word.entry(word).or_default().push(at);
        }
    }
    let total = statements.len() as f32 + 1.0;
    let rarity = |word: &String| (total / by_word.get(word.as_str()).map_or(1.0, |places| places.len() as f32)).ln();
    let mut found = Vec::new();
    for (at, statement) in statements.iter().enumerate() {
        let mut shared: HashMap<usize, usize> = HashMap::new();
        for others in statement.words.iter().filter_map(|word| by_word.get(word.as_str())).filter(|others| others.len() <= COMMON) {
            others.iter().filter(|other| **other > at).for_each(|other| *shared.entry(*other).or_default() += 1);
        }
        let candidates = shared.into_iter().filter(|(_, count)| *count >= 2).map(|(other, _)| &statements[other]);
        let disagreeing = candidates.filter(|other| disagree(statement, other, &rarity));
        found.extend(disagreeing.map(|other| Conflict { first: statement.sentence, second: other.sentence }));
    }
    found.sort_unstable_by_key(|conflict| (conflict.first, conflict.second));
    found
}

fn statements(versions: &[IndexedVersion]) -> Vec<Statement<'_>> {
    let mut statements = Vec::new();
    let mut number = 0;
    for IndexedVersion { version, passages } in versions {
        for passage in passages {
            let place = words(&format!("{} {}", version.title, passage.headings.join(" ")));
            for sentence in &passage.sentences {
                let lead = sentence.lead.as_deref().filter(|_| sentence.kind != SentenceKind::TableRow);
                let text = format!("{} {}", lead.unwrap_or_default(), sentence.plain);
                let words = words(&text);
                if words.len() >= WORDS {
                    let (values, negated) = (values(&text), NEGATED.is_match(&text));
                    statements.push(Statement { sentence: number, version, words, place: place.clone(), values, negated });
                }
                number += 1;
            }
        }
    }
    statements
}

/// What a text is about: its content words without numbers and units.
fn words(text: &str) -> HashSet<String> {
    let text = VALUE.replace_all(text, " ");
    let content = terms(&text).into_iter().filter(|term| term.kind == TermKind::Word && !is_stop_word(&term.text));
    content.map(|term| term.text).filter(|word| !word.chars().any(|c| c.is_ascii_digit())).collect()
}

fn disagree(a: &Statement<'_>, b: &Statement<'_>, rarity: &dyn Fn(&String) -> f32) -> bool {
    if a.version.document_id == b.version.document_id || a.version.language != b.version.language || !hold_together(a.version, b.version) {
        return false;
    }
    let other_value =
        a.values.iter().any(|(unit, own)| b.values.get(unit).is_some_and(|others| own.len() == 1 && others.len() == 1 && own != others));
    let other_polarity = a.negated != b.negated && a.values == b.values;
    if !other_value && !other_polarity {
        return false;
    }
    let weight = |words: &mut dyn Iterator<Item = &String>| words.map(rarity).sum::<f32>();
    let held = |one: &Statement<'_>, other: &Statement<'_>| {
        let found = weight(&mut one.words.iter().filter(|word| other.words.contains(*word) || other.place.contains(*word)));
        found / weight(&mut one.words.iter()).max(f32::EPSILON)
    };
    let share = held(a, b).min(held(b, a));
    share >= if other_value { SAME_MATTER } else { SAME_BUT_NEGATED }
}

/// Whether there is a day on which both are in force.
fn hold_together(a: &Version, b: &Version) -> bool {
    let starts_before_end = |a: &Version, b: &Version| match (a.valid_from, b.valid_to) {
        (Some(from), Some(to)) => from <= to,
        _ => true,
    };
    starts_before_end(a, b) && starts_before_end(b, a)
}

/// Values by unit: amounts of each currency, shares, lengths of time of each unit.
fn values(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut values: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for found in VALUE.captures_iter(text) {
        let part = |name: &str| found.name(name).map(|part| part.as_str());
        let number = part("before").or(part("after")).unwrap_or_default().replace(',', "");
        let unit = part("currency").or(part("unit")).unwrap_or_default().to_lowercase();
        let number = match number.to_lowercase().as_str() {
            "one" | "一" => "1",
            "two" | "两" | "二" => "2",
            "three" | "三" => "3",
            "four" | "四" => "4",
            "five" | "五" => "5",
            "six" | "六" => "6",
            "seven" | "七" => "7",
            "eight" | "八" => "8",
            "nine" | "九" => "9",
            "ten" | "十" => "10",
            other => other,
        }
        .to_owned();
        let unit = unit.split_whitespace().map(|word| word.trim_end_matches('s')).collect::<Vec<_>>().join(" ");
        let own = values.entry(unit).or_default();
        if !own.contains(&number) {
            own.push(number);
        }
    }
    values.values_mut().for_each(|own| own.sort());
    values
}

static VALUE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?P<currency>[$£€¥])\s?(?P<before>\d[\d,]*(?:\.\d+)?)|(?P<after>\d[\d,]*(?:\.\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten)\b|[一二两三四五六七八九十])[ -]?(?P<unit>%|percent|(?:business |working |calendar )?(?:days?|weeks?|months?|years?|hours?|minutes?)\b|times\b|个?工作日|个?自然日|天|日|个?星期|周|个?月|年|小时|分钟|元|次|期)")
        .expect("pattern is a constant")
});

static NEGATED: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(?i)\b(?:not|never|no|cannot|without|non)\b|n['’]t\b|不|无法|没有|未").expect("pattern is a constant"));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::parse_file;

    /// The pairs of quoted sentences found in these documents.
    fn found(documents: &[(&str, &str)]) -> Vec<(String, String)> {
        let read = |(path, text): &(&str, &str)| parse_file(path, text.as_bytes()).unwrap();
        let indexed = |version: Version| IndexedVersion { passages: version.passages(), version };
        let versions: Vec<IndexedVersion> = documents.iter().map(read).map(indexed).collect();
        let sentences: Vec<&str> =
            versions.iter().flat_map(|one| &one.passages).flat_map(|passage| &passage.sentences).map(|one| one.plain.as_str()).collect();
        let text = |id: SentenceId| sentences[id as usize].to_owned();
        conflicts(&versions).iter().map(|one| (text(one.first), text(one.second))).collect()
    }

    #[test]
    fn another_amount_or_time_for_the_same_matter_is_a_conflict() {
        let pairs = found(&[
            ("a.md", "# A\n\nRefunds to a card take 5 business days after the return is checked in.\n\nReturns are free in the UK.\n"),
            (
                "b.md",
                "# B\n\nRefunds to a card take 10 business days after the return is checked in.\n\nA gift card is valid for 5 years.\n",
            ),
        ]);
        assert_eq!(pairs.len(), 1, "{pairs:?}");
        assert!(pairs[0].0.contains("5 business days") && pairs[0].1.contains("10 business days"));
        assert_eq!(
            found(&[("a.md", "退款审核通过后 3 个工作日原路退回银行卡。"), ("b.md", "退款审核通过后 7 个工作日原路退回银行卡。")]).len(),
            1
        );
    }

    #[test]
    fn what_one_allows_and_the_other_forbids_is_a_conflict() {
        let pairs = found(&[
            ("a.md", "Opened software can be returned to the shop within the return window."),
            ("b.md", "Opened software cannot be returned to the shop within the return window."),
        ]);
        assert_eq!(pairs.len(), 1);
    }

    #[test]
    fn different_matters_same_values_other_days_and_other_versions_are_none() {
        assert!(
            found(&[
                ("a.md", "Refunds to a card take 5 business days."),
                ("b.md", "Parcels within Germany take 2 business days to arrive.")
            ])
            .is_empty()
        );
        assert!(
            found(&[("a.md", "Refunds to a card take 5 business days."), ("b.md", "Refunds to a card take five business days.")])
                .is_empty()
        );
        let dated = |days: u32, dates: &str| format!("---\nid: r{days}\n{dates}\n---\nRefunds to a card take {days} business days.");
        assert!(found(&[("a.md", &dated(5, "valid_to: 2025-12-31")), ("b.md", &dated(7, "valid_from: 2026-01-01"))]).is_empty());
        assert_eq!(found(&[("a.md", &dated(5, "valid_to: 2025-12-31")), ("b.md", &dated(7, "valid_from: 2025-12-01"))]).len(), 1);
    }
}
