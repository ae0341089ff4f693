//! Is every word of an answer covered by the words it cites?
//!
//! What a model wrote is shown only if nothing here objects. The checks are deliberately strict: a refused text costs nothing,
//! because the quotation stands in its place.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use regex::Regex;

use super::contract::{Citation, Span};
use crate::index::Snapshot;
use crate::text::analysis::{is_stop_word, terms};
use crate::text::split_sentences;

/// Share of a written sentence's content words that its evidence must hold.
const REQUIRED_SUPPORT: f64 = 0.8;

/// Share of neighbouring content words in a written sentence that must stand near each other, in this order, in its evidence. The right
/// words put together in another way say something else.
const REQUIRED_PAIRS: f64 = 0.6;

/// Why a written answer may not be shown.
#[derive(Debug, Clone, PartialEq)]
pub enum Objection {
    /// There is no whole sentence.
    Unfinished,
    /// It is longer than allowed.
    TooLong,
    /// This number, amount or date is not in the evidence.
    Number(String),
    /// It says no where the evidence says yes, or the other way round.
    Negation,
    /// It promises that somebody will act, and the evidence does not.
    Promise(String),
    /// It shows an address that the evidence does not hold.
    Link(String),
    /// These of its words are not in the evidence.
    Unsupported(Vec<String>),
    /// Its words are those of the evidence, put together in another way.
    Rearranged,
    /// It leaves out a number that the evidence answers with.
    Omission(String),
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("no whole sentence"),
            Self::TooLong => f.write_str("longer than allowed"),
            Self::Number(number) => write!(f, "number not in the policy: {number}"),
            Self::Negation => f.write_str("a negation differs from the policy"),
            Self::Promise(words) => write!(f, "promise not in the policy: {words}"),
            Self::Link(link) => write!(f, "address not in the policy: {link}"),
            Self::Unsupported(words) => write!(f, "words not in the policy: {}", words.join(", ")),
            Self::Rearranged => f.write_str("the policy's words put together in another way"),
            Self::Omission(number) => write!(f, "number left out: {number}"),
        }
    }
}

/// Ties each sentence of `written` to one of the `evidence` sentences, as `(bytes of the sentence, position in evidence)`.
///
/// # Errors
/// The first objection found.
pub fn ground(written: &str, evidence: &[&str]) -> Result<Vec<(std::ops::Range<usize>, usize)>, Objection> {
    let sentences = split_sentences(written);
    if sentences.is_empty() || !written.trim_end().ends_with(['.', '!', '。', '！']) || evidence.is_empty() {
        return Err(Objection::Unfinished);
    }
    let all = evidence.join(" ");
    let known_numbers = numbers(&all);
    let said_numbers = numbers(written);
    if let Some(number) = said_numbers.difference(&known_numbers).min() {
        return Err(Objection::Number(number.clone()));
    }
    if let Some(number) = known_numbers.difference(&said_numbers).min() {
        return Err(Objection::Omission(number.clone()));
    }
    if let Some(link) = LINK.find_iter(written).map(|found| found.as_str()).find(|link| !all.contains(link.trim_end_matches('.'))) {
        return Err(Objection::Link(link.to_owned()));
    }
    let lower = all.to_lowercase();
    if let Some(promise) = PROMISE.find_iter(written).map(|found| found.as_str()).find(|promise| !lower.contains(&promise.to_lowercase())) {
        return Err(Objection::Promise(promise.to_owned()));
    }
    if negations(written) != negations(&all) {
        return Err(Objection::Negation);
    }
    let near: HashSet<(String, String)> = evidence.iter().flat_map(|text| pairs(&content_sequence(text), 2)).collect();
    let held: Vec<HashSet<String>> = evidence.iter().map(|text| content(text)).collect();
    sentences
        .into_iter()
        .map(|bytes| {
            let words = content(&written[bytes.clone()]);
            let best = (0..held.len()).max_by_key(|&at| (words.intersection(&held[at]).count(), usize::MAX - at)).unwrap_or(0);
            let mut missing: Vec<String> = words.iter().filter(|word| !held.iter().any(|text| text.contains(*word))).cloned().collect();
            missing.sort_unstable();
            let supported = words.len() - missing.len();
            if words.is_empty() || (supported as f64) < REQUIRED_SUPPORT * words.len() as f64 {
                return Err(Objection::Unsupported(missing));
            }
            let said = pairs(&content_sequence(&written[bytes.clone()]), 1);
            let kept = said.iter().filter(|pair| near.contains(pair)).count();
            if (kept as f64) < REQUIRED_PAIRS * said.len() as f64 {
                return Err(Objection::Rearranged);
            }
            Ok((bytes, best))
        })
        .collect()
}

