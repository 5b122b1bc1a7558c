//! The model's clock: who waits for whose answer, and when campaigns are open, which is looked up in a list of three
//! days.

use schemas::event::{CampaignDefined, ResponseKind};
use schemas::limits::{
    HOLIDAYS_MAX, INACTIVITY_SECONDS_MAX, OPEN_HOURS_MAX, SERVICE_LEVEL_SECONDS_MAX, TEXT_CHARS_MAX,
};
use schemas::{
    BusinessHours, CampaignId, CommandId, ConversationId, Inactivity, MessageId, OpenHours, ServiceLevel,
    Timestamp, Timing, Weekday,
};

use crate::centre;
use crate::masters::{Masters, is_text};
use crate::reference::{Code, Place, Reference, Talk, Verdict, seconds};

const WARN_AFTER_SECONDS: u32 = 7;
const CLOSE_AFTER_SECONDS: u32 = 4;
/// Every day: where tests begin, which is at eight, every other minute; then less often, so that a long day meets a few.
const ALTERNATING: std::ops::Range<u64> = 8 * 60..8 * 60 + 50;
const OPEN: [(u64, u64); 6] = [(0, 110), (180, 290), (400, 470), (540, 700), (760, 1_100), (1_150, 1_380)];
const MINUTE_MILLIS: u64 = 60_000;
const DAY_MINUTES: u64 = 24 * 60;
const WEEK: [Weekday; 7] =
    [Weekday::Mon, Weekday::Tue, Weekday::Wed, Weekday::Thu, Weekday::Fri, Weekday::Sat, Weekday::Sun];

/// The minutes of a day from and to which a campaign with hours is open, in order.
fn open_hours() -> Vec<(u64, u64)> {
    let mut all: Vec<(u64, u64)> = ALTERNATING.step_by(2).map(|minute| (minute, minute + 1)).collect();
    all.extend(OPEN);
    all.sort_unstable();
    all
}

/// Who waits for whose answer in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Waits {
    pub has_answered: bool,
    pub is_unanswered: bool,
    /// By when, and whether it was told that it was missed.
    pub due: Option<(ResponseKind, Timestamp, bool)>,
    /// Since when the customer is silent, whether they were warned, and when something comes of it.
    pub silence: Option<(Timestamp, bool, Option<Timestamp>)>,
    pub told_closed_at: Option<Timestamp>,
}

/// What a campaign may say about time; whether customers are warned, where there is inactivity.
pub(crate) fn timing(inactivity: Option<bool>, has_level: bool, has_hours: bool) -> Timing {
    let inactivity = inactivity.map(|warns| {
        Box::new(Inactivity {
            warn_after_seconds: warns.then_some(WARN_AFTER_SECONDS),
            warn_text: warns.then(|| "still there?".into()),
            close_after_seconds: CLOSE_AFTER_SECONDS,
            close_text: warns.then(|| "goodbye".into()),
            disposition: centre::disposition(0),
            sub_disposition: None,
        })
    });
    let level = ServiceLevel { first_response_seconds: Some(6), next_response_seconds: Some(4) };
    let clock = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
    let weekly = open_hours().into_iter().map(|(from, to)| OpenHours {
        days: WEEK.to_vec(),
        from: clock(from),
        to: clock(to),
    });
    let hours = BusinessHours {
        time_zone: "UTC".into(),
        weekly: weekly.collect(),
        holidays: vec![],
        outside_text: Some("closed".into()),
    };
    Timing {
        inactivity,
        service_level: has_level.then_some(level),
        business_hours: has_hours.then(|| Box::new(hours)),
    }
}

/// Midnight, this many days after that of the first day.
fn midnight(day: u64) -> Timestamp {
    let first = centre::opening().millis() - 8 * 60 * MINUTE_MILLIS;
    Timestamp::from_millis(first + day * DAY_MINUTES * MINUTE_MILLIS)
}

fn day_of(now: Timestamp) -> u64 {
    (now.millis() - midnight(0).millis()) / (DAY_MINUTES * MINUTE_MILLIS)
}

/// When it is open, on the day before, this one and the next.
fn open_about(now: Timestamp) -> Vec<(Timestamp, Timestamp)> {
    let mut all = Vec::new();
    for day in day_of(now).saturating_sub(1)..=day_of(now) + 1 {
        let at = |minute: u64| Timestamp::from_millis(midnight(day).millis() + minute * MINUTE_MILLIS);
        all.extend(open_hours().into_iter().map(|(from, to)| (at(from), at(to))));
    }
    all
}

/// Whether a campaign with these hours is open.
pub(crate) fn is_open(now: Timestamp) -> bool {
    open_about(now).into_iter().any(|(from, to)| from <= now && now < to)
}

fn opens_after(now: Timestamp) -> Timestamp {
    let mut later = open_about(now).into_iter().map(|(from, _)| from).filter(|from| *from > now);
    later.next().expect("it opens tomorrow at the latest")
}

