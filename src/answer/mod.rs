//! From a question to an answer with its receipts, in one function: [`answer`].
//!
//! In: an [`AnswerRequest`], a frozen index snapshot and the models. Out: an [`Answer`], and [`Event`]s on the way. Steps:
//! triage, retrieve, compose, ground, decide. Each adds to what the step before made; a step that fails or runs out of time
//! hands on to a cheaper one, and the last resort is always a person. Must not know: HTTP.

mod assist;
mod check;
mod compare;
mod compose;
mod confidence;
pub mod contract;
mod desk;
mod dial;
pub mod ground;
mod handoff;
pub mod handover;
mod heated;
mod memory;
mod notices;
mod parts;
mod receipt;
mod select;
pub mod signals;
#[cfg(test)]
pub(crate) mod testing;
pub mod triage;

pub use assist::{AssistReply, AssistRequest, Risk, Suggestion};
pub use check::{CHECKED_CHARS, Checked, ObjectionView, VerifyReply, VerifyRequest};
pub use compare::{Change, Comparison, Difference, Reply, Source};
pub use compose::{Pace, SYSTEM_PROMPT};
pub use contract::*;
pub use desk::{Desk, DeskInfo, DeskParts, Now, Ticket};
pub use dial::{Dial, DialSetting};
pub use handover::Handover;
pub use memory::Correction;
pub use receipt::{CitationNow, Fate};
pub use select::{Signals, count_words};

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use compose::{Draft, NotWritten, Writer};
use confidence::Standing;
use memory::Memory;
use signals::{Signal, SignalKind};
use triage::Mood;

use crate::engine::{Embedder, Generator, Reader};
use crate::error::{ErrorKind, Result};
use crate::index::Snapshot;
use crate::policy::Moment;
use crate::retrieve::{Context, Hit, Query, Readings, Role, Said, Scope, context, prepare, rerank, retrieve};
use crate::text::analysis::TermKind;
use crate::text::{Language, contact_in, detect_language};

/// Passages taken from search into the choice of words.
const TOP_K: usize = 20;

/// What the path works with.
pub struct Parts<'a> {
    /// The policies.
    pub snapshot: &'a Snapshot,
    /// Reads questions; without it search goes by words alone.
    pub embedder: Option<&'a Embedder>,
    /// Takes a second look at English passages; without it their order is search's.
    pub reader: Option<&'a Reader>,
    /// Writes answers; without it, or while another request has it, the policy is quoted.
    pub generator: Option<(&'a Generator, Pace)>,
    /// Names of both, for the reply.
    pub models: &'a ModelNames,
    /// The time it is, for questions that name none.
    pub now: Moment,
    /// The error rate that the operator chose, if one was calibrated.
    pub dial: Option<&'a Dial>,
    /// What people corrected and the LLM wrote before.
    memory: &'a Memory,
    /// When a person is offered or called.
    pub rules: &'a Handover,
}

/// When the request came and whether anybody still waits.
pub struct Clock<'a> {
    /// When the server took the request.
    pub received: Instant,
    /// Set when the client has gone.
    pub cancelled: &'a AtomicBool,
}

/// What stood behind an answer, for evaluation.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Trace {
    /// What the confidence came from; `None` where nothing was found or looked for.
    pub signals: Option<Signals>,
    /// Passages found, best first; empty where nothing was looked for.
    pub hits: Vec<Hit>,
    /// Which confidence judges such questions: `dense`, `chinese`, `words` or `read`.
    pub evidence: &'static str,
}

