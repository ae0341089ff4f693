//! From documents to a snapshot: only the blocks of what changed are built, only what is new is embedded, and unchanged input builds
//! nothing.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::block::{Block, Rows, block_of, spread};
use super::conflicts::conflicts;
use super::disk;
use super::{EmbeddingId, IndexedVersion, Manifest, ManifestDocument, Snapshot, passage_text};
use crate::engine::{Embedder, PassageText, PassageVectors};
use crate::error::{ErrorKind, Result};
use crate::policy::{LoadReport, SkippedFile, Version};
use crate::text::Language;

/// Another version of the program may split or analyse text in another way.
pub(super) const PROGRAM: &str = env!("CARGO_PKG_VERSION");

/// Hears `(done, total)` passages embedded.
pub type Progress<'a> = &'a mut dyn FnMut(usize, usize);

/// The embedding model with its name.
pub type NamedEmbedder<'a> = (&'a Embedder, &'a EmbeddingId);

/// Writes a snapshot of `report` under `root` and returns it; `None` when `current`, the one in force there, already is one.
///
/// Blocks of `current` in which nothing changed are used again, as are its vectors for texts that did not change.
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
    // Another process may have put a snapshot of its own in force and removed blocks of this one.
    let is_there = |block: &Block| block.folder.parent() == Some(root) && block.folder.exists();
    let built = build(root, report, current, &is_there, embedder, progress)?;
    if let Some(snapshot) = &built {
        disk::publish(root, &snapshot.manifest)?;
    }
    Ok(built)
}

/// As [`refresh`], for a look at what would be: what is new is written to the empty folder `folder`, and nothing is put in force.
///
/// # Errors
/// As [`refresh`].
pub fn trial(
    folder: &Path,
    report: LoadReport,
    current: &Snapshot,
    embedder: Option<NamedEmbedder<'_>>,
    progress: Progress<'_>,
) -> Result<Option<Snapshot>> {
    build(folder, report, Some(current), &|_| true, embedder, progress)
}

