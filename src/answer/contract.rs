//! The values a question comes in as and an answer goes out as; their JSON is the HTTP contract.
//!
//! All `span`s count Unicode scalar values, from 0, end excluded.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use super::select::Signals;
use super::signals::Signal;
use crate::error::{ErrorKind, Result};
use crate::index::ConflictKind;
use crate::policy::Moment;
use crate::retrieve::{Reading, Said, Why};
use crate::text::{Language, redact};

/// Longest question accepted, in Unicode scalar values: more is a document, not a question.
pub const QUESTION_CHARS: usize = 4_000;

/// A question with its wishes. Unknown fields are refused, so that a typing mistake is not silently ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AnswerRequest {
    /// The customer's words.
    pub question: String,
    /// Continues a conversation; `None` starts one.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// Whose conversation it is, in the caller's own words: what is kept can then be handed out or deleted by this name.
    #[serde(default)]
    pub customer_id: Option<String>,
    /// What was said before, oldest first, where the caller keeps the conversation; else it is taken from `conversation_id`.
    #[serde(default)]
    pub history: Vec<Said>,
    /// Language to answer in: `auto`, `en` or `zh`.
    #[serde(default)]
    pub language: LanguageChoice,
    /// Answer as the policies stood on this day or at this minute; `None` is now.
    #[serde(default)]
    pub as_of: Option<Moment>,
    /// Which documents may be used.
    #[serde(default)]
    pub filters: Filters,
    /// Who phrases the answer.
    #[serde(default)]
    pub mode: Mode,
    /// The answer has at most this many words (a Chinese character counts as half a word).
    #[serde(default = "default_max_words")]
    pub max_words: usize,
    /// Time by which the answer must be there, counted from when the server took the request.
    #[serde(default = "default_deadline_ms")]
    pub deadline_ms: u64,
    /// Whether to answer as a stream of events.
    #[serde(default)]
    pub stream: bool,
    /// Where the conversation stands; set by the server, never by a client.
    #[serde(skip)]
    pub so_far: SoFar,
}

/// What a conversation has come to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SoFar {
    /// Turns before this one.
    pub turns: usize,
    /// The hand-off that no person has ended yet.
    pub handoff: Option<Box<Handoff>>,
    /// The packet of a person who was offered in the turn before; nobody has said yes to it yet.
    pub offer: Option<Box<Handoff>>,
    /// How long the line is; `None` where that could not be looked up.
    pub queue: Option<QueueState>,
    /// The last hand-off was given up because nobody took it in time.
    pub nobody_came: bool,
}

/// How long the line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueState {
    /// Hand-offs that wait.
    pub waiting: usize,
    /// Half of the latest hand-offs were taken within this time; `None` while no person has taken any.
    pub usual_wait: Option<SignedDuration>,
}

impl SoFar {
    /// Whether a person talks with the customer: the machine then keeps out.
    pub fn is_with_a_person(&self) -> bool {
        self.handoff.as_ref().is_some_and(|handoff| matches!(handoff.state, HandoffState::Accepted | HandoffState::Active))
    }

    /// Whether the customer waits for a person.
    pub fn is_waiting(&self) -> bool {
        self.handoff.as_ref().is_some_and(|handoff| matches!(handoff.state, HandoffState::Requested | HandoffState::Queued))
    }
}

fn default_max_words() -> usize {
    60
}

fn default_deadline_ms() -> u64 {
    2_000
}

impl AnswerRequest {
    /// A question with the default wishes.
    pub fn new(question: impl Into<String>) -> Self {
        Self {
            question: question.into(),
            conversation_id: None,
            customer_id: None,
            history: Vec::new(),
            language: LanguageChoice::Auto,
            as_of: None,
            filters: Filters::default(),
            mode: Mode::Auto,
            max_words: default_max_words(),
            deadline_ms: default_deadline_ms(),
            stream: false,
            so_far: SoFar::default(),
        }
    }

