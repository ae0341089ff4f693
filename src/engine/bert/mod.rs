//! The BERT encoder (Devlin et al., NAACL 2019), as MiniLM and the models trained from it use it: token ids in, hidden states out.
//!
//! On a CPU it runs on our own int8 kernels ([`cpu`]); on a GPU candle's `BertModel` does, which is also the reference in the tests.

mod cpu;
mod weights;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use candle_core::{DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::BertModel;
use serde::Deserialize;
use tokenizers::Tokenizer;

use cpu::Layers;
use weights::{Table, Weights};

use crate::error::{Context, ErrorKind, Result};

/// The part of a BERT `config.json` that the encoder needs.
#[derive(Debug, Clone, PartialEq, Deserialize)]
struct BertConfig {
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    max_position_embeddings: usize,
    type_vocab_size: usize,
    hidden_act: String,
    layer_norm_eps: f32,
}

impl BertConfig {
    /// What this code cannot run.
    fn complaint(&self) -> Option<String> {
        if self.hidden_act != "gelu" {
            return Some(format!("the activation `{}` is not known: use a model with `gelu`", self.hidden_act));
        }
        let sizes =
            [self.hidden_size, self.intermediate_size, self.num_hidden_layers, self.num_attention_heads, self.max_position_embeddings];
        if sizes.contains(&0) || self.type_vocab_size < 2 || !self.hidden_size.is_multiple_of(self.num_attention_heads) {
            return Some("its sizes do not fit together".to_owned());
        }
        None
    }
}

/// What one token looks like before it has seen the others. Shared by all models with the same vocabulary.
struct Embeddings {
    words: Table,
    positions: Vec<f32>,
    types: Vec<f32>,
    norm: (Vec<f32>, Vec<f32>),
}

/// The files of a BERT model, read and checked once. Several models are built on them.
pub struct BertFiles {
    config: BertConfig,
    config_text: Vec<u8>,
    /// Without padding and truncation: batches are built here.
    pub(super) tokenizer: Tokenizer,
    /// Before and after every text: `[CLS]` and `[SEP]`, or `<s>` and `</s>`.
    pub(super) marks: (u32, u32),
    weights: Weights,
    embeddings: Arc<Embeddings>,
    /// Where the weights come from, for errors.
    source: String,
    /// Where the models built on them run.
    device: Device,
}

impl BertFiles {
    /// Reads a model's `config.json`, `tokenizer.json` and `model.safetensors`.
    ///
    /// # Errors
    /// `ModelCorrupt` naming the file that cannot be read or does not fit the others.
    pub fn read(config: &Path, tokenizer: &Path, weights: &Path, device: &Device) -> Result<Self> {
        let read = |path: &Path| std::fs::read(path).on(ErrorKind::ModelCorrupt, || damaged(&path.display().to_string()));
        let named = |path: &Path| path.display().to_string();
        Self::of_bytes([(&named(config), read(config)?), (&named(tokenizer), read(tokenizer)?), (&named(weights), read(weights)?)], device)
    }

    /// A model that is part of the program: the bytes of the same three files.
    ///
    /// # Errors
    /// `ModelCorrupt` when the program was built with files that do not fit.
    pub(super) fn builtin(config: &[u8], tokenizer: &[u8], weights: &[u8], device: &Device) -> Result<Self> {
        let name = "a built-in model";
        Self::of_bytes([(name, config.to_vec()), (name, tokenizer.to_vec()), (name, weights.to_vec())], device)
    }

    fn of_bytes([config, tokenizer, weights]: [(&str, Vec<u8>); 3], device: &Device) -> Result<Self> {
        let mut words = Tokenizer::from_bytes(tokenizer.1).on(ErrorKind::ModelCorrupt, || damaged(tokenizer.0))?;
        words.with_padding(None);
        words.with_truncation(None).on(ErrorKind::ModelCorrupt, || damaged(tokenizer.0))?;
        let mark = |tokens: [&str; 2]| {
            let id = tokens.iter().find_map(|token| words.token_to_id(token));
            id.ok_or_else(|| ErrorKind::ModelCorrupt.on(damaged(tokenizer.0)))
        };
        let marks = (mark(["[CLS]", "<s>"])?, mark(["[SEP]", "</s>"])?);
        Self::of_words(words, marks, config, weights, device)
    }

