//! How a download tells the person who waits for it: bars on a terminal, plain lines elsewhere, or nothing.

use std::io::{IsTerminal, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{DecimalBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Hears about a download. One thing is in progress at a time.
pub trait Progress: Send + Sync {
    /// A sentence worth reading, such as why a source was given up.
    fn line(&self, text: &str);
    /// `what` begins and will take about `total_bytes`; 0 if nobody knows.
    fn start(&self, what: &str, total_bytes: u64);
    /// So many more bytes have arrived.
    fn advance(&self, bytes: u64);
    /// It is over, well or badly.
    fn finish(&self);
}

/// Bars if standard error is a terminal, lines if not.
pub fn on_stderr() -> Box<dyn Progress> {
    if std::io::stderr().is_terminal() { Box::new(Bars::default()) } else { Box::new(Lines::new(std::io::stderr())) }
}

/// Says nothing.
#[derive(Debug, Default, Clone, Copy)]
pub struct Silent;

impl Progress for Silent {
    fn line(&self, _: &str) {}
    fn start(&self, _: &str, _: u64) {}
    fn advance(&self, _: u64) {}
    fn finish(&self) {}
}

/// One bar on standard error.
#[derive(Debug, Default)]
pub struct Bars {
    bar: Mutex<Option<ProgressBar>>,
}

impl Progress for Bars {
    fn line(&self, text: &str) {
        match lock(&self.bar).as_ref() {
            Some(bar) => bar.suspend(|| eprintln!("{text}")),
            None => eprintln!("{text}"),
        }
    }

    fn start(&self, what: &str, total_bytes: u64) {
        let (bar, template) = if total_bytes == 0 {
            (ProgressBar::no_length(), "{spinner} {msg} {decimal_bytes}")
        } else {
            (ProgressBar::new(total_bytes), "{msg} [{bar:30}] {decimal_bytes}/{decimal_total_bytes} {decimal_bytes_per_sec} {eta}")
        };
        bar.set_draw_target(ProgressDrawTarget::stderr());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(what.to_owned());
        bar.enable_steady_tick(Duration::from_millis(120));
        *lock(&self.bar) = Some(bar);
    }

    fn advance(&self, bytes: u64) {
        if let Some(bar) = lock(&self.bar).as_ref() {
            bar.inc(bytes);
        }
    }

    fn finish(&self) {
        if let Some(bar) = lock(&self.bar).take() {
            bar.finish_and_clear();
        }
    }
}

/// A line at the start, one every few seconds while bytes arrive, for logs and pipes.
#[derive(Debug)]
pub struct Lines<W> {
    state: Mutex<LinesState<W>>,
}

#[derive(Debug)]
struct LinesState<W> {
    out: W,
    what: String,
    done_bytes: u64,
    total_bytes: u64,
    said_at: Instant,
}

const LINE_EVERY: Duration = Duration::from_secs(5);

impl<W: Write + Send> Lines<W> {
    /// Writes to `out`.
    pub fn new(out: W) -> Self {
        let state = LinesState { out, what: String::new(), done_bytes: 0, total_bytes: 0, said_at: Instant::now() };
        Self { state: Mutex::new(state) }
    }
}

// A log that cannot be written must not stop a download, so the results of `writeln!` are dropped.
impl<W: Write + Send> Progress for Lines<W> {
    fn line(&self, text: &str) {
        let _ = writeln!(lock(&self.state).out, "{text}");
    }

    fn start(&self, what: &str, total_bytes: u64) {
        let mut state = lock(&self.state);
        (state.what, state.done_bytes, state.total_bytes, state.said_at) = (what.to_owned(), 0, total_bytes, Instant::now());
        let _ = match total_bytes {
            0 => writeln!(state.out, "{what} …"),
            total => writeln!(state.out, "{what} ({}) …", size(total)),
        };
    }

    fn advance(&self, bytes: u64) {
        let mut state = lock(&self.state);
        state.done_bytes = state.done_bytes.saturating_add(bytes);
        if state.said_at.elapsed() >= LINE_EVERY {
            state.said_at = Instant::now();
            let (what, done) = (state.what.clone(), size(state.done_bytes));
            let of = if state.total_bytes == 0 { String::new() } else { format!(" of {}", size(state.total_bytes)) };
            let _ = writeln!(state.out, "{what}: {done}{of}");
        }
    }

    fn finish(&self) {}
}

/// Bytes for people: "98.36 MB".
pub fn size(bytes: u64) -> String {
    DecimalBytes(bytes).to_string()
}

/// A panic elsewhere while printing leaves nothing here that could be wrong.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
