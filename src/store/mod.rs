//! What was asked, what was answered, and who waits for a person?
//!
//! In: requests with their answers. Out: conversations, turns and hand-offs, newest first, and what other systems are to hear of them
//! (`outbox`). One SQLite file in WAL mode, or a PostgreSQL server that several servers share, holds them (`database`); what was
//! recorded survives a restart.
//! Must not know: HTTP, models.

mod corrections;
mod database;
mod drafts;
mod handoffs;
mod history;
mod outbox;
mod privacy;
mod reserve;
#[cfg(test)]
mod tests;
mod uploads;

pub use drafts::PolicyDraft;
pub use history::{Asked, Handed, History};
pub use outbox::{Delivery, EVENTS, HandoffEvent, OutboxEntry, OutboxState, Said, Subscription};
pub use privacy::{Erased, ExportedConversation, ExportedFeedback, ExportedTurn};

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use jiff::Timestamp;

use self::database::{Database, change, read, write_once};
use crate::answer::{Answer, AnswerRequest, Feedback, Handoff, HandoffState, Rating, SoFar};
use crate::config::DatabasePlace;
use crate::error::{Context, ErrorKind, Result};
use serde_json::Value;

/// The database. Cheap to clone: clones share their connections.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    /// Names it in errors; without a password.
    place: String,
    /// Where room is kept for a full disk; none of PostgreSQL's.
    reserve: Option<PathBuf>,
    /// Who is to hear of hand-offs.
    subscriptions: Arc<RwLock<Vec<Subscription>>>,
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
    /// Opens the database at `place`, and brings its tables up to date.
    ///
    /// # Errors
    /// As [`Self::open`] for a file; `BadSetting` for a URL that is none, `Store` for a server that cannot be reached.
    pub async fn open_at(place: &DatabasePlace) -> Result<Self> {
        match place {
            DatabasePlace::File(path) => Self::open(path).await,
            DatabasePlace::Postgres(url) => {
                let place = place.to_string();
                Ok(Self::on(Database::connect(url.reveal(), &place).await?, place))
            }
        }
    }

    /// Opens the SQLite file at `path`; the file and its folder are made where missing, and older tables are brought up to date.
    ///
    /// # Errors
    /// `Io` if the folder cannot be made; `Store` if the file is damaged, is no database, comes from a newer version or cannot be written.
    pub async fn open(path: &Path) -> Result<Self> {
        Ok(Self { reserve: Some(path.with_extension("reserve")), ..Self::on(Database::open(path).await?, path.display().to_string()) })
    }

    fn on(database: Database, place: String) -> Self {
        Self { database, place, reserve: None, subscriptions: Arc::default() }
    }

    /// Keeps some room on the disk, so that hand-offs can be kept when it is full. Blocks for some milliseconds, once.
    ///
    /// # Errors
    /// `Io` when there is no room.
    pub fn keep_reserve(&self) -> Result<()> {
        self.reserve.as_deref().map_or(Ok(()), reserve::keep)
    }

    /// Keeps a question, its answer and the hand-off in it, with what other systems are to hear: all of them or, on an error, none.
    ///
    /// # Errors
    /// `Store` if the database failed, or if the answer's id is taken, or the hand-off's by another conversation.
    pub async fn record(&self, request: &AnswerRequest, answer: &Answer) -> Result<()> {
        match (self.record_once(request, answer).await, &self.reserve) {
            (Err(error), Some(reserve)) if reserve::is_full(&error) && reserve::release(reserve) => {
                tracing::error!(error = error.chain(), "the disk is full: the reserve is used for hand-offs now, free some space");
                self.record_once(request, answer).await
            }
            (done, _) => done,
        }
    }

    async fn record_once(&self, request: &AnswerRequest, answer: &Answer) -> Result<()> {
        let failed = || format!("answer {} could not be kept in {}", answer.id, self.place);
        let now = Timestamp::now().as_microsecond();
        // An offer lies in its answer: nobody waits before the customer has said yes.
        let begun = answer.handoff.as_ref().filter(|handoff| handoff.state != HandoffState::Offered);
        let packet = begun.map(|handoff| Ok((handoff, to_json(handoff)?))).transpose()?;
        let (whole, wishes, scores) = (to_json(answer)?, to_json(&wishes(request)?)?, to_json(&answer.scores)?);
        change!(self, failed, change => {
            sqlx::query("INSERT INTO conversations (id, created_at, customer_id) VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING")
                .bind(&answer.conversation_id)
                .bind(now)
                .bind(request.customer_id.as_deref().map(text))
                .execute(&mut *change)
                .await
                .on(ErrorKind::Store, failed)?;
            sqlx::query("INSERT INTO turns (id, conversation_id, question, answer, created_at, wishes, scores) VALUES ($1, $2, $3, $4, $5, $6, $7)")
                .bind(&answer.id)
                .bind(&answer.conversation_id)
                .bind(text(&request.question))
                .bind(&whole)
                .bind(now)
                .bind(&wishes)
                .bind(&scores)
                .execute(&mut *change)
                .await
                .on(ErrorKind::Store, failed)?;
            if let Some((handoff, packet)) = &packet {
                // One that waits already gets the new packet; where it stands is changed by people alone.
                let sql = "INSERT INTO handoffs (id, conversation_id, packet, state, created_at) VALUES ($1, $2, $3, $4, $5)
                           ON CONFLICT (id) DO UPDATE SET packet = excluded.packet
                           WHERE handoffs.conversation_id = excluded.conversation_id RETURNING created_at";
                let kept: Option<i64> = sqlx::query_scalar(sql)
                    .bind(&handoff.id)
                    .bind(&answer.conversation_id)
                    .bind(packet)
                    .bind(handoff.state.name())
                    .bind(now)
                    .fetch_optional(&mut *change)
                    .await
                    .on(ErrorKind::Store, failed)?;
                let began = kept.ok_or_else(|| ErrorKind::Store.on(failed()))?; // else the id belongs to another conversation
                let event = if began == now { HandoffEvent::Queued } else { HandoffEvent::Updated };
                for row in self.announce(event, handoff, || outbox::said(&request.history, request, answer)) {
                    sqlx::query(outbox::INSERT)
                        .bind(&row.id)
                        .bind(&row.endpoint)
                        .bind(row.event.name())
                        .bind(&answer.conversation_id)
                        .bind(&row.body)
                        .bind(now)
                        .execute(&mut *change)
                        .await
                        .on(ErrorKind::Store, failed)?;
                }
            }
            change.commit().await.on(ErrorKind::Store, failed)
        })
    }

    /// The last turns of a conversation, `limit` at most, oldest first; none for an unknown one.
    ///
    /// # Errors
    /// `Store` if the database failed or holds an answer that this version cannot read.
    pub async fn turns(&self, conversation_id: &str, limit: u32) -> Result<Vec<Turn>> {
        let sql = "SELECT question, answer, created_at FROM turns WHERE conversation_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT $2";
        let failed = || self.unreadable("turns");
        let rows: Vec<(String, String, i64)> = read!(self, from => sqlx::query_as(sql)
            .bind(conversation_id).bind(i64::from(limit)).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let read = |(question, answer, created_at): (String, String, i64)| {
            Ok(Turn { question, answer: self.parse(&answer, "turns")?, created_at: self.time(created_at, "turns")? })
        };
        rows.into_iter().rev().map(read).collect()
    }

    /// The answer of this id, with how it came about.
    ///
    /// # Errors
    /// `Store` if the database failed or holds an answer that this version cannot read.
    pub async fn receipt(&self, answer_id: &str) -> Result<Option<Receipt>> {
        let failed = || self.unreadable("turns");
        let sql = "SELECT question, answer, created_at, wishes, scores FROM turns WHERE id = $1";
        let found: Option<ReceiptRow> =
            read!(self, from => sqlx::query_as(sql).bind(text(answer_id)).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        let Some((question, sent, created_at, wishes, scores)) = found else { return Ok(None) };
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
        let sql = "SELECT COUNT(*) FROM turns WHERE conversation_id = $1";
        let turns: i64 =
            read!(self, from => sqlx::query_scalar(sql).bind(conversation_id).fetch_one(from).await.on(ErrorKind::Store, failed)?);
        let handoff: Option<Handoff> = self.open_handoff(conversation_id).await?;
        let sql = "SELECT state FROM handoffs WHERE conversation_id = $1 ORDER BY seq DESC LIMIT 1";
        let last: Option<String> =
            read!(self, from => sqlx::query_scalar(sql).bind(conversation_id).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        let sql = "SELECT answer FROM turns WHERE conversation_id = $1 ORDER BY created_at DESC, rowid DESC LIMIT 1";
        let answer: Option<String> =
            read!(self, from => sqlx::query_scalar(sql).bind(conversation_id).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        let answer: Option<Answer> = answer.map(|answer| self.parse(&answer, "turns")).transpose()?;
        let offer = answer.and_then(|answer| answer.handoff).filter(|handoff| handoff.state == HandoffState::Offered);
        Ok(SoFar {
            turns: usize::try_from(turns).unwrap_or_default(),
            handoff: handoff.map(Box::new),
            offer: offer.map(Box::new),
            queue: None,
            nobody_came: last.as_deref() == Some(HandoffState::TimedOut.name()),
        })
    }

    /// What conversations began with, each question once, the newest `limit`, newest first. Later turns lean on what was said before.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn first_questions(&self, limit: u32) -> Result<Vec<String>> {
        let sql = "SELECT question FROM turns AS turn
                   WHERE NOT EXISTS (SELECT 1 FROM turns AS earlier WHERE earlier.conversation_id = turn.conversation_id AND earlier.rowid < turn.rowid)
                   GROUP BY question ORDER BY MAX(created_at) DESC, MAX(rowid) DESC LIMIT $1";
        let failed = || self.unreadable("turns");
        read!(self, from => sqlx::query_scalar(sql).bind(i64::from(limit)).fetch_all(from).await.on(ErrorKind::Store, failed))
    }

    /// Keeps what somebody thought of an answer.
    ///
    /// # Errors
    /// `NotFound` for an unknown answer; `Store` if the database failed.
    pub async fn keep_feedback(&self, feedback: &Feedback) -> Result<()> {
        let failed = || format!("feedback could not be kept in {}", self.place);
        let sql = "INSERT INTO feedback (answer_id, rating, comment, created_at) SELECT id, $2, $3, $4 FROM turns WHERE id = $1";
        let rating = match feedback.rating {
            Rating::Up => "up",
            Rating::Down => "down",
        };
        let kept = write_once!(self, to => sqlx::query(sql)
            .bind(text(&feedback.answer_id))
            .bind(rating)
            .bind(feedback.comment.as_deref().map(text))
            .bind(Timestamp::now().as_microsecond())
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)?
            .rows_affected());
        match kept {
            0 => Err(ErrorKind::NotFound.on(format!("field `answer_id`: there is no answer `{}`", feedback.answer_id))),
            _ => Ok(()),
        }
    }

    /// Whether the database still answers.
    ///
    /// # Errors
    /// `Store` if it does not.
    pub async fn ping(&self) -> Result<()> {
        let failed = || self.unreadable("anything");
        read!(self, from => sqlx::query("SELECT 1").execute(from).await.on(ErrorKind::Store, failed).map(drop))
    }

    /// Writes everything back (SQLite) and lets go of all connections. Every later call fails.
    pub async fn close(&self) {
        self.database.close().await;
    }

    fn unreadable(&self, what: &str) -> String {
        format!("{}: could not read {what}", self.place)
    }

    fn parse<T: serde::de::DeserializeOwned>(&self, json: &str, what: &str) -> Result<T> {
        serde_json::from_str(json).on(ErrorKind::Store, || self.unreadable(what))
    }

    fn time(&self, microseconds: i64, what: &str) -> Result<Timestamp> {
        Timestamp::from_microsecond(microseconds).on(ErrorKind::Store, || self.unreadable(what))
    }
}

/// PostgreSQL keeps no NUL in text, and nobody meant to write one.
fn text(words: &str) -> Cow<'_, str> {
    if words.contains('\0') { Cow::Owned(words.replace('\0', "")) } else { Cow::Borrowed(words) }
}

fn to_json(value: &impl serde::Serialize) -> Result<String> {
    serde_json::to_string(value).on(ErrorKind::Store, || "an answer could not be written as JSON".to_owned())
}
