//! Is this file the one the catalogue means? Size first, then SHA-256.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::catalog::ModelFile;

/// Enough to keep the disk and the hash busy, small enough for any thread.
const BUFFER_BYTES: usize = 1 << 20;

/// What a look at one file found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum FileState {
    /// Size and SHA-256 are right.
    Ok,
    /// There is no such file.
    Missing,
    /// The size is wrong; the content was not hashed.
    WrongSize {
        /// Size on disk, in bytes.
        found: u64,
    },
    /// The size is right and the content is not.
    WrongHash {
        /// SHA-256 of what is on disk.
        found: String,
    },
    /// The file could not be read.
    Unreadable {
        /// Why, in the system's words.
        reason: String,
    },
}

impl FileState {
    /// What is wrong, as the end of a sentence about `file`: "has 12 bytes instead of 612".
    pub fn fault(&self, file: &ModelFile) -> String {
        match self {
            Self::Ok => "is as it should be".into(),
            Self::Missing => "is missing".into(),
            Self::WrongSize { found } => format!("has {found} bytes instead of {}", file.bytes),
            Self::WrongHash { found } => format!("has SHA-256 {found} instead of {}", file.sha256),
            Self::Unreadable { reason } => format!("cannot be read ({reason})"),
        }
    }
}

/// The state of one cached file of one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FileCheck {
    /// The model's id.
    pub model: String,
    /// The file's name.
    pub file: String,
    /// What was found.
    #[serde(flatten)]
    pub state: FileState,
}

/// Looks at `path` and says whether it is `file`. Reads the whole file, so not for an async thread.
pub(super) fn check_file(path: &Path, file: &ModelFile) -> FileState {
    match try_check(path, file) {
        Ok(state) => state,
        Err(error) if error.kind() == io::ErrorKind::NotFound => FileState::Missing,
        Err(error) => FileState::Unreadable { reason: error.to_string() },
    }
}

fn try_check(path: &Path, file: &ModelFile) -> io::Result<FileState> {
    let mut content = File::open(path)?;
    let found = content.metadata()?.len();
    if found != file.bytes {
        return Ok(FileState::WrongSize { found });
    }
    let mut digest = Sha256::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        match content.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => digest.update(buffer.get(..read).unwrap_or_default()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let found = hex(&digest.finalize());
    Ok(if found == file.sha256 { FileState::Ok } else { FileState::WrongHash { found } })
}

/// Lower-case hex digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