    /// Refuses what no stage can use, naming the field.
    ///
    /// # Errors
    /// `BadRequest` for an empty or over-long question and for limits outside their range.
    pub fn check(&self) -> Result<()> {
        if !self.question.chars().any(char::is_alphanumeric) {
            return Err(ErrorKind::BadRequest.on("field `question` holds no words: send the customer's question"));
        }
        let question_chars = self.question.chars().count();
        if question_chars > QUESTION_CHARS {
            return Err(ErrorKind::BadRequest.on(format!(
                "field `question` has {question_chars} characters, at most {QUESTION_CHARS} are read: send the question alone"
            )));
        }
        check_history(&self.history)?;
        self.customer_id.as_deref().map_or(Ok(()), |id| check_words("customer_id", id, NAME_CHARS))?;
        if !(5..=400).contains(&self.max_words) {
            return Err(ErrorKind::BadRequest.on(format!("field `max_words` is {}, it must be 5 to 400", self.max_words)));
        }
        if !(50..=60_000).contains(&self.deadline_ms) {
            return Err(ErrorKind::BadRequest.on(format!("field `deadline_ms` is {}, it must be 50 to 60000", self.deadline_ms)));
        }
        Ok(())
    }
}

/// Turns of a conversation accepted with a question.
const HISTORY_TURNS: usize = 100;

fn check_history(history: &[Said]) -> Result<()> {
    if history.len() > HISTORY_TURNS {
        return Err(
            ErrorKind::BadRequest.on(format!("field `history` has {} turns, it may have {HISTORY_TURNS}: send the latest", history.len()))
        );
    }
    match history.iter().position(|said| said.text.chars().count() > QUESTION_CHARS) {
        Some(at) => {
            Err(ErrorKind::BadRequest.on(format!("field `history`: turn {at} has more than {QUESTION_CHARS} characters: shorten it")))
        }
        None => Ok(()),
    }
}

/// The language asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LanguageChoice {
    /// The question's own.
    #[default]
    Auto,
    /// English.
    En,
    /// Chinese.
    Zh,
}

/// Which documents may be used.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Filters {
    /// A document must carry every one of these tags.
    #[serde(default)]
    pub tags: Vec<String>,
}

/// Who phrases the answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// Quotation, or the LLM where it does better and passes the checks.
    #[default]
    Auto,
    /// The policy's own words.
    Quote,
    /// The LLM wherever what it writes passes the checks.
    Generate,
}

/// What happens with the customer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// The answer stands alone.
    Answer,
    /// Here is an answer, and a person if wanted.
    Offer,
    /// A person must take over.
    Escalate,
}

/// Why a person is offered or called. The codes are part of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer asked for a person.
    UserRequest,
    /// No policy answers this.
    NoEvidence,
    /// A policy may answer this, but we are not sure enough.
    LowConfidence,
    /// Two policies in force say different things.
    ConflictingPolicy,
    /// Only a policy that no longer holds answers this.
    StalePolicy,
    /// Something must be done on an account.
    ActionRequired,
    /// The answer is a no.
    Denial,
    /// The customer is in distress, grieving or angry.
    Distress,
    /// Danger, fraud, or a legal threat.
    SafetyOrLegal,
    /// The machine gets the customer no further.
    Loop,
    /// The text tries to steer the machine.
    Injection,
    /// The time was up.
    Deadline,
    /// A part of the machine failed.
    EngineError,
}

/// Who phrased the answer in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ComposedBy {
    /// The policy's own words.
    Quote,
    /// The LLM, checked.
    Generate,
    /// A fixed text of the server: a hand-over, a greeting.
    Notice,
    /// A person, who corrected an earlier answer.
    Person,
}

/// Positions in Unicode scalar values, end excluded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// First one.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// Ties words of the answer to words of a document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Citation {
    /// The words of the answer it supports.
    pub answer_span: Span,
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// The heading the words stand under.
    pub section: Option<String>,
    /// Where customers can read it.
    pub uri: Option<String>,
    /// Which version.
    pub version: u32,
    /// SHA-256 of that version's file.
    pub sha256: String,
    /// First day it holds.
    pub valid_from: Option<Moment>,
    /// Last day it holds.
    pub valid_to: Option<Moment>,
    /// Where in that version's source text the quote stands.
    pub span: Span,
    /// The page it begins on, counted from 1 as PDF viewers do; only for files with pages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    /// The words themselves, byte for byte.
    pub quote: String,
    /// Whether the server compared `quote` with the stored source and found it the same.
    pub verified: bool,
}

