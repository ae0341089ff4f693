//! `frontdesk eval`: quality on labelled data.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::open::{open_desk, open_desk_on};
use crate::answer::{Decision, Desk};
use crate::config::Settings;
use crate::error::{Context, ErrorKind, Result};
use crate::insight::{Detail, Labelled, Report, evaluate, reliability_svg, risk_coverage_svg, sample_set, worst};
use crate::policy::parse_records;

/// Wishes of `eval`.
#[derive(Debug, Clone, clap::Args)]
pub struct EvalArgs {
    /// Labelled questions; --corpus may then be a file of documents, one {"doc_id","title","text"} a line
    #[arg(long, value_name = "FILE.jsonl")]
    questions: Option<PathBuf>,
    /// Labelled utterances
    #[arg(long, value_name = "FILE.jsonl")]
    utterances: Option<PathBuf>,
    /// Rank passages and answer nothing
    #[arg(long)]
    retrieval_only: bool,
    /// Ask the first N questions only
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// Write what happened with each question to this file, one JSON object a line
    #[arg(long, value_name = "FILE.jsonl")]
    details: Option<PathBuf>,
    /// Draw what the confidence is worth into this folder: risk-coverage.svg and reliability.svg
    #[arg(long, value_name = "DIR")]
    svg: Option<PathBuf>,
    /// Show the N worst failures, worst first
    #[arg(long, value_name = "N", default_value_t = 0)]
    failures: usize,
    /// Exit with 1 unless this holds, such as "answers.mean_words<=40"; may be given more than once
    #[arg(long, value_name = "FIGURE>=VALUE")]
    require: Vec<String>,
}

/// Runs `frontdesk eval`. Exit code 1 when a `--require` does not hold.
pub(super) fn run(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: EvalArgs) -> Result<u8> {
    let requirements = wishes.require.iter().map(|text| Requirement::parse(text)).collect::<Result<Vec<_>>>()?;
    let mut labelled = match (&wishes.questions, &wishes.utterances) {
        (None, None) => sample_set(&settings.corpus)?,
        (questions, utterances) => {
            let mut labelled = Labelled::default();
            if let Some(path) = questions {
                labelled.add_questions(path)?;
            }
            if let Some(path) = utterances {
                labelled.add_utterances(path)?;
            }
            labelled
        }
    };
    labelled.questions.truncate(wishes.limit.unwrap_or(usize::MAX));
    let llm = !wishes.retrieval_only;
    let desk = if labelled.questions.is_empty() { None } else { Some(open_on_corpus(runtime, settings, llm)?) };
    let bar = indicatif::ProgressBar::new(labelled.questions.len() as u64);
    let (report, details) = evaluate(desk.as_ref(), &labelled, wishes.retrieval_only, |done| bar.set_position(done as u64))?;
    bar.finish_and_clear();
    if let Some(path) = &wishes.details {
        write_details(path, &details)?;
    }
    if let Some(folder) = &wishes.svg {
        std::fs::create_dir_all(folder).on(ErrorKind::Io, || folder.display().to_string())?;
        for (name, picture) in [("risk-coverage.svg", risk_coverage_svg(&details)), ("reliability.svg", reliability_svg(&details))] {
            let path = folder.join(name);
            std::fs::write(&path, picture).on(ErrorKind::Io, || path.display().to_string())?;
        }
    }
    let value = serde_json::to_value(&report).on(ErrorKind::Io, || "the report".to_owned())?;
    if settings.json {
        super::print_json(&value)?;
    } else {
        print!("{}{}", on_terminal(&report), failures(&details, wishes.failures));
    }
    let mut code = 0;
    for requirement in &requirements {
        if !requirement.holds(&value)? {
            eprintln!("fell short: {requirement}");
            code = 1;
        }
    }
    Ok(code)
}

/// The desk on the corpus folder, or on a file of documents with an index of its own.
pub(super) fn open_on_corpus(runtime: &tokio::runtime::Runtime, settings: &Settings, llm: bool) -> Result<Desk> {
    let path = &settings.corpus;
    if !path.is_file() || path.extension().is_none_or(|extension| extension != "jsonl") {
        return open_desk(runtime.handle(), settings, llm);
    }
    let text = std::fs::read_to_string(path).on(ErrorKind::Io, || path.display().to_string())?;
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let root = settings.data.join("eval").join(folder_name(path));
    open_desk_on(runtime.handle(), settings, llm, &root, |_| Ok(parse_records(&name, &text)))
}

/// One index per evaluation corpus, so that asking again is quick.
fn folder_name(path: &Path) -> String {
    let full = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    full.to_string_lossy().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>().trim_matches('-').to_owned()
}

fn write_details(path: &Path, details: &[Detail]) -> Result<()> {
    let unwritable = || path.display().to_string();
    let mut file = std::io::BufWriter::new(std::fs::File::create(path).on(ErrorKind::Io, unwritable)?);
    for detail in details {
        serde_json::to_writer(&mut file, detail).on(ErrorKind::Io, unwritable)?;
        file.write_all(b"\n").on(ErrorKind::Io, unwritable)?;
    }
    file.flush().on(ErrorKind::Io, unwritable)
}

