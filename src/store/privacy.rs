//! Everything about one conversation or one customer, to hand out or to delete; and what has become too old to keep.

use jiff::Timestamp;
use serde::Serialize;

use super::database::{change, read};
use super::{Store, text};
use crate::answer::{Answer, Handoff};
use crate::error::{Context, ErrorKind, Result};

/// Conversations deleted in one go.
const BATCH: i64 = 200;

/// All that is kept of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportedConversation {
    /// Names it.
    pub id: String,
    /// Whose it is, if the caller said so.
    pub customer_id: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
    /// Oldest first.
    pub turns: Vec<ExportedTurn>,
    /// Oldest first.
    pub handoffs: Vec<Handoff>,
    /// Oldest first.
    pub feedback: Vec<ExportedFeedback>,
}

/// A question with its answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExportedTurn {
    /// RFC 3339, UTC.
    pub created_at: String,
    /// The customer's words.
    pub question: String,
    /// What was answered.
    pub answer: Answer,
}

/// What somebody thought of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportedFeedback {
    /// The answer.
    pub answer_id: String,
    /// `up` or `down`.
    pub rating: String,
    /// In their own words.
    pub comment: Option<String>,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// What was deleted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Erased {
    /// Conversations.
    pub conversations: u64,
    /// Questions with their answers.
    pub turns: u64,
    /// Hand-offs.
    pub handoffs: u64,
    /// Opinions on answers.
    pub feedback: u64,
    /// Events for other systems, told or not.
    pub events: u64,
}

impl std::ops::AddAssign for Erased {
    fn add_assign(&mut self, other: Self) {
        self.conversations += other.conversations;
        self.turns += other.turns;
        self.handoffs += other.handoffs;
        self.feedback += other.feedback;
        self.events += other.events;
    }
}

impl Store {
    /// The conversations of a customer, oldest first.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn conversations_of(&self, customer_id: &str) -> Result<Vec<String>> {
        let failed = || self.unreadable("conversations");
        let sql = "SELECT id FROM conversations WHERE customer_id = $1 ORDER BY created_at, id";
        read!(self, from => sqlx::query_scalar(sql).bind(text(customer_id)).fetch_all(from).await.on(ErrorKind::Store, failed))
    }

    /// All that is kept of a conversation; `None` for an unknown one.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn export(&self, conversation_id: &str) -> Result<Option<ExportedConversation>> {
        let failed = || self.unreadable("conversations");
        let sql = "SELECT created_at, customer_id FROM conversations WHERE id = $1";
        let found: Option<(i64, Option<String>)> = read!(self, from => sqlx::query_as(sql)
            .bind(text(conversation_id)).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        let Some((created_at, customer_id)) = found else { return Ok(None) };
        let turns = self.turns(conversation_id, u32::MAX).await?.into_iter().map(|turn| ExportedTurn {
            created_at: turn.created_at.to_string(),
            question: turn.question,
            answer: turn.answer,
        });
        let sql = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs WHERE conversation_id = $1 ORDER BY seq";
        let rows: Vec<_> =
            read!(self, from => sqlx::query_as(sql).bind(conversation_id).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let handoffs = rows.into_iter().map(|row| self.unpack(row)).collect::<Result<_>>()?;
        let sql = "SELECT answer_id, rating, comment, feedback.created_at FROM feedback
                   JOIN turns ON turns.id = feedback.answer_id WHERE turns.conversation_id = $1 ORDER BY seq";
        let rows: Vec<(String, String, Option<String>, i64)> =
            read!(self, from => sqlx::query_as(sql).bind(conversation_id).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let opinion = |(answer_id, rating, comment, created_at): (String, String, Option<String>, i64)| {
            Ok(ExportedFeedback { answer_id, rating, comment, created_at: self.time(created_at, "feedback")?.to_string() })
        };
        Ok(Some(ExportedConversation {
            id: conversation_id.to_owned(),
            customer_id,
            created_at: self.time(created_at, "conversations")?.to_string(),
            turns: turns.collect(),
            handoffs,
            feedback: rows.into_iter().map(opinion).collect::<Result<_>>()?,
        }))
    }

    /// Deletes a conversation with all that belongs to it. What other systems heard of it stays with them.
    ///
    /// # Errors
    /// `Store` if the database failed; nothing is deleted then.
    pub async fn erase(&self, conversation_id: &str) -> Result<Erased> {
        let failed = || format!("{conversation_id} could not be deleted from {}", self.place);
        let id = text(conversation_id);
        change!(self, failed, change => {
            // Children first: the tables point at each other.
            let mut counts = [0; 7];
            for (count, sql) in counts.iter_mut().zip([
                "DELETE FROM outbox WHERE conversation_id = $1",
                "DELETE FROM corrections WHERE answer_id IN (SELECT id FROM turns WHERE conversation_id = $1)",
                "DELETE FROM feedback WHERE answer_id IN (SELECT id FROM turns WHERE conversation_id = $1)",
                "DELETE FROM drafts WHERE handoff_id IN (SELECT id FROM handoffs WHERE conversation_id = $1)",
                "DELETE FROM handoffs WHERE conversation_id = $1",
                "DELETE FROM turns WHERE conversation_id = $1",
                "DELETE FROM conversations WHERE id = $1",
            ]) {
                *count = sqlx::query(sql).bind(&*id).execute(&mut *change).await.on(ErrorKind::Store, failed)?.rows_affected();
            }
            change.commit().await.on(ErrorKind::Store, failed)?;
            let [events, _, feedback, _, handoffs, turns, conversations] = counts;
            Ok(Erased { conversations, turns, handoffs, feedback, events })
        })
    }

    /// All that is kept of a customer's conversations, oldest first.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn export_customer(&self, customer_id: &str) -> Result<Vec<ExportedConversation>> {
        let mut conversations = Vec::new();
        for id in self.conversations_of(customer_id).await? {
            conversations.extend(self.export(&id).await?);
        }
        Ok(conversations)
    }

    /// Deletes a customer's conversations with all that belongs to them.
    ///
    /// # Errors
    /// `Store` if the database failed; what was deleted before stays deleted.
    pub async fn erase_customer(&self, customer_id: &str) -> Result<Erased> {
        let mut erased = Erased::default();
        for id in self.conversations_of(customer_id).await? {
            erased += self.erase(&id).await?;
        }
        Ok(erased)
    }

    /// Deletes conversations in which nothing was said since `since` and nobody waits or talks, and events told before that.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn erase_older(&self, since: Timestamp) -> Result<Erased> {
        let failed = || self.unreadable("conversations");
        let sql = "SELECT id FROM conversations WHERE created_at < $1
                   AND NOT EXISTS (SELECT 1 FROM turns WHERE turns.conversation_id = conversations.id AND turns.created_at >= $1)
                   AND NOT EXISTS (SELECT 1 FROM handoffs WHERE handoffs.conversation_id = conversations.id
                                   AND state IN ('offered', 'requested', 'queued', 'accepted', 'active'))
                   LIMIT $2";
        let mut erased = Erased::default();
        loop {
            let old: Vec<String> = read!(self, from => sqlx::query_scalar(sql)
                .bind(since.as_microsecond()).bind(BATCH).fetch_all(from).await.on(ErrorKind::Store, failed)?);
            for id in &old {
                erased += self.erase(id).await?;
            }
            if old.len() < BATCH as usize {
                return Ok(erased);
            }
        }
    }
}
