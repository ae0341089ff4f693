//! Documents that came over the API instead of lying in the corpus folder.

use super::Moment;
use super::load::{Known, parse_known};
use super::{FrontMatter, Version};
use crate::error::{ErrorKind, Result};

/// Characters of an id.
const ID_CHARS: usize = 100;

/// One version of a document as it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The document.
    pub document_id: String,
    /// Its version.
    pub version: u32,
    /// What kind of file it is: `md`, `html`, …
    pub extension: String,
    /// The file as it was sent.
    pub bytes: Vec<u8>,
    /// First day on which it holds, where the file does not say.
    pub begins: Option<Moment>,
}

impl Upload {
    /// The name it goes by in reports.
    pub fn path(&self) -> String {
        format!("uploads/{}.v{}.{}", self.document_id, self.version, self.extension)
    }

    /// Reads it as a file of the corpus folder is read.
    ///
    /// # Errors
    /// `BadDocument` when it cannot be read.
    pub fn read(&self) -> Result<Version> {
        self.read_knowing(&Known::default())
    }

    /// As [`Self::read`], without the work where the result is known.
    pub(super) fn read_knowing(&self, known: &Known<'_>) -> Result<Version> {
        let version = parse_known(&self.path(), &self.bytes, known)?;
        Ok(Version {
            document_id: self.document_id.clone(),
            version: self.version,
            valid_from: version.valid_from.or(self.begins),
            ..version
        })
    }

    /// The id and the version that the file itself names.
    pub fn stated(&self) -> (Option<String>, Option<u32>) {
        let text = std::str::from_utf8(&self.bytes).ok().filter(|_| matches!(self.extension.as_str(), "md" | "txt"));
        let matter = text.and_then(|text| FrontMatter::parse(text).ok()).map(|(matter, _)| matter).unwrap_or_default();
        (matter.id, matter.version)
    }

    /// Refuses ids that could not stand in an address or a file name.
    ///
    /// # Errors
    /// `BadRequest` saying what an id looks like.
    pub fn check_id(id: &str) -> Result<()> {
        let fits = |letter: char| letter.is_alphanumeric() || matches!(letter, '-' | '_' | '.');
        if id.chars().all(fits) && id.starts_with(char::is_alphanumeric) && id.chars().count() <= ID_CHARS {
            return Ok(());
        }
        Err(ErrorKind::BadRequest.on(format!(
            "a document's id begins with a letter or digit and has letters, digits, `-`, `_` and `.` only, {ID_CHARS} at most"
        )))
    }
}

/// Of several uploads of one document that begin on the same day the last one is meant: the earlier ones never held for a whole day.
pub(super) fn meant(uploads: &[Upload]) -> impl Iterator<Item = &Upload> {
    uploads.iter().filter(|upload| {
        let is_later =
            |other: &&Upload| other.document_id == upload.document_id && other.version > upload.version && other.begins == upload.begins;
        upload.begins.is_none() || !uploads.iter().any(|other| is_later(&other))
    })
}