/// Answers one question. `emit` hears each event as it happens; the last is [`Event::Completed`].
///
/// # Errors
/// `Cancelled` when nobody waits any more. Every other failure becomes an answer that hands over to a person.
pub fn answer(parts: &Parts<'_>, request: &AnswerRequest, clock: &Clock<'_>, emit: &mut dyn FnMut(Event)) -> Result<(Answer, Trace)> {
    let mut timings = Timings { queue: ms(clock.received), ..Timings::default() };
    let id = new_id("ans");
    let conversation_id = request.conversation_id.clone().unwrap_or_else(|| new_id("cnv"));
    emit(Event::Started { id: id.clone(), conversation_id: conversation_id.clone() });

    // Triage: what the words alone say.
    let started = Instant::now();
    let question_language = detect_language(&request.question);
    let language = match request.language {
        LanguageChoice::Auto if question_language == Language::Zh => Language::Zh,
        LanguageChoice::Zh => Language::Zh,
        LanguageChoice::Auto | LanguageChoice::En => Language::En,
    };
    let seen = triage::triage(&request.question);
    let mut heard = seen.signals.clone();
    if seen.small_talk.is_none() {
        heard.extend(signals::of_conversation(&request.question, seen.mood, &request.history));
    }
    if request.so_far.nobody_came {
        heard.push(Signal::new(SignalKind::NobodyCame, 1.0, None));
    }
    // A plain yes right after an offer is a wish for the person offered. After a question of ours it may answer that.
    let offer = request.so_far.offer.as_deref();
    let agrees =
        |offer: &Handoff| triage::agrees(&request.question) && !offer.signals.iter().any(|signal| signal.kind == SignalKind::Vague);
    let asks = seen.heard(SignalKind::AsksForPerson);
    let only_asks = asks && !seen.heard(SignalKind::AsksQuestion) && handoff::says_nothing_new(&request.question);
    let accepted = offer.filter(|offer| only_asks || agrees(offer));
    if accepted.is_some() && !asks {
        heard.push(Signal::new(SignalKind::AsksForPerson, 1.0, "yes to the offer".to_owned()));
    }
    let by_words = parts.rules.decide(&heard);
    timings.triage = ms(started);

    // Retrieve: unless the words alone settle it.
    let with_a_person = request.so_far.is_with_a_person();
    let leaves_contact = request.so_far.is_waiting() && handoff::only_leaves_contact(&request.question);
    let settled = seen.small_talk.is_some() || seen.person_only || with_a_person || leaves_contact || accepted.is_some();
    let mut degraded = Vec::new();
    let started = Instant::now();
    let (mut found, mut failure) = (None, None);
    let time = request.as_of.unwrap_or(parts.now);
    // What a person said about a question holds for the question alone, not for what it may mean after other words.
    let is_plain = !settled && request.history.is_empty() && request.filters == Filters::default();
    let remembered = is_plain.then(|| parts.memory.recall(parts.snapshot, &request.question, time)).flatten();
    if !settled && remembered.is_none() {
        clock.still_wanted()?;
        if clock.received.elapsed() >= Duration::from_millis(request.deadline_ms) {
            failure = Some(SignalKind::Deadline);
        } else {
            match search(parts, request, question_language, &mut degraded) {
                Ok(result) => found = Some(result),
                Err(error) => {
                    tracing::error!(error = error.chain(), "search failed");
                    failure = Some(SignalKind::EngineError);
                }
            }
        }
    }
    // The tone of the words themselves, where search has read them anyway.
    let vector = found.as_ref().and_then(|found| found.query.own_vector.as_deref()).filter(|_| question_language == Language::En);
    let tone = vector.and_then(|vector| heated::signal(&request.question, vector, &seen.signals));
    let sounds_heated = tone.as_ref().is_some_and(|tone| tone.score >= heated::STRONG);
    let mood = if seen.mood == Mood::Calm && sounds_heated { Mood::Upset } else { seen.mood };
    heard.extend(tone);
    timings.retrieve = ms(started);
    emit(Event::Retrieved { passages: found.as_ref().map_or(0, |found| found.hits.len()), elapsed_ms: ms(clock.received) });

    // Compose: the words that answer, quoted or written, if any do.
    let started = Instant::now();
    clock.still_wanted()?;
    let selection = found.as_mut().and_then(|found| select_clean(parts.snapshot, request, found));
    let hits = found.as_ref().map_or(&[][..], |found| found.hits.as_slice());
    let (has_vectors, is_read) = match &found {
        Some(found) => (found.query.vector.is_some(), !found.readings.is_empty()),
        None => (parts.embedder.is_some(), parts.reader.is_some()),
    };
    let evidence = confidence::kind(question_language, has_vectors, is_read);
    let (confidence, mut standing) = match &selection {
        Some(selection) => confidence::judge(&selection.signals, evidence, parts.dial),
        None => (0.0, Standing::TooWeak),
    };
    if question_language == Language::Other && standing == Standing::Sure {
        standing = Standing::Unsure; // the models were trained on English: what they find for other languages is a guess
    }
    let empty = found.as_ref().is_some_and(|found| says_nothing(&found.query));
    if empty {
        standing = Standing::TooWeak; // whatever was found would be found by chance
    }
    let asked = if found.is_some() { parts::parts(&request.question) } else { Vec::new() };
    let several = if asked.is_empty() { None } else { several(parts, request, question_language, &asked) };
    let unanswered = several.as_ref().is_some_and(|several| several.unanswered);
    let (mut draft, confidence, standing) = match (remembered, several) {
        (Some(remembered), _) => (Some(remembered), 1.0, Standing::Sure),
        (None, Some(several)) => (Some(several.draft), several.confidence, several.standing),
        (None, None) => (None, confidence, standing),
    };
    if !matches!(standing, Standing::Sure | Standing::Unsure) {
        draft = None;
    } else if let Some(selection) = selection.as_ref().filter(|_| draft.is_none()) {
        let quoted = compose::quote(selection);
        draft = Some(match rewrite(parts, request, clock, language, selection, &quoted) {
            Ok(written) => written,
            Err(reason) => {
                if let Some(note) = note_of(&reason) {
                    degraded.push(note);
                }
                quoted
            }
        });
    }
    timings.compose = ms(started);

    // Ground: what cannot be found again in the stored source is not shown.
    let started = Instant::now();
    if let Some(written) = &mut draft {
        for citation in &mut written.citations {
            citation.verified = ground::verify(parts.snapshot, citation);
        }
        if written.citations.iter().any(|citation| !citation.verified) {
            tracing::error!(
                document = written.citations.first().map(|citation| citation.document_id.as_str()),
                "a citation did not verify"
            );
            (draft, failure) = (None, Some(SignalKind::EngineError));
        }
    }
    timings.ground = ms(started);

    // Decide, before any text goes out.
    let vague =
        draft.is_none() && failure.is_none() && (empty || found.as_ref().is_some_and(|found| is_vague(parts.snapshot, &found.query)));
    heard.extend(failure.map(|kind| Signal::new(kind, 1.0, None)));
    if let Some(draft) = &draft {
        let disputed = selection.as_ref().is_some_and(|selection| is_disputed(parts.snapshot, selection, time));
        heard.extend(disputed.then(|| Signal::new(SignalKind::ConflictingPolicy, 1.0, None)));
        heard.extend((standing == Standing::Unsure).then(|| Signal::new(SignalKind::LowConfidence, 1.0 - confidence, None)));
        heard.extend(unanswered.then(|| Signal::new(SignalKind::PartUnanswered, 1.0, None)));
        heard.extend(signals::denial(&draft.text));
        heard.extend(signals::same_answer(&draft.text, &request.history));
    } else if !settled && failure.is_none() && standing == Standing::Held {
        heard.push(Signal::new(SignalKind::Held, 1.0, None));
    } else if !settled && failure.is_none() && vague {
        heard.push(Signal::new(SignalKind::Vague, 1.0, None));
    } else if !settled && failure.is_none() && !seen.heard(SignalKind::Injection) {
        let expired = found.as_ref().and_then(|found| expired_answer(parts.snapshot, request, question_language, found, time));
        heard.extend(expired.map(|title| Signal::new(SignalKind::ExpiredPolicy, 1.0, title)));
        heard.push(Signal::new(SignalKind::NoEvidence, 1.0 - confidence, None));
    }
    // What the words alone decide needs no other reason.
    let mut verdict = if by_words.decision == Decision::Escalate { by_words } else { parts.rules.decide(&heard) };
    if with_a_person || leaves_contact {
        verdict.decision = Decision::Escalate;
        verdict.reasons = if verdict.reasons.is_empty() { vec![Reason::UserRequest] } else { verdict.reasons };
    } else if verdict.decision == Decision::Answer && draft.is_none() && seen.small_talk.is_none() {
        // Whatever the rules say: a customer without an answer is not left alone.
        (verdict.decision, verdict.reasons) = (Decision::Escalate, vec![Reason::NoEvidence]);
    }
    let (decision, reasons) = (verdict.decision, verdict.reasons.clone());
    emit(Event::Decided { decision, reasons: reasons.clone(), confidence });

    // Reply.
    let line = handoff::line(parts.rules, request);
    let suggested = draft.as_ref().map(|draft| handoff::suggested_reply(draft, mood, language));
    let reply = match (decision, draft) {
        _ if with_a_person => notice(notices::with_a_person(language).to_owned()),
        _ if leaves_contact => notice(notices::contact_noted(language).to_owned()),
        (Decision::Escalate, draft) => {
            let mut words = notices::handover(reasons.first().copied().unwrap_or(Reason::NoEvidence), mood, language).to_owned();
            let known = contact_in(&request.question).is_some();
            if let Some(honest) = notices::line(&line, known, language).filter(|_| !request.so_far.is_waiting()) {
                words.push_str(gap(language));
                words.push_str(&honest);
            }
            hand_over(&words, draft, language)
        }
        (_, Some(draft)) => match notices::before(mood, language) {
            Some(words) => after(&format!("{words}{}", gap(language)), draft),
            None => draft,
        },
        (_, None) => notice(match seen.small_talk {
            Some(kind) => notices::small_talk(kind, language).to_owned(),
            None if seen.heard(SignalKind::Injection) => notices::injection(language).to_owned(),
            None => notices::vague(&nearest_titles(parts.snapshot, hits), language),
        }),
    };
    for piece in pieces(&reply.text) {
        emit(Event::Delta { text: piece.to_owned() });
    }
    for citation in &reply.citations {
        emit(Event::Cited(Box::new(citation.clone())));
    }
    let handoff = (decision != Decision::Answer).then(|| {
        let gathered = handoff::Gathered {
            snapshot: parts.snapshot,
            request,
            conversation_id: &conversation_id,
            language: question_language,
            verdict: &verdict,
            signals: heard,
            mood,
            hits,
            citations: &reply.citations,
            suggested_reply: suggested,
            line,
            accepted,
        };
        handoff::packet(gathered)
    });
    timings.total = ms(clock.received);
    let answer = Answer {
        id,
        conversation_id,
        language,
        answer: reply.text,
        decision,
        escalate: decision == Decision::Escalate,
        reasons,
        confidence,
        citations: reply.citations,
        handoff,
        mode: reply.by,
        degraded: (!degraded.is_empty()).then(|| degraded.join("; ")),
        timings_ms: timings,
        models: parts.models.clone(),
        index_version: parts.snapshot.manifest.index_version,
        scores: selection.as_ref().map(|selection| selection.signals),
    };
    emit(Event::Completed(Box::new(answer.clone())));
    Ok((answer, Trace { signals: selection.map(|selection| selection.signals), hits: hits.to_vec(), evidence }))
}

