//! What people want answered instead.

use jiff::Timestamp;

use super::database::{read, write_once};
use super::{Store, text, to_json};
use crate::answer::Correction;
use crate::error::{Context, ErrorKind, Result};

impl Store {
    /// Keeps a correction in place of an earlier one of the same answer.
    ///
    /// # Errors
    /// `Store` if the database failed, or if there is no such answer.
    pub async fn keep_correction(&self, correction: &Correction) -> Result<()> {
        let sql = "INSERT INTO corrections (answer_id, correction, created_at) VALUES ($1, $2, $3)
                   ON CONFLICT (answer_id) DO UPDATE SET correction = excluded.correction, created_at = excluded.created_at";
        let failed = || format!("the correction of {} could not be kept in {}", correction.answer_id, self.place);
        let whole = to_json(correction)?;
        write_once!(self, to => sqlx::query(sql)
            .bind(text(&correction.answer_id))
            .bind(&whole)
            .bind(Timestamp::now().as_microsecond())
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(drop))
    }

    /// Drops the correction of an answer; says whether there was one.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn drop_correction(&self, answer_id: &str) -> Result<bool> {
        let failed = || format!("the correction of {answer_id} could not be dropped from {}", self.place);
        let sql = "DELETE FROM corrections WHERE answer_id = $1";
        write_once!(self, to => sqlx::query(sql)
            .bind(text(answer_id))
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(|dropped| dropped.rows_affected() > 0))
    }

    /// Every correction, oldest first.
    ///
    /// # Errors
    /// `Store` if the database failed or holds one that this version cannot read.
    pub async fn corrections(&self) -> Result<Vec<Correction>> {
        let failed = || self.unreadable("corrections");
        let sql = "SELECT correction FROM corrections ORDER BY created_at, rowid";
        let rows: Vec<String> = read!(self, from => sqlx::query_scalar(sql).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        rows.iter().map(|row| serde_json::from_str(row).on(ErrorKind::Store, failed)).collect()
    }
}
