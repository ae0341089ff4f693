//! From documents to a snapshot: only what changed is embedded again, and unchanged input builds nothing.

use std::collections::HashMap;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::conflicts::conflicts;
use super::disk::{self, Draft};
use super::lexical::LexicalIndex;
use super::vector::{HNSW_FROM, VectorIndex};
use super::{EmbeddingId, IndexedVersion, Manifest, ManifestDocument, Snapshot, passage_text};
use crate::engine::{Embedder, PassageText, PassageVectors};
use crate::error::{ErrorKind, Result};
use crate::policy::{LoadReport, Version};
use crate::text::Language;

/// Hears `(done, total)` passages embedded.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// The embedding model with its name.
pub type NamedEmbedder<'a> = (&'a Embedder, &'a EmbeddingId);

/// Writes a snapshot of `report` under `root` and returns it; `None` when `current`, the one in force there, already is one.
///
/// The vectors of `current` are used again for texts that did not change.
///
/// # Errors
/// `EmptyCorpus` when no document has a passage; `Inference` when the model fails; `Io` or `BadIndex` when nothing can be written.
/// The snapshot on disk is then as before.
pub fn refresh(
    root: &Path,
    report: LoadReport,
    current: Option<&Snapshot>,
    embedder: Option<NamedEmbedder<'_>>,
    progress: Progress<'_>,
) -> Result<Option<Snapshot>> {
    let embedding = embedder.map(|(_, id)| id.clone());
    let fingerprint = fingerprint(&report, embedding.as_ref());
    if current.is_some_and(|snapshot| snapshot.manifest.fingerprint == fingerprint) {
        return Ok(None);
    }

    let LoadReport { versions, skipped } = report;
    let versions: Vec<IndexedVersion> =
        versions.into_iter().map(|version| IndexedVersion { passages: version.passages(), version }).collect();
    let passages = versions.iter().map(|indexed| indexed.passages.len()).sum();
    let sentences = versions.iter().flat_map(|indexed| &indexed.passages).map(|passage| passage.sentences.len()).sum();
    if passages == 0 {
        return Err(ErrorKind::EmptyCorpus.on("no document holds any sentence: add Markdown or text files to the corpus folder"));
    }

    let draft = Draft::begin(root)?;
    let mut checksums = std::collections::BTreeMap::new();
    let mut keep = |name: &str, sum: String| checksums.insert(name.to_owned(), sum);
    let sum = draft.write(disk::DOCUMENTS, |writer| {
        versions.iter().try_for_each(|indexed| {
            serde_json::to_writer(&mut *writer, indexed)?;
            writer.write_all(b"\n")
        })
    })?;
    keep(disk::DOCUMENTS, sum);

    let (mut passage_rows, mut sentence_rows) = (Vec::new(), Vec::new());
    if let Some((model, _)) = embedder {
        let known = current.filter(|snapshot| snapshot.manifest.embedding == embedding).map(known_vectors).unwrap_or_default();
        (passage_rows, sentence_rows) = embed_all(model, &versions, &known, progress)?;
        let sum = draft.write(disk::PASSAGE_VECTORS, |writer| disk::write_floats(writer, &passage_rows))?;
        keep(disk::PASSAGE_VECTORS, sum);
        let sum = draft.write(disk::SENTENCE_VECTORS, |writer| disk::write_floats(writer, &sentence_rows))?;
        keep(disk::SENTENCE_VECTORS, sum);
    }

    let lexical_folder = draft.path().join(disk::LEXICAL);
    std::fs::create_dir(&lexical_folder).map_err(|cause| ErrorKind::Io.on(lexical_folder.display().to_string()).because(cause))?;
    drop(LexicalIndex::build(&lexical_folder, &versions)?); // it is opened again where it comes to rest

    let conflicts = conflicts(&versions);
    let documents = versions.iter().map(|indexed| manifest_document(&indexed.version)).collect();
    let index_version = disk::next_version(root);
    let manifest = Manifest {
        format: disk::FORMAT,
        index_version,
        embedding,
        fingerprint,
        documents,
        skipped,
        passages,
        sentences,
        conflicts,
        checksums,
    };
    draft.publish(&manifest)?;
    let lexical = LexicalIndex::open(&root.join(disk::snapshot_name(index_version)).join(disk::LEXICAL))?;
    let passage_vectors = manifest.embedding.as_ref().map(|id| VectorIndex::new(id.dimensions, passage_rows, HNSW_FROM));
    Ok(Some(Snapshot::assemble(manifest, versions, lexical, passage_vectors, sentence_rows)))
}

