//! Small models with random weights, so that nothing has to be fetched: against candle, and against themselves.

use std::fs::File;
use std::io::{BufReader, Cursor};

use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use candle_transformers::models::{quantized_llama, quantized_qwen2, quantized_qwen3};

use super::batch::{Batch, News, Request};
use super::*;
use crate::error::ErrorKind;

const VOCABULARY: usize = 120;
const HIDDEN: usize = 64;
const INNER: usize = 96;
const LAYERS: usize = 2;
const QUERIES: usize = 4;
const PAIRS: usize = 2;
const SIZE: usize = 16;

/// A GGUF file of `architecture` with weights stored as `kind`.
fn file(architecture: &str, kind: GgmlDType, seed: u64) -> Vec<u8> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tensors = Vec::new();
    let mut add = |name: String, shape: &[usize], kind: GgmlDType, middle: f32, spread: f32| {
        let count = shape.iter().product();
        let values: Vec<f32> = (0..count).map(|_| middle + spread * (random.f32() - 0.5)).collect();
        tensors.push((name, QTensor::quantize(&Tensor::from_vec(values, shape, &Device::Cpu).unwrap(), kind).unwrap()));
    };
    add("token_embd.weight".into(), &[VOCABULARY, HIDDEN], kind, 0.0, 2.0);
    add("output.weight".into(), &[VOCABULARY, HIDDEN], kind, 0.0, 2.0);
    add("output_norm.weight".into(), &[HIDDEN], GgmlDType::F32, 1.0, 0.2);
    for layer in 0..LAYERS {
        let name = |part: &str| format!("blk.{layer}.{part}");
        for (part, rows) in [("attn_q", QUERIES * SIZE), ("attn_k", PAIRS * SIZE), ("attn_v", PAIRS * SIZE)] {
            add(name(&format!("{part}.weight")), &[rows, HIDDEN], kind, 0.0, 0.4);
            if architecture == "qwen2" {
                add(name(&format!("{part}.bias")), &[rows], GgmlDType::F32, 0.0, 1.0);
            }
        }
        add(name("attn_output.weight"), &[HIDDEN, QUERIES * SIZE], kind, 0.0, 0.4);
        add(name("ffn_gate.weight"), &[INNER, HIDDEN], kind, 0.0, 0.4);
        add(name("ffn_up.weight"), &[INNER, HIDDEN], kind, 0.0, 0.4);
        add(name("ffn_down.weight"), &[HIDDEN, INNER], kind, 0.0, 0.4);
        add(name("attn_norm.weight"), &[HIDDEN], GgmlDType::F32, 1.0, 0.2);
        add(name("ffn_norm.weight"), &[HIDDEN], GgmlDType::F32, 1.0, 0.2);
        if architecture == "qwen3" {
            add(name("attn_q_norm.weight"), &[SIZE], GgmlDType::F32, 1.0, 0.5);
            add(name("attn_k_norm.weight"), &[SIZE], GgmlDType::F32, 1.0, 0.5);
        }
    }
    let number = |value: usize| Value::U32(value as u32);
    let metadata = [
        ("embedding_length", number(HIDDEN)),
        ("feed_forward_length", number(INNER)),
        ("block_count", number(LAYERS)),
        ("attention.head_count", number(QUERIES)),
        ("attention.head_count_kv", number(PAIRS)),
        ("attention.key_length", number(SIZE)),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
        ("rope.dimension_count", number(SIZE)),
        ("rope.freq_base", Value::F32(10_000.0)),
        ("context_length", number(512)),
    ];
    let mut metadata: Vec<(String, Value)> = metadata.into_iter().map(|(key, value)| (format!("{architecture}.{key}"), value)).collect();
    metadata.push(("general.architecture".to_owned(), Value::String(architecture.to_owned())));
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let mut bytes = Cursor::new(Vec::new());
    gguf_file::write(&mut bytes, &metadata, &tensors).unwrap();
    bytes.into_inner()
}

/// Loads a model as a program would: from a file, and hostile bytes included.
fn load(bytes: &[u8], architecture: &str) -> std::result::Result<Llama, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    let mut file = BufReader::new(File::open(&path).unwrap());
    let content = Content::read(&mut file).map_err(|cause| cause.to_string())?;
    Llama::load(&mut Tensors::new(&content, &mut file)?, architecture)
}

/// Logits after the last of `tokens`.
fn logits(model: &Llama, tokens: &[u32]) -> Vec<f32> {
    let mut workspace = Workspace::new(2);
    let mut sequence = model.sequence(Vec::new());
    model.forward(&mut workspace, &mut [Rows { sequence: &mut sequence, tokens, wanted: 1 }]);
    model.logits(&mut workspace).to_vec()
}

fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
    dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
}

const TOKENS: [u32; 23] = [5, 17, 99, 3, 64, 12, 7, 7, 81, 30, 2, 119, 55, 41, 8, 23, 77, 60, 14, 9, 101, 33, 50];

