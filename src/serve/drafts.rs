//! How does what a person answered become policy?
//!
//! A resolved hand-off becomes a draft; whoever reviews it lets it into the corpus, changed or as it is, or drops it.

use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::AppState;
use super::documents::on_a_thread;
use super::extract::JsonBody;
use super::problem::Problem;
use crate::answer::{HandoffState, check_words};
use crate::error::ErrorKind;
use crate::library::Placed;
use crate::store::PolicyDraft;
use crate::text::redact;

/// Longest question and answer, in Unicode scalar values: one question, one answer, not a policy.
const QUESTION_CHARS: usize = 300;
const ANSWER_CHARS: usize = 4_000;
const NAME_CHARS: usize = 200;

/// A draft as a person writes it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    agent: String,
    /// `None`: the customer's words, without what identifies the customer.
    #[serde(default)]
    question: Option<String>,
    /// `None`: the note that the hand-off was resolved with.
    #[serde(default)]
    answer: Option<String>,
}

/// `POST /v1/handoffs/{id}/draft`: what was answered, for review.
pub async fn write(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    JsonBody(written): JsonBody<Written>,
) -> Result<(StatusCode, Json<PolicyDraft>), Problem> {
    let Path(id) = id?;
    let handoff = state.store.handoff(&id).await?.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no hand-off `{id}`")))?;
    if handoff.state != HandoffState::Resolved {
        return Err(ErrorKind::Conflict.on(format!("the hand-off is {}: resolve it first", handoff.state.name())).into());
    }
    let question = written.question.unwrap_or_else(|| redact(&handoff.question).into_owned());
    let noted = handoff.note.as_deref().map(|note| redact(note).into_owned());
    let answer = written
        .answer
        .or(noted)
        .ok_or_else(|| Problem::bad_request("field `answer`: the hand-off has no note, so say what customers shall hear".to_owned()))?;
    check(&written.agent, &question, &answer)?;
    Ok((StatusCode::CREATED, Json(state.store.keep_draft(&handoff, &question, &answer, &written.agent).await?)))
}

/// `GET /v1/drafts`: what waits for review.
pub async fn list(State(state): State<AppState>) -> Result<Json<Value>, Problem> {
    Ok(Json(json!({ "drafts": state.store.drafts().await? })))
}

/// What whoever reviews a draft makes of it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    agent: String,
    #[serde(default)]
    question: Option<String>,
    #[serde(default)]
    answer: Option<String>,
    /// Names the new document; `None`: made from the draft's id.
    #[serde(default)]
    document_id: Option<String>,
}

/// `POST /v1/drafts/{id}/approve`: it becomes a document. Comes back when answers rest on it.
pub async fn approve(
    State(state): State<AppState>,
    id: Result<Path<String>, PathRejection>,
    JsonBody(approval): JsonBody<Approval>,
) -> Result<(StatusCode, Json<Placed>), Problem> {
    let Path(id) = id?;
    let found = state.store.drafts().await?.into_iter().find(|draft| draft.id == id);
    let mut draft = found.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no draft `{id}`")))?;
    draft.question = approval.question.unwrap_or(draft.question);
    draft.answer = approval.answer.unwrap_or(draft.answer);
    check(&approval.agent, &draft.question, &draft.answer)?;
    let placed = on_a_thread(&state, move |library| library.adopt(&draft, &approval.agent, approval.document_id.as_deref())).await?;
    Ok((StatusCode::CREATED, Json(placed)))
}

/// `DELETE /v1/drafts/{id}`: it is not to become policy.
pub async fn reject(State(state): State<AppState>, id: Result<Path<String>, PathRejection>) -> Result<StatusCode, Problem> {
    let Path(id) = id?;
    if !state.store.drop_draft(&id).await? {
        return Err(ErrorKind::NotFound.on(format!("there is no draft `{id}`")).into());
    }
    Ok(StatusCode::NO_CONTENT)
}

fn check(agent: &str, question: &str, answer: &str) -> Result<(), Problem> {
    check_words("agent", agent, NAME_CHARS)?;
    check_words("question", question, QUESTION_CHARS)?;
    Ok(check_words("answer", answer, ANSWER_CHARS)?)
}
