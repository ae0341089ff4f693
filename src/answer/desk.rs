//! The handle that servers and commands hold: models, the index in force, and worker threads behind a bounded queue.
//!
//! Model work runs on these threads alone, never on the async runtime. A full queue refuses at once; a ticket that is dropped
//! stops its work at the next step.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Instant;

use serde::Serialize;
use tokio::sync::{mpsc, oneshot};

use super::assist::{AssistReply, AssistRequest, Suggestion, risks};
use super::check::{VerifyReply, VerifyRequest, check};
use super::compare::{Change, Comparison, Reply};
use super::compose::Pace;
use super::confidence::fingerprint;
use super::contract::{
    Answer, AnswerRequest, Citation, ConflictView, DocumentList, DocumentSummary, DocumentView, DuplicateView, Event, FoundPassage, Mode,
    ModelNames, QUESTION_CHARS, SearchReply, SearchRequest,
};
use super::dial::Dial;
use super::ground::char_span;
use super::handover::Handover;
use super::memory::{Correction, Memory};
use super::receipt::{self, CitationNow, statement_of};
use super::{Clock, Parts, TOP_K, Trace, answer};
use crate::engine::{Embedder, Generator, Reader};
use crate::error::{Context as _, Error, ErrorKind, Result};
use crate::index::{Conflict, EmbeddingId, Snapshot, refresh, trial};
use crate::policy::{LoadReport, Moment, Version};
use crate::retrieve::{Scope, context, prepare, probability, reading, rerank, retrieve, why};
use crate::text::{Language, detect_language};

/// What a desk is made of.
pub struct DeskParts {
    /// The policies.
    pub snapshot: Snapshot,
    /// Reads questions and changed policies, if it could be loaded, with the name its vectors are known by.
    pub embedder: Option<(Embedder, EmbeddingId)>,
    /// Takes a second look at English passages, if it could be loaded.
    pub reader: Option<Reader>,
    /// Writes answers, if it could be loaded, and how fast.
    pub generator: Option<(Generator, Pace)>,
    /// Names of both.
    pub models: ModelNames,
    /// What the models run on: `cuda`, `metal`, or `cpu` with the instruction set.
    pub device: String,
    /// Says what time it is; asked for every question, so that scheduled changes need no restart.
    pub clock: Now,
    /// Threads that answer.
    pub workers: usize,
    /// Requests that may wait.
    pub queue: usize,
    /// When a person is offered or called.
    pub rules: Handover,
}

/// Says what time it is.
pub type Now = Box<dyn Fn() -> Moment + Send + Sync>;

struct Shared {
    snapshot: RwLock<Arc<Snapshot>>,
    embedder: Option<(Embedder, EmbeddingId)>,
    reader: Option<Reader>,
    generator: Option<(Generator, Pace)>,
    /// Held by the request that the LLM writes for where it takes one at a time: two at once would both be late.
    pen: Mutex<()>,
    models: ModelNames,
    dial: RwLock<Option<Arc<Dial>>>,
    memory: Memory,
    device: String,
    clock: Now,
    workers: usize,
    queue: usize,
    waiting: AtomicUsize,
    rules: RwLock<Arc<Handover>>,
}

enum Job {
    Answer {
        request: AnswerRequest,
        received: Instant,
        events: mpsc::UnboundedSender<Result<Event>>,
        cancelled: Arc<AtomicBool>,
    },
    Search {
        request: SearchRequest,
        received: Instant,
        reply: oneshot::Sender<Result<SearchReply>>,
    },
    /// Anything else that needs the models.
    Other(Box<dyn FnOnce(&Shared) + Send>),
}

/// Answers and searches. Cheap to clone; the threads end with the last clone.
#[derive(Clone)]
pub struct Desk {
    shared: Arc<Shared>,
    jobs: SyncSender<Job>,
}

/// Facts about a running desk.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DeskInfo {
    /// Models in use.
    pub models: ModelNames,
    /// The index in force.
    pub index: IndexInfo,
    /// What is accepted.
    pub limits: LimitsInfo,
    /// What the models run on: `cuda`, `metal`, or `cpu` with the instruction set.
    pub device: String,
    /// What runs the LLM there: `own kernels` or `candle`.
    pub llm_runs_on: Option<&'static str>,
    /// The error rate that answers are held to, if one was calibrated.
    pub dial: Option<Dial>,
}

