//! A new version of a view is built beside the old one, which is served and fed until they change places.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::common::gate::Gate;
use super::*;

/// Newer than those of today, which it can read.
const NEW: Version = Version { current: 9, readable: &[1, 2] };
const NEW_AND_FOREIGN: Version = Version { current: 9, readable: &[] };

async fn start(centre: &Centre, versions: [Version; VIEWS], gate: &Gate) -> Views {
    let options = Options { versions, ..Options::default() };
    Views::start_with(&centre.log, &centre.path("views"), options, gate.report()).await.unwrap()
}

async fn with_old_views(traffic: &mut Traffic) -> (Centre, Position) {
    let centre = Centre::with_traffic(traffic, 150).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    let left_at = views.applied();
    views.shutdown().await.unwrap();
    (centre, left_at)
}

/// Asks all views all the time; every one must answer.
fn ask_on(views: &Views, is_over: &Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let (views, is_over) = (views.clone(), Arc::clone(is_over));
    std::thread::spawn(move || {
        let (mut asked, mut last) = (0, 0);
        while !is_over.load(Ordering::Relaxed) {
            for view in View::ALL {
                assert!(silence(&views, view).is_none(), "{view:?}: {:?}", silence(&views, view));
            }
            let counts = views.inbox().counts().unwrap();
            assert!(counts.open >= counts.waiting && counts.open > 0, "{counts:?}");
            let sequences = views.audit_sequences(&workspace(), conversation_id(0)).unwrap();
            assert!(sequences.len() >= last, "rows went back");
            (asked, last) = (asked + 1, sequences.len());
        }
        asked
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_takes_the_place_of_the_old_at_once() {
    let mut traffic = Traffic::new(31, 20);
    let (mut centre, left_at) = with_old_views(&mut traffic).await;
    let untouched = centre.views("untouched").await;
    centre.up_to_date(&untouched).await;
    let (gate, is_over) = (Gate::default(), Arc::default());
    let views = start(&centre, [NEW; VIEWS], &gate).await;
    let (heard, all) = (follow(&views, left_at), follow(&untouched, left_at));
    let asking = ask_on(&views, &is_over);

    centre.go_on(&mut traffic, 20).await;
    centre.up_to_date(&views).await;
    for view in View::ALL {
        let health = health(&views, view);
        assert!(health.is_served && health.head_lag == 0, "the old version is fed: {health:?}");
        assert!(health.building.is_some(), "{health:?}");
    }
    gate.open();
    centre.whole(&views).await;
    centre.go_on(&mut traffic, 20).await;
    centre.up_to_date(&views).await;
    centre.up_to_date(&untouched).await;
    is_over.store(true, Ordering::Relaxed);
    assert!(asking.join().unwrap() > 10);

    views.shutdown().await.unwrap();
    untouched.shutdown().await.unwrap();
    let heard = heard.await.unwrap();
    assert_eq!(heard.reloads, [], "nothing was passed over");
    heard.assert_complete(&all.await.unwrap(), "a new version");
    for view in View::ALL {
        assert!(!centre.path("views").join(common::directory(view.name())).exists(), "{view:?}");
    }
    assert_as_rebuilt(&centre, &[NEW; VIEWS]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_version_that_was_half_built_does_not_take_the_place_of_the_old() {
    let mut traffic = Traffic::new(32, 20);
    let (mut centre, _) = with_old_views(&mut traffic).await;
    for _ in 0..3 {
        let gate = Gate::default();
        let views = start(&centre, [NEW; VIEWS], &gate).await;
        centre.go_on(&mut traffic, 5).await;
        centre.up_to_date(&views).await;
        assert!(View::ALL.iter().all(|view| silence(&views, *view).is_none()));
        let stopping = tokio::spawn(views.clone().shutdown());
        let has_ended = || silence(&views, View::Inbox).is_some();
        common::eventually("those that go along have ended", has_ended).await;
        gate.open();
        stopping.await.unwrap().unwrap();
    }
    let gate = Gate::default();
    gate.open();
    let views = start(&centre, [NEW; VIEWS], &gate).await;
    centre.whole(&views).await;
    views.shutdown().await.unwrap();
    assert_as_rebuilt(&centre, &[NEW; VIEWS]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_version_that_cannot_be_read_is_not_served_and_goes_when_the_new_one_is_there() {
    let mut traffic = Traffic::new(33, 20);
    let (mut centre, _) = with_old_views(&mut traffic).await;
    let versions = [NEW, NEW_AND_FOREIGN, NEW, NEW];
    let gate = Gate::default();
    let views = start(&centre, versions, &gate).await;
    centre.go_on(&mut traffic, 5).await;
    centre.up_to_date(&views).await;
    assert!(matches!(silence(&views, View::History), Some(ViewError::BeingBuilt { view: "history" })));
    assert!(silence(&views, View::Inbox).is_none() && silence(&views, View::Status).is_none());
    let old = centre.path("views").join(common::directory("history"));
    assert!(old.exists(), "until the new one is there");
    gate.open();
    centre.whole(&views).await;
    views.shutdown().await.unwrap();
    assert!(!old.exists());
    assert_as_rebuilt(&centre, &versions).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_reading_the_old_version_keeps_it_until_they_are_done() {
    let (centre, _) = with_old_views(&mut Traffic::new(34, 20)).await;
    let gate = Gate::default();
    let views = start(&centre, [NEW; VIEWS], &gate).await;
    let old_rows = views.inner.slots.history();
    gate.open();
    centre.whole(&views).await;
    let gone = |view: &str| !centre.path("views").join(common::directory(view)).exists();
    common::eventually("the old ones that nobody reads are gone", || gone("inbox") && gone("status")).await;
    let frame = old_rows.get(&crate::keys::frame()).unwrap();
    assert!(frame.is_some() && !gone("history"), "taken away from whoever reads it");
    drop(old_rows);
    common::eventually("the one that was read is gone", || gone("history")).await;
    views.shutdown().await.unwrap();
}
