//! The words of the answer: the policy's own, or the LLM's where the quotation reads badly and the checks agree.

use std::ops::Range;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use super::contract::{Citation, ComposedBy, Mode};
use super::ground::{self, Objection, char_span};
use super::select::{Selection, count_words};
use crate::engine::{Generator, Limits, Message, StopReason};
use crate::index::PassageView;
use crate::policy::{Sentence, SentenceKind};
use crate::text::Language;

/// The fixed first message of every prompt; its KV cache is computed once.
pub const SYSTEM_PROMPT: &str = "Rewrite the policy text as one short, clear answer to the customer's question. Use only its facts. Keep every number, amount and condition.";

/// In `auto` mode a quotation of more words than this is worth rewriting.
const LONG_QUOTE_WORDS: usize = 38;

/// Tokens the LLM may write.
const ANSWER_TOKENS: usize = 72;

/// Kept back from the deadline for checking and replying.
const RESERVE: Duration = Duration::from_millis(60);

/// Tokens per second this machine was measured at when the model was loaded.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// Reading the prompt.
    pub prefill_tokens_per_s: f64,
    /// Writing.
    pub decode_tokens_per_s: f64,
}

/// The LLM and what is known about it.
pub struct Writer<'a> {
    /// The model.
    pub generator: &'a Generator,
    /// How fast it is.
    pub pace: Pace,
    /// When the answer must be there.
    pub deadline: Instant,
    /// Set when nobody waits any more.
    pub cancelled: &'a AtomicBool,
}

/// Words with what they rest on.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// What the customer reads.
    pub text: String,
    /// What it rests on; `answer_span`s count in `text`.
    pub citations: Vec<Citation>,
    /// Who wrote it.
    pub by: ComposedBy,
}

/// The selected sentences as an answer, in the policy's own words.
pub fn quote(selection: &Selection<'_>) -> Draft {
    let sentences = &selection.passage.passage.sentences;
    let mut text = String::new();
    let mut citations = Vec::new();
    for &at in &introduced(sentences, &selection.sentences) {
        let sentence = &sentences[at];
        if !text.is_empty() && !text.ends_with(['。', '！', '？', '：', '；']) {
            text.push(' ');
        }
        let start = text.len();
        text.push_str(&sentence.plain);
        finish(&mut text, sentence, &sentences[at..]);
        citations.push(cite(&selection.passage, sentence, char_span(&text, &(start..text.len()))));
    }
    Draft { text, citations, by: ComposedBy::Quote }
}

/// The chosen sentences, with the line before a list where an item does not stand on its own.
fn introduced(sentences: &[Sentence], chosen: &[usize]) -> Vec<usize> {
    let Some(&first) = chosen.first() else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(lead) = &sentences[first].lead
        && sentences[first].kind == SentenceKind::ListItem
        && count_words(&sentences[first].plain) <= 12
        && let Some(at) = (0..first).rev().find(|&at| sentences[at].plain == *lead)
        && count_words(lead) <= 18
    {
        all.push(at);
    }
    all.extend_from_slice(chosen);
    all
}

/// Ends a list item or table row like a sentence; the quote itself stays as it is in the source.
fn finish(text: &mut String, sentence: &Sentence, following: &[Sentence]) {
    if sentence.kind == SentenceKind::Prose || text.ends_with(['.', '!', '?', ':', ';', ',', '。', '！', '？', '：', '；', '，']) {
        return;
    }
    let chinese = text.chars().next_back().is_some_and(|c| c > '\u{2e7f}');
    let more_items = following.get(1).is_some_and(|next| next.kind == SentenceKind::ListItem) && sentence.kind == SentenceKind::ListItem;
    text.push(match (chinese, more_items) {
        (true, true) => '；',
        (true, false) => '。',
        (false, true) => ';',
        (false, false) => '.',
    });
}

pub(super) fn cite(view: &PassageView<'_>, sentence: &Sentence, answer_span: super::contract::Span) -> Citation {
    let version = view.version;
    Citation {
        answer_span,
        document_id: version.document_id.clone(),
        title: version.title.clone(),
        section: view.section(),
        uri: version.uri.clone(),
        version: version.version,
        sha256: version.sha256.clone(),
        valid_from: version.valid_from,
        valid_to: version.valid_to,
        span: char_span(&version.source, &sentence.bytes),
        page: version.page_at(sentence.bytes.start),
        quote: version.source[sentence.bytes.clone()].to_owned(),
        verified: false, // until `ground::verify` has compared it with the stored source
    }
}

