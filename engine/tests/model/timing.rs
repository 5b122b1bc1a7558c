//! The model's clock: who waits for whose answer, and when campaigns are open. Here every second is looked at.

use std::time::Duration;

use schemas::event::ResponseKind;
use schemas::{
    BusinessHours, CampaignId, CommandId, ConversationId, Inactivity, MessageId, OpenHours, ServiceLevel,
    Timestamp, Timing, Weekday,
};

use super::centre;
use super::reference::{Place, Reference, Talk, Verdict};

const WARN_AFTER_SECONDS: u32 = 7;
const CLOSE_AFTER_SECONDS: u32 = 4;
/// With these, every other minute of the first is open.
const MINUTES: u64 = 50;
const MINUTE_MILLIS: u64 = 60_000;
const WEEK: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// Who waits for whose answer in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Waits {
    pub(super) has_answered: bool,
    pub(super) is_unanswered: bool,
    /// By when, and whether it was told that it was missed.
    pub(super) due: Option<(ResponseKind, Timestamp, bool)>,
    /// Since when the customer is silent, whether they were warned, and when something comes of it.
    pub(super) silence: Option<(Timestamp, bool, Option<Timestamp>)>,
    pub(super) told_closed_at: Option<Timestamp>,
}

/// What a campaign may say about time; whether customers are warned, where there is inactivity.
pub(super) fn timing(inactivity: Option<bool>, has_level: bool, has_hours: bool) -> Timing {
    let inactivity = inactivity.map(|warns| {
        Box::new(Inactivity {
            warn_after_seconds: warns.then_some(WARN_AFTER_SECONDS),
            warn_text: warns.then(|| "still there?".into()),
            close_after_seconds: CLOSE_AFTER_SECONDS,
            close_text: warns.then(|| "goodbye".into()),
            disposition: centre::disposition(),
            sub_disposition: None,
        })
    });
    let level = ServiceLevel { first_response_seconds: Some(6), next_response_seconds: Some(4) };
    let weekly = (0..MINUTES).step_by(2).map(|minute| OpenHours {
        days: vec![Weekday::Fri],
        from: format!("08:{minute:02}"),
        to: format!("08:{:02}", minute + 1),
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

/// The Friday morning before.
fn friday(now: Timestamp) -> Timestamp {
    let weeks = now.since(centre::opening()).as_secs() / WEEK.as_secs();
    centre::opening().plus(WEEK * weeks as u32)
}

fn minute(now: Timestamp) -> u64 {
    now.since(friday(now)).as_millis() as u64 / MINUTE_MILLIS
}

fn begins(now: Timestamp, minute: u64) -> Timestamp {
    friday(now).plus(Duration::from_millis(minute * MINUTE_MILLIS))
}

/// Whether a campaign with these hours is open.
pub(super) fn is_open(now: Timestamp) -> bool {
    minute(now) < MINUTES && minute(now).is_multiple_of(2)
}

fn opens_after(now: Timestamp) -> Timestamp {
    let next = minute(now) + 2 - minute(now) % 2;
    if next < MINUTES { begins(now, next) } else { friday(now).plus(WEEK) }
}

fn closed_since(now: Timestamp) -> Timestamp {
    begins(now, minute(now).min(MINUTES - 1))
}

fn second_after(time: Timestamp) -> Timestamp {
    time.plus(Duration::from_secs(1))
}

impl Reference {
    pub(super) fn timing_of(&self, campaign: &CampaignId) -> Timing {
        self.timings.get(campaign).cloned().unwrap_or_default()
    }

    pub(super) fn is_closed(&self, campaign: &CampaignId) -> bool {
        self.timing_of(campaign).business_hours.is_some() && !is_open(self.now())
    }

    /// When a campaign opens that is closed.
    pub(super) fn closed_until(&self, campaign: &CampaignId) -> Option<Timestamp> {
        self.is_closed(campaign).then(|| opens_after(self.now()))
    }

    /// When it opens next, if it ever closes.
    pub(super) fn opens_after(&self, campaign: &CampaignId) -> Option<Timestamp> {
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
        let (mut left, mut time) = (seconds?, self.now());
        while left > 0 {
            if timing.business_hours.is_some() && !is_open(time) {
                time = opens_after(time);
            }
            (left, time) = (left - 1, second_after(time));
        }
        Some((kind, time, false))
    }

    /// The customer wrote in it.
    pub(super) fn heard(&mut self, id: ConversationId, command: CommandId) {
        let talk = self.talk(id).expect("it is open").clone();
        let mut waits = talk.waits.clone();
        if !waits.is_unanswered {
            waits.due = self.due_in(&talk.campaign, &waits).or(waits.due);
        }
        waits.is_unanswered = true;
        waits.silence = None;
        let hours = self.timing_of(&talk.campaign).business_hours.is_some();
        let is_told = waits.told_closed_at.is_some_and(|told_at| told_at >= closed_since(self.now()));
        if hours && !is_open(self.now()) && self.holder(id).is_none() && !is_told {
            self.write(&talk, command);
            waits.told_closed_at = Some(self.now());
        }
        *self.waits(id) = waits;
    }

    /// What is owed in a conversation that ends is owed in the one that goes on, by the sooner of both times.
    pub(super) fn owes(&mut self, goes_on: ConversationId, ended: &Talk) {
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
    pub(super) fn answered(&mut self, id: ConversationId) {
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
    pub(super) fn changed_hands(&mut self, id: ConversationId) {
        if self.waits(id).silence.is_some() {
            self.begin_silence(id);
        }
    }

    /// It is in another campaign.
    pub(super) fn changed_campaign(&mut self, id: ConversationId) {
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
    pub(super) fn time_passes(&mut self, talk: &Talk, command: CommandId) -> Verdict {
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
                if rule.warn_text.is_some() || rule.close_text.is_some() {
                    self.write(talk, command);
                }
                if rule.warn_text.is_some() && !silence.1 {
                    let close_at = now.plus(Duration::from_secs(CLOSE_AFTER_SECONDS.into()));
                    self.waits(talk.id).silence = Some((now, true, Some(close_at)));
                } else {
                    self.close(talk);
                }
            }
            put_off => {
                self.waits(talk.id).silence = Some((silence.0, silence.1, put_off.map(|(until, _)| until)))
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
    since.plus(Duration::from_secs(seconds.into()))
}