impl Answer {
    /// Says that it could not be kept. Of a person who will never hear of it nothing may be promised.
    pub fn admit_not_kept(&mut self) {
        let note = "the answer was not recorded";
        self.degraded = Some(self.degraded.take().map_or_else(|| note.to_owned(), |before| format!("{before}; {note}")));
        if let Some(handoff) = &mut self.handoff {
            handoff.state = HandoffState::Failed;
        }
        if self.escalate {
            self.answer = notices::nobody_told(self.language).to_owned();
            self.citations.clear();
            self.mode = ComposedBy::Notice;
        }
    }
}

/// The answer to several questions in one.
struct Several {
    draft: Draft,
    /// The lowest of the parts answered.
    confidence: f64,
    standing: Standing,
    /// Whether a part was not answered; the draft says so.
    unanswered: bool,
}

/// Looks up each part of a question by itself. `None` where that brings nothing beyond the whole: no part is answered, or all by the same
/// words.
fn several(parts: &Parts<'_>, request: &AnswerRequest, language: Language, asked: &[parts::Part<'_>]) -> Option<Several> {
    let mut joined = Draft { text: String::new(), citations: Vec::new(), by: ComposedBy::Quote };
    let (mut lowest, mut unsure, mut answered, mut kind) = (1.0f64, false, 0, "");
    let mut missing = Vec::new();
    for part in asked {
        let mut history = request.history.clone();
        if !part.before.is_empty() {
            history.push(Said { role: Role::User, text: part.before.to_owned() });
        }
        let own = AnswerRequest { history, max_words: request.max_words / asked.len(), question: part.text.to_owned(), ..request.clone() };
        let mut found = search(parts, &own, language, &mut Vec::new()).ok()?;
        kind = confidence::kind(language, found.query.vector.is_some(), !found.readings.is_empty());
        let selection = select_clean(parts.snapshot, &own, &mut found);
        // Without the dial: it was measured on the answer as a whole, so it decides on that, below.
        let judged = selection.as_ref().map(|selection| confidence::judge(&selection.signals, kind, None));
        match (selection, judged) {
            (Some(selection), Some((confidence, standing @ (Standing::Sure | Standing::Unsure)))) => {
                lowest = lowest.min(confidence);
                unsure |= standing == Standing::Unsure;
                answered += 1;
                let quoted = compose::quote(&selection);
                let is_new = quoted.citations.iter().any(|one| !joined.citations.iter().any(|other| other.quote == one.quote));
                if is_new {
                    append(&mut joined, quoted, language);
                }
            }
            _ => missing.push(part.text),
        }
    }
    let sentences = joined.citations.iter().map(|citation| &citation.quote).collect::<std::collections::HashSet<_>>().len();
    if answered == 0 || (missing.is_empty() && sentences < 2) {
        return None;
    }
    for part in &missing {
        let note = Draft { text: notices::no_policy_on(part, language), citations: Vec::new(), by: ComposedBy::Quote };
        append(&mut joined, note, language);
    }
    let standing = match parts.dial.and_then(|dial| dial.answer_from(kind)) {
        Some(limit) if lowest < limit => Standing::Held,
        _ if unsure || language == Language::Other => Standing::Unsure,
        _ => Standing::Sure,
    };
    Some(Several { draft: joined, confidence: lowest, standing, unanswered: !missing.is_empty() })
}

