//! What waits, campaign by campaign and channel by channel: the most urgent first, then who has waited longest.
//! Conversations that need the same skills stand together, so that whoever lacks one passes all of them by.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::iter::Peekable;

use rustc_hash::FxHashMap;
use schemas::event::ConversationQueued;
use schemas::{CampaignId, ChannelId, ChannelKind, ConversationId, Skills, Timestamp};

/// A place in a queue; the least is first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct QueuePlace {
    pub(super) priority: Reverse<u8>,
    pub(super) since: Timestamp,
    /// The order of queueing.
    pub(super) number: u64,
    pub(super) conversation: ConversationId,
}

type Places = BTreeSet<QueuePlace>;

#[derive(Debug, Default)]
pub(super) struct Queues(FxHashMap<(CampaignId, ChannelId), BTreeMap<Skills, Places>>);

impl Queues {
    pub(super) fn insert(
        &mut self,
        campaign: &CampaignId,
        channel: &ChannelId,
        skills: &Skills,
        place: QueuePlace,
    ) {
        let queue = self.0.entry((campaign.clone(), channel.clone())).or_default();
        match queue.get_mut(skills) {
            Some(places) => drop(places.insert(place)),
            None => drop(queue.insert(skills.clone(), Places::from([place]))),
        }
    }

    pub(super) fn remove(
        &mut self,
        campaign: &CampaignId,
        channel: &ChannelId,
        skills: &Skills,
        place: &QueuePlace,
    ) {
        let Some(queue) = self.0.get_mut(&(campaign.clone(), channel.clone())) else {
            return;
        };
        if let Some(places) = queue.get_mut(skills) {
            places.remove(place);
            if places.is_empty() && !skills.is_empty() {
                queue.remove(skills);
            }
        }
    }

    /// What waits in a campaign on a channel, by the skills that it needs.
    pub(super) fn of(
        &self,
        campaign: &CampaignId,
        channel: &ChannelId,
    ) -> impl Iterator<Item = (&Skills, &Places)> {
        self.0.get(&(campaign.clone(), channel.clone())).into_iter().flatten()
    }
}

/// Several queues as one, in order.
#[derive(Default)]
pub(super) struct Line<'a> {
    parts: Vec<Part<'a>>,
    /// Those that enter a queue in the same decision, in the order in which they do.
    entering: Vec<Next<'a>>,
}

struct Part<'a> {
    campaign: &'a CampaignId,
    kind: ChannelKind,
    places: Peekable<Box<dyn Iterator<Item = &'a QueuePlace> + 'a>>,
}

/// A place in a line, and what it is taken for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Next<'a> {
    pub(super) place: QueuePlace,
    pub(super) campaign: &'a CampaignId,
    pub(super) kind: ChannelKind,
}

impl<'a> Next<'a> {
    /// One that enters a queue in this decision, behind those of its time and this many others.
    pub(super) fn entering(after: usize, kind: ChannelKind, queued: &'a ConversationQueued) -> Self {
        let ConversationQueued { conversation, ref campaign, since, priority, .. } = *queued;
        let number = u64::MAX / 2 + after as u64;
        let place = QueuePlace { priority: Reverse(priority), since, number, conversation };
        Self { place, campaign, kind }
    }
}

impl<'a> Line<'a> {
    pub(super) fn add(
        &mut self,
        campaign: &'a CampaignId,
        kind: ChannelKind,
        places: impl Iterator<Item = &'a QueuePlace> + 'a,
    ) {
        let places: Box<dyn Iterator<Item = _>> = Box::new(places);
        self.parts.push(Part { campaign, kind, places: places.peekable() });
    }

    /// One that enters a queue in the same decision, behind those of its time.
    pub(super) fn add_entering(&mut self, kind: ChannelKind, queued: &'a ConversationQueued) {
        self.entering.push(Next::entering(self.entering.len(), kind, queued));
    }

    /// Takes the first of those on a kind of channel that is wanted.
    pub(super) fn next(&mut self, wanted: impl Fn(ChannelKind) -> bool) -> Option<Next<'a>> {
        let entering = self.entering.iter().enumerate().filter(|(_, next)| wanted(next.kind));
        let entering = entering.map(|(i, next)| (next.place, i)).min();
        match (self.first(&wanted), entering) {
            (first, Some((place, i))) if first.is_none_or(|(first, _)| place < first) => {
                Some(self.entering.remove(i))
            }
            (Some((place, part)), _) => {
                let Part { campaign, kind, places } = &mut self.parts[part];
                places.next();
                Some(Next { place, campaign, kind: *kind })
            }
            (None, _) => None,
        }
    }

    /// The first of all, without taking it, and the part that it is in.
    pub(super) fn first(&mut self, wanted: impl Fn(ChannelKind) -> bool) -> Option<(QueuePlace, usize)> {
        let parts = self.parts.iter_mut().enumerate().filter(|(_, part)| wanted(part.kind));
        parts.filter_map(|(i, part)| part.places.peek().map(|place| (**place, i))).min()
    }

    /// Takes the first of this part.
    pub(super) fn take(&mut self, part: usize) {
        self.parts[part].places.next();
    }

    /// Nothing more of this part is wanted.
    pub(super) fn pass_by(&mut self, part: usize) {
        self.parts.remove(part);
    }
}
