//! What a long history does to everything: the same figures with a short log and with one ten times as long. A day has
//! 100 thousand events, so that the windows of 8 to 12 days hold as much of both.

mod figures;
mod pages;

use std::time::Duration;

use self::figures::Figures;
use crate::past::Lives;
use crate::row::{Bar, Table};
use crate::scale::{Scale, words};

const CONVERSATIONS_PER_DAY: u64 = 10_000;
const OPEN_OF: u64 = 10;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: f64 = 1024.0 * 1024.0;

const PAGE_MILLIS_MAX: f64 = 2.0;
const READY_SECONDS_MAX: f64 = 10.0;
const RESIDENT_MIB_MAX: f64 = 1_536.0;

pub(crate) async fn measure(table: &mut Table, scale: Scale) {
    let lives = |conversations: u64| {
        let span = DAY * conversations.div_ceil(CONVERSATIONS_PER_DAY) as u32;
        Lives { conversations, rounds: 1, open_of: OPEN_OF, span }
    };
    let short = Figures::take(table, lives(scale.of(10_000, 100_000)), scale).await;
    let long = Figures::take(table, lives(scale.of(100_000, 1_000_000)), scale).await;
    let Some(long) = long else { return };
    bars(table, &long);
    if let Some(short) = short {
        growth(table, &short, &long);
    }
}

fn bars(table: &mut Table, figures: &Figures) {
    let conversations = words(figures.lives.conversations);
    if let Some(pages) = &figures.pages {
        let while_writing = "while 1,000 messages/s are written";
        for (page, p99) in [
            (format!("inbox page, {conversations} conversations, p99"), pages.inbox),
            (format!("conversation page, {conversations} conversations, p99"), pages.conversation),
            (format!("inbox page, the same {while_writing}, p99"), pages.inbox_while_writing),
            (format!("conversation page, the same {while_writing}, p99"), pages.conversation_while_writing),
        ] {
            let limit = ("a handler that does nothing, p99", pages.empty_handler);
            table.add(page, (p99, "ms"), limit, Bar::ValueAtMost(PAGE_MILLIS_MAX));
        }
        let open = words(figures.lives.open());
        let name = format!("atender with {conversations} conversations, {open} of them open: resident");
        let limit = ("the bar", RESIDENT_MIB_MAX);
        table.add(name, (pages.resident as f64 / MIB, "MiB"), limit, Bar::ValueAtMost(RESIDENT_MIB_MAX));
    }
    if let Some(ready) = figures.ready_again {
        let name = format!("ready again after kill -9, {} events: first command", words(figures.log.events));
        let limit = ("reading frames alone", figures.log.took.as_secs_f64());
        table.add(name, (ready.as_secs_f64(), "s"), limit, Bar::ValueAtMost(READY_SECONDS_MAX));
    }
}

/// Every figure at the long log beside the same at the short one.
fn growth(table: &mut Table, short: &Figures, long: &Figures) {
    let (from, to) = (words(short.log.events), words(long.log.events));
    let mut add = |what: &str, unit, figure: &dyn Fn(&Figures) -> Option<f64>| {
        if let (Some(short), Some(long)) = (figure(short), figure(long)) {
            let name = format!("growth to {to} events: {what}");
            table.add(name, (long, unit), (format!("at {from} events"), short), Bar::None);
        }
    };
    let millions = |figures: &Figures| figures.log.events as f64 / 1e6;
    add("engine commands/s, 256 in flight", "/s", &|figures| figures.commands);
    add("rebuild events/s", "/s", &|figures| Some(figures.built.per_second));
    add("rebuild peak memory", "MiB", &|figures| Some(figures.built.peak as f64 / MIB));
    add("inbox page p99", "ms", &|figures| Some(figures.pages.as_ref()?.inbox));
    add("conversation page p99", "ms", &|figures| Some(figures.pages.as_ref()?.conversation));
    add("resident memory", "MiB", &|figures| Some(figures.pages.as_ref()?.resident as f64 / MIB));
    add("disk of the log per million events", "MiB", &|figures| {
        Some(figures.log_disk as f64 / MIB / millions(figures))
    });
    add("disk of the views per million events", "MiB", &|figures| {
        Some(figures.built.disk as f64 / MIB / millions(figures))
    });
    add("ready again after kill -9", "s", &|figures| Some(figures.ready_again?.as_secs_f64()));
    if let (Some(before), Some(after)) = (&short.pages, &long.pages) {
        let more = (after.resident as f64 - before.resident as f64) / MIB;
        let per_million = more / (millions(long) - millions(short));
        let limit = ("their frames", long.log.bytes as f64 / MIB / millions(long));
        table.add("resident memory per million more events", (per_million, "MiB"), limit, Bar::None);
    }
}
