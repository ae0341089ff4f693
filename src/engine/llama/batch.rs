//! The thread that owns a decoder: it reads prompts and writes answers for several requests at once.
//!
//! Each pass takes what every request needs next: a stretch of a prompt, or the last token with a draft behind it. All rows share one
//! reading of the weights. A request that nobody waits for any more leaves before the next pass.
//!
//! Drafts: answers repeat their prompts, so the words that followed the last three tokens before are tried (Saxena, "Prompt Lookup Decoding",
//! 2023). The pass tells at each draft token what the model itself would have written, and only that is kept: the text is the same as
//! without drafts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex, PoisonError};

use super::kept::Kept;
use super::{Llama, Rows, Sequence, Workspace};
use crate::error::{Error, ErrorKind, Result};

/// Requests that are worked on at once; others wait for one of them to end.
const MOST_AT_ONCE: usize = 16;

/// Rows of one pass: long prompts are read in stretches, so that nobody waits long for a token.
const ROWS_PER_PASS: usize = 256;

/// Tokens of a draft. A wrong one costs as much as a right one.
const MOST_DRAFTED: usize = 4;

/// Tokens that must repeat before what followed them is drafted.
const DRAFT_KEY: usize = 3;

/// Which tokens may come next, given those written so far; `None`: any. None at all ends the text.
pub type Constraint = Box<dyn FnMut(&[u32]) -> Option<Vec<u32>> + Send>;

/// What is to be written.
pub(in crate::engine) struct Request {
    /// Not empty, all of the vocabulary, short enough.
    pub(in crate::engine) prompt: Vec<u32>,
    /// Tokens at most, at least one.
    pub(in crate::engine) most: usize,
    /// Tokens that end the text.
    pub(in crate::engine) ends: Vec<u32>,
    pub(in crate::engine) constraint: Option<Constraint>,
    /// Whether drafts are tried; the text is the same without.
    pub(in crate::engine) drafts: bool,
}

/// What is heard of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) enum News {
    /// Of the prompt, this many tokens were kept from before.
    Reused(usize),
    /// These were written.
    Tokens(Vec<u32>),
    /// A token that ends the text would be next.
    End,
    /// The most tokens are written.
    Full,
}

/// A request under way. Dropping it stops the work.
pub(in crate::engine) struct Writing {
    pub(in crate::engine) news: Receiver<News>,
    stopped: Arc<AtomicBool>,
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

struct Job {
    request: Request,
    news: Sender<News>,
    stopped: Arc<AtomicBool>,
}

/// The handle to the thread. The thread ends with it.
pub(in crate::engine) struct Batch {
    jobs: Sender<Job>,
    kept: Arc<Mutex<Kept>>,
    model: Arc<Llama>,
}

impl Batch {
    /// Starts the thread, which works with `threads`, itself included. `kept_bytes`: memory for kept beginnings of prompts.
    pub(in crate::engine) fn start(model: Llama, threads: usize, kept_bytes: usize) -> Result<Self> {
        let (jobs, inbox) = channel();
        let (model, kept) = (Arc::new(model), Arc::new(Mutex::new(Kept::new(kept_bytes))));
        let mut thread =
            Thread { model: Arc::clone(&model), kept: Arc::clone(&kept), inbox, workspace: Workspace::new(threads), active: Vec::new() };
        std::thread::Builder::new()
            .name("llm".to_owned())
            .spawn(move || thread.run())
            .map_err(|cause| ErrorKind::Inference.on("the LLM's thread could not start").because(cause))?;
        Ok(Self { jobs, kept, model })
    }

    /// Begins a request.
    ///
    /// # Errors
    /// `BadRequest` when the prompt does not fit the model, `Inference` when the thread has ended.
    pub(in crate::engine) fn write(&self, mut request: Request) -> Result<Writing> {
        let room = self.model.positions().saturating_sub(request.prompt.len());
        if request.prompt.is_empty() || room == 0 || request.prompt.iter().any(|token| *token as usize >= self.model.vocabulary()) {
            let (tokens, most) = (request.prompt.len(), self.model.positions() - 1);
            return Err(ErrorKind::BadRequest
                .on(format!("a prompt of {tokens} tokens: the LLM takes 1 to {most} that it knows, so shorten the text")));
        }
        request.most = request.most.clamp(1, room);
        let (news, inbox) = channel();
        let stopped = Arc::new(AtomicBool::new(false));
        self.jobs.send(Job { request, news, stopped: Arc::clone(&stopped) }).map_err(|_| ended())?;
        Ok(Writing { news: inbox, stopped })
    }

    /// Tokens of `prompt` that need not be read again.
    pub(in crate::engine) fn kept_tokens(&self, prompt: &[u32]) -> usize {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).common(prompt)
    }

