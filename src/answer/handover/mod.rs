//! When is a person offered or called? Rules that an operator can read and change turn signals into a decision.
//!
//! The rules, the hours in which people are there and the patience of the queue are one TOML file (`default.toml` is the shipped one
//! and explains itself). It is checked as a whole when read, and errors name the line. Two things no file can change: whoever asks for
//! a person gets one, and so does whoever despairs.

mod hours;

use std::path::Path;
use std::sync::LazyLock;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use toml::Spanned;

pub use self::hours::Hours;
use super::contract::{Decision, Reason};
use super::signals::{Signal, SignalKind};
use crate::error::{Context, ErrorKind, Result};

/// The shipped rules.
pub const DEFAULT: &str = include_str!("default.toml");
/// How strongly a signal must be heard where a rule does not say.
const AT_LEAST: f64 = 0.5;

/// How soon a person should look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// In turn.
    #[default]
    Normal,
    /// Before those.
    High,
    /// First of all.
    Urgent,
}

impl Priority {
    /// The word hand-offs use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Normal => "normal",
            Self::High => "high",
            Self::Urgent => "urgent",
        }
    }
}

/// What follows from the signals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What happens now.
    pub decision: Decision,
    /// Why: the strongest first.
    pub reasons: Vec<Reason>,
    /// The team it goes to, if a rule names one.
    pub team: Option<String>,
    /// How soon.
    pub priority: Priority,
}

/// A rule that was checked.
#[derive(Debug, Clone, PartialEq)]
struct Rule {
    when: Vec<SignalKind>,
    unless: Vec<SignalKind>,
    at_least: f64,
    then: Option<(Decision, Reason)>,
    team: Option<String>,
    priority: Option<Priority>,
}

impl Rule {
    fn holds(&self, signals: &[Signal]) -> bool {
        let heard = |kind: SignalKind, at_least| signals.iter().any(|signal| signal.kind == kind && signal.score >= at_least);
        self.when.iter().all(|kind| heard(*kind, self.at_least)) && !self.unless.iter().any(|kind| heard(*kind, AT_LEAST))
    }

    fn decision(&self) -> Option<Decision> {
        self.then.map(|(decision, _)| decision)
    }
}

