//! Threads that stay awake between the small steps of a forward pass.
//!
//! Writing one token takes about 150 products of some microseconds each: starting threads for each of them would cost as much as the
//! work. So the helpers wait in a short loop for the next step, and sleep only when none comes for a while. And nobody waits for a helper
//! that the system runs something else in place of: a step is cut into parts, the caller takes what is left, and only parts that were begun
//! are waited for.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread::JoinHandle;

/// Looks at the signal before a waiting thread lets others run, and before a helper goes to sleep.
const LOOKS_BEFORE_YIELD: u32 = 600;
const LOOKS_BEFORE_SLEEP: u32 = 640;

/// The signal: the number of the step, whether it is closed, and how many helpers are in it.
const STEP: u64 = 1 << 32;
const CLOSED: u64 = 1 << 31;
const INSIDE: u64 = CLOSED - 1;

/// What everybody does until nothing is left.
type Step = dyn Fn() + Sync;

/// The caller's thread and its helpers.
pub(in crate::engine) struct Team {
    shared: Arc<Shared>,
    helpers: Vec<JoinHandle<()>>,
}

/// On a cache line of its own, so that waiting for it disturbs nobody.
#[repr(align(128))]
struct Apart<T>(T);

struct Shared {
    signal: Apart<AtomicU64>,
    step: UnsafeCell<Option<*const Step>>,
    sleeping: Vec<AtomicBool>,
    failed: AtomicBool,
    ended: AtomicBool,
}

// SAFETY: `step` is written only by the caller while the signal says closed and nobody inside, and read only by helpers that have gone
// inside before it closed.
unsafe impl Sync for Shared {}
// SAFETY: as above; the pointer is never used after `share` has returned.
unsafe impl Send for Shared {}

impl Team {
    /// A team of `threads`, the caller's included. Where the system gives fewer, the rest do the work.
    pub(in crate::engine) fn new(threads: usize) -> Self {
        let wanted = threads.saturating_sub(1);
        let shared = Arc::new(Shared {
            signal: Apart(AtomicU64::new(CLOSED)),
            step: UnsafeCell::new(None),
            sleeping: (0..wanted).map(|_| AtomicBool::new(false)).collect(),
            failed: AtomicBool::new(false),
            ended: AtomicBool::new(false),
        });
        let start = |number: usize| {
            let shared = Arc::clone(&shared);
            std::thread::Builder::new().name(format!("kernel-{number}")).spawn(move || shared.help(number))
        };
        let helpers = (0..wanted).map_while(|number| start(number).ok()).collect();
        Self { shared, helpers }
    }

    /// Threads, the caller's included.
    pub(in crate::engine) fn threads(&self) -> usize {
        self.helpers.len() + 1
    }

    /// Runs `work` for each of `count` parts, which the threads take one after another as they get free. Returns when all are done.
    ///
    /// # Panics
    /// When `work` does, on whichever thread.
    pub(in crate::engine) fn share(&mut self, count: usize, work: impl Fn(usize) + Sync) {
        if count <= 1 || self.helpers.is_empty() {
            return (0..count).for_each(work);
        }
        let next = AtomicUsize::new(0);
        self.run(&|| {
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= count {
                    break;
                }
                work(part);
            }
        });
    }

    /// Runs `step` here, and on every helper that has time. It must be done when any thread comes out of it and the others are out, too.
    fn run(&mut self, step: &(dyn Fn() + Sync)) {
        // SAFETY: only the lifetime changes, and `Finish` keeps this function from ending, even by a panic, while a helper is inside.
        let step_for_helpers = unsafe { std::mem::transmute::<*const (dyn Fn() + Sync), *const Step>(step) };
        // SAFETY: nobody is inside: the last `run` waited for it, and `&mut self` keeps others out.
        unsafe { *self.shared.step.get() = Some(step_for_helpers) };
        let signal = &self.shared.signal.0;
        let number = signal.load(Ordering::Relaxed) & !(CLOSED | INSIDE);
        signal.store(number.wrapping_add(STEP), Ordering::SeqCst);
        let finish = Finish(&self.shared);
        for (helper, sleeping) in self.helpers.iter().zip(&self.shared.sleeping) {
            if sleeping.load(Ordering::SeqCst) && sleeping.swap(false, Ordering::SeqCst) {
                helper.thread().unpark();
            }
        }
        step();
        drop(finish);
        assert!(!self.shared.failed.swap(false, Ordering::Relaxed), "a helper thread failed");
    }
}

