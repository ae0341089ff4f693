//! Opens what verbs work with: models, the index, and the desk made of both.

use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::json;
use tokio::runtime::Handle;

use crate::answer::{Desk, DeskParts, Dial, Handover, ModelNames, Pace, SYSTEM_PROMPT};
use crate::config::{DatabasePlace, Settings};
use crate::engine::{BASE_SHA256, BertFiles, Embedder, Encoder, Generator, Limits, Message, PassageText, Reader, device_name, open_device};
use crate::error::{Error, ErrorKind, Result};
use crate::index::{EmbeddingId, PassageView, Snapshot, disk, refresh};
use crate::model::progress::on_stderr;
use crate::model::{Catalog, ModelEntry, ModelFiles, ModelStore, Role};
use crate::policy::{Known, LoadReport, Moment, Upload, load};
use crate::store::Store;
use crate::website::Fetched;

/// The models' cache with its sources.
pub(super) fn model_store(settings: &Settings) -> ModelStore {
    ModelStore::new(settings.cache.clone(), settings.models_dirs.clone(), settings.offline)
}

/// What reads text: the embedding with the name its vectors are known by, and the reader.
pub(super) struct Readers {
    embedder: Embedder,
    id: EmbeddingId,
    /// Catalogue id of the encoder, if it could be loaded.
    encoder: Option<String>,
    reader: Option<Reader>,
}

/// Fetches and loads what reads text. Without the encoder English search goes by words alone, and the operator is told.
pub(super) fn open_readers(runtime: &Handle, settings: &Settings) -> Result<Readers> {
    let catalog = Catalog::builtin()?;
    let entry = catalog.default_for(Role::Embedding)?;
    let fetched = runtime.block_on(model_store(settings).ensure(entry, on_stderr().as_ref()));
    let without_encoder = "English search goes by words alone, which finds less";
    let files = or_without(fetched, without_encoder).and_then(|files| or_without(read_bert(&files), without_encoder));
    // Layers of our own were trained on this one model; any other runs as it is, without a reader.
    let is_base = entry.files.iter().any(|file| file.sha256 == BASE_SHA256);
    let load = |files: &BertFiles| if is_base { Encoder::tuned(files) } else { Encoder::original(files) };
    let encoder = files.as_ref().and_then(|files| or_without(load(files), without_encoder));
    let reader = files
        .filter(|_| settings.second_look && is_base)
        .and_then(|files| or_without(Reader::new(&files), "passages keep the order of search"));
    let name = encoder.as_ref().map(|_| entry.id.clone());
    let tuned = if is_base && encoder.is_some() { Encoder::tuned_fingerprint() } else { String::new() };
    let embedder = Embedder::new(encoder, Encoder::chinese(&open_device()?)?);
    let id = EmbeddingId {
        model: name.clone().unwrap_or_else(|| "encoder-zh".to_owned()),
        sha256: [name.as_ref().map(|_| entry.fingerprint()).unwrap_or_default(), tuned, Encoder::chinese_fingerprint()].join(" "),
        dimensions: embedder.dimensions(),
    };
    Ok(Readers { embedder, id, encoder: name, reader })
}

fn read_bert(files: &ModelFiles) -> Result<BertFiles> {
    BertFiles::read(files.path("config.json")?, files.path("tokenizer.json")?, files.with_extension("safetensors")?, &open_device()?)
}

/// Tokens per second of the embedding model on passages of its usual length; without the model the operator is told.
pub(super) fn embedding_speed(runtime: &Handle, settings: &Settings) -> Option<f64> {
    const PASSAGES: usize = 32;
    let measure = || -> Result<f64> {
        let entry = Catalog::builtin()?.default_for(Role::Embedding)?.clone();
        let files = runtime.block_on(model_store(settings).ensure(&entry, on_stderr().as_ref()))?;
        let encoder = Encoder::original(&read_bert(&files)?)?;
        let sentence = "A parcel that did not arrive is searched for by the carrier within ten days, and paid back after that.";
        let passage = PassageText { heading: "Parcels: ".to_owned(), sentences: vec![sentence.to_owned(); 5], joint: " " };
        let tokens = PASSAGES * (encoder.count_tokens(&passage.heading)? + 5 * encoder.count_tokens(sentence)? + 2);
        let passages = [&passage; PASSAGES];
        let mut seconds = Vec::new();
        for _ in 0..6 {
            let started = Instant::now();
            encoder.embed_passages(&passages, |_| ())?;
            seconds.push(started.elapsed().as_secs_f64());
        }
        seconds.remove(0); // warmed up
        seconds.sort_by(f64::total_cmp);
        Ok(tokens as f64 / seconds[seconds.len() / 2])
    };
    or_without(measure(), "embedding is not measured")
}

