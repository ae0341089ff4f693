//! The page that customers see, and its assets, as they were built into the binary.
//!
//! The page shows text from policies and models, so its browser is told to run and load nothing but these files.

use std::hash::{DefaultHasher, Hash, Hasher};

use axum::Router;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::AppState;

const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/// One file of the pages.
#[derive(Clone, Copy)]
struct Page {
    path: &'static str,
    content_type: &'static str,
    body: &'static str,
}

const PAGES: [Page; 4] = [
    Page { path: "/", content_type: "text/html; charset=utf-8", body: include_str!("pages/index.html") },
    Page { path: "/app.css", content_type: "text/css; charset=utf-8", body: include_str!("pages/app.css") },
    Page { path: "/app.js", content_type: "text/javascript; charset=utf-8", body: include_str!("pages/app.js") },
    Page { path: "/icon.svg", content_type: "image/svg+xml", body: include_str!("pages/icon.svg") },
];

/// The routes of the pages.
pub fn routes() -> Router<AppState> {
    PAGES.iter().fold(Router::new(), |router, page| {
        let etag = etag(page.body);
        router.route(page.path, get(async move |headers: HeaderMap| reply(page, &etag, &headers)))
    })
}

/// The file, or "not modified" to a browser that has this one. Files keep their names over releases, so browsers ask each time.
fn reply(page: &Page, etag: &str, request: &HeaderMap) -> Response {
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let same = known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut response = if same { StatusCode::NOT_MODIFIED.into_response() } else { page.body.into_response() };
    let fixed: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_TYPE, page.content_type),
        (header::CACHE_CONTROL, "no-cache"),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    let headers = response.headers_mut();
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

/// Changes whenever the file does. The same on every server of one build, which is all a load balancer needs.
fn etag(body: &str) -> String {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}
