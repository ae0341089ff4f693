//! Llama, Qwen2 and Qwen3 decoders on our own kernels, from GGUF files.
//!
//! Sources: Touvron et al., "LLaMA" (2023); the Qwen2 (2024) and Qwen3 (2025) technical reports, which add a bias to queries, keys and
//! values, or a norm of each head. Token ids in; the logits of the next token, or the last hidden states, out.
//!
//! One pass takes rows of any number of sequences: a long prompt, one token each of several answers, or drafts to be checked. A row's
//! result depends on its own sequence alone, to the last bit, whatever stands beside it.

pub(super) mod batch;
mod kept;
mod weights;

use std::ops::Range;
use std::sync::Arc;

pub(super) use weights::Tensors;

use super::kernels::{
    BlockMatrix, BlockRows, Continued, Forms, HeadNorms, Heads, Isa, Kv, Rotation, Source, Store, Team, attend_before, multiply,
    rotate_and_keep,
};

type Result<T> = std::result::Result<T, String>;

/// Sizes a file may ask for: far above any model, far below what would exhaust memory before the tensors are missed.
const MOST_LAYERS: u64 = 1_000;
const MOST_WIDTH: u64 = 1 << 17;
const MOST_TOKENS: u64 = 1 << 22;

/// Positions that are prepared: longer contexts would take memory for nothing on a CPU.
const MOST_POSITIONS: usize = 16_384;

/// Architectures that this file runs, as GGUF names them.
pub(super) const ARCHITECTURES: [&str; 3] = ["llama", "qwen2", "qwen3"];

/// One matrix, or several side by side where their tensors are stored in different widths.
struct Linear {
    parts: Vec<BlockMatrix>,
    outputs: usize,
}

impl Linear {
    fn new(parts: Vec<BlockMatrix>) -> Self {
        Self { outputs: parts.iter().map(BlockMatrix::outputs).sum(), parts }
    }

    fn forms(&self, isa: Isa) -> Forms {
        self.parts.iter().fold(Forms::default(), |forms, part| forms.and(part.forms(isa)))
    }
}

struct Layer {
    attention_norm: Vec<f32>,
    /// Query, key and value in one product.
    qkv: Linear,
    head_norms: HeadNorms,
    attention_output: Linear,
    feed_forward_norm: Vec<f32>,
    /// Gate and up in one product.
    gate_up: Linear,
    down: Linear,
}

/// A loaded decoder. Its weights never change.
pub(super) struct Llama {
    embeddings: BlockMatrix,
    layers: Vec<Layer>,
    norm: Vec<f32>,
    /// `None` where the embeddings are used for it.
    output: Option<BlockMatrix>,
    rotation: Rotation,
    heads: Heads,
    hidden: usize,
    inner: usize,
    eps: f32,
    positions: usize,
    isa: Isa,
}

/// One sequence of tokens: what stands before, kept elsewhere, and its own part.
pub(super) struct Sequence {
    /// Oldest first; of each as many tokens as the number says.
    before: Vec<(Arc<Kv>, usize)>,
    own: Kv,
}

impl Sequence {
    /// Tokens it holds.
    pub(super) fn tokens(&self) -> usize {
        self.tokens_before() + self.own.tokens()
    }

    fn tokens_before(&self) -> usize {
        self.before.iter().map(|(_, tokens)| tokens).sum()
    }

    /// Forgets all but the first `tokens` of its own part.
    pub(super) fn truncate(&mut self, tokens: usize) {
        self.own.truncate(tokens.saturating_sub(self.tokens_before()));
    }

    /// Turns its own part into one that others can stand behind, and goes on behind it. Returns what is kept.
    pub(super) fn freeze(&mut self, model: &Llama) -> Vec<(Arc<Kv>, usize)> {
        let mut own = std::mem::replace(&mut self.own, model.kv());
        if own.tokens() > 0 {
            own.shrink();
            let tokens = own.tokens();
            self.before.push((Arc::new(own), tokens));
        }
        self.before.clone()
    }
}

/// Rows of one sequence for one pass.
pub(super) struct Rows<'a> {
    pub(super) sequence: &'a mut Sequence,
    pub(super) tokens: &'a [u32],
    /// How many of the last rows' hidden states are wanted.
    pub(super) wanted: usize,
}

