//! What helps a person who answers a customer: policy, a reply to start from, and what is wrong with the reply they wrote.

use serde::{Deserialize, Serialize};

use super::check::{CHECKED_CHARS, VerifyReply, VerifyRequest};
use super::contract::{Answer, AnswerRequest, Citation, Decision, Filters, FoundPassage, Mode, Reason, SearchRequest, Span};
use crate::error::{ErrorKind, Result};
use crate::policy::Moment;
use crate::retrieve::Said;

/// Passages shown.
const PASSAGES: usize = 3;

/// What the person has. Unknown fields are refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AssistRequest {
    /// The customer's last message; taken from `conversation_id` where it is left out.
    #[serde(default)]
    pub message: Option<String>,
    /// What the person is about to send.
    #[serde(default)]
    pub draft: Option<String>,
    /// The conversation, where it runs here.
    #[serde(default)]
    pub conversation_id: Option<String>,
    /// What was said before, oldest first, where the caller keeps the conversation.
    #[serde(default)]
    pub history: Vec<Said>,
    /// As the policies stood on this day; `None` is today.
    #[serde(default)]
    pub as_of: Option<Moment>,
    /// Which documents may be used.
    #[serde(default)]
    pub filters: Filters,
}

impl AssistRequest {
    /// Refuses what no help can be found for, naming the field.
    ///
    /// # Errors
    /// `BadRequest`.
    pub fn check(&self) -> Result<()> {
        if self.message.is_none() && self.draft.is_none() {
            return Err(ErrorKind::BadRequest.on("send `message` (the customer's last words), `draft` (your reply) or both"));
        }
        if let Some(message) = &self.message {
            AnswerRequest { history: self.history.clone(), ..AnswerRequest::new(message.as_str()) }
                .check()
                .map_err(|error| ErrorKind::BadRequest.on(error.item.replace("`question`", "`message`")))?;
        }
        match self.draft.as_deref().map(|draft| (draft.chars().any(char::is_alphanumeric), draft.chars().count())) {
            Some((has_words, chars)) if !has_words || chars > CHECKED_CHARS => Err(ErrorKind::BadRequest
                .on(format!("field `draft` has {chars} characters, it must hold words and have at most {CHECKED_CHARS}"))),
            _ => Ok(()),
        }
    }

    /// The customer's question.
    pub(super) fn question(&self) -> Option<AnswerRequest> {
        let message = self.message.as_ref()?;
        Some(AnswerRequest {
            history: self.history.clone(),
            as_of: self.as_of,
            filters: self.filters.clone(),
            mode: Mode::Quote,
            ..AnswerRequest::new(message.as_str())
        })
    }

    /// What to look for: the message, or what the draft speaks of.
    pub(super) fn search(&self) -> SearchRequest {
        let words = self.message.as_ref().or(self.draft.as_ref()).map(String::as_str).unwrap_or_default();
        SearchRequest {
            question: words.chars().take(super::QUESTION_CHARS).collect(),
            history: self.history.clone(),
            top_k: PASSAGES,
            as_of: self.as_of,
            filters: self.filters.clone(),
            explain: false,
        }
    }

    /// The draft's own check.
    pub(super) fn verification(&self) -> Option<VerifyRequest> {
        let text = self.draft.clone()?;
        Some(VerifyRequest { text, as_of: self.as_of, filters: self.filters.clone(), evidence: Vec::new() })
    }
}

/// Help for the person.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AssistReply {
    /// Passages that may help, best first.
    pub policy: Vec<FoundPassage>,
    /// A reply in the policy's own words, where one answers the message.
    pub suggested_reply: Option<Suggestion>,
    /// What in the draft should not be sent as it is.
    pub risks: Vec<Risk>,
    /// The draft, sentence by sentence.
    pub draft: Option<VerifyReply>,
    /// Which snapshot of the index was used.
    pub index_version: u64,
    /// Milliseconds it took.
    pub elapsed_ms: f64,
}

/// A reply that the person may send.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Suggestion {
    /// Its words.
    pub text: String,
    /// What they rest on; `answer_span`s count in `text`.
    pub citations: Vec<Citation>,
    /// Probability that they answer the message.
    pub confidence: f64,
    /// What the machine would have done with them.
    pub decision: Decision,
    /// Why.
    pub reasons: Vec<Reason>,
}

impl Suggestion {
    /// The part of a machine's answer that rests on policy.
    pub(super) fn from_answer(answer: Answer) -> Option<Self> {
        let from = answer.citations.iter().map(|citation| citation.answer_span.start).min()?;
        let text = answer.answer.chars().skip(from).collect();
        let moved = |mut citation: Citation| {
            citation.answer_span = Span { start: citation.answer_span.start - from, end: citation.answer_span.end - from };
            citation
        };
        let citations = answer.citations.into_iter().map(moved).collect();
        Some(Self { text, citations, confidence: answer.confidence, decision: answer.decision, reasons: answer.reasons })
    }
}

/// Words of the draft that no policy in force covers.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Risk {
    /// What is wrong: `promise`, `number`, `negation`, `outdated` and the other kinds of `POST /v1/verify`.
    pub kind: &'static str,
    /// The sentence's place in the draft.
    pub span: Span,
    /// The sentence.
    pub text: String,
    /// What is wrong, for people.
    pub message: String,
    /// What the policy says on the matter.
    pub policy: Option<Citation>,
}

/// The risks of a checked draft, in its order.
pub(super) fn risks(checked: &VerifyReply) -> Vec<Risk> {
    let of_sentence = |sentence: &super::check::Checked| {
        let (span, text, policy) = (sentence.span, sentence.text.clone(), sentence.by.clone());
        sentence.objections.clone().into_iter().map(move |objection| Risk {
            kind: objection.kind,
            span,
            text: text.clone(),
            message: objection.message,
            policy: policy.clone(),
        })
    };
    checked.sentences.iter().flat_map(of_sentence).collect()
}