/// Puts `more` behind `draft`.
fn append(draft: &mut Draft, more: Draft, language: Language) {
    if !draft.text.is_empty() && language != Language::Zh {
        draft.text.push(' ');
    }
    let shift = draft.text.chars().count();
    draft.text.push_str(&more.text);
    draft.citations.extend(more.citations.into_iter().map(|citation| moved(citation, shift)));
}

fn moved(mut citation: Citation, shift: usize) -> Citation {
    citation.answer_span = Span { start: citation.answer_span.start + shift, end: citation.answer_span.end + shift };
    citation
}

/// The title of a policy that would answer, had it not ceased to hold before `time` without another in its place.
fn expired_answer(snapshot: &Snapshot, request: &AnswerRequest, language: Language, found: &Found, time: Moment) -> Option<String> {
    let in_force: HashSet<&str> =
        snapshot.versions().filter(|version| version.is_valid_on(time)).map(|version| version.document_id.as_str()).collect();
    let ended = snapshot.versions().filter(|version| !in_force.contains(version.document_id.as_str()));
    let last = ended.filter_map(|version| version.valid_to).filter(|to| to.end() <= time.start()).max_by_key(|to| to.end())?.last();
    let scope = Scope { time: last, tags: request.filters.tags.clone() };
    let hits = retrieve(snapshot, &found.query, &scope, TOP_K).ok()?;
    let then = Found { query: found.query.clone(), hits, readings: Readings::new() };
    let selection = select::select(snapshot, &request.question, &then, request.max_words)?;
    let version = selection.passage.version;
    let kind = confidence::kind(language, then.query.vector.is_some(), false);
    let (_, standing) = confidence::judge(&selection.signals, kind, None);
    (standing != Standing::TooWeak && !version.is_valid_on(time)).then(|| version.title.clone())
}

