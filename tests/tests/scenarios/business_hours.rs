//! Business hours: what comes while a campaign is closed waits, the customer is told, and it is routed when it opens,
//! whether somebody redefines the campaign or its time has come.

use std::time::Duration;

use engine::clock;
use reqwest::Method;
use schemas::api::live::LiveChange;
use schemas::api::views::{Entry, EntryBody};
use schemas::event::{Author, QueueCause, SystemCause};
use schemas::{Content, Timestamp};
use serde_json::{Value, json};
use tests::ask::{eventually, lines, of, post, read_at, refused};
use tests::centre::{Centre, agent, campaign, days_about_now};
use tests::listener::Listener;
use tests::server::TestServer;
use tests::whatsapp::message;
use tokio::time::sleep;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Hours are no finer than this, so what the clock does by itself has to be waited for.
const MINUTE: Duration = Duration::from_secs(60);
/// Time enough to define the hours, and to have a customer write, before they change.
const SET_UP_WITHIN: Duration = Duration::from_secs(20);

/// Every hour of every day but these.
fn hours(holidays: &[&str]) -> Value {
    daily("Europe/Madrid", "00:00", "24:00", holidays)
}

fn daily(time_zone: &str, from: &str, to: &str, holidays: &[&str]) -> Value {
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    json!({ "business_hours": {
        "time_zone": time_zone,
        "weekly": [{ "days": days, "from": from, "to": to }],
        "holidays": holidays,
        "outside_text": "we are closed",
    } })
}

/// Whatever the hour, closed yesterday, today and tomorrow.
fn closed() -> Value {
    hours(&days_about_now().each_ref().map(String::as_str))
}

async fn attending(hours: &Value) -> TestServer {
    let server = TestServer::start_quiet(Centre { agents: 1, campaigns: 1, ..Centre::default() }).await;
    server.redefine(hours).await;
    server
}

