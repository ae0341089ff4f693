//! A second look at the best passages: the reader sees question and passage together.

use std::collections::HashMap;

use super::Hit;
use crate::engine::{PassageText, Reader, Reading};
use crate::error::Result;
use crate::index::{PassageId, Snapshot};

/// Passages looked at again. More finds little more and costs 15 ms each on two cores.
const LOOKED_AT: usize = 8;

/// Share of the reader's probability in the new score: it ranks little better than search, but knows better what is no answer.
const READER_SHARE: f32 = 0.10;

/// What the reader found, by passage.
pub type Readings = HashMap<PassageId, Reading>;

/// Reads the best `hits` with the question and puts them into a new order. Those not looked at follow as they were.
///
/// # Errors
/// `Inference` when the reader fails; `hits` are then as before.
pub fn rerank(snapshot: &Snapshot, reader: &Reader, question: &str, hits: &mut [Hit]) -> Result<Readings> {
    let looked_at = hits.len().min(LOOKED_AT);
    let passages: Vec<PassageText> = hits.iter().take(looked_at).map(|hit| snapshot.passage(hit.passage).as_read()).collect();
    let readings = reader.read(question, &passages)?;
    for (rank, hit) in hits.iter_mut().enumerate() {
        hit.score *= 1.0 - READER_SHARE;
        if let Some(reading) = readings.get(rank) {
            hit.relevance = Some(reading.relevance);
            hit.score += READER_SHARE * probability(reading.relevance);
        }
    }
    let readings = hits.iter().map(|hit| hit.passage).zip(readings).collect();
    hits[..looked_at].sort_by(|a, b| b.score.total_cmp(&a.score)); // stable: equal scores stay in their order
    Ok(readings)
}

/// From log-odds.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}
