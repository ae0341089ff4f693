//! How fast does the LLM read and write, and how near is that to what the machine allows?
//!
//! Measured: a forward pass over a 256-token prompt and over one token, of the default model (fetched where it is not cached) or of the
//! GGUF file named by `FRONTDESK_BENCH_GGUF`. Data: token ids that share nothing between runs. The limit: writing one token
//! reads every weight once, so plain reading of as many bytes on all cores is the least it can take. Caveat: other work on the machine shows
//! at once.

use std::hint::black_box;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use candle_core::Device;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use frontdesk::engine::LlmBench;
use frontdesk::model::{Catalog, ModelStore, Role, default_cache_dir, progress::Silent};

const PROMPT_TOKENS: usize = 256;
const ANSWER_TOKENS: usize = 17;

fn model() -> PathBuf {
    if let Some(path) = std::env::var_os("FRONTDESK_BENCH_GGUF") {
        return path.into();
    }
    let catalog = Catalog::builtin().expect("the built-in catalogue is sound");
    let store = ModelStore::new(default_cache_dir(), Vec::new(), false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let entry = catalog.default_for(Role::Llm).expect("there is a default");
    let files = runtime.block_on(store.ensure(entry, &Silent)).expect("the model can be fetched");
    files.with_extension("gguf").expect("it has a GGUF file").to_owned()
}

/// Bytes per second that all cores read together.
fn memory_speed(bytes: usize) -> f64 {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let data = vec![1u64; bytes / 8];
    let read = || {
        std::thread::scope(|scope| {
            for part in data.chunks(data.len().div_ceil(threads)) {
                scope.spawn(move || {
                    let mut sums = [0u64; 16];
                    for block in black_box(part).as_chunks::<16>().0 {
                        sums.iter_mut().zip(block).for_each(|(sum, value)| *sum = sum.wrapping_add(*value));
                    }
                    black_box(sums)
                });
            }
        });
    };
    let best = (0..10).map(|_| {
        let started = Instant::now();
        read();
        started.elapsed()
    });
    bytes as f64 / best.min().unwrap_or(Duration::MAX).as_secs_f64()
}

fn forward(c: &mut Criterion) {
    let bench = LlmBench::load(&model(), &Device::Cpu).expect("the model loads");
    let weight_bytes = bench.weight_bytes().expect("on a CPU it runs on our own kernels");
    let number = AtomicU32::new(0);
    let run = |answer| bench.run(number.fetch_add(1, Ordering::Relaxed), PROMPT_TOKENS, answer).expect("the model runs");
    let timings: Vec<_> = (0..8).map(|_| run(ANSWER_TOKENS)).collect();
    let token = timings.iter().map(|timing| (timing.total - timing.first_token) / (ANSWER_TOKENS as u32 - 1)).min().unwrap_or_default();
    let least = weight_bytes as f64 / memory_speed(weight_bytes);
    println!("writing a token takes {token:?}, reading its weights {:.2} ms: {:.0} %", least * 1e3, least / token.as_secs_f64() * 100.0);
    let mut group = c.benchmark_group("llm");
    group.sample_size(10).throughput(Throughput::Elements(PROMPT_TOKENS as u64));
    group.bench_function("read 256 tokens, write one", |b| b.iter(|| run(1)));
    group.bench_function("read 256 tokens, write 17", |b| b.iter(|| run(ANSWER_TOKENS)));
    group.finish();
}

criterion_group!(benches, forward);
criterion_main!(benches);
