//! A second look at the best passages: the reader sees question and passage together.

use std::collections::HashMap;

use super::Hit;
use crate::engine::{Reader, ReaderPassage, Reading};
use crate::error::Result;
use crate::index::{PassageId, PassageView, Snapshot};

/// Passages looked at again. More finds little more and costs 20 ms each on two cores.
const LOOKED_AT: usize = 8;

/// Share of the reader's probability in the new score: it ranks little better than search, but knows better what is no answer.
const READER_SHARE: f32 = 0.15;

/// What the reader found, by passage.
pub type Readings = HashMap<PassageId, Reading>;

/// Reads the best `hits` with the question and puts them into a new order. Those not looked at follow as they were.
///
/// # Errors
/// `Inference` when the reader fails.
pub fn rerank(snapshot: &Snapshot, reader: &Reader, question: &str, mut hits: Vec<Hit>) -> Result<(Vec<Hit>, Readings)> {
    let looked_at = hits.len().min(LOOKED_AT);
    let passages: Vec<ReaderPassage> = hits.iter().take(looked_at).map(|hit| as_read(&snapshot.passage(hit.passage))).collect();
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
    Ok((hits, readings))
}

/// From log-odds.
pub fn probability(logit: f32) -> f32 {
    1.0 / (1.0 + (-logit).exp())
}

/// The passage in the form the reader was trained on: `TITLE. HEADINGS: sentences`.
fn as_read(view: &PassageView<'_>) -> ReaderPassage {
    let clean = |text: &str| text.trim().trim_end_matches(['.', ':']).to_owned();
    let title = clean(&view.version.title);
    let headings: Vec<String> = view.passage.headings.iter().map(|heading| clean(heading)).filter(|heading| *heading != title).collect();
    let heading = if headings.is_empty() { format!("{title}: ") } else { format!("{title}. {}: ", headings.join(". ")) };
    let sentences = view.passage.sentences.iter().map(|sentence| sentence.plain.clone()).collect();
    ReaderPassage { heading, sentences }
}
