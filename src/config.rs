//! What was asked for: flags and environment in, settings out that no later code has to doubt.

use std::path::PathBuf;

use crate::error::{ErrorKind, Result};
use crate::model::default_cache_dir;

/// Flags that every verb takes. Each has an environment twin; a flag wins over it.
#[derive(Debug, Clone, clap::Args)]
pub struct RawArgs {
    /// Folder with the policies, or a .zip archive of one
    #[arg(long, global = true, env = "FRONTDESK_CORPUS", value_name = "DIR", default_value = "corpus")]
    pub corpus: PathBuf,
    /// Folder for the index and the database
    #[arg(long, global = true, env = "FRONTDESK_DATA", value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Folder for downloaded models [default: the user's cache folder]
    #[arg(long, global = true, env = "FRONTDESK_CACHE", value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Folder to take model files from before anywhere else; may be given more than once
    #[arg(long, global = true, env = "FRONTDESK_MODELS_DIR", value_name = "DIR", value_delimiter = ',')]
    pub models_dir: Vec<PathBuf>,
    /// Open no connection: models must be in the cache or in --models-dir
    #[arg(long, global = true, env = "FRONTDESK_OFFLINE")]
    pub offline: bool,
    /// Quote only: do not load the language model
    #[arg(long, global = true, env = "FRONTDESK_NO_LLM")]
    pub no_llm: bool,
    /// Read the best passages again together with the question: slower, and rarely better
    #[arg(long, global = true, env = "FRONTDESK_SECOND_LOOK")]
    pub second_look: bool,
    /// Threads that answer questions [default: one per core]
    #[arg(long, global = true, env = "FRONTDESK_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
    /// Questions that may wait before the server says it is busy
    #[arg(long, global = true, env = "FRONTDESK_QUEUE", value_name = "N", default_value_t = 64)]
    pub queue: usize,
    /// Print machine-readable JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder with the policies. May still be missing: ingest says so.
    pub corpus: PathBuf,
    /// Folder for the index and the database.
    pub data: PathBuf,
    /// Folder for downloaded models.
    pub cache: PathBuf,
    /// Folders to take models from first.
    pub models_dirs: Vec<PathBuf>,
    /// No connection at all.
    pub offline: bool,
    /// Whether to load the language model.
    pub llm: bool,
    /// Whether the reader looks at passages again.
    pub second_look: bool,
    /// Threads that answer.
    pub workers: usize,
    /// Questions that may wait.
    pub queue: usize,
    /// Print JSON.
    pub json: bool,
}

impl Settings {
    /// Checks what was typed. A bad value is refused, never replaced by a guess.
    ///
    /// # Errors
    /// `BadSetting` naming the flag.
    pub fn resolve(raw: RawArgs) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = raw.workers.unwrap_or(cores);
        if !(1..=256).contains(&workers) {
            return Err(ErrorKind::BadSetting.on(format!("--workers {workers}: it must be 1 to 256")));
        }
        if !(1..=10_000).contains(&raw.queue) {
            return Err(ErrorKind::BadSetting.on(format!("--queue {}: it must be 1 to 10000", raw.queue)));
        }
        if raw.data.is_file() {
            return Err(ErrorKind::BadSetting.on(format!("--data {}: this is a file, name a folder", raw.data.display())));
        }
        for folder in &raw.models_dir {
            if !folder.is_dir() {
                return Err(ErrorKind::BadSetting.on(format!("--models-dir {}: there is no such folder", folder.display())));
            }
        }
        Ok(Self {
            corpus: raw.corpus,
            data: raw.data,
            cache: raw.cache.unwrap_or_else(default_cache_dir),
            models_dirs: raw.models_dir,
            offline: raw.offline,
            llm: !raw.no_llm,
            second_look: raw.second_look,
            workers,
            queue: raw.queue,
            json: raw.json,
        })
    }

    /// Folder of the index.
    pub fn index_dir(&self) -> PathBuf {
        self.data.join("index")
    }

    /// File of the thresholds that `calibrate` found.
    pub fn dial(&self) -> PathBuf {
        self.data.join("dial.json")
    }

    /// File of the database.
    pub fn database(&self) -> PathBuf {
        self.data.join("frontdesk.db")
    }
}