#[test]
fn the_logits_are_nearly_those_of_candle() {
    for architecture in ARCHITECTURES {
        for kind in [GgmlDType::F32, GgmlDType::Q8_0, GgmlDType::Q4_1, GgmlDType::Q4_0] {
            let bytes = file(architecture, kind, 11);
            let mut reader = Cursor::new(&bytes);
            let content = Content::read(&mut reader).unwrap();
            let input = Tensor::new(&TOKENS, &Device::Cpu).unwrap().unsqueeze(0).unwrap();
            let expected = match architecture {
                "llama" => quantized_llama::ModelWeights::from_gguf(content, &mut reader, &Device::Cpu).unwrap().forward(&input, 0),
                "qwen2" => quantized_qwen2::ModelWeights::from_gguf(content, &mut reader, &Device::Cpu).unwrap().forward(&input, 0),
                _ => quantized_qwen3::ModelWeights::from_gguf(content, &mut reader, &Device::Cpu).unwrap().forward(&input, 0),
            };
            let expected: Vec<f32> = expected.unwrap().flatten_all().unwrap().to_vec1().unwrap();
            let own = logits(&load(&bytes, architecture).unwrap(), &TOKENS);
            let similarity = cosine(&own, &expected);
            assert!(similarity > 0.999, "{architecture} {kind:?}: {similarity}");
        }
    }
}

/// What a request writes: its tokens, the last news, and how much of the prompt was kept from before.
fn written(batch: &Batch, prompt: &[u32], most: usize, drafts: bool) -> (Vec<u32>, News, usize) {
    let request = Request { prompt: prompt.to_vec(), most, ends: vec![1], constraint: None, drafts };
    collect(&batch.write(request).unwrap())
}

fn collect(writing: &super::batch::Writing) -> (Vec<u32>, News, usize) {
    let (mut tokens, mut reused) = (Vec::new(), 0);
    loop {
        match writing.news.recv().unwrap() {
            News::Reused(count) => reused = count,
            News::Tokens(new) => tokens.extend(new),
            end => return (tokens, end, reused),
        }
    }
}

#[test]
fn drafts_kept_beginnings_and_company_change_no_token() {
    // Random models soon repeat themselves, so drafts are right often, and wrong often enough.
    for seed in 0..4 {
        let bytes = file("llama", GgmlDType::Q4_1, seed);
        let fresh = || Batch::start(load(&bytes, "llama").unwrap(), 2, 1 << 20).unwrap();
        let prompts: Vec<Vec<u32>> = (0..5).map(|shift| TOKENS.iter().map(|token| (token + shift * 13) % 120).collect()).collect();
        let alone: Vec<_> = prompts.iter().map(|prompt| written(&fresh(), prompt, 60, false)).collect();
        let drafted: Vec<_> = prompts.iter().map(|prompt| written(&fresh(), prompt, 60, true)).collect();
        assert_eq!(drafted, alone, "drafts");
        let batch = fresh();
        let requests =
            prompts.iter().map(|prompt| Request { prompt: prompt.clone(), most: 60, ends: vec![1], constraint: None, drafts: true });
        let together: Vec<_> = requests.map(|request| batch.write(request).unwrap()).collect();
        let together: Vec<_> = together.iter().map(collect).collect();
        assert_eq!(together, alone, "company");
        // Again, and with another end: what was read is not read again, and gives the same.
        let mut longer = prompts[0].clone();
        longer.extend([40, 41, 42]);
        let (tokens, _, reused) = written(&batch, &longer, 60, true);
        assert_eq!((tokens, reused), (written(&fresh(), &longer, 60, false).0, prompts[0].len()));
    }
}

#[test]
fn only_allowed_tokens_are_written() {
    let batch = Batch::start(load(&file("llama", GgmlDType::Q8_0, 3), "llama").unwrap(), 1, 0).unwrap();
    let allowed = |written: &[u32]| Some(if written.len() < 6 { vec![20, 21, 22] } else { Vec::new() });
    let request = Request { prompt: TOKENS.to_vec(), most: 50, ends: vec![1], constraint: Some(Box::new(allowed)), drafts: true };
    let (tokens, end, _) = collect(&batch.write(request).unwrap());
    assert_eq!((tokens.len(), end), (6, News::End));
    assert!(tokens.iter().all(|token| (20..23).contains(token)), "{tokens:?}");
}

#[test]
fn who_leaves_makes_room_and_what_does_not_fit_is_refused() {
    let batch = Batch::start(load(&file("qwen2", GgmlDType::Q8_0, 5), "qwen2").unwrap(), 1, 0).unwrap();
    let request = |prompt: Vec<u32>| Request { prompt, most: 400, ends: Vec::new(), constraint: None, drafts: false };
    // More than are worked on at once: the last is written only if the others leave.
    let leaving: Vec<_> = (0..20).map(|_| batch.write(request(TOKENS.to_vec())).unwrap()).collect();
    let last = batch.write(request(vec![4; 500])).unwrap();
    drop(leaving);
    assert_eq!(collect(&last).0.len(), 12, "the context of 512 tokens ends it");
    for prompt in [vec![], vec![4; 512], vec![120]] {
        assert_eq!(batch.write(request(prompt)).err().unwrap().kind, ErrorKind::BadRequest);
    }
}

#[test]
fn damaged_files_are_errors_never_panics() {
    let bytes = file("qwen3", GgmlDType::Q4_0, 9);
    assert!(load(&bytes, "qwen3").is_ok());
    for length in (0..bytes.len()).step_by(bytes.len() / 60) {
        assert!(load(&bytes[..length], "qwen3").is_err(), "cut at {length}");
    }
    let mut random = fastrand::Rng::with_seed(1);
    let header = 3_000.min(bytes.len());
    for _ in 0..400 {
        let mut damaged = bytes.clone();
        for _ in 0..random.usize(1..4) {
            damaged[random.usize(0..header)] = random.u8(..);
        }
        // Some changes do no harm, or none that can be seen.
        if let Ok(model) = load(&damaged, "qwen3") {
            assert_eq!(logits(&model, &[1, 2, 3]).len(), model.vocabulary());
        }
    }
}
