//! Which policies are in force, and how do they change?
//!
//! In: the corpus folder and the documents that were uploaded. Out: a [`Desk`] that answers from both; a change replaces the index as
//! a whole, and one change runs at a time. All of it blocks: keep it off the async runtime.
//! Must not know: HTTP.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use tokio::runtime::Handle;

use crate::answer::{AnswerRequest, Comparison, Desk, DocumentSummary, DocumentView};
use crate::error::{ErrorKind, Result};
use crate::policy::{LoadReport, Upload, load};
use crate::store::{PolicyDraft, Store};

/// Questions that a preview asks.
const PREVIEW_QUESTIONS: u32 = 200;

/// Where policies come from, and the desk that answers from them. Cheap to clone; clones take turns.
#[derive(Clone)]
pub struct Library {
    shared: Arc<Shared>,
}

struct Shared {
    desk: Desk,
    store: Store,
    /// Runs the database's part.
    runtime: Handle,
    /// Folder with policies.
    corpus: PathBuf,
    /// Folder of the index.
    index: PathBuf,
    turn: Mutex<()>,
}

/// What became of an upload.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Placed {
    /// The version in force from its first day on.
    #[serde(flatten)]
    pub document: DocumentSummary,
    /// Whether it is new; otherwise the same bytes were there already.
    pub created: bool,
    /// The snapshot that holds it.
    pub index_version: u64,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// Versions that are gone.
    pub deleted: u64,
    /// The snapshot without them.
    pub index_version: u64,
}

impl Library {
    /// The library behind `desk`, whose policies come from `corpus` and `store`, and whose index lies under `index`.
    pub fn new(desk: Desk, store: Store, runtime: Handle, corpus: PathBuf, index: PathBuf) -> Self {
        Self { shared: Arc::new(Shared { desk, store, runtime, corpus, index, turn: Mutex::new(()) }) }
    }

    /// Prepares for changes, so that the first one is in force as soon as later ones.
    pub fn read_ahead(&self) {
        self.shared.desk.snapshot().read_ahead();
    }

    /// Reads everything again and puts it in force; false when nothing has changed.
    ///
    /// # Errors
    /// As [`load`] and [`Desk::replace_policies`]: the policies before then stay in force.
    pub fn refresh(&self) -> Result<bool> {
        let _turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let report = self.shared.load(&self.shared.uploads()?)?;
        for skipped in &report.skipped {
            tracing::warn!(file = skipped.path, reason = skipped.reason, "a policy is left out");
        }
        self.shared.desk.replace_policies(&self.shared.index, report)
    }

    /// Adds `bytes`, a file of the kind `extension`, as a version of `document_id`, and returns when it is in force.
    ///
    /// The version and the first day are those that the file names. Else it is the next version, from today on if there was one before.
    ///
    /// # Errors
    /// `BadRequest` for an id that cannot be one, `BadDocument` for a file that cannot be read, `Conflict` when it does not go with the
    /// versions that are there, and what [`Self::refresh`] fails with. Nothing has changed then.
    pub fn put(&self, document_id: &str, extension: &str, bytes: Vec<u8>) -> Result<Placed> {
        let shared = &self.shared;
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let (upload, report) = match shared.plan(document_id, extension, bytes)? {
            Plan::Same(document) => return Ok(Placed { document, created: false, index_version: shared.desk.info().index.version }),
            Plan::New(upload, report) => (upload, report),
        };
        shared.runtime.block_on(shared.store.keep_upload(&upload))?;
        if let Err(error) = shared.replace(report) {
            shared.runtime.block_on(shared.store.remove_uploads(document_id, Some(upload.version)))?;
            return Err(error);
        }
        let placed = shared.desk.documents();
        let is_it = |version: &DocumentSummary| version.document_id == document_id && version.version == upload.version;
        let document = placed.documents.into_iter().find(is_it);
        let document = document.ok_or_else(|| ErrorKind::BadIndex.on(format!("{} is not in the index", upload.path())))?;
        Ok(Placed { document, created: true, index_version: placed.index_version })
    }

    /// Lets a draft into the corpus as a document of its own, which says where it comes from, and returns when it is in force. `document_id`:
    /// its name, else one made from the draft's.
    ///
    /// # Errors
    /// `Conflict` when another document has that name, and as [`Self::put`]: the draft then still waits.
    pub fn adopt(&self, draft: &PolicyDraft, approved_by: &str, document_id: Option<&str>) -> Result<Placed> {
        let own = format!("faq-{}", draft.id.chars().rev().take(12).collect::<String>());
        let document_id = document_id.unwrap_or(&own);
        // The same draft may come again where its end was not kept.
        let is_other = |known: DocumentView| !known.source.lines().any(|line| line == format!("draft: {}", draft.id));
        let known = self.shared.desk.documents().documents.into_iter().any(|known| known.document_id == document_id);
        if known && self.shared.desk.document(document_id, None).is_none_or(is_other) {
            return Err(ErrorKind::Conflict
                .on(format!("there is a document `{document_id}` already: name another `document_id`, or edit that one")));
        }
        let placed = self.put(document_id, "md", as_document(draft, approved_by).into_bytes())?;
        self.shared.runtime.block_on(self.shared.store.drop_draft(&draft.id))?;
        Ok(placed)
    }

