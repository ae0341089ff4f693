//! The folder for unfinished files, beside the finished ones so that a rename is enough, and gone when its owner is.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tempfile::TempDir;

use super::catalog::ModelFile;
use super::verify::{FileState, check_file};

const PREFIX: &str = ".incoming-";
const LOCK: &str = "lock";

/// A folder younger than this may not have its lock yet.
const GRACE: Duration = Duration::from_secs(60);

/// A temporary folder of this run. Its lock tells other runs, in whatever container they live, that the owner is alive; the
/// system drops the lock with the process, however that ends.
pub(super) struct Workspace {
    // Before the folder: Windows removes no folder with an open file in it, and fields are dropped in this order.
    _lock: File,
    dir: TempDir,
}

impl Workspace {
    /// Makes a folder of its own in `parent` and clears away those of dead runs.
    pub(super) fn create(parent: &Path) -> io::Result<Self> {
        fs::create_dir_all(parent)?;
        sweep(parent);
        let dir = tempfile::Builder::new().prefix(PREFIX).tempdir_in(parent)?;
        let lock = File::create(dir.path().join(LOCK))?;
        // A file system without locks: then age alone decides, see `is_abandoned`.
        let _ = lock.try_lock();
        Ok(Self { _lock: lock, dir })
    }

    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }
}

/// Removes what dead runs left. Failing to is no reason to stop: it only costs disk space.
fn sweep(parent: &Path) {
    let Ok(entries) = fs::read_dir(parent) else { return };
    for entry in entries.flatten() {
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if ours && is_abandoned(&entry.path()) {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn is_abandoned(dir: &Path) -> bool {
    let lock = dir.join(LOCK);
    let touched = fs::metadata(&lock).or_else(|_| fs::metadata(dir)).and_then(|found| found.modified());
    let age = touched.ok().and_then(|at| SystemTime::now().duration_since(at).ok()).unwrap_or_default();
    if age < GRACE {
        return false;
    }
    match File::open(&lock) {
        Ok(lock) => lock.try_lock().is_ok(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

/// Renames `temporary` to `target` if it is `file`, with its bytes on the disk first. Refuses it, in words, if it is not.
pub(super) fn install(temporary: &Path, target: &Path, file: &ModelFile) -> Result<(), String> {
    let state = check_file(temporary, file);
    if state != FileState::Ok {
        return Err(format!("was refused: {} {}", file.name, state.fault(file)));
    }
    rename_durably(temporary, target).map_err(|error| format!("was not used: {} cannot be written ({error})", target.display()))
}

fn rename_durably(temporary: &Path, target: &Path) -> io::Result<()> {
    // Opened for writing because Windows flushes nothing else.
    File::options().write(true).open(temporary)?.sync_all()?;
    if let Some(dir) = target.parent() {
        fs::create_dir_all(dir)?;
        fs::rename(temporary, target)?;
        // The rename itself must survive a power cut too. Where folders cannot be synced, it is left to the system.
        if let Ok(dir) = File::open(dir) {
            let _ = dir.sync_all();
        }
    }
    Ok(())
}
