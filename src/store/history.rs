//! What happened in a span of time, for the report on it.

use jiff::Timestamp;

use super::Store;
use super::database::read;
use crate::answer::{Answer, Handoff};
use crate::error::{Context, ErrorKind, Result};

/// A question with its answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// In which conversation.
    pub conversation_id: String,
    /// Whose it is, if the caller said so.
    pub customer_id: Option<String>,
    /// The customer's words.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
    /// When.
    pub at: Timestamp,
}

/// A hand-off, with when it began and when a person took it.
#[derive(Debug, Clone, PartialEq)]
pub struct Handed {
    /// As it is now.
    pub handoff: Handoff,
    /// When it began.
    pub began: Timestamp,
    /// When a person took it.
    pub accepted: Option<Timestamp>,
}

/// All that happened in a span of time, each list oldest first.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct History {
    /// Questions.
    pub asked: Vec<Asked>,
    /// Hand-offs.
    pub handed: Vec<Handed>,
    /// Answers that were rated, and whether they helped.
    pub rated: Vec<(String, bool)>,
}

impl Store {
    /// What happened from `from` up to, but not at, `to`.
    ///
    /// # Errors
    /// `Store` if the database failed or holds what this version cannot read.
    pub async fn history(&self, from: Timestamp, to: Timestamp) -> Result<History> {
        let failed = || self.unreadable("turns");
        let (start, end) = (from.as_microsecond(), to.as_microsecond());
        let sql = "SELECT conversation_id, customer_id, question, answer, turns.created_at FROM turns
                   JOIN conversations ON conversations.id = turns.conversation_id
                   WHERE turns.created_at >= $1 AND turns.created_at < $2 ORDER BY turns.created_at, turns.rowid";
        type Row = (String, Option<String>, String, String, i64);
        let rows: Vec<Row> =
            read!(self, from => sqlx::query_as(sql).bind(start).bind(end).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let asked = |(conversation_id, customer_id, question, answer, at): Row| {
            Ok(Asked { conversation_id, customer_id, question, answer: self.parse(&answer, "turns")?, at: self.time(at, "turns")? })
        };
        let asked = rows.into_iter().map(asked).collect::<Result<_>>()?;
        let sql = "SELECT packet, state, revision, agent, note, updated_at, created_at, accepted_at FROM handoffs
                   WHERE created_at >= $1 AND created_at < $2 ORDER BY seq";
        type HandedRow = (String, String, i64, Option<String>, Option<String>, Option<i64>, i64, Option<i64>);
        let rows: Vec<HandedRow> =
            read!(self, from => sqlx::query_as(sql).bind(start).bind(end).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let handed = |(packet, state, revision, agent, note, updated_at, began, accepted): HandedRow| {
            let handoff = self.unpack((packet, state, revision, agent, note, updated_at))?;
            let accepted = accepted.map(|time| self.time(time, "handoffs")).transpose()?;
            Ok(Handed { handoff, began: self.time(began, "handoffs")?, accepted })
        };
        let handed = rows.into_iter().map(handed).collect::<Result<_>>()?;
        let sql = "SELECT answer_id, rating = 'up' FROM feedback JOIN turns ON turns.id = feedback.answer_id
                   WHERE turns.created_at >= $1 AND turns.created_at < $2 ORDER BY seq";
        let rated: Vec<(String, bool)> =
            read!(self, from => sqlx::query_as(sql).bind(start).bind(end).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        Ok(History { asked, handed, rated })
    }
}
