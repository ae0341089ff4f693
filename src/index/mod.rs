//! Everything that can be searched, as one frozen snapshot.
//!
//! In: document versions and an embedding model. Out: a [`Snapshot`] with a lexical index (tantivy), vectors and the passages
//! themselves, never changed, swapped as a whole. It is made of blocks: a document's id says which block it is in, and a change
//! builds the blocks of the changed documents again; the others are shared with the snapshot before. Nothing that is searched or
//! ranked depends on how documents are spread over blocks.
//! On disk: one folder per block, named after what is in it, and one per snapshot, with checksums ([`disk`]).
//! Must not know: questions.

mod block;
mod build;
mod conflicts;
pub mod disk;
mod duplicates;
pub mod lexical;
pub mod vector;

pub use build::{NamedEmbedder, Progress, refresh, trial};
pub use conflicts::{Conflict, ConflictKind};
pub use vector::Cosines;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::engine::PassageText;
use crate::error::{Context, ErrorKind, Result};
use crate::policy::{Known, Moment, Passage, Sentence, SkippedFile, Version};
use crate::text::Language;
use block::{Block, block_of};
use lexical::LexicalIndex;
use vector::VectorFile;

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
    /// Version of the program that built it: another one may split or read text in another way.
    pub program: String,
    /// Counts up with every build.
    pub index_version: u64,
    /// Name and SHA-256 of the embedding model's weights; `None` when there are no vectors.
    pub embedding: Option<EmbeddingId>,
    /// One hash over all inputs: the same inputs need no new build.
    pub fingerprint: String,
    /// How many blocks documents are spread over; those without a document are not there.
    pub spread: u32,
    /// The blocks.
    pub blocks: Vec<ManifestBlock>,
    /// The versions in it, in the order of their passages' ids.
    pub documents: Vec<ManifestDocument>,
    /// Files that could not be used, and why.
    pub skipped: Vec<SkippedFile>,
    /// Passages in all.
    pub passages: usize,
    /// Sentences in all.
    pub sentences: usize,
    /// Sentences of different policies that cannot both be right.
    pub conflicts: Vec<Conflict>,
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

/// A block in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManifestBlock {
    /// Its place among the blocks that documents are spread over.
    pub number: u32,
    /// Its folder, named after what is in it.
    pub name: String,
    /// SHA-256 per data file.
    pub checksums: BTreeMap<String, String>,
}

/// Where a version is.
struct Place {
    indexed: Arc<IndexedVersion>,
    /// Position of its block among the blocks that are there.
    block: u32,
    /// Position of its first passage in the block.
    first_in_block: u32,
    first_passage: PassageId,
}

struct PassageEntry {
    document: u32,
    first_sentence: SentenceId,
}

/// A frozen view of all policies. Searches that began on it end on it, whatever is built meanwhile.
pub struct Snapshot {
    /// What it was built from.
    pub manifest: Manifest,
    blocks: Vec<Arc<Block>>,
    /// The ids of each block's passages.
    ids: Vec<Arc<[PassageId]>>,
    versions: Vec<Place>,
    passages: Vec<PassageEntry>,
    lexical: LexicalIndex,
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
    /// Joins blocks in the order of `manifest.documents`. `None` when the two do not belong together.
    fn assemble(manifest: Manifest, blocks: Vec<Arc<Block>>) -> Result<Option<Self>> {
        let places: BTreeMap<u32, usize> = manifest.blocks.iter().map(|block| block.number).zip(0..).collect();
        let mut ids: Vec<Vec<PassageId>> = blocks.iter().map(|block| Vec::with_capacity(block.lexical.len())).collect();
        let mut next = vec![0; blocks.len()];
        let (mut versions, mut passages) = (Vec::with_capacity(manifest.documents.len()), Vec::with_capacity(manifest.passages));
        let mut first_sentence: SentenceId = 0;
        for (document, listed) in (0..).zip(&manifest.documents) {
            let Some(&block) = places.get(&block_of(&listed.document_id, manifest.spread)) else { return Ok(None) };
            let Some(indexed) = blocks.get(block).and_then(|there| there.versions.get(next[block])) else { return Ok(None) };
            next[block] += 1;
            let version = &indexed.version;
            if (&version.path, &version.sha256, version.version) != (&listed.path, &listed.sha256, listed.version) {
                return Ok(None);
            }
            let (first_in_block, first_passage) = (ids[block].len() as u32, passages.len() as PassageId);
            for passage in &indexed.passages {
                ids[block].push(passages.len() as PassageId);
                passages.push(PassageEntry { document, first_sentence });
                first_sentence += passage.sentences.len() as SentenceId;
            }
            versions.push(Place { indexed: Arc::clone(indexed), block: block as u32, first_in_block, first_passage });
        }
        let fits = |(block, ids): (&Arc<Block>, &Vec<PassageId>)| block.lexical.len() == ids.len();
        if passages.len() != manifest.passages || first_sentence as usize != manifest.sentences || !blocks.iter().zip(&ids).all(fits) {
            return Ok(None);
        }
        let ids: Vec<Arc<[PassageId]>> = ids.into_iter().map(Arc::from).collect();
        let lexical = LexicalIndex::join(blocks.iter().map(|block| Arc::clone(&block.lexical)).zip(ids.iter().cloned()).collect())?;
        Ok(Some(Self { manifest, blocks, ids, versions, passages, lexical }))
    }