    /// The model.
    pub(in crate::engine) fn model(&self) -> &Llama {
        &self.model
    }
}

pub(in crate::engine) fn ended() -> Error {
    ErrorKind::Inference.on("the LLM's thread has ended: restart the program")
}

/// A request that is worked on.
struct Active {
    job: Job,
    sequence: Sequence,
    /// Prompt tokens that have been read, and of these, how many were kept from before.
    read: usize,
    reused: usize,
    /// The prompt and what was written.
    tokens: Vec<u32>,
    /// How long the next draft may be; it grows while drafts are right.
    drafting: usize,
    /// What the current pass runs for this request.
    rows: Vec<u32>,
}

impl Active {
    fn reads(&self) -> bool {
        self.read < self.job.request.prompt.len()
    }

    fn written(&self) -> &[u32] {
        &self.tokens[self.job.request.prompt.len()..]
    }
}

struct Thread {
    model: Arc<Llama>,
    kept: Arc<Mutex<Kept>>,
    inbox: Receiver<Job>,
    workspace: Workspace,
    active: Vec<Active>,
}

impl Thread {
    fn run(&mut self) {
        while self.admit() {
            self.pass();
        }
    }

    /// Takes in who waits; sleeps where nobody does. False when nobody can come any more.
    fn admit(&mut self) -> bool {
        self.active.retain(|active| !active.job.stopped.load(Ordering::Relaxed));
        while self.active.len() < MOST_AT_ONCE {
            let job = if self.active.is_empty() {
                match self.inbox.recv() {
                    Ok(job) => job,
                    Err(_) => return false,
                }
            } else {
                match self.inbox.try_recv() {
                    Ok(job) => job,
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return false, // nobody is left to read what would be written
                }
            };
            if job.stopped.load(Ordering::Relaxed) {
                continue;
            }
            let before = self.kept.lock().unwrap_or_else(PoisonError::into_inner).take(&job.request.prompt);
            let sequence = self.model.sequence(before);
            let read = sequence.tokens();
            let _ = job.news.send(News::Reused(read));
            let tokens = job.request.prompt.clone();
            self.active.push(Active { job, sequence, read, reused: read, tokens, drafting: MOST_DRAFTED / 2, rows: Vec::new() });
        }
        true
    }

    /// One pass over the weights for everybody.
    fn pass(&mut self) {
        let mut room = ROWS_PER_PASS;
        // Who writes comes first: one row each, and a draft; what is left of the pass goes to prompts, oldest first.
        for active in self.active.iter_mut().filter(|active| !active.reads()) {
            let last = active.tokens.len() - 1;
            active.rows = active.tokens[last..].to_vec();
            let left = active.job.request.most - active.written().len();
            if active.job.request.drafts {
                active.rows.extend_from_slice(draft(&active.tokens, active.drafting.min(left - 1)));
            }
            room = room.saturating_sub(active.rows.len());
        }
        for active in self.active.iter_mut().filter(|active| active.reads()) {
            let count = room.min(active.job.request.prompt.len() - active.read);
            active.rows = active.job.request.prompt[active.read..active.read + count].to_vec();
            room -= count;
        }
        let rows = self.active.iter_mut().filter(|active| !active.rows.is_empty());
        let mut rows: Vec<Rows<'_>> = rows
            .map(|active| {
                let ends = active.read + active.rows.len() >= active.job.request.prompt.len();
                let wanted = if !active.reads() { active.rows.len() } else { usize::from(ends) };
                Rows { sequence: &mut active.sequence, tokens: &active.rows, wanted }
            })
            .collect();
        self.model.forward(&mut self.workspace, &mut rows);
        let wanted: Vec<usize> = rows.iter().map(|rows| rows.wanted).collect();
        drop(rows);
        let logits = if wanted.iter().sum::<usize>() > 0 { self.model.logits(&mut self.workspace) } else { &[] };
        let mut logits = logits.chunks_exact(self.model.vocabulary());
        let mut wanted = wanted.into_iter();
        let (model, kept) = (&self.model, &self.kept);
        self.active.retain_mut(|active| {
            if active.rows.is_empty() {
                return true;
            }
            let own: Vec<&[f32]> = logits.by_ref().take(wanted.next().unwrap_or(0)).collect();
            let reading = active.reads();
            if reading {
                active.read += active.rows.len();
            }
            let rows = std::mem::take(&mut active.rows);
            let going_on = own.is_empty() || active.hear(&rows, &own, reading);
            if reading && !active.reads() {
                // The prompt is complete: others may go on from it. After the first token was sent, because this takes a moment.
                let chain = active.sequence.freeze(model);
                let prompt = &active.job.request.prompt;
                kept.lock().unwrap_or_else(PoisonError::into_inner).keep(prompt, chain, prompt.len() - active.reused);
            }
            going_on
        });
    }
}

