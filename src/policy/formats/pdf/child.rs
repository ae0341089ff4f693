//! Reading PDF files in a process of its own: what hangs, crashes or eats memory there costs one file, not the server.
//!
//! The process is this program again, told by a verb to read one file from its standard input and to write what it found to its standard
//! output. It gives up the right to more memory than it needs before it looks at the first byte.

use std::io::{Read, Write};
use std::panic::catch_unwind;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use super::super::Extracted;
use super::read;

/// Time to read one file.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Address space of the process, most of which is the program itself.
#[cfg(unix)]
const MEMORY_BYTES: u64 = 1 << 30;

/// Larger files are refused before they come here.
const INPUT_BYTES: u64 = 20_000_000;

/// What a file's text may take as JSON.
const OUTPUT_BYTES: u64 = 64 << 20;

/// The program and its verb, once it is known.
static READER: OnceLock<(PathBuf, &'static str)> = OnceLock::new();

/// Has PDF files read in a process of their own from now on: this program, started with `verb`, which must call [`read_pdf_on_stdin`].
///
/// Programs that do not call this read PDF files in their own process; they should open none that they do not trust.
pub fn read_pdfs_in_child(verb: &'static str) {
    // Through this link Linux finds the program that runs, even after an update has replaced its file.
    let link = PathBuf::from("/proc/self/exe");
    let program = if cfg!(target_os = "linux") && link.exists() { Ok(link) } else { std::env::current_exe() };
    if let Ok(program) = program {
        let _ = READER.set((program, verb)); // the first call counts
    }
}

/// The text of a file.
pub(in crate::policy::formats) fn extract(bytes: &[u8]) -> Result<Extracted, String> {
    match READER.get() {
        Some((program, verb)) => run(Command::new(program).arg(verb), bytes, TIMEOUT),
        None => read_guarded(bytes),
    }
}

/// Reads a file in this process; a panic is an error.
fn read_guarded(bytes: &[u8]) -> Result<Extracted, String> {
    catch_unwind(|| read(bytes)).unwrap_or_else(|_| Err(unreadable()))
}

fn unreadable() -> String {
    "is a PDF file that cannot be read: save it as PDF again".to_owned()
}

/// The other end: reads a file from standard input and writes the outcome to standard output as JSON. Exit code 0 unless that fails.
pub fn read_pdf_on_stdin() -> std::process::ExitCode {
    limit_resources();
    let mut bytes = Vec::new();
    let outcome = match std::io::stdin().take(INPUT_BYTES).read_to_end(&mut bytes) {
        Ok(_) => read_guarded(&bytes),
        Err(cause) => Err(format!("cannot be read: {cause}")),
    };
    let written = serde_json::to_vec(&outcome).map(|json| std::io::stdout().write_all(&json).is_ok());
    if matches!(written, Ok(true)) { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

/// Memory, and processor time in case the process that waits has died. What the system does not know (macOS bounds no address space)
/// is left to the time limit.
#[cfg(unix)]
fn limit_resources() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    for (resource, most) in [(Resource::As, MEMORY_BYTES), (Resource::Cpu, TIMEOUT.as_secs() + 1), (Resource::Core, 0)] {
        let most = getrlimit(resource).maximum.map_or(most, |allowed| allowed.min(most));
        let _ = setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    }
}

#[cfg(not(unix))]
fn limit_resources() {}

/// Starts `command`, gives it the file, and takes what it writes within `timeout`.
fn run(command: &mut Command, bytes: &[u8], timeout: Duration) -> Result<Extracted, String> {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let child = started.map_err(|cause| format!("cannot be read: the process that reads PDF files did not start: {cause}"))?;
    let mut child = Killed(child);
    let (Some(mut input), Some(output)) = (child.0.stdin.take(), child.0.stdout.take()) else { return Err(unreadable()) };
    let (send, received) = channel();
    std::thread::scope(|scope| {
        // Both ends at once: a process that writes before it has read all would wait for us, and we for it. It may also end early.
        scope.spawn(move || drop(input.write_all(bytes)));
        scope.spawn(move || {
            let mut json = Vec::new();
            let taken = output.take(OUTPUT_BYTES).read_to_end(&mut json);
            let _ = send.send(taken.map(|_| json)); // nobody waits any more after the time limit
        });
        let outcome = received.recv_timeout(timeout);
        let has_ended = matches!(&outcome, Ok(Ok(json)) if (json.len() as u64) < OUTPUT_BYTES);
        let status = child.end(has_ended);
        match outcome {
            Ok(Ok(json)) => serde_json::from_slice(&json).unwrap_or_else(|_| Err(died(status))),
            Err(RecvTimeoutError::Timeout) => {
                Err(format!("takes longer than {} seconds to read: print it to PDF again", timeout.as_secs()))
            }
            _ => Err(unreadable()),
        }
    })
}

/// What to say of a process that ended without an answer.
fn died(status: Option<ExitStatus>) -> String {
    #[cfg(unix)]
    if let Some(signal) = status.and_then(|status| std::os::unix::process::ExitStatusExt::signal(&status)) {
        // Rust aborts when it gets no memory.
        const ABORTED: i32 = 6;
        return if signal == ABORTED { "needs too much memory to be read: print it to PDF again".to_owned() } else { unreadable() };
    }
    let _ = status;
    unreadable()
}

/// A process that does not outlive its reader.
struct Killed(Child);

impl Killed {
    /// Waits for the process; kills it before, unless its output has ended and so it has, too.
    fn end(&mut self, has_ended: bool) -> Option<ExitStatus> {
        if !has_ended {
            let _ = self.0.kill();
        }
        self.0.wait().ok()
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn refusal(program: &str, argument: &str) -> String {
        run(Command::new(program).arg(argument), &[b'x'; 100_000], Duration::from_millis(300)).unwrap_err()
    }

    #[test]
    fn a_process_that_hangs_dies_or_babbles_costs_its_file_only() {
        let started = std::time::Instant::now();
        assert!(refusal("sleep", "60").contains("takes longer than"));
        assert!(started.elapsed() < Duration::from_secs(30));
        assert_eq!(refusal("false", ""), unreadable());
        assert_eq!(refusal("echo", "{\"Ok\":7}"), unreadable());
        assert!(refusal("no-such-program", "").contains("did not start"));
    }
}
