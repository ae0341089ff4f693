//! What was asked for: flags and environment in, settings out that no later code has to doubt.

use std::fmt;
use std::path::PathBuf;

use crate::error::{ErrorKind, Result};
use crate::model::default_cache_dir;

/// Flags that every verb takes. Each has an environment twin; a flag wins over it.
#[derive(Debug, Clone, clap::Args)]
pub struct RawArgs {
    /// Folder with the policies, or a .zip archive of one
    #[arg(long, global = true, env = "FRONTDESK_CORPUS", value_name = "DIR", default_value = "corpus")]
    pub corpus: PathBuf,
    /// Folder for the index and the database
    #[arg(long, global = true, env = "FRONTDESK_DATA", value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Where conversations and hand-offs are kept: a file, or postgres://USER:PASSWORD@HOST/NAME [default: a file in --data]
    #[arg(long, global = true, env = "FRONTDESK_DATABASE", value_name = "URL", hide_env_values = true)]
    pub database: Option<String>,
    /// File with the rules that offer or call a person, the hours and the queue [default: the shipped rules; see `frontdesk handover`]
    #[arg(long, global = true, env = "FRONTDESK_HANDOVER", value_name = "FILE.toml")]
    pub handover: Option<PathBuf>,
    /// File that names who hears of hand-offs
    #[arg(long, global = true, env = "FRONTDESK_WEBHOOKS", value_name = "FILE.toml")]
    pub webhooks: Option<PathBuf>,
    /// Delete conversations in which nothing was said for so many days
    #[arg(long, global = true, env = "FRONTDESK_RETAIN_DAYS", value_name = "DAYS")]
    pub retain_days: Option<u32>,
    /// Folder for downloaded models [default: the user's cache folder]
    #[arg(long, global = true, env = "FRONTDESK_CACHE", value_name = "DIR")]
    pub cache: Option<PathBuf>,
    /// Folder to take model files from before anywhere else; may be given more than once
    #[arg(long, global = true, env = "FRONTDESK_MODELS_DIR", value_name = "DIR", value_delimiter = ',')]
    pub models_dir: Vec<PathBuf>,
    /// Open no connection: models must be in the cache or in --models-dir
    #[arg(long, global = true, env = "FRONTDESK_OFFLINE")]
    pub offline: bool,
    /// Quote only: do not load the language model
    #[arg(long, global = true, env = "FRONTDESK_NO_LLM")]
    pub no_llm: bool,
    /// Read the best passages again together with the question: slower, and rarely better
    #[arg(long, global = true, env = "FRONTDESK_SECOND_LOOK")]
    pub second_look: bool,
    /// Threads that answer questions [default: one per core]
    #[arg(long, global = true, env = "FRONTDESK_WORKERS", value_name = "N")]
    pub workers: Option<usize>,
    /// Questions that may wait before the server says it is busy
    #[arg(long, global = true, env = "FRONTDESK_QUEUE", value_name = "N", default_value_t = 64)]
    pub queue: usize,
    /// Print machine-readable JSON
    #[arg(long, global = true)]
    pub json: bool,
}

/// Settings, checked.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Folder with the policies. May still be missing: ingest says so.
    pub corpus: PathBuf,
    /// Folder for the index and the database.
    pub data: PathBuf,
    /// Where conversations and hand-offs are kept.
    pub database: DatabasePlace,
    /// File with the rules that offer or call a person; `None` for the shipped ones.
    pub handover: Option<PathBuf>,
    /// File that names who hears of hand-offs.
    pub webhooks: Option<PathBuf>,
    /// Days after which conversations are deleted; `None` keeps them.
    pub retain_days: Option<u32>,
    /// Folder for downloaded models.
    pub cache: PathBuf,
    /// Folders to take models from first.
    pub models_dirs: Vec<PathBuf>,
    /// No connection at all.
    pub offline: bool,
    /// Whether to load the language model.
    pub llm: bool,
    /// Whether the reader looks at passages again.
    pub second_look: bool,
    /// Threads that answer.
    pub workers: usize,
    /// Questions that may wait.
    pub queue: usize,
    /// Print JSON.
    pub json: bool,
}

