//! What has been answered before: by people, whose corrections outrank the machine, and by the LLM, whose words cost most.
//!
//! Nothing here is trusted. A correction is kept with the sentences it rests on and is looked up in the very snapshot that the request sees:
//! once one of those sentences is gone, the correction is silent, until somebody restores it. Words of the LLM are known by the question and
//! the evidence they were written from, so other evidence is another key.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Mutex, PoisonError, RwLock};

use serde::{Deserialize, Serialize};

use super::compose::Draft;
use super::contract::{Citation, ComposedBy};
use super::ground::{char_span, verify};
use crate::index::{IndexedVersion, Snapshot};
use crate::policy::Moment;
use crate::text::analysis::{TermKind, terms};

/// Words of the LLM that are kept; then all are forgotten.
const WRITTEN: usize = 10_000;

/// A person's answer to a question, and the policy it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Correction {
    /// The answer that it corrects.
    pub answer_id: String,
    /// The question.
    pub question: String,
    /// What to answer.
    pub text: String,
    /// What that rests on; `answer_span`s count in `text`.
    pub citations: Vec<Citation>,
    /// Who said so.
    pub agent: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// Everything remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    corrections: RwLock<HashMap<String, Correction>>,
    written: Mutex<HashMap<String, Draft>>,
}

impl Memory {
    /// Keeps a correction; it replaces an earlier one of the same question.
    pub fn learn(&self, correction: Correction) {
        let mut corrections = self.corrections.write().unwrap_or_else(PoisonError::into_inner);
        corrections.insert(key(&correction.question), correction);
    }

    /// Drops the correction of an answer.
    pub fn unlearn(&self, answer_id: &str) {
        let mut corrections = self.corrections.write().unwrap_or_else(PoisonError::into_inner);
        corrections.retain(|_, correction| correction.answer_id != answer_id);
    }

    /// What a person wants answered to `question`, if all it rests on is in force at `time` in `snapshot`.
    pub fn recall(&self, snapshot: &Snapshot, question: &str, time: Moment) -> Option<Draft> {
        let correction = {
            let corrections = self.corrections.read().unwrap_or_else(PoisonError::into_inner);
            if corrections.is_empty() {
                return None;
            }
            corrections.get(&key(question))?.clone()
        };
        let citations = correction.citations.into_iter().map(|citation| restore(snapshot, citation, time)).collect::<Option<Vec<_>>>()?;
        Some(Draft { text: correction.text, citations, by: ComposedBy::Person })
    }

    /// What the LLM wrote before for this key.
    pub fn written(&self, key: &str) -> Option<Draft> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    /// Keeps what the LLM wrote.
    pub fn keep_written(&self, key: String, draft: &Draft) {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.len() >= WRITTEN {
            written.clear();
        }
        written.insert(key, draft.clone());
    }
}

/// A question without what makes no difference: case, punctuation, endings, and words of politeness.
pub(super) fn key(question: &str) -> String {
    /// As terms are written.
    const FILLERS: &str =
        " a an the pleas pls plz thank thx hi hello hey kind just um so 请 请问 你好 您好 谢谢 吗 呢 啊 吧 呀 的 了 一下 想问 问一下 ";
    let words = terms(question).into_iter().filter(|term| term.kind == TermKind::Word).map(|term| term.text);
    words.filter(|word| !FILLERS.contains(&format!(" {word} "))).collect::<Vec<_>>().join(" ")
}

/// The version of a document in force at `time`.
pub(super) fn in_force<'a>(snapshot: &'a Snapshot, document_id: &str, time: Moment) -> Option<&'a IndexedVersion> {
    let of_document = snapshot.indexed().filter(|one| one.version.document_id == document_id && one.version.is_valid_on(time));
    of_document.max_by_key(|one| one.version.version)
}

/// Where a version says exactly `quote`, as one or more whole sentences: a part of a longer sentence may say something else.
pub(super) fn place_of(one: &IndexedVersion, quote: &str) -> Option<Range<usize>> {
    let sentences = || one.passages.iter().flat_map(|passage| &passage.sentences);
    let candidate =
        |start: usize| (one.version.source.get(start..start + quote.len()) == Some(quote)).then_some(start..start + quote.len());
    let found = sentences().find_map(|sentence| candidate(sentence.bytes.start))?;
    sentences().any(|sentence| sentence.bytes.end == found.end).then_some(found)
}

/// A citation as it stands in `snapshot` at `time`; `None` once its words are no longer in force.
fn restore(snapshot: &Snapshot, citation: Citation, time: Moment) -> Option<Citation> {
    let current = in_force(snapshot, &citation.document_id, time)?;
    let version = &current.version;
    if version.version == citation.version && verify(snapshot, &citation) {
        return Some(citation);
    }
    let bytes = place_of(current, &citation.quote)?;
    Some(Citation {
        title: version.title.clone(),
        uri: version.uri.clone(),
        version: version.version,
        sha256: version.sha256.clone(),
        valid_from: version.valid_from,
        valid_to: version.valid_to,
        span: char_span(&version.source, &bytes),
        ..citation
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_the_same_question_has_the_same_key_and_another_one_has_not() {
        assert_eq!(key("Hi, how much is the late fee please?"), key("how much is a late fee"));
        assert_eq!(key("请问退款多久到账？谢谢"), key("退款多久到账"));
        for (one, other) in [
            ("Can I return a gift card?", "Can't I return a gift card?"),
            ("Is there a fee after 10 days?", "Is there a fee after 20 days?"),
            ("When do I pay?", "How do I pay?"),
            ("能退货吗", "不能退货吗"),
        ] {
            assert_ne!(key(one), key(other), "{one}");
        }
    }
}
