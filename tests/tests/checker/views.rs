//! Planted into the views of a process: rows that differ, a view that is not there.

use projections::Digest;
use tests::checker::{Digests, Evidence, Rule, check};

use super::day::{breaks, in_order};

fn with_views() -> Evidence {
    let digest = |hash: &str| Digest { checkpoint: 9, rows: 3, hash: hash.to_owned() };
    let views = Digests::from([("inbox", digest("a")), ("history", digest("b"))]);
    let of = ["one", "two"].map(|process| (process.to_owned(), views.clone()));
    let evidence = Evidence { fresh_views: views, views: of.into(), ..in_order() };
    assert_eq!(check(&evidence), []);
    evidence
}

#[test]
fn a_view_with_other_rows() {
    let mut evidence = with_views();
    evidence.views[1].1.get_mut("history").unwrap().hash = "c".to_owned();
    breaks(&evidence, Rule::SameViews);
}

#[test]
fn a_view_that_is_behind() {
    let mut evidence = with_views();
    evidence.views[1].1.get_mut("history").unwrap().checkpoint = 8;
    breaks(&evidence, Rule::SameViews);
}

#[test]
fn a_view_that_is_missing() {
    let mut evidence = with_views();
    evidence.views[0].1.remove("inbox");
    breaks(&evidence, Rule::SameViews);
}
