//! `frontdesk diff`: what customers would hear differently, before a changed policy is published.

use std::path::PathBuf;

use super::open::{open_desk, uploads};
use crate::answer::{AnswerRequest, Change, Comparison, Decision, Difference, Reply};
use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::insight::{Labelled, sample_set};
use crate::policy::{Known, load};

/// Wishes of `diff`.
#[derive(Debug, Clone, clap::Args)]
pub struct DiffArgs {
    /// Folder with the policies as they would be
    #[arg(long, value_name = "DIR")]
    with: PathBuf,
    /// Questions to ask, one {"question"} a line [default: what conversations began with, and the set in CORPUS/eval]
    #[arg(long, value_name = "FILE.jsonl")]
    questions: Option<PathBuf>,
    /// Past questions at most
    #[arg(long, value_name = "N", default_value_t = 500)]
    past: u32,
}

/// Runs `frontdesk diff`. Exit code 1 when a reply changes.
pub(super) fn run(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: &DiffArgs) -> Result<u8> {
    let (uploads, mut questions) = uploads(runtime.handle(), settings, wishes.past)?;
    let report = load(&wishes.with, &uploads, &Known::default())?; // before models load: a wrong folder should be said at once
    let labelled = match &wishes.questions {
        Some(path) => {
            questions.clear();
            let mut labelled = Labelled::default();
            labelled.add_questions(path)?;
            labelled
        }
        None => sample_set(&settings.corpus)
            .or_else(|error| if error.kind == ErrorKind::NotFound { Ok(Labelled::default()) } else { Err(error) })?,
    };
    questions.extend(labelled.questions.into_iter().map(|question| question.question));
    if questions.is_empty() {
        return Err(ErrorKind::NotFound.on("there are no questions to ask: nothing was asked yet, so name a file with --questions"));
    }
    let requests: Vec<AnswerRequest> = questions.into_iter().map(AnswerRequest::new).filter(|request| request.check().is_ok()).collect();
    let comparison = open_desk(runtime.handle(), settings, false)?.compare(report, &requests)?;
    if settings.json {
        super::print_json(&comparison)?;
    } else {
        print!("{}", on_terminal(&comparison));
    }
    Ok(u8::from(!comparison.changes.is_empty()))
}

fn on_terminal(comparison: &Comparison) -> String {
    let mut text = String::new();
    for skipped in &comparison.skipped {
        text.push_str(&format!("warning: skipped {}: {}\n", skipped.path, skipped.reason));
    }
    for Change { question, differs, before, after } in &comparison.changes {
        text.push_str(&format!("{question}\n"));
        if differs.contains(&Difference::Answer) || differs.contains(&Difference::Decision) {
            text.push_str(&format!("  - {}\n  + {}\n", in_short(before), in_short(after)));
        }
        if differs.contains(&Difference::Citations) {
            text.push_str(&format!("  - from {}\n  + from {}\n", sources(before), sources(after)));
        }
        text.push('\n');
    }
    let count = |difference| comparison.changes.iter().filter(|change| change.differs.contains(&difference)).count();
    text.push_str(&format!(
        "{} of {} questions get another reply: {} other words, {} other sources, {} another decision.\n",
        comparison.changes.len(),
        comparison.questions,
        count(Difference::Answer),
        count(Difference::Citations),
        count(Difference::Decision)
    ));
    text
}

fn in_short(reply: &Reply) -> String {
    let decision = match reply.decision {
        Decision::Answer => "",
        Decision::Offer => "(a person is offered) ",
        Decision::Escalate => "(a person is called) ",
    };
    format!("{decision}{}", reply.answer.lines().collect::<Vec<_>>().join(" "))
}

fn sources(reply: &Reply) -> String {
    let sources: Vec<String> = reply.citations.iter().map(|source| format!("{} v{}", source.document_id, source.version)).collect();
    if sources.is_empty() { "nothing".to_owned() } else { sources.join(", ") }
}
