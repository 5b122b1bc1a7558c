//! Masters: an administrator makes them as they are to be; saying it twice changes nothing, and what they name
//! exists.

use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, DispositionDefined, Event, ProjectDefined,
};
use schemas::limits::{
    CAPACITY_MAX, IDENTITY_BYTES_MAX, LIST_ITEMS_MAX, MASTERS_PER_KIND_MAX, NAME_CHARS_MAX,
};
use schemas::{Actor, ChannelKind, ClientId, Command, ExclusiveWait, Rejection};

use super::centre::*;
use super::harness::{Step, given, nothing};

fn client(client: ClientDefined) -> Step {
    defines(Command::DefineClient(client))
}

fn project(project: ProjectDefined) -> Step {
    defines(Command::DefineProject(project))
}

fn campaign_is(campaign: CampaignDefined) -> Step {
    defines(Command::DefineCampaign(campaign))
}

fn channel_is(channel: ChannelDefined) -> Step {
    defines(Command::DefineChannel(channel))
}

fn disposition_is(id: &str, parent: Option<&str>) -> Step {
    defines(Command::DefineDisposition(a_disposition(id, parent)))
}

fn sales() -> CampaignDefined {
    a_campaign(SALES, &[WA, WEB], &["solved", "sold"], ExclusiveWait::Seconds(60))
}

/// One of each kind, as it is not yet.
pub(super) fn one_of_each() -> Vec<(Step, Event)> {
    let client = ClientDefined { name: "Acme Ltd".into(), ..acme() };
    let project = ProjectDefined { name: "Shop 2".into(), ..shop() };
    let channel = a_channel("new", ChannelKind::Apple, None);
    let disposition = a_disposition("new", Some("solved"));
    let campaign = CampaignDefined { hours_shown: 48, ..sales() };
    let agent = AgentDefined { capacity: 7, ..definition(ANA) };
    vec![
        (defines(Command::DefineClient(client.clone())), client.into()),
        (defines(Command::DefineProject(project.clone())), project.into()),
        (defines(Command::DefineChannel(channel.clone())), channel.into()),
        (defines(Command::DefineDisposition(disposition.clone())), disposition.into()),
        (defines(Command::DefineCampaign(campaign.clone())), campaign.into()),
        (defines(Command::DefineAgent(agent.clone())), agent.into()),
    ]
}

#[test]
fn a_workspace_is_created_once() {
    nothing().when(create_workspace()).then_accepted().when(create_workspace()).then_nothing();
}

#[test]
fn an_administrator_makes_each_master_as_it_is_to_be() {
    for (step, event) in one_of_each() {
        given([]).when(step).then([event]);
    }
}

#[test]
fn a_person_with_the_role_is_an_administrator() {
    for (step, event) in one_of_each() {
        given([]).when(step.by(as_agent(ADA))).then([event]);
    }
}

#[test]
fn nobody_else_defines_anything() {
    let others = [as_agent(ANA), as_agent(SUE), as_agent(TOM), as_agent("nobody"), Actor::System];
    let others = others.into_iter().chain([Actor::Channel(channel(WA))]);
    for actor in others {
        for (step, _) in one_of_each() {
            given([]).when(step.by(actor.clone())).then_rejected(Rejection::Forbidden);
        }
    }
}

#[test]
fn defining_a_master_as_it_is_changes_nothing() {
    for (step, event) in one_of_each() {
        given([]).when(step.clone()).then([event]).when(step).then_nothing();
    }
}

#[test]
fn there_are_so_many_masters_of_a_kind_and_no_more() {
    let nth = |i: usize| ClientDefined { client: ClientId::new(&format!("c{i}")).unwrap(), ..acme() };
    given((1..MASTERS_PER_KIND_MAX).map(|i| client(nth(i)).after(0)))
        .when(client(nth(MASTERS_PER_KIND_MAX)))
        .then_rejected(Rejection::TooMany("clients".into()))
        .when(client(ClientDefined { history_conversations: 3, ..acme() }))
        .then_accepted();
}

