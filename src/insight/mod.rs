//! How good is it, on labelled data?
//!
//! In: questions with their gold documents and spans, utterances with whether a person is needed, and a desk. Out: a
//! [`Report`] in the shape of the contract. Must not know: HTTP.

mod calibrate;
mod charts;
mod eval;
mod labelled;
mod metrics;

pub use calibrate::{Calibration, calibrate, upper_bound};
pub use charts::{reliability_svg, risk_coverage_svg};
pub use eval::{Detail, QuestionDetail, Report, evaluate, worst};
pub use labelled::{Labelled, Question, Utterance, sample_set};
