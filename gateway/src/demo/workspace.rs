//! The workspace of the demo: its masters, and what the simulated people must know of them.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Method;
use schemas::api::Accepted;
use schemas::api::requests::{DefineAgent, DefineCampaign, DefineChannel, DefineDisposition};
use schemas::{AgentId, CampaignId, ChannelId, DispositionId, Role, Routing};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::stage::StageError;
use crate::api_client::ApiClient;
use crate::apply::{MastersFile, Place};

const NAME: &str = "the demo's workspace.toml";
const MASTERS: &str = include_str!("workspace.toml");

/// A channel customers can write to.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) id: ChannelId,
    /// Its `phone_number_id`.
    pub(super) address: String,
}

/// What a conversation can be finished with.
#[derive(Debug, Clone)]
pub(super) struct Ending {
    pub(super) disposition: DispositionId,
    pub(super) sub_disposition: Option<DispositionId>,
}

/// The masters of the demo.
#[derive(Debug, Clone)]
pub(super) struct Workspace {
    masters: Vec<(Place, Value)>,
    pub(super) lines: Vec<Line>,
    pub(super) campaigns: BTreeMap<CampaignId, DefineCampaign>,
    pub(super) agents: BTreeMap<AgentId, DefineAgent>,
    endings: BTreeMap<CampaignId, Vec<Ending>>,
}

impl Workspace {
    pub(super) fn read() -> Result<Self, StageError> {
        let masters = MastersFile::parse(NAME, MASTERS)?.masters();
        let channels: BTreeMap<ChannelId, DefineChannel> = of_kind(&masters, "channels")?;
        let lines = channels.into_iter().map(|(id, channel)| Line { id, address: channel.address }).collect();
        let campaigns = of_kind(&masters, "campaigns")?;
        let endings = endings(&campaigns, &of_kind(&masters, "dispositions")?);
        let agents = of_kind(&masters, "agents")?;
        Ok(Self { masters, lines, campaigns, agents, endings })
    }

    /// Makes the masters of a running server be these.
    pub(super) async fn apply(&self, admin: &ApiClient) -> Result<(), StageError> {
        for (place, body) in &self.masters {
            admin.send::<Accepted>(Method::PUT, &place.path(), body).await?;
        }
        Ok(())
    }

    /// Has nothing happen by itself any more but what waits already, and all campaigns open, so that it can.
    pub(super) async fn close(&self, admin: &ApiClient) -> Result<(), StageError> {
        for (id, campaign) in &self.campaigns {
            let routing = Routing { offer_seconds: None, overflow: None, ..campaign.routing.clone() };
            let closed =
                DefineCampaign { routing, service_level: None, inactivity: None, ..campaign.clone() };
            admin.send::<Accepted>(Method::PUT, &format!("/v1/campaigns/{id}"), &closed).await?;
        }
        Ok(())
    }

    /// The longest that anything waits in any campaign but for ever.
    pub(super) fn longest_wait(&self) -> Duration {
        let of = |campaign: &DefineCampaign| {
            let (routing, level) = (&campaign.routing, campaign.service_level.unwrap_or_default());
            let silence = campaign.inactivity.as_ref();
            [
                campaign.exclusive_wait_seconds,
                routing.offer_seconds.map(u32::from),
                routing.overflow.as_ref().map(|overflow| overflow.after_seconds),
                level.first_response_seconds,
                level.next_response_seconds,
                silence.and_then(|silence| silence.warn_after_seconds),
                silence.map(|silence| silence.close_after_seconds),
            ]
        };
        let longest = self.campaigns.values().flat_map(of).flatten().max();
        Duration::from_secs(longest.unwrap_or_default().into())
    }

    /// Those who have this role.
    pub(super) fn with_role(&self, role: Role) -> impl Iterator<Item = (&AgentId, &DefineAgent)> {
        self.agents.iter().filter(move |(_, agent)| agent.role == role)
    }

