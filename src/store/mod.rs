//! What was asked, what was answered, and who waits for a person?
//!
//! In: requests with their answers. Out: conversations, turns and hand-offs, newest first. One SQLite file in WAL mode
//! holds them: one connection writes, several read beside it, and what was recorded survives a restart.
//! Must not know: HTTP, models.

mod corrections;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Row, SqlSafeStr};

use crate::answer::{Answer, AnswerRequest, Feedback, Handoff, HandoffMove, HandoffState, Rating, SoFar};
use crate::error::{Context, Error, ErrorKind, Result};
use crate::policy::Upload;

/// Longest wait for a free connection or for another process that holds the file.
const WAIT: Duration = Duration::from_secs(5);
/// Connections that read.
const READERS: u32 = 4;
/// Files up to this size are checked page by page when opened; larger ones would delay the start for too long.
const CHECKED_BYTES: u64 = 1 << 30;
/// The changes to the tables, oldest first. Files are only ever added: an applied one is known by its checksum.
const MIGRATIONS: [(i64, &str, &str); 5] = [
    (1, "conversations", include_str!("migrations/0001_conversations.sql")),
    (2, "documents", include_str!("migrations/0002_documents.sql")),
    (3, "desk", include_str!("migrations/0003_desk.sql")),
    (20, "receipts", include_str!("migrations/0020_receipts.sql")),
    (21, "corrections", include_str!("migrations/0021_corrections.sql")),
];

/// What is kept of a hand-off: packet, state, revision, agent, note, time of the last change.
type HandoffRow = (String, String, u32, Option<String>, Option<String>, Option<i64>);
const HANDOFF: &str = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs WHERE id = $1";

/// The database. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    writer: SqlitePool,
    readers: SqlitePool,
    path: PathBuf,
}

/// One question of a conversation, and its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// The customer's words.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// An answer as it was sent, and how it came about.
#[derive(Debug, Clone, PartialEq)]
pub struct Receipt {
    /// The customer's words.
    pub question: String,
    /// The answer's JSON, byte for byte as the client got it.
    pub sent: String,
    /// The same, read.
    pub answer: Answer,
    /// What else the request asked for; `None` for answers of older versions.
    pub wishes: Option<Value>,
    /// What the confidence came from, where anything was found.
    pub scores: Option<Value>,
    /// When it was recorded.
    pub created_at: Timestamp,
}

/// Question, answer, time, wishes, scores.
type ReceiptRow = (String, String, i64, Option<String>, Option<String>);

/// What a request asked for beside its words, which are kept elsewhere.
fn wishes(request: &AnswerRequest) -> Result<Value> {
    let mut value = serde_json::to_value(request).on(ErrorKind::Store, || "a request could not be written as JSON".to_owned())?;
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|name, _| !matches!(name.as_str(), "question" | "history" | "conversation_id"));
    }
    Ok(value)
}