    /// Another model that is part of the program and reads the same tokens.
    ///
    /// # Errors
    /// `ModelCorrupt` when the program was built with files that do not fit.
    pub(super) fn beside(&self, config: &[u8], weights: &[u8]) -> Result<Self> {
        let name = "a built-in model";
        Self::of_words(self.tokenizer.clone(), self.marks, (name, config.to_vec()), (name, weights.to_vec()), &self.device)
    }

    fn of_words(
        tokenizer: Tokenizer,
        marks: (u32, u32),
        config: (&str, Vec<u8>),
        weights: (&str, Vec<u8>),
        device: &Device,
    ) -> Result<Self> {
        let settings: BertConfig = serde_json::from_slice(&config.1).on(ErrorKind::ModelCorrupt, || damaged(config.0))?;
        if let Some(complaint) = settings.complaint() {
            return Err(ErrorKind::ModelCorrupt.on(format!("{}: {complaint}", config.0)));
        }
        let mut stored = Weights::default();
        stored.add(&weights.1, |_| true).on(ErrorKind::ModelCorrupt, || damaged(weights.0))?;
        let embeddings = read_embeddings(&stored, &settings).on(ErrorKind::ModelCorrupt, || damaged(weights.0))?;
        Ok(Self {
            config: settings,
            config_text: config.1,
            tokenizer,
            marks,
            weights: stored,
            embeddings: Arc::new(embeddings),
            source: weights.0.to_owned(),
            device: device.clone(),
        })
    }

    /// A matrix of the files that is no part of the model, in rows.
    ///
    /// # Errors
    /// `ModelCorrupt` when it is missing or has another shape.
    pub(super) fn extra(&self, name: &str, shape: [usize; 2]) -> Result<Vec<f32>> {
        self.weights.floats(name, &shape).on(ErrorKind::ModelCorrupt, || self.source.clone())
    }

    /// The model with the layers of the files.
    ///
    /// # Errors
    /// `ModelCorrupt` when a tensor is missing or has another shape than `config.json` says.
    pub(super) fn model(&self) -> Result<Bert> {
        self.build(&self.weights).on(ErrorKind::ModelCorrupt, || self.source.clone())
    }

    /// The model with `layers`, a safetensors file of encoder layers trained on the embeddings of these files.
    ///
    /// # Errors
    /// `ModelCorrupt` when they do not fit.
    pub(super) fn model_with(&self, layers: &[u8]) -> Result<Bert> {
        let mut weights = Weights::default();
        weights
            .add(layers, |name| name.starts_with("encoder."))
            .and_then(|()| self.build(&weights))
            .on(ErrorKind::ModelCorrupt, || "built-in layers on another model than they were trained on".to_owned())
    }

    /// Weight and bias of a head of one output, `NAME.weight` and `NAME.bias` of a safetensors file of built-in layers.
    ///
    /// # Errors
    /// `ModelCorrupt` when it is missing or has another width.
    pub(super) fn head(&self, layers: &[u8], name: &str) -> Result<(Vec<f32>, f32)> {
        let read = || {
            let mut weights = Weights::default();
            weights.add(layers, |found| found.starts_with(name))?;
            let weight = weights.floats(&format!("{name}.weight"), &[1, self.config.hidden_size])?;
            Ok::<_, String>((weight, weights.floats(&format!("{name}.bias"), &[1])?[0]))
        };
        read().on(ErrorKind::ModelCorrupt, || format!("the built-in head `{name}`"))
    }

    fn build(&self, layers: &Weights) -> std::result::Result<Bert, String> {
        let body = if self.device.is_cpu() {
            Body::Cpu(Layers::load(layers, &self.config)?)
        } else {
            let load = || -> candle_core::Result<BertModel> {
                let config = serde_json::from_slice(&self.config_text).map_err(candle_core::Error::wrap)?;
                let mut tensors: HashMap<String, Tensor> = self.weights.tensors(&self.device)?;
                tensors.extend(layers.tensors(&self.device)?);
                BertModel::load(VarBuilder::from_tensors(tensors, DType::F32, &self.device), &config)
            };
            Body::Gpu(Box::new(load().map_err(|cause| cause.to_string())?), self.device.clone())
        };
        Ok(Bert { embeddings: Arc::clone(&self.embeddings), body, hidden: self.config.hidden_size, eps: self.config.layer_norm_eps })
    }