fn build(
    root: &Path,
    report: LoadReport,
    current: Option<&Snapshot>,
    is_there: &dyn Fn(&Block) -> bool,
    embedder: Option<NamedEmbedder<'_>>,
    progress: Progress<'_>,
) -> Result<Option<Snapshot>> {
    let embedding = embedder.map(|(_, id)| id.clone());
    let LoadReport { versions, skipped } = report;
    let bytes = versions.iter().map(|version| version.source.len()).sum();
    let spread = spread(bytes, current.map(|snapshot| snapshot.manifest.spread));
    let documents: Vec<ManifestDocument> = versions.iter().map(manifest_document).collect();
    let mut groups: BTreeMap<u32, Vec<Version>> = BTreeMap::new();
    for version in versions {
        groups.entry(block_of(&version.document_id, spread)).or_default().push(version);
    }
    let named: Vec<(u32, String, Vec<Version>)> =
        groups.into_iter().map(|(number, versions)| (number, block_name(number, &versions, embedding.as_ref()), versions)).collect();
    let fingerprint = fingerprint(named.iter().map(|(_, name, _)| name.as_str()), spread, &skipped);
    if current.is_some_and(|snapshot| snapshot.manifest.fingerprint == fingerprint) {
        return Ok(None);
    }

    let blocks = current.map(|snapshot| snapshot.blocks.as_slice()).unwrap_or_default();
    let kept: HashMap<&str, &Arc<Block>> =
        blocks.iter().filter(|block| is_there(block)).map(|block| (block.listed.name.as_str(), block)).collect();
    let is_kept = |name: &str| kept.contains_key(name);
    let reread = current.filter(|snapshot| snapshot.manifest.program == PROGRAM).map(by_version).unwrap_or_default();
    let passages = |version: Version| match reread.get(&(version.document_id.as_str(), version.version)) {
        Some(indexed) if indexed.version == version => Arc::clone(indexed),
        _ => Arc::new(IndexedVersion { passages: version.passages(), version }),
    };
    let plan: Vec<Plan<'_>> = named
        .into_par_iter()
        .map(|(number, name, versions)| match kept.get(name.as_str()) {
            Some(block) => Plan::Keep(block),
            None => Plan::Build(number, name, versions.into_iter().map(&passages).collect()),
        })
        .collect();
    let versions = || plan.iter().flat_map(|plan| plan.versions());
    if versions().all(|indexed| indexed.passages.is_empty()) {
        return Err(ErrorKind::EmptyCorpus.on("no document holds any sentence: add Markdown or text files to the corpus folder"));
    }

    let replaced: Vec<&Block> = blocks.iter().map(|block| &**block).filter(|block| !is_kept(&block.listed.name)).collect();
    let same_model = current.is_some_and(|snapshot| snapshot.manifest.embedding == embedding);
    let known = if same_model { known_vectors(&replaced) } else { HashMap::new() };
    let texts: Vec<Vec<Text>> =
        plan.iter().map(|plan| if let Plan::Build(.., versions) = plan { texts(versions) } else { Vec::new() }).collect();
    let fresh = match embedder {
        Some((model, _)) => embed_new(model, &texts, &known, progress)?,
        None => HashMap::new(),
    };
    let rows_of = |text: &Text| match known.get(text) {
        Some((block, passage)) => Some(Rows::Known(block, *passage)),
        None => fresh.get(text).map(Rows::New),
    };
    let build = |(plan, texts): (Plan<'_>, &Vec<Text>)| match plan {
        Plan::Keep(block) => Ok(Arc::clone(block)),
        Plan::Build(number, name, versions) => {
            let rows: Option<Vec<Rows<'_>>> = embedder.map(|_| texts.iter().filter_map(rows_of).collect());
            Block::build(root, number, name, versions, rows.as_deref(), embedding.as_ref().map(|id| id.dimensions)).map(Arc::new)
        }
    };
    let blocks = plan.into_par_iter().zip(&texts).map(build).collect::<Result<Vec<Arc<Block>>>>()?;

    let indexed = || blocks.iter().flat_map(|block| &block.versions).flat_map(|indexed| &indexed.passages);
    let manifest = Manifest {
        format: disk::FORMAT,
        program: PROGRAM.to_owned(),
        index_version: disk::next_version(root),
        embedding,
        fingerprint,
        spread,
        blocks: blocks.iter().map(|block| block.listed.clone()).collect(),
        documents,
        skipped,
        passages: indexed().count(),
        sentences: indexed().map(|passage| passage.sentences.len()).sum(),
        conflicts: Vec::new(),
    };
    let snapshot = Snapshot::assemble(manifest, blocks)?;
    let mut snapshot =
        snapshot.ok_or_else(|| ErrorKind::BadIndex.on("a new index does not hold what it should: delete the index folder"))?;
    snapshot.manifest.conflicts = conflicts(&snapshot, current);
    Ok(Some(snapshot))
}

/// What becomes of a block.
enum Plan<'a> {
    Keep(&'a Arc<Block>),
    Build(u32, String, Vec<Arc<IndexedVersion>>),
}

impl Plan<'_> {
    fn versions(&self) -> &[Arc<IndexedVersion>] {
        match self {
            Self::Keep(block) => &block.versions,
            Self::Build(.., versions) => versions,
        }
    }
}

fn manifest_document(version: &Version) -> ManifestDocument {
    ManifestDocument {
        path: version.path.clone(),
        sha256: version.sha256.clone(),
        document_id: version.document_id.clone(),
        version: version.version,
    }
}

fn by_version(snapshot: &Snapshot) -> HashMap<(&str, u32), &Arc<IndexedVersion>> {
    let versions = snapshot.blocks.iter().flat_map(|block| &block.versions);
    versions.map(|indexed| ((indexed.version.document_id.as_str(), indexed.version.version), indexed)).collect()
}