/// When it closes; at once if it is closed.
fn closes_after(now: Timestamp) -> Timestamp {
    let now_open = open_about(now).into_iter().find(|(from, to)| *from <= now && now < *to);
    now_open.map_or(now, |(_, to)| to)
}

fn closed_since(now: Timestamp) -> Timestamp {
    let mut before = open_about(now).into_iter().map(|(_, to)| to).filter(|to| *to <= now);
    before.next_back().expect("it was open before")
}

impl Reference {
    pub(crate) fn timing_of(&self, campaign: &CampaignId) -> Timing {
        self.masters.campaigns.get(campaign).map(|campaign| campaign.timing.clone()).unwrap_or_default()
    }

    pub(crate) fn is_closed(&self, campaign: &CampaignId) -> bool {
        let hours = self.masters.campaigns.get(campaign).map(|campaign| &campaign.timing.business_hours);
        hours.is_some_and(Option::is_some) && !is_open(self.now())
    }

    /// When a campaign opens that is closed.
    pub(crate) fn closed_until(&self, campaign: &CampaignId) -> Option<Timestamp> {
        self.is_closed(campaign).then(|| opens_after(self.now()))
    }

    /// When it opens next, if it ever closes.
    pub(crate) fn opens_after(&self, campaign: &CampaignId) -> Option<Timestamp> {
        self.timing_of(campaign).business_hours.map(|_| opens_after(self.now()))
    }

    fn waits(&mut self, id: ConversationId) -> &mut Waits {
        &mut self.talks.iter_mut().find(|talk| talk.id == id).expect("it was opened").waits
    }

    /// By when an answer that begins now is due.
    fn due_in(&self, campaign: &CampaignId, waits: &Waits) -> Option<(ResponseKind, Timestamp, bool)> {
        let timing = self.timing_of(campaign);
        let level = timing.service_level?;
        let (kind, seconds) = if waits.has_answered {
            (ResponseKind::Next, level.next_response_seconds)
        } else {
            (ResponseKind::First, level.first_response_seconds)
        };
        let (mut left, mut time) = (self::seconds(seconds?), self.now());
        while timing.business_hours.is_some() && !left.is_zero() {
            let closes_at = closes_after(time);
            let open = closes_at.since(time).min(left);
            (left, time) = (left - open, time.plus(open));
            if !left.is_zero() {
                time = opens_after(time);
            }
        }
        Some((kind, time.plus(left), false))
    }

    /// The customer wrote in it.
    pub(crate) fn heard(&mut self, id: ConversationId, command: CommandId) {
        let talk = self.talk(id).expect("it is open").clone();
        let mut waits = talk.waits.clone();
        if !waits.is_unanswered {
            waits.due = self.due_in(&talk.campaign, &waits).or(waits.due);
        }
        waits.is_unanswered = true;
        waits.silence = None;
        let hours = self.timing_of(&talk.campaign).business_hours;
        let is_said = hours.is_some_and(|hours| hours.outside_text.is_some());
        let is_told = waits.told_closed_at.is_some_and(|told_at| told_at >= closed_since(self.now()));
        if is_said && !is_open(self.now()) && self.holder(id).is_none() && !is_told {
            self.write(&talk, command);
            waits.told_closed_at = Some(self.now());
        }
        *self.waits(id) = waits;
    }

    /// What is owed in a conversation that ends is owed in the one that goes on, by the sooner of both times.
    pub(crate) fn owes(&mut self, goes_on: ConversationId, ended: &Talk) {
        if !ended.waits.is_unanswered {
            return;
        }
        let waits = self.waits(goes_on);
        let own = waits.due.filter(|_| waits.is_unanswered).map(|(_, at, _)| at);
        if let Some((_, at, false)) = ended.waits.due
            && own.is_none_or(|own| at < own)
        {
            let kind = if waits.has_answered { ResponseKind::Next } else { ResponseKind::First };
            waits.due = Some((kind, at, false));
        }
        waits.is_unanswered = true;
        waits.silence = None;
    }

    /// Its agent wrote in it.
    pub(crate) fn answered(&mut self, id: ConversationId) {
        let told_closed_at = self.waits(id).told_closed_at;
        *self.waits(id) = Waits { has_answered: true, told_closed_at, ..Waits::default() };
        self.begin_silence(id);
    }

    fn begin_silence(&mut self, id: ConversationId) {
        let campaign = self.talk(id).expect("it is held").campaign.clone();
        let silence = (self.now(), false, None);
        let until = self.timing_of(&campaign).inactivity.map(|rule| silence_ends(&silence, &rule));
        self.waits(id).silence = Some((silence.0, false, until));
    }

    /// Another agent has it.
    pub(crate) fn changed_hands(&mut self, id: ConversationId) {
        if self.waits(id).silence.is_some() {
            self.begin_silence(id);
        }
    }

    /// It is in another campaign.
    pub(crate) fn changed_campaign(&mut self, id: ConversationId) {
        let talk = self.talk(id).expect("it is open").clone();
        if talk.waits.is_unanswered {
            self.waits(id).due = self.due_in(&talk.campaign, &talk.waits);
        }
    }

