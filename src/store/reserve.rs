//! Room on the disk for hand-offs when there is none left for anything else.
//!
//! A file beside the database that holds nothing. When the database finds the disk full, the file goes and its room is there.

use std::io::Write;
use std::path::Path;

use crate::error::{Context, Error, ErrorKind, Result};

/// Room for some hundreds of hand-offs.
const BYTES: usize = 4 << 20;
const PIECE: usize = 1 << 16;

/// Makes the file at `path`, if it is not there whole.
pub(super) fn keep(path: &Path) -> Result<()> {
    if std::fs::metadata(path).is_ok_and(|file| file.len() == BYTES as u64) {
        return Ok(());
    }
    write(path).inspect_err(|_| drop(std::fs::remove_file(path))).on(ErrorKind::Io, || {
        format!("{}: no room for the {} MB that hand-offs are kept in when the disk is full: free some space", path.display(), BYTES >> 20)
    })
}

fn write(path: &Path) -> std::io::Result<()> {
    let mut file = std::fs::File::create(path)?;
    // Noise (xorshift): a file system that compresses would keep no room for zeros.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut piece = Vec::with_capacity(PIECE);
    for _ in 0..BYTES / PIECE {
        piece.clear();
        while piece.len() < PIECE {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            piece.extend_from_slice(&state.to_le_bytes());
        }
        file.write_all(&piece)?;
    }
    file.sync_all()
}

/// Gives the room back; says whether there was any.
pub(super) fn release(path: &Path) -> bool {
    std::fs::remove_file(path).is_ok()
}

/// Whether `error` is SQLite's word for a disk that takes no more: SQLITE_FULL, or SQLITE_IOERR where only a part could be written.
pub(super) fn is_full(error: &Error) -> bool {
    let cause = error.cause.as_deref().and_then(|cause| cause.downcast_ref::<sqlx::Error>());
    let code = cause.and_then(|cause| cause.as_database_error()?.code()?.parse::<i32>().ok());
    matches!(code.map(|code| code & 0xff), Some(10 | 13))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reserve_is_made_once_and_given_back_once() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("frontdesk.reserve");
        keep(&path).unwrap();
        keep(&path).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), BYTES as u64);
        assert!(release(&path) && !release(&path));
        assert!(keep(&folder.path().join("missing/frontdesk.reserve")).unwrap_err().item.contains("free some space"));
    }
}
