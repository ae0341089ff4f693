//! Is every word of an answer covered by the words it cites?
//!
//! In: a statement and the sentences it rests on. Out: objections. Values, negations, duties, bounds, promises, addresses and exchanged
//! words are compared after both sides have been brought into one form (`values`, `reading`), in English and Chinese, by patterns alone.
//! The checks are deliberately strict: a refused text costs nothing, because the quotation stands in its place.

mod reading;
#[cfg(test)]
mod seeded;
#[cfg(test)]
mod tests;
mod values;

use std::collections::{BTreeSet, HashSet};
use std::fmt;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

pub use reading::{Clause, Marker, Reading, fold, read};
pub use values::Value;

use super::contract::{Citation, Span};
use crate::index::Snapshot;
use crate::text::split_sentences;

/// Share of a written sentence's content words that its evidence must hold.
const REQUIRED_SUPPORT: f64 = 0.8;

/// Share of neighbouring content words in a written sentence that must stand near each other, in this order, in its evidence. The right
/// words put together in another way say something else.
const REQUIRED_PAIRS: f64 = 0.6;

/// Share of a statement's content words and values that a sentence must hold to support it.
pub const SUPPORTED: f64 = 0.6;

/// From this share of words in the evidence's order on, a statement counts as the evidence's own sentence, and each word in it that stands
/// in another's place as a change.
const NEARLY_QUOTED: f64 = 0.6;

/// Why a statement may not be shown, or does not rest on what it should.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Objection {
    /// There is no whole sentence.
    Unfinished,
    /// It is longer than allowed.
    TooLong,
    /// This number, amount, time or date is not in the evidence.
    Number(String),
    /// It says no where the evidence says yes, or the other way round.
    Negation,
    /// It says must, may, will or need not where the evidence says another of them.
    Modality(&'static str),
    /// It bounds something in another way: at most, at least, before, after.
    Bound(&'static str),
    /// It promises that somebody will act, and the evidence does not.
    Promise(String),
    /// It shows an address that the evidence does not hold.
    Link(String),
    /// It names somebody or something that the evidence does not.
    Name(String),
    /// It says the first where the evidence, otherwise nearly the same, says the second.
    Changed(String, String),
    /// These of its words are not in the evidence.
    Unsupported(Vec<String>),
    /// Its words are those of the evidence, put together in another way.
    Rearranged,
    /// It leaves out a number that the evidence answers with.
    Omission(String),
    /// It leaves out a condition, or adds one.
    Condition,
}

impl Objection {
    /// Its name in the contract.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::TooLong => "too_long",
            Self::Number(_) => "number",
            Self::Negation => "negation",
            Self::Modality(_) => "modality",
            Self::Bound(_) => "bound",
            Self::Promise(_) => "promise",
            Self::Link(_) => "link",
            Self::Name(_) => "name",
            Self::Changed(..) => "changed",
            Self::Unsupported(_) => "unsupported",
            Self::Rearranged => "rearranged",
            Self::Omission(_) => "omission",
            Self::Condition => "condition",
        }
    }
}

impl fmt::Display for Objection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unfinished => f.write_str("no whole sentence"),
            Self::TooLong => f.write_str("longer than allowed"),
            Self::Number(number) => write!(f, "number not in the policy: {number}"),
            Self::Negation => f.write_str("a negation differs from the policy"),
            Self::Modality(word) => write!(f, "“{word}” is not what the policy says"),
            Self::Bound(word) => write!(f, "“{word}” is not in the policy"),
            Self::Promise(words) => write!(f, "promise not in the policy: {words}"),
            Self::Link(link) => write!(f, "address not in the policy: {link}"),
            Self::Name(name) => write!(f, "name not in the policy: {name}"),
            Self::Changed(said, written) => write!(f, "“{said}” where the policy says “{written}”"),
            Self::Unsupported(words) => write!(f, "words not in the policy: {}", words.join(", ")),
            Self::Rearranged => f.write_str("the policy's words put together in another way"),
            Self::Omission(number) => write!(f, "number left out: {number}"),
            Self::Condition => f.write_str("a condition is left out or added"),
        }
    }
}

/// What a statement is held against.
#[derive(Debug, Clone, Default)]
pub struct Evidence {
    /// As it was written, folded.
    text: String,
    readings: Vec<Reading>,
    /// Words of the title and headings above it: they may be named, but prove nothing.
    around: HashSet<String>,
}