fn manifest_document(version: &Version) -> ManifestDocument {
    ManifestDocument {
        path: version.path.clone(),
        sha256: version.sha256.clone(),
        document_id: version.document_id.clone(),
        version: version.version,
    }
}

/// One hash over everything that decides what a snapshot holds.
fn fingerprint(report: &LoadReport, embedding: Option<&EmbeddingId>) -> String {
    let mut hasher = Sha256::new();
    let mut add = |part: &str| {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    };
    add(&disk::FORMAT.to_string());
    add(env!("CARGO_PKG_VERSION")); // another version of the program may split or analyse text in another way
    add(embedding.map_or("no vectors", |id| id.sha256.as_str()));
    for version in &report.versions {
        add(&version.path);
        add(&version.sha256);
        add(&format!("{:?}", version.valid_to)); // a later version may have cut it
    }
    for skipped in &report.skipped {
        add(&skipped.path);
        add(&skipped.reason);
    }
    disk::hex(&hasher.finalize())
}

/// What is embedded for each passage, with its language.
type Text = (Language, PassageText);

fn texts(versions: &[IndexedVersion]) -> impl Iterator<Item = Text> {
    let of = |indexed: &IndexedVersion| -> Vec<Text> {
        indexed.passages.iter().map(|passage| (indexed.version.language, passage_text(&indexed.version, passage))).collect()
    };
    versions.iter().flat_map(of)
}

/// Vectors of a snapshot by the text they were made from: the passage's, and its sentences' one after another.
fn known_vectors(snapshot: &Snapshot) -> HashMap<Text, (&[f32], &[f32])> {
    let Some(vectors) = &snapshot.passage_vectors else { return HashMap::new() };
    let dimensions = snapshot.manifest.embedding.as_ref().map_or(1, |id| id.dimensions.max(1));
    let mut sentences = snapshot.sentence_vectors.as_slice();
    let mut own = |text: &Text| sentences.split_off(..text.1.sentences.len() * dimensions).unwrap_or_default();
    let with_sentences = |(text, row): (Text, _)| {
        let own = own(&text);
        (text, (row, own))
    };
    texts(&snapshot.versions).zip(vectors.rows().chunks_exact(dimensions)).map(with_sentences).collect()
}

