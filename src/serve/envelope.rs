//! What does every request get, whatever it asks?
//!
//! A request id, honoured if the client sent a sane one and always echoed; a check that it was meant for this machine; the body of
//! its problem, if it ended in one; headers that keep browsers from guessing and caches from keeping; one line in the log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use uuid::Uuid;

use super::problem::Problem;

/// Carries the request id in both directions.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id honoured.
const REQUEST_ID_BYTES: usize = 128;

/// Names one request in replies and in the log.
#[derive(Debug, Clone)]
pub struct RequestId(pub Arc<str>);

impl RequestId {
    /// The client's own if it is visible ASCII and not too long, so that it is safe in headers and logs; otherwise a new one.
    fn of(headers: &HeaderMap) -> Self {
        let sane = |id: &&str| !id.is_empty() && id.len() <= REQUEST_ID_BYTES && id.bytes().all(|byte| byte.is_ascii_graphic());
        let sent = headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(sane);
        Self(sent.map_or_else(|| format!("req_{}", Uuid::now_v7().simple()).into(), Arc::from))
    }
}

/// Wraps every route.
pub async fn envelope(mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = RequestId::of(request.headers());
    request.extensions_mut().insert(id.clone());
    let method = request.method().clone();
    // The pattern, not the path: ids in paths are nobody's business in a log.
    let route = request.extensions().get::<MatchedPath>().map_or("unknown", MatchedPath::as_str).to_owned();

    let mut response = match is_for_this_machine(&request) {
        true => next.run(request).await,
        false => misdirected().into_response(),
    };
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.write_into(response, &id.0);
    }
    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id.0) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // What customers asked belongs in no cache; pages and streams say so for themselves.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));

    let status = response.status().as_u16();
    let elapsed_ms = began.elapsed().as_secs_f64() * 1_000.0;
    if matches!(route.as_str(), "/livez" | "/readyz") {
        tracing::debug!(request_id = &*id.0, %method, route, status, elapsed_ms, "request");
    } else {
        tracing::info!(request_id = &*id.0, %method, route, status, elapsed_ms, "request");
    }
    response
}

/// Whether the client called this machine by a loopback name.
///
/// The server needs no key on loopback, so a web page that points its own name at 127.0.0.1 (DNS rebinding) could otherwise
/// read customers' conversations through the browser of anyone on this machine. A client without a host name is no browser.
fn is_for_this_machine(request: &Request) -> bool {
    let named = match request.headers().get(header::HOST) {
        Some(host) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
        None => match request.uri().authority() {
            Some(authority) => Some(authority.clone()),
            None => return true,
        },
    };
    named.is_some_and(|authority| {
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    })
}

fn misdirected() -> Problem {
    let detail = "this server answers only to localhost, 127.0.0.1 and [::1]: call it by one of these, or let the proxy send one as Host";
    Problem::new(StatusCode::MISDIRECTED_REQUEST, "misdirected_request", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::Body;

    #[test]
    fn only_loopback_names_are_this_machine() {
        let called = |host: &str| is_for_this_machine(&Request::builder().uri("/").header("host", host).body(Body::empty()).unwrap());
        for host in ["localhost", "LOCALHOST:8080", "127.0.0.1:80", "127.1.2.3", "[::1]:8080"] {
            assert!(called(host), "{host}");
        }
        for host in ["evil.example", "localhost.evil.example:80", "192.168.0.4", "[::ffff:127.0.0.1]", "", "a b"] {
            assert!(!called(host), "{host}");
        }
    }

    #[test]
    fn an_insane_request_id_is_replaced() {
        let id = |sent: &[u8]| {
            let value = HeaderValue::from_bytes(sent).unwrap();
            RequestId::of(&HeaderMap::from_iter([(REQUEST_ID, value)])).0
        };
        assert_eq!(&*id(b"order-17/a"), "order-17/a");
        assert_eq!(id(&[b'x'; 128]).len(), 128);
        for sent in [&b""[..], b"two words", b"tab\there", "é".as_bytes(), &[b'x'; 129]] {
            assert!(id(sent).starts_with("req_"), "{sent:?}");
        }
    }
}