    /// Prepares for a change: reads what its sentences say, of which only the changed documents' is read again. Takes seconds where there
    /// are a hundred thousand passages.
    pub fn read_ahead(&self) {
        self.blocks.par_iter().for_each(|block| _ = block.statements());
    }

    /// All document versions, in force or not.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.iter().map(|place| &place.indexed.version)
    }

    /// Its files, so that those that have not changed need not be read again.
    pub fn known(&self) -> Known<'_> {
        if self.manifest.program == build::PROGRAM { Known::new(self.versions()) } else { Known::default() }
    }

    /// All document versions with their passages, in force or not.
    pub fn indexed(&self) -> impl Iterator<Item = &IndexedVersion> {
        self.versions.iter().map(|place| place.indexed.as_ref())
    }

    /// For every passage, in order of their ids, whether its version is one that `admits`.
    pub fn mask(&self, admits: impl Fn(&Version) -> bool) -> Vec<bool> {
        let mut mask = Vec::with_capacity(self.passages.len());
        for Place { indexed, .. } in &self.versions {
            let admitted = admits(&indexed.version);
            mask.resize(mask.len() + indexed.passages.len(), admitted);
        }
        mask
    }

    /// Number of passages; their ids count up to it.
    pub fn passage_count(&self) -> usize {
        self.passages.len()
    }

    fn place(&self, id: PassageId) -> (&PassageEntry, &Place) {
        let entry = &self.passages[id as usize];
        (entry, &self.versions[entry.document as usize])
    }

    /// The passage with this id. Panics on an id from another snapshot.
    pub fn passage(&self, id: PassageId) -> PassageView<'_> {
        let (entry, place) = self.place(id);
        let passage = &place.indexed.passages[(id - place.first_passage) as usize];
        PassageView { id, version: &place.indexed.version, passage, first_sentence: entry.first_sentence }
    }

    /// A sentence with the passage it stands in.
    pub fn sentence(&self, id: SentenceId) -> Option<(PassageView<'_>, &Sentence)> {
        let at = self.passages.partition_point(|entry| entry.first_sentence <= id).checked_sub(1)?;
        let view = self.passage(at as PassageId);
        Some((view, view.passage.sentences.get((id - view.first_sentence) as usize)?))
    }

    /// Sentences in force at `time` that say something else than this one.
    pub fn conflicts_with(&self, sentence: SentenceId, time: Moment) -> Vec<SentenceId> {
        let other = |conflict: &Conflict| match (conflict.first == sentence, conflict.second == sentence) {
            (true, _) => Some(conflict.second),
            (_, true) => Some(conflict.first),
            _ => None,
        };
        let in_force = |id: &SentenceId| self.sentence(*id).is_some_and(|(view, _)| view.version.is_valid_on(time));
        self.manifest.conflicts.iter().filter_map(other).filter(in_force).collect()
    }

    /// The lexical index.
    pub fn lexical(&self) -> &LexicalIndex {
        &self.lexical
    }

    /// The `top_k` allowed passages nearest to a unit vector, with their cosines, best first; none without vectors.
    ///
    /// # Errors
    /// `BadIndex` when the vectors cannot be read.
    pub fn nearest(&self, query: &[f32], top_k: usize, allowed: &dyn Fn(PassageId) -> bool) -> Result<Vec<(PassageId, f32)>> {
        vector::nearest(&self.vectors(), query, top_k, allowed).on(ErrorKind::BadIndex, unreadable_vectors)
    }

    fn vectors(&self) -> Vec<(&VectorFile, &[PassageId])> {
        self.blocks.iter().zip(&self.ids).filter_map(|(block, ids)| Some((block.vectors.as_ref()?, &**ids))).collect()
    }

    /// Cosines of a passage and its sentences with a unit vector; `None` without vectors.
    ///
    /// # Errors
    /// `BadIndex` when the vectors cannot be read.
    pub fn cosines(&self, passage: PassageId, query: &[f32]) -> Result<Option<Cosines>> {
        let (_, place) = self.place(passage);
        let Some(vectors) = &self.blocks[place.block as usize].vectors else { return Ok(None) };
        let in_block = place.first_in_block + (passage - place.first_passage);
        vectors.cosines(in_block as usize, query).on(ErrorKind::BadIndex, unreadable_vectors)
    }
}

fn unreadable_vectors() -> String {
    "the vectors of the index: delete the index folder and run `frontdesk ingest`".to_owned()
}

/// The passage as the models read it: where it stands (`TITLE. HEADINGS: `, in Chinese `TITLE HEADINGS：`, each said once), then its
/// sentences.
fn passage_text(version: &Version, passage: &Passage) -> PassageText {
    let clean = |text: &str| text.trim().trim_end_matches(['.', ':']).to_owned();
    let title = clean(&version.title);
    let headings: Vec<String> = passage.headings.iter().map(|heading| clean(heading)).filter(|heading| *heading != title).collect();
    let (between, end, joint) = if version.language == Language::Zh { (" ", "：", "") } else { (". ", ": ", " ") };
    let heading = [title].into_iter().chain(headings).collect::<Vec<_>>().join(between) + end;
    PassageText { heading, sentences: passage.sentences.iter().map(|sentence| sentence.plain.clone()).collect(), joint }
}
