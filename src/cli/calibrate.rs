//! `frontdesk calibrate`: which answers may stand, for the error rate that the operator wants?

use std::path::PathBuf;

use super::eval::open_on_corpus;
use crate::answer::Dial;
use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::insight::{Calibration, Labelled, calibrate, evaluate, sample_set};

/// Wishes of `calibrate`.
#[derive(Debug, Clone, clap::Args)]
pub struct CalibrateArgs {
    /// Labelled questions, like those customers ask; --corpus may then be a file of documents, one {"doc_id","title","text"} a line
    #[arg(long, value_name = "FILE.jsonl")]
    questions: Vec<PathBuf>,
    /// Largest share of questions that may get a wrong answer which no person saw
    #[arg(long, value_name = "SHARE", default_value_t = 0.02)]
    max_error: f64,
    /// How sure that must be
    #[arg(long, value_name = "SHARE", default_value_t = 0.95)]
    confidence: f64,
    /// Only say what would be found: write nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs `frontdesk calibrate`. Exit code 1 when the data cannot vouch for some kind of question.
pub(super) fn run(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: &CalibrateArgs) -> Result<u8> {
    for (flag, share) in [("--max-error", wishes.max_error), ("--confidence", wishes.confidence)] {
        if !(share > 0.0 && share < 1.0) {
            return Err(ErrorKind::BadSetting.on(format!("{flag} {share}: it must lie between 0 and 1, such as 0.02 for 2 %")));
        }
    }
    let mut labelled = Labelled::default();
    for path in &wishes.questions {
        labelled.add_questions(path)?;
    }
    if wishes.questions.is_empty() {
        labelled.questions = sample_set(&settings.corpus)?.questions;
    }
    let desk = open_on_corpus(runtime, settings, false)?;
    desk.set_dial(Some(Dial::open()));
    let bar = indicatif::ProgressBar::new(labelled.questions.len() as u64);
    let (_, details) = evaluate(Some(&desk), &labelled, false, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    let found = calibrate(&details, wishes.max_error, wishes.confidence);
    let kept = found.iter().filter_map(|one| Some((one.evidence.clone(), one.setting?))).collect();
    let dial = Dial::new(wishes.max_error, wishes.confidence, desk.dial_model(), kept);
    let path = settings.dial();
    let is_written = !dial.settings.is_empty() && !wishes.dry_run;
    if is_written {
        dial.save(&path)?;
    }
    if settings.json {
        super::print_json(&serde_json::json!({
            "max_error": wishes.max_error, "confidence": wishes.confidence, "found": found,
            "file": is_written.then(|| path.display().to_string()),
        }))?;
    } else {
        print!("{}", on_terminal(&found, wishes));
        if is_written {
            println!("Written to {}: `serve` and `ask` keep to it. Delete the file to go back to the shipped thresholds.", path.display());
        } else {
            println!("Nothing was written.");
        }
    }
    Ok(u8::from(found.is_empty() || found.iter().any(|one| one.setting.is_none())))
}

fn on_terminal(found: &[Calibration], wishes: &CalibrateArgs) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let mut text = format!(
        "At most {} of the questions may get a wrong answer that no person saw; {} sure.\n",
        percent(wishes.max_error),
        percent(wishes.confidence)
    );
    for one in found {
        let name = match one.evidence.as_str() {
            "dense" => "English and others",
            "chinese" => "Chinese",
            "read" => "English, second look",
            _ => "by words alone",
        };
        text.push_str(&match &one.setting {
            Some(setting) => format!(
                "  {name}: answers from confidence {:.3} on. {} of {} questions were answered, {} of all wrongly; the true share is at most {}.\n",
                setting.answer_from,
                percent(setting.answered),
                one.questions,
                setting.wrong,
                percent(setting.bound)
            ),
            None if one.questions < one.least_questions => format!(
                "  {name}: cannot. {} questions are too few for that wish: even without one wrong answer it takes {}.\n",
                one.questions, one.least_questions
            ),
            None => format!(
                "  {name}: cannot. Even the surest answers to these {} questions are wrong too often; allow more with --max-error, or add questions.\n",
                one.questions
            ),
        });
    }
    text
}