/// Memory of a pass, kept for the next, and the threads that run it.
pub(super) struct Workspace {
    team: Team,
    rounded: BlockRows,
    x: Vec<f32>,
    qkv: Vec<f32>,
    attended: Vec<f32>,
    gate_up: Vec<f32>,
    /// Hidden states of the wanted rows, in order, before the last norm.
    hidden: Vec<f32>,
    logits: Vec<f32>,
}

impl Workspace {
    pub(super) fn new(threads: usize) -> Self {
        Self {
            team: Team::new(threads),
            rounded: BlockRows::default(),
            x: Vec::new(),
            qkv: Vec::new(),
            attended: Vec::new(),
            gate_up: Vec::new(),
            hidden: Vec::new(),
            logits: Vec::new(),
        }
    }

    /// `out ← weights · x`, or added to it. The rows of `x` come from `source`.
    fn linear(&mut self, isa: Isa, source: From<'_>, linear: &Linear, to: To) {
        let Self { team, rounded, x, qkv, attended, gate_up, .. } = self;
        let source = match source {
            From::Residual(weight, eps) => Source::RmsNorm { x, weight, eps },
            From::Attended(width) => Source::Plain(attended, width),
            From::GateUp(inner) => Source::SwiGlu(gate_up, inner),
        };
        rounded.fill(team, isa, source, linear.forms(isa));
        let (out, store) = match to {
            To::Qkv => (qkv, Store::Set),
            To::GateUp => (gate_up, Store::Set),
            To::Residual => (x, Store::Add),
        };
        let mut first = 0;
        for part in &linear.parts {
            multiply(team, isa, rounded, part, out, linear.outputs, first, store);
            first += part.outputs();
        }
    }
}

enum From<'a> {
    Residual(&'a [f32], f32),
    Attended(usize),
    GateUp(usize),
}

enum To {
    Qkv,
    GateUp,
    Residual,
}

impl Llama {
    /// Reads a model of one of [`ARCHITECTURES`].
    ///
    /// # Errors
    /// A sentence that names the key or tensor which is missing, damaged or not supported.
    pub(super) fn load(file: &mut Tensors<'_>, architecture: &str) -> Result<Self> {
        let key = |name: &str| format!("{architecture}.{name}");
        let hidden = file.needed(&key("embedding_length"), MOST_WIDTH)?;
        let inner = file.needed(&key("feed_forward_length"), MOST_WIDTH)?;
        let layer_count = file.needed(&key("block_count"), MOST_LAYERS)?;
        let queries = file.needed(&key("attention.head_count"), MOST_WIDTH)?;
        let pairs = file.number(&key("attention.head_count_kv"), MOST_WIDTH)?.unwrap_or(queries);
        let size = file.number(&key("attention.key_length"), MOST_WIDTH)?.unwrap_or(hidden / queries);
        let turned = file.number(&key("rope.dimension_count"), MOST_WIDTH)?.unwrap_or(size);
        let context = file.needed(&key("context_length"), u64::from(u32::MAX))?;
        if !queries.is_multiple_of(pairs) || size == 0 || !size.is_multiple_of(2) || turned != size {
            return Err(format!("{queries} query heads, {pairs} key heads of {size}, of which {turned} turn: these do not fit together"));
        }
        if file.number(&key("expert_count"), MOST_WIDTH).ok().flatten().is_some() {
            return Err("a mixture of experts is not supported".to_owned());
        }
        let eps = file.float(&key("attention.layer_norm_rms_epsilon")).filter(|eps| (0.0..1.0).contains(eps)).unwrap_or(1e-5);
        let heads = Heads { queries, pairs, size };

        let embeddings = "token_embd.weight";
        let tokens = file.rows(embeddings);
        if tokens == 0 || tokens as u64 > MOST_TOKENS {
            return Err(format!("the tensor `{embeddings}` has {tokens} rows"));
        }
        let same = |row: usize| row;
        let embeddings = file.read(embeddings, tokens, hidden)?.pack(Vec::new(), same)?;
        let output =
            if file.has("output.weight") { Some(file.read("output.weight", tokens, hidden)?.pack(Vec::new(), same)?) } else { None };
        // Llama's files turn neighbours, 2i and 2i + 1; sorted at load, so that one kernel turns all.
        let sorted = |row: usize| row / size * size + row % size % (size / 2) * 2 + row % size / (size / 2);
        let order = |row: usize| if architecture == "llama" { sorted(row) } else { row };
        let (query_width, pair_width) = (queries * size, pairs * size);
        let mut layers = Vec::with_capacity(layer_count);
        for number in 0..layer_count {
            let name = |part: &str| format!("blk.{number}.{part}");
            let mut projection = |part: &str, rows: usize, ordered: bool| -> Result<BlockMatrix> {
                let from = |row: usize| if ordered { order(row) } else { row };
                let bias = name(&format!("{part}.bias"));
                let bias = if file.has(&bias) { file.floats(&bias, rows)? } else { Vec::new() };
                let bias = (0..bias.len()).map(|row| bias[from(row)]).collect();
                file.read(&name(&format!("{part}.weight")), rows, hidden)?.pack(bias, from)
            };
            let qkv = vec![
                projection("attn_q", query_width, true)?,
                projection("attn_k", pair_width, true)?,
                projection("attn_v", pair_width, false)?,
            ];
            let gate_up = vec![projection("ffn_gate", inner, false)?, projection("ffn_up", inner, false)?];
            let mut norm = |part: &str, width: usize| {
                let name = name(&format!("{part}.weight"));
                if file.has(&name) || !part.ends_with("_k_norm") && !part.ends_with("_q_norm") {
                    file.floats(&name, width)
                } else {
                    Ok(Vec::new())
                }
            };
            layers.push(Layer {
                attention_norm: norm("attn_norm", hidden)?,
                feed_forward_norm: norm("ffn_norm", hidden)?,
                head_norms: HeadNorms { query: norm("attn_q_norm", size)?, key: norm("attn_k_norm", size)?, eps },
                qkv: Linear::new(qkv),
                attention_output: Linear::new(vec![file.read(&name("attn_output.weight"), hidden, query_width)?.pack(Vec::new(), same)?]),
                gate_up: Linear::new(gate_up),
                down: Linear::new(vec![file.read(&name("ffn_down.weight"), hidden, inner)?.pack(Vec::new(), same)?]),
            });
        }
        let positions = context.min(MOST_POSITIONS);
        Ok(Self {
            norm: file.floats("output_norm.weight", hidden)?,
            rotation: rotation(file, architecture, size, positions)?,
            embeddings,
            layers,
            output,
            heads,
            hidden,
            inner,
            eps,
            positions,
            isa: Isa::best(),
        })
    }

