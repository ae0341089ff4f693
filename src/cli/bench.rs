//! `frontdesk bench`: what latency and throughput this machine gives, on synthetic input, without policies.
//!
//! The LLM's requests are prompts of random tokens, written on for a fixed number of tokens, without drafts. Each is measured twice: prompts
//! that share nothing, and many questions on one passage, which is read once.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;

use super::open::{embedding_speed, model_store};
use crate::config::Settings;
use crate::engine::{LlmBench, Timing, device_name, open_device};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::model::progress::on_stderr;
use crate::model::{Catalog, Role};

/// Runs whose median counts.
const RUNS: u32 = 5;

/// Wishes of `bench`.
#[derive(Debug, Clone, clap::Args)]
pub struct BenchArgs {
    /// Measure this GGUF file instead of the default model
    #[arg(long, value_name = "FILE")]
    gguf: Option<PathBuf>,
    /// Tokens of each prompt
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=16_000))]
    prompt_tokens: u32,
    /// Tokens of each answer
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(2..=4_096))]
    answer_tokens: u32,
    /// Requests at once, one measurement each
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_values_t = [1, 4], value_parser = clap::value_parser!(u32).range(1..=256))]
    concurrency: Vec<u32>,
    /// Write the result as a web page, too
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// All that was measured.
#[derive(Debug, Serialize)]
struct Report {
    machine: Machine,
    embed: Embed,
    llm: Llm,
    /// Of prompts that share nothing.
    answer: Vec<Answers>,
    /// Of questions on one passage.
    answer_kept: Vec<Answers>,
    peak_memory_mb: Option<u64>,
}

#[derive(Debug, Serialize)]
struct Machine {
    cpu: String,
    cores: usize,
    memory_mb: Option<u64>,
    os: &'static str,
    device: String,
    version: &'static str,
}

#[derive(Debug, Serialize)]
struct Embed {
    /// `None` where the embedding model cannot be fetched.
    tokens_per_s: Option<f64>,
}

#[derive(Debug, Serialize)]
struct Llm {
    model: String,
    runs_on: &'static str,
    load_s: f64,
    weights_mb: Option<usize>,
    prompt_tokens: u32,
    answer_tokens: u32,
    prefill_tokens_per_s: f64,
    decode_tokens_per_s: f64,
    /// Until the first token of a second question on a passage that was read before.
    kept_first_token_ms: f64,
}

#[derive(Debug, Serialize)]
struct Answers {
    concurrency: u32,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    first_token_p50_ms: f64,
    answers_per_s: f64,
    stages_ms: Stages,
}

/// Medians.
#[derive(Debug, Serialize)]
struct Stages {
    prefill: f64,
    decode: f64,
}