    /// Values per hidden state.
    pub(super) fn hidden_size(&self) -> usize {
        self.config.hidden_size
    }

    /// Tokens of `text`, without the marks around it.
    ///
    /// # Errors
    /// `Inference` when the tokenizer fails.
    pub(super) fn tokens(tokenizer: &Tokenizer, text: &str) -> Result<Vec<u32>> {
        let encoding = tokenizer.encode_fast(text, false).map_err(|cause| ErrorKind::Inference.on("the tokenizer").because(cause))?;
        Ok(encoding.get_ids().to_vec())
    }
}

fn damaged(file: &str) -> String {
    format!("{file}: run `frontdesk models verify`, then `frontdesk models pull`")
}

fn read_embeddings(weights: &Weights, config: &BertConfig) -> std::result::Result<Embeddings, String> {
    let hidden = config.hidden_size;
    let name = |part: &str| format!("embeddings.{part}.weight");
    let words = name("word_embeddings");
    Ok(Embeddings {
        words: weights.table(&words, hidden)?,
        positions: weights.floats(&name("position_embeddings"), &[config.max_position_embeddings, hidden])?,
        types: weights.floats(&name("token_type_embeddings"), &[config.type_vocab_size, hidden])?,
        norm: (weights.floats("embeddings.LayerNorm.weight", &[hidden])?, weights.floats("embeddings.LayerNorm.bias", &[hidden])?),
    })
}

/// One text as a model reads it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sequence {
    /// Token ids, marks included.
    pub(super) ids: Vec<u32>,
    /// Tokens of the first segment; the rest are of the second.
    pub(super) first_segment: usize,
}

enum Body {
    Cpu(Layers),
    Gpu(Box<BertModel>, Device),
}

/// A loaded encoder. Shared by threads.
pub(super) struct Bert {
    embeddings: Arc<Embeddings>,
    body: Body,
    hidden: usize,
    eps: f32,
}

impl Bert {
    /// Hidden states of each sequence, `tokens × hidden`, in order. Sequences do not see each other.
    ///
    /// # Errors
    /// `Inference` for a token the model does not know, a sequence longer than its positions, or a failing device.
    pub(super) fn forward(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>> {
        let tokens = self.embeddings.words.rows();
        let longest = self.embeddings.positions.len() / self.hidden;
        if sequences.iter().any(|sequence| sequence.ids.len() > longest || sequence.ids.iter().any(|id| *id as usize >= tokens)) {
            return Err(ErrorKind::Inference.on("the text does not fit the embedding model's tokens"));
        }
        match &self.body {
            Body::Cpu(layers) => Ok(layers.forward(&self.embeddings, sequences, self.eps)),
            Body::Gpu(model, device) => on_gpu(model, device, sequences).on(ErrorKind::Inference, || "the GPU".to_owned()),
        }
    }
}

/// All sequences in one batch, padded to the longest.
fn on_gpu(model: &BertModel, device: &Device, sequences: &[Sequence]) -> candle_core::Result<Vec<Vec<f32>>> {
    let longest = sequences.iter().map(|sequence| sequence.ids.len()).max().unwrap_or(0);
    let shape = (sequences.len(), longest);
    let mut columns = [const { Vec::<u32>::new() }; 3];
    for Sequence { ids, first_segment } in sequences {
        for at in 0..longest {
            let real = at < ids.len();
            columns[0].push(if real { ids[at] } else { 0 });
            columns[1].push(u32::from(real && at >= *first_segment));
            columns[2].push(u32::from(real));
        }
    }
    let [ids, types, mask] = columns.map(|values| Tensor::from_vec(values, shape, device));
    let hidden = model.forward(&ids?, &types?, Some(&mask?))?;
    let part = |(row, sequence): (usize, &Sequence)| hidden.get(row)?.narrow(0, 0, sequence.ids.len())?.flatten_all()?.to_vec1();
    sequences.iter().enumerate().map(part).collect()
}
