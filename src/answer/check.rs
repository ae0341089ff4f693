//! Does a text say what the policies say? Sentence by sentence, with the span that supports each, or what speaks against it.

use std::collections::HashMap;
use std::ops::Range;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::compose::cite;
use super::contract::{Citation, Filters, Span, Statement};
use super::ground::{self, Evidence, Objection, SUPPORTED, char_span};
use super::receipt::statement_of;
use super::triage;
use crate::engine::Embedder;
use crate::error::{ErrorKind, Result};
use crate::index::{IndexedVersion, PassageId, PassageView, Snapshot};
use crate::policy::{Moment, Sentence, Version};
use crate::retrieve::{Scope, prepare, retrieve};
use crate::text::{detect_language, split_sentences};

/// Longest text checked, in Unicode scalar values.
pub const CHECKED_CHARS: usize = 8_000;

/// Sentences that evidence may have, where the caller brings it.
const EVIDENCE: usize = 200;

/// Passages looked into for each sentence.
const PASSAGES: usize = 6;

/// A text to check. Unknown fields are refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VerifyRequest {
    /// The text.
    pub text: String,
    /// As the policies stood on this day or at this minute; `None` is now.
    #[serde(default)]
    pub as_of: Option<Moment>,
    /// Which documents may be used.
    #[serde(default)]
    pub filters: Filters,
    /// Sentences to check it against instead of the policies.
    #[serde(default)]
    pub evidence: Vec<String>,
}

impl VerifyRequest {
    /// Refuses what cannot be checked, naming the field.
    ///
    /// # Errors
    /// `BadRequest`.
    pub fn check(&self) -> Result<()> {
        let chars = self.text.chars().count();
        if !self.text.chars().any(char::is_alphanumeric) || chars > CHECKED_CHARS {
            return Err(ErrorKind::BadRequest
                .on(format!("field `text` has {chars} characters, it must hold words and have at most {CHECKED_CHARS}")));
        }
        if self.evidence.len() > EVIDENCE || self.evidence.iter().any(|text| text.chars().count() > CHECKED_CHARS) {
            return Err(ErrorKind::BadRequest.on(format!(
                "field `evidence` may have {EVIDENCE} sentences of {CHECKED_CHARS} characters: send fewer, or leave it out to check against the policies"
            )));
        }
        Ok(())
    }
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerifyReply {
    /// Whether every sentence that says something is supported.
    pub supported: bool,
    /// Each sentence, in order.
    pub sentences: Vec<Checked>,
    /// Which snapshot of the index was used.
    pub index_version: u64,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
}

/// One sentence, checked.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Checked {
    /// Where it stands in the text.
    pub span: Span,
    /// The sentence.
    pub text: String,
    /// Whether it says something that a policy could say; greetings and questions do not.
    pub claim: bool,
    /// Whether a policy in force says it. True for what is no claim.
    pub supported: bool,
    /// How well the best evidence supports it, 0 to 1: the share of its words there, halved by each objection.
    pub score: f64,
    /// The sentence it rests on, or the nearest one. `answer_span` is the place in the text.
    pub by: Option<Citation>,
    /// What speaks against it.
    pub objections: Vec<ObjectionView>,
    /// An earlier or later version of a policy that says it, where none in force does.
    pub outdated: Option<Statement>,
}

/// An objection in the contract's words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObjectionView {
    /// `number`, `negation`, `modality`, `bound`, `promise`, `link`, `name`, `changed`, `unsupported`, `outdated`.
    pub kind: &'static str,
    /// The same for people.
    pub message: String,
}

impl From<&Objection> for ObjectionView {
    fn from(objection: &Objection) -> Self {
        Self { kind: objection.kind(), message: objection.to_string() }
    }
}

/// A stretch of a passage with its reading.
struct Piece {
    sentences: Range<usize>,
    evidence: Evidence,
}

/// Readings of passages, so that the sentences of one text share them.
type Pieces = HashMap<PassageId, Vec<Piece>>;

/// Checks each sentence of `request`.
///
/// # Errors
/// What search fails with.
pub(super) fn check(snapshot: &Snapshot, embedder: Option<&Embedder>, request: &VerifyRequest) -> Result<VerifyReply> {
    let started = Instant::now();
    let scope = Scope { time: request.as_of.unwrap_or_else(Moment::now), tags: request.filters.tags.clone() };
    let given = (!request.evidence.is_empty()).then(|| Evidence::new(request.evidence.iter().map(String::as_str), ""));
    let mut pieces = Pieces::new();
    let mut sentences = Vec::new();
    for bytes in split_sentences(&request.text) {
        let span = char_span(&request.text, &bytes);
        let text = &request.text[bytes];
        let statement = ground::read(text);
        let mut checked = Checked {
            span,
            text: text.to_owned(),
            claim: is_claim(text, &statement),
            supported: true,
            score: 1.0,
            by: None,
            objections: Vec::new(),
            outdated: None,
        };
        if checked.claim {
            match &given {
                Some(evidence) => hold_against(&mut checked, text, &statement, evidence),
                None => look_up(&mut checked, text, &statement, snapshot, embedder, &scope, &mut pieces)?,
            }
        }
        sentences.push(checked);
    }
    Ok(VerifyReply {
        supported: sentences.iter().all(|checked| checked.supported),
        sentences,
        index_version: snapshot.manifest.index_version,
        elapsed_ms: super::ms(started),
    })
}

