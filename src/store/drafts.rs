//! What people's answers may become policy, once somebody has agreed.

use jiff::Timestamp;
use serde::Serialize;

use super::database::{read, write_once};
use super::{Store, text};
use crate::answer::{Handoff, new_id};
use crate::error::{Context, ErrorKind, Result};

/// A question with the answer that a person gave, for review. Nothing is answered from it yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyDraft {
    /// Names it.
    pub id: String,
    /// The resolved hand-off it comes from.
    pub handoff_id: String,
    /// What customers ask, without what identifies one.
    pub question: String,
    /// What they shall hear.
    pub answer: String,
    /// Who wrote it.
    pub agent: String,
    /// RFC 3339, UTC.
    pub created_at: String,
}

/// Id, hand-off, question, answer, agent, time.
type DraftRow = (String, String, String, String, String, i64);

impl Store {
    /// Keeps a draft from `handoff` for review.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn keep_draft(&self, handoff: &Handoff, question: &str, answer: &str, agent: &str) -> Result<PolicyDraft> {
        let failed = || format!("a draft from {} could not be kept in {}", handoff.id, self.place);
        let (id, now) = (new_id("drf"), Timestamp::now().as_microsecond());
        let [question, answer, agent] = [question, answer, agent].map(|words| text(words.trim()).into_owned());
        let sql = "INSERT INTO drafts (id, handoff_id, question, answer, agent, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        write_once!(self, to => sqlx::query(sql)
            .bind(&id)
            .bind(&handoff.id)
            .bind(&question)
            .bind(&answer)
            .bind(&agent)
            .bind(now)
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(drop))?;
        Ok(PolicyDraft { id, handoff_id: handoff.id.clone(), question, answer, agent, created_at: self.time(now, "drafts")?.to_string() })
    }

    /// Drafts that wait for review, oldest first.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn drafts(&self) -> Result<Vec<PolicyDraft>> {
        let failed = || self.unreadable("drafts");
        let sql = "SELECT id, handoff_id, question, answer, agent, created_at FROM drafts ORDER BY created_at, id";
        let rows: Vec<DraftRow> = read!(self, from => sqlx::query_as(sql).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let read = |(id, handoff_id, question, answer, agent, created_at): DraftRow| {
            Ok(PolicyDraft { id, handoff_id, question, answer, agent, created_at: self.time(created_at, "drafts")?.to_string() })
        };
        rows.into_iter().map(read).collect()
    }

    /// Drops a draft; says whether there was one.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn drop_draft(&self, id: &str) -> Result<bool> {
        let failed = || format!("the draft {id} could not be dropped from {}", self.place);
        let sql = "DELETE FROM drafts WHERE id = $1";
        write_once!(self, to => sqlx::query(sql)
            .bind(text(id))
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(|dropped| dropped.rows_affected() > 0))
    }
}