/// The words that answer, from a passage that does not talk to the machine. A policy is read to customers and never obeyed: a passage with
/// orders for an assistant in it was put there by somebody else, so nothing of it is shown, to customers or to the LLM.
fn select_clean<'a>(snapshot: &'a Snapshot, request: &AnswerRequest, found: &mut Found) -> Option<select::Selection<'a>> {
    loop {
        let selection = select::select(snapshot, &request.question, found, request.max_words)?;
        if !triage::steers(selection.passage.text()) {
            return Some(selection);
        }
        tracing::warn!(document = selection.passage.version.document_id, "a passage holds orders for the machine and is left out");
        found.hits.retain(|hit| hit.passage != selection.passage.id);
    }
}

/// Whether another policy in force at `time` says something else than a chosen sentence.
fn is_disputed(snapshot: &Snapshot, selection: &select::Selection<'_>, time: Moment) -> bool {
    let chosen = selection.sentences.iter().map(|at| selection.passage.first_sentence + *at as u32);
    chosen.into_iter().any(|sentence| !snapshot.conflicts_with(sentence, time).is_empty())
}

/// What search knows about a question.
struct Found {
    query: Query,
    /// Best first.
    hits: Vec<Hit>,
    /// What the reader saw in the best of them; empty where it did not look.
    readings: Readings,
}

