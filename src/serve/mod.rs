//! How does all this travel over HTTP?
//!
//! In: a [`Desk`] that answers, a [`Store`] that remembers and a [`Library`] that changes. Out: a [`Router`] with the routes of the contract, and
//! [`serve`], which listens with it until told to stop. Whatever goes wrong reaches the client as one
//! `application/problem+json` (`problem`) and the operator as one log line with the same request id (`envelope`).
//! A client that leaves drops its ticket, which stops the work.
//! Must not know: file formats.

mod answer;
mod conversations;
mod documents;
mod drafts;
mod envelope;
mod extract;
mod handoffs;
mod insights;
mod listen;
mod lookup;
mod pages;
mod problem;
mod proof;
mod stream;
#[cfg(test)]
mod tests;
mod webhooks;

pub use listen::{bind_address, serve};

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{delete, get, post, put};
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;

use crate::answer::Desk;
use crate::library::Library;
use crate::store::Store;

/// Largest request body, in bytes: room for the longest question, even with every character escaped.
const BODY_BYTES: usize = 64 * 1024;

/// Largest file that can be uploaded, in bytes, as in the corpus folder.
const FILE_BYTES: usize = 10_000_000;

/// What every route can reach. Cheap to clone: clones share it all.
#[derive(Clone)]
pub struct AppState {
    /// Answers questions.
    pub desk: Desk,
    /// Remembers them.
    pub store: Store,
    /// Changes what they are answered from.
    pub library: Library,
    stopping: Arc<watch::Sender<bool>>,
}

impl AppState {
    /// The state of a server that has just started.
    pub fn new(desk: Desk, store: Store, library: Library) -> Self {
        Self { desk, store, library, stopping: Arc::new(watch::Sender::new(false)) }
    }

    /// Says to everything under way that the server is about to end.
    fn stop(&self) {
        self.stopping.send_replace(true);
    }

    fn is_stopping(&self) -> bool {
        *self.stopping.borrow()
    }

    /// Ends `grace` after [`Self::stop`] was called, and never without it.
    async fn stopped(&self, grace: Duration) {
        let mut stopping = self.stopping.subscribe();
        // The wait can only fail once the sender is gone, and `self` holds it.
        let _ = stopping.wait_for(|stopping| *stopping).await;
        tokio::time::sleep(grace).await;
    }
}

/// All routes of the server.
pub fn router(state: AppState) -> Router {
    let routes = Router::new()
        .route("/v1/answer", post(answer::answer))
        .route("/v1/answers/{id}", get(proof::receipt))
        .route("/v1/answers/{id}/correction", put(proof::correct).delete(proof::withdraw))
        .route("/v1/verify", post(proof::verify))
        .route("/v1/assist", post(proof::assist))
        .route("/v1/search", post(lookup::search))
        .route("/v1/documents", get(documents::list))
        .route("/v1/documents/conflicts", get(documents::conflicts))
        .route(
            "/v1/documents/{id}",
            get(documents::get).delete(documents::delete).merge(put(documents::put).layer(DefaultBodyLimit::max(FILE_BYTES))),
        )
        .route("/v1/documents/{id}/preview", post(documents::preview).layer(DefaultBodyLimit::max(FILE_BYTES)))
        .route("/v1/documents/{id}/versions", get(documents::versions))
        .route("/v1/handoffs", get(handoffs::list))
        .route("/v1/handoffs/{id}", get(handoffs::get))
        .route("/v1/handoffs/{id}/accept", post(handoffs::accept))
        .route("/v1/handoffs/{id}/return", post(handoffs::give_back))
        .route("/v1/handoffs/{id}/resolve", post(handoffs::resolve))
        .route("/v1/handoffs/{id}/draft", post(drafts::write))
        .route("/v1/drafts", get(drafts::list))
        .route("/v1/drafts/{id}", delete(drafts::reject))
        .route("/v1/drafts/{id}/approve", post(drafts::approve))
        .route("/v1/feedback", post(handoffs::feedback))
        .route("/v1/conversations/{id}", get(conversations::export).delete(conversations::erase))
        .route("/v1/customers/{id}", get(conversations::export_customer).delete(conversations::erase_customer))
        .route("/v1/webhooks/events", get(webhooks::events))
        .route("/v1/webhooks/events/{id}/replay", post(webhooks::replay))
        .route("/v1/webhooks/replay", post(webhooks::replay_all))
        .route("/v1/insights", get(insights::insights))
        .route("/livez", get(lookup::livez))
        .route("/readyz", get(lookup::readyz))
        .route("/info", get(lookup::info));
    wrap(routes.merge(pages::routes()), state)
}

/// Gives `routes` what all of them share: problems for unknown paths, wrong methods and panics, limits, request ids, log lines.
fn wrap(routes: Router<AppState>, state: AppState) -> Router {
    routes
        .fallback(problem::unknown_path)
        .method_not_allowed_fallback(problem::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(problem::panicked))
        // Outermost: it completes the problems that all the others leave.
        .layer(from_fn(envelope::envelope))
        .with_state(state)
}
