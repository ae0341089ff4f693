//! Everything that can be searched, as one frozen snapshot.
//!
//! In: document versions and an embedding model. Out: a [`Snapshot`] with a lexical index (tantivy), vectors (exact scan, or
//! HNSW above [`vector::HNSW_FROM`]) and the passages themselves, built once, never changed, swapped as a whole.
//! On disk: one folder per snapshot, with checksums, and a pointer to the current one ([`disk`]).
//! Must not know: questions.

mod build;
mod conflicts;
pub mod disk;
pub mod lexical;
pub mod vector;

pub use build::{NamedEmbedder, Progress, refresh};
pub use conflicts::Conflict;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::engine::PassageText;
use crate::policy::{Passage, Sentence, SkippedFile, Version};
use lexical::LexicalIndex;
use vector::{VectorIndex, dot};

/// Position of a passage in its snapshot.
pub type PassageId = u32;

/// Position of a sentence in its snapshot.
pub type SentenceId = u32;

/// A document version and its passages, as kept in a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndexedVersion {
    /// The version.
    pub version: Version,
    /// Its passages, in order.
    pub passages: Vec<Passage>,
}

/// What a snapshot was built from, and the checksums of its files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// Layout of the folder; another number cannot be read.
    pub format: u32,
    /// Counts up with every build.
    pub index_version: u64,
    /// Name and SHA-256 of the embedding model's weights; `None` when there are no vectors.
    pub embedding: Option<EmbeddingId>,
    /// One hash over all inputs: the same inputs need no new build.
    pub fingerprint: String,
    /// The versions in it.
    pub documents: Vec<ManifestDocument>,
    /// Files that could not be used, and why.
    pub skipped: Vec<SkippedFile>,
    /// Passages in all.
    pub passages: usize,
    /// Sentences in all.
    pub sentences: usize,
    /// Sentences of different policies that cannot both be right.
    pub conflicts: Vec<Conflict>,
    /// SHA-256 per data file.
    pub checksums: std::collections::BTreeMap<String, String>,
}

/// Which model the vectors come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmbeddingId {
    /// Catalogue id.
    pub model: String,
    /// SHA-256 of the weights.
    pub sha256: String,
    /// Length of a vector.
    pub dimensions: usize,
}

/// A version in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestDocument {
    /// File, relative to the corpus folder.
    pub path: String,
    /// SHA-256 of the file.
    pub sha256: String,
    /// Document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
}

struct PassageEntry {
    document: u32,
    place: u32,
    first_sentence: SentenceId,
}

/// A frozen view of all policies. Searches that began on it end on it, whatever is built meanwhile.
pub struct Snapshot {
    /// What it was built from.
    pub manifest: Manifest,
    versions: Vec<IndexedVersion>,
    passages: Vec<PassageEntry>,
    lexical: LexicalIndex,
    passage_vectors: Option<VectorIndex>,
    /// `sentences × dimensions`, row-major; empty without vectors.
    sentence_vectors: Vec<f32>,
}

/// A passage with the document it belongs to.
#[derive(Clone, Copy)]
pub struct PassageView<'a> {
    /// Its id.
    pub id: PassageId,
    /// The version it is part of.
    pub version: &'a Version,
    /// The passage.
    pub passage: &'a Passage,
    /// Id of its first sentence; the others follow.
    pub first_sentence: SentenceId,
}

impl PassageView<'_> {
    /// The passage as the models read it.
    pub fn as_read(&self) -> PassageText {
        passage_text(self.version, self.passage)
    }

    /// The passage as it stands in the source.
    pub fn text(&self) -> &str {
        self.version.source.get(self.passage.bytes.clone()).unwrap_or_default()
    }

    /// `heading › subheading`, if there is any heading.
    pub fn section(&self) -> Option<String> {
        (!self.passage.headings.is_empty()).then(|| self.passage.headings.join(" › "))
    }
}

