//! What failed, on which item, and what to do next.
//!
//! One error for the whole crate: a kind to match on, the item it happened to, the cause kept as `source`.

use std::error::Error as StdError;
use std::fmt;

/// The kinds of failure a caller may want to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The caller sent something we cannot use.
    BadRequest,
    /// The thing asked for does not exist.
    NotFound,
    /// What was asked for does not go with what is there.
    Conflict,
    /// A flag, environment variable or file of settings is wrong.
    BadSetting,
    /// A document could not be read or understood.
    BadDocument,
    /// No usable documents were found.
    EmptyCorpus,
    /// A file could not be read or written.
    Io,
    /// A model is not in the catalogue, or the catalogue is wrong.
    BadCatalog,
    /// A model file could not be fetched from any source.
    ModelUnavailable,
    /// A model file does not hold the bytes it should.
    ModelCorrupt,
    /// The index on disk cannot be used.
    BadIndex,
    /// More work is waiting than the server accepts.
    Overloaded,
    /// A model failed while running.
    Inference,
    /// The work was stopped because nobody waits for it any more.
    Cancelled,
    /// The database failed.
    Store,
    /// The server could not start or has ended.
    Server,
}

impl ErrorKind {
    /// Builds an error of this kind about `item`, which says what and where, and what to do next.
    pub fn on(self, item: impl Into<String>) -> Error {
        Error { kind: self, item: item.into(), cause: None }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::BadRequest => "the request cannot be used",
            Self::NotFound => "not found",
            Self::Conflict => "it does not go with what is there",
            Self::BadSetting => "a setting cannot be used",
            Self::BadDocument => "a document cannot be used",
            Self::EmptyCorpus => "no usable documents",
            Self::Io => "a file could not be read or written",
            Self::BadCatalog => "the model catalogue cannot be used",
            Self::ModelUnavailable => "a model could not be fetched",
            Self::ModelCorrupt => "a model file is damaged",
            Self::BadIndex => "the index cannot be used",
            Self::Overloaded => "the server is busy",
            Self::Inference => "a model failed",
            Self::Cancelled => "stopped, because nobody waits for the answer",
            Self::Store => "the database failed",
            Self::Server => "the server failed",
        })
    }
}

/// The crate's error. Its text is `kind: item`; the cause stays reachable through [`StdError::source`].
#[derive(Debug)]
pub struct Error {
    /// What sort of failure this is.
    pub kind: ErrorKind,
    /// What it happened to, and what to do next.
    pub item: String,
    /// The failure below this one, if any.
    pub cause: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// Adds the failure that led to this one.
    pub fn because(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The whole chain in one line, for logs and the terminal.
    pub fn chain(&self) -> String {
        let mut text = self.to_string();
        let mut next = self.source();
        while let Some(cause) = next {
            text.push_str(": ");
            text.push_str(&cause.to_string());
            next = cause.source();
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.kind, self.item)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_deref().map(|cause| cause as &(dyn StdError + 'static))
    }
}

/// The crate's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Turns a foreign failure into ours, with the item named on the spot.
pub trait Context<T> {
    /// `kind` and `item` describe the failure; the foreign error becomes its cause.
    fn on(self, kind: ErrorKind, item: impl FnOnce() -> String) -> Result<T>;
}

impl<T, E: Into<Box<dyn StdError + Send + Sync>>> Context<T> for std::result::Result<T, E> {
    fn on(self, kind: ErrorKind, item: impl FnOnce() -> String) -> Result<T> {
        self.map_err(|cause| kind.on(item()).because(cause))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_names_the_item_and_every_cause() {
        let cause = std::io::Error::other("disk is full");
        let error = ErrorKind::Io.on("data/index, free some space").because(cause);
        assert_eq!(error.chain(), "a file could not be read or written: data/index, free some space: disk is full");
    }
}
