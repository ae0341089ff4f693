//! How does the desk do, and where do its policies fall short? From what the store kept.
//!
//! A conversation is contained when no person was called in it. Questions that no policy answered are put together when they share
//! most of their words; each group costs the hand-offs in it times the minutes that one takes a person.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use serde::Serialize;

use super::metrics::percentile;
use crate::answer::{Decision, HandoffState, Reason};
use crate::store::{Asked, History};
use crate::text::analysis::{TermKind, terms};
use crate::text::redact;

/// Minutes of a person that a hand-off takes, where the operator does not say.
pub const AGENT_MINUTES: f64 = 6.0;
/// Groups of unanswered questions shown, and examples of each.
const GROUPS: usize = 20;
const EXAMPLES: usize = 3;
/// Share of words that two questions of one group have in common (Jaccard).
const ALIKE: f64 = 0.4;
/// A new conversation of the same customer within this time repeats the contact.
const REPEAT_WITHIN: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The report.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeskReport {
    /// First moment counted, RFC 3339, UTC.
    pub from: String,
    /// First moment not counted any more.
    pub to: String,
    /// The whole time.
    pub total: Figures,
    /// Each week that holds a question, by its Monday (UTC), oldest first.
    pub weeks: Vec<Week>,
    /// What no policy answered, the most expensive first.
    pub unanswered: Vec<Group>,
    /// Minutes of a person that a hand-off was taken to cost.
    pub agent_minutes: f64,
}

/// A week.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Week {
    /// Its Monday.
    pub week: Date,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// Figures over some time. Rates are 0 where there is nothing to divide by.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Conversations with a question in this time.
    pub conversations: usize,
    /// Questions.
    pub questions: usize,
    /// Share of conversations in which no person was called.
    pub containment_rate: f64,
    /// Share of questions at which a person was called.
    pub escalation_rate: f64,
    /// Share of questions at which a person was offered.
    pub offer_rate: f64,
    /// Questions at which a person was called, by their first reason.
    pub escalations: BTreeMap<String, usize>,
    /// Share of conversations of known customers that came within a week after another of the same customer.
    pub repeat_contact_rate: f64,
    /// Answers that were found good.
    pub thumbs_up: usize,
    /// Answers that were found bad.
    pub thumbs_down: usize,
    /// Milliseconds until an answer was there.
    pub latency_ms: LatencyFigures,
    /// Hand-offs.
    pub handoffs: HandoffFigures,
}

/// Milliseconds.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LatencyFigures {
    /// Half of the answers were faster.
    pub p50: f64,
    /// 95 of 100 were faster.
    pub p95: f64,
}

/// Hand-offs over some time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct HandoffFigures {
    /// Begun.
    pub begun: usize,
    /// Taken by a person.
    pub accepted: usize,
    /// Given up because nobody came.
    pub timed_out: usize,
    /// Minutes in which half of those taken were taken; `None` if none was.
    pub median_wait_minutes: Option<f64>,
    /// Minutes of people that all of them took.
    pub agent_minutes: f64,
}

/// Questions alike that no policy answered.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// How often.
    pub questions: usize,
    /// Hand-offs they led to.
    pub handoffs: usize,
    /// Minutes of people that those took.
    pub agent_minutes: f64,
    /// Words that most of them hold.
    pub words: Vec<String>,
    /// Some of them, redacted, the latest first.
    pub examples: Vec<String>,
    /// When one was asked last, RFC 3339, UTC.
    pub last_asked: String,
}

/// Counts what happened from `from` to `to`.
pub fn desk_report(history: &History, from: Timestamp, to: Timestamp, agent_minutes: f64) -> DeskReport {
    let mut by_week: BTreeMap<Date, History> = BTreeMap::new();
    let rated: HashMap<&str, bool> = history.rated.iter().map(|(answer, good)| (answer.as_str(), *good)).collect();
    for asked in &history.asked {
        let week = by_week.entry(monday(asked.at)).or_default();
        week.asked.push(asked.clone());
        week.rated.extend(rated.get(asked.answer.id.as_str()).map(|good| (asked.answer.id.clone(), *good)));
    }
    for handed in &history.handed {
        by_week.entry(monday(handed.began)).or_default().handed.push(handed.clone());
    }
    let repeated = repeated_conversations(&history.asked);
    let weeks = by_week.into_iter().map(|(week, history)| Week { week, figures: figures(&history, &repeated, agent_minutes) });
    DeskReport {
        from: from.to_string(),
        to: to.to_string(),
        total: figures(history, &repeated, agent_minutes),
        weeks: weeks.collect(),
        unanswered: unanswered(history, agent_minutes),
        agent_minutes,
    }
}

