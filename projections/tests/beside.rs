//! A view that cannot be used is built beside the others, which go on: whatever was wrong with it, the others answer
//! meanwhile, live push goes on or says so, and in the end it is what a fresh rebuild is.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use common::damage::{copy, cut_short, scribble};
use common::follower::follow;
use common::gate::Gate;
use common::traffic::{Traffic, contact_id, conversation_id, workspace};
use common::{Centre, directory, eventually};
use projections::store::Store;
use projections::{QueryError, ViewError, Views, digest, rebuild};
use schemas::Position;

const VIEWS: [&str; 4] = ["inbox", "history", "status", "contacts"];

/// Why a view does not answer, if it does not.
fn silence(views: &Views, view: &str) -> Option<ViewError> {
    let of_view = |error| match error {
        QueryError::View(error) => error,
        QueryError::Cursor(error) => panic!("{error}"),
    };
    let asked = match view {
        "inbox" => views.inbox().agents(&workspace()).map(drop),
        "history" => {
            let conversations = views.history().contact_conversations(&workspace(), contact_id(0), None, 1);
            conversations.map(drop).map_err(of_view)
        }
        "contacts" => views.contacts().contact(&workspace(), contact_id(0)).map(drop),
        _ => views.audit_sequences(&workspace(), conversation_id(0)).map(drop).map_err(of_view),
    };
    asked.err()
}

/// A centre, views of it that were shut down, and views that are never touched.
struct Scene {
    centre: Centre,
    traffic: Traffic,
    untouched: Views,
    left_at: Position,
}

impl Scene {
    async fn new(seed: u64) -> Self {
        let mut traffic = Traffic::new(seed, 20);
        let centre = Centre::with_traffic(&mut traffic, 150).await;
        let views = centre.views("views").await;
        centre.up_to_date(&views).await;
        let left_at = views.applied();
        views.shutdown().await.unwrap();
        let untouched = centre.views("untouched").await;
        centre.up_to_date(&untouched).await;
        Self { centre, traffic, untouched, left_at }
    }

