//! Does what an answer rested on still stand?

use serde::Serialize;

use super::contract::{Citation, Statement};
use super::ground::{char_span, verify};
use super::memory::{in_force, place_of};
use crate::index::{IndexedVersion, Snapshot};
use crate::policy::{Moment, Sentence, Version};
use crate::text::analysis::{is_stop_word, terms};

/// A citation of an earlier answer under the policies of another time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CitationNow {
    /// The document.
    pub document_id: String,
    /// The version that was cited.
    pub version: u32,
    /// The words that were cited.
    pub quote: String,
    /// What has become of them.
    pub status: Fate,
    /// What the policy says in their place; the words themselves where they still stand.
    pub now: Option<Statement>,
}

/// What has become of cited words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// The same version is in force, to the byte.
    Unchanged,
    /// The text around them is another, the words are the same: a newer version, or an edit elsewhere in the document.
    Restated,
    /// The document is in force with other words in their place.
    Edited,
    /// No version of the document is in force.
    Removed,
}

impl Fate {
    /// Whether the cited words are still policy.
    pub fn stands(self) -> bool {
        matches!(self, Self::Unchanged | Self::Restated)
    }
}

/// What `version` says at `bytes`.
pub(super) fn statement_of(version: &Version, bytes: &std::ops::Range<usize>) -> Statement {
    Statement {
        document_id: version.document_id.clone(),
        version: version.version,
        span: char_span(&version.source, bytes),
        quote: version.source.get(bytes.clone()).unwrap_or_default().to_owned(),
    }
}

/// What has become of `citation` in `snapshot` at `time`.
pub(super) fn now(snapshot: &Snapshot, citation: &Citation, time: Moment) -> CitationNow {
    let current = in_force(snapshot, &citation.document_id, time);
    let (status, now) = match current {
        None => (Fate::Removed, None),
        Some(one) if one.version.version == citation.version && verify(snapshot, citation) => {
            let same = Statement {
                document_id: citation.document_id.clone(),
                version: citation.version,
                span: citation.span,
                quote: citation.quote.clone(),
            };
            (Fate::Unchanged, Some(same))
        }
        Some(one) => match place_of(one, &citation.quote) {
            Some(bytes) => (Fate::Restated, Some(statement_of(&one.version, &bytes))),
            None => (Fate::Edited, nearest(one, &citation.quote).map(|sentence| statement_of(&one.version, &sentence.bytes))),
        },
    };
    CitationNow { document_id: citation.document_id.clone(), version: citation.version, quote: citation.quote.clone(), status, now }
}

/// The sentence of a version that shares most words with `quote`, if any shares two.
fn nearest<'a>(one: &'a IndexedVersion, quote: &str) -> Option<&'a Sentence> {
    let content = |text: &str| terms(text).into_iter().map(|term| term.text).filter(|term| !is_stop_word(term)).collect::<Vec<_>>();
    let wanted = content(quote);
    let shared = |sentence: &Sentence| content(&sentence.plain).iter().filter(|word| wanted.contains(word)).count();
    let sentences = one.passages.iter().flat_map(|passage| &passage.sentences);
    let best = sentences.map(|sentence| (shared(sentence), sentence)).reduce(|best, other| if other.0 > best.0 { other } else { best });
    best.filter(|(shared, _)| *shared >= 2).map(|(_, sentence)| sentence)
}
