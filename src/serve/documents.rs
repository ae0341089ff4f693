//! Which policies are there, and how do they come and go over HTTP?

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppState;
use super::extract::FileBody;
use super::problem::Problem;
use crate::answer::{Comparison, DocumentList, DocumentView};
use crate::error::{ErrorKind, Result};
use crate::library::{Library, Placed, Removed};

/// `GET /v1/documents`: every document version of the index in force.
pub async fn list(State(state): State<AppState>) -> Json<DocumentList> {
    Json(state.desk.documents())
}

/// `GET /v1/documents/conflicts`: what two policies in force today say differently, and what they say twice.
pub async fn conflicts(State(state): State<AppState>) -> Json<Value> {
    Json(json!({ "conflicts": state.desk.conflicts(), "duplicates": state.desk.duplicates() }))
}

/// `GET /v1/documents/{id}/versions`: one document's versions, in force or not.
pub async fn versions(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<DocumentList>, Problem> {
    let Path(id) = id?;
    let mut list = state.desk.documents();
    list.documents.retain(|version| version.document_id == id);
    if list.documents.is_empty() {
        return Err(ErrorKind::NotFound.on(format!("there is no document `{id}`")).into());
    }
    Ok(Json(list))
}

/// Which version of a document.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Which {
    version: Option<u32>,
}

/// `GET /v1/documents/{id}?version=N`: what a citation points into; without `version`, the one valid today.
pub async fn get(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<DocumentView>, Problem> {
    let (Path(id), Query(which)) = (id?, which?);
    let found = state.desk.document(&id, which.version).ok_or_else(|| match which.version {
        Some(version) => ErrorKind::NotFound.on(format!("there is no document `{id}` with a version {version}")),
        None => ErrorKind::NotFound.on(format!("there is no document `{id}` that is valid today: name a `version` to see an older one")),
    });
    Ok(Json(found?))
}

/// `PUT /v1/documents/{id}`: a file as the document's next version. Comes back when answers rest on it.
pub async fn put(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    file: FileBody,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    let Path(id) = id?;
    let placed = on_a_thread(&state, move |library| library.put(&id, file.extension, file.bytes.to_vec())).await?;
    Ok((if placed.created { StatusCode::CREATED } else { StatusCode::OK }, Json(placed)))
}

/// `POST /v1/documents/{id}/preview`: what customers would hear differently if this file were put. Nothing changes.
pub async fn preview(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    file: FileBody,
) -> Result<Json<Comparison>, Problem> {
    let Path(id) = id?;
    Ok(Json(on_a_thread(&state, move |library| library.preview(&id, file.extension, file.bytes.to_vec())).await?))
}

/// `DELETE /v1/documents/{id}?version=N`: uploaded versions; without `version`, all of them. Comes back when no answer rests on them.
pub async fn delete(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    which: Result<Query<Which>, QueryRejection>,
) -> Result<Json<Removed>, Problem> {
    let (Path(id), Query(which)) = (id?, which?);
    Ok(Json(on_a_thread(&state, move |library| library.remove(&id, which.version)).await?))
}

/// Changes of policies build an index, which takes too long for the async runtime. One that has begun ends even if its client leaves.
pub(super) async fn on_a_thread<T: Send + 'static>(
    state: &AppState,
    change: impl FnOnce(&Library) -> Result<T> + Send + 'static,
) -> Result<T> {
    let library = state.library.clone();
    let changed = tokio::task::spawn_blocking(move || change(&library)).await;
    changed.unwrap_or_else(|cause| Err(ErrorKind::Server.on("a change of policies stopped half-way").because(cause)))
}