fn monday(at: Timestamp) -> Date {
    let day: Zoned = at.to_zoned(TimeZone::UTC);
    let since = i64::from(day.weekday().to_monday_zero_offset());
    day.date().saturating_sub(since.days())
}

/// Conversations that a known customer began within a week after another one.
fn repeated_conversations(asked: &[Asked]) -> HashSet<&str> {
    let mut last: HashMap<&str, (&str, Timestamp)> = HashMap::new();
    let mut repeated = HashSet::new();
    for one in asked {
        let Some(customer) = one.customer_id.as_deref() else { continue };
        let before = last.insert(customer, (&one.conversation_id, one.at));
        if before.is_some_and(|(id, at)| id != one.conversation_id && one.at.duration_since(at) <= REPEAT_WITHIN) {
            repeated.insert(one.conversation_id.as_str());
        }
    }
    repeated
}

fn figures(history: &History, repeated: &HashSet<&str>, agent_minutes: f64) -> Figures {
    let share = |part: usize, whole: usize| if whole == 0 { 0.0 } else { part as f64 / whole as f64 };
    let asked = &history.asked;
    let all: HashSet<&str> = asked.iter().map(|one| one.conversation_id.as_str()).collect();
    let decided = |decision| asked.iter().filter(move |one| one.answer.decision == decision);
    let handed_over: HashSet<&str> = decided(Decision::Escalate).map(|one| one.conversation_id.as_str()).collect();
    let known: HashSet<&str> = asked.iter().filter(|one| one.customer_id.is_some()).map(|one| one.conversation_id.as_str()).collect();
    let mut escalations = BTreeMap::new();
    for one in decided(Decision::Escalate) {
        *escalations.entry(name_of(one.answer.reasons.first().copied())).or_default() += 1;
    }
    let latencies: Vec<f64> = asked.iter().map(|one| one.answer.timings_ms.total).collect();
    let mut waits: Vec<f64> =
        history.handed.iter().filter_map(|one| Some(one.accepted?.duration_since(one.began).as_secs_f64() / 60.0)).collect();
    waits.sort_by(f64::total_cmp);
    let timed_out = history.handed.iter().filter(|one| one.handoff.state == HandoffState::TimedOut).count();
    Figures {
        conversations: all.len(),
        questions: asked.len(),
        containment_rate: share(all.len() - handed_over.len(), all.len()),
        escalation_rate: share(decided(Decision::Escalate).count(), asked.len()),
        offer_rate: share(decided(Decision::Offer).count(), asked.len()),
        escalations,
        repeat_contact_rate: share(known.iter().filter(|id| repeated.contains(*id)).count(), known.len()),
        thumbs_up: history.rated.iter().filter(|(_, good)| *good).count(),
        thumbs_down: history.rated.iter().filter(|(_, good)| !good).count(),
        latency_ms: LatencyFigures { p50: percentile(&latencies, 0.50), p95: percentile(&latencies, 0.95) },
        handoffs: HandoffFigures {
            begun: history.handed.len(),
            accepted: waits.len(),
            timed_out,
            median_wait_minutes: waits.get(waits.len() / 2).copied(),
            agent_minutes: agent_minutes * waits.len() as f64,
        },
    }
}

fn name_of(reason: Option<Reason>) -> String {
    let name = serde_json::to_value(reason).ok().and_then(|value| value.as_str().map(str::to_owned));
    name.unwrap_or_else(|| "none".to_owned())
}

/// A group under way.
struct Gathering<'a> {
    /// How many of its questions hold each word.
    words: BTreeMap<String, usize>,
    asked: Vec<&'a Asked>,
}

