//! A part of the index: some documents with their words and vectors, built and read as a whole, never changed.
//!
//! ```text
//! documents.jsonl   one IndexedVersion a line
//! vectors.f16       vectors, row-major, little-endian: each passage's, then its sentences'
//! lexical/          tantivy
//! ```

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use super::conflicts::Statements;
use super::disk::{Draft, HashWriter, hex, sha256_of};
use super::lexical::LexicalBlock;
use super::vector::{VectorFile, write_row};
use super::{IndexedVersion, ManifestBlock};
use crate::engine::PassageVectors;
use crate::error::{Context, ErrorKind, Result};

const DOCUMENTS: &str = "documents.jsonl";
const VECTORS: &str = "vectors.f16";
const LEXICAL: &str = "lexical";

/// Text that one block should hold: as much as is indexed in well under a second. Little in unit tests, so that they have many blocks.
const BLOCK_BYTES: usize = if cfg!(test) { 1 << 8 } else { 1 << 20 };

/// Every question looks into every block.
const MOST_BLOCKS: u32 = 32;

/// How many blocks documents of so many bytes are spread over. What was chosen `before` stays until it is far from right, because
/// another number builds every block again.
pub(super) fn spread(bytes: usize, before: Option<u32>) -> u32 {
    let right = u32::try_from(bytes / BLOCK_BYTES).unwrap_or(MOST_BLOCKS).max(1).next_power_of_two().min(MOST_BLOCKS);
    before.filter(|before| (right / 2..=right * 2).contains(before)).unwrap_or(right)
}

/// The block that a document is in.
pub(super) fn block_of(document_id: &str, spread: u32) -> u32 {
    let hash = Sha256::digest(document_id);
    u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]) % spread.max(1)
}