/// What a person needs to take over without asking again.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Handoff {
    /// Names this hand-off.
    pub id: String,
    /// The conversation it belongs to.
    pub conversation_id: String,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Where it stands.
    pub state: HandoffState,
    /// Counts its changes, from 1.
    #[serde(default = "first_revision")]
    pub revision: u32,
    /// When it last changed, RFC 3339, UTC; `None` while it never did.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// Who has taken it.
    #[serde(default)]
    pub agent: Option<String>,
    /// What that person left behind.
    #[serde(default)]
    pub note: Option<String>,
    /// Language the customer writes.
    pub language: Language,
    /// The customer's words.
    pub question: String,
    /// What is wanted and why a person is needed, in one or two sentences.
    pub summary: String,
    /// Amounts, dates and codes that the customer gave.
    pub facts: Vec<Fact>,
    /// What the machine did already.
    pub tried: Vec<String>,
    /// Policy passages that may help the person.
    pub sources: Vec<HandoffSource>,
    /// What the person must find out.
    pub open_questions: Vec<String>,
    /// A first reply the person may send.
    pub suggested_reply: Option<String>,
    /// `calm`, `upset`, `grieving` or `distressed`.
    pub sentiment: String,
    /// Why.
    pub reasons: Vec<Reason>,
    /// The team it goes to, if the company has named any.
    pub team: Option<String>,
    /// `normal`, `high` or `urgent`.
    pub priority: String,
    /// An e-mail address or telephone number that the customer gave.
    #[serde(default)]
    pub contact: Option<String>,
    /// How long the customer was told it may take.
    #[serde(default)]
    pub wait: Option<Wait>,
    /// What was heard, and in which words.
    #[serde(default)]
    pub signals: Vec<Signal>,
}

/// How long it may take until a person comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wait {
    /// Whether anybody is there.
    pub open: bool,
    /// When somebody will be there, if nobody is: RFC 3339, at the company's place; `None` if that is not known.
    pub opens_at: Option<String>,
    /// How many wait before this customer.
    pub ahead: usize,
    /// Minutes in which half of the latest customers were reached.
    pub usual_minutes: Option<u64>,
}

impl Handoff {
    /// The packet without what identifies the customer: for other systems. Facts keep their places in the words as they were written.
    pub fn redacted(&self) -> Self {
        let plain = |words: &str| redact(words).into_owned();
        Self {
            question: plain(&self.question),
            summary: plain(&self.summary),
            facts: self.facts.iter().map(|fact| Fact { text: plain(&fact.text), ..fact.clone() }).collect(),
            note: self.note.as_deref().map(plain),
            contact: self.contact.as_deref().map(plain),
            signals: self.signals.iter().map(|one| Signal { evidence: one.evidence.as_deref().map(plain), ..one.clone() }).collect(),
            ..self.clone()
        }
    }
}

fn first_revision() -> u32 {
    1
}

/// Where a hand-off stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandoffState {
    /// A person was offered: the packet is ready, and nobody waits yet.
    Offered,
    /// The customer wants the person who was offered.
    Requested,
    /// It waits for a person.
    Queued,
    /// A person has taken it.
    Accepted,
    /// That person and the customer talk.
    Active,
    /// The machine may answer again.
    Returned,
    /// It is done.
    Resolved,
    /// It could not be kept.
    Failed,
    /// Nobody took it in time.
    TimedOut,
}

impl HandoffState {
    /// Whether it may become `next`: forwards along the list above, and never out of an end.
    pub fn may_become(self, next: Self) -> bool {
        use HandoffState::{Accepted, Active, Failed, Offered, Queued, Requested, Resolved, Returned, TimedOut};
        match self {
            Offered => matches!(next, Requested | Queued | TimedOut),
            Requested => matches!(next, Queued | Accepted | Failed | TimedOut),
            Queued => matches!(next, Accepted | Failed | TimedOut),
            Accepted => matches!(next, Active | Returned | Resolved),
            Active => matches!(next, Returned | Resolved),
            Returned | Resolved | Failed | TimedOut => false,
        }
    }

    /// Its name in the contract and in the database.
    pub fn name(self) -> &'static str {
        match self {
            Self::Offered => "offered",
            Self::Requested => "requested",
            Self::Queued => "queued",
            Self::Accepted => "accepted",
            Self::Active => "active",
            Self::Returned => "returned",
            Self::Resolved => "resolved",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
        }
    }
}

