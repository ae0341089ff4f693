//! From files, folders, archives and record files to versions of documents.
//!
//! A broken file is reported and the rest goes on; a folder that gives nothing at all is an error.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt::Write as _;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Moment;
use crate::error::{Context, Error, ErrorKind, Result};
use crate::text::{detect_language, is_visible};

use super::archive::Archive;
use super::sections::text_passages;
use super::upload::{Upload, meant};
use super::{FrontMatter, Passage, Version, formats, markdown};

/// Why a file of another kind is left out.
const UNREADABLE: &str = "is not a .md, .txt, .html, .pdf, .docx, .csv or .jsonl file: convert it to one of these";

/// Larger files are no policies.
const MAX_FILE_BYTES: u64 = 10_000_000;

/// What was read, and what was not.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LoadReport {
    /// In the order of their paths; several versions of one document each hold for their own time.
    pub versions: Vec<Version>,
    /// Files that were left out, and why.
    pub skipped: Vec<SkippedFile>,
}

/// A file that gave no version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// Relative to the folder, with `/` between parts.
    pub path: String,
    /// What is wrong and what to do about it.
    pub reason: String,
}

/// Files that were read before, by their paths: one whose bytes are the same need not be read again.
#[derive(Debug, Default)]
pub struct Known<'a>(HashMap<&'a str, &'a Version>);

impl<'a> Known<'a> {
    /// From versions that were read from files, by this version of the program.
    pub fn new(versions: impl Iterator<Item = &'a Version>) -> Self {
        Self(versions.map(|version| (version.path.as_str(), version)).collect())
    }

    /// What [`parse_file`] would give for these bytes, if that is known.
    fn version(&self, path: &str, bytes: &[u8]) -> Option<Version> {
        let known = self.0.get(path)?;
        (known.sha256 == sha256(bytes)).then(|| known.as_stated())
    }
}

impl Version {
    /// As it was read from its file, before other versions cut its time.
    fn as_stated(&self) -> Self {
        let has_front_matter = Format::of(&self.path).is_some_and(|format| format != Format::Outline);
        let matter = if has_front_matter { FrontMatter::parse(&self.source).ok() } else { None };
        let (matter, _) = matter.unwrap_or_default();
        Self { valid_to: matter.valid_to, valid_from: matter.valid_from, ..self.clone() }
    }

