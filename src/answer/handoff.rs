//! What a person needs to take over without asking the customer anything twice.

use std::sync::LazyLock;

use regex::Regex;

use super::compose::Draft;
use super::contract::{AnswerRequest, Citation, Decision, Fact, Handoff, HandoffSource, HandoffState, Reason, Wait};
use super::ground::char_span;
use super::handover::{Handover, Verdict};
use super::signals::Signal;
use super::triage::Mood;
use super::{new_id, notices};
use crate::index::Snapshot;
use crate::retrieve::Hit;
use crate::text::{Language, contact_in};

/// Passages given to the person.
const SOURCES: usize = 3;
/// Words beside an address in a message that only leaves it.
const WORDS_WITH_CONTACT: usize = 8;

/// What every step found.
pub(super) struct Gathered<'a> {
    pub snapshot: &'a Snapshot,
    pub request: &'a AnswerRequest,
    pub conversation_id: &'a str,
    pub language: Language,
    pub verdict: &'a Verdict,
    pub signals: Vec<Signal>,
    pub mood: Mood,
    pub hits: &'a [Hit],
    /// What the customer was shown already, if anything.
    pub citations: &'a [Citation],
    pub suggested_reply: Option<String>,
    pub line: Wait,
    /// The offer that the customer has just said yes to.
    pub accepted: Option<&'a Handoff>,
}

/// Builds the packet. With an offer it is ready, and nobody waits yet.
pub(super) fn packet(gathered: Gathered<'_>) -> Handoff {
    let Gathered { snapshot, request, verdict, mood, citations, .. } = gathered;
    let so_far = &request.so_far;
    let earlier = so_far.handoff.as_deref();
    let mut facts = facts(&request.question, so_far.turns);
    let before = earlier.or(so_far.offer.as_deref());
    facts.splice(0..0, before.into_iter().flat_map(|handoff| handoff.facts.iter().cloned()));
    let reason = verdict.reasons.first().copied().unwrap_or(Reason::NoEvidence);
    let offered = verdict.decision == Decision::Offer;
    let sources: Vec<HandoffSource> = gathered
        .hits
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
    let handoff = Handoff {
        id: new_id("hnd"),
        conversation_id: gathered.conversation_id.to_owned(),
        created_at: jiff::Timestamp::now().to_string(),
        state: if offered { HandoffState::Offered } else { HandoffState::Queued },
        revision: 1,
        updated_at: None,
        agent: None,
        note: None,
        language: gathered.language,
        question: request.question.clone(),
        summary: summary(reason, mood, offered),
        open_questions: open_questions(reason, &facts),
        facts,
        tried: tried(citations, &sources),
        sources,
        suggested_reply: gathered.suggested_reply,
        sentiment: mood.name().to_owned(),
        reasons: verdict.reasons.clone(),
        team: verdict.team.clone(),
        priority: verdict.priority.name().to_owned(),
        contact: contact_in(&request.question),
        wait: Some(gathered.line),
        signals: gathered.signals,
    };
    match (gathered.accepted, earlier) {
        (_, Some(earlier)) => follow(handoff, earlier),
        (Some(offer), None) => accept(handoff, offer),
        (None, None) => handoff,
    }
}

/// The packet that was offered, now that the customer wants the person: "yes" alone would tell nobody anything.
fn accept(yes: Handoff, offer: &Handoff) -> Handoff {
    let mut reasons = yes.reasons;
    reasons.extend(offer.reasons.iter().filter(|reason| !reasons.contains(reason)).collect::<Vec<_>>());
    let mut signals = offer.signals.clone();
    signals.extend(yes.signals);
    Handoff {
        created_at: yes.created_at,
        state: yes.state,
        summary: format!("{} The customer wants the person who was offered.", offer.summary),
        reasons,
        signals,
        wait: yes.wait,
        team: offer.team.clone().or(yes.team),
        priority: higher(yes.priority, &offer.priority),
        ..offer.clone()
    }
}

fn higher(one: String, other: &str) -> String {
    let urgency = |priority: &str| ["normal", "high", "urgent"].iter().position(|name| *name == priority);
    if urgency(other) > urgency(&one) { other.to_owned() } else { one }
}

/// What the customer was told, and which policies were looked at.
fn tried(citations: &[Citation], sources: &[HandoffSource]) -> Vec<String> {
    let told = citations
        .first()
        .map(|citation| format!("Told the customer: “{}” ({}, version {})", citation.quote, citation.title, citation.version));
    let mut checked: Vec<String> = Vec::new();
    for source in sources {
        let name = format!("“{}”, version {}", source.title, source.version);
        if !checked.contains(&name) {
            checked.push(name);
        }
    }
    let verdict = if citations.is_empty() { "; none is close enough to answer from" } else { "" };
    let checked = (!checked.is_empty()).then(|| format!("Checked the policies {}{verdict}", checked.join(", ")));
    told.into_iter().chain(checked).collect()
}

