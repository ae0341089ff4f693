//! How does a body become a request, and what hears a client whose body does not?
//!
//! JSON of at most 64 KiB, or one file of at most 10 MB, within ten seconds. Every refusal says what was wrong, where, and what to send instead.

use std::error::Error as _;
use std::time::Duration;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use serde::de::{DeserializeOwned, IgnoredAny};

use super::BODY_BYTES;
use super::problem::Problem;

/// Longest wait for a body: a client that sends byte by byte must not hold a connection for ever.
const BODY_WAIT: Duration = Duration::from_secs(10);

/// A JSON object as the body of a request.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "the body must be JSON: send the header `content-type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        }
        let too_large = format!("the body has more than {BODY_BYTES} bytes: send the customer's question alone");
        read(&body(request, state, &too_large).await?).map(Self)
    }
}

/// One file as the body of a request.
pub struct FileBody {
    /// The extension that such a file has, by its content type.
    pub extension: &'static str,
    /// Its bytes, at least one.
    pub bytes: Bytes,
}

/// Content types of files that can be read, and the extension each goes by.
const FILES: [(&str, &str); 8] = [
    ("text/markdown", "md"),
    ("text/plain", "txt"),
    ("text/html", "html"),
    ("application/pdf", "pdf"),
    ("text/csv", "csv"),
    ("application/jsonl", "jsonl"),
    ("application/x-ndjson", "jsonl"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "docx"),
];

impl<S: Send + Sync> FromRequest<S> for FileBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = content_type(request.headers());
        let Some((_, extension)) = FILES.iter().find(|(name, _)| *name == kind) else {
            let names: Vec<&str> = FILES.iter().map(|(name, _)| *name).collect();
            let detail = format!("the header `content-type` must say what kind of file the body is: {}", names.join(", "));
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail));
        };
        let bytes = body(request, state, "the file is larger than 10 MB: split it").await?;
        if bytes.is_empty() {
            return Err(Problem::bad_request("the body is empty: send the file's bytes"));
        }
        Ok(Self { extension, bytes })
    }
}

async fn body<S: Send + Sync>(request: Request, state: &S, too_large: &str) -> Result<Bytes, Problem> {
    let body = tokio::time::timeout(BODY_WAIT, Bytes::from_request(request, state)).await.map_err(|_| {
        Problem::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "the body did not arrive within 10 seconds: send it again")
    })?;
    body.map_err(|rejection: BytesRejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", too_large),
        _ => Problem::bad_request("the body broke off before its end: send it again"),
    })
}

/// The media type in lowercase, without parameters; empty when there is none.
fn content_type(headers: &HeaderMap) -> String {
    let value = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(headers: &HeaderMap) -> bool {
    let kind = content_type(headers);
    kind == "application/json" || (kind.starts_with("application/") && kind.ends_with("+json"))
}

/// Reads one JSON object.
fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    match body.trim_ascii_start().first() {
        None => {
            return Err(Problem::bad_request(
                "the body is empty: send a JSON object such as {\"question\": \"What happens if I pay late?\"}",
            ));
        }
        Some(b'{') => {}
        // Left to itself, serde would take an array for an object whose names were forgotten.
        Some(_) => {
            return Err(match serde_json::from_slice::<IgnoredAny>(body) {
                Ok(_) => Problem::bad_request("the body is JSON, but not an object: send {\"question\": \"…\"}"),
                Err(error) => not_json(error),
            });
        }
    }
    Json::from_bytes(body).map(|Json(value)| value).map_err(|rejection| {
        // Its own text repeats Rust's view of things; the cause is the error itself, with the path of the field in front.
        let cause = rejection.source().map_or_else(|| rejection.body_text(), ToString::to_string);
        match rejection {
            JsonRejection::JsonDataError(_) => Problem::bad_request(format!("the body does not fit: {}", in_plain_words(&cause))),
            _ => not_json(cause),
        }
    })
}

fn not_json(error: impl ToString) -> Problem {
    Problem::bad_request(format!("the body is not valid JSON: {}", error.to_string()))
}

/// Rust's names for numbers mean nothing to a client.
fn in_plain_words(text: &str) -> String {
    ["usize", "u64", "u32"].iter().fold(text.to_owned(), |text, name| {
        text.replace(&format!("expected {name}"), "expected a whole number")
            .replace(&format!("expected a nonzero {name}"), "expected a whole number")
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::AnswerRequest;
    use proptest::prelude::*;

    fn refusal(body: &str) -> String {
        read::<AnswerRequest>(body.as_bytes()).unwrap_err().to_json("req_1")
    }

    #[test]
    fn a_refusal_names_the_field_and_the_place() {
        for (body, words) in [
            ("", &["body is empty"][..]),
            (" \n", &["body is empty"]),
            ("hello", &["not valid JSON", "line 1 column 1"]),
            ("{\"question\": \"a\",}", &["not valid JSON", "line 1 column 18"]),
            ("{\"question\": \"a\"} x", &["not valid JSON", "line 1 column 19"]),
            ("[\"a\"]", &["not an object"]),
            ("{}", &["missing field `question`"]),
            ("{\"question\": \"a\", \"max_word\": 9}", &["unknown field `max_word`", "max_words"]),
            ("{\"question\": \"a\",\n \"max_words\": \"9\"}", &["max_words: ", "expected a whole number", "line 2"]),
            ("{\"question\": \"a\", \"filters\": {\"tags\": \"x\"}}", &["filters.tags: ", "expected a sequence"]),
            ("{\"question\": \"a\", \"language\": \"fr\"}", &["language: ", "`auto`, `en`, `zh`"]),
            ("{\"question\": \"a\", \"as_of\": \"soon\"}", &["as_of: "]),
            ("{\"question\": \"a\", \"question\": \"b\"}", &["duplicate field `question`"]),
        ] {
            let said = refusal(body);
            assert!(words.iter().all(|word| said.contains(word)), "{body:?} → {said}");
        }
    }

    proptest! {
        #[test]
        fn no_body_whatever_makes_reading_panic(body in any::<Vec<u8>>(), text in "[\\[\\]{}\":,a-z0-9 ]{0,40}") {
            let _ = read::<AnswerRequest>(&body);
            let _ = read::<AnswerRequest>(text.as_bytes());
        }
    }
}