fn search(parts: &Parts<'_>, request: &AnswerRequest, language: Language, degraded: &mut Vec<String>) -> Result<Found> {
    let scope = Scope { time: request.as_of.unwrap_or(parts.now), tags: request.filters.tags.clone() };
    let context = context(&request.question, &request.history, language);
    let query = match prepare(parts.snapshot, parts.embedder, &request.question, context.as_ref(), language) {
        Ok(query) => query,
        Err(error) => {
            tracing::error!(error = error.chain(), "embedding failed, searching by words alone");
            degraded.push("searched by words alone: the embedding model failed".to_owned());
            prepare(parts.snapshot, None, &request.question, context.as_ref(), language)?
        }
    };
    let mut hits = retrieve(parts.snapshot, &query, &scope, TOP_K)?;
    let mut readings = Readings::new();
    // The reader knows English.
    if let Some(reader) = parts.reader.filter(|_| language != Language::Zh) {
        readings = rerank(parts.snapshot, reader, &in_context(&request.question, context.as_ref()), &mut hits).unwrap_or_else(|error| {
            tracing::error!(error = error.chain(), "the reader failed, keeping the order of search");
            degraded.push("ranked without the reader: it failed".to_owned());
            Readings::new()
        });
    }
    Ok(Found { query, hits, readings })
}

/// The question as the reader sees it: after the earlier words, where it cannot be understood without them.
fn in_context(question: &str, context: Option<&Context>) -> String {
    match context {
        Some(context) if context.is_needed() => context.before(question),
        _ => question.to_owned(),
    }
}

fn rewrite(
    parts: &Parts<'_>,
    request: &AnswerRequest,
    clock: &Clock<'_>,
    language: Language,
    selection: &select::Selection<'_>,
    quoted: &Draft,
) -> Result<Draft, NotWritten> {
    let Some((generator, pace)) = parts.generator else { return Err(NotWritten::NotNeeded) };
    let deadline = clock.received + Duration::from_millis(request.deadline_ms);
    let version = parts.snapshot.manifest.index_version;
    let key = format!("{version} {:?} {language} {} {}\n{}", request.mode, request.max_words, memory::key(&request.question), quoted.text);
    if let Some(before) = parts.memory.written(&key) {
        return Ok(before);
    }
    let writer = Writer { generator, pace, deadline, cancelled: clock.cancelled };
    let written = compose::write(&writer, request.mode, language, &request.question, selection, quoted, request.max_words)?;
    parts.memory.keep_written(key, &written);
    Ok(written)
}