/// The rules in force, with hours and patience.
#[derive(Debug, Clone, PartialEq)]
pub struct Handover {
    rules: Vec<Rule>,
    /// When people are there; `None` is always.
    pub hours: Option<Hours>,
    /// How long a hand-off waits before it is given up; `None` is for ever.
    pub timeout: Option<Duration>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawHandover {
    #[serde(default)]
    rule: Vec<Spanned<RawRule>>,
    hours: Option<Spanned<hours::RawHours>>,
    #[serde(default)]
    queue: RawQueue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    when: Vec<SignalKind>,
    #[serde(default)]
    unless: Vec<SignalKind>,
    at_least: Option<f64>,
    then: Option<Decision>,
    reason: Option<Reason>,
    team: Option<String>,
    priority: Option<Priority>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawQueue {
    #[serde(default)]
    timeout_minutes: u32,
}

impl RawRule {
    /// What is wrong with it, if anything is.
    fn check(self) -> Result<Rule, &'static str> {
        let at_least = self.at_least.unwrap_or(AT_LEAST);
        if self.when.is_empty() {
            return Err("`when` names no signal: name one at least");
        }
        if !(0.0..=1.0).contains(&at_least) {
            return Err("`at_least` must be 0 to 1");
        }
        if self.then == Some(Decision::Escalate) && self.when.iter().all(|kind| *kind == SignalKind::Heated) {
            return Err("`heated` is a model's guess: alone it may offer a person, not call one");
        }
        let then = match (self.then, self.reason) {
            (Some(Decision::Answer), None) | (None, None) => None,
            (Some(then), Some(reason)) => Some((then, reason)),
            (Some(_), None) => return Err("a rule that offers or calls a person needs a `reason`"),
            (None, Some(_)) => return Err("a `reason` needs a `then`"),
        };
        if then.is_none() && self.team.is_none() && self.priority.is_none() && self.then.is_none() {
            return Err("the rule changes nothing: give it a `then`, a `team` or a `priority`");
        }
        Ok(Rule { when: self.when, unless: self.unless, at_least, then, team: self.team, priority: self.priority })
    }
}

impl Handover {
    /// Reads the rules in `text`; `name` is what errors call it.
    ///
    /// # Errors
    /// `BadSetting` with the line.
    pub fn parse(text: &str, name: &str) -> Result<Self> {
        let on_line = |start: usize, what: &str| {
            let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
            ErrorKind::BadSetting.on(format!("{name}, line {line}: {what}"))
        };
        let raw: RawHandover = toml::from_str(text).map_err(|cause| {
            let start = cause.span().map_or(0, |span| span.start);
            on_line(start, cause.message())
        })?;
        let mut rules = Vec::new();
        for rule in raw.rule {
            let start = rule.span().start;
            rules.push(rule.into_inner().check().map_err(|what| on_line(start, what))?);
        }
        for (kind, whom) in [(SignalKind::AsksForPerson, "asks for a person"), (SignalKind::Despair, "despairs")] {
            let calls = |rule: &Rule| {
                rule.when == [kind] && rule.unless.is_empty() && rule.at_least <= AT_LEAST && rule.decision() == Some(Decision::Escalate)
            };
            if !rules.iter().any(calls) {
                let what =
                    format!("no rule calls a person for whoever {whom}: frontdesk never keeps anyone from a person, so one is needed");
                return Err(ErrorKind::BadSetting.on(format!("{name}: {what}")));
            }
        }
        let hours = match raw.hours {
            None => None,
            Some(hours) => {
                let start = hours.span().start;
                Some(hours.into_inner().check().map_err(|what| on_line(start, &what))?)
            }
        };
        let timeout = (raw.queue.timeout_minutes > 0).then(|| Duration::from_secs(60 * u64::from(raw.queue.timeout_minutes)));
        Ok(Self { rules, hours, timeout })
    }

    /// Reads the rules in the file at `path`.
    ///
    /// # Errors
    /// `Io` if it cannot be read; as [`Self::parse`].
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        Self::parse(&std::fs::read_to_string(path).on(ErrorKind::Io, || format!("{name}: could not read these rules"))?, &name)
    }