/// The index in force.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct IndexInfo {
    /// Counts up with every build.
    pub version: u64,
    /// Document versions.
    pub documents: usize,
    /// Passages.
    pub passages: usize,
    /// Files that could not be used.
    pub skipped: usize,
}

/// What is accepted.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LimitsInfo {
    /// Requests that may wait.
    pub queue: usize,
    /// Requests worked on at once.
    pub workers: usize,
    /// Characters of a question.
    pub question_chars: usize,
}

impl Desk {
    /// Starts the worker threads.
    pub fn start(parts: DeskParts) -> Self {
        let (jobs, inbox) = sync_channel(parts.queue.max(1));
        let inbox = Arc::new(Mutex::new(inbox));
        let shared = Arc::new(Shared {
            snapshot: RwLock::new(Arc::new(parts.snapshot)),
            embedder: parts.embedder,
            reader: parts.reader,
            generator: parts.generator,
            pen: Mutex::new(()),
            models: parts.models,
            dial: RwLock::new(None),
            memory: Memory::default(),
            device: parts.device,
            clock: parts.clock,
            workers: parts.workers.max(1),
            queue: parts.queue.max(1),
            waiting: AtomicUsize::new(0),
            rules: RwLock::new(Arc::new(parts.rules)),
        });
        for number in 0..shared.workers {
            let (shared, inbox) = (Arc::clone(&shared), Arc::clone(&inbox));
            let work = move || work(&shared, &inbox);
            if let Err(error) = std::thread::Builder::new().name(format!("answer-{number}")).spawn(work) {
                tracing::error!(%error, "could not start a worker thread");
            }
        }
        Self { shared, jobs }
    }

    /// Answers a question in each language and drops the answers, so that the first customer does not wait for dictionaries,
    /// patterns and memory to be read for the first time.
    pub fn warm_up(&self) {
        for question in ["How long does a refund take?", "退款多久到账？"] {
            if let Err(error) = self.answer_here(&AnswerRequest { mode: Mode::Quote, ..AnswerRequest::new(question) }) {
                tracing::warn!(error = error.chain(), "warming up failed");
            }
        }
    }

    /// Queues a question.
    ///
    /// # Errors
    /// `BadRequest` when a field is out of range, `Overloaded` when the queue is full.
    pub fn submit(&self, request: AnswerRequest) -> Result<Ticket> {
        request.check()?;
        let (events, inbox) = mpsc::unbounded_channel();
        let cancelled = Arc::new(AtomicBool::new(false));
        self.send(Job::Answer { request, received: Instant::now(), events, cancelled: Arc::clone(&cancelled) })?;
        Ok(Ticket { events: inbox, cancelled })
    }

    /// Finds passages, in the same queue.
    ///
    /// # Errors
    /// As [`Self::submit`], and `BadIndex` or `Inference` when search fails.
    pub async fn search(&self, request: SearchRequest) -> Result<SearchReply> {
        request.check()?;
        let (reply, result) = oneshot::channel();
        self.send(Job::Search { request, received: Instant::now(), reply })?;
        result.await.unwrap_or_else(|_| Err(ErrorKind::Inference.on("the search stopped without a result: try again")))
    }

