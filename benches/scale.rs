//! How does the index behave over many passages: building, opening, changing, searching?
//!
//! `cargo bench --bench scale -- 100000` writes policies with that many passages to a folder, from the sentences of the sample policies,
//! mixed anew with a seed, so that words are as frequent as in real text; builds their index, opens it, finds that nothing has changed,
//! changes one policy, and asks the English sample questions. Then it searches as many seeded clustered unit vectors, spread over files
//! as the index spreads them. Printed: times, p50 and p99 of one thread, memory, and the vector search's recall@10 against a scan of the
//! vectors themselves. Caveats: the policies are English and there is no English encoder, so their vectors are zeros of the usual size;
//! mixed sentences make poorer passages than people write, and many of them are the same.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use candle_core::Device;
use frontdesk::engine::{Embedder, Encoder};
use frontdesk::index::vector::{VectorFile, dot, nearest, scan, write_row};
use frontdesk::index::{EmbeddingId, Snapshot, disk, refresh};
use frontdesk::insight::sample_set;
use frontdesk::policy::{Moment, load, load_folder};
use frontdesk::retrieve::{Scope, prepare, retrieve};
use frontdesk::text::detect_language;

const DIMENSIONS: usize = 384;
const PASSAGES_PER_DOCUMENT: usize = 20;
const FILES: usize = 32;

fn main() {
    let count = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let mut random = fastrand::Rng::with_seed(11);
    policies(count, &corpus, &mut random);
    vectors(count, &mut random);
}

/// Writes documents of twenty passages of about fifty words each.
fn write_documents(count: usize, corpus: &Path, folder: &Path, random: &mut fastrand::Rng) {
    let sample = load_folder(corpus).expect("the sample corpus is there");
    let sentences: Vec<String> = sample
        .versions
        .iter()
        .filter(|version| version.language.code() == "en")
        .flat_map(|version| version.passages())
        .flat_map(|passage| passage.sentences)
        .map(|sentence| sentence.plain)
        .collect();
    for document in 0..count.div_ceil(PASSAGES_PER_DOCUMENT) {
        let mut text = format!("# Policy {document}\n");
        for passage in 0..PASSAGES_PER_DOCUMENT {
            text.push_str(&format!("\n## Part {passage}\n\n"));
            for _ in 0..4 {
                text.push_str(&sentences[random.usize(..sentences.len())]);
                text.push(' ');
            }
            text.push('\n');
        }
        std::fs::write(folder.join(format!("policy-{document:06}.md")), text).expect("room for the policies");
    }
}

fn policies(count: usize, corpus: &Path, random: &mut fastrand::Rng) {
    let (policies, root) = (tempfile::tempdir().expect("a temporary folder"), tempfile::tempdir().expect("a temporary folder"));
    write_documents(count, corpus, policies.path(), random);
    let embedder = Embedder::new(None, Encoder::chinese(&Device::Cpu).expect("the built-in weights fit"));
    let id = EmbeddingId { model: "encoder-zh".into(), sha256: "bench".into(), dimensions: embedder.dimensions() };
    let again = |current: Option<&Snapshot>| {
        let known = current.map(Snapshot::known).unwrap_or_default();
        let report = load(policies.path(), &[], &known).expect("the policies can be read");
        refresh(root.path(), report, current, Some((&embedder, &id)), &mut |_, _| ()).expect("the index builds")
    };

    let before = memory_mb();
    let (built, seconds) = timed(|| again(None).expect("it is new"));
    println!(
        "{} passages of {} documents: read and built in {seconds:.1} s, {} conflicts",
        built.passage_count(),
        built.manifest.documents.len(),
        built.manifest.conflicts.len()
    );
    drop(built);
    let (opened, seconds) = timed(|| disk::load(root.path()).expect("it can be opened").expect("it is there"));
    println!("opened in {seconds:.2} s; memory {} MB, before {before} MB", memory_mb());
    let (unchanged, seconds) = timed(|| again(Some(&opened)));
    assert!(unchanged.is_none(), "nothing has changed");
    let per_document = seconds / opened.manifest.documents.len() as f64;
    println!("nothing changed: {seconds:.2} s, {:.2} s for 10,000 documents", per_document * 1e4);
    let mut current = opened;
    let ((), seconds) = timed(|| current.read_ahead());
    println!("read ahead in {seconds:.2} s");
    for round in ["first", "second", "third"] {
        let file = policies.path().join("policy-000007.md");
        let text = std::fs::read_to_string(&file).expect("it was written above");
        std::fs::write(&file, format!("{text}\nThe {round} zebra pays nothing.\n")).expect("room for a sentence");
        let (changed, seconds) = timed(|| again(Some(&current)).expect("a policy has changed"));
        let found = search(&changed, &format!("what does the {round} zebra pay"));
        assert!(found.contains(round), "{found}");
        println!("one document changed, {round} time: in force after {seconds:.2} s");
        current = changed;
    }

    let questions = sample_set(corpus).expect("the sample questions are there").questions;
    let english = || questions.iter().filter(|question| question.lang == "en");
    let mut times: Vec<f64> = english().map(|question| timed(|| search(&current, &question.question)).1 * 1e3).collect();
    print_times("search by words", &mut times);
    println!("memory {} MB", memory_mb());
}

