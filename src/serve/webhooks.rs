//! Which events have other systems heard, and which were given up?

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppState;
use super::problem::Problem;
use crate::error::Result;
use crate::store::OutboxState;

/// Events on a page when the client does not say, and at most.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// Which events.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    state: Option<OutboxState>,
    limit: Option<u32>,
}

/// `GET /v1/webhooks/events?state=dead&limit=N`: newest first; those that were given up, unless the client says otherwise.
pub async fn events(State(state): State<AppState>, page: Result<Query<Page>, QueryRejection>) -> Result<Json<Value>, Problem> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}, it must be 1 to {PAGE_MAX}")));
    }
    Ok(Json(json!({"events": state.store.outbox(page.state.unwrap_or(OutboxState::Dead), limit).await?})))
}

/// `POST /v1/webhooks/events/{id}/replay`: lets one that was given up be tried again.
pub async fn replay(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Value>, Problem> {
    let Path(id) = id?;
    Ok(Json(json!({"replayed": state.store.replay(Some(&id)).await?})))
}

/// `POST /v1/webhooks/replay`: lets all that were given up be tried again.
pub async fn replay_all(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({"replayed": state.store.replay(None).await?})))
}