    /// Checks a text against the policies, in the same queue.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn verify(&self, request: VerifyRequest) -> Result<VerifyReply> {
        request.check()?;
        self.queued(move |shared| check(&shared.snapshot(), shared.embedder(), &request)).await
    }

    /// Checks a text on the caller's thread, past the queue.
    ///
    /// # Errors
    /// As [`Self::verify`].
    pub fn verify_here(&self, request: &VerifyRequest) -> Result<VerifyReply> {
        request.check()?;
        check(&self.snapshot(), self.shared.embedder(), request)
    }

    /// What has become of the words that an earlier answer cited.
    pub fn citations_now(&self, answer: &Answer) -> Vec<CitationNow> {
        let (snapshot, now) = (self.snapshot(), self.now());
        answer.citations.iter().map(|citation| receipt::now(&snapshot, citation, now)).collect()
    }

    async fn queued<T: Send + 'static>(&self, run: impl FnOnce(&Shared) -> Result<T> + Send + 'static) -> Result<T> {
        let (reply, result) = oneshot::channel();
        let job = move |shared: &Shared| {
            if !reply.is_closed() {
                let _ = reply.send(guarded(|| run(shared)));
            }
        };
        self.send(Job::Other(Box::new(job)))?;
        result.await.unwrap_or_else(|_| Err(ErrorKind::Inference.on("the work stopped without a result: try again")))
    }

    fn send(&self, job: Job) -> Result<()> {
        self.shared.waiting.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|refused| {
            self.shared.waiting.fetch_sub(1, Ordering::Relaxed);
            match refused {
                TrySendError::Full(_) => {
                    ErrorKind::Overloaded.on(format!("{} questions are waiting: try again in a moment", self.shared.queue))
                }
                TrySendError::Disconnected(_) => ErrorKind::Server.on("the answering threads have ended: restart the server"),
            }
        })
    }

    /// The snapshot in force.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.shared.snapshot()
    }

    /// The time it is for this desk.
    pub fn now(&self) -> Moment {
        (self.shared.clock)()
    }

    /// The rules in force.
    pub fn rules(&self) -> Arc<Handover> {
        self.shared.rules()
    }

    /// Puts `rules` in force from the next question on.
    pub fn replace_rules(&self, rules: Handover) {
        *self.shared.rules.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(rules);
    }

    /// Puts `report` in force in place of all policies before; false when nothing in it is new. Answers under way end with the old
    /// ones, and no answer sees a mixture. `root`: where the index lies.
    ///
    /// # Errors
    /// As [`refresh`]: the old policies then stay in force.
    pub fn replace_policies(&self, root: &Path, report: LoadReport) -> Result<bool> {
        let embedder = self.shared.embedder.as_ref().map(|(embedder, id)| (embedder, id));
        let Some(snapshot) = refresh(root, report, Some(&self.snapshot()), embedder, &mut |_, _| ())? else { return Ok(false) };
        *self.shared.snapshot.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(snapshot);
        Ok(true)
    }

    /// Asks `requests` under the policies in force and under `report`, which stays a trial. Quotations only: the LLM's words may change by
    /// chance.
    ///
    /// # Errors
    /// As [`refresh`], `Io` when there is no room for a second index, and `BadRequest` for a request out of range.
    pub fn compare(&self, report: LoadReport, requests: &[AnswerRequest]) -> Result<Comparison> {
        let embedder = self.shared.embedder.as_ref().map(|(embedder, id)| (embedder, id));
        let folder = tempfile::tempdir().on(ErrorKind::Io, || "no temporary folder could be made: free some space".to_owned())?;
        let current = self.snapshot();
        let mut comparison = Comparison { questions: requests.len(), changes: Vec::new(), skipped: report.skipped.clone() };
        let Some(trial) = trial(folder.path(), report, &current, embedder, &mut |_, _| ())? else { return Ok(comparison) };
        for request in requests {
            request.check()?;
            let request = AnswerRequest { mode: Mode::Quote, ..request.clone() };
            let reply = |snapshot: &Snapshot| -> Result<Reply> {
                let never = AtomicBool::new(false);
                let clock = Clock { received: Instant::now(), cancelled: &never };
                let (rules, dial) = (self.rules(), self.shared.dial());
                let parts = self.shared.parts(snapshot, None, dial.as_deref(), &rules);
                let (answer, _) = answer(&parts, &request, &clock, &mut |_| ())?;
                Ok(answer.into())
            };
            comparison.changes.extend(Change::between(&request.question, reply(&current)?, reply(&trial)?));
        }
        Ok(comparison)
    }

    /// A stored document version; without a number, the one in force today, else the newest.
    pub fn document(&self, document_id: &str, version: Option<u32>) -> Option<DocumentView> {
        let snapshot = self.snapshot();
        let now = self.now();
        let chosen = snapshot
            .versions()
            .filter(|stored| stored.document_id == document_id && version.is_none_or(|number| stored.version == number))
            .max_by_key(|stored| (stored.is_valid_on(now), stored.version))?;
        Some(DocumentView { summary: summary(chosen), source: chosen.source.clone() })
    }

    /// All document versions, in force or not.
    pub fn documents(&self) -> DocumentList {
        let snapshot = self.snapshot();
        let mut documents: Vec<DocumentSummary> = snapshot.versions().map(summary).collect();
        documents.sort_by(|a, b| (&a.document_id, a.version).cmp(&(&b.document_id, b.version)));
        DocumentList { documents, index_version: snapshot.manifest.index_version }
    }

    /// Sentences of different documents, in force today, that cannot both be right.
    pub fn conflicts(&self) -> Vec<ConflictView> {
        let snapshot = self.snapshot();
        let now = self.now();
        let statement = |id| {
            let (view, sentence) = snapshot.sentence(id)?;
            view.version.is_valid_on(now).then(|| statement_of(view.version, &sentence.bytes))
        };
        let view = |conflict: &Conflict| {
            Some(ConflictView { kind: conflict.kind, first: statement(conflict.first)?, second: statement(conflict.second)? })
        };
        snapshot.manifest.conflicts.iter().filter_map(view).collect()
    }

    /// Passages of different documents, in force today, that say the same.
    pub fn duplicates(&self) -> Vec<DuplicateView> {
        let snapshot = self.snapshot();
        let statement = |id| {
            let view = snapshot.passage(id);
            statement_of(view.version, &view.passage.bytes)
        };
        let pairs = snapshot.duplicates(self.now()).into_iter();
        pairs.map(|(first, second)| DuplicateView { first: statement(first), second: statement(second) }).collect()
    }

    /// Facts for `/info`.
    pub fn info(&self) -> DeskInfo {
        let snapshot = self.snapshot();
        DeskInfo {
            models: self.shared.models.clone(),
            index: IndexInfo {
                version: snapshot.manifest.index_version,
                documents: snapshot.manifest.documents.len(),
                passages: snapshot.passage_count(),
                skipped: snapshot.manifest.skipped.len(),
            },
            limits: LimitsInfo { queue: self.shared.queue, workers: self.shared.workers, question_chars: QUESTION_CHARS },
            device: self.shared.device.clone(),
            llm_runs_on: self.shared.generator.as_ref().map(|(generator, _)| generator.runs_on()),
            dial: self.shared.dial().as_deref().cloned(),
        }
    }

    /// Holds all later answers to `dial`; to the shipped thresholds without one.
    pub fn set_dial(&self, dial: Option<Dial>) {
        *self.shared.dial.write().unwrap_or_else(PoisonError::into_inner) = dial.map(Arc::new);
    }

    /// Names what a dial's numbers belong to: the confidence model and the embedding.
    pub fn dial_model(&self) -> String {
        let embedding = self.shared.embedder.as_ref().map(|(_, id)| format!("{} {}", id.model, id.sha256));
        format!("{} {}", fingerprint(), embedding.unwrap_or_default()).trim().to_owned()
    }

    /// A person's answer to `question`, tied to the sentences that `checked` found for it.
    ///
    /// # Errors
    /// `BadRequest` where it says what no policy in force says.
    pub fn correction(&self, answer_id: &str, question: &str, text: &str, agent: &str, checked: VerifyReply) -> Result<Correction> {
        if let Some(sentence) = checked.sentences.iter().find(|sentence| !sentence.supported) {
            let why: Vec<&str> = sentence.objections.iter().map(|objection| objection.message.as_str()).collect();
            return Err(ErrorKind::BadRequest.on(format!(
                "no policy in force says “{}” ({}): change the policy first, or correct the words",
                sentence.text,
                why.join("; ")
            )));
        }
        let citations: Vec<Citation> = checked.sentences.into_iter().filter_map(|sentence| sentence.by).collect();
        if citations.is_empty() {
            return Err(ErrorKind::BadRequest.on("the correction rests on no policy: say what the policy says"));
        }
        Ok(Correction {
            answer_id: answer_id.to_owned(),
            question: question.to_owned(),
            text: text.to_owned(),
            citations,
            agent: agent.to_owned(),
            created_at: jiff::Timestamp::now().to_string(),
        })
    }

    /// Answers the correction's question with it from now on, as long as what it rests on is in force.
    pub fn learn(&self, correction: Correction) {
        self.shared.memory.learn(correction);
    }

    /// Forgets the correction of an answer.
    pub fn unlearn(&self, answer_id: &str) {
        self.shared.memory.unlearn(answer_id);
    }

    /// Helps a person who answers a customer, in the same queue.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn assist(&self, request: AssistRequest) -> Result<AssistReply> {
        request.check()?;
        self.queued(move |shared| shared.assist(&request)).await
    }

    /// The same on the caller's thread, past the queue.
    ///
    /// # Errors
    /// As [`Self::assist`].
    pub fn assist_here(&self, request: &AssistRequest) -> Result<AssistReply> {
        request.check()?;
        self.shared.assist(request)
    }

    /// Whether nine tenths of the queue are taken.
    pub fn is_saturated(&self) -> bool {
        self.shared.waiting.load(Ordering::Relaxed) * 10 >= self.shared.queue * 9
    }

    /// Answers on the caller's thread, past the queue, with what stood behind it: for commands and evaluation.
    ///
    /// # Errors
    /// As [`answer`], and `BadRequest` when a field is out of range.
    pub fn answer_here(&self, request: &AnswerRequest) -> Result<(Answer, Trace)> {
        request.check()?;
        let never = AtomicBool::new(false);
        self.shared.answer(request, &Clock { received: Instant::now(), cancelled: &never }, &mut |_| ())
    }

    /// Searches on the caller's thread, past the queue.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub fn search_here(&self, request: &SearchRequest) -> Result<SearchReply> {
        request.check()?;
        self.shared.search(request, Instant::now())
    }
}