/// Whether a sentence says something about the world: no greeting, no question.
fn is_claim(text: &str, statement: &ground::Reading) -> bool {
    let asks = text.trim_end().ends_with(['?', '？']);
    let says = statement.words.len() >= 2 || !statement.values.is_empty() || ground::promises(&ground::fold(text)).next().is_some();
    says && !asks && triage::triage(text).small_talk.is_none()
}

fn hold_against(checked: &mut Checked, text: &str, statement: &ground::Reading, evidence: &Evidence) {
    let support = ground::support(statement, evidence);
    let mut objections = ground::objections(text, statement, evidence);
    if support < SUPPORTED {
        objections.push(Objection::Unsupported(ground::missing(statement, evidence)));
    }
    checked.supported = objections.is_empty();
    checked.score = support * 0.5f64.powi(i32::try_from(objections.len()).unwrap_or(i32::MAX));
    checked.objections = objections.iter().map(ObjectionView::from).collect();
}

fn look_up(
    checked: &mut Checked,
    text: &str,
    statement: &ground::Reading,
    snapshot: &Snapshot,
    embedder: Option<&Embedder>,
    scope: &Scope,
    pieces: &mut Pieces,
) -> Result<()> {
    let query = prepare(snapshot, embedder, text, None, detect_language(text))?;
    let hits = retrieve(snapshot, &query, scope, PASSAGES)?;
    let mut best: Option<(Checked, PassageId, Range<usize>)> = None;
    for hit in &hits {
        let view = snapshot.passage(hit.passage);
        for piece in pieces.entry(hit.passage).or_insert_with(|| pieces_of(&view)) {
            let mut trial = checked.clone();
            hold_against(&mut trial, text, statement, &piece.evidence);
            if best.as_ref().is_none_or(|(best, ..)| (trial.supported, trial.score) > (best.supported, best.score)) {
                best = Some((trial, hit.passage, piece.sentences.clone()));
            }
        }
    }
    let Some((found, passage, range)) = best else {
        hold_against(checked, text, statement, &Evidence::default()); // nothing is found: everything speaks against it
        return Ok(());
    };
    *checked = found;
    let view = snapshot.passage(passage);
    if checked.score > 0.0
        && let Some(sentence) = joined(&view.passage.sentences, range)
    {
        let mut citation = cite(&view, &sentence, checked.span);
        citation.verified = ground::verify(snapshot, &citation);
        checked.by = Some(citation);
    }
    if !checked.supported {
        let documents: Vec<&str> = hits.iter().map(|hit| snapshot.passage(hit.passage).version.document_id.as_str()).collect();
        checked.outdated = outdated(snapshot, text, statement, &documents, scope.time);
        let message = checked
            .outdated
            .as_ref()
            .map(|old| format!("only version {} of `{}` says so, which is not in force", old.version, old.document_id));
        checked.objections.extend(message.map(|message| ObjectionView { kind: "outdated", message }));
    }
    Ok(())
}

/// Each sentence of a passage, and each with its neighbour.
fn pieces_of(view: &PassageView<'_>) -> Vec<Piece> {
    let sentences = &view.passage.sentences;
    let around = format!("{} {}", view.version.title, view.passage.headings.join(" "));
    let piece = |range: Range<usize>| {
        let lead = sentences[range.start].lead.as_deref();
        let texts = lead.into_iter().chain(sentences[range.clone()].iter().map(|sentence| sentence.plain.as_str()));
        Piece { evidence: Evidence::new(texts, &around), sentences: range }
    };
    (0..sentences.len()).map(|at| at..at + 1).chain((1..sentences.len()).map(|at| at - 1..at + 1)).map(piece).collect()
}

/// One sentence over a stretch of them, for a citation.
fn joined(sentences: &[Sentence], range: Range<usize>) -> Option<Sentence> {
    let (first, last) = (sentences.get(range.start)?, sentences.get(range.end.checked_sub(1)?)?);
    Some(Sentence { bytes: first.bytes.start..last.bytes.end, ..first.clone() })
}

/// A version out of force, of one of the documents, that says what is claimed.
fn outdated(snapshot: &Snapshot, text: &str, statement: &ground::Reading, documents: &[&str], time: Moment) -> Option<Statement> {
    let is_old = |version: &Version| documents.contains(&version.document_id.as_str()) && !version.is_valid_on(time);
    for IndexedVersion { version, passages } in snapshot.indexed().filter(|one| is_old(&one.version)) {
        for passage in passages {
            let around = format!("{} {}", version.title, passage.headings.join(" "));
            for sentence in &passage.sentences {
                let evidence = Evidence::new(sentence.lead.as_deref().into_iter().chain([sentence.plain.as_str()]), &around);
                if ground::support(statement, &evidence) >= SUPPORTED && ground::objections(text, statement, &evidence).is_empty() {
                    return Some(statement_of(version, &sentence.bytes));
                }
            }
        }
    }
    None
}
