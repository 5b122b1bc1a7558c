use schemas::Weekday::{self, Fri, Mon, Sat, Sun, Thu, Tue, Wed};

use super::*;

const WORKDAYS: [Weekday; 5] = [Mon, Tue, Wed, Thu, Fri];

fn open(days: &[Weekday], from: &str, to: &str) -> OpenHours {
    OpenHours { days: days.to_vec(), from: from.into(), to: to.into() }
}

fn hours(zone: &str, weekly: Vec<OpenHours>, holidays: &[&str]) -> BusinessHours {
    let holidays = holidays.iter().map(|day| (*day).to_owned()).collect();
    BusinessHours { time_zone: zone.into(), weekly, holidays, outside_text: None }
}

/// Madrid, Monday to Friday from 9 to 14 and 16 to 18, not on Christmas.
fn madrid() -> Calendar {
    let weekly = vec![open(&WORKDAYS, "16:00", "18:00"), open(&WORKDAYS, "09:00", "14:00")];
    Calendar::of(&hours("Europe/Madrid", weekly, &["2026-12-25"])).unwrap()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

#[test]
fn it_is_open_from_the_first_moment_to_before_the_last_by_its_own_clock() {
    let calendar = madrid();
    // In November, Madrid is an hour ahead.
    for (time, is_open) in [
        ("2026-11-30T07:59:59.999Z", false),
        ("2026-11-30T08:00:00Z", true),
        ("2026-11-30T12:59:59.999Z", true),
        ("2026-11-30T13:00:00Z", false),
        ("2026-11-30T15:00:00Z", true),
        ("2026-11-30T17:00:00Z", false),
        ("2026-11-28T09:00:00Z", false),
        ("2026-12-25T09:00:00Z", false),
        ("2026-07-01T07:00:00Z", true),
        ("2026-07-01T06:59:59Z", false),
    ] {
        assert_eq!(calendar.is_open(at(time)), is_open, "{time}");
    }
}

#[test]
fn it_says_when_it_opens_and_since_when_it_is_closed() {
    let calendar = madrid();
    // A Thursday evening before a holiday and a weekend.
    let evening = at("2026-12-24T20:00:00Z");
    assert_eq!(calendar.closed_until(evening), Some(at("2026-12-28T08:00:00Z")));
    assert_eq!(calendar.closed_since(evening), Some(at("2026-12-24T17:00:00Z")));
    assert_eq!(calendar.closed_since(at("2026-12-27T20:00:00Z")), Some(at("2026-12-24T17:00:00Z")));
    // The moment it closes it is closed, since that moment.
    assert_eq!(calendar.closed_since(at("2026-12-24T17:00:00Z")), Some(at("2026-12-24T17:00:00Z")));
    let morning = at("2026-12-24T08:30:00Z");
    assert_eq!((calendar.closed_until(morning), calendar.closed_since(morning)), (None, None));
    assert_eq!(calendar.closes_after(morning), Some(at("2026-12-24T13:00:00Z")));
    assert_eq!(calendar.opens_after(morning), Some(at("2026-12-24T15:00:00Z")));
    assert_eq!(calendar.opens_after(at("2026-12-24T15:00:00Z")), Some(at("2026-12-28T08:00:00Z")));
    assert_eq!(calendar.closes_after(evening), None);
}

#[test]
fn hours_that_touch_at_midnight_are_one() {
    let always = vec![open(&[Mon, Tue, Wed, Thu, Fri, Sat, Sun], "00:00", "24:00")];
    let calendar = Calendar::of(&hours("UTC", always.clone(), &[])).unwrap();
    let now = at("2026-11-30T23:59:59.999Z");
    assert!(calendar.is_open(now) && calendar.is_open(at("2026-12-01T00:00:00Z")));
    assert_eq!((calendar.opens_after(now), calendar.closes_after(now)), (None, None));
    let calendar = Calendar::of(&hours("UTC", always, &["2026-12-25"])).unwrap();
    assert_eq!(calendar.closes_after(now), Some(at("2026-12-25T00:00:00Z")));
    assert_eq!(calendar.opens_after(now), Some(at("2026-12-26T00:00:00Z")));
}

#[test]
fn only_time_at_which_it_is_open_counts() {
    let calendar = madrid();
    let plus = |from: &str, minutes: u64| calendar.plus_open(at(from), Duration::from_secs(60 * minutes));
    assert_eq!(plus("2026-12-24T12:00:00Z", 60), at("2026-12-24T13:00:00Z"));
    assert_eq!(plus("2026-12-24T12:00:00Z", 61), at("2026-12-24T15:01:00Z"));
    assert_eq!(plus("2026-12-24T16:30:00Z", 45), at("2026-12-28T08:15:00Z"));
    assert_eq!(plus("2026-12-25T10:00:00Z", 5), at("2026-12-28T08:05:00Z"));
    // A whole week is five days of seven hours.
    assert_eq!(plus("2026-11-30T08:00:00Z", 5 * 7 * 60), at("2026-12-04T17:00:00Z"));
}

#[test]
fn an_hour_that_the_clock_leaves_out_does_not_count_and_of_one_that_it_repeats_the_first_does() {
    let sundays = |from: &str, to: &str| {
        Calendar::of(&hours("Europe/Madrid", vec![open(&[Sun], from, to)], &[])).unwrap()
    };
    // On 2026-03-29 the clock goes from 2 to 3.
    let gap = sundays("02:00", "03:00");
    assert_eq!(gap.opens_after(at("2026-03-28T12:00:00Z")), Some(at("2026-04-05T00:00:00Z")));
    let beyond = sundays("01:00", "04:00");
    assert_eq!(beyond.closes_after(at("2026-03-29T00:30:00Z")), Some(at("2026-03-29T02:00:00Z")));
    // On 2026-10-25 it goes from 3 back to 2.
    let fold = sundays("02:00", "02:30");
    assert!(fold.is_open(at("2026-10-25T00:15:00Z")) && !fold.is_open(at("2026-10-25T01:15:00Z")));
    let over = sundays("01:00", "04:00");
    assert_eq!(
        over.plus_open(at("2026-10-24T23:00:00Z"), Duration::from_secs(4 * 60 * 60)),
        at("2026-10-25T03:00:00Z")
    );
}

#[test]
fn with_as_many_holidays_as_there_may_be_it_opens_at_last() {
    let first: Date = "2026-12-07".parse().unwrap();
    let mondays =
        (0..HOLIDAYS_MAX as i64).map(|week| first.checked_add(jiff::Span::new().weeks(week)).unwrap());
    let holidays: Vec<String> = mondays.map(|day| day.to_string()).collect();
    let holidays: Vec<&str> = holidays.iter().map(String::as_str).collect();
    let calendar = Calendar::of(&hours("UTC", vec![open(&[Mon], "09:00", "10:00")], &holidays)).unwrap();
    let now = at("2026-12-01T00:00:00Z");
    assert_eq!(calendar.closed_until(now), Some(at("2034-08-07T09:00:00Z")));
}

#[test]
fn the_zones_are_those_of_the_program() {
    for zone in
        ["Europe/Madrid", "America/Argentina/Buenos_Aires", "Asia/Kathmandu", "Atlantic/Canary", "UTC"]
    {
        assert!(Calendar::of(&hours(zone, vec![open(&[Mon], "09:00", "10:00")], &[])).is_ok(), "{zone}");
    }
    for zone in [
        "",
        "Europe/Atlantis",
        "../../etc/localtime",
        "CET-1",
        "Etc/Unknown",
        &"x".repeat(TIME_ZONE_BYTES_MAX + 1),
    ] {
        let found = Calendar::of(&hours(zone, vec![open(&[Mon], "09:00", "10:00")], &[])).map(drop);
        assert_eq!(found, Err(Rejection::UnknownTimeZone(zone.to_owned())), "{zone}");
    }
}