/// What the reply says about a rewriting that did not happen; nothing where the quotation was wanted anyway.
fn note_of(reason: &NotWritten) -> Option<String> {
    match reason {
        NotWritten::NotNeeded => None,
        NotWritten::NoTime => Some("quoted: no time to rewrite before the deadline".to_owned()),
        NotWritten::Failed(cause) => {
            tracing::warn!(cause, "the LLM did not write an answer");
            Some("quoted: the LLM failed".to_owned())
        }
        NotWritten::Refused(objection) => {
            tracing::debug!(%objection, "the LLM's words were refused");
            None // quoting instead is the design, not a failure
        }
    }
}

/// A question of hardly any words, none of which names something that the policies do not know: "help", "it does not work".
fn is_vague(snapshot: &Snapshot, query: &Query) -> bool {
    let mut content = query.words.iter().filter(|word| word.content && word.kind == TermKind::Word);
    content.clone().count() <= 2 && content.all(|word| snapshot.lexical().passages_with(&word.text) > 0)
}

/// Whether no word of the question, nor of what was said before, tells what it is about: "help, it doesn't work".
fn says_nothing(query: &Query) -> bool {
    /// As search writes them.
    const EMPTY: [&str; 26] = [
        "help",
        "work",
        "problem",
        "issu",
        "question",
        "wrong",
        "broken",
        "error",
        "need",
        "pleas",
        "thing",
        "fail",
        "try",
        "tri",
        "got",
        "want",
        "ask",
        "know",
        "帮",
        "帮忙",
        "问题",
        "不行",
        "怎么办",
        "出错",
        "失败",
        "请问",
    ];
    query.words.iter().filter(|word| word.content && word.kind == TermKind::Word).all(|word| EMPTY.contains(&word.text.as_str()))
}

fn nearest_titles<'a>(snapshot: &'a Snapshot, hits: &[Hit]) -> Vec<&'a str> {
    let mut titles: Vec<&str> = Vec::new();
    for hit in hits {
        let title = snapshot.passage(hit.passage).version.title.as_str();
        if hit.lexical.is_some() && !titles.contains(&title) && titles.len() < 2 {
            titles.push(title);
        }
    }
    titles
}

fn notice(text: String) -> Draft {
    Draft { text, citations: Vec::new(), by: ComposedBy::Notice }
}

/// What stands between sentences of the server's own.
fn gap(language: Language) -> &'static str {
    if language == Language::Zh { "" } else { " " }
}

/// The words at a hand-over; where a policy helps meanwhile, it is quoted after them.
fn hand_over(words: &str, draft: Option<Draft>, language: Language) -> Draft {
    let Some(draft) = draft else { return notice(words.to_owned()) };
    let gap = gap(language);
    after(&format!("{words}{gap}{}{gap}", notices::meanwhile(language)), draft)
}

/// `draft` after `words`.
fn after(words: &str, draft: Draft) -> Draft {
    let shift = words.chars().count();
    let citations = draft.citations.into_iter().map(|citation| moved(citation, shift)).collect();
    Draft { text: format!("{words}{}", draft.text), citations, by: draft.by }
}

/// The text in pieces a reader can follow as they come; together they are the text.
fn pieces(text: &str) -> Vec<&str> {
    let mut ends: Vec<usize> = crate::text::split_sentences(text).into_iter().skip(1).map(|bytes| bytes.start).collect();
    ends.push(text.len());
    let mut start = 0;
    ends.into_iter()
        .map(|end| std::mem::replace(&mut start, end)..end)
        .filter(|bytes| !bytes.is_empty())
        .map(|bytes| &text[bytes])
        .collect()
}

impl Clock<'_> {
    fn still_wanted(&self) -> Result<()> {
        if self.cancelled.load(Ordering::Relaxed) { Err(ErrorKind::Cancelled.on("the client has gone")) } else { Ok(()) }
    }
}

fn ms(since: Instant) -> f64 {
    (since.elapsed().as_secs_f64() * 1e5).round() / 100.0
}

/// A name that sorts by time: `ans_…`, `cnv_…`, `hnd_…`.
pub fn new_id(kind: &str) -> String {
    format!("{kind}_{}", uuid::Uuid::now_v7().simple())
}

#[cfg(test)]
mod tests;
