//! A view that fails while it runs does not stop the others.

use std::io;
use std::path::Path;

use super::common::damage::scribble;
use super::common::gate::Gate;
use super::*;
use crate::store::Fault;

fn disk_full() -> Fault {
    Fault::Io(io::ErrorKind::StorageFull.into())
}

async fn started(seed: u64) -> (Centre, Traffic, Views) {
    let mut traffic = Traffic::new(seed, 20);
    let centre = Centre::with_traffic(&mut traffic, 100).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    (centre, traffic, views)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_that_cannot_be_written_is_taken_out_and_comes_back_with_the_next_start() {
    let (mut centre, mut traffic, mut views) = started(41).await;
    let mut untouched = centre.views("untouched").await;
    centre.up_to_date(&untouched).await;
    for view in View::ALL {
        let left_at = views.applied();
        let all = follow(&untouched, left_at);
        let heard = follow(&views, left_at);
        views.inner.slots.poison(view, disk_full());
        centre.go_on(&mut traffic, 20).await;
        centre.up_to_date(&views).await;
        assert!(matches!(silence(&views, view), Some(ViewError::Out { .. })), "{view:?}");
        for other in View::ALL.into_iter().filter(|other| *other != view) {
            assert!(silence(&views, other).is_none(), "{other:?} without {view:?}");
            assert!(health(&views, other).failed.is_none());
        }
        let failed = health(&views, view).failed.unwrap();
        assert!(failed.contains("takes no more writes"), "{failed}");
        views.shutdown().await.unwrap();
        let before = heard.await.unwrap();
        assert!(before.reloads.is_empty() && (view == View::Inbox || !before.changes.is_empty()));

        // A client that heard what went on without the view, and goes on from there after the restart.
        let last = before.changes.last().map_or(left_at, |(position, _)| *position);
        views = centre.views("views").await;
        let heard = follow(&views, last);
        centre.whole(&views).await;
        centre.go_on(&mut traffic, 5).await;
        centre.up_to_date(&views).await;
        centre.up_to_date(&untouched).await;
        views.shutdown().await.unwrap();
        untouched.shutdown().await.unwrap();
        let mut heard = heard.await.unwrap();
        heard.changes.splice(0..0, before.changes);
        heard.after_gaps.extend(before.after_gaps);
        heard.assert_complete(&all.await.unwrap(), view.name());
        views = centre.views("views").await;
        untouched = centre.views("untouched").await;
        centre.up_to_date(&views).await;
    }
    views.shutdown().await.unwrap();
    assert_as_rebuilt(&centre, &VERSIONS).await;
}

/// Reads rows that are not in memory, and finds that they are not what was written.
fn read_all(views: &Views, view: View) {
    for number in 0..200 {
        let (workspace, id) = (workspace(), conversation_id(number));
        match view {
            // All rows of the one are in memory since it counted them, and there are few of the other.
            View::Inbox | View::Contacts => {
                views.inner.slots.poison(view, Fault::Damaged("page 7".to_owned()))
            }
            View::History => drop(views.conversation(&workspace, id)),
            View::Status => drop(views.audit_sequences(&workspace, id)),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_whose_files_are_found_damaged_is_built_again_while_it_runs() {
    let (mut centre, mut traffic, mut views) = started(42).await;
    let rows = |dir: &Path, view: View| dir.join(common::directory(view.name())).join("rows/db");
    for view in View::ALL {
        views.shutdown().await.unwrap();
        let gate = Gate::default();
        let dir = centre.path("views");
        views = Views::start(&centre.log, &dir, gate.report()).await.unwrap();
        centre.up_to_date(&views).await;
        scribble(&rows(&dir, view));
        read_all(&views, view);
        let untouched = centre.views("untouched").await;
        centre.up_to_date(&untouched).await;
        let (heard, all) = (follow(&views, views.applied()), follow(&untouched, views.applied()));
        let mut frames = 0;
        while health(&views, view).is_served {
            centre.go_on(&mut traffic, 1).await;
            centre.up_to_date(&views).await;
            frames += 1;
            assert!(frames < 100, "the damage of {view:?} was not found");
        }
        for other in View::ALL.into_iter().filter(|other| *other != view) {
            assert!(silence(&views, other).is_none(), "{other:?} without {view:?}");
        }
        centre.go_on(&mut traffic, 60).await;
        centre.up_to_date(&views).await;
        gate.open();
        centre.whole(&views).await;
        centre.go_on(&mut traffic, 1).await;
        centre.up_to_date(&views).await;
        assert!(View::ALL.iter().all(|view| silence(&views, *view).is_none()));
        centre.up_to_date(&untouched).await;
        views.shutdown().await.unwrap();
        untouched.shutdown().await.unwrap();
        let heard = heard.await.unwrap();
        // Nothing that is told takes a row of contacts.
        assert_eq!(heard.reloads.is_empty(), view == View::Contacts, "{view:?}");
        heard.assert_complete(&all.await.unwrap(), view.name());
        assert_as_rebuilt(&centre, &VERSIONS).await;
        views = centre.views("views").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_any_view_left_they_stop_and_show_what_was() {
    let (mut centre, mut traffic, views) = started(43).await;
    let reached = centre.head;
    for view in View::ALL {
        views.inner.slots.poison(view, disk_full());
    }
    centre.go_on(&mut traffic, 3).await;
    let next = Position { shard: views.applied().shard, sequence: centre.head, index: 0 };
    let stale = views.wait_for(next, Duration::from_secs(20)).await.unwrap_err();
    assert_eq!(stale.reached.sequence, reached);
    for view in View::ALL {
        assert!(silence(&views, view).is_none(), "what was is still answered");
        let health = health(&views, view);
        assert!(health.failed.is_some() && health.checkpoint == reached, "{health:?}");
    }
    assert!(views.shutdown().await.is_err());
    let views = centre.views("views").await;
    centre.whole(&views).await;
    views.shutdown().await.unwrap();
    assert_as_rebuilt(&centre, &VERSIONS).await;
}