/// What an agent does with a hand-off.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HandoffMove {
    /// Who the agent is.
    pub agent: String,
    /// The revision that the agent saw; another one since is a conflict. `None` asks for no such check.
    #[serde(default)]
    pub revision: Option<u32>,
    /// What others should know.
    #[serde(default)]
    pub note: Option<String>,
}

/// What somebody thought of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// The answer's `id`.
    pub answer_id: String,
    /// Good or bad.
    pub rating: Rating,
    /// In their own words.
    #[serde(default)]
    pub comment: Option<String>,
}

/// Good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rating {
    /// It helped.
    Up,
    /// It did not.
    Down,
}

/// Longest note, comment or name, in Unicode scalar values.
const NOTE_CHARS: usize = 4_000;
const NAME_CHARS: usize = 200;

/// Refuses a field without words, or with more than `most` characters.
pub(crate) fn check_words(field: &str, words: &str, most: usize) -> Result<()> {
    let found = words.chars().count();
    if words.trim().is_empty() || found > most {
        return Err(ErrorKind::BadRequest.on(format!("field `{field}` has {found} characters, it must have 1 to {most}")));
    }
    Ok(())
}

impl HandoffMove {
    /// Refuses what cannot be kept, naming the field.
    ///
    /// # Errors
    /// `BadRequest`.
    pub fn check(&self) -> Result<()> {
        check_words("agent", &self.agent, NAME_CHARS)?;
        self.note.as_deref().map_or(Ok(()), |note| check_words("note", note, NOTE_CHARS))
    }
}

impl Feedback {
    /// Refuses what cannot be kept, naming the field.
    ///
    /// # Errors
    /// `BadRequest`.
    pub fn check(&self) -> Result<()> {
        self.comment.as_deref().map_or(Ok(()), |comment| check_words("comment", comment, NOTE_CHARS))
    }
}

/// Words of the customer that the person will need, and where they stand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fact {
    /// The words.
    pub text: String,
    /// Which turn of the conversation, from 0.
    pub turn: usize,
    /// Where in that turn, in Unicode scalar values.
    pub start: usize,
    /// One past the last.
    pub end: usize,
}

/// A passage shown to the person who takes over.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HandoffSource {
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// Which version.
    pub version: u32,
    /// Where in the version's source.
    pub span: Span,
    /// The words.
    pub quote: String,
}

/// Milliseconds each stage took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Timings {
    /// Waiting for a free worker.
    pub queue: f64,
    /// Triage.
    pub triage: f64,
    /// Search.
    pub retrieve: f64,
    /// Choosing or writing the words.
    pub compose: f64,
    /// Checking them.
    pub ground: f64,
    /// From taking the request to the finished answer.
    pub total: f64,
}

/// The models behind an answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelNames {
    /// Embedding model.
    pub embedding: Option<String>,
    /// Language model.
    pub llm: Option<String>,
}

/// The reply to a question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Names this answer.
    pub id: String,
    /// The conversation it belongs to.
    pub conversation_id: String,
    /// Language of the answer.
    pub language: Language,
    /// What the customer reads.
    pub answer: String,
    /// What happens now.
    pub decision: Decision,
    /// Whether a person must take over: `decision == escalate`.
    pub escalate: bool,
    /// Why a person is offered or called; empty when the answer stands alone.
    pub reasons: Vec<Reason>,
    /// Probability that the cited words answer the question.
    pub confidence: f64,
    /// The words it rests on.
    pub citations: Vec<Citation>,
    /// What the person gets, when one must take over.
    pub handoff: Option<Handoff>,
    /// Who phrased it.
    pub mode: ComposedBy,
    /// What could not run and was done without, if anything.
    pub degraded: Option<String>,
    /// How long each stage took.
    pub timings_ms: Timings,
    /// The models behind it.
    pub models: ModelNames,
    /// Which snapshot of the index it comes from.
    pub index_version: u64,
    /// What the confidence came from: kept with the answer, not sent.
    #[serde(skip)]
    pub scores: Option<Signals>,
}