impl Settings {
    /// Checks what was typed. A bad value is refused, never replaced by a guess.
    ///
    /// # Errors
    /// `BadSetting` naming the flag.
    pub fn resolve(raw: RawArgs) -> Result<Self> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let workers = raw.workers.unwrap_or(cores);
        if !(1..=256).contains(&workers) {
            return Err(ErrorKind::BadSetting.on(format!("--workers {workers}: it must be 1 to 256")));
        }
        if !(1..=10_000).contains(&raw.queue) {
            return Err(ErrorKind::BadSetting.on(format!("--queue {}: it must be 1 to 10000", raw.queue)));
        }
        if raw.retain_days == Some(0) {
            return Err(ErrorKind::BadSetting.on("--retain-days 0: it must be 1 at least, or left out to keep conversations"));
        }
        if raw.data.is_file() {
            return Err(ErrorKind::BadSetting.on(format!("--data {}: this is a file, name a folder", raw.data.display())));
        }
        for folder in &raw.models_dir {
            if !folder.is_dir() {
                return Err(ErrorKind::BadSetting.on(format!("--models-dir {}: there is no such folder", folder.display())));
            }
        }
        let database = match raw.database {
            Some(place) => DatabasePlace::parse(&place)?,
            None => DatabasePlace::File(raw.data.join("frontdesk.db")),
        };
        Ok(Self {
            corpus: raw.corpus,
            data: raw.data,
            database,
            handover: raw.handover,
            webhooks: raw.webhooks,
            retain_days: raw.retain_days,
            cache: raw.cache.unwrap_or_else(default_cache_dir),
            models_dirs: raw.models_dir,
            offline: raw.offline,
            llm: !raw.no_llm,
            second_look: raw.second_look,
            workers,
            queue: raw.queue,
            json: raw.json,
        })
    }

    /// Folder of the index.
    pub fn index_dir(&self) -> PathBuf {
        self.data.join("index")
    }

    /// File of the thresholds that `calibrate` found.
    pub fn dial(&self) -> PathBuf {
        self.data.join("dial.json")
    }
}

/// Where conversations and hand-offs are kept. Shown without a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabasePlace {
    /// A SQLite file.
    File(PathBuf),
    /// The URL of a PostgreSQL server.
    Postgres(Secret),
}

impl DatabasePlace {
    fn parse(text: &str) -> Result<Self> {
        match text.split_once("://") {
            Some(("postgres" | "postgresql", _)) => Ok(Self::Postgres(Secret::new(text))),
            Some(("sqlite", path)) => Ok(Self::File(path.into())),
            Some((other, _)) => Err(ErrorKind::BadSetting
                .on(format!("--database {other}://…: frontdesk knows postgres://USER:PASSWORD@HOST/NAME, or the path of a file"))),
            None => Ok(Self::File(text.into())),
        }
    }
}

impl fmt::Display for DatabasePlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Postgres(url) => {
                // The user's name stays; the password, and what may carry one after a `?`, do not.
                let (scheme, rest) = url.reveal().split_once("://").unwrap_or_default();
                let rest = rest.split('?').next().unwrap_or_default();
                match rest.rsplit_once('@') {
                    Some((user, host)) => write!(f, "{scheme}://{}@{host}", user.split(':').next().unwrap_or_default()),
                    None => write!(f, "{scheme}://{rest}"),
                }
            }
        }
    }
}

/// Words that no log may show.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Hides `words`.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// The words, for the one place that needs them.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_a_file_or_a_server_and_never_shows_its_password() {
        assert_eq!(DatabasePlace::parse("var/desk.db").unwrap(), DatabasePlace::File("var/desk.db".into()));
        assert_eq!(DatabasePlace::parse("sqlite://var/desk.db").unwrap(), DatabasePlace::File("var/desk.db".into()));
        let place = DatabasePlace::parse("postgres://desk:s3cret@db.example:5432/desk?password=s3cret").unwrap();
        assert_eq!(place.to_string(), "postgres://desk@db.example:5432/desk");
        assert!(!format!("{place:?}").contains("s3cret"));
        assert!(DatabasePlace::parse("mysql://desk:s3cret@db").unwrap_err().item.contains("mysql://…"));
    }
}