    /// Its passages, in order: Markdown for `.md` and `.markdown` files, otherwise paragraphs of plain text.
    pub fn passages(&self) -> Vec<Passage> {
        match Format::of(&self.path) {
            Some(Format::Outline) => formats::passages(&self.source, &self.title),
            Some(format) => {
                // It was read once; if it no longer can be, all of it is text.
                let body_start = FrontMatter::parse(&self.source).map_or(0, |(_, body_start)| body_start);
                format.passages(&self.source, body_start, &self.title)
            }
            None => text_passages(&self.source, 0),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Markdown,
    Text,
    /// Turned into an outline when read.
    Outline,
}

impl Format {
    fn of(path: &str) -> Option<Self> {
        match extension(path).as_str() {
            "md" | "markdown" => Some(Self::Markdown),
            "txt" => Some(Self::Text),
            "html" | "htm" | "pdf" | "docx" | "csv" | "jsonl" => Some(Self::Outline),
            _ => None,
        }
    }

    fn passages(self, source: &str, body_start: usize, title: &str) -> Vec<Passage> {
        match self {
            Self::Markdown => markdown::passages(source, body_start, title),
            Self::Text => text_passages(source, body_start),
            Self::Outline => formats::passages(source, title),
        }
    }
}

fn extension(path: &str) -> String {
    Path::new(path).extension().map(|extension| extension.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// Reads one file: Markdown (`.md`, `.markdown`) or plain text (`.txt`), in UTF-8, with or without front matter; web pages (`.html`,
/// `.htm`), PDF files (`.pdf`), Word documents (`.docx`), and lists of questions with answers (`.csv`, `.jsonl`).
///
/// `path` is relative to the corpus folder. What the front matter leaves open: the id is the path without its extension and with `-`
/// for `/`; the title is the first heading of the first level, or else the file's name in words; the version is 1; the language is
/// detected. `BadDocument` names the path and, where there is one, the line or byte.
pub fn parse_file(path: &str, bytes: &[u8]) -> Result<Version> {
    let path = path.replace('\\', "/");
    let bad = |what: &str| ErrorKind::BadDocument.on(format!("{path}{what}"));
    let format = Format::of(&path).ok_or_else(|| bad(&format!(" {UNREADABLE}")))?;
    let extracted = formats::extract(&extension(&path), bytes).transpose().map_err(|reason| bad(&format!(" {reason}")))?;
    let source = match &extracted {
        Some(extracted) => &extracted.text,
        None => decode(&path, bytes)?,
    };
    let front_matter = if extracted.is_none() { FrontMatter::parse(source) } else { Ok((FrontMatter::default(), 0)) };
    let (matter, body_start) = front_matter.map_err(|error| Error { item: format!("{path}, {}", error.item), ..error })?;
    let body = source.get(body_start..).unwrap_or_default();
    if !body.contains(is_visible) {
        return Err(bad(if body_start > 3 { " has no text below its front matter" } else { " is empty" }));
    }
    let stem = path.strip_suffix(&format!(".{}", Path::new(&path).extension().unwrap_or_default().to_string_lossy())).unwrap_or(&path);
    let first_title = || {
        if let Some(extracted) = &extracted {
            extracted.title.clone()
        } else if format == Format::Markdown {
            markdown::first_title(source, body_start)
        } else {
            None
        }
    };
    Ok(Version {
        document_id: matter.id.unwrap_or_else(|| stem.trim_matches('/').replace('/', "-")),
        title: matter.title.or_else(first_title).unwrap_or_else(|| title_of_name(stem)),
        version: matter.version.unwrap_or(1),
        valid_from: matter.valid_from,
        valid_to: matter.valid_to,
        tags: matter.tags,
        uri: matter.uri.or_else(|| extracted.as_ref()?.uri.clone()),
        language: matter.lang.unwrap_or_else(|| detect_language(body)),
        sha256: sha256(bytes),
        source: source.to_owned(),
        pages: extracted.map(|extracted| extracted.pages).unwrap_or_default(),
        path,
    })
}

/// As [`parse_file`], without the work where the result is known.
pub(super) fn parse_known(path: &str, bytes: &[u8], known: &Known<'_>) -> Result<Version> {
    known.version(path, bytes).map_or_else(|| parse_file(path, bytes), Ok)
}

/// `en/late-payments` becomes `Late payments`.
fn title_of_name(stem: &str) -> String {
    let name = stem.rsplit('/').next().unwrap_or(stem).replace(['-', '_'], " ");
    let mut letters = name.trim().chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn decode<'a>(path: &str, bytes: &'a [u8]) -> Result<&'a str> {
    if bytes.starts_with(&[0xFF, 0xFE]) || bytes.starts_with(&[0xFE, 0xFF]) {
        return Err(ErrorKind::BadDocument.on(format!("{path} is UTF-16: save it as UTF-8")));
    }
    if let Some(at) = bytes.iter().position(|byte| *byte == 0) {
        return Err(ErrorKind::BadDocument.on(format!("{path} is not text: byte {at} is zero")));
    }
    std::str::from_utf8(bytes).map_err(|error| {
        let at = error.valid_up_to();
        let byte = bytes.get(at).copied().unwrap_or_default();
        ErrorKind::BadDocument.on(format!("{path} is not UTF-8 at byte {at} (0x{byte:02X}): save it as UTF-8"))
    })
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::with_capacity(64), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}"); // writing to a String cannot fail
        hex
    })
}

/// Reads records, one JSON object `{"doc_id", "title", "text"}` per line, as versions for evaluation: plain text, version 1, always
/// valid, with the path `NAME:LINE`. Lines that cannot be used are in [`LoadReport::skipped`].
pub fn parse_records(name: &str, jsonl: &str) -> LoadReport {
    let mut report = LoadReport::default();
    let mut lines_of_ids = HashMap::new();
    for (at, line) in jsonl.trim_start_matches('\u{FEFF}').lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let path = format!("{name}:{}", at + 1);
        match parse_record(&path, line) {
            Ok(version) => match lines_of_ids.insert(version.document_id.clone(), at + 1) {
                None => report.versions.push(version),
                Some(first) => {
                    let reason = format!("doc_id {:?} is already that of line {first}", version.document_id);
                    lines_of_ids.insert(version.document_id, first);
                    report.skipped.push(SkippedFile { path, reason });
                }
            },
            Err(reason) => report.skipped.push(SkippedFile { path, reason }),
        }
    }
    report
}