    /// What customers would hear differently after [`Self::put`], by what conversations have begun with. Nothing changes.
    ///
    /// # Errors
    /// As [`Self::put`].
    pub fn preview(&self, document_id: &str, extension: &str, bytes: Vec<u8>) -> Result<Comparison> {
        let shared = &self.shared;
        let report = match shared.plan(document_id, extension, bytes)? {
            Plan::Same(_) => return Ok(Comparison::default()),
            Plan::New(_, report) => report,
        };
        let questions = shared.runtime.block_on(shared.store.first_questions(PREVIEW_QUESTIONS))?;
        let requests: Vec<AnswerRequest> = questions.into_iter().map(AnswerRequest::new).collect();
        shared.desk.compare(report, &requests)
    }

    /// Removes the uploaded versions of a document, or one of them, and returns when none is in force.
    ///
    /// # Errors
    /// `NotFound` for an unknown document, `Conflict` for a file of the corpus folder or the last document of all, and what
    /// [`Self::refresh`] fails with. Nothing has changed then.
    pub fn remove(&self, document_id: &str, version: Option<u32>) -> Result<Removed> {
        let shared = &self.shared;
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let is_meant = |id: &str, number: u32| id == document_id && version.is_none_or(|version| version == number);
        let (gone, left): (Vec<Upload>, Vec<Upload>) =
            shared.uploads()?.into_iter().partition(|upload| is_meant(&upload.document_id, upload.version));
        if gone.is_empty() {
            let listed = shared.desk.documents().documents;
            return Err(match listed.iter().find(|listed| is_meant(&listed.document_id, listed.version)) {
                Some(file) => {
                    ErrorKind::Conflict.on(format!("`{document_id}` is the file {} in the corpus folder: delete it there", file.path))
                }
                None => ErrorKind::NotFound.on(format!("there is no such version of a document `{document_id}`")),
            });
        }
        let report = shared.load(&left).map_err(|error| match error.kind {
            ErrorKind::EmptyCorpus => {
                ErrorKind::Conflict.on("this is the last document, and without one nothing can be answered: add another first")
            }
            _ => error,
        })?;
        let deleted = shared.runtime.block_on(shared.store.remove_uploads(document_id, version))?;
        if let Err(error) = shared.replace(report) {
            for upload in &gone {
                shared.runtime.block_on(shared.store.keep_upload(upload))?;
            }
            return Err(error);
        }
        Ok(Removed { deleted, index_version: shared.desk.info().index.version })
    }
}

/// A draft as a Markdown file. The lines at its head that are no policy's metadata say where it comes from.
fn as_document(draft: &PolicyDraft, approved_by: &str) -> String {
    let line = |words: &str| words.split_whitespace().collect::<Vec<_>>().join(" ");
    let PolicyDraft { id, handoff_id, question, answer, agent, .. } = draft;
    let (title, agent, approved_by) = (line(question).replace('"', "'"), line(agent), line(approved_by));
    format!(
        "---\ntitle: \"{title}\"\ntags: [faq]\ndraft: {id}\nhandoff: {handoff_id}\nwritten_by: {agent}\napproved_by: {approved_by}\n---\n# {title}\n\n{}\n",
        answer.trim()
    )
}

/// What an upload would be.
enum Plan {
    /// A version that is there already.
    Same(DocumentSummary),
    /// A version more, and all policies with it.
    New(Upload, LoadReport),
}

impl Shared {
    fn plan(&self, document_id: &str, extension: &str, bytes: Vec<u8>) -> Result<Plan> {
        Upload::check_id(document_id)?;
        let mut known = self.desk.documents().documents;
        known.retain(|version| version.document_id == document_id);
        let mut uploads = self.uploads()?;
        let newest = known.iter().max_by_key(|version| version.version);
        let mut upload = Upload { document_id: document_id.to_owned(), version: 1, extension: extension.to_owned(), bytes, begins: None };
        let (stated_id, stated_version) = upload.stated();
        if let Some(other) = stated_id.filter(|id| id != document_id) {
            return Err(ErrorKind::BadDocument.on(format!("the file says `id: {other}`: send it to that address, or take the line out")));
        }
        let read = upload.read()?;
        let is_same =
            |version: &&DocumentSummary| version.sha256 == read.sha256 && stated_version.is_none_or(|stated| stated == version.version);
        if let Some(same) = newest.filter(is_same) {
            return Ok(Plan::Same(same.clone()));
        }
        // Uploads that the index leaves out keep their numbers, too.
        let own = uploads.iter().filter(|upload| upload.document_id == document_id);
        let taken: Vec<u32> = known.iter().map(|version| version.version).chain(own.map(|upload| upload.version)).collect();
        upload.version = stated_version.unwrap_or_else(|| taken.iter().max().map_or(1, |newest| newest.saturating_add(1)));
        if taken.contains(&upload.version) {
            let number = upload.version;
            return Err(ErrorKind::Conflict.on(format!("version {number} of `{document_id}` exists with another text: raise the number")));
        }
        upload.begins = newest.filter(|_| read.valid_from.is_none()).map(|_| self.desk.now().day().into());
        uploads.push(upload.clone());
        let report = self.load(&uploads)?;
        match report.skipped.iter().find(|skipped| skipped.path == upload.path()) {
            Some(skipped) => Err(ErrorKind::Conflict.on(skipped.reason.clone())),
            None => Ok(Plan::New(upload, report)),
        }
    }

    fn uploads(&self) -> Result<Vec<Upload>> {
        self.runtime.block_on(self.store.uploads())
    }

    fn load(&self, uploads: &[Upload]) -> Result<LoadReport> {
        load(&self.corpus, uploads, &self.desk.snapshot().known())
    }

    fn replace(&self, report: LoadReport) -> Result<bool> {
        self.desk.replace_policies(&self.index, report)
    }
}