impl Store {
    /// Opens the database at `path`; the file and its folder are made where missing, and older tables are brought up to date.
    ///
    /// # Errors
    /// `Io` if the folder cannot be made; `Store` if the file is damaged, is no database, comes from a newer version or cannot be written.
    pub async fn open(path: &Path) -> Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder)
                .on(ErrorKind::Io, || format!("{}: could not make this folder for the database", folder.display()))?;
        }
        let bytes = std::fs::metadata(path).map_or(0, |file| file.len());
        let options = SqliteConnectOptions::new().filename(path).busy_timeout(WAIT).foreign_keys(true);
        let writing = options.clone().create_if_missing(true).journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Normal);
        // A second connection that writes would only wait for the first, and could fail half-way through a read-then-write.
        let writer = pool(1).connect_with(writing).await.map_err(|cause| opening_failed(path, cause))?;
        if bytes <= CHECKED_BYTES {
            check_pages(&writer, path).await?;
        }
        migrate(&writer, path).await?;
        let readers = pool(READERS).connect_with(options.pragma("query_only", "ON")).await.map_err(|cause| opening_failed(path, cause))?;
        Ok(Self { writer, readers, path: path.to_owned() })
    }

    /// Keeps a question, its answer and the hand-off in it: all of them or, on an error, none.
    ///
    /// # Errors
    /// `Store` if the database failed, or if the answer's id is taken, or the hand-off's by another conversation.
    pub async fn record(&self, request: &AnswerRequest, answer: &Answer) -> Result<()> {
        let failed = || format!("answer {} could not be kept in {}", answer.id, self.path.display());
        let now = Timestamp::now().as_microsecond();
        let packet = answer.handoff.as_ref().map(|handoff| Ok((handoff, to_json(handoff)?))).transpose()?;
        let (whole, wishes, scores) = (to_json(answer)?, to_json(&wishes(request)?)?, to_json(&answer.scores)?);
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await.on(ErrorKind::Store, failed)?;
        sqlx::query("INSERT INTO conversations (id, created_at) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING")
            .bind(&answer.conversation_id)
            .bind(now)
            .execute(&mut *change)
            .await
            .on(ErrorKind::Store, failed)?;
        sqlx::query(
            "INSERT INTO turns (id, conversation_id, question, answer, created_at, wishes, scores) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&answer.id)
        .bind(&answer.conversation_id)
        .bind(&request.question)
        .bind(whole)
        .bind(now)
        .bind(wishes)
        .bind(scores)
        .execute(&mut *change)
        .await
        .on(ErrorKind::Store, failed)?;
        if let Some((handoff, packet)) = packet {
            // One that waits already gets the new packet; where it stands is changed by people alone.
            let sql = "INSERT INTO handoffs (id, conversation_id, packet, state, created_at) VALUES ($1, $2, $3, $4, $5)
                       ON CONFLICT (id) DO UPDATE SET packet = excluded.packet WHERE conversation_id = excluded.conversation_id";
            let kept = sqlx::query(sql)
                .bind(&handoff.id)
                .bind(&answer.conversation_id)
                .bind(packet)
                .bind(handoff.state.name())
                .bind(now)
                .execute(&mut *change)
                .await
                .on(ErrorKind::Store, failed)?;
            if kept.rows_affected() == 0 {
                return Err(ErrorKind::Store.on(failed())); // the id belongs to another conversation
            }
        }
        change.commit().await.on(ErrorKind::Store, failed)
    }

    /// The last turns of a conversation, `limit` at most, oldest first; none for an unknown one.
    ///
    /// # Errors
    /// `Store` if the database failed or holds an answer that this version cannot read.
    pub async fn turns(&self, conversation_id: &str, limit: u32) -> Result<Vec<Turn>> {
        let sql = "SELECT question, answer, created_at FROM turns WHERE conversation_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT $2";
        let failed = || self.unreadable("turns");
        let rows = sqlx::query(sql).bind(conversation_id).bind(limit).fetch_all(&self.readers).await.on(ErrorKind::Store, failed)?;
        let read = |row: &sqlx::sqlite::SqliteRow| {
            let answer: String = row.try_get("answer").on(ErrorKind::Store, failed)?;
            let created_at: i64 = row.try_get("created_at").on(ErrorKind::Store, failed)?;
            Ok(Turn {
                question: row.try_get("question").on(ErrorKind::Store, failed)?,
                answer: serde_json::from_str(&answer).on(ErrorKind::Store, failed)?,
                created_at: Timestamp::from_microsecond(created_at).on(ErrorKind::Store, failed)?,
            })
        };
        rows.iter().rev().map(read).collect()
    }

    /// The answer of this id, with how it came about.
    ///
    /// # Errors
    /// `Store` if the database failed or holds an answer that this version cannot read.
    pub async fn receipt(&self, answer_id: &str) -> Result<Option<Receipt>> {
        let failed = || self.unreadable("turns");
        let sql = "SELECT question, answer, created_at, wishes, scores FROM turns WHERE id = $1";
        let found = sqlx::query_as(sql).bind(answer_id).fetch_optional(&self.readers).await.on(ErrorKind::Store, failed)?;
        let Some((question, sent, created_at, wishes, scores)): Option<ReceiptRow> = found else { return Ok(None) };
        let value = |text: Option<String>| text.map(|text| serde_json::from_str(&text)).transpose().on(ErrorKind::Store, failed);
        Ok(Some(Receipt {
            question,
            answer: serde_json::from_str(&sent).on(ErrorKind::Store, failed)?,
            sent,
            wishes: value(wishes)?,
            scores: value(scores)?,
            created_at: Timestamp::from_microsecond(created_at).on(ErrorKind::Store, failed)?,
        }))
    }

    /// How many turns a conversation has, and the hand-off in it that no person has ended.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn so_far(&self, conversation_id: &str) -> Result<SoFar> {
        let failed = || self.unreadable("conversations");
        let count = sqlx::query_scalar("SELECT COUNT(*) FROM turns WHERE conversation_id = $1").bind(conversation_id);
        let turns: i64 = count.fetch_one(&self.readers).await.on(ErrorKind::Store, failed)?;
        let sql = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs
                   WHERE conversation_id = $1 AND state IN ('offered', 'requested', 'queued', 'accepted', 'active') ORDER BY seq DESC LIMIT 1";
        let open = sqlx::query_as(sql).bind(conversation_id).fetch_optional(&self.readers).await.on(ErrorKind::Store, failed)?;
        let handoff = open.map(|row| self.unpack(row).map(Box::new)).transpose()?;
        Ok(SoFar { turns: usize::try_from(turns).unwrap_or_default(), handoff })
    }

    /// What conversations began with, each question once, the newest `limit`, newest first. Later turns lean on what was said before.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn first_questions(&self, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT question FROM turns AS turn
                   WHERE NOT EXISTS (SELECT 1 FROM turns AS earlier WHERE earlier.conversation_id = turn.conversation_id AND earlier.rowid < turn.rowid)
                   GROUP BY question ORDER BY MAX(created_at) DESC, MAX(rowid) DESC LIMIT $1";
        sqlx::query_scalar(sql).bind(limit).fetch_all(&self.readers).await.on(ErrorKind::Store, || self.unreadable("turns"))
    }

    /// At most `limit` hand-offs, newest first; with `before`, only those older than the hand-off of that id; with `state`, only those
    /// that stand there.
    ///
    /// # Errors
    /// `NotFound` if there is no hand-off `before`; `Store` if the database failed.
    pub async fn handoffs(&self, limit: u32, before: Option<&str>, state: Option<HandoffState>) -> Result<Vec<Handoff>> {
        let failed = || self.unreadable("handoffs");
        let below = match before {
            None => i64::MAX,
            Some(id) => {
                let found = sqlx::query_scalar("SELECT seq FROM handoffs WHERE id = $1").bind(id).fetch_optional(&self.readers).await;
                found
                    .on(ErrorKind::Store, failed)?
                    .ok_or_else(|| ErrorKind::NotFound.on(format!("`before`: there is no hand-off `{id}`")))?
            }
        };
        let sql = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs
                   WHERE seq < $1 AND ($2 IS NULL OR state = $2) ORDER BY seq DESC LIMIT $3";
        let rows = sqlx::query_as(sql).bind(below).bind(state.map(HandoffState::name)).bind(limit).fetch_all(&self.readers).await;
        rows.on(ErrorKind::Store, failed)?.into_iter().map(|row| self.unpack(row)).collect()
    }

    /// The hand-off of this id.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn handoff(&self, id: &str) -> Result<Option<Handoff>> {
        let found = sqlx::query_as(HANDOFF).bind(id).fetch_optional(&self.readers).await;
        let found = found.on(ErrorKind::Store, || self.unreadable("handoffs"))?;
        found.map(|row| self.unpack(row)).transpose()
    }

    /// Moves a hand-off on to `next`, by the agent in `wish`, and gives it as it then is.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; `Conflict` where it may not become that, or has changed since the revision that the agent saw;
    /// `Store` if the database failed.
    pub async fn move_handoff(&self, id: &str, next: HandoffState, wish: &HandoffMove) -> Result<Handoff> {
        let failed = || format!("hand-off {id} could not be changed in {}", self.path.display());
        let mut change = self.writer.begin_with("BEGIN IMMEDIATE").await.on(ErrorKind::Store, failed)?;
        let row = sqlx::query_as(HANDOFF).bind(id).fetch_optional(&mut *change).await.on(ErrorKind::Store, failed)?;
        let now = self.unpack(row.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no hand-off `{id}`")))?)?;
        let holder = now.agent.as_deref().map(|agent| format!(" by {agent}")).unwrap_or_default();
        if !now.state.may_become(next) {
            return Err(ErrorKind::Conflict.on(format!("the hand-off is {}{holder}: it cannot become {}", now.state.name(), next.name())));
        }
        if let Some(seen) = wish.revision.filter(|seen| *seen != now.revision) {
            let current = now.revision;
            return Err(
                ErrorKind::Conflict.on(format!("the hand-off is at revision {current}, not {seen}: read it again before changing it"))
            );
        }
        let moved =
            "UPDATE handoffs SET state = $2, agent = $3, note = COALESCE($4, note), revision = revision + 1, updated_at = $5 WHERE id = $1";
        sqlx::query(moved)
            .bind(id)
            .bind(next.name())
            .bind(&wish.agent)
            .bind(&wish.note)
            .bind(Timestamp::now().as_microsecond())
            .execute(&mut *change)
            .await
            .on(ErrorKind::Store, failed)?;
        let row = sqlx::query_as(HANDOFF).bind(id).fetch_one(&mut *change).await.on(ErrorKind::Store, failed)?;
        change.commit().await.on(ErrorKind::Store, failed)?;
        self.unpack(row)
    }

    /// Keeps what somebody thought of an answer.
    ///
    /// # Errors
    /// `NotFound` for an unknown answer; `Store` if the database failed.
    pub async fn keep_feedback(&self, feedback: &Feedback) -> Result<()> {
        let failed = || format!("feedback could not be kept in {}", self.path.display());
        let sql = "INSERT INTO feedback (answer_id, rating, comment, created_at) SELECT id, $2, $3, $4 FROM turns WHERE id = $1";
        let rating = match feedback.rating {
            Rating::Up => "up",
            Rating::Down => "down",
        };
        let kept = sqlx::query(sql)
            .bind(&feedback.answer_id)
            .bind(rating)
            .bind(&feedback.comment)
            .bind(Timestamp::now().as_microsecond())
            .execute(&self.writer)
            .await
            .on(ErrorKind::Store, failed)?;
        match kept.rows_affected() {
            0 => Err(ErrorKind::NotFound.on(format!("field `answer_id`: there is no answer `{}`", feedback.answer_id))),
            _ => Ok(()),
        }
    }

    /// Keeps an uploaded document.
    ///
    /// # Errors
    /// `Store` if the database failed, or if this version is kept already.
    pub async fn keep_upload(&self, upload: &Upload) -> Result<()> {
        let sql = "INSERT INTO documents (id, version, extension, bytes, begins, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let kept = sqlx::query(sql)
            .bind(&upload.document_id)
            .bind(upload.version)
            .bind(&upload.extension)
            .bind(&upload.bytes)
            .bind(upload.begins.map(|day| day.to_string()))
            .bind(Timestamp::now().as_microsecond())
            .execute(&self.writer)
            .await;
        kept.on(ErrorKind::Store, || format!("{} could not be kept in {}", upload.path(), self.path.display()))?;
        Ok(())
    }

    /// Removes the uploaded versions of a document, or one of them; says how many there were.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn remove_uploads(&self, document_id: &str, version: Option<u32>) -> Result<u64> {
        let sql = "DELETE FROM documents WHERE id = $1 AND ($2 IS NULL OR version = $2)";
        let removed = sqlx::query(sql).bind(document_id).bind(version).execute(&self.writer).await;
        let failed = || format!("{document_id} could not be removed from {}", self.path.display());
        Ok(removed.on(ErrorKind::Store, failed)?.rows_affected())
    }

    /// Every uploaded document, by id and version.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn uploads(&self) -> Result<Vec<Upload>> {
        let failed = || self.unreadable("documents");
        let sql = "SELECT id, version, extension, bytes, begins FROM documents ORDER BY id, version";
        let rows = sqlx::query_as(sql).fetch_all(&self.readers).await.on(ErrorKind::Store, failed)?;
        let read = |(document_id, version, extension, bytes, begins): (String, u32, String, Vec<u8>, Option<String>)| {
            let begins = begins.map(|day| day.parse()).transpose().on(ErrorKind::Store, failed)?;
            Ok(Upload { document_id, version, extension, bytes, begins })
        };
        rows.into_iter().map(read).collect()
    }

    /// Whether the database still answers.
    ///
    /// # Errors
    /// `Store` if it does not.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("SELECT 1").execute(&self.readers).await.on(ErrorKind::Store, || self.unreadable("anything"))?;
        Ok(())
    }

    /// Writes everything back into the one file and lets go of it. Every later call fails.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    fn unpack(&self, (packet, state, revision, agent, note, updated_at): HandoffRow) -> Result<Handoff> {
        let failed = || self.unreadable("handoffs");
        let packet: Handoff = serde_json::from_str(&packet).on(ErrorKind::Store, failed)?;
        let state = serde_json::from_value(serde_json::Value::String(state)).on(ErrorKind::Store, failed)?;
        let updated_at = updated_at.map(Timestamp::from_microsecond).transpose().on(ErrorKind::Store, failed)?;
        Ok(Handoff { state, revision, agent, note, updated_at: updated_at.map(|time| time.to_string()), ..packet })
    }

    fn unreadable(&self, what: &str) -> String {
        format!("{}: could not read {what}", self.path.display())
    }
}

/// Connections that stay: reopening one costs more than keeping it, and the last one to go would fold the WAL.
fn pool(connections: u32) -> SqlitePoolOptions {
    SqlitePoolOptions::new().max_connections(connections).acquire_timeout(WAIT).idle_timeout(None).max_lifetime(None)
}

/// SQLite finds a damaged page only when it reads it; better at the start than in the middle of an answer.
async fn check_pages(writer: &SqlitePool, path: &Path) -> Result<()> {
    let verdict: String =
        sqlx::query_scalar("PRAGMA quick_check(1)").fetch_one(writer).await.map_err(|cause| opening_failed(path, cause))?;
    if verdict == "ok" { Ok(()) } else { Err(damaged(path).because(verdict)) }
}

async fn migrate(writer: &SqlitePool, path: &Path) -> Result<()> {
    let migration = |&(version, name, sql): &(i64, &'static str, &'static str)| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(MIGRATIONS.iter().map(migration).collect()).run(writer).await.on(ErrorKind::Store, || {
        format!(
            "{}: its tables do not fit this version of frontdesk (a newer one, or another program, may have made them): \
             use that version, or name another file",
            path.display()
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

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).on(ErrorKind::Store, || "an answer could not be written as JSON".to_owned())
}