impl Snapshot {
    fn assemble(
        manifest: Manifest,
        versions: Vec<IndexedVersion>,
        lexical: LexicalIndex,
        passage_vectors: Option<VectorIndex>,
        sentence_vectors: Vec<f32>,
    ) -> Self {
        let mut passages = Vec::new();
        let mut first_sentence = 0;
        for (document, indexed) in (0..).zip(&versions) {
            for (place, passage) in (0..).zip(&indexed.passages) {
                passages.push(PassageEntry { document, place, first_sentence });
                first_sentence += passage.sentences.len() as SentenceId;
            }
        }
        Self { manifest, versions, passages, lexical, passage_vectors, sentence_vectors }
    }

    /// All document versions, in force or not.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().map(|indexed| &indexed.version)
    }

    /// All document versions with their passages, in force or not.
    pub fn indexed(&self) -> impl Iterator<Item = &IndexedVersion> {
        self.versions.iter()
    }

    /// For every passage, in order of their ids, whether its version is one that `admits`.
    pub fn mask(&self, admits: impl Fn(&Version) -> bool) -> Vec<bool> {
        let mut mask = Vec::with_capacity(self.passages.len());
        for indexed in &self.versions {
            let admitted = admits(&indexed.version);
            mask.resize(mask.len() + indexed.passages.len(), admitted);
        }
        mask
    }

    /// Number of passages; their ids count up to it.
    pub fn passage_count(&self) -> usize {
        self.passages.len()
    }

    /// The passage with this id. Panics on an id from another snapshot.
    pub fn passage(&self, id: PassageId) -> PassageView<'_> {
        let entry = &self.passages[id as usize];
        let indexed = &self.versions[entry.document as usize];
        PassageView {
            id,
            version: &indexed.version,
            passage: &indexed.passages[entry.place as usize],
            first_sentence: entry.first_sentence,
        }
    }

    /// A sentence with the passage it stands in.
    pub fn sentence(&self, id: SentenceId) -> Option<(PassageView<'_>, &Sentence)> {
        let at = self.passages.partition_point(|entry| entry.first_sentence <= id).checked_sub(1)?;
        let view = self.passage(at as PassageId);
        Some((view, view.passage.sentences.get((id - view.first_sentence) as usize)?))
    }

    /// Sentences in force on `day` that say something else than this one.
    pub fn conflicts_with(&self, sentence: SentenceId, day: Date) -> Vec<SentenceId> {
        let other = |conflict: &Conflict| match (conflict.first == sentence, conflict.second == sentence) {
            (true, _) => Some(conflict.second),
            (_, true) => Some(conflict.first),
            _ => None,
        };
        let in_force = |id: &SentenceId| self.sentence(*id).is_some_and(|(view, _)| view.version.is_valid_on(day));
        self.manifest.conflicts.iter().filter_map(other).filter(in_force).collect()
    }

    /// The lexical index.
    pub fn lexical(&self) -> &LexicalIndex {
        &self.lexical
    }

    /// The vectors of passages, if an embedding model was there.
    pub fn passage_vectors(&self) -> Option<&VectorIndex> {
        self.passage_vectors.as_ref()
    }

    /// Cosine of a sentence with a unit vector; `None` without vectors.
    pub fn sentence_cosine(&self, sentence: SentenceId, query: &[f32]) -> Option<f32> {
        let start = sentence as usize * query.len();
        self.sentence_vectors.get(start..start + query.len()).filter(|row| !row.is_empty()).map(|row| dot(row, query))
    }
}

/// The passage as the models read it: where it stands (`TITLE. HEADINGS: `, each said once), then its sentences.
fn passage_text(version: &Version, passage: &Passage) -> PassageText {
    let clean = |text: &str| text.trim().trim_end_matches(['.', ':']).to_owned();
    let title = clean(&version.title);
    let headings: Vec<String> = passage.headings.iter().map(|heading| clean(heading)).filter(|heading| *heading != title).collect();
    let heading = if headings.is_empty() { format!("{title}: ") } else { format!("{title}. {}: ", headings.join(". ")) };
    PassageText { heading, sentences: passage.sentences.iter().map(|sentence| sentence.plain.clone()).collect() }
}