/// Rows of all passages and of all sentences, in order.
fn embed_all(
    model: &Embedder,
    versions: &[IndexedVersion],
    known: &HashMap<Text, (&[f32], &[f32])>,
    progress: Progress<'_>,
) -> Result<(Vec<f32>, Vec<f32>)> {
    let texts: Vec<Text> = texts(versions).collect();
    let mut new: Vec<&Text> = texts.iter().filter(|text| !known.contains_key(*text)).collect();
    new.sort_unstable();
    new.dedup();
    let total = new.len();
    let borrowed: Vec<(Language, &PassageText)> = new.iter().map(|(language, text)| (*language, text)).collect();
    let vectors = model.embed_passages(&borrowed, |done| progress(done, total))?;
    let fresh: HashMap<&Text, PassageVectors> = new.into_iter().zip(vectors).collect();
    let (mut passages, mut sentences) = (Vec::new(), Vec::new());
    for text in &texts {
        if let Some((whole, own)) = known.get(text) {
            passages.extend_from_slice(whole);
            sentences.extend_from_slice(own);
        } else if let Some(vectors) = fresh.get(text) {
            passages.extend_from_slice(&vectors.whole);
            vectors.sentences.iter().for_each(|vector| sentences.extend_from_slice(vector));
        }
    }
    Ok((passages, sentences))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Matcher, Side};
    use crate::policy::parse_file;
    use proptest::prelude::*;

    const SUBJECTS: [&str; 6] = ["退款", "发票", "运费", "warranty", "returns", "late fees"];

    /// The folder as it is: which of the documents are there, and with which text.
    fn report(texts: &[Option<u8>]) -> LoadReport {
        let file = |(subject, text): (&&str, &Option<u8>)| {
            let number = (*text)?;
            let text = format!(
                "# {subject}\n\n{subject} 需要 {number} 天处理。 The {subject} take {number} days.\n\n## More\nAsk about {subject}.\n"
            );
            Some(parse_file(&format!("{subject}.md"), text.as_bytes()).unwrap())
        };
        LoadReport { versions: SUBJECTS.iter().zip(texts).filter_map(file).collect(), skipped: Vec::new() }
    }

    /// Everything that can be seen of a snapshot, but its number.
    fn seen(snapshot: &Snapshot, embedder: &Embedder) -> Vec<String> {
        let terms = |subject: &str| {
            let term = |term: crate::text::analysis::Term| super::super::lexical::QueryTerm { text: term.text, weight: 1.0 };
            crate::text::analysis::terms(subject).into_iter().map(term).collect::<Vec<_>>()
        };
        let show = |id| snapshot.passage(id).text().to_owned();
        let by_words = SUBJECTS.iter().flat_map(|subject| snapshot.lexical().search(&terms(subject), &[], 9, |_| true).unwrap());
        let vectors = snapshot.passage_vectors().unwrap();
        let near = |subject: &&str| vectors.search(&embedder.embed_question(subject, Language::Zh).unwrap().unwrap(), 9, &|_| true);
        let by_meaning = SUBJECTS[..3].iter().flat_map(near).map(|(at, cosine)| format!("{cosine:.5} {}", show(at as u32)));
        let documents = snapshot.manifest.documents.iter().map(|document| format!("{document:?}"));
        documents.chain(by_words.map(|(id, bm25)| format!("{bm25:.4} {}", show(id)))).chain(by_meaning).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn changes_in_any_order_end_where_a_fresh_build_does(
            changes in proptest::collection::vec((0..SUBJECTS.len(), proptest::option::of(0u8..4)), 1..8)
        ) {
            let matcher = Matcher::builtin().unwrap();
            let dimensions = matcher.embed("退款", Side::Question).len();
            let embedder = Embedder::new(None, matcher);
            let id = EmbeddingId { model: "zh-matcher".into(), sha256: "test".into(), dimensions };
            let build = |root: &Path, texts: &[Option<u8>], current: Option<&Snapshot>| {
                refresh(root, report(texts), current, Some((&embedder, &id)), &mut |_, _| ())
            };
            let (changed, fresh) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
            let mut texts = vec![Some(0); SUBJECTS.len()];
            let mut current = build(changed.path(), &texts, None).unwrap().unwrap();
            for (place, text) in changes {
                texts[place] = text;
                if texts.iter().all(Option::is_none) {
                    continue; // an empty folder leaves the policies before it in force
                }
                if let Some(next) = build(changed.path(), &texts, Some(&current)).unwrap() {
                    current = next;
                }
                let whole = build(fresh.path(), &texts, None).unwrap().unwrap();
                prop_assert_eq!(seen(&current, &embedder), seen(&whole, &embedder));
                let reopened = disk::load(changed.path()).unwrap().unwrap();
                prop_assert_eq!(seen(&reopened, &embedder), seen(&whole, &embedder));
            }
        }
    }
}