fn parse_record(path: &str, line: &str) -> Result<Version, String> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Id {
        Text(String),
        Number(i64),
    }
    #[derive(Deserialize)]
    struct Record {
        doc_id: Id,
        #[serde(default)]
        title: Option<String>,
        text: String,
    }
    let record: Record =
        serde_json::from_str(line).map_err(|error| format!("expected {{\"doc_id\", \"title\", \"text\"}} on one line: {error}"))?;
    let document_id = match record.doc_id {
        Id::Text(id) => id,
        Id::Number(id) => id.to_string(),
    };
    if !document_id.contains(is_visible) || !record.text.contains(is_visible) {
        return Err("its doc_id or its text is empty".to_owned());
    }
    Ok(Version {
        title: record.title.filter(|title| title.contains(is_visible)).unwrap_or_else(|| document_id.clone()),
        document_id,
        version: 1,
        valid_from: None,
        valid_to: None,
        tags: Vec::new(),
        uri: None,
        language: detect_language(&record.text),
        path: path.to_owned(),
        sha256: sha256(record.text.as_bytes()),
        source: record.text,
        pages: Vec::new(),
    })
}

/// Reads every policy in a folder and the folders in it, in the order of their names. A zip archive in it is read as a folder of its
/// name (`archive.zip/fees.md`); `dir` may also be an archive, which is read as the folder that was packed.
///
/// Left out without a word: names that begin with a dot, `README.md` and the folder `eval` at the top, and files that are no text
/// (pictures). Reported as skipped: documents in formats we cannot read, files above 10 MB, broken files, archives in archives, what is
/// suspicious in an archive, and the second of two files with one id and version. Links are followed, each folder is read once.
///
/// When two versions of a document hold at the same time, the one with the higher number wins from its first day or minute on: the older one's
/// [`Version::valid_to`] becomes the day before, or that minute. An older version to which that leaves no time is skipped.
///
/// Errors: `NotFound` (no such folder), `BadSetting` (a file), `Io` (not readable), `EmptyCorpus` (nothing in it to use).
pub fn load_folder(dir: &Path) -> Result<LoadReport> {
    load(dir, &[], &Known::default())
}

/// As [`load_folder`], with the documents that were uploaded. A file of the folder wins over an upload with the same id and version.
/// Files that are `known` are not read apart again.
pub fn load(dir: &Path, uploads: &[Upload], known: &Known<'_>) -> Result<LoadReport> {
    let shown = dir.display();
    let metadata = match fs::metadata(dir) {
        Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            return Err(ErrorKind::NotFound.on(format!("the folder {shown} does not exist: create it or name another")).because(cause));
        }
        other => other.on(ErrorKind::Io, || format!("cannot look at {shown}: check its permissions"))?,
    };
    let mut walk = Walk::default();
    if metadata.is_dir() {
        walk.folder(dir, "").on(ErrorKind::Io, || format!("cannot read the folder {shown}: check its permissions"))?;
    } else if is_archive(&dir.to_string_lossy()) {
        walk.files.push((String::new(), dir.to_owned()));
    } else {
        return Err(ErrorKind::BadSetting.on(format!("{shown} is a file: name the folder that it lies in, or a .zip archive of it")));
    }
    let mut report = LoadReport { versions: Vec::new(), skipped: walk.skipped };
    let mut paths_of_versions = HashMap::new();
    let mut add = |path: String, read: Result<Version, String>| match read {
        Ok(version) => match paths_of_versions.get(&(version.document_id.clone(), version.version)) {
            None => {
                paths_of_versions.insert((version.document_id.clone(), version.version), path);
                report.versions.push(version);
            }
            Some(first) => {
                let reason = format!("{first} is already version {} of {}: raise one of the numbers", version.version, version.document_id);
                report.skipped.push(SkippedFile { path, reason });
            }
        },
        Err(reason) => report.skipped.push(SkippedFile { path, reason }),
    };
    for (path, file) in walk.files {
        if is_archive(&file.to_string_lossy()) {
            if let Err(reason) = read_archive(&path, &file, known, &mut add) {
                add(if path.is_empty() { shown.to_string() } else { path }, Err(reason));
            }
        } else {
            let read = read_file(&path, &file, known);
            add(path, read);
        }
    }
    for upload in meant(uploads) {
        add(upload.path(), upload.read_knowing(known).map_err(|error| error.item));
    }
    report.settle_validity();
    if report.versions.is_empty() {
        let skipped = match report.skipped.as_slice() {
            [] => String::new(),
            [first, rest @ ..] => format!("; {} skipped, the first because {}", rest.len() + 1, reason_with_path(first)),
        };
        return Err(ErrorKind::EmptyCorpus
            .on(format!("{shown} holds no .md, .txt, .html, .pdf, .docx, .csv or .jsonl file that can be used: add one{skipped}")));
    }
    Ok(report)
}

