//! However a view came about, from the log at once or through restarts, it is the same rows.

mod common;

use common::traffic::Traffic;
use common::{Centre, assert_same};
use projections::rebuild;

#[tokio::test(flavor = "multi_thread")]
async fn a_rebuild_gives_the_rows_that_following_gave() {
    let mut traffic = Traffic::new(1, 40);
    let mut centre = Centre::with_traffic(&mut traffic, 100).await;
    let views = centre.views("followed").await;
    centre.go_on(&mut traffic, 200).await;
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();

    let built = rebuild(&centre.log, &centre.dir.path().join("built"), |_| {}).await.unwrap();
    assert_eq!(built.frames, 301);
    assert!(built.events > 500);
    assert_same(&centre.rows("built"), &centre.rows("followed"));
}
