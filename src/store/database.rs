//! Which database is there? One SQLite file, or a PostgreSQL server that several servers share; the statements are the same.

use std::path::Path;
use std::time::Duration;

use sqlx::migrate::{Migrate, Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection, SqlSafeStr};

use crate::error::{Context, Error, ErrorKind, Result};

/// Longest wait for a free connection or for another process that holds the file.
const WAIT: Duration = Duration::from_secs(5);
/// Connections that read, of SQLite.
const READERS: u32 = 4;
/// Connections to a PostgreSQL server, which has a hundred for all servers together unless told otherwise.
const CONNECTIONS: u32 = 10;
/// Files up to this size are checked page by page when opened; larger ones would delay the start for too long.
const CHECKED_BYTES: u64 = 1 << 30;

/// A change to the tables: number, name, statements. Files are only ever added: an applied one is known by its checksum.
type Change = (i64, &'static str, &'static str);
const SQLITE: [Change; 7] = [
    (1, "conversations", include_str!("migrations/0001_conversations.sql")),
    (2, "documents", include_str!("migrations/0002_documents.sql")),
    (3, "desk", include_str!("migrations/0003_desk.sql")),
    (4, "reach", include_str!("migrations/0004_reach.sql")),
    (20, "receipts", include_str!("migrations/0020_receipts.sql")),
    (21, "corrections", include_str!("migrations/0021_corrections.sql")),
    (22, "drafts", include_str!("migrations/0022_drafts.sql")),
];
const POSTGRES: [Change; 2] =
    [(1, "all", include_str!("migrations/postgres/0001_all.sql")), (2, "drafts", include_str!("migrations/postgres/0002_drafts.sql"))];

/// Connections to one of the two.
#[derive(Debug, Clone)]
pub(super) enum Database {
    /// One connection writes, several read beside it.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    /// All connections do both.
    Postgres(PgPool),
}

/// Runs an expression that reads; `$from` is where it reads from.
macro_rules! read {
    ($store:expr, $from:ident => $run:expr) => {
        match &$store.database {
            $crate::store::database::Database::Sqlite { readers: $from, .. } => $run,
            $crate::store::database::Database::Postgres($from) => $run,
        }
    };
}

/// Runs one statement that writes.
macro_rules! write_once {
    ($store:expr, $to:ident => $run:expr) => {
        match &$store.database {
            $crate::store::database::Database::Sqlite { writer: $to, .. } => $run,
            $crate::store::database::Database::Postgres($to) => $run,
        }
    };
}

/// Runs a block in a transaction `$change`, which it has to commit. SQLite takes its lock at once: a transaction that reads first
/// and writes later fails when another one wrote between.
macro_rules! change {
    ($store:expr, $failed:expr, $change:ident => $run:block) => {
        match &$store.database {
            $crate::store::database::Database::Sqlite { writer, .. } => {
                let mut $change = writer.begin_with("BEGIN IMMEDIATE").await.on(ErrorKind::Store, $failed)?;
                $run
            }
            $crate::store::database::Database::Postgres(pool) => {
                let mut $change = pool.begin().await.on(ErrorKind::Store, $failed)?;
                $run
            }
        }
    };
}

pub(super) use {change, read, write_once};

impl Database {
    /// Opens the SQLite file at `path`; the file and its folder are made where missing.
    pub async fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .on(ErrorKind::Io, || format!("{}: could not make this folder for the database", folder.display()))?;
        }
        let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(WAIT).foreign_keys(true);
        // What is deleted is overwritten, not only forgotten.
        let writing = options
            .clone()
            .pragma("secure_delete", "ON")
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal);
        // A second connection that writes would only wait for the first, and could fail half-way through a read-then-write.
        let writer = sqlite_pool(1).connect_with(writing).await.map_err(|cause| opening_failed(path, cause))?;
        if bytes <= CHECKED_BYTES {
            check_pages(&writer, path).await?;
        }
        migrate(&writer, &SQLITE, &path.display().to_string()).await?;
        let readers =
            sqlite_pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(|cause| opening_failed(path, cause))?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// Connects to the PostgreSQL server at `url`, whose `place` may be shown.
    pub async fn connect(url: &str, place: &str) -> Result<Self> {
        let options: PgConnectOptions = url.parse().on(ErrorKind::BadSetting, || format!("--database {place}: this is no address"))?;
        let pool = PgPoolOptions::new().max_connections(CONNECTIONS).acquire_timeout(WAIT).connect_with(options).await;
        let pool = pool.on(ErrorKind::Store, || {
            format!("{place}: could not be reached: check that the server runs, that this database exists and that the user may open it")
        })?;
        migrate(&pool, &POSTGRES, place).await?;
        Ok(Self::Postgres(pool))
    }

    /// Lets go of all connections. Every later call fails.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }
}

/// Connections that stay: reopening one costs more than keeping it, and the last one to go would fold the WAL.
fn sqlite_pool(connections: u32) -> SqlitePoolOptions {
    // On a full disk SQLite ends a transaction by itself; the driver goes on counting it, and no other could ever begin on that connection.
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(WAIT).idle_timeout(None).max_lifetime(None).after_release(
        |connection, _| {
            Box::pin(async move {
                connection.ping().await?; // lets a pending rollback end
                Ok(!connection.is_in_transaction())
            })
        },
    )
}

/// SQLite finds a damaged page only when it reads it; better at the start than in the middle of an answer.
async fn check_pages(writer: &SqlitePool, path: &Path) -> Result<()> {
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await.map_err(|cause| opening_failed(path, cause))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(path).because(verdict)) }
}

async fn migrate<DB>(pool: &sqlx::Pool<DB>, changes: &[Change], place: &str) -> Result<()>
where
    DB: sqlx::Database,
    DB::Connection: Migrate,
{
    let migration = |&(version, name, sql): &Change| Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false);
    Migrator::with_migrations(changes.iter().map(migration).collect()).run(pool).await.on(ErrorKind::Store, || {
        format!(
            "{place}: its tables do not fit this version of frontdesk (a newer one, or another program, may have made them): \
             use that version, or name another database"
        )
    })
}

fn opening_failed(path: &Path, cause: sqlx::Error) -> Error {
    // SQLITE_CORRUPT and SQLITE_NOTADB; the low byte of an extended code is the plain one.
    let code = cause.as_database_error().and_then(|error| error.code()?.parse::<i32>().ok());
    let error = if matches!(code.map(|code| code & 0xff), Some(11 | 26)) {
        damaged(path)
    } else {
        ErrorKind::Store.on(format!(
            "{}: could not be opened: check that it is a file which this user may write, and that no other program holds it",
            path.display()
        ))
    };
    error.because(cause)
}

fn damaged(path: &Path) -> Error {
    ErrorKind::Store.on(format!(
        "{} is damaged or is no SQLite database: put a backup in its place, or move it and its -wal and -shm files away to start with an empty one",
        path.display()
    ))
}
