//! Snapshots on disk: one folder each, a pointer to the current one.
//!
//! ```text
//! DATA/index/CURRENT            name of the folder in force
//! DATA/index/v000017/manifest.json
//!                    documents.jsonl   one IndexedVersion a line
//!                    passages.f32      vectors, row-major, little-endian
//!                    sentences.f32
//!                    lexical/          tantivy
//! ```
//! A snapshot is written beside the others under a temporary name and renamed when complete; then `CURRENT` is replaced in
//! one step. A crash at any moment leaves the last complete snapshot in force.

use std::fs;
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::lexical::LexicalIndex;
use super::vector::{HNSW_FROM, VectorIndex};
use super::{IndexedVersion, Manifest, Snapshot};
use crate::error::{Context, ErrorKind, Result};

/// Layout of a snapshot folder. Raise it whenever older folders cannot be read or would rank differently.
pub const FORMAT: u32 = 2;

const CURRENT: &str = "CURRENT";
const BUILDING: &str = ".building-";
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
const MANIFEST: &str = "manifest.json";
pub(super) const DOCUMENTS: &str = "documents.jsonl";
pub(super) const PASSAGE_VECTORS: &str = "passages.f32";
pub(super) const SENTENCE_VECTORS: &str = "sentences.f32";
pub(super) const LEXICAL: &str = "lexical";

/// Loads the snapshot in force; `None` when none was ever built.
///
/// # Errors
/// `BadIndex` naming the file that is missing, damaged or of another format.
pub fn load(root: &Path) -> Result<Option<Snapshot>> {
    let pointer = root.join(CURRENT);
    let name = match fs::read_to_string(&pointer) {
        Ok(name) => name.trim().to_owned(),
        Err(missing) if missing.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(ErrorKind::BadIndex.on(format!("{} cannot be read", pointer.display())).because(cause)),
    };
    if !is_snapshot_name(&name) {
        return Err(ErrorKind::BadIndex.on(format!("{} names no snapshot: delete it and run `frontdesk ingest`", pointer.display())));
    }
    load_folder(&root.join(name)).map(Some)
}

