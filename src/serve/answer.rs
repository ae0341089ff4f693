//! How does a question come in, and its answer go out?
//!
//! `POST /v1/answer`, as one JSON object or as a stream of events. Either way the answer is kept in the store before the
//! client sees the end of it, and a client that leaves stops the work, because the ticket goes with it.

use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use futures_util::stream;
use uuid::Uuid;

use super::AppState;
use super::envelope::RequestId;
use super::extract::JsonBody;
use super::problem::Problem;
use super::stream::event_stream;
use crate::answer::signals::SignalKind;
use crate::answer::triage::triage;
use crate::answer::{Answer, AnswerRequest, SoFar};
use crate::error::{ErrorKind, Result};
use crate::retrieve::{Role, Said};
use crate::store::{Store, Turn};

/// `POST /v1/answer`.
pub async fn answer(
    State(state): State<AppState>,
    Extension(request_id): Extension<RequestId>,
    headers: HeaderMap,
    JsonBody(mut request): JsonBody<AnswerRequest>,
) -> Result<Response, Problem> {
    request.check()?;
    let mut earlier = Vec::new();
    if let Some(id) = &request.conversation_id {
        match earlier_turns(&state.store, id).await {
            Ok(turns) => earlier = turns,
            // Its first turn could not be kept, or somebody mistyped: no reason to keep anybody from a person.
            Err(error) if error.kind == ErrorKind::NotFound && needs_person(&request.question) => request.conversation_id = None,
            Err(error) => return Err(error.into()),
        }
    }
    match request.conversation_id.clone() {
        Some(id) => {
            request.so_far = so_far(&state.store, &id).await;
            if request.history.is_empty() {
                request.history = earlier;
            }
        }
        None => request.conversation_id = Some(format!("cnv_{}", Uuid::now_v7().simple())),
    }
    request.so_far.queue = state.store.queue().await.inspect_err(|error| tracing::error!("{}", error.chain())).ok();
    let ticket = state.desk.submit(request.clone())?;
    if request.stream || accepts_events(&headers) {
        let events = stream::unfold(ticket, async |mut ticket| ticket.next().await.map(|event| (event, ticket)));
        return Ok(event_stream(state, request, request_id, events));
    }
    let answer = ticket.finish().await?;
    Ok(Json(keep(&state.store, request, answer).await).into_response())
}

/// What was said in a conversation that is continued. It must have begun here; a typing mistake would otherwise start a new one
/// unnoticed.
pub(super) async fn earlier_turns(store: &Store, id: &str) -> Result<Vec<Said>> {
    match store.turns(id, EARLIER_TURNS).await {
        Ok(turns) if turns.is_empty() => {
            Err(ErrorKind::NotFound
                .on(format!("field `conversation_id`: there is no conversation `{id}`: leave the field out to start one")))
        }
        Ok(turns) => {
            let both =
                |turn: Turn| [(Role::User, turn.question), (Role::Agent, turn.answer.answer)].map(|(role, text)| Said { role, text });
            Ok(turns.into_iter().flat_map(both).collect())
        }
        Err(error) => {
            // The customer gets an answer even when nothing can be looked up.
            tracing::error!("{}", error.chain());
            Ok(Vec::new())
        }
    }
}

fn needs_person(question: &str) -> bool {
    let seen = triage(question);
    seen.heard(SignalKind::AsksForPerson) || seen.heard(SignalKind::Despair)
}

/// Where a conversation stands. The customer gets an answer even when that cannot be looked up.
async fn so_far(store: &Store, id: &str) -> SoFar {
    store.so_far(id).await.unwrap_or_else(|error| {
        tracing::error!("{}", error.chain());
        SoFar::default()
    })
}

/// Questions with their answers that a new question may lean on.
const EARLIER_TURNS: u32 = 3;

fn accepts_events(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted
        .flat_map(|value| value.split(','))
        .any(|kind| kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case("text/event-stream"))
}

/// Records an answer and returns it. A store that fails costs the customer nothing but is noted in `degraded`, and a
/// hand-off that no person will ever see does not claim to be queued.
pub(super) async fn keep(store: &Store, request: AnswerRequest, mut answer: Answer) -> Answer {
    let (store, copy) = (store.clone(), answer.clone());
    // A task of its own: a client that leaves at this moment must not undo a hand-off.
    let kept = tokio::spawn(async move { store.record(&request, &copy).await });
    let failure = match kept.await {
        Ok(Ok(())) => return answer,
        Ok(Err(error)) => error.chain(),
        Err(error) => error.to_string(),
    };
    tracing::error!(answer = answer.id, "{failure}");
    answer.admit_not_kept();
    answer
}
