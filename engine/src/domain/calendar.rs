//! When a campaign is open, by the time zones that are built into the program: the same on every machine. A pure
//! function of the campaign's business hours and a time.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{TimeZone, TimeZoneDatabase};
use schemas::limits::{CALENDAR_DAYS_MAX, HOLIDAYS_MAX, OPEN_HOURS_MAX, TEXT_CHARS_MAX, TIME_ZONE_BYTES_MAX};
use schemas::{BusinessHours, OpenHours, Rejection, Timestamp};

use super::permission::require_text;

const MINUTES_OF_DAY: u16 = 24 * 60;
/// The longest text of a request that is told back.
const ECHO_CHARS_MAX: usize = 80;

/// Business hours, ready to be asked.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    /// From Monday on, the minutes from and to which it is open, in order.
    week: [Vec<(u16, u16)>; 7],
    holidays: BTreeSet<Date>,
}

/// A time without a break in which it is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    from: Timestamp,
    to: Timestamp,
}

impl Calendar {
    /// The calendar of these hours.
    ///
    /// # Errors
    /// The first thing in them that does not make sense.
    pub fn of(hours: &BusinessHours) -> Result<Self, Rejection> {
        let BusinessHours { time_zone, weekly, holidays, outside_text } = hours;
        let zone = zone(time_zone)?;
        if let Some(text) = outside_text {
            require_text("outside_text", text, TEXT_CHARS_MAX)?;
        }
        let week = week(weekly)?;
        if holidays.len() > HOLIDAYS_MAX {
            return Err(Rejection::TooMany("holidays".to_owned()));
        }
        let holidays = holidays.iter().map(|day| date(day)).collect::<Result<_, _>>()?;
        Ok(Self { zone, week, holidays })
    }

    /// Whether it is open at this time.
    pub fn is_open(&self, at: Timestamp) -> bool {
        self.span_at(at).is_some()
    }

    /// When it opens, if it is closed at this time.
    pub fn closed_until(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) { None } else { Some(self.opens_after(at).unwrap_or(Timestamp::MAX)) }
    }

    /// Since when it is closed, if it is closed at this time; the beginning of time if it was never open.
    pub fn closed_since(&self, at: Timestamp) -> Option<Timestamp> {
        if self.is_open(at) {
            return None;
        }
        let today = self.day_of(at);
        let before =
            (0..CALENDAR_DAYS_MAX).filter_map(|days| today.checked_sub(jiff::Span::new().days(days)).ok());
        let ended = before.flat_map(|day| self.spans_of(day).rev()).find(|span| span.to <= at);
        Some(ended.map(|span| span.to).unwrap_or_default())
    }

    /// When it opens next after this time; nothing if it does not within eight years, or never closes.
    pub fn opens_after(&self, at: Timestamp) -> Option<Timestamp> {
        let mut open_to = None;
        for span in self.spans_from(at) {
            if span.from > at && open_to != Some(span.from) {
                return Some(span.from);
            }
            open_to = Some(span.to);
        }
        None
    }

    /// When it closes, if it is open at this time; nothing also if it does not within eight years.
    pub fn closes_after(&self, at: Timestamp) -> Option<Timestamp> {
        let mut open_to = self.span_at(at)?.to;
        for span in self.spans_from(at).filter(|span| span.from > at) {
            if span.from > open_to {
                return Some(open_to);
            }
            open_to = span.to;
        }
        None
    }

    /// The time by which it has been open for so long since `from`; at latest in eight years.
    pub fn plus_open(&self, from: Timestamp, mut duration: Duration) -> Timestamp {
        let mut last = from;
        for span in self.spans_from(from) {
            let begins = span.from.max(from);
            let open = span.to.since(begins);
            if duration <= open {
                return begins.plus(duration);
            }
            duration -= open;
            last = last.max(span.to);
        }
        last
    }

    fn span_at(&self, at: Timestamp) -> Option<Span> {
        self.spans_from(at).take_while(|span| span.from <= at).find(|span| at < span.to)
    }

    /// The spans that begin on the day of this time or later, or do not end before it, in order.
    fn spans_from(&self, at: Timestamp) -> impl Iterator<Item = Span> {
        let mut day = Some(self.day_of(at));
        let days = std::iter::from_fn(move || {
            let today = day?;
            day = today.tomorrow().ok();
            Some(today)
        });
        let days = days.take(CALENDAR_DAYS_MAX.into());
        days.flat_map(|day| self.spans_of(day)).filter(move |span| at < span.to)
    }

    fn day_of(&self, at: Timestamp) -> Date {
        let at = jiff::Timestamp::from_millisecond(at.millis() as i64).unwrap_or(jiff::Timestamp::MAX);
        self.zone.to_datetime(at).date()
    }

    /// An hour that the clock leaves out is left out, of one that it repeats the first counts.
    fn spans_of(&self, day: Date) -> impl DoubleEndedIterator<Item = Span> {
        let is_open = !self.holidays.contains(&day);
        let weekday = usize::from(day.weekday().to_monday_zero_offset().unsigned_abs());
        let hours = self.week[weekday].iter().filter(move |_| is_open);
        hours.filter_map(move |(from, to)| {
            let span = Span { from: self.time_of(day, *from)?, to: self.time_of(day, *to)? };
            (span.from < span.to).then_some(span)
        })
    }

    fn time_of(&self, day: Date, minutes: u16) -> Option<Timestamp> {
        let at = if minutes == MINUTES_OF_DAY {
            DateTime::from_parts(day.tomorrow().ok()?, Time::midnight())
        } else {
            let (hour, minute) = (minutes / 60, minutes % 60);
            DateTime::from_parts(day, Time::new(hour as i8, minute as i8, 0, 0).ok()?)
        };
        let at = self.zone.to_ambiguous_timestamp(at).compatible().ok()?;
        u64::try_from(at.as_millisecond()).ok().map(Timestamp::from_millis)
    }
}