/// Puts questions together that no policy answered. Each joins the group it shares most words with, if those are enough, and else
/// begins one.
fn unanswered(history: &History, agent_minutes: f64) -> Vec<Group> {
    let missed = |one: &&Asked| one.answer.reasons.iter().any(|reason| matches!(reason, Reason::NoEvidence | Reason::StalePolicy));
    let mut groups: Vec<Gathering<'_>> = Vec::new();
    for one in history.asked.iter().filter(missed) {
        let words: BTreeSet<String> = terms(&one.question)
            .into_iter()
            .filter(|term| term.kind == TermKind::Word && !crate::text::analysis::is_stop_word(&term.text))
            .map(|term| term.text)
            .collect();
        let alike = |group: &Gathering<'_>| {
            // Words that half of the group hold stand for it.
            let typical = group.words.iter().filter(|(_, count)| **count * 2 >= group.asked.len());
            let (mut shared, mut typical_count) = (0, 0);
            for (word, _) in typical {
                typical_count += 1;
                shared += usize::from(words.contains(word));
            }
            shared as f64 / (words.len() + typical_count - shared).max(1) as f64
        };
        let best = groups.iter_mut().map(|group| (alike(group), group)).max_by(|a, b| a.0.total_cmp(&b.0));
        let group = match best {
            Some((share, group)) if share >= ALIKE => group,
            _ => {
                groups.push(Gathering { words: BTreeMap::new(), asked: Vec::new() });
                let Some(new) = groups.last_mut() else { continue };
                new
            }
        };
        for word in words {
            *group.words.entry(word).or_default() += 1;
        }
        group.asked.push(one);
    }
    let mut shown: Vec<Group> = groups.iter().map(|group| shown(group, agent_minutes)).collect();
    shown.sort_by(|a, b| (b.handoffs, b.questions, &b.last_asked).cmp(&(a.handoffs, a.questions, &a.last_asked)));
    shown.truncate(GROUPS);
    shown
}

fn shown(group: &Gathering<'_>, agent_minutes: f64) -> Group {
    let handoffs: HashSet<&str> = group
        .asked
        .iter()
        .filter(|one| one.answer.escalate)
        .filter_map(|one| one.answer.handoff.as_ref())
        .map(|handoff| handoff.id.as_str())
        .collect();
    let mut examples: Vec<String> = Vec::new();
    for one in group.asked.iter().rev() {
        let question = redact(&one.question).into_owned();
        if examples.len() < EXAMPLES && !examples.contains(&question) {
            examples.push(question);
        }
    }
    let mut words: Vec<(&String, &usize)> = group.words.iter().filter(|(_, count)| **count * 2 >= group.asked.len()).collect();
    words.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    Group {
        questions: group.asked.len(),
        handoffs: handoffs.len(),
        agent_minutes: agent_minutes * handoffs.len() as f64,
        words: words.into_iter().take(8).map(|(word, _)| word.clone()).collect(),
        examples,
        last_asked: group.asked.last().map(|one| one.at.to_string()).unwrap_or_default(),
    }
}

impl DeskReport {
    /// The weeks and the whole as a table, for spreadsheets.
    pub fn to_csv(&self) -> String {
        let mut table = csv::Writer::from_writer(Vec::new());
        let reasons: BTreeSet<&String> = self.total.escalations.keys().collect();
        let mut head: Vec<String> = [
            "week",
            "conversations",
            "questions",
            "containment_rate",
            "escalation_rate",
            "offer_rate",
            "repeat_contact_rate",
            "thumbs_up",
            "thumbs_down",
            "latency_p50_ms",
            "latency_p95_ms",
            "handoffs",
            "handoffs_accepted",
            "handoffs_timed_out",
            "median_wait_minutes",
            "agent_minutes",
        ]
        .map(str::to_owned)
        .to_vec();
        head.extend(reasons.iter().map(|reason| format!("escalated_{reason}")));
        let rows = self.weeks.iter().map(|week| (week.week.to_string(), &week.figures)).chain([("total".to_owned(), &self.total)]);
        // Writing to memory does not fail.
        let _ = table.write_record(&head);
        for (name, one) in rows {
            let rate = |rate: f64| format!("{rate:.4}");
            let mut row = vec![
                name,
                one.conversations.to_string(),
                one.questions.to_string(),
                rate(one.containment_rate),
                rate(one.escalation_rate),
                rate(one.offer_rate),
                rate(one.repeat_contact_rate),
                one.thumbs_up.to_string(),
                one.thumbs_down.to_string(),
                format!("{:.1}", one.latency_ms.p50),
                format!("{:.1}", one.latency_ms.p95),
                one.handoffs.begun.to_string(),
                one.handoffs.accepted.to_string(),
                one.handoffs.timed_out.to_string(),
                one.handoffs.median_wait_minutes.map(|minutes| format!("{minutes:.1}")).unwrap_or_default(),
                format!("{:.1}", one.handoffs.agent_minutes),
            ];
            row.extend(reasons.iter().map(|reason| one.escalations.get(*reason).copied().unwrap_or_default().to_string()));
            let _ = table.write_record(&row);
        }
        table.into_inner().ok().and_then(|bytes| String::from_utf8(bytes).ok()).unwrap_or_default()
    }
}