/// Hashes parts so that no two lists of them run together.
fn add(hasher: &mut Sha256, part: &str) {
    hasher.update((part.len() as u64).to_le_bytes());
    hasher.update(part.as_bytes());
}

/// A name for everything that decides what a block holds. Its number, too: spread over more or fewer blocks, the same documents may
/// have another one.
fn block_name(number: u32, versions: &[Version], embedding: Option<&EmbeddingId>) -> String {
    let mut hasher = Sha256::new();
    add(&mut hasher, &number.to_string());
    add(&mut hasher, &disk::FORMAT.to_string());
    add(&mut hasher, PROGRAM);
    add(&mut hasher, embedding.map_or("no vectors", |id| id.sha256.as_str()));
    for version in versions {
        add(&mut hasher, &version.path);
        add(&mut hasher, &version.sha256);
        // What the file alone does not decide: uploads are given these, and a later version may have cut an earlier one.
        let given = (&version.document_id, version.version, version.valid_from, version.valid_to, &version.uri);
        add(&mut hasher, &format!("{given:?}"));
    }
    disk::block_name(hasher)
}

/// One hash over everything that decides what a snapshot holds.
fn fingerprint<'a>(blocks: impl Iterator<Item = &'a str>, spread: u32, skipped: &[SkippedFile]) -> String {
    let mut hasher = Sha256::new();
    add(&mut hasher, &spread.to_string());
    blocks.for_each(|name| add(&mut hasher, name));
    for skipped in skipped {
        add(&mut hasher, &skipped.path);
        add(&mut hasher, &skipped.reason);
    }
    disk::hex(&hasher.finalize())
}

/// What is embedded for each passage, with its language.
type Text = (Language, PassageText);

fn texts(versions: &[Arc<IndexedVersion>]) -> Vec<Text> {
    let of = |indexed: &IndexedVersion| -> Vec<Text> {
        indexed.passages.iter().map(|passage| (indexed.version.language, passage_text(&indexed.version, passage))).collect()
    };
    versions.iter().flat_map(|indexed| of(indexed)).collect()
}

/// Where the vectors of texts are: the block and the passage's position there.
fn known_vectors<'a>(blocks: &[&'a Block]) -> HashMap<Text, (&'a Block, usize)> {
    let with_vectors = blocks.iter().filter(|block| block.vectors.is_some());
    with_vectors.flat_map(|block| texts(&block.versions).into_iter().zip(0..).map(move |(text, at)| (text, (*block, at)))).collect()
}

