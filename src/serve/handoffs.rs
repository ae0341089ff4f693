//! How do people take over, and say what they thought?

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};

use super::AppState;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::answer::{Feedback, Handoff, HandoffMove, HandoffState};
use crate::error::{ErrorKind, Result};

/// Hand-offs on a page when the client does not say, and at most.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// Which hand-offs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    limit: Option<u32>,
    before: Option<String>,
    state: Option<HandoffState>,
}

/// A page of hand-offs, newest first.
#[derive(Serialize)]
pub struct Handoffs {
    handoffs: Vec<Handoff>,
    /// What to send as `before` for the next page; `None` after the last.
    next: Option<String>,
}

/// `GET /v1/handoffs?limit=N&before=ID&state=queued`: who waits for a person.
pub async fn list(State(state): State<AppState>, page: Result<Query<Page>, QueryRejection>) -> Result<Json<Handoffs>, Problem> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}, it must be 1 to {PAGE_MAX}")));
    }
    let handoffs = state.store.handoffs(limit, page.before.as_deref(), page.state).await?;
    let full = u32::try_from(handoffs.len()).is_ok_and(|count| count == limit);
    let next = handoffs.last().filter(|_| full).map(|handoff| handoff.id.clone());
    Ok(Json(Handoffs { handoffs, next }))
}

/// `GET /v1/handoffs/{id}`.
pub async fn get(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Handoff>, Problem> {
    let Path(id) = id?;
    let found = state.store.handoff(&id).await?;
    Ok(Json(found.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no hand-off `{id}`")))?))
}

/// `POST /v1/handoffs/{id}/accept`: a person takes it; of two at once, one does.
pub async fn accept(
    state: State<AppState>,
    id: Result<Path<String>, PathRejection>,
    wish: JsonBody<HandoffMove>,
) -> Result<Json<Handoff>, Problem> {
    move_on(state, id, wish, HandoffState::Accepted).await
}

/// `POST /v1/handoffs/{id}/return`: the person gives the customer back to the machine.
pub async fn give_back(
    state: State<AppState>,
    id: Result<Path<String>, PathRejection>,
    wish: JsonBody<HandoffMove>,
) -> Result<Json<Handoff>, Problem> {
    move_on(state, id, wish, HandoffState::Returned).await
}

/// `POST /v1/handoffs/{id}/resolve`: it is done.
pub async fn resolve(
    state: State<AppState>,
    id: Result<Path<String>, PathRejection>,
    wish: JsonBody<HandoffMove>,
) -> Result<Json<Handoff>, Problem> {
    move_on(state, id, wish, HandoffState::Resolved).await
}

async fn move_on(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    JsonBody(wish): JsonBody<HandoffMove>,
    next: HandoffState,
) -> Result<Json<Handoff>, Problem> {
    let Path(id) = id?;
    wish.check()?;
    Ok(Json(state.store.move_handoff(&id, next, &wish).await?))
}

/// `POST /v1/feedback`: what a customer or a colleague thought of an answer.
pub async fn feedback(State(state): State<AppState>, JsonBody(feedback): JsonBody<Feedback>) -> Result<StatusCode, Problem> {
    feedback.check()?;
    state.store.keep_feedback(&feedback).await?;
    Ok(StatusCode::NO_CONTENT)
}