impl Evidence {
    /// The sentences `texts`, which stand under the headings `around`.
    pub fn new<'a>(texts: impl IntoIterator<Item = &'a str>, around: &str) -> Self {
        let texts: Vec<&str> = texts.into_iter().collect();
        let around = read(around).words.into_iter().collect();
        Self { text: fold(&texts.join(" ")).to_lowercase(), readings: texts.into_iter().map(read).collect(), around }
    }

    fn values(&self) -> BTreeSet<&Value> {
        self.readings.iter().flat_map(|one| one.values.iter().map(|(value, _)| value).chain(&one.implied)).collect()
    }

    fn words(&self) -> impl Iterator<Item = &String> {
        self.readings.iter().flat_map(|one| &one.words)
    }

    fn clauses(&self) -> impl Iterator<Item = &Clause> {
        self.readings.iter().flat_map(|one| &one.clauses)
    }
}

/// Share of a statement's content words that the evidence or what stands above it holds; 1 for a statement without any.
pub fn support(statement: &Reading, evidence: &Evidence) -> f64 {
    let all = statement.words.len() + statement.values.len();
    if all == 0 { 1.0 } else { (all - missing(statement, evidence).len()) as f64 / all as f64 }
}

/// The statement's content words and values that the evidence and what stands above it lack.
pub fn missing(statement: &Reading, evidence: &Evidence) -> Vec<String> {
    let held: HashSet<&String> = evidence.words().chain(&evidence.around).collect();
    let values = evidence.values();
    let words = statement.words.iter().filter(|word| !held.contains(word)).cloned();
    words.chain(statement.values.iter().filter(|(value, _)| !holds(&values, value)).map(|(_, written)| written.clone())).collect()
}

/// Everything in one statement that its evidence speaks against, gravest first. Whether the evidence holds enough of its words is
/// [`support`]'s question.
pub fn objections(text: &str, statement: &Reading, evidence: &Evidence) -> Vec<Objection> {
    let mut found = Vec::new();
    let values = evidence.values();
    let unheld = statement.values.iter().filter(|(value, _)| !holds(&values, value));
    found.extend(unheld.map(|(_, written)| Objection::Number(written.clone())));
    found.extend(repeated(statement, evidence));
    found.extend((0..statement.clauses.len()).find_map(|at| clause_objection(&statement.clauses, at, evidence)));
    found.extend(other_bound(statement, evidence));
    let folded = fold(text);
    found.extend(
        promises(&folded)
            .find(|promise| !evidence.text.contains(&promise.to_lowercase()))
            .map(|promise| Objection::Promise(promise.to_owned())),
    );
    found.extend(links(&folded).find(|link| !evidence.text.contains(&link.to_lowercase())).map(|link| Objection::Link(link.to_owned())));
    let held: HashSet<&String> = evidence.words().chain(&evidence.around).collect();
    found.extend(statement.names.iter().find(|(_, term)| !held.contains(term)).map(|(name, _)| Objection::Name(name.clone())));
    found.extend(changed(statement, evidence));
    found
}

fn holds(values: &BTreeSet<&Value>, value: &Value) -> bool {
    // A number without a unit may be any of that size.
    values.contains(value) || (value.unit.is_empty() && values.iter().any(|held| held.number == value.number))
}

/// A value said more often than the evidence says it: one of two alike amounts that was put in another's place.
fn repeated(statement: &Reading, evidence: &Evidence) -> Option<Objection> {
    let times = |value: &Value| statement.values.iter().filter(|(said, _)| said == value).count();
    let known = |value: &Value| evidence.readings.iter().flat_map(|one| &one.values).filter(|(held, _)| held == value).count();
    let too_often = |value: &Value| times(value) > 1 && known(value) > 0 && times(value) > known(value);
    statement.values.iter().find(|(value, _)| too_often(value)).map(|(_, written)| Objection::Number(written.clone()))
}

/// A bound that the evidence does not know, or puts on another word.
fn other_bound(statement: &Reading, evidence: &Evidence) -> Option<Objection> {
    let anywhere: BTreeSet<Marker> = evidence.readings.iter().flat_map(|one| one.bounds.iter().copied()).collect();
    let moved = statement.bounded.iter().find_map(|(token, said)| {
        let written: BTreeSet<Marker> = evidence.readings.iter().filter_map(|one| one.bounded.get(token)).flatten().copied().collect();
        said.iter().find(|bound| !written.is_empty() && !written.contains(bound))
    });
    let bound = statement.bounds.iter().find(|bound| !anywhere.contains(bound)).or(moved);
    bound.map(|bound| Objection::Bound(bound.name()))
}

