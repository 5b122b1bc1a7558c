//! Audits: every event of a conversation, read from the log itself and not from a view of it. The views only say in
//! which frames to look.

use std::sync::Arc;

use axum::extract::State;
use engine::log::{LogError, RecordedFrame};
use futures_util::{StreamExt, TryStreamExt, stream};
use schemas::api::Page;
use schemas::api::views::AuditEvent;
use schemas::{ConversationId, Position, WorkspaceId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Path, Query};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading, catch_up};
use crate::app::App;
use crate::limits::{AUDIT_EVENTS_DEFAULT, AUDIT_EVENTS_MAX};

/// Frames that are asked of NATS at once.
const FRAMES_AT_ONCE: usize = 16;

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct AuditQuery {
    /// `next` of the page before; absent for the first.
    cursor: Option<String>,
    /// About how many events a page has, from 1 to 10,000; 1,000 if absent. The last frame is shown whole.
    #[param(minimum = 1, maximum = 10_000, default = 1_000)]
    limit: Option<usize>,
}

impl AuditQuery {
    fn events(&self) -> Result<usize, Failure> {
        match self.limit {
            None => Ok(AUDIT_EVENTS_DEFAULT),
            Some(events @ 1..=AUDIT_EVENTS_MAX) => Ok(events),
            Some(_) => {
                let title = format!("limit is from 1 to {AUDIT_EVENTS_MAX}");
                Err(Failure::because(Fault::InvalidParameter, title).in_field("limit"))
            }
        }
    }

    /// The sequence of the last frame of the page before; 0 for the first page. One cursor has one spelling.
    fn after(&self) -> Result<u64, Failure> {
        let Some(cursor) = &self.cursor else { return Ok(0) };
        let after = cursor.strip_prefix("after-").and_then(|sequence| sequence.parse().ok());
        let after = after.filter(|sequence| *cursor == next(*sequence));
        after.ok_or_else(|| Failure::from(Fault::InvalidCursor).in_field("cursor"))
    }
}

/// The cursor of the page after the one that ends with this frame.
fn next(sequence: u64) -> String {
    format!("after-{sequence}")
}

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(audit))
}

/// Audit a conversation
///
/// Every event of it, oldest first, from the log: who did it and when, by which command, its position, and the
/// hashes that chain its frame to the one before. Where two frames of the answer follow each other in the log the
/// chain is checked; `log_damaged` says that it is broken. For auditors and administrators.
#[utoipa::path(
    get,
    path = "/v1/audit/conversations/{id}",
    tag = "audit",
    params(("id" = ConversationId, Path, description = "Which conversation."), AuditQuery),
    responses((status = 200, description = "A page of events.", body = Page<AuditEvent>))
)]
async fn audit(
    State(app): State<Arc<App>>,
    Path(id): Path<ConversationId>,
    Query(query): Query<AuditQuery>,
    reading: Reading,
) -> Result<Answer<Page<AuditEvent>>, Failure> {
    reading.sight.require_audit()?;
    let (events, after) = (query.events()?, query.after()?);
    let mut sequences = app.views.audit_sequences(&app.workspace, id)?;
    if sequences.is_empty() {
        catch_up(&app).await?;
        sequences = app.views.audit_sequences(&app.workspace, id)?;
    }
    if sequences.is_empty() {
        let title = format!("there is no conversation {id}");
        return Err(Failure::because(Fault::ConversationNotFound, title));
    }
    sequences.retain(|sequence| *sequence > after);
    Ok(reading.answer(page(&app, id, &sequences, events).await?))
}

async fn page(
    app: &App,
    id: ConversationId,
    sequences: &[u64],
    events_max: usize,
) -> Result<Page<AuditEvent>, Failure> {
    let reads = sequences.iter().copied().map(|sequence| read(app, sequence));
    let mut frames = stream::iter(reads).buffered(FRAMES_AT_ONCE);
    let mut items = Vec::new();
    let mut before: Option<RecordedFrame> = None;
    while let Some(frame) = frames.try_next().await? {
        check_link(before.as_ref(), &frame)?;
        events_of(&frame, &app.workspace, id, &mut items)?;
        let is_last = sequences.last() == Some(&frame.sequence);
        if items.len() >= events_max && !is_last {
            return Ok(Page { items, next: Some(next(frame.sequence)) });
        }
        before = Some(frame);
    }
    Ok(Page { items, next: None })
}

async fn read(app: &App, sequence: u64) -> Result<RecordedFrame, LogError> {
    app.log.read_frame(sequence).await?.ok_or(LogError::Missing { sequence })
}