refusals! {
    a_channel_stays_of_its_kind:
        given []
        when defines(Command::DefineChannel(a_channel(WEB, ChannelKind::Apple, None)))
        => Rejection::ChannelKindFixed(channel(WEB));
    a_name_is_not_empty:
        given []
        when client(ClientDefined { name: "  ".into(), ..acme() })
        => Rejection::InvalidText("name".into());
    a_name_is_not_too_long:
        given []
        when client(ClientDefined { name: "n".repeat(NAME_CHARS_MAX + 1), ..acme() })
        => Rejection::InvalidText("name".into());
    a_project_has_a_name:
        given []
        when project(ProjectDefined { name: String::new(), ..shop() })
        => Rejection::InvalidText("name".into());
    a_campaign_has_a_name:
        given []
        when campaign_is(CampaignDefined { name: String::new(), ..sales() })
        => Rejection::InvalidText("name".into());
    a_channel_has_a_name:
        given []
        when channel_is(ChannelDefined { name: String::new(), ..a_channel(WA, ChannelKind::Whatsapp, None) })
        => Rejection::InvalidText("name".into());
    a_disposition_has_a_name:
        given []
        when defines(Command::DefineDisposition(DispositionDefined {
            name: String::new(),
            ..a_disposition("solved", None)
        }))
        => Rejection::InvalidText("name".into());
    an_agent_has_a_name:
        given []
        when defines(Command::DefineAgent(AgentDefined { name: String::new(), ..definition(ANA) }))
        => Rejection::InvalidText("name".into());
    a_project_is_for_a_client:
        given []
        when project(ProjectDefined { client: ClientId::new("nobody").expect("a good id"), ..shop() })
        => Rejection::UnknownClient(ClientId::new("nobody").expect("a good id"));
    a_campaign_is_part_of_a_project:
        given []
        when campaign_is(CampaignDefined { project: "none".parse().expect("a good id"), ..sales() })
        => Rejection::UnknownProject("none".parse().expect("a good id"));
    a_campaign_works_on_channels_that_exist:
        given []
        when campaign_is(a_campaign(SALES, &[WA, "nowhere"], &[], ExclusiveWait::Forever))
        => Rejection::UnknownChannel(channel("nowhere"));
    a_campaign_has_dispositions_that_exist:
        given []
        when campaign_is(a_campaign(SALES, &[WA], &["solved", "nothing"], ExclusiveWait::Forever))
        => Rejection::UnknownDisposition(disposition("nothing"));
    a_campaign_lists_top_dispositions:
        given []
        when campaign_is(a_campaign(SALES, &[WA], &["sold-card"], ExclusiveWait::Forever))
        => Rejection::NotTopDisposition(disposition("sold-card"));
    a_campaign_has_so_many_channels:
        given []
        when campaign_is(a_campaign(SALES, &[WA; LIST_ITEMS_MAX + 1], &[], ExclusiveWait::Forever))
        => Rejection::TooMany("channels".into());
    a_campaign_has_so_many_dispositions:
        given []
        when campaign_is(a_campaign(SALES, &[], &["solved"; LIST_ITEMS_MAX + 1], ExclusiveWait::Forever))
        => Rejection::TooMany("dispositions".into());
    two_channels_do_not_share_an_address:
        given []
        when channel_is(ChannelDefined {
            address: "address of wa".into(),
            ..a_channel("other", ChannelKind::Whatsapp, None)
        })
        => Rejection::AddressTaken(channel(WA));
    a_channel_has_an_address:
        given []
        when channel_is(ChannelDefined {
            address: String::new(),
            ..a_channel(WA, ChannelKind::Whatsapp, None)
        })
        => Rejection::InvalidText("address".into());
    an_address_is_not_too_long:
        given []
        when channel_is(ChannelDefined {
            address: "a".repeat(IDENTITY_BYTES_MAX + 1),
            ..a_channel(WA, ChannelKind::Whatsapp, None)
        })
        => Rejection::InvalidText("address".into());
    transfer_is_kept_for_transfers:
        given []
        when disposition_is("transfer", None)
        => Rejection::ReservedDisposition(disposition("transfer"));
    a_sub_disposition_is_of_a_disposition_that_exists:
        given []
        when disposition_is("new", Some("nothing"))
        => Rejection::UnknownDisposition(disposition("nothing"));
    there_are_two_levels_of_dispositions:
        given []
        when disposition_is("new", Some("sold-card"))
        => Rejection::DispositionTooDeep(disposition("sold-card"));
    a_disposition_is_not_its_own_parent:
        given []
        when disposition_is("solved", Some("solved"))
        => Rejection::DispositionTooDeep(disposition("solved"));
    a_disposition_that_has_sub_dispositions_does_not_become_one:
        given []
        when disposition_is("sold", Some("solved"))
        => Rejection::DispositionHasChildren(disposition("sold"));
    an_agent_works_in_campaigns_that_exist:
        given []
        when working_in(ANA, &[SALES, "nowhere"])
        => Rejection::UnknownCampaign(campaign("nowhere"));
    an_agent_handles_channels_that_exist:
        given []
        when handling(ANA, &[WA, "nowhere"])
        => Rejection::UnknownChannel(channel("nowhere"));
    an_agent_works_in_so_many_campaigns:
        given []
        when working_in(ANA, &[SALES; LIST_ITEMS_MAX + 1])
        => Rejection::TooMany("campaigns".into());
    an_agent_handles_so_many_channels:
        given []
        when handling(ANA, &[WA; LIST_ITEMS_MAX + 1])
        => Rejection::TooMany("channels".into());
    an_agent_holds_so_many_conversations:
        given []
        when with_capacity(ANA, CAPACITY_MAX + 1)
        => Rejection::TooMany(format!("conversations at once; at most {CAPACITY_MAX} are allowed"));
    an_agent_does_not_create_a_workspace:
        given []
        when create_workspace().by(as_agent(ADA)).in_workspace("other")
        => Rejection::Forbidden;
}

#[test]
fn the_same_address_on_another_network_is_another_channel() {
    given([])
        .when(channel_is(ChannelDefined {
            address: "address of wa".into(),
            ..a_channel("other", ChannelKind::Apple, None)
        }))
        .then_accepted();
}