fn zone(name: &str) -> Result<TimeZone, Rejection> {
    let unknown = || Rejection::UnknownTimeZone(echo(name));
    if name.len() > TIME_ZONE_BYTES_MAX {
        return Err(unknown());
    }
    // Never the machine's, which differ from one to the next.
    let zone = TimeZoneDatabase::bundled().get(name).map_err(|_| unknown())?;
    if zone.is_unknown() { Err(unknown()) } else { Ok(zone) }
}

fn week(weekly: &[OpenHours]) -> Result<[Vec<(u16, u16)>; 7], Rejection> {
    if weekly.len() > OPEN_HOURS_MAX {
        return Err(Rejection::TooMany("weekly".to_owned()));
    }
    let mut week: [Vec<(u16, u16)>; 7] = Default::default();
    for OpenHours { days, from, to } in weekly {
        let hours = (minutes(from)?, minutes(to)?);
        if hours.0 >= hours.1 {
            return Err(Rejection::HoursEndFirst(from.clone(), to.clone()));
        }
        if days.is_empty() {
            return Err(Rejection::NeverOpen);
        }
        for day in days {
            let hours_of = &mut week[*day as usize];
            if hours_of.iter().any(|other| hours.0 < other.1 && other.0 < hours.1) {
                return Err(Rejection::HoursOverlap(*day));
            }
            hours_of.push(hours);
        }
    }
    week.iter_mut().for_each(|hours| hours.sort_unstable());
    if week.iter().all(Vec::is_empty) { Err(Rejection::NeverOpen) } else { Ok(week) }
}

/// The minutes of the day at `09:00`, or at `24:00`.
fn minutes(text: &str) -> Result<u16, Rejection> {
    let digits = |text: &str| {
        let good = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        good.then(|| text.parse::<u16>().ok()).flatten()
    };
    let parts = text.split_once(':').and_then(|(hour, minute)| Some((digits(hour)?, digits(minute)?)));
    let minutes = parts.filter(|(_, minute)| *minute < 60).map(|(hour, minute)| 60 * hour + minute);
    minutes.filter(|minutes| *minutes <= MINUTES_OF_DAY).ok_or_else(|| Rejection::NotATimeOfDay(echo(text)))
}

fn date(text: &str) -> Result<Date, Rejection> {
    let is_plain = text.len() == "2026-12-25".len();
    let parsed = if is_plain { text.parse().ok() } else { None };
    parsed.ok_or_else(|| Rejection::NotADay(echo(text)))
}

fn echo(text: &str) -> String {
    text.chars().take(ECHO_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
