//! What language is this, where do its sentences end, and which words does BM25 see?
//!
//! In: plain text. Out: languages, byte ranges, terms. Must not know: documents.

pub mod analysis;
mod language;
pub mod names;
mod redact;
mod sentences;
pub mod thesaurus;

pub use language::{Language, detect_language};
pub use redact::{contact_in, redact};
pub use sentences::{is_visible, split_sentences};
pub(crate) use sentences::{is_wide, trim_invisible};