fn content(text: &str) -> HashSet<String> {
    content_sequence(text).into_iter().collect()
}

fn content_sequence(text: &str) -> Vec<String> {
    terms(text).into_iter().map(|term| term.text).filter(|term| !is_stop_word(term)).collect()
}

/// Each word with those up to `reach` places after it.
fn pairs(words: &[String], reach: usize) -> Vec<(String, String)> {
    let after = |at: usize| words.iter().skip(at + 1).take(reach).map(move |later| (words[at].clone(), later.clone()));
    (0..words.len()).flat_map(after).collect()
}

static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[$£€¥]\s?\d[\d,]*(?:\.\d+)?|\d[\d,]*(?:\.\d+)?\s?(?:%|percent\b)|\d{1,2}:\d{2}|\d[\d,]*(?:\.\d+)?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twice|half|double)\b|\b(?:january|february|march|april|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|hours?|days?|weeks?|months?|years?)\b")
        .expect("pattern is a constant")
});

/// Numbers, amounts, weekdays, months and units of time, spelled one way.
fn numbers(text: &str) -> HashSet<String> {
    const SPELLED: [&str; 13] = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    NUMBER
        .find_iter(text)
        .map(|found| {
            let plain: String =
                found.as_str().to_lowercase().replace("percent", "%").chars().filter(|c| !c.is_whitespace() && *c != ',').collect();
            match SPELLED.iter().position(|word| *word == plain) {
                Some(number) => number.to_string(),
                None if plain.ends_with('s') && plain != "hours" => plain.trim_end_matches('s').to_owned(),
                None => plain.trim_end_matches('s').to_owned(),
            }
        })
        .filter(|number| number != "1") // "a" and "one" say the same
        .collect()
}

static NEGATION: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:no|not|never|none|nothing|neither|nor|without|unless|except|cannot|\w+n['’]t|only)\b|不|没|无|未|非|除")
        .expect("pattern is a constant")
});

/// Which kinds of negation or limit occur, and how often.
fn negations(text: &str) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for found in NEGATION.find_iter(text) {
        let kind = match found.as_str().to_lowercase().as_str() {
            "unless" | "except" | "only" | "除" => "limit",
            _ => "no",
        };
        *counts.entry(kind).or_default() += 1;
    }
    counts
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhttps?://\S+|\bwww\.\S+|\b[\w.-]+@[\w-]+\.\w+|\b[\w-]+\.(?:com|org|net|io|example|co\.uk|eu|cn)\b\S*")
        .expect("pattern is a constant")
});

static PROMISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\b(?:i|we)(?:['’](?:ll|ve|m|re)| will| have| am| are| can| would| shall)\b(?: \w+)?|\byou (?:will|['’]ll) (?:receive|get|be)\b|\bguarantee\w*|\bpromise\w*|我们?会|我已经?|我来|帮您")
        .expect("pattern is a constant")
});

/// Compares a citation with the stored source: same version, same hash, same words at the same place.
pub fn verify(snapshot: &Snapshot, citation: &Citation) -> bool {
    snapshot.versions().find(|version| version.document_id == citation.document_id && version.version == citation.version).is_some_and(
        |version| version.sha256 == citation.sha256 && slice_chars(&version.source, citation.span) == Some(citation.quote.as_str()),
    )
}

