//! What else can be asked: passages, hand-offs, and how the server is.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::AppState;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::answer::{DeskInfo, Handoff, SearchReply, SearchRequest};
use crate::error::ErrorKind;

/// Hand-offs on a page when the client does not say, and at most.
const PAGE: u32 = 50;
const PAGE_MAX: u32 = 200;

/// `POST /v1/search`: the passages that fit, best first.
pub async fn search(State(state): State<AppState>, JsonBody(request): JsonBody<SearchRequest>) -> Result<Json<SearchReply>, Problem> {
    request.check()?;
    Ok(Json(state.desk.search(request).await?))
}

/// Which hand-offs.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    limit: Option<u32>,
    before: Option<String>,
}

/// A page of hand-offs, newest first.
#[derive(Serialize)]
pub struct Handoffs {
    handoffs: Vec<Handoff>,
    /// What to send as `before` for the next page; `None` after the last.
    next: Option<String>,
}

/// `GET /v1/handoffs?limit=N&before=ID`: who waits for a person.
pub async fn handoffs(State(state): State<AppState>, page: Result<Query<Page>, QueryRejection>) -> Result<Json<Handoffs>, Problem> {
    let Query(page) = page?;
    let limit = page.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(Problem::bad_request(format!("`limit` is {limit}, it must be 1 to {PAGE_MAX}")));
    }
    let handoffs = state.store.handoffs(limit, page.before.as_deref()).await?;
    let full = u32::try_from(handoffs.len()).is_ok_and(|count| count == limit);
    let next = handoffs.last().filter(|_| full).map(|handoff| handoff.id.clone());
    Ok(Json(Handoffs { handoffs, next }))
}

/// `GET /v1/handoffs/{id}`.
pub async fn handoff(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Json<Handoff>, Problem> {
    let Path(id) = id?;
    let found = state.store.handoff(&id).await?;
    Ok(Json(found.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no hand-off `{id}`")))?))
}

/// `GET /livez`: the process runs.
pub async fn livez() -> Json<Value> {
    Json(json!({"status": "alive"}))
}

/// `GET /readyz`: whether a load balancer should send customers here.
pub async fn readyz(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    let database = state.store.ping().await;
    if let Err(error) = &database {
        tracing::error!("{}", error.chain());
    }
    readiness(state.is_stopping(), database.is_ok(), state.desk.is_saturated())?;
    Ok(Json(json!({"status": "ready"})))
}

/// A server that cannot keep hand-offs would be a trap for customers, so it does not count as ready although it answers.
fn readiness(stopping: bool, database: bool, saturated: bool) -> Result<(), Problem> {
    let (code, reason) = match (stopping, database, saturated) {
        (true, _, _) => ("stopping", "the server is stopping"),
        (_, false, _) => ("store", "the database does not answer: hand-offs would be lost"),
        (_, _, true) => ("overloaded", "the queue of questions is nearly full"),
        (false, true, false) => return Ok(()),
    };
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, code, reason))
}

/// What this server is made of.
#[derive(Serialize)]
pub struct Info {
    name: &'static str,
    version: &'static str,
    #[serde(flatten)]
    desk: DeskInfo,
}

/// `GET /info`: models, index and limits.
pub async fn info(State(state): State<AppState>) -> Json<Info> {
    Json(Info { name: "frontdesk", version: env!("CARGO_PKG_VERSION"), desk: state.desk.info() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_is_ready_only_while_it_runs_remembers_and_has_room() {
        assert!(readiness(false, true, false).is_ok());
        for (stopping, database, saturated, words) in
            [(true, true, false, "stopping"), (false, false, false, "database"), (false, true, true, "nearly full")]
        {
            let problem = readiness(stopping, database, saturated).unwrap_err();
            assert_eq!(problem.status, StatusCode::SERVICE_UNAVAILABLE);
            assert!(problem.to_json("req_1").contains(words));
        }
    }
}