/// What tells whether a folder's policies may have changed: each file with its length and time of change.
pub type FolderState = Vec<(PathBuf, u64, Option<std::time::SystemTime>)>;

/// The state of a folder, or of an archive in place of one, now; empty when it cannot be read.
pub fn folder_state(dir: &Path) -> FolderState {
    let mut walk = Walk::default();
    if dir.is_file() {
        walk.files.push((String::new(), dir.to_owned()));
    } else {
        let _ = walk.folder(dir, ""); // what cannot be read is as if it were not there
    }
    let state = |(_, file): (String, PathBuf)| {
        let metadata = fs::metadata(&file).ok();
        let changed = metadata.as_ref().and_then(|metadata| metadata.modified().ok());
        (file, metadata.map_or(0, |metadata| metadata.len()), changed)
    };
    walk.files.into_iter().map(state).collect()
}

fn reason_with_path(skipped: &SkippedFile) -> String {
    let SkippedFile { path, reason } = skipped;
    if reason.starts_with(path.as_str()) { reason.clone() } else { format!("{path}: {reason}") }
}

fn read_file(path: &str, file: &Path, known: &Known<'_>) -> Result<Version, String> {
    let mut bytes = Vec::new();
    let opened = fs::File::open(file).and_then(|file| file.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes));
    opened.map_err(|cause| format!("cannot be read: {cause}"))?;
    parse_bytes(path, &bytes, known)
}

/// Reads the files of an archive, whose paths begin with `folder`. The error says why nothing of it was read.
fn read_archive(folder: &str, file: &Path, known: &Known<'_>, add: &mut impl FnMut(String, Result<Version, String>)) -> Result<(), String> {
    let mut archive = Archive::open(file)?;
    for packed in archive.files() {
        let is_at_top = folder.is_empty();
        if is_at_top && (packed.path.eq_ignore_ascii_case("readme.md") || packed.path.starts_with("eval/")) {
            continue;
        }
        let path = if is_at_top { packed.path } else { format!("{folder}/{}", packed.path) };
        let read = match packed.place {
            Err(reason) => Err(reason),
            Ok(_) if is_archive(&path) => Err("is an archive inside an archive: unpack it".to_owned()),
            Ok(place) if Format::of(&path).is_some() => {
                archive.read(place, MAX_FILE_BYTES).and_then(|bytes| parse_bytes(&path, &bytes, known))
            }
            Ok(_) if is_document(&path) => Err(UNREADABLE.to_owned()),
            Ok(place) => match archive.read(place, HEAD_BYTES) {
                Ok(head) if is_text(&head) => Err(UNREADABLE.to_owned()),
                _ => continue,
            },
        };
        add(path, read);
    }
    Ok(())
}

fn parse_bytes(path: &str, bytes: &[u8], known: &Known<'_>) -> Result<Version, String> {
    if bytes.len() as u64 > MAX_FILE_BYTES {
        return Err("is larger than 10 MB: split it".to_owned());
    }
    parse_known(path, bytes, known).map_err(|error| error.item)
}

/// Collects the files of a folder.
#[derive(Default)]
struct Walk {
    /// The relative path and the real one.
    files: Vec<(String, PathBuf)>,
    skipped: Vec<SkippedFile>,
    seen: HashSet<PathBuf>,
}