/// The part of `text` that a span of Unicode scalar values covers; `None` when it reaches beyond the end.
fn slice_chars(text: &str, span: Span) -> Option<&str> {
    let mut bounds = text.char_indices().map(|(at, _)| at).chain([text.len()]);
    let start = bounds.nth(span.start)?;
    match span.end.checked_sub(span.start)? {
        0 => Some(""),
        length => Some(&text[start..bounds.nth(length - 1)?]),
    }
}

/// The span of Unicode scalar values that `bytes` of `text` cover.
pub fn char_span(text: &str, bytes: &std::ops::Range<usize>) -> Span {
    let start = text[..bytes.start].chars().count();
    Span { start, end: start + text[bytes.clone()].chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const FEE: &str = "A late fee of up to $7 is charged 10 days after the due date.";

    #[test]
    fn the_policys_own_words_are_grounded() {
        assert_eq!(ground(FEE, &[FEE]).unwrap(), [(0..FEE.len(), 0)]);
        assert!(ground("The late fee is up to $7, charged 10 days after the due date.", &[FEE]).is_ok());
    }

    #[test]
    fn a_changed_left_out_or_added_number_is_refused() {
        assert_eq!(ground("A late fee of up to $8 is charged 10 days after the due date.", &[FEE]), Err(Objection::Number("$8".into())));
        assert_eq!(ground("A late fee is charged 10 days after the due date.", &[FEE]), Err(Objection::Omission("$7".into())));
        assert_eq!(ground("A late fee of up to $7 is charged 10 weeks after the due date.", &[FEE]), Err(Objection::Number("week".into())));
    }

    #[test]
    fn a_lost_or_added_negation_is_refused() {
        let rule = "Gift cards cannot be returned.";
        assert_eq!(ground("Gift cards can be returned.", &[rule]), Err(Objection::Negation));
        assert_eq!(ground("A late fee of up to $7 is not charged 10 days after the due date.", &[FEE]), Err(Objection::Negation));
    }

    #[test]
    fn promises_and_links_are_refused() {
        let rule = "Refunds are sent to the original card.";
        assert!(matches!(ground("We will refund the original card.", &[rule]), Err(Objection::Promise(_))));
        assert!(matches!(ground("Refunds are sent to the original card, see www.refunds.com.", &[rule]), Err(Objection::Link(_))));
    }

    #[test]
    fn words_from_nowhere_are_refused() {
        let rule = "Refunds are sent to the original card.";
        assert!(matches!(ground("Refunds arrive instantly by courier.", &[rule]), Err(Objection::Unsupported(_))));
        assert_eq!(ground("Refunds are sent to the", &[rule]), Err(Objection::Unfinished));
        assert_eq!(ground("", &[rule]), Err(Objection::Unfinished));
    }

    #[test]
    fn the_right_words_put_together_in_another_way_are_refused() {
        let rule = "Customers can cancel Plus in the app or ask in the support chat after a security check.";
        assert_eq!(ground("Customers check the chat to cancel security in the app.", &[rule]), Err(Objection::Rearranged));
        assert!(ground("Customers can cancel Plus in the app or in the support chat after a security check.", &[rule]).is_ok());
    }

    proptest! {
        #[test]
        fn any_other_amount_is_refused(amount in 8u32..100_000) {
            let written = format!("A late fee of up to ${amount} is charged 10 days after the due date.");
            prop_assert!(ground(&written, &[FEE]).is_err());
        }

        #[test]
        fn nothing_written_can_break_the_check(written in "\\PC*", evidence in "\\PC*") {
            let _ = ground(&written, &[&evidence]);
        }

        #[test]
        fn spans_lead_back_to_the_same_words(text in "\\PC*", cut in 0usize..100, length in 0usize..100) {
            let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let from = starts[cut % starts.len()];
            let to = starts[(cut % starts.len() + length).min(starts.len() - 1)];
            let span = char_span(&text, &(from..to));
            prop_assert_eq!(slice_chars(&text, span), Some(&text[from..to]));
        }
    }
}
