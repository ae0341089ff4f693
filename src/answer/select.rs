//! Which one or two sentences answer the question? Also collects the signals that say how sure that is.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;
use serde::Serialize;

use super::Found;
use crate::engine::Reading;
use crate::index::{PassageView, Snapshot};
use crate::policy::{Sentence, SentenceKind};
use crate::retrieve::{Hit, Query, probability};
use crate::text::Language;
use crate::text::analysis::{TermKind, terms};
use crate::text::names::{is_unknown, names, speaks_of};

/// Passages looked into, best first.
const PASSAGES: usize = 8;

/// A second sentence must be at least this good, relative to the first.
const SECOND_SHARE: f32 = 0.80;

/// Words both sentences may have together; one alone may be longer.
const PAIR_WORDS: usize = 42;

/// The sentences chosen and why.
#[derive(Clone)]
pub struct Selection<'a> {
    /// Where they stand; all in one passage.
    pub passage: PassageView<'a>,
    /// Positions in the passage's sentences, in reading order.
    pub sentences: Vec<usize>,
    /// How sure that is.
    pub signals: Signals,
}

/// What is known about how well the best sentence fits; all larger is surer unless said otherwise.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Signals {
    /// Score of the best sentence.
    pub sentence_score: f32,
    /// Cosine of the question with the best sentence; 0 without vectors.
    pub sentence_cosine: f32,
    /// Highest cosine of any sentence looked at; 0 without vectors.
    pub highest_cosine: f32,
    /// Cosine of the question with the passage; 0 without vectors.
    pub passage_cosine: f32,
    /// The reader's log-odds that the passage answers; 0 without a reader.
    pub relevance: f32,
    /// The reader's log-odds of the sentence; 0 without a reader.
    pub answer: f32,
    /// Share of the question's meaning that the sentence holds.
    pub sentence_coverage: f32,
    /// Share that the passage holds, its title and headings included.
    pub passage_coverage: f32,
    /// Share that no passage at all holds: larger is less sure.
    pub unknown_share: f32,
    /// BM25 of the passage against the most the question could get.
    pub lexical_strength: f32,
    /// Distance in fused score to the best passage of another document.
    pub margin: f32,
    /// 1 when words and vectors agree on the best document, else 0.
    pub agreement: f32,
    /// 1 when the question asks for a number and the sentence has one, -1 when it has none, 0 when it does not ask for one.
    pub number_fit: f32,
    /// Content words of the question, as `ln(1 + n)`.
    pub content_words: f32,
    /// Share of the names in the question that no passage holds; 0 where it names nothing. Larger is less sure.
    pub unknown_names: f32,
}

/// Chooses among the sentences of the best passages found. `None` when there is nothing to choose from.
pub(super) fn select<'a>(snapshot: &'a Snapshot, question: &str, found: &Found, max_words: usize) -> Option<Selection<'a>> {
    let Found { query, hits, readings } = found;
    let (wanted, named) = (Wanted::of(question), names(question));
    let mut best: Option<(f32, Hit, Scored<'a>, usize)> = None;
    let mut highest_cosine = 0f32;
    for hit in hits.iter().take(PASSAGES) {
        let scored = score_sentences(snapshot, query, hit, readings.get(&hit.passage), wanted, &named);
        highest_cosine = scored.cosines.iter().copied().fold(highest_cosine, f32::max);
        // The first of equally good ones.
        let top = scored.scores.iter().copied().enumerate().reduce(|best, other| if other.1 > best.1 { other } else { best });
        if let Some((at, score)) = top
            && best.as_ref().is_none_or(|(top, ..)| score > *top)
        {
            best = Some((score, *hit, scored, at));
        }
    }
    let (sentence_score, hit, scored, first) = best?;
    let passage = scored.passage;
    let signals = Signals {
        sentence_score,
        sentence_cosine: scored.cosines[first],
        highest_cosine,
        relevance: hit.relevance.unwrap_or(0.0),
        answer: readings.get(&hit.passage).and_then(|reading| reading.sentences.get(first)).map_or(0.0, |logit| logit.max(-10.0)),
        unknown_names: unknown_names(snapshot, &named),
        ..signals(snapshot, query, hits, &hit, &passage, &passage.passage.sentences[first], wanted)
    };
    let sentences = extend(query, &passage, first, &scored.scores, max_words);
    Some(Selection { passage, sentences, signals })
}

/// What kind of answer a question wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Wanted {
    /// An amount, a date, a time.
    number: bool,
    /// What follows from something; not what it is.
    consequence: bool,
}

impl Wanted {
    fn of(question: &str) -> Self {
        Self { number: asks_for_number(question), consequence: ASKS_FOR_CONSEQUENCE.is_match(question) }
    }
}

