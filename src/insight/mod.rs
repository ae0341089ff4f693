//! How good is it, on labelled data and at the desk?
//!
//! In: questions with their gold documents and spans, utterances with whether a person is needed, and a desk. Out: a
//! [`Report`] in the shape of the contract; and, from what the store kept, a [`DeskReport`]. Must not know: HTTP.

mod calibrate;
mod charts;
mod desk;
mod eval;
mod labelled;
mod metrics;

pub use calibrate::{Calibration, calibrate, upper_bound};
pub use charts::{reliability_svg, risk_coverage_svg};
pub use desk::{AGENT_MINUTES, DeskReport, Figures, Group, HandoffFigures, LatencyFigures, Week, desk_report};
pub use eval::{Detail, QuestionDetail, Report, evaluate, worst};
pub use labelled::{Labelled, Question, Utterance, sample_set};
