//! Documents that came over the API, as they were sent.

use jiff::Timestamp;

use super::database::{read, write_once};
use super::{Store, text};
use crate::error::{Context, ErrorKind, Result};
use crate::policy::Upload;

/// Id, version, extension, bytes, first day.
type UploadRow = (String, i64, String, Vec<u8>, Option<String>);

impl Store {
    /// Keeps an uploaded document.
    ///
    /// # Errors
    /// `Store` if the database failed, or if this version is kept already.
    pub async fn keep_upload(&self, upload: &Upload) -> Result<()> {
        let sql = "INSERT INTO documents (id, version, extension, bytes, begins, created_at) VALUES ($1, $2, $3, $4, $5, $6)";
        let failed = || format!("{} could not be kept in {}", upload.path(), self.place);
        write_once!(self, to => sqlx::query(sql)
            .bind(text(&upload.document_id))
            .bind(i64::from(upload.version))
            .bind(&upload.extension)
            .bind(&upload.bytes)
            .bind(upload.begins.map(|day| day.to_string()))
            .bind(Timestamp::now().as_microsecond())
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(drop))
    }

    /// Removes the uploaded versions of a document, or one of them; says how many there were.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn remove_uploads(&self, document_id: &str, version: Option<u32>) -> Result<u64> {
        let sql = "DELETE FROM documents WHERE id = $1 AND ($2 IS NULL OR version = $2)";
        let failed = || format!("{document_id} could not be removed from {}", self.place);
        write_once!(self, to => sqlx::query(sql)
            .bind(text(document_id))
            .bind(version.map(i64::from))
            .execute(to)
            .await
            .on(ErrorKind::Store, failed)
            .map(|removed| removed.rows_affected()))
    }

    /// Every uploaded document, by id and version.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn uploads(&self) -> Result<Vec<Upload>> {
        let failed = || self.unreadable("documents");
        let sql = "SELECT id, version, extension, bytes, begins FROM documents ORDER BY id, version";
        let rows: Vec<UploadRow> = read!(self, from => sqlx::query_as(sql).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let read = |(document_id, version, extension, bytes, begins): UploadRow| {
            let begins = begins.map(|day| day.parse()).transpose().on(ErrorKind::Store, failed)?;
            let version = u32::try_from(version).on(ErrorKind::Store, failed)?;
            Ok(Upload { document_id, version, extension, bytes, begins })
        };
        rows.into_iter().map(read).collect()
    }
}
