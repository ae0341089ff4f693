//! What the mood head sees of texts, for `fit.py`: JSON lines with `text` on standard input, one JSON line for each on standard output.

use std::io::{BufRead, BufWriter, Write};

use frontdesk::answer::triage::triage;
use frontdesk::engine::{BertFiles, Encoder, open_device};
use frontdesk::model::{Catalog, ModelStore, Role, default_cache_dir, progress::Silent};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let entry = Catalog::builtin()?.default_for(Role::Embedding)?.clone();
    let store = ModelStore::new(default_cache_dir(), Vec::new(), false);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let files = runtime.block_on(store.ensure(&entry, &Silent))?;
    let files =
        BertFiles::read(files.path("config.json")?, files.path("tokenizer.json")?, files.with_extension("safetensors")?, &open_device()?)?;
    let encoder = Encoder::tuned(&files)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().ok_or("a line without `text`")?;
        let heard: Vec<_> = triage(text).signals.into_iter().map(|signal| signal.kind).collect();
        writeln!(out, "{}", json!({ "vector": encoder.embed_question(text)?, "heard": heard }))?;
    }
    Ok(())
}