fn load_generator(runtime: &Handle, settings: &Settings, entry: &ModelEntry) -> Result<(Generator, Pace)> {
    let files = runtime.block_on(model_store(settings).ensure(entry, on_stderr().as_ref()))?;
    let generator = Generator::load(files.with_extension("gguf")?, SYSTEM_PROMPT, &open_device()?)?;
    let pace = measure(&generator)?;
    Ok((generator, pace))
}

/// Runs the model once, which warms it up and tells how fast this machine is.
fn measure(generator: &Generator) -> Result<Pace> {
    const TOKENS: usize = 12;
    let text = "A parcel that did not arrive is searched for by the carrier within ten days. ".repeat(3);
    let messages = [Message { role: "system", content: SYSTEM_PROMPT.to_owned() }, Message { role: "user", content: text }];
    let prompt_tokens = generator.count_new_tokens(&messages)?;
    let never = std::sync::atomic::AtomicBool::new(false);
    let started = Instant::now();
    let mut first = None;
    let limits = Limits { answer_tokens: TOKENS, deadline: started + std::time::Duration::from_secs(30), cancelled: &never };
    let generated = generator.generate(&messages, &limits, |_| {
        first.get_or_insert_with(Instant::now);
        true
    })?;
    let prefill = first.unwrap_or_else(Instant::now).duration_since(started).as_secs_f64();
    let decode = started.elapsed().as_secs_f64() - prefill;
    Ok(Pace {
        prefill_tokens_per_s: prompt_tokens as f64 / prefill.max(1e-6),
        decode_tokens_per_s: generated.answer_tokens.saturating_sub(1).max(1) as f64 / decode.max(1e-6),
    })
}

/// A model that is missing or broken costs its part of the work, not the server.
fn or_without<T>(loaded: Result<T>, consequence: &str) -> Option<T> {
    loaded.inspect_err(|error: &Error| eprintln!("warning: {}\n         Going on without it: {consequence}.", error.chain())).ok()
}

/// The index in force, and whether it had to be built.
pub(super) struct Opened {
    snapshot: Snapshot,
    rebuilt: bool,
}

/// The index in force under `root`. A damaged one is said so, and will be built again.
pub(super) fn current_index(root: &std::path::Path) -> Option<Snapshot> {
    disk::load(root).unwrap_or_else(|error| {
        eprintln!("warning: {}\n         Building the index again.", error.chain());
        None
    })
}

fn known(current: Option<&Snapshot>) -> Known<'_> {
    current.map(Snapshot::known).unwrap_or_default()
}

/// Brings the index under `root` up to date with `report`.
pub(super) fn open_index(root: &std::path::Path, report: LoadReport, current: Option<Snapshot>, readers: &Readers) -> Result<Opened> {
    for skipped in &report.skipped {
        eprintln!("warning: skipped {}: {}", skipped.path, skipped.reason);
    }
    let bar = ProgressBar::hidden();
    if let Ok(style) = ProgressStyle::with_template("Reading policies {bar:30} {pos}/{len} passages ({eta})") {
        bar.set_style(style);
    }
    let mut shown = false;
    let mut progress = |done: usize, total: usize| {
        if !shown {
            shown = true;
            bar.set_length(total as u64);
            bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
            if !console_is_terminal() {
                eprintln!("Reading policies: {total} passages are new.");
            }
        }
        bar.set_position(done as u64);
    };
    let built = refresh(root, report, current.as_ref(), Some((&readers.embedder, &readers.id)), &mut progress)?;
    bar.finish_and_clear();
    let rebuilt = built.is_some();
    let snapshot = built.or(current).ok_or_else(|| ErrorKind::BadIndex.on(root.display().to_string()))?;
    Ok(Opened { snapshot, rebuilt })
}

fn console_is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}

/// Reads the corpus folder and what was uploaded.
fn policies(runtime: &Handle, settings: &Settings, known: &Known<'_>) -> Result<LoadReport> {
    load(&settings.corpus, &uploads(runtime, settings, 0)?.0, known)
}

/// What was uploaded, and the last `past` questions that conversations began with.
pub(super) fn uploads(runtime: &Handle, settings: &Settings, past: u32) -> Result<(Vec<Upload>, Vec<String>)> {
    if matches!(&settings.database, DatabasePlace::File(path) if !path.exists()) {
        return Ok((Vec::new(), Vec::new())); // no server ran here yet
    }
    runtime.block_on(async {
        let store = Store::open_at(&settings.database).await?;
        let kept = (store.uploads().await?, store.first_questions(past).await?);
        store.close().await;
        Ok(kept)
    })
}

/// Opens everything for answering from the corpus folder. `llm`: whether the verb can use a language model.
pub(super) fn open_desk(runtime: &Handle, settings: &Settings, llm: bool) -> Result<Desk> {
    open_desk_on(runtime, settings, llm, &settings.index_dir(), |known| policies(runtime, settings, known))
}

