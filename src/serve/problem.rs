//! What does a client hear when something goes wrong?
//!
//! The only place that knows which failure is which HTTP status. Clients get a problem document (RFC 9457) that says
//! what to do next; causes, paths and other internals go to the log alone.

use std::any::Any;

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::error::{Error, ErrorKind};

/// When to come back if the server is busy.
const RETRY_AFTER_MS: u64 = 1_000;
/// Longest detail sent: it may quote what the client sent.
const DETAIL_CHARS: usize = 600;

/// A failure as its client sees it, and what only the log may see.
///
/// As a response it is but a status with the problem attached: [`super::envelope`] knows the request id and writes the body.
#[derive(Debug, Clone)]
pub struct Problem {
    /// The HTTP status.
    pub status: StatusCode,
    code: String,
    title: String,
    detail: String,
    retry_after_ms: Option<u64>,
    /// The error and its causes.
    log: Option<String>,
}

/// The JSON of a problem.
#[derive(Serialize)]
struct Document<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    request_id: &'a str,
    retry_after_ms: Option<u64>,
}

impl Problem {
    /// A problem that HTTP itself knows, with what the client should do about it.
    pub fn new(status: StatusCode, code: &str, detail: impl AsRef<str>) -> Self {
        let title = status.canonical_reason().unwrap_or("Failed").to_owned();
        Self { status, code: code.to_owned(), title, detail: shorten(detail.as_ref()), retry_after_ms: None, log: None }
    }

    /// The request itself is wrong.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        ErrorKind::BadRequest.on(detail).into()
    }

    /// The problem document, for a body or an `error` event.
    pub fn to_json(&self, request_id: &str) -> String {
        let document = Document {
            r#type: format!("urn:frontdesk:problem:{}", self.code),
            title: &self.title,
            status: self.status.as_u16(),
            detail: &self.detail,
            code: &self.code,
            request_id,
            retry_after_ms: self.retry_after_ms,
        };
        // Strings and numbers always fit JSON; an empty object would still come with the right status.
        serde_json::to_string(&document).unwrap_or_else(|_| "{}".to_owned())
    }

    /// Tells the operator what the client is not told.
    pub fn log(&self, request_id: &str) {
        if let Some(chain) = &self.log {
            if self.status.is_server_error() {
                tracing::error!(request_id, code = self.code, "{chain}");
            } else {
                tracing::debug!(request_id, code = self.code, "{chain}");
            }
        }
    }

    /// The whole response. `bare` is the one this problem came in: its other headers, such as `Allow`, stay.
    pub fn write_into(&self, bare: Response, request_id: &str) -> Response {
        self.log(request_id);
        let (mut parts, _) = bare.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        parts.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(wait_ms) = self.retry_after_ms {
            parts.headers.insert(header::RETRY_AFTER, HeaderValue::from(wait_ms.div_ceil(1_000).max(1)));
        }
        Response::from_parts(parts, Body::from(self.to_json(request_id)))
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        // A new kind is ours to answer for until someone decides otherwise here.
        let (status, retry_after_ms) = match error.kind {
            ErrorKind::BadRequest => (StatusCode::BAD_REQUEST, None),
            ErrorKind::NotFound => (StatusCode::NOT_FOUND, None),
            ErrorKind::Conflict => (StatusCode::CONFLICT, None),
            ErrorKind::BadDocument => (StatusCode::UNPROCESSABLE_ENTITY, None),
            ErrorKind::Overloaded => (StatusCode::TOO_MANY_REQUESTS, Some(RETRY_AFTER_MS)),
            ErrorKind::Cancelled => (StatusCode::SERVICE_UNAVAILABLE, Some(RETRY_AFTER_MS)),
            _ => (StatusCode::INTERNAL_SERVER_ERROR, None),
        };
        let detail = match error.kind {
            ErrorKind::BadRequest | ErrorKind::NotFound | ErrorKind::Conflict | ErrorKind::BadDocument => shorten(&error.item),
            ErrorKind::Overloaded => "more work is waiting than the server accepts: send the request again after retry_after_ms".to_owned(),
            ErrorKind::Cancelled => "the server stopped before the answer was ready: send the request again".to_owned(),
            _ => "the server failed: give the request_id to its operator, who finds the reason in the log".to_owned(),
        };
        let code = snake_case(&format!("{:?}", error.kind));
        Self { status, code, title: error.kind.to_string(), detail, retry_after_ms, log: Some(error.chain()) }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<PathRejection> for Problem {
    fn from(_: PathRejection) -> Self {
        Self::bad_request("the path is not UTF-8 after percent-decoding: encode each byte of the id's UTF-8 form")
    }
}

impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let text = rejection.body_text();
        Self::bad_request(format!("the query after `?` cannot be used: {}", text.rsplit("query string: ").next().unwrap_or(&text)))
    }
}

/// The answer to a path that no route has.
pub async fn unknown_path(uri: Uri) -> Problem {
    ErrorKind::NotFound.on(format!("there is nothing at {}: the API is under /v1, the chat page at /", shorten(uri.path()))).into()
}

/// The answer to a method that the path does not have; the router adds which it has.
pub async fn wrong_method(method: Method, uri: Uri) -> Problem {
    let detail = format!("{} does not take {method}: the Allow header says what it takes", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

/// The answer when a handler panicked.
pub fn panicked(payload: Box<dyn Any + Send + 'static>) -> Response {
    let text = payload.downcast_ref::<&str>().map(ToString::to_string).or_else(|| payload.downcast_ref::<String>().cloned());
    Problem::from(ErrorKind::Server.on(format!("a handler panicked: {}", text.as_deref().unwrap_or("without a text")))).into_response()
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(DETAIL_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn snake_case(name: &str) -> String {
    let mut code = String::with_capacity(name.len() + 2);
    for letter in name.chars() {
        if letter.is_ascii_uppercase() && !code.is_empty() {
            code.push('_');
        }
        code.push(letter.to_ascii_lowercase());
    }
    code
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_never_sees_causes_or_paths_of_the_server() {
        let error = ErrorKind::Store.on("data/frontdesk.db: could not read turns").because(std::io::Error::other("disk I/O error"));
        let problem = Problem::from(error);
        let sent = problem.to_json("req_1");
        assert!(!sent.contains("frontdesk.db") && !sent.contains("disk"), "{sent}");
        assert!(problem.log.unwrap().contains("disk I/O error"));
    }

    #[test]
    fn a_code_is_the_kind_in_snake_case() {
        assert_eq!(Problem::from(ErrorKind::BadRequest.on("x")).code, "bad_request");
        assert_eq!(Problem::from(ErrorKind::Overloaded.on("x")).code, "overloaded");
    }

    #[test]
    fn a_huge_detail_is_cut_between_characters() {
        let problem = Problem::bad_request("滞".repeat(5_000));
        assert_eq!(problem.detail.chars().count(), DETAIL_CHARS + 1);
    }
}