impl Drop for Team {
    fn drop(&mut self) {
        self.shared.ended.store(true, Ordering::SeqCst);
        for helper in self.helpers.drain(..) {
            helper.thread().unpark();
            let _ = helper.join();
        }
    }
}

/// Closes the step and waits for who is inside, when it is dropped.
struct Finish<'a>(&'a Shared);

impl Drop for Finish<'_> {
    fn drop(&mut self) {
        let signal = &self.0.signal.0;
        let mut looks = 0;
        let mut inside = signal.fetch_or(CLOSED, Ordering::AcqRel) & INSIDE;
        while inside > 0 {
            wait(&mut looks);
            inside = signal.load(Ordering::Acquire) & INSIDE;
        }
    }
}

impl Shared {
    fn help(&self, number: usize) {
        let mut looks = 0;
        while !self.ended.load(Ordering::Relaxed) {
            let signal = self.signal.0.load(Ordering::Acquire);
            if signal & CLOSED != 0 {
                wait(&mut looks);
                if looks > LOOKS_BEFORE_SLEEP {
                    self.sleep(number);
                    looks = 0;
                }
                continue;
            }
            if self.signal.0.compare_exchange_weak(signal, signal + 1, Ordering::AcqRel, Ordering::Relaxed).is_err() {
                continue;
            }
            // SAFETY: this thread went inside while the step was open, so the caller has put one there, and waits until it is out again.
            if let Some(step) = unsafe { *self.step.get() } {
                // SAFETY: as above: the caller keeps what it points to alive.
                let step = unsafe { &*step };
                if catch_unwind(AssertUnwindSafe(step)).is_err() {
                    self.failed.store(true, Ordering::Relaxed);
                }
            }
            self.signal.0.fetch_sub(1, Ordering::Release);
            looks = 0;
            // Nothing is left of this step; the next one is what to wait for.
            let mut looks = 0;
            while self.signal.0.load(Ordering::Relaxed) & !INSIDE == signal & !INSIDE && looks < LOOKS_BEFORE_SLEEP {
                wait(&mut looks);
            }
        }
    }

    /// Sleeps until there may be a step.
    fn sleep(&self, number: usize) {
        self.sleeping[number].store(true, Ordering::SeqCst);
        // A step that began before this helper said that it sleeps would not wake it, so look once more.
        while self.sleeping[number].load(Ordering::SeqCst)
            && self.signal.0.load(Ordering::SeqCst) & CLOSED != 0
            && !self.ended.load(Ordering::SeqCst)
        {
            std::thread::park();
        }
        self.sleeping[number].store(false, Ordering::SeqCst);
    }
}

#[inline]
fn wait(looks: &mut u32) {
    *looks += 1;
    if *looks < LOOKS_BEFORE_YIELD { std::hint::spin_loop() } else { std::thread::yield_now() }
}

/// A slice that several threads write to, each its own places.
#[derive(Clone, Copy)]
pub(super) struct Shares<T>(*mut T, usize);

// SAFETY: whoever writes promises to keep to places of its own; see `part`.
unsafe impl<T: Send> Sync for Shares<T> {}
// SAFETY: as above.
unsafe impl<T: Send> Send for Shares<T> {}

impl<T> Shares<T> {
    pub(super) fn new(slice: &mut [T]) -> Self {
        Self(slice.as_mut_ptr(), slice.len())
    }

    /// The places `from..from + count`.
    ///
    /// # Safety
    /// The slice must still be borrowed, and no other part that overlaps may live at the same time.
    #[expect(clippy::mut_from_ref, reason = "parts are disjoint by contract")]
    pub(super) unsafe fn part(&self, from: usize, count: usize) -> &mut [T] {
        assert!(from <= self.1 && count <= self.1 - from, "a part beyond the slice");
        // SAFETY: within the slice: checked above; disjoint and alive: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(self.0.add(from), count) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once_also_after_the_helpers_slept() {
        let mut team = Team::new(3);
        for round in 0..400 {
            if round % 50 == 0 {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            let done: Vec<AtomicUsize> = (0..37).map(|_| AtomicUsize::new(0)).collect();
            team.share(37, |part| {
                done[part].fetch_add(1, Ordering::Relaxed);
            });
            assert!(done.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn a_panic_reaches_the_caller_and_the_team_works_on() {
        let mut team = Team::new(2);
        let caught = catch_unwind(AssertUnwindSafe(|| team.share(64, |part| assert!(part != 40, "part 40"))));
        assert!(caught.is_err());
        let done = AtomicUsize::new(0);
        team.share(64, |_| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(done.into_inner(), 64);
    }
}
