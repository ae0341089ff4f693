//! What people want answered instead.

use jiff::Timestamp;

use super::{Store, to_json};
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
        let kept = sqlx::query(sql)
            .bind(&correction.answer_id)
            .bind(to_json(correction)?)
            .bind(Timestamp::now().as_microsecond())
            .execute(&self.writer)
            .await;
        kept.on(ErrorKind::Store, || format!("the correction of {} could not be kept in {}", correction.answer_id, self.path.display()))?;
        Ok(())
    }

    /// Drops the correction of an answer; says whether there was one.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn drop_correction(&self, answer_id: &str) -> Result<bool> {
        let dropped = sqlx::query("DELETE FROM corrections WHERE answer_id = $1").bind(answer_id).execute(&self.writer).await;
        let failed = || format!("the correction of {answer_id} could not be dropped from {}", self.path.display());
        Ok(dropped.on(ErrorKind::Store, failed)?.rows_affected() > 0)
    }

    /// Every correction, oldest first.
    ///
    /// # Errors
    /// `Store` if the database failed or holds one that this version cannot read.
    pub async fn corrections(&self) -> Result<Vec<Correction>> {
        let failed = || self.unreadable("corrections");
        let rows = sqlx::query_scalar("SELECT correction FROM corrections ORDER BY created_at, rowid").fetch_all(&self.readers).await;
        let rows: Vec<String> = rows.on(ErrorKind::Store, failed)?;
        rows.iter().map(|row| serde_json::from_str(row).on(ErrorKind::Store, failed)).collect()
    }
}
