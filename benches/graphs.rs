//! Would a graph find neighbours faster than our scan, and which one?
//!
//! `benches/graphs.py` writes vectors and questions, runs hnswlib and usearch on them, and starts this for `hnsw_rs` and for our own scan:
//! the same vectors, one run, one thread for searching. `cargo bench --bench graphs -- FOLDER` reads `vectors.f32` and `queries.f32`
//! (row-major, little-endian, 384 values a row) and prints, as JSON, seconds to build, questions a second and recall@10.

use std::path::{Path, PathBuf};
use std::time::Instant;

use frontdesk::index::vector::{VectorFile, dot, nearest, scan, write_row};
use hnsw_rs::prelude::{Distance, Hnsw};

const DIMENSIONS: usize = 384;
const CONNECTIONS: usize = 24;
const EF_CONSTRUCTION: usize = 200;
const EF_SEARCH: usize = 128;
const LAYERS: usize = 16;

/// `1 - cosine` of unit vectors, never below zero: rounding may lift a cosine above one.
#[derive(Default, Clone, Copy)]
struct UnitCosine;

impl Distance<f32> for UnitCosine {
    fn eval(&self, left: &[f32], right: &[f32]) -> f32 {
        (1.0 - dot(left, right)).max(0.0)
    }
}

fn main() {
    let Some(folder) = std::env::args().skip(1).find(|argument| Path::new(argument).is_dir()).map(PathBuf::from) else {
        eprintln!("run `python benches/graphs.py`, which starts this with a folder of vectors");
        return;
    };
    let (vectors, queries) = (read(&folder.join("vectors.f32")), read(&folder.join("queries.f32")));

    let path = folder.join("vectors.f16");
    let mut writer = std::io::BufWriter::new(std::fs::File::create(&path).expect("room for the vectors"));
    vectors.iter().for_each(|row| write_row(&mut writer, row).expect("room for the vectors"));
    drop(writer);
    let started = Instant::now();
    let file = VectorFile::open(&path, DIMENSIONS, vectors.iter().map(|_| 0), |_| ()).expect("it was just written");
    let built = started.elapsed().as_secs_f64();
    let ids: Vec<u32> = (0..vectors.len() as u32).collect();
    let files = [(&file, ids.as_slice())];
    let ten = |found: Vec<(u32, f32)>| found.into_iter().map(|(id, _)| id).collect::<Vec<u32>>();
    let truth: Vec<Vec<u32>> = queries.iter().map(|query| ten(scan(&files, query, 10, &|_| true).expect("readable"))).collect();
    report("frontdesk scan", built, &queries, &truth, |query| ten(nearest(&files, query, 10, &|_| true).expect("readable")));

    let started = Instant::now();
    let mut graph = Hnsw::new(CONNECTIONS, vectors.len(), LAYERS, EF_CONSTRUCTION, UnitCosine);
    let points: Vec<(&[f32], usize)> = vectors.iter().map(Vec::as_slice).zip(0..).collect();
    graph.parallel_insert_slice(&points);
    graph.set_searching_mode(true);
    let built = started.elapsed().as_secs_f64();
    report("hnsw_rs", built, &queries, &truth, |query| graph.search(query, 10, EF_SEARCH).iter().map(|near| near.d_id as u32).collect());
}

fn report(name: &str, build_s: f64, queries: &[Vec<f32>], truth: &[Vec<u32>], search: impl Fn(&[f32]) -> Vec<u32>) {
    let started = Instant::now();
    let found: Vec<Vec<u32>> = queries.iter().map(|query| search(query)).collect();
    let queries_per_s = queries.len() as f64 / started.elapsed().as_secs_f64();
    let right: usize = found.iter().zip(truth).map(|(found, truth)| truth.iter().filter(|id| found.contains(id)).count()).sum();
    let recall = right as f64 / truth.iter().map(Vec::len).sum::<usize>() as f64;
    println!("{}", serde_json::json!({"name": name, "build_s": build_s, "queries_per_s": queries_per_s, "recall_at_10": recall}));
}

fn read(path: &Path) -> Vec<Vec<f32>> {
    let bytes = std::fs::read(path).expect("`benches/graphs.py` wrote it");
    let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|value| f32::from_le_bytes(*value)).collect();
    values.chunks_exact(DIMENSIONS).map(<[f32]>::to_vec).collect()
}