    /// Starts on views of which `missing` cannot be used, and sees the way to where they are whole again.
    async fn assert_built_beside(&mut self, missing: &str, why: &str) {
        let (centre, gate) = (&mut self.centre, Gate::default());
        let all = follow(&self.untouched, self.left_at);
        let views = Views::start(&centre.log, &centre.path("views"), gate.report()).await.unwrap();
        let heard = follow(&views, self.left_at);

        centre.go_on(&mut self.traffic, 20).await;
        centre.up_to_date(&views).await;
        for view in VIEWS.into_iter().filter(|view| missing != "history" || *view != "status") {
            match silence(&views, view) {
                Some(ViewError::BeingBuilt { view: told }) => assert_eq!((view, told), (missing, missing)),
                silence => assert!(view != missing && silence.is_none(), "{why}: {view}: {silence:?}"),
            }
        }
        let health = views.health().into_iter().find(|view| view.name == missing).unwrap();
        assert!(!health.is_served && health.failed.is_none(), "{why}: {health:?}");
        assert!(health.building.is_some(), "{why}: {health:?}");
        if missing == "inbox" {
            let after = views.feed().subscribe(Some(views.applied()));
            assert!(after.is_ok(), "{why}: what is applied can be gone on from");
        }

        gate.open();
        centre.whole(&views).await;
        centre.go_on(&mut self.traffic, 10).await;
        centre.up_to_date(&views).await;
        centre.up_to_date(&self.untouched).await;
        assert!(VIEWS.iter().all(|view| silence(&views, view).is_none()), "{why}");
        self.left_at = views.applied();
        views.shutdown().await.unwrap();
        self.untouched.clone().shutdown().await.unwrap();
        let (heard, all) = (heard.await.unwrap(), all.await.unwrap());
        assert!(!heard.reloads.is_empty(), "{why}: nobody was told to read what they may have missed");
        assert!(!heard.changes.is_empty(), "{why}: live push did not go on");
        heard.assert_complete(&all, why);

        rebuild(&centre.log, &centre.path("built"), |_| {}).await.unwrap();
        assert_eq!(digest(&centre.path("views")).unwrap(), digest(&centre.path("built")).unwrap(), "{why}");
        self.untouched = centre.views("untouched").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_wrong_with_a_view_the_others_go_on() {
    type Damage = (&'static str, fn(&Path));
    let damages: [Damage; 5] = [
        ("missing", |dir| fs::remove_dir_all(dir).unwrap()),
        ("rows flipped", |dir| scribble(&dir.join("rows/db"))),
        ("rows cut short", |dir| cut_short(&dir.join("rows/db"))),
        ("settings flipped", |dir| scribble(&dir.join("rows/conf"))),
        ("format of something else", |dir| scribble(&dir.join("format"))),
    ];
    let mut scene = Scene::new(21).await;
    for (why, damage) in damages {
        for view in VIEWS {
            damage(&scene.centre.path("views").join(directory(view)));
            scene.assert_built_beside(view, &format!("{view} {why}")).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_of_another_log_is_put_aside_and_built() {
    let mut scene = Scene::new(22).await;
    // Shorter than this log, and longer.
    for (view, frames) in [("inbox", 20), ("history", 400), ("status", 20)] {
        let other = Centre::with_traffic(&mut Traffic::new(23, 20), frames).await;
        let foreign = other.views("views").await;
        other.up_to_date(&foreign).await;
        foreign.shutdown().await.unwrap();
        let name = directory(view);
        let path = scene.centre.path("views").join(&name);
        fs::remove_dir_all(&path).unwrap();
        copy(&other.path("views").join(&name), &path);
        scene.assert_built_beside(view, &format!("{view} of another log")).await;
        assert!(scene.centre.path("views").join(format!("{name}.broken-1")).is_dir());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn when_all_views_are_of_another_log_all_are_built() {
    let mut other = Centre::with_traffic(&mut Traffic::new(24, 20), 30).await;
    let foreign = other.views("views").await;
    other.up_to_date(&foreign).await;
    foreign.shutdown().await.unwrap();
    other.go_on(&mut Traffic::new(25, 20), 3).await;

    let centre = Centre::with_traffic(&mut Traffic::new(26, 20), 60).await;
    copy(&other.path("views"), &centre.path("views"));
    let views = centre.views("views").await;
    centre.whole(&views).await;
    views.shutdown().await.unwrap();
    rebuild(&centre.log, &centre.path("built"), |_| {}).await.unwrap();
    assert_eq!(digest(&centre.path("views")).unwrap(), digest(&centre.path("built")).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_version_that_cannot_be_read_goes_when_the_new_one_is_there() {
    let mut scene = Scene::new(27).await;
    let dir = scene.centre.path("views");
    for view in VIEWS {
        fs::remove_dir_all(dir.join(directory(view))).unwrap();
        let mut old = Store::open(&dir, view, 0).unwrap();
        old.put(b"of another time", *b"v").unwrap();
        old.commit(scene.centre.head).unwrap();
        old.flush_and_close().unwrap();
        scene.assert_built_beside(view, &format!("{view} of an older version")).await;
        for name in [format!("{view}-v0"), format!("{view}-v0.lock")] {
            assert!(!dir.join(&name).exists(), "{name} is still there");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_left_of_older_versions_goes_when_the_views_start() {
    let scene = Scene::new(29).await;
    let dir = scene.centre.path("views");
    for view in VIEWS {
        // A removal that was cut off before it began, one in the middle, and versions that did not open.
        let left = ["v0", "v0.removing", "v0.broken-1", "v0.broken-2", "v0.broken-3"];
        for name in left {
            fs::create_dir(dir.join(format!("{view}-{name}"))).unwrap();
        }
    }
    let views = scene.centre.views("views").await;
    scene.centre.whole(&views).await;
    // Whatever was begun has ended then.
    views.shutdown().await.unwrap();
    for view in VIEWS {
        let mut left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        left.retain(|name| name.to_str().unwrap().starts_with(&format!("{view}-v0")));
        left.sort();
        assert_eq!(left, [format!("{view}-v0.broken-2"), format!("{view}-v0.broken-3")].map(OsString::from));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_stopped_while_a_view_is_being_built_is_built_by_the_next_start() {
    let mut scene = Scene::new(28).await;
    for view in VIEWS {
        fs::remove_dir_all(scene.centre.path("views").join(directory(view))).unwrap();
        let gate = Gate::default();
        let views =
            Views::start(&scene.centre.log, &scene.centre.path("views"), gate.report()).await.unwrap();
        scene.centre.go_on(&mut scene.traffic, 5).await;
        scene.centre.up_to_date(&views).await;
        let stopping = tokio::spawn(views.clone().shutdown());
        let other = if view == "inbox" { "history" } else { "inbox" };
        eventually("those that go along have ended", || silence(&views, other).is_some()).await;
        gate.open();
        stopping.await.unwrap().unwrap();
        scene.assert_built_beside(view, &format!("{view} half built")).await;
    }
}