fn load_folder(folder: &Path) -> Result<Snapshot> {
    let path = folder.join(MANIFEST);
    let damaged = |path: &Path| format!("{} is missing or damaged: run `frontdesk ingest` to build the index again", path.display());
    let bytes = fs::read(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
    let manifest: Manifest = serde_json::from_slice(&bytes).on(ErrorKind::BadIndex, || damaged(&path))?;
    if manifest.format != FORMAT {
        return Err(ErrorKind::BadIndex.on(format!(
            "{} has format {}, this version reads {FORMAT}: run `frontdesk ingest` to build the index again",
            folder.display(),
            manifest.format
        )));
    }
    for (name, expected) in &manifest.checksums {
        let file = folder.join(name);
        let found = sha256_of(&file).on(ErrorKind::BadIndex, || damaged(&file))?;
        if found != *expected {
            return Err(ErrorKind::BadIndex.on(damaged(&file)));
        }
    }
    let path = folder.join(DOCUMENTS);
    let file = fs::File::open(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
    let mut versions: Vec<IndexedVersion> = Vec::with_capacity(manifest.documents.len());
    for line in BufReader::new(file).lines() {
        let line = line.on(ErrorKind::BadIndex, || damaged(&path))?;
        versions.push(serde_json::from_str(&line).on(ErrorKind::BadIndex, || damaged(&path))?);
    }
    let (mut passage_vectors, mut sentence_vectors) = (None, Vec::new());
    if let Some(embedding) = &manifest.embedding {
        let path = folder.join(PASSAGE_VECTORS);
        let rows = read_floats(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
        if rows.len() != manifest.passages * embedding.dimensions {
            return Err(ErrorKind::BadIndex.on(damaged(&path)));
        }
        passage_vectors = Some(VectorIndex::new(embedding.dimensions, rows, HNSW_FROM));
        let path = folder.join(SENTENCE_VECTORS);
        sentence_vectors = read_floats(&path).on(ErrorKind::BadIndex, || damaged(&path))?;
        if sentence_vectors.len() != manifest.sentences * embedding.dimensions {
            return Err(ErrorKind::BadIndex.on(damaged(&path)));
        }
    }
    let lexical = LexicalIndex::open(&folder.join(LEXICAL))?;
    let snapshot = Snapshot::assemble(manifest, versions, lexical, passage_vectors, sentence_vectors);
    if snapshot.passage_count() != snapshot.manifest.passages || snapshot.lexical().len() != snapshot.manifest.passages as u64 {
        return Err(ErrorKind::BadIndex.on(damaged(folder)));
    }
    Ok(snapshot)
}

/// A snapshot folder being written. Dropped before [`Draft::publish`], it leaves nothing behind.
pub(super) struct Draft {
    root: PathBuf,
    folder: tempfile::TempDir,
}

impl Draft {
    pub(super) fn begin(root: &Path) -> Result<Self> {
        let unwritable = || format!("{}: check that the folder can be written, or choose another with --data", root.display());
        fs::create_dir_all(root).on(ErrorKind::Io, unwritable)?;
        let folder = tempfile::Builder::new().prefix(BUILDING).tempdir_in(root).on(ErrorKind::Io, unwritable)?;
        Ok(Self { root: root.to_owned(), folder })
    }

    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes one data file and returns its SHA-256.
    pub(super) fn write(&self, name: &str, fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<String> {
        let path = self.path().join(name);
        let unwritable = || format!("{}: check that the disk has room", path.display());
        let mut writer = BufWriter::new(fs::File::create(&path).on(ErrorKind::Io, unwritable)?);
        fill(&mut writer).on(ErrorKind::Io, unwritable)?;
        let file = writer.into_inner().map_err(std::io::IntoInnerError::into_error).on(ErrorKind::Io, unwritable)?;
        file.sync_all().on(ErrorKind::Io, unwritable)?;
        sha256_of(&path).on(ErrorKind::Io, unwritable)
    }

    /// Puts the snapshot in force and removes the ones before it.
    pub(super) fn publish(self, manifest: &Manifest) -> Result<()> {
        let unwritable = || format!("{}: check that the folder can be written and the disk has room", self.root.display());
        let text = serde_json::to_vec_pretty(manifest).on(ErrorKind::Io, unwritable)?;
        self.write(MANIFEST, |writer| writer.write_all(&text))?;
        let name = snapshot_name(manifest.index_version);
        fs::rename(self.folder.path(), self.root.join(&name)).on(ErrorKind::Io, unwritable)?;
        let mut pointer = tempfile::NamedTempFile::new_in(&self.root).on(ErrorKind::Io, unwritable)?;
        pointer.write_all(name.as_bytes()).on(ErrorKind::Io, unwritable)?;
        pointer.as_file().sync_all().on(ErrorKind::Io, unwritable)?;
        pointer.persist(self.root.join(CURRENT)).on(ErrorKind::Io, unwritable)?;
        remove_others(&self.root, &name);
        Ok(())
    }
}

/// The next free version number under `root`.
pub(super) fn next_version(root: &Path) -> u64 {
    let numbers = fs::read_dir(root).into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        is_snapshot_name(&name).then(|| name[1..].parse::<u64>().ok()).flatten()
    });
    numbers.max().unwrap_or(0) + 1
}

pub(super) fn snapshot_name(version: u64) -> String {
    format!("v{version:06}")
}

fn is_snapshot_name(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Older snapshots are only a cost: readers hold theirs in memory. So is what a killed build left behind. One that cannot be removed is
/// tried again at the next build.
fn remove_others(root: &Path, keep: &str) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if (is_snapshot_name(name) && name < keep) || (name.starts_with(BUILDING) && is_abandoned(&entry)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Another process may be building: only what has not been touched for long is nobody's any more.
fn is_abandoned(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
}

pub(super) fn write_floats(writer: &mut dyn Write, values: &[f32]) -> std::io::Result<()> {
    values.iter().try_for_each(|value| writer.write_all(&value.to_le_bytes()))
}

fn read_floats(path: &Path) -> std::io::Result<Vec<f32>> {
    let bytes = fs::read(path)?;
    Ok(bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect())
}

fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut fs::File::open(path)?, &mut HashWriter(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

struct HashWriter<'a>(&'a mut Sha256);

impl Write for HashWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Lowercase hexadecimal.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