/// Whether the clause `at` turns around what the clause of the evidence that is most like it says.
fn clause_objection(clauses: &[Clause], at: usize, evidence: &Evidence) -> Option<Objection> {
    let clause = &clauses[at];
    let overlap = |one: &Clause, other: &Clause| one.words.intersection(&other.words).count();
    let likeness = |one: &Clause, other: &Clause| overlap(one, other) as f64 / ((one.words.len() * other.words.len()) as f64).sqrt();
    let best = evidence.clauses().map(|other| likeness(clause, other)).fold(0.0, f64::max);
    if best == 0.0 {
        return (clause.negations > 0).then_some(Objection::Negation);
    }
    let alike: Vec<&Clause> = evidence.clauses().filter(|other| likeness(clause, other) >= 0.85 * best).collect();
    // One clause may say what the evidence says in several: those of which it says most words, and most of what the likest lacks, as
    // long as no other clause of the statement says it better.
    let is_own = |other: &Clause| clauses.iter().all(|rival| likeness(rival, other) <= likeness(clause, other));
    let is_said = |other: &Clause| {
        let more: Vec<&String> = other.words.iter().filter(|word| !alike.iter().any(|near| near.words.contains(*word))).collect();
        let said = more.iter().filter(|word| clause.words.contains(**word)).count();
        alike.contains(&other) || (!more.is_empty() && said * 5 >= more.len() * 3)
    };
    let covers = |other: &&Clause| overlap(clause, other) * 5 >= other.words.len() * 3 && is_own(other) && is_said(other);
    let covered: Vec<&Clause> = evidence.clauses().filter(covers).collect();
    let together: usize = covered.iter().map(|other| other.negations).sum();
    if (covered.is_empty() || clause.negations != together) && alike.iter().all(|other| other.negations != clause.negations) {
        return Some(Objection::Negation);
    }
    let said: BTreeSet<Marker> = alike.iter().chain(&covered).flat_map(|other| other.modals.iter().copied()).collect();
    let added = clause.modals.iter().find(|modal| !said.contains(modal) && (!said.is_empty() || **modal == Marker::NoNeed));
    let is_released = |one: &Clause| one.modals.contains(&Marker::NoNeed);
    let lost = (!is_released(clause) && clause.negations == 0 && alike.iter().all(|other| is_released(other))).then_some(&Marker::NoNeed);
    added.or(lost).map(|modal| Objection::Modality(modal.name()))
}

/// The first word that stands in the place of another, in a statement that is otherwise one of the evidence's own sentences.
fn changed(statement: &Reading, evidence: &Evidence) -> Option<Objection> {
    let held: HashSet<&String> = evidence.words().chain(&evidence.around).collect();
    let is_new = |word: &&String| !held.contains(*word) && statement.words.contains(*word);
    let said = &statement.tokens;
    evidence.readings.iter().find_map(|one| {
        let written = &one.tokens;
        let pairs = common(said, written);
        if pairs.is_empty() || (pairs.len() as f64) < NEARLY_QUOTED * said.len() as f64 {
            return None;
        }
        let mut from = (0, 0);
        for (i, j) in pairs.into_iter().chain([(said.len(), written.len())]) {
            let (gap, other) = (&said[from.0..i], &written[from.1..j]);
            // Before and after a partial quotation stands the rest of the evidence: nothing was put in its place.
            let fits = gap.len() <= 3 && !other.is_empty() && (other.len() <= gap.len() + 2 || (from != (0, 0) && i < said.len()));
            if let (true, Some(new)) = (fits, gap.iter().find(is_new)) {
                return Some(Objection::Changed(new.clone(), other.join(" ")));
            }
            from = (i + 1, j + 1);
        }
        None
    })
}

