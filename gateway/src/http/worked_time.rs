//! How long an agent worked, and was away for what reasons, from what happened.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use engine::clock;
use schemas::api::views::{PresenceInterval, WorkedTime};
use schemas::{AgentId, Presence, Timestamp};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Path, Query};
use super::problem::{Failure, Fault};
use super::reading::{Answer, Reading};
use crate::app::App;
use crate::limits::{PRESENCES_MAX, WORKED_TIME_MAX};

const A_DAY: Duration = Duration::from_secs(24 * 60 * 60);

pub(super) fn routes() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(worked_time))
}

/// From when, and until when.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RangeQuery {
    /// From when on; a day before the end if absent.
    from: Option<Timestamp>,
    /// Until when; the present if absent.
    to: Option<Timestamp>,
}

impl RangeQuery {
    fn range(&self, now: Timestamp) -> Result<Range<Timestamp>, Failure> {
        let to = self.to.map_or(now, |to| to.min(now));
        let day_before = Timestamp::from_millis(to.millis().saturating_sub(A_DAY.as_millis() as u64));
        let from = self.from.unwrap_or(day_before);
        let wrong =
            |title: &'static str| Err(Failure::because(Fault::InvalidParameter, title).in_field("from"));
        if from >= to {
            return wrong("the time begins where it ends, or later, or in the future");
        }
        if to.since(from) > WORKED_TIME_MAX {
            return wrong("the time is longer than 31 days");
        }
        Ok(from..to)
    }
}

/// How long an agent worked
///
/// The time an agent was online, away by reason, and offline, and each change of it. An agent whose live connection was lost
/// counts as they were until they were given up. Agents see their own time, supervisors everybody's. At most 31 days.
///
/// Refused with `master_not_found`, `invalid_parameter` or `forbidden`.
#[utoipa::path(
    get,
    path = "/v1/agents/{id}/worked-time",
    tag = "agents",
    params(("id" = AgentId, Path, description = "Which agent."), RangeQuery),
    responses((status = 200, description = "The time.", body = WorkedTime))
)]
async fn worked_time(
    State(app): State<Arc<App>>,
    Path(agent): Path<AgentId>,
    Query(query): Query<RangeQuery>,
    reading: Reading,
) -> Result<Answer<WorkedTime>, Failure> {
    reading.sight.require_inbox(&agent)?;
    let inbox = app.views.inbox();
    if inbox.agent(&app.workspace, &agent)?.is_none() {
        return Err(Fault::MasterNotFound.into());
    }
    let range = query.range(clock::now())?;
    let presences = inbox.presences(&app.workspace, &agent, range.clone(), PRESENCES_MAX)?;
    let presences = presences.ok_or_else(|| {
        let title =
            format!("there are more than {PRESENCES_MAX} changes in that time: ask for a shorter one");
        Failure::because(Fault::InvalidParameter, title).in_field("from")
    })?;
    Ok(reading.answer(told(presences, range)))
}

fn told(presences: Vec<(Timestamp, Presence)>, range: Range<Timestamp>) -> WorkedTime {
    let ends: Vec<Timestamp> =
        presences.iter().skip(1).map(|(at, _)| *at).chain(std::iter::once(range.end)).collect();
    let (mut online, mut offline, mut away) = (Duration::ZERO, Duration::ZERO, BTreeMap::new());
    let mut intervals = Vec::with_capacity(presences.len());
    for ((from, presence), to) in presences.into_iter().zip(ends) {
        let time = to.since(from);
        let (presence, reason) = match presence {
            Presence::Online => {
                online += time;
                ("online", None)
            }
            Presence::Offline => {
                offline += time;
                ("offline", None)
            }
            Presence::Away { reason } => {
                *away.entry(reason.clone()).or_insert(Duration::ZERO) += time;
                ("away", Some(reason))
            }
        };
        intervals.push(PresenceInterval { presence: presence.to_owned(), reason, from, to });
    }
    WorkedTime {
        from: range.start,
        to: range.end,
        online_seconds: online.as_secs(),
        away_seconds: away.into_iter().map(|(reason, time)| (reason, time.as_secs())).collect(),
        offline_seconds: offline.as_secs(),
        intervals,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_800_000_000_000 + seconds * 1_000)
    }

    #[test]
    fn times_are_those_between_changes() {
        let away = |reason: &str| Presence::Away { reason: reason.into() };
        let presences = vec![
            (at(0), Presence::Offline),
            (at(10), Presence::Online),
            (at(40), away("lunch")),
            (at(45), Presence::Online),
            (at(50), away("lunch")),
            (at(60), away("training")),
        ];
        let told = told(presences, at(0)..at(100));
        assert_eq!((told.offline_seconds, told.online_seconds), (10, 35));
        let away = BTreeMap::from([("lunch".to_owned(), 15), ("training".to_owned(), 40)]);
        assert_eq!(told.away_seconds, away);
        let last = told.intervals.last().unwrap();
        assert_eq!((last.from, last.to, told.intervals.len()), (at(60), at(100), 6));
    }

    #[test]
    fn a_range_is_a_day_until_now_and_at_most_a_month() {
        let now = at(40 * 24 * 3600);
        let of = |from: Option<Timestamp>, to| RangeQuery { from, to }.range(now);
        let day = 24 * 3600;
        assert_eq!(of(None, None).ok(), Some(at(39 * day)..now));
        assert_eq!(of(Some(at(9 * day)), None).ok(), Some(at(9 * day)..now));
        assert_eq!(of(Some(at(39 * day)), Some(at(90 * day))).ok(), Some(at(39 * day)..now));
        for (from, to) in [
            (Some(at(9 * day - 1)), None),
            (Some(now), None),
            (Some(at(90 * day)), Some(at(95 * day))),
            (Some(at(20)), Some(at(20))),
        ] {
            assert_eq!(of(from, to).map_err(|failure| failure.code()), Err("invalid_parameter"));
        }
    }
}