/// Why the LLM's words are not shown.
#[derive(Debug, Clone, PartialEq)]
pub enum NotWritten {
    /// The quotation is better left alone.
    NotNeeded,
    /// It would not be ready in time.
    NoTime,
    /// It failed, or was stopped.
    Failed(String),
    /// The checks object.
    Refused(Objection),
}

/// Has the LLM say what `quoted` says, if that is wanted, possible in time, and passes every check.
///
/// # Errors
/// Why the quotation stands.
pub fn write(
    writer: &Writer<'_>,
    mode: Mode,
    language: Language,
    question: &str,
    selection: &Selection<'_>,
    quoted: &Draft,
    max_words: usize,
) -> Result<Draft, NotWritten> {
    let quoted_words = count_words(&quoted.text);
    let wanted = match mode {
        Mode::Quote => false,
        Mode::Generate => true,
        Mode::Auto => quoted_words > LONG_QUOTE_WORDS,
    };
    // The default model does not write Chinese.
    if !wanted || language == Language::Zh {
        return Err(NotWritten::NotNeeded);
    }
    let sentences: Vec<&Sentence> = introduced(&selection.passage.passage.sentences, &selection.sentences)
        .into_iter()
        .map(|at| &selection.passage.passage.sentences[at])
        .collect();
    let messages = [
        Message { role: "system", content: SYSTEM_PROMPT.to_owned() },
        Message { role: "user", content: format!("Policy text: {}\n\nQuestion: {}", quoted.text, question.trim()) },
    ];
    let failed = |error: crate::error::Error| NotWritten::Failed(error.chain());
    let prompt_tokens = writer.generator.count_new_tokens(&messages).map_err(failed)?;
    // An answer is about as long as the words it restates.
    let answer_tokens = ANSWER_TOKENS.min(quoted_words * 3 / 2 + 8);
    let needed_s = prompt_tokens as f64 / writer.pace.prefill_tokens_per_s + answer_tokens as f64 / writer.pace.decode_tokens_per_s;
    let deadline = writer.deadline.checked_sub(RESERVE).unwrap_or(writer.deadline);
    if Instant::now() + Duration::from_secs_f64(needed_s.clamp(0.0, 3_600.0)) > deadline {
        return Err(NotWritten::NoTime);
    }
    let limits = Limits { answer_tokens, deadline, cancelled: writer.cancelled };
    let generated = writer.generator.generate(&messages, &limits, |_| true).map_err(failed)?;
    if generated.stopped != StopReason::End {
        return Err(match generated.stopped {
            StopReason::Cancelled => NotWritten::Failed("nobody waits any more".into()),
            StopReason::Deadline => NotWritten::NoTime,
            StopReason::End | StopReason::Length => NotWritten::Refused(Objection::Unfinished),
        });
    }
    let text = generated.text.trim().to_owned();
    let words = count_words(&text);
    if words > max_words || (mode == Mode::Auto && words >= quoted_words) {
        return Err(NotWritten::Refused(Objection::TooLong));
    }
    let evidence: Vec<&str> = sentences.iter().map(|sentence| sentence.plain.as_str()).collect();
    let ties = ground::ground(&text, &evidence).map_err(NotWritten::Refused)?;
    Ok(Draft { citations: tie(&text, &ties, &sentences, &selection.passage), text, by: ComposedBy::Generate })
}

/// One citation per written sentence, and one more for evidence that no sentence was tied to: it was used all the same.
fn tie(text: &str, ties: &[(Range<usize>, usize)], sentences: &[&Sentence], view: &PassageView<'_>) -> Vec<Citation> {
    let mut citations: Vec<Citation> = ties.iter().map(|(bytes, at)| cite(view, sentences[*at], char_span(text, bytes))).collect();
    for (at, sentence) in sentences.iter().enumerate() {
        if ties.iter().all(|(_, tied)| *tied != at) {
            citations.push(cite(view, sentence, char_span(text, &(0..text.len()))));
        }
    }
    citations
}
