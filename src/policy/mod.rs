//! What a policy is, and how a file becomes one.
//!
//! In: files in a folder or an archive. Out: a [`Version`] of a document with its metadata, and its [`Passage`]s,
//! each with the sentences it holds, at exact positions in the source text.
//! Must not know: indexes, models, questions.

mod archive;
mod formats;
mod front_matter;
mod load;
pub mod markdown;
mod moment;
mod sections;
mod upload;

pub use formats::{read_pdf_on_stdin, read_pdfs_in_child};
pub use front_matter::FrontMatter;
pub use load::{FolderState, Known, LoadReport, SkippedFile, folder_state, load, load_folder, parse_file, parse_records};
pub use moment::{Moment, NoMoment};
pub use upload::Upload;

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::text::Language;

/// One version of one document, as read from one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// The document this is a version of, stable over versions.
    pub document_id: String,
    /// The title shown to customers.
    pub title: String,
    /// Counts up from 1 as the policy changes.
    pub version: u32,
    /// First day on which it holds, or the minute from which on; `None` is since ever.
    pub valid_from: Option<Moment>,
    /// Last day on which it holds, or the minute from which on it holds no more; `None` is until further notice.
    pub valid_to: Option<Moment>,
    /// Labels that filters ask for.
    pub tags: Vec<String>,
    /// Where customers can read it, if anywhere.
    pub uri: Option<String>,
    /// The language it is written in.
    pub language: Language,
    /// File it came from, relative to the corpus folder, with `/` between parts.
    pub path: String,
    /// SHA-256 of the file's bytes, lowercase hex.
    pub sha256: String,
    /// The whole text of the file as read, front matter included, or what was taken out of a file that is no text: every position
    /// below counts in it.
    pub source: String,
    /// Where in `source` each page begins, for a file that has pages.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pages: Vec<PageStart>,
}

/// Where a page of a paged file (PDF) begins in the text that was taken out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageStart {
    /// Byte of [`Version::source`] from which on the text stands on the page.
    pub byte: usize,
    /// The page, counted from 1 as PDF viewers do, whatever is printed on it.
    pub page: u32,
}

impl Version {
    /// Whether it holds at that time; at the end of it, if it is a day.
    pub fn is_valid_on(&self, time: Moment) -> bool {
        let time = time.asked();
        self.valid_from.is_none_or(|from| from.start() <= time) && self.valid_to.is_none_or(|to| time < to.end())
    }

    /// The page on which a byte of [`Version::source`] stands; `None` for files without pages.
    pub fn page_at(&self, byte: usize) -> Option<u32> {
        let after = self.pages.partition_point(|start| start.byte <= byte);
        self.pages.get(after.saturating_sub(1)).map(|start| start.page)
    }
}

/// A stretch of one section, small enough to read at a glance: what the indexes hold and search returns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passage {
    /// Headings above it, outermost first, without the document's title when that only repeats it.
    pub headings: Vec<String>,
    /// Bytes of [`Version::source`] it covers, from its first sentence to its last.
    pub bytes: Range<usize>,
    /// Its sentences, in order. A list item or a table row counts as one or more sentences of its own.
    pub sentences: Vec<Sentence>,
}

/// What a quotation is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sentence {
    /// Bytes of [`Version::source`] it covers: what a citation quotes. Begins and ends on visible characters.
    pub bytes: Range<usize>,
    /// The same words without Markdown marks, for indexes, models and the answer's text.
    pub plain: String,
    /// What must be known to understand it: a table's column names, or the line that introduces a list.
    pub lead: Option<String>,
    /// What it is in the source.
    pub kind: SentenceKind,
}

/// Where in a document a sentence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SentenceKind {
    /// In running text.
    Prose,
    /// In a list item.
    ListItem,
    /// A whole row of a table.
    TableRow,
}

/// Upper bound on the words of one passage (a Chinese character counts as half a word).
pub const PASSAGE_WORDS: usize = 120;
