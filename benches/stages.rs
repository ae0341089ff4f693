//! How long do the stages take that need no downloaded weights?
//!
//! Measured: triage, word analysis, grounding, the Chinese encoder, and the exact vector scan against plain reading of the same memory,
//! which is its limit. Data: fixed sentences and seeded random unit vectors of 384 dimensions. Caveat: one thread, warm caches;
//! what a customer waits for is measured by `frontdesk eval` (`latency_ms`).

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frontdesk::answer::ground::{Evidence, objections, read};
use frontdesk::answer::triage::triage;
use frontdesk::engine::Encoder;

use frontdesk::index::vector::{VectorFile, dot, nearest, write_row};
use frontdesk::text::analysis::terms;

const QUESTION: &str = "hi, i paid my second instalment two days late, do you charge me for that or is there some grace period?";
const CHINESE_QUESTION: &str = "我上个月的账单晚还了两天，会不会扣我滞纳金，还会上征信吗";

fn words(c: &mut Criterion) {
    let mut group = c.benchmark_group("words");
    for (name, text) in [("english", QUESTION), ("chinese", CHINESE_QUESTION)] {
        group.throughput(Throughput::Bytes(text.len() as u64));
        group.bench_function(format!("triage {name}"), |b| b.iter(|| triage(black_box(text))));
        group.bench_function(format!("terms {name}"), |b| b.iter(|| terms(black_box(text))));
    }
    let encoder = Encoder::chinese(&candle_core::Device::Cpu).expect("the built-in weights fit");
    group.bench_function("chinese question embedded", |b| b.iter(|| encoder.embed_question(black_box(CHINESE_QUESTION))));
    group.finish();
}

fn scan(c: &mut Criterion) {
    const DIMENSIONS: usize = 384;
    const COUNT: usize = 20_000;
    let mut random = fastrand::Rng::with_seed(7);
    let mut rows = Vec::with_capacity(COUNT * DIMENSIONS);
    for _ in 0..COUNT {
        let row: Vec<f32> = (0..DIMENSIONS).map(|_| random.f32() - 0.5).collect();
        let length = dot(&row, &row).sqrt();
        rows.extend(row.iter().map(|value| value / length));
    }
    let query = rows[..DIMENSIONS].to_vec();
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    rows.chunks_exact(DIMENSIONS).for_each(|row| write_row(&mut file, row).expect("room for the vectors"));
    let index = VectorFile::open(file.path(), DIMENSIONS, (0..COUNT).map(|_| 0), |_| ()).expect("it was just written");
    let ids: Vec<u32> = (0..COUNT as u32).collect();
    let mut group = c.benchmark_group("vectors");
    group.throughput(Throughput::Bytes((rows.len() * 4) as u64));
    group.bench_function("nearest 100 of 20,000 × 384", |b| b.iter(|| nearest(&[(&index, &ids)], black_box(&query), 100, &|_| true)));
    // The limit: the same bytes, read once and added.
    group.bench_function("reading the same memory", |b| {
        b.iter(|| {
            let mut sums = [0f32; 16];
            for block in black_box(&rows).chunks_exact(16) {
                for (sum, value) in sums.iter_mut().zip(block) {
                    *sum += value;
                }
            }
            sums
        });
    });
    group.finish();
}

/// What grounding adds to an answer: both sides read, and compared.
fn grounding(c: &mut Criterion) {
    let english = (
        "You can return Shop items within 45 days, and the late fee is up to $7.",
        "Shop items can be returned within 45 days after delivery. A late fee of up to $7 is charged when the grace period of 10 days ends.",
    );
    let chinese =
        ("退款审核通过后一至三个工作日原路退回。", "退款审核通过后，凯雀在 1–3 个工作日内原路退回。工作日指周一至周五，不含法定节假日。");
    let mut group = c.benchmark_group("grounding");
    for (name, (statement, evidence)) in [("english", english), ("chinese", chinese)] {
        group.bench_function(name, |b| {
            b.iter(|| {
                let evidence = Evidence::new([black_box(evidence)], "");
                objections(statement, &read(black_box(statement)), &evidence)
            });
        });
    }
    group.finish();
}

criterion_group!(benches, words, grounding, scan);
criterion_main!(benches);
