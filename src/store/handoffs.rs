//! Who waits for a person, who has been taken, and how long that took.

use jiff::{SignedDuration, Timestamp};

use super::database::{change, read};
use super::outbox::{self, HandoffEvent};
use super::{Store, text};
use crate::answer::{Handoff, HandoffMove, HandoffState, QueueState};
use crate::error::{Context, ErrorKind, Result};

/// What is kept of a hand-off: packet, state, revision, agent, note, time of the last change.
type HandoffRow = (String, String, i64, Option<String>, Option<String>, Option<i64>);
const HANDOFF: &str = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs WHERE id = $1";
/// Accepted hand-offs that the usual wait is taken from.
const WAITS: i64 = 50;

impl Store {
    /// At most `limit` hand-offs, newest first; with `before`, only those older than the hand-off of that id; with `state`, only those
    /// that stand there.
    ///
    /// # Errors
    /// `NotFound` if there is no hand-off `before`; `Store` if the database failed.
    pub async fn handoffs(&self, limit: u32, before: Option<&str>, state: Option<HandoffState>) -> Result<Vec<Handoff>> {
        let failed = || self.unreadable("handoffs");
        let below = match before {
            None => i64::MAX,
            Some(id) => {
                let sql = "SELECT seq FROM handoffs WHERE id = $1";
                let found: Option<i64> = read!(self, from => sqlx::query_scalar(sql)
                    .bind(text(id)).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
                found.ok_or_else(|| ErrorKind::NotFound.on(format!("`before`: there is no hand-off `{id}`")))?
            }
        };
        let sql = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs
                   WHERE seq < $1 AND ($2 IS NULL OR state = $2) ORDER BY seq DESC LIMIT $3";
        let rows: Vec<HandoffRow> = read!(self, from => sqlx::query_as(sql)
            .bind(below).bind(state.map(HandoffState::name)).bind(i64::from(limit)).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        rows.into_iter().map(|row| self.unpack(row)).collect()
    }

    /// The hand-off of this id.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn handoff(&self, id: &str) -> Result<Option<Handoff>> {
        let failed = || self.unreadable("handoffs");
        let found: Option<HandoffRow> =
            read!(self, from => sqlx::query_as(HANDOFF).bind(text(id)).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        found.map(|row| self.unpack(row)).transpose()
    }

    /// The hand-off of a conversation that no person has ended.
    pub(super) async fn open_handoff(&self, conversation_id: &str) -> Result<Option<Handoff>> {
        let failed = || self.unreadable("handoffs");
        let sql = "SELECT packet, state, revision, agent, note, updated_at FROM handoffs
                   WHERE conversation_id = $1 AND state IN ('offered', 'requested', 'queued', 'accepted', 'active') ORDER BY seq DESC LIMIT 1";
        let open: Option<HandoffRow> =
            read!(self, from => sqlx::query_as(sql).bind(conversation_id).fetch_optional(from).await.on(ErrorKind::Store, failed)?);
        open.map(|row| self.unpack(row)).transpose()
    }

    /// Moves a hand-off on to `next`, by the agent in `wish`, and gives it as it then is.
    ///
    /// # Errors
    /// `NotFound` for an unknown id; `Conflict` where it may not become that, or has changed since the revision that the agent saw;
    /// `Store` if the database failed.
    pub async fn move_handoff(&self, id: &str, next: HandoffState, wish: &HandoffMove) -> Result<Handoff> {
        let failed = || format!("hand-off {id} could not be changed in {}", self.place);
        change!(self, failed, change => {
            let row: Option<HandoffRow> =
                sqlx::query_as(HANDOFF).bind(text(id)).fetch_optional(&mut *change).await.on(ErrorKind::Store, failed)?;
            let now = self.unpack(row.ok_or_else(|| ErrorKind::NotFound.on(format!("there is no hand-off `{id}`")))?)?;
            may_move(&now, next, wish)?;
            // The revision again: with PostgreSQL another server may have changed the row since it was read.
            let moved = "UPDATE handoffs SET state = $2, agent = $3, note = COALESCE($4, note), revision = revision + 1, updated_at = $5,
                                accepted_at = CASE WHEN $2 = 'accepted' THEN $5 ELSE accepted_at END
                         WHERE id = $1 AND revision = $6";
            let time = Timestamp::now().as_microsecond();
            let changed = sqlx::query(moved)
                .bind(&now.id)
                .bind(next.name())
                .bind(text(&wish.agent))
                .bind(wish.note.as_deref().map(text))
                .bind(time)
                .bind(i64::from(now.revision))
                .execute(&mut *change)
                .await
                .on(ErrorKind::Store, failed)?;
            if changed.rows_affected() == 0 {
                return Err(ErrorKind::Conflict.on("the hand-off was changed by somebody else at the same moment: read it again"));
            }
            let row: HandoffRow = sqlx::query_as(HANDOFF).bind(&now.id).fetch_one(&mut *change).await.on(ErrorKind::Store, failed)?;
            let then = self.unpack(row)?;
            if let Some(event) = HandoffEvent::of(next) {
                for row in self.announce(event, &then, Vec::new) {
                    sqlx::query(outbox::INSERT)
                        .bind(&row.id)
                        .bind(&row.endpoint)
                        .bind(row.event.name())
                        .bind(&then.conversation_id)
                        .bind(&row.body)
                        .bind(time)
                        .execute(&mut *change)
                        .await
                        .on(ErrorKind::Store, failed)?;
                }
            }
            change.commit().await.on(ErrorKind::Store, failed)?;
            Ok(then)
        })
    }

    /// Gives up on hand-offs that nobody took since `began`, and says which.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn time_out_handoffs(&self, began: Timestamp) -> Result<Vec<Handoff>> {
        let failed = || self.unreadable("handoffs");
        let sql = "SELECT id FROM handoffs WHERE state IN ('offered', 'requested', 'queued') AND created_at < $1 ORDER BY seq LIMIT 200";
        let late: Vec<String> = read!(self, from => sqlx::query_scalar(sql)
            .bind(began.as_microsecond()).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        let mut ended = Vec::new();
        for id in late {
            let wish = HandoffMove { agent: "frontdesk".into(), revision: None, note: Some("nobody took it in time".into()) };
            match self.move_handoff(&id, HandoffState::TimedOut, &wish).await {
                Ok(handoff) => ended.push(handoff),
                // Taken at the last moment, or erased: good.
                Err(error) if matches!(error.kind, ErrorKind::Conflict | ErrorKind::NotFound) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// How many wait, and how long it usually takes until a person comes.
    ///
    /// # Errors
    /// `Store` if the database failed.
    pub async fn queue(&self) -> Result<QueueState> {
        let failed = || self.unreadable("handoffs");
        let sql = "SELECT COUNT(*) FROM handoffs WHERE state IN ('requested', 'queued')";
        let waiting: i64 = read!(self, from => sqlx::query_scalar(sql).fetch_one(from).await.on(ErrorKind::Store, failed)?);
        let sql = "SELECT accepted_at - created_at FROM handoffs WHERE accepted_at IS NOT NULL ORDER BY seq DESC LIMIT $1";
        let mut waits: Vec<i64> =
            read!(self, from => sqlx::query_scalar(sql).bind(WAITS).fetch_all(from).await.on(ErrorKind::Store, failed)?);
        waits.sort_unstable();
        let usual_wait = waits.get(waits.len() / 2).map(|wait| SignedDuration::from_micros(*wait));
        Ok(QueueState { waiting: usize::try_from(waiting).unwrap_or_default(), usual_wait })
    }

    pub(super) fn unpack(&self, (packet, state, revision, agent, note, updated_at): HandoffRow) -> Result<Handoff> {
        let packet: Handoff = self.parse(&packet, "handoffs")?;
        let failed = || self.unreadable("handoffs");
        let state = serde_json::from_value(serde_json::Value::String(state)).on(ErrorKind::Store, failed)?;
        let revision = u32::try_from(revision).on(ErrorKind::Store, failed)?;
        let updated_at = updated_at.map(|time| self.time(time, "handoffs")).transpose()?;
        Ok(Handoff { state, revision, agent, note, updated_at: updated_at.map(|time| time.to_string()), ..packet })
    }
}

fn may_move(now: &Handoff, next: HandoffState, wish: &HandoffMove) -> Result<()> {
    let holder = now.agent.as_deref().map(|agent| format!(" by {agent}")).unwrap_or_default();
    if !now.state.may_become(next) {
        return Err(ErrorKind::Conflict.on(format!("the hand-off is {}{holder}: it cannot become {}", now.state.name(), next.name())));
    }
    match wish.revision.filter(|seen| *seen != now.revision) {
        Some(seen) => {
            Err(ErrorKind::Conflict
                .on(format!("the hand-off is at revision {}, not {seen}: read it again before changing it", now.revision)))
        }
        None => Ok(()),
    }
}