/// A bound on one figure of the report.
#[derive(Debug, Clone, PartialEq)]
struct Requirement {
    figure: String,
    at_least: bool,
    value: f64,
}

impl std::fmt::Display for Requirement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {} {}", self.figure, if self.at_least { ">=" } else { "<=" }, self.value)
    }
}

impl Requirement {
    fn parse(text: &str) -> Result<Self> {
        let unclear =
            || ErrorKind::BadSetting.on(format!("--require {text}: write a figure and a bound, such as \"abstention.auroc>=0.8\""));
        let (figure, value, at_least) = match (text.split_once(">="), text.split_once("<=")) {
            (Some((figure, value)), _) => (figure, value, true),
            (None, Some((figure, value))) => (figure, value, false),
            (None, None) => return Err(unclear()),
        };
        let value = value.trim().parse().map_err(|_| unclear())?;
        Ok(Self { figure: figure.trim().to_owned(), at_least, value })
    }

    fn holds(&self, report: &serde_json::Value) -> Result<bool> {
        let pointer = format!("/{}", self.figure.replace('.', "/"));
        let found = report.pointer(&pointer).and_then(serde_json::Value::as_f64);
        let found =
            found.ok_or_else(|| ErrorKind::BadSetting.on(format!("--require {self}: the report has no figure `{}`", self.figure)))?;
        Ok(if self.at_least { found >= self.value } else { found <= self.value })
    }
}

/// The worst failures in words.
fn failures(details: &[Detail], most: usize) -> String {
    let mut text = String::new();
    for one in worst(details).into_iter().take(most) {
        let what = match (one.wrong, one.decision) {
            (true, Decision::Answer) => "wrong, and no person near",
            (true, _) => "wrong, with a person offered",
            (false, _) => "not answered",
        };
        text.push_str(&format!("\n{} ({what}, confidence {:.2}): {}\n", one.id, one.confidence, one.question));
        if !one.cited.is_empty() {
            text.push_str(&format!("  said      {} [{}]\n", one.answer, one.cited.join(", ")));
        }
        text.push_str(&format!(
            "  should be from {}\n",
            if one.gold.is_empty() { "nothing: no policy says it".to_owned() } else { one.gold.join(", ") }
        ));
        if !one.missing.is_empty() && one.answerable {
            text.push_str(&format!("  lacks     {}\n", one.missing.join(" ")));
        }
    }
    text
}

fn on_terminal(report: &Report) -> String {
    let mut text = String::new();
    let mut section = |name: &str, report: &Report| {
        let (found, said, kept, reached, time) =
            (&report.retrieval, &report.answers, &report.abstention, &report.escalation, &report.latency_ms);
        text.push_str(&format!("{name}\n"));
        if found.questions > 0 {
            text.push_str(&format!(
                "  retrieval   {} questions: hit@1 {:.3}, hit@5 {:.3}, MRR@10 {:.3}, nDCG@10 {:.3}\n",
                found.questions, found.hit_at_1, found.hit_at_5, found.mrr_at_10, found.ndcg_at_10
            ));
        }
        if said.questions > 0 {
            text.push_str(&format!(
                "  answers     {} questions: answered {:.3}, gold document cited {:.3}, gold span {:.3}, F1 {:.3}, {:.1} words, quotes verified {:.3}, wrong and alone {:.3}\n",
                said.questions, said.answered_rate, said.cited_gold_rate, said.gold_span_recall, said.token_f1, said.mean_words, said.quotes_verified, said.wrong_unescalated_rate
            ));
            text.push_str(&format!(
                "  abstention  refused {:.3} of {} unanswerable, {:.3} of {} answerable, AUROC {:.3}\n",
                kept.refused_when_unanswerable, kept.unanswerable, kept.refused_when_answerable, kept.answerable, kept.auroc
            ));
            text.push_str(&format!(
                "  latency     p50 {:.0} ms, p95 {:.0} ms, p99 {:.0} ms, max {:.0} ms\n",
                time.p50, time.p95, time.p99, time.max
            ));
        }
        if reached.utterances > 0 {
            text.push_str(&format!(
                "  escalation  {} utterances: recall {:.3}, false alarms {:.3}\n",
                reached.utterances, reached.recall, reached.false_alarm_rate
            ));
        }
    };
    section("all", report);
    for (language, own) in &report.languages {
        section(language, own);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_requirement_names_a_figure_and_a_bound() {
        let report = serde_json::json!({"answers": {"mean_words": 21.5}});
        assert!(Requirement::parse("answers.mean_words<=40").unwrap().holds(&report).unwrap());
        assert!(!Requirement::parse("answers.mean_words >= 40").unwrap().holds(&report).unwrap());
        assert!(Requirement::parse("answers.mean_words").is_err());
        assert!(Requirement::parse("answers.lines>=1").unwrap().holds(&report).unwrap_err().item.contains("answers.lines"));
    }
}