fn search(snapshot: &Snapshot, question: &str) -> String {
    let scope = Scope { time: Moment::now(), tags: Vec::new() };
    let query = prepare(snapshot, None, question, None, detect_language(question)).expect("a question can be read");
    let hits = retrieve(snapshot, &query, &scope, 20).expect("the index can be read");
    hits.first().map(|hit| snapshot.passage(hit.passage).text().to_owned()).unwrap_or_default()
}

/// Unit vectors around a thousand centres, as texts on a thousand subjects have.
struct Clustered {
    centres: Vec<Vec<f32>>,
}

impl Clustered {
    fn new(random: &mut fastrand::Rng) -> Self {
        let none = Self { centres: Vec::new() };
        Self { centres: (0..1000).map(|_| none.row(0, random)).collect() }
    }

    fn row(&self, at: usize, random: &mut fastrand::Rng) -> Vec<f32> {
        let centre = self.centres.get(at % self.centres.len().max(1));
        let mut row: Vec<f32> = (0..DIMENSIONS).map(|at| random.f32() - 0.5 + centre.map_or(0.0, |centre| 6.0 * centre[at])).collect();
        let length = dot(&row, &row).sqrt();
        row.iter_mut().for_each(|value| *value /= length);
        row
    }
}

fn vectors(count: usize, random: &mut fastrand::Rng) {
    let clustered = Clustered::new(random);
    let per_file = count.div_ceil(FILES);
    let folder = tempfile::tempdir().expect("a temporary folder");
    for number in 0..FILES {
        let file = std::fs::File::create(folder.path().join(number.to_string())).expect("room for the vectors");
        let mut writer = std::io::BufWriter::new(file);
        for at in 0..per_file {
            write_row(&mut writer, &clustered.row(number * per_file + at, random)).expect("room for the vectors");
        }
        writer.flush().expect("room for the vectors");
    }
    let before = memory_mb();
    let open = |number: usize| {
        let sentences = (0..per_file).map(|_| 0);
        VectorFile::open(&folder.path().join(number.to_string()), DIMENSIONS, sentences, |_| ()).expect("it was written above")
    };
    let (files, seconds) = timed(|| (0..FILES).map(open).collect::<Vec<_>>());
    let ids: Vec<u32> = (0..(FILES * per_file) as u32).collect();
    let files: Vec<(&VectorFile, &[u32])> = files.iter().zip(ids.chunks(per_file)).collect();
    println!("{} vectors opened in {seconds:.1} s on one thread; memory {} MB, before {before} MB", ids.len(), memory_mb());
    let (mut times, mut found, mut wanted) = (Vec::new(), 0, 0);
    for at in 0..200 {
        let query = clustered.row(at * 7, random);
        let (near, seconds) = timed(|| nearest(&files, &query, 100, &|_| true).expect("the files can be read"));
        times.push(seconds * 1e3);
        if at % 4 == 0 {
            let truth = scan(&files, &query, 10, &|_| true).expect("the files can be read");
            wanted += truth.len();
            found += truth.iter().filter(|(id, _)| near.iter().take(10).any(|(other, _)| other == id)).count();
        }
    }
    print_times("vector search", &mut times);
    println!("recall@10 {:.4}", found as f64 / wanted as f64);
}

fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let started = Instant::now();
    let result = work();
    (result, started.elapsed().as_secs_f64())
}

/// Memory of this process that is no file; 0 where the system does not say.
fn memory_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok()).unwrap_or(0) / 1024
}

fn print_times(name: &str, times: &mut [f64]) {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize];
    println!("{name}: p50 {:.2} ms, p99 {:.2} ms", at(0.5), at(0.99));
}