/// The vectors of a new passage, or those that are there already.
pub(super) enum Rows<'a> {
    New(&'a PassageVectors),
    Known(&'a Block, usize),
}

pub(super) struct Block {
    pub(super) listed: ManifestBlock,
    pub(super) folder: PathBuf,
    pub(super) versions: Vec<Arc<IndexedVersion>>,
    pub(super) lexical: Arc<LexicalBlock>,
    pub(super) vectors: Option<VectorFile>,
    statements: OnceLock<Statements>,
}

impl Block {
    /// Writes a block into a folder of its own under `root` and opens it. `rows`: the vectors of its passages, in order, if there are
    /// any; `dimensions`: their length.
    pub(super) fn build(
        root: &Path,
        number: u32,
        name: String,
        versions: Vec<Arc<IndexedVersion>>,
        rows: Option<&[Rows<'_>]>,
        dimensions: Option<usize>,
    ) -> Result<Self> {
        let draft = Draft::begin(root)?;
        let mut checksums = BTreeMap::new();
        let sum = draft.write(DOCUMENTS, |writer| {
            versions.iter().try_for_each(|indexed| {
                serde_json::to_writer(&mut *writer, &**indexed)?;
                writer.write_all(b"\n")
            })
        })?;
        checksums.insert(DOCUMENTS.to_owned(), sum);
        if let Some(rows) = rows {
            let sum = draft.write(VECTORS, |writer| {
                rows.iter().try_for_each(|rows| match rows {
                    Rows::New(vectors) => [&vectors.whole].into_iter().chain(&vectors.sentences).try_for_each(|row| write_row(writer, row)),
                    Rows::Known(block, passage) => match &block.vectors {
                        Some(vectors) => writer.write_all(&vectors.bytes(*passage)?),
                        None => Err(std::io::ErrorKind::NotFound.into()),
                    },
                })
            })?;
            checksums.insert(VECTORS.to_owned(), sum);
        }
        let lexical = draft.path().join(LEXICAL);
        fs::create_dir(&lexical).on(ErrorKind::Io, || lexical.display().to_string())?;
        LexicalBlock::write(&lexical, &versions)?;
        let before = root.join(&name);
        if before.exists() {
            // Left by a build that was stopped, or damaged: nothing in force is built again.
            fs::remove_dir_all(&before).on(ErrorKind::Io, || before.display().to_string())?;
        }
        let folder = draft.keep(&name)?;
        let listed = ManifestBlock { number, name, checksums };
        Self::open_with(folder, listed, dimensions, |_| Ok(versions))
    }

    /// Opens a block of the snapshot under `root`. `dimensions`: the length of its vectors, if it has any.
    ///
    /// # Errors
    /// `BadIndex` naming the file that is missing or damaged.
    pub(super) fn open(root: &Path, listed: ManifestBlock, dimensions: Option<usize>) -> Result<Self> {
        let folder = root.join(&listed.name);
        Self::open_with(folder, listed, dimensions, |path| {
            let file = fs::File::open(path)?;
            BufReader::new(file).lines().map(|line| Ok(Arc::new(serde_json::from_str(&line?)?))).collect()
        })
    }

    fn open_with(
        folder: PathBuf,
        listed: ManifestBlock,
        dimensions: Option<usize>,
        read: impl FnOnce(&Path) -> std::io::Result<Vec<Arc<IndexedVersion>>>,
    ) -> Result<Self> {
        let damaged = |path: &Path| format!("{} is missing or damaged: run `frontdesk ingest` to build the index again", path.display());
        let is_sound = |name: &str, sum: &str| listed.checksums.get(name).is_some_and(|expected| *expected == sum);
        let path = folder.join(DOCUMENTS);
        let sum = sha256_of(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
        if !is_sound(DOCUMENTS, &sum) {
            return Err(ErrorKind::BadIndex.on(damaged(&path)));
        }
        let versions = read(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
        let mut vectors = None;
        if let Some(dimensions) = dimensions {
            let path = folder.join(VECTORS);
            let mut hasher = Sha256::new();
            let sentences = versions.iter().flat_map(|indexed| indexed.passages.iter().map(|passage| passage.sentences.len()));
            let opened = VectorFile::open(&path, dimensions, sentences, |bytes| {
                let _ = std::io::Write::write_all(&mut HashWriter(&mut hasher), bytes); // hashing cannot fail
            });
            vectors = Some(opened.on(ErrorKind::BadIndex, || damaged(&path))?);
            if !is_sound(VECTORS, &hex(&hasher.finalize())) {
                return Err(ErrorKind::BadIndex.on(damaged(&path)));
            }
        }
        let lexical = Arc::new(LexicalBlock::open(&folder.join(LEXICAL))?);
        if lexical.len() != versions.iter().map(|indexed| indexed.passages.len()).sum::<usize>() {
            return Err(ErrorKind::BadIndex.on(damaged(&folder)));
        }
        Ok(Self { listed, folder, versions, lexical, vectors, statements: OnceLock::new() })
    }

    /// What its sentences say, read when it is first asked for.
    pub(super) fn statements(&self) -> &Statements {
        self.statements.get_or_init(|| Statements::read(&self.versions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_spread_grows_with_the_text_and_keeps_still_around_a_limit() {
        assert_eq!([0, 3, 30, 3000].map(|blocks| spread(blocks * BLOCK_BYTES, None)), [1, 4, 32, 32]);
        assert_eq!((spread(4 * BLOCK_BYTES - 1, Some(8)), spread(5 * BLOCK_BYTES + 1, Some(4))), (8, 4));
        assert_eq!(spread(30 * BLOCK_BYTES, Some(1)), 32);
    }

    #[test]
    fn every_document_has_its_block() {
        let places: std::collections::BTreeSet<u32> = (0..200).map(|number| block_of(&format!("policy-{number}"), 8)).collect();
        assert_eq!(places.len(), 8);
        assert!(places.iter().all(|place| *place < 8));
        assert_eq!(block_of("late-payments", 8), block_of("late-payments", 8));
    }
}