/// What the customer was told.
fn told(lines: &[Entry]) -> Vec<String> {
    let told = lines.iter().filter_map(|line| match &line.body {
        EntryBody::Outbound { author: Author::System(SystemCause::OutOfHours), content, .. } => match content
        {
            Content::Text(text) => Some(text.clone()),
            Content::Unsupported { .. } => None,
        },
        _ => None,
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_while_it_is_closed_waits_and_the_customer_is_told_once() {
    let server = attending(&closed()).await;
    let admin = server.admin();
    let conversation = server.opened_by(1).await;
    assert!(server.inbox(0).await.is_empty());
    assert_eq!(server.webhook(message(1, "wamid.1.2", "hello?")).await, 200);
    server.head().await;
    let written = lines(&admin, conversation).await;
    assert_eq!(told(&written), ["we are closed"]);
    let waits = |line: &Entry| matches!(line.body, EntryBody::Queued { cause: QueueCause::OutsideHours, .. });
    assert!(written.iter().any(waits), "{written:?}");
    let message = written.iter().find_map(|line| match &line.body {
        EntryBody::Outbound { message, .. } => Some(message.to_string()),
        _ => None,
    });
    let message = message.unwrap();
    let is_taken = async || (server.stand_in.times_accepted(&message) == 1).then_some(());
    eventually("the network has it", is_taken).await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn by_hand_it_is_taken_and_the_rest_is_routed_when_it_opens() {
    let server = attending(&closed()).await;
    let ana = server.agent(0).await;
    let (first, second) = (server.opened_by(1).await, server.opened_by(2).await);
    assert!(server.inbox(0).await.is_empty());
    post(&ana, &of(first, "assign"), &json!({ "agent": agent(0) })).await;
    let taken = server.inbox(0).await;
    assert_eq!(taken.iter().map(|row| row.conversation).collect::<Vec<_>>(), [first]);
    server.redefine(&hours(&[])).await;
    let has_both = async || {
        let rows = server.inbox(0).await;
        (rows.len() == 2).then_some(rows)
    };
    let rows = eventually("the other is given too", has_both).await;
    assert!(rows.iter().any(|row| row.conversation == second));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whether_it_is_open_and_until_when_is_told_with_the_campaign() {
    let server = attending(&closed()).await;
    let path = format!("/v1/campaigns/{}", campaign(0));
    let shown: Value = read_at(&server.admin(), &path, server.head().await).await;
    assert_eq!(shown["hours_now"]["is_open"], false);
    assert!(shown["hours_now"]["opens_at"].is_string(), "{shown}");
    assert_eq!(shown["definition"]["business_hours"], closed()["business_hours"]);
    let in_two_days = clock::now().plus(2 * DAY).to_string();
    server.redefine(&hours(&[&in_two_days[..10]])).await;
    let shown: Value = read_at(&server.admin(), &path, server.head().await).await;
    assert_eq!(shown["hours_now"]["is_open"], true);
    assert!(shown["hours_now"]["closes_at"].is_string(), "{shown}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn hours_that_make_no_sense_are_refused_with_what_is_wrong() {
    let server = attending(&json!({})).await;
    let (admin, path) = (server.admin(), format!("/v1/campaigns/{}", campaign(0)));
    let good = hours(&[]);
    for (pointer, wrong, code, field) in [
        ("/business_hours/time_zone", json!("Europe/Atlantis"), "unknown_time_zone", "time_zone"),
        ("/business_hours/weekly/0/from", json!("25:00"), "not_a_time_of_day", "weekly"),
        ("/business_hours/weekly/0/to", json!("00:00"), "hours_end_first", "weekly"),
        ("/business_hours/weekly/0/days", json!(["mon", "mon"]), "hours_overlap", "weekly"),
        ("/business_hours/weekly", json!([]), "never_open", "weekly"),
        ("/business_hours/holidays", json!(["Christmas"]), "not_a_day", "holidays"),
        ("/business_hours/outside_text", json!(" "), "invalid_text", "outside_text"),
    ] {
        let mut fields = good.clone();
        *fields.pointer_mut(pointer).unwrap() = wrong;
        let mut definition = server.definition_of(0).await;
        definition["business_hours"] = fields["business_hours"].take();
        let refusal = refused(&admin, Method::PUT, &path, &definition).await;
        assert_eq!((refusal.code.as_str(), refusal.field.as_deref()), (code, Some(field)));
    }
    let mut definition = server.definition_of(0).await;
    definition["business_hours"] = json!({ "time_zone": "UTC", "weekly": [], "colour": "red" });
    assert_eq!(refused(&admin, Method::PUT, &path, &definition).await.code, "invalid_body");
    server.stop().await;
}

/// A full minute that is soon, in a time zone in which the hour is twelve then, so that midnight is far.
struct NextMinute {
    at: Timestamp,
    time_zone: String,
    local: String,
}

impl NextMinute {
    fn soon() -> Self {
        let minutes = clock::now().plus(SET_UP_WITHIN).millis() / MINUTE.as_millis() as u64 + 1;
        let (hour, minute) = ((minutes / 60 % 24) as i32, minutes % 60);
        Self {
            at: Timestamp::from_millis(minutes * MINUTE.as_millis() as u64),
            // These zones count westward.
            time_zone: format!("Etc/GMT{:+}", hour - 12),
            local: format!("12:{minute:02}"),
        }
    }

    /// Comes back when it is that time by the clock that the server reads.
    async fn has_come(&self) {
        while clock::now() < self.at {
            sleep(self.at.since(clock::now())).await;
        }
    }
}

async fn what_waits_is_given_when_it_opens(server: TestServer, minute: &NextMinute) {
    server.redefine(&daily(&minute.time_zone, &minute.local, "24:00", &[])).await;
    let admin = server.admin();
    let mut screen = Listener::open(&admin).await;
    let conversation = server.opened_by(1).await;
    assert!(server.inbox(0).await.is_empty());
    assert_eq!(told(&lines(&admin, conversation).await), ["we are closed"]);
    minute.has_come().await;
    let given = screen.until(|event| match &event.change {
        LiveChange::Entry { conversation, entry, .. } => match &entry.body {
            EntryBody::Assigned { agent, .. } => Some((*conversation, agent.clone(), entry.at)),
            _ => None,
        },
        _ => None,
    });
    let (given, to, at) = given.await;
    assert_eq!((given, to), (conversation, agent(0)));
    assert!(at >= minute.at, "it was given at {at}, and opened at {}", minute.at);
    server.stop().await;
}

async fn who_writes_is_told_when_it_has_closed(server: TestServer, minute: &NextMinute) {
    server.redefine(&daily(&minute.time_zone, "00:00", &minute.local, &[])).await;
    let admin = server.admin();
    let before = server.opened_by(1).await;
    assert!(told(&lines(&admin, before).await).is_empty());
    minute.has_come().await;
    let after = server.opened_by(2).await;
    assert_eq!(told(&lines(&admin, after).await), ["we are closed"]);
    let rows = server.inbox(0).await;
    assert_eq!(rows.iter().map(|row| row.conversation).collect::<Vec<_>>(), [before]);
    server.stop().await;
}

/// Both at the same minute, so that there is only one to wait for.
#[tokio::test(flavor = "multi_thread")]
async fn it_opens_and_closes_when_its_time_has_come_without_anybody_doing_anything() {
    let as_defined = json!({});
    let (opens, closes) = tokio::join!(attending(&as_defined), attending(&as_defined));
    let minute = NextMinute::soon();
    tokio::join!(
        what_waits_is_given_when_it_opens(opens, &minute),
        who_writes_is_told_when_it_has_closed(closes, &minute),
    );
}