/// Runs `frontdesk bench`.
pub(super) fn run(runtime: &tokio::runtime::Runtime, settings: &Settings, wishes: &BenchArgs) -> Result<u8> {
    let device = open_device()?;
    let (path, model) = match &wishes.gguf {
        Some(path) => (path.clone(), path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()),
        None => {
            let catalog = Catalog::builtin()?;
            let entry = catalog.default_for(Role::Llm)?;
            let files = runtime.block_on(model_store(settings).ensure(entry, on_stderr().as_ref()))?;
            (files.with_extension("gguf")?.to_owned(), entry.id.clone())
        }
    };
    let bench = LlmBench::load(&path, &device)?;
    let (prompt, answer) = (wishes.prompt_tokens as usize, wishes.answer_tokens as usize);
    let number = AtomicU32::new(0);
    let next = || number.fetch_add(2, Ordering::Relaxed);
    bench.run(next(), prompt, answer)?; // warms up
    let runs = (0..RUNS).map(|_| bench.run(next(), prompt, answer)).collect::<Result<Vec<_>>>()?;
    let kept = (0..RUNS).map(|_| bench.run_kept(next(), prompt)).collect::<Result<Vec<_>>>()?;
    let median = |of: fn(&Timing) -> Duration| percentile(runs.iter().map(of), 50);
    let llm = Llm {
        model,
        runs_on: bench.runs_on(),
        load_s: bench.load_time().as_secs_f64(),
        weights_mb: bench.weight_bytes().map(|bytes| bytes / 1_000_000),
        prompt_tokens: wishes.prompt_tokens,
        answer_tokens: wishes.answer_tokens,
        prefill_tokens_per_s: prompt as f64 * 1_000.0 / median(|run| run.first_token),
        decode_tokens_per_s: (answer - 1) as f64 * 1_000.0 / median(|run| run.total - run.first_token),
        kept_first_token_ms: percentile(kept, 50),
    };
    let measured = |run: &(dyn Fn() -> Result<Timing> + Sync)| wishes.concurrency.iter().map(|&together| answers(together, run)).collect();
    let alone: Result<Vec<Answers>> = measured(&|| bench.run(next(), prompt, answer));
    bench.run_on_kept(next(), prompt, answer)?; // reads the passage
    let kept: Result<Vec<Answers>> = measured(&|| bench.run_on_kept(next(), prompt, answer));
    let report = Report {
        machine: machine(device_name(&device)),
        embed: Embed { tokens_per_s: embedding_speed(runtime.handle(), settings) },
        llm,
        answer: alone?,
        answer_kept: kept?,
        peak_memory_mb: memory("/proc/self/status", "VmHWM:"),
    };
    if let Some(path) = &wishes.html {
        std::fs::write(path, page(&report)).on(ErrorKind::Io, || path.display().to_string())?;
    }
    if settings.json {
        super::print_json(&report)?
    } else {
        print!("{}", table(&report))
    }
    Ok(0)
}

/// `together` requests at once, several times over.
fn answers(together: u32, run: &(dyn Fn() -> Result<Timing> + Sync)) -> Result<Answers> {
    let rounds = (RUNS + 1).div_ceil(together).max(2);
    let started = Instant::now();
    let work = || (0..rounds).map(|_| run()).collect::<Result<Vec<Timing>>>();
    let timings: Vec<Timing> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..together).map(|_| scope.spawn(work)).collect();
        let broken = |_| Err::<Vec<Timing>, Error>(ErrorKind::Inference.on("a request failed"));
        threads.into_iter().map(|thread| thread.join().unwrap_or_else(broken)).collect::<Result<Vec<_>>>()
    })?
    .concat();
    let seconds = started.elapsed().as_secs_f64();
    let of = |part: fn(&Timing) -> Duration, percent| percentile(timings.iter().map(part), percent);
    Ok(Answers {
        concurrency: together,
        p50_ms: of(|timing| timing.total, 50),
        p95_ms: of(|timing| timing.total, 95),
        p99_ms: of(|timing| timing.total, 99),
        first_token_p50_ms: of(|timing| timing.first_token, 50),
        answers_per_s: timings.len() as f64 / seconds,
        stages_ms: Stages { prefill: of(|timing| timing.first_token, 50), decode: of(|timing| timing.total - timing.first_token, 50) },
    })
}

/// The value that `percent` of a hundred do not exceed (nearest rank), in milliseconds; 0 of none.
fn percentile(values: impl IntoIterator<Item = Duration>, percent: usize) -> f64 {
    let mut values: Vec<Duration> = values.into_iter().collect();
    values.sort();
    let rank = (values.len() * percent).div_ceil(100).max(1);
    values.get(rank - 1).map_or(0.0, |value| value.as_secs_f64() * 1_000.0)
}

fn machine(device: String) -> Machine {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").ok();
    let cpu = cpu.as_deref().and_then(|text| text.lines().find_map(|line| line.strip_prefix("model name")));
    Machine {
        cpu: cpu.map_or(std::env::consts::ARCH, |name| name.trim_start_matches([' ', '\t', ':'])).to_owned(),
        cores: std::thread::available_parallelism().map_or(1, usize::from),
        memory_mb: memory("/proc/meminfo", "MemTotal:"),
        os: std::env::consts::OS,
        device,
        version: env!("CARGO_PKG_VERSION"),
    }
}

