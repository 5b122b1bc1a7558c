//! The day as it goes: a table that is redrawn in place on a terminal, else a line now and then.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressFinish, ProgressStyle};

use super::tally::{Count, Tally};
use super::whatsapp_stand_in::StandIn;

const REDRAW_EVERY: Duration = Duration::from_millis(500);
const LINE_EVERY: Duration = Duration::from_secs(5);

/// Shows the day until it is dropped.
pub(super) async fn show(tally: &Tally, whatsapp: &StandIn) {
    if std::io::stdout().is_terminal() {
        redraw(tally, whatsapp).await;
    } else {
        loop {
            tokio::time::sleep(LINE_EVERY).await;
            println!("{}", line(tally, whatsapp));
        }
    }
}

async fn redraw(tally: &Tally, whatsapp: &StandIn) {
    let plain = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    // The last state stays on the screen.
    let table = ProgressBar::with_draw_target(None, ProgressDrawTarget::stdout())
        .with_style(plain)
        .with_finish(ProgressFinish::Abandon);
    let mut before = (tally.get(Count::MessagesIn), tally.get(Count::MessagesOut));
    loop {
        let now = (tally.get(Count::MessagesIn), tally.get(Count::MessagesOut));
        let rate = |before: u64, now: u64| (now - before) as f64 / REDRAW_EVERY.as_secs_f64();
        let rates = (rate(before.0, now.0), rate(before.1, now.1));
        before = now;
        table.set_message(rows(tally, whatsapp, rates).join("\n") + "\n");
        tokio::time::sleep(REDRAW_EVERY).await;
    }
}

fn rows(tally: &Tally, whatsapp: &StandIn, (rate_in, rate_out): (f64, f64)) -> Vec<String> {
    let count = |what| HumanCount(tally.get(what)).to_string();
    let (open, waiting) = tally.open_and_waiting();
    let latency = tally.latency();
    let retries = tally.get(Count::WebhookRetries) + tally.get(Count::SendRetries);
    let row = |left: (&str, String), right: (&str, String)| {
        format!("  {:<16}{:<26}{:<18}{}", left.0, left.1, right.0, right.1)
    };
    let messages = |what, rate: f64| format!("{}  ({rate:.0}/s)", count(what));
    let push = format!("p50 {}   p99 {}", millis(latency.p50), millis(latency.p99));
    vec![
        row(("running", clock(tally.running())), ("agents online", tally.online().to_string())),
        row(("conversations", format!("{open} open")), ("waiting", waiting.to_string())),
        row(("messages in", messages(Count::MessagesIn, rate_in)), ("customers", count(Count::Customers))),
        row(
            ("messages out", messages(Count::MessagesOut, rate_out)),
            ("receipts", HumanCount(whatsapp.webhook_counts().delivered).to_string()),
        ),
        row(("offers accepted", count(Count::OffersAccepted)), ("offers lost", count(Count::OffersLost))),
        row(("answers due", count(Count::AnswersDue)), ("answers late", count(Count::AnswersLate))),
        row(("times closed", count(Count::Closings)), ("told so", count(Count::ToldClosed))),
        row(("texts sent", count(Count::Texts)), ("notes", count(Count::Notes))),
        row(("transfers", count(Count::Transfers)), ("assigned by hand", count(Count::ByHand))),
        row(("finishes", count(Count::Finishes)), ("exclusive agents", count(Count::Exclusives))),
        row(("profiles", count(Count::Profiles)), ("found by search", count(Count::Found))),
        row(("contacts merged", count(Count::Merges)), ("numbers changed", count(Count::NumbersChanged))),
        row(("duplicates sent", count(Count::Duplicates)), ("retries", HumanCount(retries).to_string())),
        row(("reconnects", count(Count::Reconnects)), ("errors seen", count(Count::Errors))),
        format!("  webhook to live push   {push}"),
    ]
}

/// The whole day in one line.
pub(super) fn line(tally: &Tally, whatsapp: &StandIn) -> String {
    let count = |what| tally.get(what);
    let ((open, waiting), latency) = (tally.open_and_waiting(), tally.latency());
    let retries = count(Count::WebhookRetries) + count(Count::SendRetries);
    format!(
        "{} | open {open}, waiting {waiting} | customers {} | in {}, out {}, receipts {}, duplicates {} | \
         offers {}, lost {}, texts {}, late {} of {} | closed {}, told {} | \
         transfers {}, finishes {} | profiles {}, found {}, merged {}, numbers {} | retries {retries} | push p50 {}, p99 {} | errors {}",
        clock(tally.running()),
        count(Count::Customers),
        count(Count::MessagesIn),
        count(Count::MessagesOut),
        whatsapp.webhook_counts().delivered,
        count(Count::Duplicates),
        count(Count::OffersAccepted),
        count(Count::OffersLost),
        count(Count::Texts),
        count(Count::AnswersLate),
        count(Count::AnswersDue),
        count(Count::Closings),
        count(Count::ToldClosed),
        count(Count::Transfers),
        count(Count::Finishes),
        count(Count::Profiles),
        count(Count::Found),
        count(Count::Merges),
        count(Count::NumbersChanged),
        millis(latency.p50),
        millis(latency.p99),
        count(Count::Errors),
    )
}

pub(super) fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1000.0)
}

fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