    /// The shipped rules.
    pub fn builtin() -> &'static Self {
        static BUILTIN: LazyLock<Handover> = LazyLock::new(|| Handover::parse(DEFAULT, "the shipped rules").expect("a test reads them"));
        &BUILTIN
    }

    /// What follows from `signals`.
    pub fn decide(&self, signals: &[Signal]) -> Verdict {
        let held: Vec<&Rule> = self.rules.iter().filter(|rule| rule.holds(signals)).collect();
        let mut reasons: Vec<Reason> = Vec::new();
        let (mut decision, mut team) = (Decision::Answer, None);
        for strength in [Decision::Escalate, Decision::Offer, Decision::Answer] {
            for rule in held.iter().filter(|rule| rule.decision() == Some(strength)) {
                if let Some((then, reason)) = rule.then {
                    decision = if reasons.is_empty() { then } else { decision };
                    if !reasons.contains(&reason) {
                        reasons.push(reason);
                    }
                }
                team = team.or_else(|| rule.team.clone());
            }
        }
        let team = team.or_else(|| held.iter().find_map(|rule| rule.team.clone()));
        let priority = held.iter().filter_map(|rule| rule.priority).max().unwrap_or_default();
        Verdict { decision, reasons, team, priority }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(kinds: &[SignalKind]) -> Vec<Signal> {
        kinds.iter().map(|kind| Signal::new(*kind, 1.0, None)).collect()
    }

    const REACH: &str = "[[rule]]\nwhen = [\"asks_for_person\"]\nthen = \"escalate\"\nreason = \"user_request\"\n\n\
                         [[rule]]\nwhen = [\"despair\"]\nthen = \"escalate\"\nreason = \"distress\"\n\n";

    #[test]
    fn the_shipped_rules_put_what_weighs_most_first() {
        let rules = Handover::builtin();
        let verdict = rules.decide(&heard(&[SignalKind::WantsAction, SignalKind::AsksForPerson, SignalKind::Despair]));
        assert_eq!((verdict.decision, verdict.priority), (Decision::Escalate, Priority::Urgent));
        assert_eq!(verdict.reasons, [Reason::Distress, Reason::UserRequest, Reason::ActionRequired]);
        assert_eq!(rules.decide(&[]).decision, Decision::Answer);
        assert_eq!(rules.decide(&heard(&[SignalKind::Anger, SignalKind::AsksQuestion])).decision, Decision::Answer);
        let once = Signal::new(SignalKind::Repeats, 0.5, None);
        let verdict = rules.decide(&[once]);
        assert_eq!((verdict.decision, verdict.reasons), (Decision::Offer, vec![Reason::Loop]));
    }

    #[test]
    fn an_operator_sends_fraud_to_a_team_of_its_own() {
        let own = format!("{REACH}[[rule]]\nwhen = [\"danger\"]\nthen = \"escalate\"\nreason = \"safety_or_legal\"\nteam = \"fraud\"\n");
        let rules = Handover::parse(&own, "own.toml").unwrap();
        let verdict = rules.decide(&heard(&[SignalKind::Danger]));
        assert_eq!((verdict.decision, verdict.team.as_deref()), (Decision::Escalate, Some("fraud")));
        assert_eq!(rules.decide(&heard(&[SignalKind::Anger])).decision, Decision::Answer);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        for (rule, words) in [
            ("[[rule]]\nwhen = [\"bored\"]\nthen = \"offer\"\nreason = \"loop\"\n", "line 12"),
            ("[[rule]]\nwhen = [\"anger\"]\nthen = \"offer\"\n", "line 11: a rule that offers or calls a person needs a `reason`"),
            ("[[rule]]\nwhen = []\nthen = \"offer\"\nreason = \"loop\"\n", "line 11: `when` names no signal"),
            ("[[rule]]\nwhen = [\"anger\"]\ncolour = 1\n", "line 13: unknown field `colour`"),
            ("[[rule]]\nwhen = [\"anger\"]\nat_least = 3.0\nteam = \"a\"\n", "line 11: `at_least` must be 0 to 1"),
            ("[[rule]]\nwhen = [\"heated\"]\nthen = \"escalate\"\nreason = \"distress\"\n", "line 11: `heated` is a model's guess"),
            ("[[rule]\n", "line 11"),
            ("[hours]\ntimezone = \"Mars/Base\"\n", "Mars/Base"),
            ("[hours]\ntimezone = \"UTC\"\nmon = [\"9-5\"]\n", "09:00-17:00"),
        ] {
            let error = Handover::parse(&format!("{REACH}{rule}"), "own.toml").unwrap_err();
            assert_eq!(error.kind, ErrorKind::BadSetting);
            assert!(error.item.starts_with("own.toml, line") && error.item.contains(words), "{rule}: {}", error.item);
        }
    }

    #[test]
    fn rules_that_would_keep_a_customer_from_a_person_are_refused() {
        for (from, to) in [
            ("then = \"escalate\"\nreason = \"user_request\"", "then = \"offer\"\nreason = \"user_request\""),
            ("when = [\"asks_for_person\"]", "when = [\"asks_for_person\", \"upset\"]"),
            ("when = [\"asks_for_person\"]", "when = [\"asks_for_person\"]\nat_least = 0.9"),
            ("when = [\"despair\"]", "when = [\"despair\"]\nunless = [\"injection\"]"),
        ] {
            let error = Handover::parse(&REACH.replace(from, to), "own.toml").unwrap_err();
            assert!(error.item.contains("never keeps anyone from a person"), "{}", error.item);
        }
        Handover::parse(REACH, "own.toml").unwrap();
    }
}