/// The vectors of the texts that are not known.
fn embed_new<'a>(
    model: &Embedder,
    texts: &'a [Vec<Text>],
    known: &HashMap<Text, (&Block, usize)>,
    progress: Progress<'_>,
) -> Result<HashMap<&'a Text, PassageVectors>> {
    let new: HashSet<&Text> = texts.iter().flatten().filter(|text| !known.contains_key(*text)).collect();
    let mut new: Vec<&Text> = new.into_iter().collect();
    new.sort_unstable(); // so that the same texts are read together, whatever changed before
    let total = new.len();
    let borrowed: Vec<(Language, &PassageText)> = new.iter().map(|(language, text)| (*language, text)).collect();
    let vectors = model.embed_passages(&borrowed, |done| progress(done, total))?;
    Ok(new.into_iter().zip(vectors).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Encoder;
    use crate::policy::parse_file;
    use candle_core::Device;
    use proptest::prelude::*;

    const SUBJECTS: [&str; 6] = ["退款", "发票", "运费", "warranty", "returns", "late fees"];

    /// The folder as it is: which of the documents are there, and with which text.
    fn report(texts: &[Option<u8>]) -> LoadReport {
        let file = |(subject, text): (&&str, &Option<u8>)| {
            let number = (*text)?;
            let text = format!(
                "# {subject}\n\n{subject} 需要 {number} 天处理。 The {subject} take {number} days.\n\n## More\nAsk about {subject}. Parcels are held at the post office for {number} days.\n"
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
        let near =
            |subject: &&str| snapshot.nearest(&embedder.embed_question(subject, Language::Zh).unwrap().unwrap(), 9, &|_| true).unwrap();
        let by_meaning = SUBJECTS[..3].iter().flat_map(near).map(|(id, cosine)| format!("{cosine:.5} {}", show(id)));
        let documents = snapshot.manifest.documents.iter().map(|document| format!("{document:?}"));
        let conflicts = snapshot.manifest.conflicts.iter().map(|conflict| format!("{conflict:?}"));
        documents.chain(by_words.map(|(id, bm25)| format!("{bm25:?} {}", show(id)))).chain(by_meaning).chain(conflicts).collect()
    }

    #[test]
    fn a_change_builds_its_own_block_only_and_leaves_nothing_of_before() {
        let policy = |number: usize, word: &str| {
            let text = format!("# Policy {number}\n\nRule {number} is about the {word} and holds for everybody who comes.\n");
            parse_file(&format!("policy-{number:02}.md"), text.as_bytes()).unwrap()
        };
        let report = |changed: Option<&str>| LoadReport {
            versions: (0..40).map(|number| policy(number, if number == 7 { changed.unwrap_or("quagga") } else { "horse" })).collect(),
            skipped: Vec::new(),
        };
        let folder = tempfile::tempdir().unwrap();
        let first = refresh(folder.path(), report(None), None, None, &mut |_, _| ()).unwrap().unwrap();
        let second = refresh(folder.path(), report(Some("zebra")), Some(&first), None, &mut |_, _| ()).unwrap().unwrap();
        let is_shared = |block: &&Arc<Block>| first.blocks.iter().any(|before| Arc::ptr_eq(before, block));
        assert!(second.blocks.len() > 4);
        assert_eq!(second.blocks.iter().filter(is_shared).count(), second.blocks.len() - 1);
        // What is left on disk is what is in force.
        let mut names: Vec<String> = second.blocks.iter().map(|block| block.listed.name.clone()).collect();
        names.extend(["CURRENT".to_owned(), format!("v{:06}", second.manifest.index_version)]);
        names.sort();
        let entries = std::fs::read_dir(folder.path()).unwrap();
        let mut left: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        left.sort();
        assert_eq!(left, names);
        // The snapshot before is still whole for those who began on it, and a trial puts nothing in force.
        assert_eq!(first.lexical().passages_with("quagga"), 1);
        let elsewhere = tempfile::tempdir().unwrap();
        let tried = trial(elsewhere.path(), report(Some("gnu")), &second, None, &mut |_, _| ()).unwrap().unwrap();
        assert_eq!((tried.lexical().passages_with("gnu"), tried.lexical().passages_with("zebra")), (1, 0));
        assert_eq!(disk::load(folder.path()).unwrap().unwrap().manifest, second.manifest);
    }

    #[test]
    fn an_index_whose_blocks_another_process_removed_is_built_again() {
        let folder = tempfile::tempdir().unwrap();
        let first = refresh(folder.path(), report(&[Some(1); 6]), None, None, &mut |_, _| ()).unwrap().unwrap();
        let lost = folder.path().join(&first.blocks[0].listed.name);
        std::fs::remove_dir_all(lost).unwrap();
        assert!(disk::load(folder.path()).is_err());
        refresh(folder.path(), report(&[Some(1), Some(1), Some(1), Some(1), Some(1), Some(2)]), Some(&first), None, &mut |_, _| ())
            .unwrap();
        assert!(disk::load(folder.path()).unwrap().is_some());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn changes_in_any_order_end_where_a_fresh_build_does(
            changes in proptest::collection::vec((0..SUBJECTS.len(), proptest::option::of(0u8..4)), 1..8)
        ) {
            let embedder = Embedder::new(None, Encoder::chinese(&Device::Cpu).unwrap());
            let id = EmbeddingId { model: "encoder-zh".into(), sha256: "test".into(), dimensions: embedder.dimensions() };
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
