//! What else can be asked: passages, and how the server is.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use serde_json::{Value, json};

use super::AppState;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::answer::{DeskInfo, SearchReply, SearchRequest};

/// `POST /v1/search`: the passages that fit, best first.
pub async fn search(State(state): State<AppState>, JsonBody(request): JsonBody<SearchRequest>) -> Result<Json<SearchReply>, Problem> {
    request.check()?;
    Ok(Json(state.desk.search(request).await?))
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