    /// atender itself writes.
    fn write(&mut self, talk: &Talk, command: CommandId) {
        let _ = self.messages.submit(MessageId::of_system(command, 0), talk.id, talk.channel.clone());
    }

    /// What comes of it when nothing of its place is due.
    pub(crate) fn time_passes(&mut self, talk: &Talk, command: CommandId) -> Verdict {
        let now = self.now();
        if let Some((_, at, is_missed)) = &mut self.waits(talk.id).due
            && *at <= now
            && !*is_missed
        {
            *is_missed = true;
            return Verdict::Happened;
        }
        let (Place::With { .. }, Some(silence)) = (&talk.place, talk.waits.silence) else {
            return Verdict::Nothing;
        };
        if silence.2.is_none_or(|until| until > now) {
            return Verdict::Nothing;
        }
        let until =
            self.timing_of(&talk.campaign).inactivity.map(|rule| (silence_ends(&silence, &rule), rule));
        match until {
            Some((until, rule)) if until <= now => {
                let warns = rule.warn_text.is_some() && !silence.1;
                if warns || rule.close_text.is_some() {
                    self.write(talk, command);
                }
                if warns {
                    let close_at = now.plus(seconds(rule.close_after_seconds));
                    self.waits(talk.id).silence = Some((now, true, Some(close_at)));
                } else {
                    self.close(talk);
                }
            }
            put_off @ (Some(_) | None) => {
                self.waits(talk.id).silence = Some((silence.0, silence.1, put_off.map(|(until, _)| until)));
            }
        }
        Verdict::Happened
    }
}

fn silence_ends(
    (since, is_warned, _): &(Timestamp, bool, Option<Timestamp>),
    rule: &Inactivity,
) -> Timestamp {
    let seconds = match rule.warn_after_seconds {
        Some(warn_after) if !is_warned => warn_after,
        Some(_) | None => rule.close_after_seconds,
    };
    since.plus(self::seconds(seconds))
}

impl Masters {
    /// What a campaign says about time makes sense.
    pub(crate) fn check_timing(&self, campaign: &CampaignDefined) -> Result<(), Code> {
        let Timing { inactivity, service_level, business_hours } = &campaign.timing;
        if let Some(rule) = inactivity {
            let seconds = [rule.warn_after_seconds.unwrap_or(1), rule.close_after_seconds];
            if !seconds.iter().all(|seconds| (1..=INACTIVITY_SECONDS_MAX).contains(seconds)) {
                return Err("inactivity_seconds");
            }
            if rule.warn_after_seconds.is_some() != rule.warn_text.is_some() {
                return Err("inactivity_warning");
            }
            let mut texts = rule.warn_text.iter().chain(&rule.close_text);
            if !texts.all(|text| is_text(text, TEXT_CHARS_MAX)) {
                return Err("invalid_text");
            }
            if !campaign.dispositions.contains(&rule.disposition) {
                return Err("disposition_not_allowed");
            }
            self.fits(campaign, &rule.disposition, rule.sub_disposition.as_ref())?;
        }
        if let Some(ServiceLevel { first_response_seconds, next_response_seconds }) = service_level {
            let mut seconds = first_response_seconds.iter().chain(next_response_seconds);
            if !seconds.all(|seconds| (1..=SERVICE_LEVEL_SECONDS_MAX).contains(seconds)) {
                return Err("service_level_seconds");
            }
        }
        business_hours.as_ref().map_or(Ok(()), |hours| check_hours(hours))
    }
}

/// Hours that are not those of `timing` are never asked when they are.
fn check_hours(hours: &BusinessHours) -> Result<(), Code> {
    if hours.time_zone != "UTC" {
        return Err("unknown_time_zone");
    }
    if !hours.outside_text.as_ref().is_none_or(|text| is_text(text, TEXT_CHARS_MAX)) {
        return Err("invalid_text");
    }
    if hours.weekly.len() > OPEN_HOURS_MAX {
        return Err("too_many");
    }
    let clocks: Vec<String> =
        (0..=DAY_MINUTES).map(|minute| format!("{:02}:{:02}", minute / 60, minute % 60)).collect();
    let mut open: Vec<(Weekday, usize)> = Vec::new();
    for OpenHours { days, from, to } in &hours.weekly {
        let minute = |text: &String| clocks.iter().position(|clock| clock == text);
        let (Some(from), Some(to)) = (minute(from), minute(to)) else {
            return Err("not_a_time_of_day");
        };
        if from >= to {
            return Err("hours_end_first");
        }
        if days.is_empty() {
            return Err("never_open");
        }
        for (day, minute) in days.iter().flat_map(|day| (from..to).map(move |minute| (*day, minute))) {
            if open.contains(&(day, minute)) {
                return Err("hours_overlap");
            }
            open.push((day, minute));
        }
    }
    if open.is_empty() {
        return Err("never_open");
    }
    if hours.holidays.len() > HOLIDAYS_MAX {
        return Err("too_many");
    }
    // No other day is asked for than one that is none.
    if hours.holidays.is_empty() { Ok(()) } else { Err("not_a_day") }
}