/// The sentences of one passage, in order.
struct Scored<'a> {
    passage: PassageView<'a>,
    /// Cosine of each with the question; 0 without vectors.
    cosines: Vec<f32>,
    /// How well each answers.
    scores: Vec<f32>,
}

/// Signs that a sentence answers, in the order of the weights below.
const SIGNS: usize = 10;

/// What each sign is worth. Fitted by softmax regression over the sentences of the sample set, in five folds, and for English again by
/// steps when its encoder changed:
/// its passage's score; its cosine with the question; the share of the question's words in the sentence itself, the same with the line
/// that introduces it, the same with title and headings; a number where one is asked for; the reader's probability; a line that
/// announces an answer and is none; and, set by hand, a definition where the customer asks what follows, and the share of the names in the
/// question that the sentence speaks of.
const ENGLISH_WEIGHTS: [f32; SIGNS] = [2.0, 1.5, 0.1, 0.1, 0.2, 0.25, 0.15, -0.3, -0.6, 0.15];
const CHINESE_WEIGHTS: [f32; SIGNS] = [1.0, 0.9, 0.3, 0.3, 0.4, 0.1, 0.0, -0.2, -0.5, 0.12];

fn score_sentences<'a>(
    snapshot: &'a Snapshot,
    query: &Query,
    hit: &Hit,
    reading: Option<&Reading>,
    wanted: Wanted,
    named: &[&str],
) -> Scored<'a> {
    let passage = snapshot.passage(hit.passage);
    let above = read_terms(&format!("{} {}", passage.version.title, passage.passage.headings.join(" ")));
    let weights = if query.language == Language::Zh { CHINESE_WEIGHTS } else { ENGLISH_WEIGHTS };
    let sentences = &passage.passage.sentences;
    // What cannot be read is as if there were no vectors: search has just failed on it aloud.
    let cosines = query.vector.as_ref().and_then(|vector| snapshot.cosines(hit.passage, vector).ok().flatten());
    let cosines = cosines.map_or_else(|| vec![0.0; sentences.len()], |cosines| cosines.sentences);
    let score = |(at, sentence): (usize, &Sentence)| -> f32 {
        let mut held = read_terms(&sentence.plain);
        let own = query.coverage_of(&held);
        if let Some(lead) = &sentence.lead {
            held.extend(read_terms(lead));
        }
        let introduced = query.coverage_of(&held);
        held.extend(above.iter().cloned());
        let placed = query.coverage_of(&held);
        let number = f32::from(u8::from(wanted.number && has_number(&sentence.plain)));
        let read = reading.and_then(|reading| reading.sentences.get(at)).map_or(0.0, |logit| probability(*logit));
        let stub = f32::from(u8::from(announces(&sentence.plain)));
        let definition = f32::from(u8::from(wanted.consequence && DEFINES.is_match(&sentence.plain)));
        let spoken = named.iter().filter(|name| speaks_of(&sentence.plain, name)).count() as f32 / named.len().max(1) as f32;
        let signs: [f32; SIGNS] = [hit.score, cosines[at], own, introduced, placed, number, read, stub, definition, spoken];
        signs.iter().zip(weights).map(|(sign, weight)| sign * weight).sum()
    };
    let scores: Vec<f32> = sentences.iter().enumerate().map(score).collect();
    Scored { passage, cosines, scores }
}

/// A line such as "You can return:" announces an answer and is none.
fn ends_open(plain: &str) -> bool {
    plain.ends_with([':', '：'])
}

/// Whether a sentence only says that an answer follows: "You can return:", "This page explains the late fee."
fn announces(plain: &str) -> bool {
    static ABOUT_ITSELF: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)^(?:this|the following) (?:page|policy|document|section|article|guide|notice|chapter)s? (?:explains?|describes?|sets? out|covers?|tells?|shows?|lists?|summari[sz]es?)\b|^本(?:页|页面|政策|规定|文|文档|说明|指南|章|节).{0,4}(?:说明|介绍|列出|解释|规定了|适用)")
            .expect("pattern is a constant")
    });
    ends_open(plain) || ABOUT_ITSELF.is_match(plain)
}