/// A line of a file that counts memory in kB, where the system has such files.
fn memory(file: &str, key: &str) -> Option<u64> {
    let text = std::fs::read_to_string(Path::new(file)).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes / 1_024)
}

/// Name and value of everything, in order.
fn lines(report: &Report) -> Vec<(String, String)> {
    let Report { machine, embed, llm, answer, answer_kept, peak_memory_mb } = report;
    let megabytes = |value: Option<u64>| value.map_or_else(|| "unknown".to_owned(), |value| format!("{value} MB"));
    let mut lines = vec![
        ("Machine".to_owned(), format!("{}, {} cores, {}", machine.cpu, machine.cores, machine.device)),
        ("Embedding".to_owned(), embed.tokens_per_s.map_or_else(|| "no model".to_owned(), |speed| format!("{speed:.0} tokens/s"))),
        ("LLM".to_owned(), format!("{} on {}, loaded in {:.1} s", llm.model, llm.runs_on, llm.load_s)),
        (format!("Reading {} tokens", llm.prompt_tokens), format!("{:.0} tokens/s", llm.prefill_tokens_per_s)),
        (format!("Writing {} tokens", llm.answer_tokens), format!("{:.0} tokens/s", llm.decode_tokens_per_s)),
        ("Second question on a passage, first token".to_owned(), format!("{:.0} ms", llm.kept_first_token_ms)),
    ];
    let named = |answers, what| std::iter::repeat(what).zip(answers);
    for (what, answers) in named(answer, "").chain(named(answer_kept, ", on one passage")) {
        lines.push((
            format!("{} at once{what}", answers.concurrency),
            format!(
                "{:.2} answers/s, p50 {:.0} ms, p95 {:.0} ms, first token {:.0} ms",
                answers.answers_per_s, answers.p50_ms, answers.p95_ms, answers.first_token_p50_ms
            ),
        ));
    }
    lines.push(("Peak memory".to_owned(), megabytes(*peak_memory_mb)));
    lines
}

fn table(report: &Report) -> String {
    lines(report).iter().fold(String::new(), |mut text, (name, value)| {
        let _ = writeln!(text, "{name:<42} {value}");
        text
    })
}

fn page(report: &Report) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    let rows = lines(report).iter().fold(String::new(), |mut rows, (name, value)| {
        let _ = writeln!(rows, "<tr><th>{}</th><td>{}</td></tr>", escape(name), escape(value));
        rows
    });
    format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>frontdesk bench</title>\
         <style>body{{font:16px sans-serif;margin:2em}}th{{text-align:left;padding-right:2em}}</style>\n\
         <h1>How fast frontdesk is here</h1>\n<table>\n{rows}</table>\n</html>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values = [30, 10, 20, 40].map(Duration::from_millis);
        assert_eq!([50, 95, 99, 1].map(|percent| percentile(values, percent)), [20.0, 40.0, 40.0, 10.0]);
        assert_eq!(percentile([], 50), 0.0);
    }

    #[test]
    fn the_page_shows_names_from_files_as_text() {
        let llm = Llm {
            model: "<b>x</b>.gguf".to_owned(),
            runs_on: "own kernels",
            load_s: 0.5,
            weights_mb: None,
            prompt_tokens: 1,
            answer_tokens: 2,
            prefill_tokens_per_s: 1.0,
            decode_tokens_per_s: 1.0,
            kept_first_token_ms: 1.0,
        };
        let report = Report {
            machine: machine("cpu".to_owned()),
            embed: Embed { tokens_per_s: None },
            llm,
            answer: Vec::new(),
            answer_kept: Vec::new(),
            peak_memory_mb: Some(1),
        };
        assert!(page(&report).contains("&lt;b>x") && !page(&report).contains("<b>x"));
    }
}