    /// The agents who may have a conversation of this campaign on this channel.
    pub(super) fn attending(&self, campaign: &CampaignId, channel: &ChannelId) -> Vec<&AgentId> {
        let attends =
            |agent: &DefineAgent| agent.campaigns.contains(campaign) && agent.channels.contains(channel);
        self.with_role(Role::Agent).filter(|(_, agent)| attends(agent)).map(|(id, _)| id).collect()
    }

    /// The other campaigns that a conversation can be transferred to.
    pub(super) fn beside(&self, campaign: &CampaignId, channel: &ChannelId) -> Vec<&CampaignId> {
        let others =
            self.campaigns.iter().filter(|(id, other)| *id != campaign && other.channels.contains(channel));
        others.map(|(id, _)| id).collect()
    }

    pub(super) fn endings(&self, campaign: &CampaignId) -> &[Ending] {
        self.endings.get(campaign).map_or(&[], Vec::as_slice)
    }
}

fn of_kind<K: std::str::FromStr + Ord, T: DeserializeOwned>(
    masters: &[(Place, Value)],
    kind: &'static str,
) -> Result<BTreeMap<K, T>, StageError> {
    let rows = masters.iter().filter(|(place, _)| place.kind == kind);
    let read = rows.map(|(place, body)| {
        let id = place.id.as_ref().and_then(|id| id.parse().ok());
        id.zip(serde_json::from_value(body.clone()).ok()).ok_or_else(|| StageError::Workspace(place.clone()))
    });
    read.collect()
}

fn endings(
    campaigns: &BTreeMap<CampaignId, DefineCampaign>,
    dispositions: &BTreeMap<DispositionId, DefineDisposition>,
) -> BTreeMap<CampaignId, Vec<Ending>> {
    let of_disposition = |disposition: &DispositionId| {
        let subs = dispositions.iter().filter(|(_, sub)| sub.parent.as_ref() == Some(disposition));
        let mut endings: Vec<Ending> = subs
            .map(|(sub, _)| Ending { disposition: disposition.clone(), sub_disposition: Some(sub.clone()) })
            .collect();
        if endings.is_empty() {
            endings.push(Ending { disposition: disposition.clone(), sub_disposition: None });
        }
        endings
    };
    let of_campaign =
        |campaign: &DefineCampaign| campaign.dispositions.iter().flat_map(of_disposition).collect();
    campaigns.iter().map(|(id, campaign)| (id.clone(), of_campaign(campaign))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_of_the_demo_is_as_the_day_needs_it() {
        let workspace = Workspace::read().unwrap();
        assert!(workspace.lines.len() >= 2 && workspace.campaigns.len() >= 3);
        assert_eq!(workspace.with_role(Role::Agent).count(), 12);
        assert_eq!(workspace.with_role(Role::Supervisor).count(), 1);
        assert_eq!(workspace.with_role(Role::Auditor).count(), 1);
        for (id, campaign) in &workspace.campaigns {
            assert!(!workspace.endings(id).is_empty());
            for channel in &campaign.channels {
                assert!(
                    workspace.attending(id, channel).len() > 1,
                    "{id} on {channel} has nobody to transfer to"
                );
            }
        }
    }

    #[test]
    fn a_disposition_with_children_is_only_an_ending_together_with_one() {
        let workspace = Workspace::read().unwrap();
        let support = workspace.endings(&CampaignId::new("aurora-support").unwrap());
        let solved: Vec<_> =
            support.iter().filter(|ending| ending.disposition.as_str() == "solved").collect();
        assert!(solved.len() == 2 && solved.iter().all(|ending| ending.sub_disposition.is_some()));
    }

    #[test]
    fn the_example_for_new_users_can_be_read() {
        let text = include_str!("../../../examples/contact-centre.toml");
        let masters = MastersFile::parse("contact-centre.toml", text).map(|file| file.masters().len());
        assert!(matches!(masters, Ok(1..)), "{masters:?}");
    }
}
