//! The audit of some conversations, as an auditor reads it: every line of the log, and frames that are chained.

use schemas::ConversationId;
use schemas::api::Page;
use schemas::api::views::AuditEvent;

use super::Check;
use super::ledger::Ledger;
use crate::api_client::{ApiClient, ApiError};

const AUDITED: usize = 50;

pub(super) async fn check(auditor: &ApiClient, ledger: &Ledger) -> Check {
    let mut check = Check::new("the audit shows what the log says", "events of some conversations");
    // By id, which is a hash: as good as by chance, and the same ones every time.
    let mut ids: Vec<&ConversationId> = ledger.lines.keys().collect();
    ids.sort_unstable();
    for id in ids.into_iter().take(AUDITED) {
        match events(auditor, *id).await {
            Ok(events) => compare(&mut check, *id, &events, ledger),
            Err(error) => check.problem(|| format!("{id} cannot be audited: {error}")),
        }
    }
    check
}

async fn events(auditor: &ApiClient, id: ConversationId) -> Result<Vec<AuditEvent>, ApiError> {
    let path = format!("/v1/audit/conversations/{id}?limit=1000");
    let mut page: Page<AuditEvent> = auditor.get(&path).await?;
    let mut events = page.items;
    while let Some(next) = page.next {
        page = auditor.get(&format!("{path}&cursor={next}")).await?;
        events.append(&mut page.items);
    }
    Ok(events)
}

fn compare(check: &mut Check, id: ConversationId, events: &[AuditEvent], ledger: &Ledger) {
    check.looked_at += events.len() as u64;
    let in_order = events.windows(2).all(|pair| pair[0].position < pair[1].position);
    check.require(in_order, || format!("the audit of {id} is not in the order of the log"));
    let chained = events.windows(2).all(|pair| {
        pair[0].position.sequence + 1 != pair[1].position.sequence
            || pair[0].frame_hash == pair[1].previous_hash
    });
    check.require(chained, || format!("the frames of {id} are not chained"));
    let expected = ledger.events.get(&id).copied().unwrap_or_default();
    let complete =
        events.len() as u64 == expected.count && events.last().map(|e| e.position) == expected.last;
    check
        .require(complete, || format!("the audit of {id} has {} events of {}", events.len(), expected.count));
}
