//! `frontdesk ask` and `frontdesk search`: one question on the terminal.

use super::open::open_desk;
use crate::answer::{Answer, AnswerRequest, Decision, Filters, LanguageChoice, Mode, SearchReply, SearchRequest};
use crate::config::Settings;
use crate::error::{ErrorKind, Result};
use crate::policy::Moment;
use crate::retrieve::Why;

/// Wishes of `ask`.
#[derive(Debug, Clone, clap::Args)]
pub struct AskArgs {
    /// The question, in quotes
    question: String,
    /// Who phrases the answer: auto, quote or generate
    #[arg(long, default_value = "auto", value_parser = parse_mode)]
    mode: Mode,
    /// Answer as the policies stood on this day, or at this minute (2026-01-31T09:00)
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Moment>,
    /// Use only documents with this tag; may be given more than once
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Words at most
    #[arg(long, default_value_t = 60)]
    max_words: usize,
    /// Milliseconds at most
    #[arg(long, default_value_t = 2_000)]
    deadline_ms: u64,
}

/// Wishes of `search`.
#[derive(Debug, Clone, clap::Args)]
pub struct FindArgs {
    /// What to look for, in quotes
    question: String,
    /// Passages at most
    #[arg(long, default_value_t = 5)]
    top_k: usize,
    /// As the policies stood on this day, or at this minute (2026-01-31T09:00)
    #[arg(long, value_name = "YYYY-MM-DD")]
    as_of: Option<Moment>,
    /// Only documents with this tag; may be given more than once
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
}

fn parse_mode(text: &str) -> Result<Mode, String> {
    match text {
        "auto" => Ok(Mode::Auto),
        "quote" => Ok(Mode::Quote),
        "generate" => Ok(Mode::Generate),
        _ => Err("use auto, quote or generate".to_owned()),
    }
}

/// Runs `frontdesk ask`. Exit code 1 when a person must take over.
pub(super) fn answer(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: AskArgs) -> Result<u8> {
    let request = AnswerRequest {
        mode: wishes.mode,
        as_of: wishes.as_of,
        filters: Filters { tags: wishes.tag },
        max_words: wishes.max_words,
        deadline_ms: wishes.deadline_ms,
        language: LanguageChoice::Auto,
        ..AnswerRequest::new(wishes.question)
    };
    request.check()?; // before minutes of downloads
    let desk = open_desk(runtime.handle(), settings, request.mode != Mode::Quote)?;
    let (answer, _) = desk.answer_here(&request)?;
    if settings.json {
        super::print_json(&answer)?;
    } else {
        print!("{}", on_terminal(&answer));
    }
    Ok(u8::from(answer.decision == Decision::Escalate))
}

/// The answer, its sources and what happens now, for a person at a terminal.
fn on_terminal(answer: &Answer) -> String {
    let mut text = format!("{}\n", answer.answer);
    if !answer.citations.is_empty() {
        text.push('\n');
    }
    for (number, citation) in (1..).zip(&answer.citations) {
        let section = citation.section.as_deref().map(|section| format!(" › {section}")).unwrap_or_default();
        let since = citation.valid_from.map(|day| format!(", in force since {day}")).unwrap_or_default();
        text.push_str(&format!(
            "  [{number}] {}{section} (version {}{since})\n      “{}”\n",
            citation.title, citation.version, citation.quote
        ));
    }
    let reasons: Vec<String> =
        answer.reasons.iter().filter_map(|reason| serde_json::to_value(reason).ok()?.as_str().map(str::to_owned)).collect();
    match answer.decision {
        Decision::Answer => {}
        Decision::Offer => text.push_str(&format!("\nA person can help with this too ({}).\n", reasons.join(", "))),
        Decision::Escalate => text.push_str(&format!("\nA person must take over ({}).\n", reasons.join(", "))),
    }
    text.push_str(&format!("\n{:.0} ms, confidence {:.2}\n", answer.timings_ms.total, answer.confidence));
    text
}

/// Runs `frontdesk search`.
pub(super) fn search(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: FindArgs) -> Result<u8> {
    let request = SearchRequest {
        question: wishes.question,
        history: Vec::new(),
        top_k: wishes.top_k,
        as_of: wishes.as_of,
        filters: Filters { tags: wishes.tag },
        explain: true,
    };
    request.check()?;
    let found = open_desk(runtime.handle(), settings, false)?.search_here(&request)?;
    if settings.json {
        super::print_json(&found)?;
    } else {
        print!("{}", passages_on_terminal(&found));
    }
    if found.passages.is_empty() && !request.filters.tags.is_empty() {
        return Err(ErrorKind::NotFound.on(format!("no document in force carries the tags {}", request.filters.tags.join(", "))));
    }
    Ok(0)
}

/// The words that brought a passage up, such as ` (fee 4.2, late 3.1)`.
fn words_of(why: &Why) -> String {
    let other_names = Some(("other names".to_owned(), why.other_names)).filter(|(_, bm25)| *bm25 > 0.0);
    let words = why.words.iter().map(|share| (share.word.clone(), share.bm25)).chain(other_names);
    let words: Vec<String> = words.filter(|(_, bm25)| *bm25 >= 0.05).take(6).map(|(word, bm25)| format!("{word} {bm25:.1}")).collect();
    if words.is_empty() { String::new() } else { format!(" ({})", words.join(", ")) }
}

fn passages_on_terminal(found: &SearchReply) -> String {
    let mut text = String::new();
    for (rank, passage) in (1..).zip(&found.passages) {
        let section = passage.section.as_deref().map(|section| format!(" › {section}")).unwrap_or_default();
        let score = |value: Option<f32>| value.map_or("none".to_owned(), |value| format!("{value:.2}"));
        text.push_str(&format!(
            "{rank}. {}{section} (version {})  score {:.3}: BM25 {}, cosine {}{}\n   {}\n",
            passage.title,
            passage.version,
            passage.score,
            score(passage.lexical),
            score(passage.cosine),
            passage.why.as_ref().map(words_of).unwrap_or_default(),
            passage.text.lines().collect::<Vec<_>>().join("\n   ")
        ));
    }
    if text.is_empty() {
        text.push_str("Nothing found.\n");
    }
    text
}