/// A frame that follows another in the log carries its hash.
fn check_link(before: Option<&RecordedFrame>, frame: &RecordedFrame) -> Result<(), LogError> {
    match before {
        Some(before) if before.sequence + 1 == frame.sequence && before.hash != frame.frame.previous => {
            Err(LogError::BrokenChain { sequence: frame.sequence })
        }
        Some(_) | None => Ok(()),
    }
}

fn events_of(
    recorded: &RecordedFrame,
    workspace: &WorkspaceId,
    id: ConversationId,
    items: &mut Vec<AuditEvent>,
) -> Result<(), Failure> {
    let (frame_hash, previous_hash) = (hex::encode(recorded.hash), hex::encode(recorded.frame.previous));
    let commits = recorded.frame.commits.iter();
    let events = commits.flat_map(|commit| commit.events.iter().map(move |event| (&commit.header, event)));
    for (index, (header, event)) in (0..).zip(events) {
        if header.workspace != *workspace || event.conversation() != Some(id) {
            continue;
        }
        let payload = event.serialize_payload(serde_json::value::Serializer).map_err(|error| {
            tracing::error!(sequence = recorded.sequence, index, %error, "an event has no JSON");
            Fault::Internal
        })?;
        items.push(AuditEvent {
            position: Position { shard: recorded.frame.shard, sequence: recorded.sequence, index },
            at: header.at,
            actor: header.actor.clone(),
            command: header.command,
            event: event.name().to_owned(),
            payload,
            frame_hash: frame_hash.clone(),
            previous_hash: previous_hash.clone(),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use schemas::event::{NoteAdded, NoteKind};
    use schemas::frame::{Commit, CommitHeader, Frame, NO_FRAME};
    use schemas::{Actor, CommandId, Event, FrameId, ShardId, Timestamp};

    use super::*;

    const ID: ConversationId = ConversationId::from_bytes([7; 16]);

    fn workspace(name: &str) -> WorkspaceId {
        WorkspaceId::new(name).unwrap()
    }

    fn note(conversation: ConversationId, text: &str) -> Event {
        NoteAdded { conversation, text: text.into(), kind: NoteKind::Note }.into()
    }

    fn frame(sequence: u64, previous: [u8; 32], commits: Vec<(&str, Vec<Event>)>) -> RecordedFrame {
        let commits = commits.into_iter().map(|(name, events)| {
            let header = CommitHeader {
                workspace: workspace(name),
                command: CommandId::from_bytes([1; 16]),
                fingerprint: 0,
                actor: Actor::System,
                at: Timestamp::from_millis(1),
            };
            Commit { header, events }
        });
        let frame = Frame {
            shard: ShardId(0),
            id: FrameId::from_bytes([2; 16]),
            previous,
            written_at: Timestamp::from_millis(1),
            commits: commits.collect(),
        };
        RecordedFrame { sequence, hash: [sequence as u8; 32], bytes_len: 0, frame }
    }

    #[test]
    fn only_this_conversation_is_shown_each_event_with_its_own_position() {
        let other = ConversationId::from_bytes([8; 16]);
        let frame = frame(
            5,
            NO_FRAME,
            vec![
                ("default", vec![note(other, "a"), note(ID, "b")]),
                ("elsewhere", vec![note(ID, "c")]),
                ("default", vec![note(ID, "d")]),
            ],
        );
        let mut items = Vec::new();
        events_of(&frame, &workspace("default"), ID, &mut items).unwrap();
        let shown: Vec<_> = items
            .iter()
            .map(|item| (item.position.to_string(), item.event.as_str(), item.payload["text"].as_str()))
            .collect();
        assert_eq!(
            shown,
            [("0-5-1".to_owned(), "NoteAdded", Some("b")), ("0-5-3".to_owned(), "NoteAdded", Some("d")),]
        );
        assert_eq!(items[0].frame_hash, "05".repeat(32));
    }

    #[test]
    fn a_broken_chain_is_noticed() {
        let first = frame(5, NO_FRAME, vec![]);
        assert!(check_link(None, &first).is_ok());
        assert!(check_link(Some(&first), &frame(6, [5; 32], vec![])).is_ok());
        assert!(check_link(Some(&first), &frame(6, [9; 32], vec![])).is_err());
        assert!(check_link(Some(&first), &frame(8, [9; 32], vec![])).is_ok());
    }

    #[test]
    fn a_cursor_is_one_of_ours() {
        let after = |cursor: Option<&str>| {
            let query = AuditQuery { cursor: cursor.map(str::to_owned), limit: None };
            query.after().ok()
        };
        assert_eq!((after(None), after(Some("after-12"))), (Some(0), Some(12)));
        for other in ["12", "after-x", "after-+5", "after-05", "after--5", "after- 5", "after-"] {
            assert_eq!(after(Some(other)), None, "{other:?}");
        }
    }
}
