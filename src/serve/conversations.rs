//! What is kept of one conversation or one customer, to hand out or to delete.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use serde_json::{Value, json};

use super::AppState;
use super::problem::Problem;
use crate::error::{ErrorKind, Result};
use crate::store::{Erased, ExportedConversation};

/// `GET /v1/conversations/{id}`: all that is kept of it.
pub async fn export(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<ExportedConversation>, Problem> {
    let Path(id) = id?;
    let found = state.store.export(&id).await?;
    Ok(Json(found.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no conversation `{id}`")))?))
}

/// `DELETE /v1/conversations/{id}`: deletes all of it, and says how much that was.
pub async fn erase(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Erased>, Problem> {
    let Path(id) = id?;
    let erased = state.store.erase(&id).await?;
    if erased.conversations == 0 {
        return Err(ErrorKind::NotFound.on(format!("there is no conversation `{id}`")).into());
    }
    Ok(Json(erased))
}

/// `GET /v1/customers/{id}`: all conversations that were begun with this `customer_id`.
pub async fn export_customer(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Value>, Problem> {
    let Path(id) = id?;
    let conversations = state.store.export_customer(&id).await?;
    if conversations.is_empty() {
        return Err(ErrorKind::NotFound.on(format!("there is no conversation of a customer `{id}`")).into());
    }
    Ok(Json(json!({"customer_id": id, "conversations": conversations})))
}

/// `DELETE /v1/customers/{id}`: deletes all of them, and says how much that was.
pub async fn erase_customer(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Erased>, Problem> {
    let Path(id) = id?;
    let erased = state.store.erase_customer(&id).await?;
    if erased.conversations == 0 {
        return Err(ErrorKind::NotFound.on(format!("there is no conversation of a customer `{id}`")).into());
    }
    Ok(Json(erased))
}