/// Adds the neighbour that completes the first sentence, if it fits: the items after an announcement, a condition that
/// follows at once, or a second sentence that is nearly as good.
fn extend(query: &Query, view: &PassageView<'_>, first: usize, scores: &[f32], max_words: usize) -> Vec<usize> {
    let sentences = &view.passage.sentences;
    let budget = PAIR_WORDS.min(max_words);
    let mut chosen = vec![first];
    let mut words = count_words(&sentences[first].plain);
    if ends_open(&sentences[first].plain) {
        for (at, item) in sentences.iter().enumerate().skip(first + 1) {
            let more = count_words(&item.plain);
            if item.kind == SentenceKind::Prose || words + more > budget {
                break;
            }
            chosen.push(at);
            words += more;
        }
        return chosen;
    }
    if sentences[first].kind == SentenceKind::TableRow {
        return chosen;
    }
    let fits = |at: usize| {
        sentences
            .get(at)
            .filter(|other| words + count_words(&other.plain) <= budget && other.kind != SentenceKind::TableRow && !announces(&other.plain))
    };
    let depends = sentences[first].kind == SentenceKind::Prose && CONTINUES.is_match(&sentences[first].plain);
    if depends && first > 0 && fits(first - 1).is_some() {
        return vec![first - 1, first];
    }
    if let Some(next) = fits(first + 1)
        && next.kind == sentences[first].kind
        && LIMITS.is_match(&next.plain)
    {
        return vec![first, first + 1];
    }
    let second = (0..sentences.len())
        .filter(|&at| at != first && at.abs_diff(first) <= 2)
        .filter_map(|at| fits(at).map(|_| (at, scores[at])))
        .max_by(|a, b| a.1.total_cmp(&b.1));
    if let Some((at, other_score)) = second
        && other_score >= SECOND_SHARE * scores[first]
        && adds_coverage(query, &sentences[first].plain, &sentences[at].plain)
    {
        chosen.push(at);
        chosen.sort_unstable();
    }
    chosen
}

/// Whether `second` speaks of a part of the question that `first` leaves out.
fn adds_coverage(query: &Query, first: &str, second: &str) -> bool {
    let alone = read_terms(first);
    let mut both = alone.clone();
    both.extend(read_terms(second));
    query.coverage_of(&both) > query.coverage_of(&alone) + 0.05
}

fn signals(
    snapshot: &Snapshot,
    query: &Query,
    hits: &[Hit],
    hit: &Hit,
    view: &PassageView<'_>,
    sentence: &Sentence,
    wanted: Wanted,
) -> Signals {
    let document = |found: &Hit| snapshot.passage(found.passage).version.document_id.as_str();
    let mut held =
        read_terms(&format!("{} {} {}", view.version.title, view.passage.headings.join(" "), sentence.lead.as_deref().unwrap_or("")));
    for other in &view.passage.sentences {
        held.extend(read_terms(&other.plain));
    }
    let sentence_terms = read_terms(&format!("{} {}", sentence.lead.as_deref().unwrap_or(""), sentence.plain));
    let content = || query.words.iter().filter(|word| word.content && word.kind == TermKind::Word);
    let total: f32 = content().map(|word| word.idf * word.share).sum();
    let unknown: f32 = content().filter(|word| snapshot.lexical().passages_with(&word.text) == 0).map(|word| word.idf * word.share).sum();
    let rival = hits.iter().find(|other| document(other) != document(hit)).map_or(0.0, |other| other.score);
    let first_by = |key: fn(&Hit) -> Option<f32>| {
        hits.iter()
            .filter(|found| key(found).is_some())
            .max_by(|a, b| key(a).unwrap_or(0.0).total_cmp(&key(b).unwrap_or(0.0)))
            .map(document)
    };
    let agree = match (first_by(|found| found.lexical), first_by(|found| found.cosine)) {
        (Some(lexical), Some(dense)) => lexical == dense,
        _ => false,
    };
    Signals {
        passage_cosine: hit.cosine.unwrap_or(0.0),
        sentence_coverage: query.coverage_of(&sentence_terms),
        passage_coverage: query.coverage_of(&held),
        unknown_share: if total > 0.0 { unknown / total } else { 1.0 },
        lexical_strength: hit.lexical.unwrap_or(0.0) / query.highest_bm25().max(1.0),
        margin: hit.score - rival,
        agreement: if agree { 1.0 } else { 0.0 },
        number_fit: match (wanted.number, has_number(&sentence.plain)) {
            (false, _) => 0.0,
            (true, true) => 1.0,
            (true, false) => -1.0,
        },
        content_words: (1.0 + content().count() as f32).ln(),
        ..Signals::default()
    }
}

/// Brands, places and people that a question names and no policy speaks of: who asks about them hardly gets an answer here.
fn unknown_names(snapshot: &Snapshot, named: &[&str]) -> f32 {
    let unknown = named.iter().filter(|name| is_unknown(name, |term| snapshot.lexical().passages_with(term) > 0)).count();
    unknown as f32 / named.len().max(1) as f32
}

fn read_terms(text: &str) -> HashSet<String> {
    terms(text).into_iter().map(|term| term.text).collect()
}

