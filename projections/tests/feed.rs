//! The change feed: what is pushed has taken effect in all views, whom it concerns, and resuming from a position.
#![allow(clippy::unwrap_used, reason = "a test may")]

mod common;

use common::scenes::*;
use common::traffic::{Traffic, agent, campaign, channel, conversation_id, workspace};
use common::{Centre, DEADLINE};
use projections::{Change, StatusShown, Subscription, TooOld, Views};
use schemas::api::live::LiveChange;
use schemas::api::views::{EntryBody, MessageState};
use schemas::event::*;
use schemas::*;

/// The next `count` changes.
async fn hear(subscription: &mut Subscription, count: usize) -> Vec<std::sync::Arc<Change>> {
    let mut changes = Vec::new();
    while changes.len() < count {
        let more = tokio::time::timeout(DEADLINE, subscription.next()).await.expect("a change in time");
        changes.extend(more.unwrap());
    }
    assert_eq!(changes.len(), count);
    changes
}

async fn started(traffic: &mut Traffic, frames: usize) -> (Centre, Views) {
    let centre = Centre::with_traffic(traffic, frames).await;
    let views = centre.views("views").await;
    centre.up_to_date(&views).await;
    (centre, views)
}

#[tokio::test(flavor = "multi_thread")]
async fn resuming_after_any_change_gives_the_rest_of_them() {
    let mut traffic = Traffic::new(5, 20);
    let (mut centre, views) = started(&mut traffic, 10).await;
    let start = views.applied();
    let mut all = views.feed().subscribe(Some(start)).unwrap();
    centre.go_on(&mut traffic, 60).await;
    centre.up_to_date(&views).await;

    let mut changes = Vec::new();
    while changes.last().is_none_or(|last: &std::sync::Arc<Change>| last.position.sequence < centre.head - 3)
    {
        changes.extend(all.next().await.unwrap());
    }
    let positions: Vec<_> = changes.iter().map(|change| change.position).collect();
    assert!(positions.len() > 60 && positions.is_sorted_by(|a, b| a < b));
    assert!(positions[0] > start);
    for (number, position) in positions.iter().enumerate() {
        let mut resumed = views.feed().subscribe(Some(*position)).unwrap();
        let rest = positions.len() - number - 1;
        if rest > 0 {
            let heard: Vec<_> =
                resumed.next().await.unwrap().iter().map(|change| change.position).take(rest).collect();
            assert_eq!(heard, positions[number + 1..][..heard.len()]);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_restart_the_feed_goes_on_where_the_views_were() {
    let mut traffic = Traffic::new(6, 20);
    let (mut centre, views) = started(&mut traffic, 10).await;
    let mut before = views.feed().subscribe(None).unwrap();
    let frame = centre.append(&[at(1, [received(8_888, "not open, heard by nobody")])]).await;
    let told = centre.append(&[at(1, [opened(9_999, MAIN, SALES), received(9_999, "hi")])]).await;
    let last_heard = hear(&mut before, 1).await[0].position;
    assert_eq!(last_heard, told);
    centre.up_to_date(&views).await;
    views.shutdown().await.unwrap();
    assert!(before.next().await.unwrap().is_empty(), "the feed has ended");

    centre.append(&[at(2, [received(9_999, "one")]), at(2, [received(9_999, "two")])]).await;
    let views = centre.views("views").await;
    let mut resumed = views.feed().subscribe(Some(last_heard)).unwrap();
    let missed = hear(&mut resumed, 2).await;
    assert_eq!(missed.iter().map(|change| change.position.index).collect::<Vec<_>>(), [0, 1]);
    assert!(missed.iter().all(|change| change.position.sequence == told.sequence + 1));
    assert_eq!(views.feed().subscribe(Some(frame)).map(|_| ()), Err(TooOld));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_pushed_can_be_read() {
    let mut traffic = Traffic::new(7, 20);
    let (mut centre, views) = started(&mut traffic, 10).await;
    let mut feed = views.feed().subscribe(None).unwrap();
    let reading = views.clone();
    let reader = tokio::spawn(async move {
        let mut seen = 0;
        while seen < 150 {
            for change in feed.next().await.unwrap() {
                let (LiveChange::Entry { conversation: id, .. }
                | LiveChange::Status { conversation: id, .. }) = &change.live.change
                else {
                    continue;
                };
                seen += 1;
                assert!(reading.applied() >= change.position, "pushed before it was applied");
                if matches!(change.live.change, LiveChange::Entry { .. }) {
                    let header = reading.conversation(&workspace(), *id).unwrap().unwrap();
                    assert!(header.position >= change.position, "pushed before it could be read");
                } else {
                    let sequences = reading.audit_sequences(&workspace(), *id).unwrap();
                    assert!(sequences.contains(&change.position.sequence), "pushed before it could be read");
                }
            }
        }
    });
    centre.go_on(&mut traffic, 150).await;
    tokio::time::timeout(DEADLINE, reader).await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_concerns_who_has_it_and_who_had_it() {
    let (mut centre, views) = started(&mut Traffic::new(8, 0), 0).await;
    let mut feed = views.feed().subscribe(None).unwrap();
    let first = [opened(1, MAIN, SALES), received(1, "hi"), queued(1, SALES, 10)];
    centre.append(&[at(10, first)]).await;
    let to_support = TransferTarget::Campaign(campaign(SUPPORT));
    let moves = [
        at(20, [assigned(1, ANA)]),
        at(30, [transferred(1, Some(ANA), to_support), queued(1, SUPPORT, 30)]),
        at(40, [assigned(1, BEN)]),
        at(50, [finished(1, Some(BEN))]),
    ];
    centre.append(&moves).await;

    let changes = hear(&mut feed, 7).await;
    let audience = |number: usize| {
        let audience = &changes[number].audience;
        assert_eq!(audience.channel, Some(channel(MAIN)));
        let who = (audience.agent_before.clone(), audience.agent.clone());
        (who, (audience.waiting_before.clone(), audience.waiting.clone()))
    };
    let (ana, ben) = (|| Some(agent(ANA)), || Some(agent(BEN)));
    let (sales, support) = (|| Some(campaign(SALES)), || Some(campaign(SUPPORT)));
    assert_eq!(audience(1), ((None, None), (sales(), sales())), "waits");
    assert_eq!(audience(2), ((None, ana()), (sales(), None)), "taken from the queue");
    assert_eq!(audience(3), ((ana(), ana()), (None, None)), "to be moved to a campaign");
    assert_eq!(audience(4), ((ana(), None), (None, support())), "in its queue");
    assert_eq!(audience(5), ((None, ben()), (support(), None)), "taken from there");
    assert_eq!(audience(6), ((ben(), None), (None, None)), "finished");
    assert_eq!(changes[6].audience.campaign, support());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_is_pushed_to_who_may_see_it_even_after_the_end() {
    let (mut centre, views) = started(&mut Traffic::new(9, 0), 0).await;
    let mut feed = views.feed().subscribe(None).unwrap();
    for (number, on) in [(1, HIDDEN), (2, MAIN)] {
        let first = [opened(number, on, SALES), received(number, "hi"), assigned(number, ANA)];
        centre.append(&[at(10, first), at(20, [submitted(number, 0, on, "yes?")])]).await;
        centre.append(&[at(30, [delivery(number, 0, DeliveryStatus::Sent, DeliveryStatus::Sent)])]).await;
        centre.append(&[at(40, [finished(number, Some(ANA))])]).await;
        centre.append(&[at(50, [delivery(number, 0, DeliveryStatus::Read, DeliveryStatus::Read)])]).await;
        let changes = hear(&mut feed, 6).await;
        assert!(changes.iter().all(|change| change.audience.status_shown == (on == MAIN)));

        let LiveChange::Entry { to, entry, .. } = &changes[2].live.change else { panic!("{:?}", changes[2]) };
        assert_eq!(to.as_deref(), Some("34600000001"));
        let EntryBody::Outbound { status, .. } = &entry.body else { panic!("{entry:?}") };
        assert_eq!(status.is_some(), on == MAIN);
        let states = [3, 5].map(|number: usize| match &changes[number].live.change {
            LiveChange::Status { status, agent: who, .. } => (status.status, who.clone()),
            other => panic!("{other:?}"),
        });
        assert_eq!(states, [(MessageState::Sent, Some(agent(ANA))), (MessageState::Read, Some(agent(ANA)))]);

        let page =
            views.messages(&workspace(), conversation_id(number), None, 9, StatusShown::AsTheChannelSays);
        assert_eq!(page.unwrap().items.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn presence_and_configuration_are_for_the_whole_workspace() {
    let (mut centre, views) = started(&mut Traffic::new(9, 0), 0).await;
    let mut feed = views.feed().subscribe(None).unwrap();
    let away = PresenceChanged { agent: agent(ANA), presence: Presence::Away { reason: "lunch".into() } };
    let position = centre.append(&[at(10, [away.into()])]).await;
    let change = hear(&mut feed, 1).await.remove(0);
    assert_eq!(change.audience, projections::Audience::default());
    let json =
        format!(r#"{{"position":"{position}","type":"presence","agent":"agent-0","presence":"away"}}"#);
    assert_eq!(change.json(), json);
}
