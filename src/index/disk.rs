//! Snapshots on disk: blocks, a list of the blocks that make one, a pointer to the one in force.
//!
//! ```text
//! DATA/index/CURRENT              name of the snapshot in force
//! DATA/index/v000017/manifest.json
//! DATA/index/b3f…/                a block, named after what is in it
//! ```
//! Blocks and the list are written beside the others under a temporary name and renamed when complete; then `CURRENT` is replaced in
//! one step, and what only the snapshot before needed is removed. A crash at any moment leaves the last complete snapshot in force.

use std::collections::HashSet;
use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::block::Block;
use super::{Manifest, Snapshot};
use crate::error::{Context, ErrorKind, Result};

/// Layout of a snapshot folder. Raise it whenever older folders cannot be read or would rank differently.
pub const FORMAT: u32 = 3;

const CURRENT: &str = "CURRENT";
const BUILDING: &str = ".building-";
const ABANDONED_AFTER: std::time::Duration = std::time::Duration::from_secs(24 * 60 * 60);
const MANIFEST: &str = "manifest.json";

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
    let path = root.join(name).join(MANIFEST);
    let damaged = || format!("{} is missing or damaged: run `frontdesk ingest` to build the index again", path.display());
    let bytes = fs::read(&path).on(ErrorKind::BadIndex, damaged)?;
    check_format(&path, &bytes)?;
    let manifest: Manifest = serde_json::from_slice(&bytes).on(ErrorKind::BadIndex, damaged)?;
    let dimensions = manifest.embedding.as_ref().map(|embedding| embedding.dimensions);
    let open = |listed: &super::ManifestBlock| {
        if !is_block_name(&listed.name) {
            return Err(ErrorKind::BadIndex.on(damaged()));
        }
        Block::open(root, listed.clone(), dimensions).map(Arc::new)
    };
    let blocks = manifest.blocks.par_iter().map(open).collect::<Result<Vec<_>>>()?;
    Snapshot::assemble(manifest, blocks)?.ok_or_else(|| ErrorKind::BadIndex.on(damaged())).map(Some)
}

fn check_format(path: &Path, manifest: &[u8]) -> Result<()> {
    #[derive(serde::Deserialize)]
    struct Head {
        format: u32,
    }
    match serde_json::from_slice(manifest) {
        Ok(Head { format }) if format != FORMAT => Err(ErrorKind::BadIndex.on(format!(
            "{} has format {format}, this version reads {FORMAT}: run `frontdesk ingest` to build the index again",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// A folder being written. Dropped before [`Draft::keep`], it leaves nothing behind.
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

    /// Gives the folder its name.
    pub(super) fn keep(self, name: &str) -> Result<PathBuf> {
        let unwritable = || format!("{}: check that the folder can be written and the disk has room", self.root.display());
        let folder = self.root.join(name);
        fs::rename(self.folder.path(), &folder).on(ErrorKind::Io, unwritable)?;
        Ok(folder)
    }
}

/// Puts the snapshot that `manifest` lists in force and removes what only the one before needed.
pub(super) fn publish(root: &Path, manifest: &Manifest) -> Result<()> {
    let unwritable = || format!("{}: check that the folder can be written and the disk has room", root.display());
    let draft = Draft::begin(root)?;
    let text = serde_json::to_vec(manifest).on(ErrorKind::Io, unwritable)?;
    draft.write(MANIFEST, |writer| writer.write_all(&text))?;
    let name = snapshot_name(manifest.index_version);
    draft.keep(&name)?;
    let mut needed: HashSet<String> = manifest.blocks.iter().map(|block| block.name.clone()).collect();
    let obsolete: HashSet<String> = blocks_in_force(root).into_iter().filter(|block| !needed.contains(block)).collect();
    let mut pointer = tempfile::NamedTempFile::new_in(root).on(ErrorKind::Io, unwritable)?;
    pointer.write_all(name.as_bytes()).on(ErrorKind::Io, unwritable)?;
    pointer.as_file().sync_all().on(ErrorKind::Io, unwritable)?;
    pointer.persist(root.join(CURRENT)).on(ErrorKind::Io, unwritable)?;
    needed.insert(name.clone());
    remove_others(root, &name, &needed, &obsolete);
    Ok(())
}

/// The next free version number under `root`.
pub(super) fn next_version(root: &Path) -> u64 {
    let numbers = fs::read_dir(root).into_iter().flatten().flatten().filter_map(|entry| {
        let name = entry.file_name().into_string().ok()?;
        is_snapshot_name(&name).then(|| name[1..].parse::<u64>().ok()).flatten()
    });
    numbers.max().unwrap_or(0) + 1
}

fn snapshot_name(version: u64) -> String {
    format!("v{version:06}")
}

fn is_snapshot_name(name: &str) -> bool {
    name.strip_prefix('v').is_some_and(|digits| digits.len() >= 6 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Names of blocks: `b` and the first half of a SHA-256.
pub(super) fn block_name(hash: Sha256) -> String {
    format!("b{}", &hex(&hash.finalize())[..32])
}

fn is_block_name(name: &str) -> bool {
    name.strip_prefix('b').is_some_and(|hash| hash.len() == 32 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// The blocks of the snapshot in force; none where that cannot be told.
fn blocks_in_force(root: &Path) -> Vec<String> {
    let manifest = fs::read_to_string(root.join(CURRENT)).and_then(|name| fs::read(root.join(name.trim()).join(MANIFEST)));
    let manifest = manifest.ok().and_then(|bytes| serde_json::from_slice::<Manifest>(&bytes).ok());
    manifest.map(|manifest| manifest.blocks.into_iter().map(|block| block.name).collect()).unwrap_or_default()
}

/// Removes the snapshots before `current`, `obsolete` blocks, and what a killed build left behind: readers hold what they need. What
/// another process may be building is left alone; what cannot be removed is tried again at the next build.
fn remove_others(root: &Path, current: &str, needed: &HashSet<String>, obsolete: &HashSet<String>) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str().filter(|name| !needed.contains(*name)) else { continue };
        let is_building = name.starts_with(BUILDING) || is_block_name(name);
        if (is_snapshot_name(name) && name < current) || obsolete.contains(name) || (is_building && is_abandoned(&entry)) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// Another process may be building: only what has not been touched for long is nobody's any more.
fn is_abandoned(entry: &fs::DirEntry) -> bool {
    let changed = entry.metadata().and_then(|metadata| metadata.modified());
    changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > ABANDONED_AFTER))
}

pub(super) fn sha256_of(path: &Path) -> std::io::Result<String> {
    let mut hasher = Sha256::new();
    std::io::copy(&mut fs::File::open(path)?, &mut HashWriter(&mut hasher))?;
    Ok(hex(&hasher.finalize()))
}

pub(super) struct HashWriter<'a>(pub(super) &'a mut Sha256);

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