    /// Tokens that a sequence may hold.
    pub(super) fn positions(&self) -> usize {
        self.positions
    }

    /// Tokens it knows.
    pub(super) fn vocabulary(&self) -> usize {
        self.embeddings.outputs()
    }

    /// Memory of the weights, in bytes.
    pub(super) fn bytes(&self) -> usize {
        let linear = |linear: &Linear| linear.parts.iter().map(BlockMatrix::bytes).sum::<usize>();
        let layer = |layer: &Layer| [&layer.qkv, &layer.attention_output, &layer.gate_up, &layer.down].map(linear).iter().sum::<usize>();
        self.embeddings.bytes() + self.output.as_ref().map_or(0, BlockMatrix::bytes) + self.layers.iter().map(layer).sum::<usize>()
    }

    /// A sequence that goes on after `before`.
    pub(super) fn sequence(&self, before: Vec<(Arc<Kv>, usize)>) -> Sequence {
        Sequence { before, own: self.kv() }
    }

    fn kv(&self) -> Kv {
        Kv::new(self.heads, self.layers.len())
    }

    /// Runs `rows`, one group per sequence, and adds them to their sequences. The hidden states of the wanted rows are then in the
    /// workspace, for [`Self::logits`]. Tokens must be of the vocabulary and fit [`Self::positions`]; what is not is taken for token 0,
    /// because callers check.
    pub(super) fn forward(&self, workspace: &mut Workspace, rows: &mut [Rows<'_>]) {
        let (isa, hidden) = (self.isa, self.hidden);
        let count: usize = rows.iter().map(|rows| rows.tokens.len()).sum();
        workspace.x.resize(count * hidden, 0.0);
        workspace.qkv.resize(count * self.heads.row(), 0.0);
        workspace.attended.resize(count * self.heads.queries * self.heads.size, 0.0);
        workspace.gate_up.resize(count * 2 * self.inner, 0.0);
        let tokens = rows.iter().flat_map(|rows| rows.tokens);
        for (to, token) in workspace.x.chunks_exact_mut(hidden).zip(tokens) {
            let token = *token as usize;
            self.embeddings.read_row(if token < self.vocabulary() { token } else { 0 }, to);
        }
        let mut wanted: Vec<Range<usize>> = Vec::new();
        let mut first = 0;
        let before: Vec<Vec<(Arc<Kv>, usize)>> = rows.iter().map(|rows| rows.sequence.before.clone()).collect();
        let before: Vec<Vec<(&Kv, usize)>> =
            before.iter().map(|before| before.iter().map(|(kv, tokens)| (&**kv, *tokens)).collect()).collect();
        let mut sequences: Vec<Continued<'_>> = Vec::new();
        for (rows, before) in rows.iter_mut().zip(&before) {
            let last = first + rows.tokens.len();
            wanted.push(last - rows.wanted.min(rows.tokens.len())..last);
            sequences.push(Continued { before, own: &mut rows.sequence.own, rows: first..last });
            first = last;
        }
        for (number, layer) in self.layers.iter().enumerate() {
            workspace.linear(isa, From::Residual(&layer.attention_norm, self.eps), &layer.qkv, To::Qkv);
            let Workspace { team, qkv, attended, .. } = workspace;
            rotate_and_keep(team, isa, number, self.heads, qkv, &mut sequences, &self.rotation, &layer.head_norms);
            attend_before(team, isa, number, self.heads, qkv, &sequences, attended);
            workspace.linear(isa, From::Attended(self.heads.queries * self.heads.size), &layer.attention_output, To::Residual);
            workspace.linear(isa, From::Residual(&layer.feed_forward_norm, self.eps), &layer.gate_up, To::GateUp);
            workspace.linear(isa, From::GateUp(self.inner), &layer.down, To::Residual);
        }
        for sequence in sequences {
            sequence.own.advance(sequence.rows.len());
        }
        workspace.hidden.clear();
        for rows in wanted {
            workspace.hidden.extend_from_slice(&workspace.x[rows.start * hidden..rows.end * hidden]);
        }
    }

    /// Logits of the wanted rows of the last pass, one row of [`Self::vocabulary`] each.
    pub(super) fn logits<'a>(&self, workspace: &'a mut Workspace) -> &'a [f32] {
        let Workspace { team, rounded, hidden, logits, .. } = workspace;
        let output = self.output.as_ref().unwrap_or(&self.embeddings);
        logits.resize(hidden.len() / self.hidden * output.outputs(), 0.0);
        rounded.fill(team, self.isa, Source::RmsNorm { x: hidden, weight: &self.norm, eps: self.eps }, output.forms(self.isa));
        multiply(team, self.isa, rounded, output, logits, output.outputs(), 0, Store::Set);
        logits
    }
}

