//! Follows the corpus folder while the server runs: a changed policy is answered as changed within two seconds.
//!
//! The folder is looked at twice a second, which works on every file system, network shares included; a change is read once the
//! folder has kept still between two looks, so that half-written files are not. The new index replaces the old one as a whole.

use std::path::PathBuf;
use std::time::Duration;

use crate::library::Library;
use crate::policy::{FolderState, folder_state};

const INTERVAL: Duration = Duration::from_millis(500);

/// Starts following `corpus` for `library`. `loaded`: how the folder was before it was read, so that a change during the start is not
/// missed. The thread ends with the process.
pub(super) fn watch(library: Library, corpus: PathBuf, loaded: FolderState) {
    let follow = move || {
        library.read_ahead();
        let mut read = loaded;
        let mut seen = read.clone();
        loop {
            std::thread::sleep(INTERVAL);
            let now = folder_state(&corpus);
            let is_still = now == seen;
            seen = now;
            if is_still && seen != read {
                read = seen.clone();
                match library.refresh() {
                    Ok(true) => tracing::info!("policies have changed"),
                    Ok(false) => {}
                    Err(error) => {
                        tracing::warn!(error = error.chain(), "policies have changed but cannot be used: the old ones stay in force")
                    }
                }
            }
        }
    };
    if let Err(error) = std::thread::Builder::new().name("watch".into()).spawn(follow) {
        tracing::error!(%error, "changes of policies need a restart: the thread that follows them could not be started");
    }
}