impl Walk {
    /// Fails only for `dir` itself; what is wrong below it is skipped.
    fn folder(&mut self, dir: &Path, relative: &str) -> std::io::Result<()> {
        if !self.seen.insert(fs::canonicalize(dir)?) {
            return Ok(()); // a link led back here
        }
        // By name, so that two machines read the same corpus in the same order.
        let entries: BTreeMap<_, _> =
            fs::read_dir(dir)?.filter_map(|entry| entry.ok().map(|entry| (entry.file_name(), entry.path()))).collect();
        for (name, file) in entries {
            let name = name.to_string_lossy();
            let at_top = relative.is_empty();
            if name.starts_with('.') {
                continue;
            }
            let path = if at_top { name.to_string() } else { format!("{relative}/{name}") };
            let skip = |reason: String| SkippedFile { path: path.clone(), reason };
            match fs::metadata(&file) {
                Ok(metadata) if metadata.is_dir() => {
                    if !(at_top && name == "eval")
                        && let Err(cause) = self.folder(&file, &path)
                    {
                        self.skipped.push(skip(format!("cannot be read: {cause}")));
                    }
                }
                Ok(metadata) if metadata.is_file() && !(at_top && name.eq_ignore_ascii_case("readme.md")) => {
                    if Format::of(&path).is_some() || is_archive(&path) {
                        self.files.push((path, file));
                    } else if is_document(&path) || head(&file).is_ok_and(|head| is_text(&head)) {
                        self.skipped.push(skip(UNREADABLE.to_owned()));
                    }
                }
                Ok(_) => {}
                Err(cause) => self.skipped.push(skip(format!("cannot be read: {cause}"))),
            }
        }
        Ok(())
    }
}

/// Formats that hold policies in other places: someone will look for their text here.
fn is_document(path: &str) -> bool {
    let name = extension(path);
    matches!(
        name.as_str(),
        "doc" | "odt" | "rtf" | "pages" | "xls" | "xlsx" | "ppt" | "pptx" | "epub" | "7z" | "rar" | "tar" | "gz" | "tgz"
    )
}

fn is_archive(path: &str) -> bool {
    extension(path) == "zip"
}

/// As much of a file as tells whether it is text.
const HEAD_BYTES: u64 = 4096;

fn head(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::new();
    fs::File::open(file)?.take(HEAD_BYTES).read_to_end(&mut head)?;
    Ok(head)
}

fn is_text(head: &[u8]) -> bool {
    let is_utf8 = match std::str::from_utf8(head) {
        Ok(_) => true,
        Err(error) => error.error_len().is_none(), // only the last character is cut off
    };
    is_utf8 && !head.is_empty() && !head.contains(&0)
}

impl LoadReport {
    /// Lets no two versions of a document hold at the same time.
    fn settle_validity(&mut self) {
        let mut newer_of: HashMap<String, Vec<usize>> = HashMap::new();
        let mut order: Vec<usize> = (0..self.versions.len()).collect();
        order.sort_by_key(|at| std::cmp::Reverse(self.versions.get(*at).map(|version| version.version)));
        let mut dropped = HashMap::new();
        for at in order {
            let Some(mut version) = self.versions.get(at).cloned() else { continue };
            let newer = newer_of.entry(version.document_id.clone()).or_default();
            let winner = newer.iter().filter_map(|at| self.versions.get(*at)).find_map(|newer| give_way(&mut version, newer).err());
            match winner {
                Some(reason) => _ = dropped.insert(at, reason),
                None => newer.push(at),
            }
            if let Some(slot) = self.versions.get_mut(at) {
                slot.valid_to = version.valid_to;
            }
        }
        let versions = std::mem::take(&mut self.versions);
        for (at, version) in versions.into_iter().enumerate() {
            match dropped.remove(&at) {
                Some(reason) => self.skipped.push(SkippedFile { path: version.path, reason }),
                None => self.versions.push(version),
            }
        }
    }
}

/// Ends `older` before `newer` begins, where the two overlap. The error says why no time is left to it.
fn give_way(older: &mut Version, newer: &Version) -> Result<(), String> {
    let ends_before =
        |end: Option<Moment>, start: Option<Moment>| matches!((end, start), (Some(end), Some(start)) if end.end() <= start.start());
    if ends_before(older.valid_to, newer.valid_from) || ends_before(newer.valid_to, older.valid_from) {
        return Ok(());
    }
    match newer.valid_from.and_then(Moment::before) {
        Some(end) if older.valid_from.is_none_or(|from| from.start() < end.end()) => {
            older.valid_to = Some(end);
            Ok(())
        }
        _ => Err(format!(
            "version {} of {} ({}) begins no later than this version {}: let it begin later, or end this one before",
            newer.version, newer.document_id, newer.path, older.version
        )),
    }
}

#[cfg(test)]
mod tests;
