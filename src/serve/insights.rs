//! How does the desk do?

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::Deserialize;

use super::AppState;
use super::problem::Problem;
use crate::error::Result;
use crate::insight::{AGENT_MINUTES, desk_report};

/// Days counted when the client does not say.
const DAYS: i64 = 28;

/// Which days, at what cost, in which form.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wish {
    from: Option<Date>,
    to: Option<Date>,
    agent_minutes: Option<f64>,
    format: Option<Form>,
}

/// How the report is written.
#[derive(Deserialize, Clone, Copy, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Form {
    Json,
    Csv,
}

/// `GET /v1/insights?from=2026-11-01&to=2026-11-30&agent_minutes=6&format=csv`: whole days in UTC, both included; the last four weeks
/// unless the client says otherwise.
pub async fn insights(State(state): State<AppState>, wish: Result<Query<Wish>, QueryRejection>) -> Result<Response, Problem> {
    let Query(wish) = wish?;
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let last = wish.to.unwrap_or(today);
    let first = wish.from.unwrap_or_else(|| last.saturating_sub((DAYS - 1).days()));
    let agent_minutes = wish.agent_minutes.unwrap_or(AGENT_MINUTES);
    if first > last {
        return Err(Problem::bad_request(format!("`from` is {first}, which is after `to`, {last}")));
    }
    if !(0.0..=1_000.0).contains(&agent_minutes) {
        return Err(Problem::bad_request(format!("`agent_minutes` is {agent_minutes}, it must be 0 to 1000")));
    }
    let at = |day: Date| day.to_zoned(TimeZone::UTC).map(|time| time.timestamp());
    let (Ok(from), Ok(to)) = (at(first), at(last.saturating_add(1.days()))) else {
        return Err(Problem::bad_request(format!("`from` {first} and `to` {last} are too far away")));
    };
    let history = state.store.history(from, to).await?;
    let report = desk_report(&history, from, to, agent_minutes);
    Ok(match wish.format {
        Some(Form::Csv) => ([(header::CONTENT_TYPE, "text/csv; charset=utf-8")], report.to_csv()).into_response(),
        Some(Form::Json) | None => Json(report).into_response(),
    })
}
