//! How does an answer show what it rests on, later and to others?

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::AppState;
use super::answer::earlier_turns;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::answer::{AssistReply, AssistRequest, Correction, VerifyReply, VerifyRequest};
use crate::error::ErrorKind;
use crate::retrieve::Role;

/// `GET /v1/answers/{id}`: an answer as it was sent, byte for byte in `answer`, and what has become of the words it cites.
pub async fn receipt(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<Response, Problem> {
    let Path(id) = id?;
    let kept = state.store.receipt(&id).await?.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no answer `{id}`")))?;
    let citations = state.desk.citations_now(&kept.answer);
    let around = json!({
        "question": kept.question, "created_at": kept.created_at, "wishes": kept.wishes, "scores": kept.scores,
        "stands": citations.iter().all(|citation| citation.status.stands()), "citations": citations,
        "index_version": state.desk.info().index.version,
    });
    // Put in as text: read and written again, a number might come out in another form.
    let around = around.to_string();
    let body = format!("{{\"answer\":{},{}", kept.sent, around.trim_start_matches('{'));
    Ok(([(header::CONTENT_TYPE, "application/json")], body).into_response())
}

/// `POST /v1/verify`: whether a text says what the policies say.
pub async fn verify(State(state): State<AppState>, JsonBody(request): JsonBody<VerifyRequest>) -> Result<Json<VerifyReply>, Problem> {
    Ok(Json(state.desk.verify(request).await?))
}

/// `POST /v1/assist`: help for a person who answers a customer. Nothing of it is kept.
pub async fn assist(State(state): State<AppState>, JsonBody(mut request): JsonBody<AssistRequest>) -> Result<Json<AssistReply>, Problem> {
    if let Some(id) = &request.conversation_id {
        let mut earlier = earlier_turns(&state.store, id).await?;
        if request.message.is_none()
            && let Some(last) = earlier.iter().rposition(|said| said.role == Role::User)
        {
            request.message = Some(earlier.swap_remove(last).text);
            earlier.truncate(last);
        }
        if request.history.is_empty() {
            request.history = earlier;
        }
    }
    Ok(Json(state.desk.assist(request).await?))
}

/// What a person wants answered instead.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    /// The answer.
    text: String,
    /// Who says so.
    agent: String,
}

/// `PUT /v1/answers/{id}/correction`: what the question is answered with from now on. It must rest on a policy in force, and is silent
/// once that has changed.
pub async fn correct(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    JsonBody(wish): JsonBody<Wish>,
) -> Result<Json<Correction>, Problem> {
    let Path(id) = id?;
    if wish.agent.trim().is_empty() || wish.agent.chars().count() > 200 {
        return Err(Problem::bad_request("field `agent` must have 1 to 200 characters: say who corrects".to_owned()));
    }
    let kept = state.store.receipt(&id).await?.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no answer `{id}`")))?;
    let checked = state.desk.verify(VerifyRequest { text: wish.text.clone(), ..VerifyRequest::default() }).await?;
    let correction = state.desk.correction(&id, &kept.question, &wish.text, &wish.agent, checked)?;
    state.store.keep_correction(&correction).await?;
    state.desk.learn(correction.clone());
    Ok(Json(correction))
}

/// `DELETE /v1/answers/{id}/correction`: the machine answers again.
pub async fn withdraw(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    if !state.store.drop_correction(&id).await? {
        return Err(ErrorKind::NotFound.on(format!("answer `{id}` has no correction")).into());
    }
    state.desk.unlearn(&id);
    Ok(StatusCode::NO_CONTENT)
}