/// One thing that happens on the way to an answer, in this order. The decision always comes before text.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// Work has begun. Data: `{id, conversation_id}`.
    Started {
        /// The answer's id.
        id: String,
        /// The conversation's id.
        conversation_id: String,
    },
    /// Search is done. Data: `{passages, elapsed_ms}`.
    Retrieved {
        /// How many passages were found.
        passages: usize,
        /// Milliseconds since the request was taken.
        elapsed_ms: f64,
    },
    /// Whether a person is needed. Data: `{decision, escalate, reasons, confidence}`.
    Decided {
        /// What happens now.
        decision: Decision,
        /// Why.
        reasons: Vec<Reason>,
        /// Probability that the answer is right.
        confidence: f64,
    },
    /// A piece of the answer's text. Data: `{text}`.
    Delta {
        /// The piece.
        text: String,
    },
    /// A citation for text already sent. Data: the citation.
    Cited(Box<Citation>),
    /// The whole answer. Always last. Data: the answer.
    Completed(Box<Answer>),
}

/// A search without an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SearchRequest {
    /// What to look for.
    pub question: String,
    /// What was said before, oldest first.
    #[serde(default)]
    pub history: Vec<Said>,
    /// How many passages at most, 1 to 50.
    #[serde(default = "default_top_k")]
    pub top_k: usize,
    /// As the policies stood on this day or at this minute; `None` is now.
    #[serde(default)]
    pub as_of: Option<Moment>,
    /// Which documents may be used.
    #[serde(default)]
    pub filters: Filters,
    /// Whether to say why each passage stands where it does.
    #[serde(default)]
    pub explain: bool,
}

fn default_top_k() -> usize {
    5
}

impl SearchRequest {
    /// Refuses what search cannot use, naming the field.
    ///
    /// # Errors
    /// `BadRequest` as for [`AnswerRequest::check`].
    pub fn check(&self) -> Result<()> {
        if !(1..=50).contains(&self.top_k) {
            return Err(ErrorKind::BadRequest.on(format!("field `top_k` is {}, it must be 1 to 50", self.top_k)));
        }
        check_history(&self.history)?;
        AnswerRequest::new(self.question.as_str()).check()
    }
}

/// What search found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SearchReply {
    /// Best first.
    pub passages: Vec<FoundPassage>,
    /// Which snapshot of the index it comes from.
    pub index_version: u64,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
    /// How the question was read, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reading: Option<Reading>,
}

/// A passage and why it ranks where it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FoundPassage {
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// The headings above the passage.
    pub section: Option<String>,
    /// Where customers can read it.
    pub uri: Option<String>,
    /// Which version.
    pub version: u32,
    /// Where in the version's source.
    pub span: Span,
    /// The passage, as it stands in the source.
    pub text: String,
    /// The fused score it ranks by.
    pub score: f32,
    /// BM25 over title, headings and text; `None` when no word matched.
    pub lexical: Option<f32>,
    /// Cosine with the question; `None` when the embedding model was not used.
    pub cosine: Option<f32>,
    /// The reader's probability that the passage answers; `None` where it was not looked at again.
    pub relevance: Option<f32>,
    /// What the score is made of, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Why>,
}

/// One document version, without its text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentSummary {
    /// The document.
    pub document_id: String,
    /// Its title.
    pub title: String,
    /// Which version.
    pub version: u32,
    /// First day it holds.
    pub valid_from: Option<Moment>,
    /// Last day it holds.
    pub valid_to: Option<Moment>,
    /// Its labels.
    pub tags: Vec<String>,
    /// Where customers can read it.
    pub uri: Option<String>,
    /// SHA-256 of its file.
    pub sha256: String,
    /// The file: relative to the corpus folder, or under `uploads/`.
    pub path: String,
}

/// One document version as it stands, for the page that shows a citation in place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentView {
    /// What is known about it.
    #[serde(flatten)]
    pub summary: DocumentSummary,
    /// The whole source text: what citations' spans count in.
    pub source: String,
}

/// A sentence of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// The document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
    /// Where it stands in the source.
    pub span: Span,
    /// The words, as they stand there.
    pub quote: String,
}

/// Two sentences in force today that cannot both be right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ConflictView {
    /// What they disagree about: `amount`, `date` or `denial`.
    pub kind: ConflictKind,
    /// The one.
    pub first: Statement,
    /// The other.
    pub second: Statement,
}

/// Two passages in force today, of different documents, that say the same.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DuplicateView {
    /// The one.
    pub first: Statement,
    /// The other.
    pub second: Statement,
}

/// All document versions of one index.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentList {
    /// By document, then by version.
    pub documents: Vec<DocumentSummary>,
    /// Which snapshot of the index it is.
    pub index_version: u64,
}