impl Shared {
    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.snapshot.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn embedder(&self) -> Option<&Embedder> {
        self.embedder.as_ref().map(|(embedder, _)| embedder)
    }

    fn answer(&self, request: &AnswerRequest, clock: &Clock<'_>, emit: &mut dyn FnMut(Event)) -> Result<(Answer, Trace)> {
        let snapshot = self.snapshot();
        let pen = self.pen.try_lock();
        let free = |(generator, _): &&(Generator, Pace)| generator.takes_several() || pen.is_ok();
        let generator = self.generator.as_ref().filter(free).map(|(generator, pace)| (generator, *pace));
        let rules = self.rules();
        answer(&self.parts(&snapshot, generator, self.dial().as_deref(), &rules), request, clock, emit)
    }

    fn dial(&self) -> Option<Arc<Dial>> {
        self.dial.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn rules(&self) -> Arc<Handover> {
        Arc::clone(&self.rules.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn parts<'a>(
        &'a self,
        snapshot: &'a Snapshot,
        generator: Option<(&'a Generator, Pace)>,
        dial: Option<&'a Dial>,
        rules: &'a Handover,
    ) -> Parts<'a> {
        Parts {
            snapshot,
            embedder: self.embedder(),
            reader: self.reader.as_ref(),
            generator,
            models: &self.models,
            now: (self.clock)(),
            dial,
            memory: &self.memory,
            rules,
        }
    }

    fn assist(&self, request: &AssistRequest) -> Result<AssistReply> {
        let started = Instant::now();
        let found = self.search(&request.search(), started)?;
        let never = AtomicBool::new(false);
        let suggested_reply = match request.question() {
            Some(question) => {
                let clock = Clock { received: Instant::now(), cancelled: &never };
                Suggestion::from_answer(self.answer(&question, &clock, &mut |_| ())?.0)
            }
            None => None,
        };
        let draft = match request.verification() {
            Some(verification) => Some(check(&self.snapshot(), self.embedder(), &verification)?),
            None => None,
        };
        let risks = draft.as_ref().map(risks).unwrap_or_default();
        let (policy, index_version) = (found.passages, found.index_version);
        Ok(AssistReply { policy, suggested_reply, risks, draft, index_version, elapsed_ms: super::ms(started) })
    }

    fn search(&self, request: &SearchRequest, received: Instant) -> Result<SearchReply> {
        let snapshot = self.snapshot();
        let language = detect_language(&request.question);
        let context = context(&request.question, &request.history, language);
        let query = prepare(&snapshot, self.embedder(), &request.question, context.as_ref(), language)?;
        let scope = Scope { time: request.as_of.unwrap_or_else(|| (self.clock)()), tags: request.filters.tags.clone() };
        let mut hits = retrieve(&snapshot, &query, &scope, request.top_k.max(TOP_K))?;
        if let Some(reader) = self.reader.as_ref().filter(|_| language != Language::Zh) {
            rerank(&snapshot, reader, &super::in_context(&request.question, context.as_ref()), &mut hits)?;
        }
        hits.truncate(request.top_k);
        let (reading, mut whys) = if request.explain {
            (Some(reading(&query, context.as_ref(), &scope)), why(&snapshot, &query, &hits)?.into_iter())
        } else {
            (None, Vec::new().into_iter())
        };
        let passages = hits
            .iter()
            .map(|hit| {
                let view = snapshot.passage(hit.passage);
                FoundPassage {
                    document_id: view.version.document_id.clone(),
                    title: view.version.title.clone(),
                    section: view.section(),
                    uri: view.version.uri.clone(),
                    version: view.version.version,
                    span: char_span(&view.version.source, &view.passage.bytes),
                    text: view.text().to_owned(),
                    score: hit.score,
                    lexical: hit.lexical,
                    cosine: hit.cosine,
                    relevance: hit.relevance.map(probability),
                    why: whys.next(),
                }
            })
            .collect();
        Ok(SearchReply { passages, index_version: snapshot.manifest.index_version, elapsed_ms: super::ms(received), reading })
    }
}

fn summary(version: &Version) -> DocumentSummary {
    DocumentSummary {
        document_id: version.document_id.clone(),
        title: version.title.clone(),
        version: version.version,
        valid_from: version.valid_from,
        valid_to: version.valid_to,
        tags: version.tags.clone(),
        uri: version.uri.clone(),
        sha256: version.sha256.clone(),
        path: version.path.clone(),
    }
}

/// The loop of one worker thread; ends when the last desk is dropped.
fn work(shared: &Shared, inbox: &Mutex<Receiver<Job>>) {
    loop {
        let job = inbox.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        shared.waiting.fetch_sub(1, Ordering::Relaxed);
        match job {
            Job::Answer { request, received, events, cancelled } => {
                let mut emit = |event| {
                    let _ = events.send(Ok(event)); // nobody listens: the flag below stops the work
                };
                let clock = Clock { received, cancelled: &cancelled };
                match guarded(|| shared.answer(&request, &clock, &mut emit)) {
                    Ok(_) => {}
                    Err(error) if error.kind == ErrorKind::Cancelled => tracing::debug!("the client left before its answer"),
                    Err(error) => drop(events.send(Err(error))),
                }
            }
            Job::Search { request, received, reply } => {
                if !reply.is_closed() {
                    let _ = reply.send(guarded(|| shared.search(&request, received)));
                }
            }
            Job::Other(run) => run(shared),
        }
    }
}

/// A panic in a model must cost one request, not the thread.
fn guarded<T>(run: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned()).or_else(|| panic.downcast_ref::<String>().cloned());
        tracing::error!(panic = text, "a request ended in a panic");
        Err(Error {
            kind: ErrorKind::Inference,
            item: "the answer stopped half-way: try again, and report it if it stays".into(),
            cause: None,
        })
    })
}

/// A question under way. Dropping it stops the work.
pub struct Ticket {
    events: mpsc::UnboundedReceiver<Result<Event>>,
    cancelled: Arc<AtomicBool>,
}

impl Ticket {
    /// The next event; `None` after the last.
    pub async fn next(&mut self) -> Option<Result<Event>> {
        self.events.recv().await
    }

    /// Waits for the whole answer.
    ///
    /// # Errors
    /// What stopped the work.
    pub async fn finish(mut self) -> Result<Answer> {
        while let Some(event) = self.next().await {
            if let Event::Completed(answer) = event? {
                return Ok(*answer);
            }
        }
        Err(ErrorKind::Inference.on("the answer stopped without a result: try again"))
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }
}