/// Places of a longest common subsequence.
fn common(a: &[String], b: &[String]) -> Vec<(usize, usize)> {
    let mut length = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for (i, x) in a.iter().enumerate().rev() {
        for (j, y) in b.iter().enumerate().rev() {
            length[i][j] = if x == y { length[i + 1][j + 1] + 1 } else { length[i + 1][j].max(length[i][j + 1]) };
        }
    }
    let (mut i, mut j, mut pairs) = (0, 0, Vec::new());
    while i < a.len() && j < b.len() {
        if a[i] == b[j] {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}

/// Ties each sentence of `written` to one of the `evidence` sentences, as `(bytes of the sentence, position in evidence)`.
///
/// # Errors
/// The first objection found.
pub fn ground(written: &str, evidence: &[&str]) -> Result<Vec<(Range<usize>, usize)>, Objection> {
    let sentences = split_sentences(written);
    if sentences.is_empty() || !written.trim_end().ends_with(['.', '!', '。', '！']) || evidence.is_empty() {
        return Err(Objection::Unfinished);
    }
    let all = Evidence::new(evidence.iter().copied(), "");
    let whole = read(written);
    if let Some(objection) = objections(written, &whole, &all).into_iter().next() {
        return Err(objection);
    }
    let is_said = |value: &Value| whole.values.iter().any(|(said, _)| said == value);
    if let Some((_, number)) = all.readings.iter().flat_map(|one| &one.values).find(|(value, _)| !is_said(value)) {
        return Err(Objection::Omission(number.clone()));
    }
    if whole.limits != all.readings.iter().map(|one| one.limits).sum::<usize>() {
        return Err(Objection::Condition);
    }
    let near: HashSet<(&String, &String)> = all.readings.iter().flat_map(|one| pairs(&one.words, 2)).collect();
    let held: Vec<HashSet<&String>> = all.readings.iter().map(|one| one.words.iter().collect()).collect();
    let tie = |bytes: Range<usize>| {
        let said = read(&written[bytes.clone()]);
        let words: HashSet<&String> = said.words.iter().collect();
        let best = (0..held.len()).max_by_key(|&at| (words.intersection(&held[at]).count(), usize::MAX - at)).unwrap_or(0);
        let missing: BTreeSet<&String> = words.iter().copied().filter(|word| !held.iter().any(|text| text.contains(word))).collect();
        let supported = words.len() - missing.len();
        if words.is_empty() || (supported as f64) < REQUIRED_SUPPORT * words.len() as f64 {
            return Err(Objection::Unsupported(missing.into_iter().cloned().collect()));
        }
        let said = pairs(&said.words, 1);
        let kept = said.iter().filter(|pair| near.contains(pair)).count();
        if (kept as f64) < REQUIRED_PAIRS * said.len() as f64 {
            return Err(Objection::Rearranged);
        }
        Ok((bytes, best))
    };
    sentences.into_iter().map(tie).collect()
}

/// Each word with those up to `reach` places after it.
fn pairs(words: &[String], reach: usize) -> Vec<(&String, &String)> {
    let after = |at: usize| words.iter().skip(at + 1).take(reach).map(move |later| (&words[at], later));
    (0..words.len()).flat_map(after).collect()
}

static LINK: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhttps?://[^\s，。；！？、（）]+|\bwww\.[^\s，。；！？、（）]+|[a-z0-9_.+-]+@[a-z0-9-]+\.[a-z0-9.-]+|(?-u:\b)[a-z0-9-]+\.(?:com|org|net|io|example|co\.uk|eu|cn)(?-u:\b)(?:/[^\s，。；！？、（）]*)?")
        .expect("pattern is a constant")
});

/// Addresses in a text, without the full stop of the sentence.
pub fn links(folded: &str) -> impl Iterator<Item = &str> {
    LINK.find_iter(folded).map(|found| found.as_str().trim_end_matches(['.', ',', ')', ';', '!', '?']))
}

static PROMISE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?-u:\b)(?:i|we)(?:'(?:ll|ve|m|re)| will| have| am| are| can| would| shall)(?-u:\b)(?: (?:now |just |already |also |happily |gladly )?[a-z]+)?|(?-u:\b)you(?: will|'ll) (?:receive|get|be|have)(?-u:\b)|(?-u:\b)(?:guarantee|promise)\w*|(?-u:\b)has been (?:refunded|cancelled|updated|processed|approved|credited|waived)(?-u:\b)|我们?(?:会|将|已|可以|来|马上|立即|保证)|(?:已经?|马上|立即|会|将|现在就?)(?:为|帮|给|替)[您你]|[帮替][您你]|保证|承诺|放心")
        .expect("pattern is a constant")
});

/// Phrases by which somebody promises to act or says that it is done.
pub fn promises(folded: &str) -> impl Iterator<Item = &str> {
    PROMISE.find_iter(folded).map(|found| found.as_str())
}

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
pub fn char_span(text: &str, bytes: &Range<usize>) -> Span {
    let start = text[..bytes.start].chars().count();
    Span { start, end: start + text[bytes.clone()].chars().count() }
}
