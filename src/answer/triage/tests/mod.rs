//! What customers type, in tables: every sentence here was written for this project.

mod danger;
mod more;
mod person;
mod robust;
mod small_talk;

use super::*;

/// Every sentence is escalated, for `reason`; all that are not are named at once.
#[track_caller]
fn all_escalate(reason: Reason, sentences: &[&str]) {
    let wrong: Vec<_> = sentences.iter().map(|text| (*text, triage(text).escalate)).filter(|(_, found)| *found != Some(reason)).collect();
    assert!(wrong.is_empty(), "not escalated as {reason:?}: {wrong:#?}");
}

/// No sentence is escalated.
#[track_caller]
fn none_escalate(sentences: &[&str]) {
    let wrong: Vec<_> = sentences.iter().filter_map(|text| triage(text).escalate.map(|reason| (*text, reason))).collect();
    assert!(wrong.is_empty(), "escalated: {wrong:#?}");
}