impl Active {
    /// Takes what the model would write after each of the `rows` whose logits are wanted. False when the text has ended.
    fn hear(&mut self, rows: &[u32], logits: &[&[f32]], reading: bool) -> bool {
        let before = self.sequence.tokens() - (logits.len() - 1); // with the first of these rows
        let prompt = self.job.request.prompt.len();
        let mut new = Vec::new();
        let mut end = None;
        for (at, logits) in logits.iter().enumerate() {
            let allowed = self.job.request.constraint.as_mut().and_then(|constraint| constraint(&self.tokens[prompt..]));
            let Some(next) = best(logits, allowed.as_deref()).filter(|next| !self.job.request.ends.contains(next)) else {
                end = Some(News::End);
                break;
            };
            self.tokens.push(next);
            new.push(next);
            if self.written().len() >= self.job.request.most {
                end = Some(News::Full);
                break;
            }
            // The next row follows only if it is the draft's token that the model wrote.
            if reading || rows.get(at + 1) != Some(&next) {
                break;
            }
        }
        if !reading {
            let (right, drafted) = (new.len().saturating_sub(1), rows.len() - 1);
            if drafted > 0 {
                self.drafting = if right == drafted { (self.drafting + 2).min(MOST_DRAFTED) } else { right.max(1) };
            }
            self.sequence.truncate(before + right);
        }
        // Nobody to hear it is as good as being told to stop.
        let heard = new.is_empty() || self.job.news.send(News::Tokens(new)).is_ok();
        match end {
            Some(end) => {
                let _ = self.job.news.send(end);
                false
            }
            None => heard,
        }
    }
}

/// What followed the last tokens when they stood there before, most recently: `most` tokens at most.
fn draft(tokens: &[u32], most: usize) -> &[u32] {
    let Some(start) = tokens.len().checked_sub(DRAFT_KEY) else { return &[] };
    let key = &tokens[start..];
    let found = tokens[..tokens.len() - 1].windows(DRAFT_KEY).rposition(|window| window == key);
    found.map_or(&[], |at| &tokens[at + DRAFT_KEY..(at + DRAFT_KEY + most).min(tokens.len())])
}

/// The likeliest token, of those allowed; of equals the first.
fn best(logits: &[f32], allowed: Option<&[u32]>) -> Option<u32> {
    if let Some(allowed) = allowed {
        let known = allowed.iter().filter_map(|token| Some((*token, *logits.get(*token as usize)?)));
        return known.reduce(|best, next| if next.1 > best.1 { next } else { best }).map(|(token, _)| token);
    }
    // The largest of each stretch first: that loop uses SIMD.
    const STRETCH: usize = 256;
    let most = |stretch: &[f32]| {
        let mut most = [f32::NEG_INFINITY; 16];
        let (blocks, rest) = stretch.as_chunks::<16>();
        for block in blocks {
            most.iter_mut().zip(block).for_each(|(most, value)| *most = if *value > *most { *value } else { *most });
        }
        most.iter().chain(rest).fold(f32::NEG_INFINITY, |most, value| if *value > most { *value } else { most })
    };
    let (stretch, value) = logits.chunks(STRETCH).map(most).enumerate().reduce(|best, next| if next.1 > best.1 { next } else { best })?;
    let first = stretch * STRETCH;
    let at = logits[first..].iter().take(STRETCH).position(|logit| *logit >= value).unwrap_or(0);
    u32::try_from(first + at).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_what_followed_the_last_time() {
        assert_eq!(draft(&[1, 2, 3, 4, 5, 9, 1, 2, 3], 2), [4, 5]);
        assert_eq!(draft(&[1, 2, 3, 7, 1, 2, 3, 8, 1, 2, 3], 1), [8], "the most recent one");
        assert_eq!(draft(&[5, 5, 5, 5], 3), [5], "up to what is there");
        assert_eq!(draft(&[1, 2], 4), [] as [u32; 0]);
        assert_eq!(draft(&[1, 2, 3, 4], 4), [] as [u32; 0]);
    }

    #[test]
    fn the_likeliest_token_is_the_first_of_the_largest_and_only_an_allowed_one() {
        let mut logits = vec![0.5; 1_000];
        logits[700] = 2.0;
        logits[900] = 2.0;
        logits[3] = f32::NAN;
        assert_eq!(best(&logits, None), Some(700));
        assert_eq!(best(&logits, Some(&[5, 900, 70_000])), Some(900));
        assert_eq!(best(&logits, Some(&[])), None);
    }
}