/// As [`open_desk`], for any documents and any index folder.
pub(super) fn open_desk_on(
    runtime: &Handle,
    settings: &Settings,
    llm: bool,
    root: &std::path::Path,
    documents: impl FnOnce(&Known<'_>) -> Result<LoadReport>,
) -> Result<Desk> {
    let catalog = Catalog::builtin()?;
    let entry = catalog.default_for(Role::Llm)?;
    let current = current_index(root);
    let report = documents(&known(current.as_ref()))?; // before any download: a wrong folder should be said at once
    // The two models load side by side; the index needs the embedding model only.
    let (generator, opened) = std::thread::scope(|scope| {
        let writer = (llm && settings.llm)
            .then(|| scope.spawn(|| or_without(load_generator(runtime, settings, entry), "answers are quoted, never rewritten")));
        let opened = open_readers(runtime, settings).and_then(|readers| {
            let built = open_index(root, report, current, &readers)?;
            Ok((readers, built))
        });
        (writer.and_then(|thread| thread.join().ok().flatten()), opened)
    });
    let (readers, built) = opened?;
    let models = ModelNames { embedding: readers.encoder, llm: generator.as_ref().map(|_| entry.id.clone()) };
    let desk = Desk::start(DeskParts {
        snapshot: built.snapshot,
        embedder: Some((readers.embedder, readers.id)),
        reader: readers.reader,
        generator,
        models,
        device: device_name(&open_device()?),
        clock: Box::new(Moment::now),
        workers: settings.workers,
        queue: settings.queue,
        rules: read_rules(settings)?,
    });
    desk.set_dial(Dial::load(&settings.dial())?.filter(|dial| {
        let fits = dial.model == desk.dial_model();
        if !fits {
            eprintln!(
                "warning: {} was measured with other models.\n         Going on without it: run `frontdesk calibrate` again.",
                settings.dial().display()
            );
        }
        fits
    }));
    Ok(desk)
}

/// `frontdesk ingest`. `website`: what was read into the corpus folder before.
pub(super) fn ingest(runtime: &tokio::runtime::Runtime, settings: &Settings, website: Option<&Fetched>) -> Result<u8> {
    let started = Instant::now();
    let current = current_index(&settings.index_dir());
    let report = policies(runtime.handle(), settings, &known(current.as_ref()))?;
    let readers = open_readers(runtime.handle(), settings)?;
    let built = open_index(&settings.index_dir(), report, current, &readers)?;
    let manifest = &built.snapshot.manifest;
    let seconds = started.elapsed().as_secs_f64();
    let now = Moment::now();
    let quote = |id| {
        let (view, sentence) = built.snapshot.sentence(id)?;
        view.version.is_valid_on(now).then(|| format!("{}: {}", view.version.path, sentence.plain))
    };
    let conflicts: Vec<(String, String)> =
        manifest.conflicts.iter().filter_map(|conflict| Some((quote(conflict.first)?, quote(conflict.second)?))).collect();
    for (first, second) in &conflicts {
        eprintln!("warning: two policies may contradict each other:\n         {first}\n         {second}");
    }
    let duplicates = if built.rebuilt { built.snapshot.duplicates(now) } else { Vec::new() };
    for (first, second) in &duplicates {
        let [first, second] = [first, second].map(|id| built.snapshot.passage(*id));
        let place = |view: &PassageView<'_>| format!("{} ({})", view.version.path, view.passage.headings.join(" › "));
        eprintln!(
            "note: two policies say the same, and one may be forgotten when it changes:\n      {}\n      {}",
            place(&first),
            place(&second)
        );
    }
    if settings.json {
        super::print_json(&json!({
            "rebuilt": built.rebuilt, "index_version": manifest.index_version, "documents": manifest.documents.len(),
            "passages": manifest.passages, "sentences": manifest.sentences, "skipped": manifest.skipped, "conflicts": conflicts.len(), "duplicates": duplicates.len(), "seconds": seconds,
            "website": website,
        }))?;
    } else {
        let state = if built.rebuilt { "Built" } else { "Nothing has changed: kept" };
        println!(
            "{state} index version {}: {} documents, {} passages, {} skipped ({seconds:.1} s).",
            manifest.index_version,
            manifest.documents.len(),
            manifest.passages,
            manifest.skipped.len()
        );
    }
    let is_whole = manifest.skipped.is_empty() && website.is_none_or(|website| website.skipped.is_empty());
    Ok(if is_whole { 0 } else { 2 })
}

/// The rules that offer or call a person.
pub(super) fn read_rules(settings: &Settings) -> Result<Handover> {
    settings.handover.as_deref().map_or_else(|| Ok(Handover::builtin().clone()), Handover::read)
}