/// Angles of all positions. Llama 3.1 and later stretch slow turns by factors that their files carry.
fn rotation(file: &mut Tensors<'_>, architecture: &str, size: usize, positions: usize) -> Result<Rotation> {
    let base = f64::from(file.float(&format!("{architecture}.rope.freq_base")).unwrap_or(10_000.0));
    let scaling = file.text(&format!("{architecture}.rope.scaling.type")).unwrap_or("none").to_owned();
    let stretch = match scaling.as_str() {
        "none" => 1.0,
        "linear" => f64::from(file.float(&format!("{architecture}.rope.scaling.factor")).unwrap_or(1.0)),
        other => return Err(format!("positions stretched by `{other}` are not supported")),
    };
    let factors = if file.has("rope_freqs.weight") { file.floats("rope_freqs.weight", size / 2)? } else { vec![1.0; size / 2] };
    if base.is_nan() || base <= 1.0 || stretch.is_nan() || stretch <= 0.0 || factors.iter().any(|factor| *factor <= 0.0) {
        return Err("the numbers of its rotary positions are out of range".to_owned());
    }
    let turns: Vec<f64> =
        factors.iter().enumerate().map(|(at, factor)| base.powf(-2.0 * at as f64 / size as f64) / stretch / f64::from(*factor)).collect();
    let table =
        |of: fn(f64) -> f64| (0..positions).flat_map(|position| turns.iter().map(move |turn| of(position as f64 * turn) as f32)).collect();
    Ok(Rotation { cosines: table(f64::cos), sines: table(f64::sin) })
}

#[cfg(test)]
mod tests;
