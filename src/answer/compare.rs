//! What customers would hear differently under other policies.

use serde::Serialize;

use super::contract::{Answer, Citation, Decision, Reason};

/// What questions get under the policies in force, and under others.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Comparison {
    /// Questions asked.
    pub questions: usize,
    /// Those with another reply, in the order they were asked.
    pub changes: Vec<Change>,
    /// Files among the others that could not be used, and why.
    pub skipped: Vec<crate::policy::SkippedFile>,
}

/// A question with another reply.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    /// The question.
    pub question: String,
    /// What is different.
    pub differs: Vec<Difference>,
    /// The reply now.
    pub before: Reply,
    /// The reply then.
    pub after: Reply,
}

/// Something that can be different.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Difference {
    /// The words.
    Answer,
    /// What they rest on: another document, or other words of it.
    Citations,
    /// Whether a person is offered or called.
    Decision,
}

/// A reply in short.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Reply {
    /// The words.
    pub answer: String,
    /// Whether a person is offered or called.
    pub decision: Decision,
    /// Why.
    pub reasons: Vec<Reason>,
    /// What the words rest on.
    pub citations: Vec<Source>,
}

/// A citation in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Source {
    /// The document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
    /// The words.
    pub quote: String,
}

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        let source = |citation: Citation| Source { document_id: citation.document_id, version: citation.version, quote: citation.quote };
        Self {
            answer: answer.answer,
            decision: answer.decision,
            reasons: answer.reasons,
            citations: answer.citations.into_iter().map(source).collect(),
        }
    }
}

impl Change {
    /// The change between two replies to `question`, if a customer would see one. The same words in a newer version are none.
    pub fn between(question: &str, before: Reply, after: Reply) -> Option<Self> {
        let rests_on = |reply: &Reply| -> Vec<(String, String)> {
            reply.citations.iter().map(|source| (source.document_id.clone(), source.quote.clone())).collect()
        };
        let differs: Vec<Difference> = [
            (Difference::Answer, before.answer != after.answer),
            (Difference::Citations, rests_on(&before) != rests_on(&after)),
            (Difference::Decision, before.decision != after.decision),
        ]
        .into_iter()
        .filter_map(|(difference, is_there)| is_there.then_some(difference))
        .collect();
        (!differs.is_empty()).then(|| Self { question: question.to_owned(), differs, before, after })
    }
}
