//! How does search behave over many passages?
//!
//! `cargo bench --bench scale -- 100000` builds that many passages from the sentences of the sample policies, mixed anew with a seed, so
//! that words are as frequent as in real text, and measures the lexical index with the sample questions, and the vector index with
//! seeded clustered unit vectors. Printed: build times, p50 and p99 of one thread, and the vector search's recall@10 against a plain
//! f32 scan. Caveat: no embedding model runs, and mixed sentences make poorer passages than people write.

use std::time::Instant;

use frontdesk::index::refresh;
use frontdesk::index::vector::{VectorIndex, dot};
use frontdesk::insight::sample_set;
use frontdesk::policy::{LoadReport, load_folder, parse_records};
use frontdesk::retrieve::{Scope, prepare, retrieve};
use frontdesk::text::detect_language;

const DIMENSIONS: usize = 384;

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut random = fastrand::Rng::with_seed(11);
    lexical(count, &corpus, &mut random);
    vectors(count, &mut random);
}

/// Documents of twenty passages of about fifty words each.
fn documents(count: usize, corpus: &std::path::Path, random: &mut fastrand::Rng) -> LoadReport {
    let sample = load_folder(corpus).expect("the sample corpus is there");
    let sentences: Vec<String> = sample
        .versions
        .iter()
        .filter(|version| version.language.code() == "en")
        .flat_map(|version| version.passages())
        .flat_map(|passage| passage.sentences)
        .map(|sentence| sentence.plain)
        .collect();
    let mut lines = String::new();
    for document in 0..count.div_ceil(20) {
        let passages: Vec<String> =
            (0..20).map(|_| (0..4).map(|_| sentences[random.usize(..sentences.len())].clone()).collect::<Vec<_>>().join(" ")).collect();
        let title = format!("Policy {document}");
        let line = serde_json::json!({"doc_id": format!("d{document}"), "title": title, "text": passages.join("\n\n")});
        lines.push_str(&line.to_string());
        lines.push('\n');
    }
    parse_records("scale.jsonl", &lines)
}

fn lexical(count: usize, corpus: &std::path::Path, random: &mut fastrand::Rng) {
    let report = documents(count, corpus, random);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let started = Instant::now();
    let snapshot = refresh(folder.path(), report, None, None, &mut |_, _| ()).expect("the index builds").expect("it is new");
    let built = started.elapsed();
    let scope = Scope { day: jiff::Zoned::now().date(), tags: Vec::new() };
    let questions = sample_set(corpus).expect("the sample questions are there").questions;
    let mut times: Vec<f64> = questions
        .iter()
        .filter(|question| question.lang == "en")
        .map(|question| {
            let started = Instant::now();
            let language = detect_language(&question.question);
            let query = prepare(&snapshot, None, &question.question, None, language).expect("a question can be read");
            retrieve(&snapshot, &query, &scope, 20).expect("the index can be read");
            started.elapsed().as_secs_f64() * 1e3
        })
        .collect();
    println!("{} passages: snapshot without vectors built in {:.1} s", snapshot.passage_count(), built.as_secs_f64());
    print_times("lexical search", &mut times);
}

/// Unit vectors around a thousand centres, as texts on a thousand subjects have.
fn clustered(count: usize, random: &mut fastrand::Rng) -> Vec<f32> {
    let mut vector = |centre: Option<&[f32]>| -> Vec<f32> {
        let mut row: Vec<f32> = (0..DIMENSIONS).map(|at| random.f32() - 0.5 + centre.map_or(0.0, |centre| 6.0 * centre[at])).collect();
        let length = dot(&row, &row).sqrt();
        row.iter_mut().for_each(|value| *value /= length);
        row
    };
    let centres: Vec<Vec<f32>> = (0..1000).map(|_| vector(None)).collect();
    (0..count).flat_map(|at| vector(Some(&centres[at % centres.len()]))).collect()
}

fn vectors(count: usize, random: &mut fastrand::Rng) {
    let rows = clustered(count, random);
    let queries = clustered(300, random);
    let started = Instant::now();
    let index = VectorIndex::new(DIMENSIONS, rows, usize::MAX);
    println!("vector index built in {:.1} s", started.elapsed().as_secs_f64());
    let (mut times, mut plain, mut found, mut wanted) = (Vec::new(), Vec::new(), 0, 0);
    for query in queries.chunks_exact(DIMENSIONS) {
        let started = Instant::now();
        let near = index.search(query, 100, &|_| true);
        times.push(started.elapsed().as_secs_f64() * 1e3);
        let started = Instant::now();
        let truth = index.scan(query, 10, &|_| true);
        plain.push(started.elapsed().as_secs_f64() * 1e3);
        wanted += truth.len();
        found += truth.iter().filter(|(position, _)| near.iter().take(10).any(|(id, _)| id == position)).count();
    }
    print_times("vector search", &mut times);
    print_times("plain f32 scan", &mut plain);
    println!("recall@10 {:.4}", found as f64 / wanted as f64);
}

fn print_times(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
}
