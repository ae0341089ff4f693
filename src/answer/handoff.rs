//! What a person needs to take over without asking the customer anything twice.

use std::sync::LazyLock;

use regex::Regex;

use super::contract::{AnswerRequest, Citation, Fact, Handoff, HandoffSource, HandoffState, Reason};
use super::ground::char_span;
use super::new_id;
use super::triage::Mood;
use crate::index::Snapshot;
use crate::retrieve::Hit;
use crate::text::Language;

/// Passages given to the person.
const SOURCES: usize = 3;

/// Builds the packet. `citations` are what the customer was shown already, if anything.
#[expect(clippy::too_many_arguments, reason = "a packet gathers what every step found")]
pub(super) fn packet(
    snapshot: &Snapshot,
    request: &AnswerRequest,
    conversation_id: &str,
    language: Language,
    reasons: &[Reason],
    mood: Mood,
    hits: &[Hit],
    citations: &[Citation],
) -> Handoff {
    let so_far = &request.so_far;
    let earlier = so_far.handoff.as_deref();
    let mut facts = facts(&request.question, so_far.turns);
    facts.splice(0..0, earlier.into_iter().flat_map(|handoff| handoff.facts.iter().cloned()));
    let reason = reasons.first().copied().unwrap_or(Reason::NoEvidence);
    let sources: Vec<HandoffSource> = hits
        .iter()
        .take(SOURCES)
        .map(|hit| {
            let view = snapshot.passage(hit.passage);
            HandoffSource {
                document_id: view.version.document_id.clone(),
                title: view.version.title.clone(),
                version: view.version.version,
                span: char_span(&view.version.source, &view.passage.bytes),
                quote: view.text().to_owned(),
            }
        })
        .collect();
    let tried = match (citations.first(), sources.first()) {
        (Some(citation), _) => vec![format!("Told the customer: “{}” ({}, version {})", citation.quote, citation.title, citation.version)],
        (None, Some(nearest)) => {
            vec![format!("Searched the policies; the nearest was “{}”, not close enough to answer from", nearest.title)]
        }
        (None, None) => Vec::new(),
    };
    let handoff = Handoff {
        id: new_id("hnd"),
        conversation_id: conversation_id.to_owned(),
        created_at: jiff::Timestamp::now().to_string(),
        state: HandoffState::Queued,
        revision: 1,
        updated_at: None,
        agent: None,
        note: None,
        language,
        question: request.question.clone(),
        summary: summary(reason, mood),
        open_questions: open_questions(reason, &facts),
        facts,
        tried,
        sources,
        suggested_reply: None, // nothing is sure enough to put into a person's mouth
        sentiment: mood.name().to_owned(),
        reasons: reasons.to_vec(),
        team: None,
        priority: priority(reason, mood).to_owned(),
    };
    match earlier {
        None => handoff,
        Some(earlier) => follow(handoff, earlier),
    }
}

/// One conversation waits once: what is new joins what waits already, at its place in the queue and with the higher priority.
fn follow(new: Handoff, waiting: &Handoff) -> Handoff {
    let urgency = |priority: &str| ["normal", "high", "urgent"].iter().position(|name| *name == priority);
    let mut tried = waiting.tried.clone();
    tried.extend(new.tried.iter().filter(|tried| !waiting.tried.contains(tried)).cloned());
    let mut reasons = waiting.reasons.clone();
    reasons.extend(new.reasons.iter().filter(|reason| !waiting.reasons.contains(reason)));
    Handoff {
        id: waiting.id.clone(),
        created_at: waiting.created_at.clone(),
        state: waiting.state,
        revision: waiting.revision,
        updated_at: waiting.updated_at.clone(),
        agent: waiting.agent.clone(),
        note: waiting.note.clone(),
        sources: if new.sources.is_empty() { waiting.sources.clone() } else { new.sources },
        priority: if urgency(&new.priority) > urgency(&waiting.priority) { new.priority } else { waiting.priority.clone() },
        tried,
        reasons,
        ..new
    }
}

fn summary(reason: Reason, mood: Mood) -> String {
    let why = match reason {
        Reason::UserRequest => "The customer asked for a person.",
        Reason::Distress => "The customer sounds in distress: please answer first of all.",
        Reason::SafetyOrLegal => "The customer reports fraud or danger, or speaks of legal steps.",
        Reason::Deadline => "The machine did not answer in time.",
        Reason::EngineError => "The machine failed.",
        Reason::ActionRequired => "The customer wants something done on the account, and no policy answers the question.",
        _ => "No policy in force answers the question.",
    };
    let tone = match mood {
        Mood::Upset => " The customer sounds upset.",
        Mood::Calm | Mood::Distressed => "",
    };
    format!("{why}{tone}")
}

fn open_questions(reason: Reason, facts: &[Fact]) -> Vec<String> {
    match reason {
        Reason::UserRequest if facts.is_empty() => vec!["What is it about, if the question above does not say?".to_owned()],
        Reason::SafetyOrLegal => vec!["Which payments or orders does the customer not recognise, if any?".to_owned()],
        _ => Vec::new(),
    }
}

fn priority(reason: Reason, mood: Mood) -> &'static str {
    match (reason, mood) {
        (Reason::Distress | Reason::SafetyOrLegal, _) => "urgent",
        (_, Mood::Upset) => "high",
        _ => "normal",
    }
}

static FACT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix) [$£€¥]\s?\d[\d,.]*\d | [$£€¥]\s?\d | \d[\d,.]*\s?(?:元|块|usd|eur|gbp|dollars|euros|pounds|%)  # amounts
        | \d{4}[-/.]\d{1,2}[-/.]\d{1,2} | \d{1,2}[/.]\d{1,2}[/.]\d{2,4} | \d{1,2}月\d{1,2}[日号]                # dates
        | (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?\s\d{1,2}(?:st|nd|rd|th)?\b
        | [\w.+-]+@[\w-]+(?:\.[\w-]+)+                                                                       # e-mail
        | \#?\b[a-z]{0,4}-?\d{5,}\b                                                                          # order numbers
        | \b\d+\s(?:days?|weeks?|months?|hours?)\b | \d+\s?(?:天|周|个月|小时)                                 # times
        ",
    )
    .expect("pattern is a constant")
});

/// Amounts, dates, codes and addresses in the customer's words, with their places.
fn facts(question: &str, turn: usize) -> Vec<Fact> {
    FACT.find_iter(question)
        .map(|found| {
            let span = char_span(question, &found.range());
            Fact { text: found.as_str().to_owned(), turn, start: span.start, end: span.end }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_the_customers_own_words_at_their_place() {
        let question = "我在3月5日付了 $45.50，订单 KS-883412，邮箱 a.b@example.com";
        let found = facts(question, 0);
        let texts: Vec<&str> = found.iter().map(|fact| fact.text.as_str()).collect();
        assert_eq!(texts, ["3月5日", "$45.50", "KS-883412", "a.b@example.com"]);
        for fact in &found {
            let words: String = question.chars().skip(fact.start).take(fact.end - fact.start).collect();
            assert_eq!(words, fact.text);
        }
    }

    #[test]
    fn danger_comes_first_in_the_queue() {
        assert_eq!(priority(Reason::SafetyOrLegal, Mood::Calm), "urgent");
        assert_eq!(priority(Reason::NoEvidence, Mood::Upset), "high");
        assert_eq!(priority(Reason::NoEvidence, Mood::Calm), "normal");
    }
}