/// The policy's words as a reply that a person may send after reading them, with where they stand.
pub(super) fn suggested_reply(draft: &Draft, mood: Mood, language: Language) -> String {
    let before = notices::before(mood, language).map(|words| format!("{words}{}", super::gap(language))).unwrap_or_default();
    let place = draft.citations.first().map(|citation| match language {
        Language::Zh => format!("（见《{}》第 {} 版）", citation.title, citation.version),
        _ => format!(" ({}, version {})", citation.title, citation.version),
    });
    format!("{before}{}{}", draft.text, place.unwrap_or_default())
}

/// How long it may take until a person comes.
pub(super) fn line(rules: &Handover, request: &AnswerRequest) -> Wait {
    let now = jiff::Timestamp::now();
    let open = rules.hours.as_ref().is_none_or(|hours| hours.are_open(now));
    let opens = rules.hours.as_ref().filter(|_| !open).and_then(|hours| hours.next_opening(now));
    let queue = request.so_far.queue.unwrap_or_default();
    let minutes = |wait: jiff::SignedDuration| u64::try_from(wait.as_secs().max(0)).unwrap_or_default().div_ceil(60).max(1);
    Wait {
        open,
        opens_at: opens.map(|time| time.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()),
        ahead: queue.waiting,
        usual_minutes: queue.usual_wait.map(minutes),
    }
}

/// Whether a message says hardly more than how to reach the customer.
pub(super) fn only_leaves_contact(message: &str) -> bool {
    let Some(contact) = contact_in(message) else { return false };
    let rest = message.replace(&contact, " ");
    let words = rest.split(|letter: char| !letter.is_alphanumeric()).filter(|word| !word.is_empty());
    // A Chinese character counts as half a word.
    let halves: usize = words.map(|word| if word.is_ascii() { 2 } else { word.chars().count() }).sum();
    halves <= 2 * WORDS_WITH_CONTACT
}

/// Whether a wish for a person is short and without facts: what it is about was said before.
pub(super) fn says_nothing_new(wish: &str) -> bool {
    const CHARS: usize = 60;
    wish.chars().count() <= CHARS && !FACT.is_match(wish)
}

/// One conversation waits once: what is new joins what waits already, at its place in the queue and with the higher priority.
fn follow(new: Handoff, waiting: &Handoff) -> Handoff {
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
        priority: higher(new.priority, &waiting.priority),
        tried,
        reasons,
        team: new.team.or_else(|| waiting.team.clone()),
        contact: new.contact.or_else(|| waiting.contact.clone()),
        suggested_reply: new.suggested_reply.or_else(|| waiting.suggested_reply.clone()),
        ..new
    }
}

fn summary(reason: Reason, mood: Mood, offered: bool) -> String {
    let why = match reason {
        Reason::NoEvidence if offered => "Our policies answer only a part of this.",
        Reason::LowConfidence if offered => "A policy may answer this, but the machine is not sure enough.",
        Reason::ConflictingPolicy => "Two policies in force say different things about this.",
        Reason::Injection => "The message tries to steer the machine.",
        Reason::UserRequest => "The customer asked for a person.",
        Reason::Distress if mood == Mood::Distressed => "The customer sounds in distress: please answer first of all.",
        Reason::Distress => "How the customer was treated or fares is the matter.",
        Reason::SafetyOrLegal => "The customer reports fraud or danger, or speaks of legal steps.",
        Reason::Loop => "The machine got the customer no further.",
        Reason::Deadline => "The machine did not answer in time.",
        Reason::EngineError => "The machine failed.",
        Reason::ActionRequired => "Somebody has to look into the customer's account or act on it.",
        Reason::StalePolicy => "Only a policy that no longer holds answers the question.",
        Reason::Denial => "Our policy says no to the customer.",
        Reason::NoEvidence => "No policy in force answers the question.",
        Reason::LowConfidence => "The machine was not sure enough to answer.",
    };
    let tone = match mood {
        Mood::Upset => " The customer sounds upset.",
        Mood::Grieving => " Somebody has died: please choose your words with care.",
        Mood::Calm | Mood::Distressed => "",
    };
    format!("{why}{tone}")
}

fn open_questions(reason: Reason, facts: &[Fact]) -> Vec<String> {
    let question = match reason {
        Reason::UserRequest if facts.is_empty() => "What is it about, if the question above does not say?",
        Reason::SafetyOrLegal => "Which payments or orders does the customer not recognise, if any?",
        Reason::ActionRequired if facts.is_empty() => "Which order or payment is it about?",
        Reason::StalePolicy => "Which rule holds now?",
        _ => return Vec::new(),
    };
    vec![question.to_owned()]
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
    fn a_message_that_only_leaves_an_address_is_told_from_a_question() {
        for text in ["a.b@example.com", "my number is +44 20 7946 0958, thanks", "电话13800138000", "请打给我 13800138000 谢谢"] {
            assert!(only_leaves_contact(text), "{text}");
        }
        for text in ["how do I change my e-mail a.b@example.com in the account settings of your app", "thanks", "订单 4471190"] {
            assert!(!only_leaves_contact(text), "{text}");
        }
    }
}
