//! Files from the Hugging Face hub, through `hf-hub`, with a watchdog it does not have itself.
//!
//! `hf-hub` honours `HF_ENDPOINT` and `HF_TOKEN`. It is given a folder to write to and no cache of its own, so there is one
//! cache and one check of the content: ours.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use hf_hub::progress::{DownloadEvent, ProgressEvent, ProgressHandler};
use hf_hub::{HFClient, HFError};

use super::catalog::ModelFile;
use super::watch::{Beat, Limits, watched, without_secrets};
use super::{Patience, Progress};

/// One repository at one commit.
pub(super) struct Hub<'a> {
    client: HFClient,
    repo: &'a str,
    revision: &'a str,
}

impl<'a> Hub<'a> {
    pub(super) fn new(endpoint: Option<&str>, repo: &'a str, revision: &'a str) -> Result<Self, String> {
        // One retry: a second source waits behind this one.
        let mut builder = HFClient::builder().cache_enabled(false).retry_max_attempts(1);
        if let Some(endpoint) = endpoint {
            builder = builder.endpoint(endpoint);
        }
        let client = builder.build().map_err(|error| format!("cannot be used ({})", without_secrets(&error.to_string())))?;
        Ok(Self { client, repo, revision })
    }

    /// Fetches `path` of the repository into `folder`, unchecked, and returns where it was put.
    pub(super) async fn download(
        &self,
        file: &ModelFile,
        path: &str,
        folder: &Path,
        patience: &Patience,
        progress: &dyn Progress,
    ) -> Result<PathBuf, String> {
        let (owner, name) = hf_hub::split_id(self.repo);
        let meter = Arc::new(Meter::default());
        let repository = self.client.model(owner, name);
        let work = repository.download_file().filename(path).revision(self.revision).local_dir(folder).progress(Arc::clone(&meter)).send();
        let limits = Limits { first: patience.connect, stall: patience.stall, most_bytes: file.bytes };
        progress.start(&format!("Downloading {} from the hub", file.name), file.bytes);
        let outcome = watched(work, || meter.beat(), limits, progress).await;
        progress.finish();
        match outcome {
            Ok(Ok(path)) => Ok(path),
            Ok(Err(error)) => Err(self.reason(&error, path)),
            // Silence from the start is what a firewall that drops packets looks like.
            Err(silence) if meter.beat().pulse == 0 => Err(format!("is not reachable ({} {silence})", self.host())),
            Err(reason) => Err(format!("failed ({} {reason}, at {path})", self.host())),
        }
    }

    fn reason(&self, error: &HFError, path: &str) -> String {
        let answered = |status: u16, said: &Option<String>| {
            let said = said.as_deref().map(|said| format!(", {said}")).unwrap_or_default();
            format!("answered HTTP {status}{said}")
        };
        let reason = match error {
            HFError::Request { source, .. } => {
                let mut root: &dyn std::error::Error = source;
                while let Some(below) = root.source() {
                    root = below;
                }
                let what = if source.is_connect() { "is not reachable" } else { "failed" };
                format!("{what} ({}: {root})", self.host())
            }
            HFError::EntryNotFound { .. } | HFError::RepoNotFound { .. } | HFError::RevisionNotFound { .. } => {
                format!("has no {path} in {} at {}", self.repo, self.revision)
            }
            HFError::AuthRequired { context } => {
                format!("{}; set HF_TOKEN", answered(context.status.as_u16(), &context.server_message))
            }
            HFError::Http { context } | HFError::Forbidden { context } | HFError::RateLimited { context, .. } => {
                answered(context.status.as_u16(), &context.server_message)
            }
            other => format!("failed ({other})"),
        };
        without_secrets(&reason)
    }

    /// The hub's host, without what an address may carry before it.
    fn host(&self) -> String {
        let address = without_secrets(self.client.endpoint());
        let host = address.split_once("://").map_or(address.as_str(), |(_, host)| host);
        host.split('/').next().unwrap_or(host).to_owned()
    }
}

/// Counts what `hf-hub` reports, from whatever thread it does.
#[derive(Default)]
struct Meter {
    events: AtomicU64,
    bytes: AtomicU64,
}

impl Meter {
    fn beat(&self) -> Beat {
        Beat { pulse: self.events.load(Ordering::Relaxed), bytes: self.bytes.load(Ordering::Relaxed) }
    }
}

impl ProgressHandler for Meter {
    fn on_progress(&self, event: &ProgressEvent) {
        let bytes = match event {
            ProgressEvent::Download(DownloadEvent::Progress { files }) => files.iter().map(|file| file.bytes_completed).max(),
            // Xet transfers report only this one.
            ProgressEvent::Download(DownloadEvent::AggregateProgress { bytes_completed, .. }) => Some(*bytes_completed),
            _ => None,
        };
        let before = self.bytes.fetch_max(bytes.unwrap_or(0), Ordering::Relaxed);
        // Xet repeats itself ten times a second even when nothing arrives: only the first event and new bytes are life.
        if bytes.is_none_or(|bytes| bytes > before) {
            self.events.fetch_add(1, Ordering::Relaxed);
        }
    }
}
