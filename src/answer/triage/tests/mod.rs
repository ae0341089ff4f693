//! What customers type, in tables: every sentence here was written for this project.

mod danger;
mod more;
mod person;
mod robust;
mod small_talk;
mod vulnerable;

use super::*;
use crate::answer::contract::{Decision, Reason};
use crate::answer::handover::Handover;

/// Why the shipped rules call a person on these words alone, if they do.
fn called(text: &str) -> Option<Reason> {
    let verdict = Handover::builtin().decide(&triage(text).signals);
    verdict.reasons.into_iter().next().filter(|_| verdict.decision == Decision::Escalate)
}

/// Every sentence is escalated, for `reason`; all that are not are named at once.
#[track_caller]
fn all_escalate(reason: Reason, sentences: &[&str]) {
    any_of(&[reason], sentences);
}

/// Every sentence is escalated, for one of these reasons.
#[track_caller]
fn any_of(reasons: &[Reason], sentences: &[&str]) {
    let is_one = |found: &Option<Reason>| found.is_some_and(|reason| reasons.contains(&reason));
    let wrong: Vec<_> = sentences.iter().map(|text| (*text, called(text))).filter(|(_, found)| !is_one(found)).collect();
    assert!(wrong.is_empty(), "not escalated as {reasons:?}: {wrong:#?}");
}

/// No sentence is escalated.
#[track_caller]
fn none_escalate(sentences: &[&str]) {
    let wrong: Vec<_> = sentences.iter().filter_map(|text| called(text).map(|reason| (*text, reason))).collect();
    assert!(wrong.is_empty(), "escalated: {wrong:#?}");
}

/// Every sentence holds this signal.
#[track_caller]
fn all_hold(kind: SignalKind, sentences: &[&str]) {
    let wrong: Vec<_> = sentences.iter().filter(|text| !triage(text).heard(kind)).collect();
    assert!(wrong.is_empty(), "{kind:?} not heard: {wrong:#?}");
}

/// No sentence holds this signal.
#[track_caller]
fn none_hold(kind: SignalKind, sentences: &[&str]) {
    let wrong: Vec<_> = sentences.iter().filter(|text| triage(text).heard(kind)).collect();
    assert!(wrong.is_empty(), "{kind:?} heard: {wrong:#?}");
}
