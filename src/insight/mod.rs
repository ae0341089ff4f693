//! How good is it, on labelled data?
//!
//! In: questions with their gold documents and spans, utterances with whether a person is needed, and a desk. Out: a
//! [`Report`] in the shape of the contract. Must not know: HTTP.

mod eval;
mod labelled;
mod metrics;

pub use eval::{Detail, Report, evaluate};
pub use labelled::{Labelled, Question, Utterance, sample_set};