/// Words as a reader counts them; a Chinese character is half a word.
pub fn count_words(text: &str) -> usize {
    let han = text.chars().filter(|c| matches!(c, '\u{3400}'..='\u{9fff}')).count();
    let other = text
        .split(|c: char| c.is_whitespace() || matches!(c, '\u{3000}'..='\u{9fff}' | '\u{ff00}'..='\u{ffef}'))
        .filter(|word| word.chars().any(char::is_alphanumeric))
        .count();
    other + han.div_ceil(2)
}

static ASKS_FOR_NUMBER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bhow (?:much|many|long|soon|often|old|late|far|quick\w*|fast)\b|\bwhen\b|\bwhat (?:time|day|date|hours|age|percent\w*|fee|price|cost|limit|amount|rate)|\bcosts?\b|\bprice|\bmax(?:imum)?\b|\bmin(?:imum)?\b|\bdeadline|多少|多久|几天|几个|几点|几次|几号|几岁|哪天|多长|什么时候|啥时候|何时|最多|最高|最低|最少|上限|几期|多大")
        .expect("pattern is a constant")
});

fn asks_for_number(question: &str) -> bool {
    ASKS_FOR_NUMBER.is_match(question)
}

fn has_number(text: &str) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|twelve|twice|once|daily|monthly|weekly|free|always|never|at once|immediately)\b|[一二两三四五六七八九十]+(?:天|日|个|次|期|元|周|年|小时|分)|免费|随时|立即|当天").expect("pattern is a constant")
    });
    WORDS.is_match(text)
}

static ASKS_FOR_CONSEQUENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\bwhat\s+(?:will\s+|would\s+|is\s+going\s+to\s+)?happens?\b|\bwhat\s+if\b|\bconsequences?\b|会怎么?样|会咋样|有什么后果|会发生什么")
        .expect("pattern is a constant")
});

/// Says what something is or when it is called so: "A payment is late when…".
static DEFINES: LazyLock<Regex> = LazyLock::new(|| {
    // Ending in d, n or t it is mostly something done: "paused", "taken", "sent".
    Regex::new(r"^(?:An?|Any)\s(?:[\w'-]+\s){1,4}(?:is|are|counts?\sas)\s(?:[\w'-]+\s){0,2}[\w'-]*[^dnt\W]\s(?:when|if|once)\b|\bmeans\b|是指|指的是|视为").expect("pattern is a constant")
});

/// Begins in a way that needs the sentence before it.
static CONTINUES: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:It|They|This|That|These|Those|He|She|Its|Their|Both|Either|Otherwise|Then|After that|However|But|Instead|In that case|In this case|Also)\b|^(?:它|这|该|其|此|否则|但|不过|之后|届时|同时)").expect("pattern is a constant")
});

/// Takes back part of what the sentence before it said: leaving it out would mislead.
static LIMITS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^(?:However|But|Except|Unless|Only|Not |No |Exceptions?|This does not|It does not|They do not|The exception)\b|^(?:但|不过|除|例外|不包括|不含)").expect("pattern is a constant")
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_counted_as_a_reader_would() {
        assert_eq!(count_words("A late fee of up to $7."), 7);
        assert_eq!(count_words("退款在三天内到账。"), 4);
        assert_eq!(count_words("订单 200–8000 元"), 3);
        assert_eq!(count_words(""), 0);
    }

    #[test]
    fn questions_for_amounts_dates_and_times_are_told_apart() {
        assert!(asks_for_number("how long do refunds take") && asks_for_number("运费多少钱"));
        assert!(!asks_for_number("can I return opened software?"));
        assert!(has_number("within 3 business days") && !has_number("soon after"));
    }

    #[test]
    fn what_only_announces_an_answer_is_told_apart() {
        for plain in ["You can return:", "This page explains the grace period and the late fee.", "本页说明退款时间。"] {
            assert!(announces(plain), "{plain}");
        }
        assert!(!announces("This policy ends when the account is closed.") && !announces("A late fee is charged after 10 days."));
    }

    #[test]
    fn who_asks_what_follows_is_not_told_what_it_is() {
        for question in ["What happens if I pay late?", "what happens when the card fails", "what if i miss one", "逾期会怎么样"] {
            assert!(Wanted::of(question).consequence, "{question}");
        }
        for question in ["when is a payment late?", "what is a late payment", "what fees do you charge", "what time do you open"] {
            assert!(!Wanted::of(question).consequence, "{question}");
        }
        assert!(DEFINES.is_match("A payment is late when it has not arrived by the due date."));
        assert!(DEFINES.is_match("逾期是指到期日未还款。"));
        assert!(!DEFINES.is_match("A late fee is charged 10 days after the due date."));
        assert!(!DEFINES.is_match("The account is paused when a payment is 20 days late."), "this is what follows");
    }
}
