//! The file that declares masters: a table a kind, in it a table a master, named by its id.

use std::collections::BTreeMap;
use std::fmt;

use schemas::api::requests::{
    DefineAgent, DefineCampaign, DefineChannel, DefineClient, DefineDisposition, DefineProject,
    DefineSettings, DefineText,
};
use schemas::{AgentId, CampaignId, ChannelId, ClientId, DispositionId, ProjectId, TextId, api};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::de::DeTable;

/// The file's tables.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Tables {
    pub(super) settings: Option<DefineSettings>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) clients: BTreeMap<ClientId, DefineClient>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) projects: BTreeMap<ProjectId, DefineProject>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) channels: BTreeMap<ChannelId, DefineChannel>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) dispositions: BTreeMap<DispositionId, DefineDisposition>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) campaigns: BTreeMap<CampaignId, DefineCampaign>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) texts: BTreeMap<TextId, DefineText>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) agents: BTreeMap<AgentId, DefineAgent>,
}

/// One master in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The table, which is also the path of the API: `clients`, `projects`, ...
    pub kind: &'static str,
    /// The master's id; the settings have none.
    pub id: Option<String>,
}

impl Place {
    /// Its path in the API.
    pub fn path(&self) -> String {
        match &self.id {
            Some(id) => format!("/v1/{}/{id}", self.kind),
            None => format!("/v1/{}", self.kind),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.id {
            Some(id) => write!(f, "{}.{id}", self.kind),
            None => f.write_str(self.kind),
        }
    }
}

/// What is wrong in a file, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {field}: {reason}{}", .remedy.as_ref().map(|r| format!("; {r}")).unwrap_or_default())]
pub struct Problem {
    /// The file, as it was named.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The master and its field.
    pub field: String,
    /// What is wrong.
    pub reason: String,
    /// What to do about it.
    pub remedy: Option<String>,
}

/// A file that was read.
pub struct MastersFile {
    name: String,
    text: String,
    tables: Tables,
}

impl MastersFile {
    /// Reads the file's text.
    ///
    /// # Errors
    /// [`Problem`] for what is not TOML, an unknown table or field, a missing one, or a value of another kind.
    pub fn parse(name: &str, text: &str) -> Result<Self, Problem> {
        match toml::from_str(text) {
            Ok(tables) => Ok(Self { name: name.to_owned(), text: text.to_owned(), tables }),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let field = field_at(text, at).unwrap_or_else(|| "file".to_owned());
                let reason = error.message().to_owned();
                Err(Problem { file: name.to_owned(), line: line_of(text, at), field, reason, remedy: None })
            }
        }
    }

    /// Every master with its body, in an order in which each comes after those it names; but for campaigns that
    /// overflow into each other.
    pub fn masters(&self) -> Vec<(Place, Value)> {
        let t = &self.tables;
        let mut all = Vec::new();
        let settings = t.settings.iter();
        all.extend(settings.map(|s| (Place { kind: "settings", id: None }, serde_json::json!(s))));
        list("clients", &t.clients, &mut all);
        list("projects", &t.projects, &mut all);
        list("channels", &t.channels, &mut all);
        let (top, sub): (Vec<_>, Vec<_>) = t.dispositions.iter().partition(|(_, d)| d.parent.is_none());
        list("dispositions", top, &mut all);
        list("dispositions", sub, &mut all);
        list("campaigns", overflowing_last(&t.campaigns), &mut all);
        list("texts", &t.texts, &mut all);
        list("agents", &t.agents, &mut all);
        all
    }

    /// Where and why the server refused a master.
    pub fn refused(&self, place: &Place, problem: &api::Problem) -> Problem {
        let field = problem.field.as_deref().or_else(|| field_of_code(place.kind, &problem.code));
        let at = self.offset(place, field).unwrap_or(0);
        Problem {
            file: self.name.clone(),
            line: line_of(&self.text, at),
            field: field.map_or_else(|| place.to_string(), |field| format!("{place}.{field}")),
            reason: format!("{} ({})", problem.title, problem.code),
            remedy: problem.remedy.clone(),
        }
    }

    fn offset(&self, place: &Place, field: Option<&str>) -> Option<usize> {
        let document = DeTable::parse(&self.text).ok()?;
        let (kind, all) = document.get_ref().get_key_value(place.kind)?;
        let (name, master) = match &place.id {
            Some(id) => all.get_ref().as_table()?.iter().find(|(key, _)| key.get_ref() == id.as_str())?,
            None => (kind, all),
        };
        let value = field.and_then(|field| find(master.get_ref().as_table()?, field));
        Some(value.unwrap_or(name.span().start))
    }
}

/// Where the field of this name begins, in the table or in one inside it.
fn find(table: &DeTable<'_>, field: &str) -> Option<usize> {
    table.get(field).map(|value| value.span().start).or_else(|| {
        table.values().filter_map(|value| value.get_ref().as_table()).find_map(|inner| find(inner, field))
    })
}

/// Campaigns behind those that they overflow into.
fn overflowing_last(campaigns: &BTreeMap<CampaignId, DefineCampaign>) -> Vec<(&CampaignId, &DefineCampaign)> {
    let (mut ordered, mut left) = (Vec::new(), Vec::from_iter(campaigns));
    loop {
        let is_left = |id: &CampaignId| left.iter().any(|(other, _)| *other == id);
        let waits = |(_, campaign): &(&CampaignId, &DefineCampaign)| {
            campaign.routing.overflow.as_ref().is_some_and(|overflow| is_left(&overflow.campaign))
        };
        let (waiting, ready): (Vec<_>, Vec<_>) = left.iter().copied().partition(waits);
        ordered.extend(ready.iter().copied());
        if ready.is_empty() {
            ordered.extend(waiting);
            return ordered;
        }
        left = waiting;
    }
}

fn list<'a, K: ToString + 'a, V: Serialize + 'a>(
    kind: &'static str,
    masters: impl IntoIterator<Item = (&'a K, &'a V)>,
    all: &mut Vec<(Place, Value)>,
) {
    let rows = masters
        .into_iter()
        .map(|(id, body)| (Place { kind, id: Some(id.to_string()) }, serde_json::json!(body)));
    all.extend(rows);
}

/// The field that a refusal of the engine is about.
fn field_of_code(kind: &str, code: &str) -> Option<&'static str> {
    match (kind, code) {
        (_, "unknown_client") => Some("client"),
        (_, "unknown_project") => Some("project"),
        (_, "unknown_channel") => Some("channels"),
        ("campaigns", "unknown_campaign" | "campaign_not_on_channel") => Some("overflow"),
        ("texts", "unknown_campaign") => Some("campaign"),
        (_, "unknown_campaign") => Some("campaigns"),
        (_, "not_top_disposition") | ("campaigns", "unknown_disposition") => Some("dispositions"),
        ("dispositions", "unknown_disposition" | "disposition_too_deep" | "disposition_has_children") => {
            Some("parent")
        }
        (_, "address_taken") => Some("address"),
        _ => None,
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes().iter().take(offset).filter(|byte| **byte == b'\n').count() + 1
}

/// The dotted name of what stands at `offset`, as deep as the text is TOML. The span of a table is its head alone,
/// so all tables are looked into.
fn field_at(text: &str, offset: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    name_at(document.get_ref(), offset)
}

fn name_at(table: &DeTable<'_>, offset: usize) -> Option<String> {
    table.iter().find_map(|(key, value)| {
        let inside = value.get_ref().as_table().and_then(|inner| name_at(inner, offset));
        match inside {
            Some(rest) => Some(format!("{}.{rest}", key.get_ref())),
            None if key.span().contains(&offset) || value.span().contains(&offset) => {
                Some(key.get_ref().to_string())
            }
            None => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str =
        "[clients.acme]\nname = \"Acme\"\n\n[projects.help]\nclient = \"acme\"\nname = \"Help\"\n";

    #[test]
    fn masters_come_after_those_they_name() {
        let text =
            "[dispositions.a]\nname='a'\nparent='b'\n[dispositions.b]\nname='b'\n[clients.z]\nname='z'\n";
        let file = MastersFile::parse("f", text).unwrap();
        let order: Vec<_> = file.masters().into_iter().map(|(place, _)| place.to_string()).collect();
        assert_eq!(order, ["clients.z", "dispositions.b", "dispositions.a"]);
    }

    #[test]
    fn campaigns_come_after_those_they_overflow_into_where_that_can_be() {
        let campaign = |id: &str, to: &str| {
            format!(
                "[campaigns.{id}]\nproject='p'\nname='n'\nchannels=[]\ndispositions=[]\n\
                 routing.overflow = {{ after_seconds = 5, campaign = '{to}' }}\n"
            )
        };
        let order = |pairs: &[(&str, &str)]| {
            let text: String = pairs.iter().map(|(id, to)| campaign(id, to)).collect();
            let masters = MastersFile::parse("f", &text).unwrap().masters();
            masters.into_iter().map(|(place, _)| place.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            order(&[("a", "b"), ("b", "c"), ("c", "z")]),
            ["campaigns.c", "campaigns.b", "campaigns.a"]
        );
        assert_eq!(
            order(&[("a", "b"), ("b", "a"), ("c", "z")]),
            ["campaigns.c", "campaigns.a", "campaigns.b"]
        );
    }

    #[test]
    fn a_refusal_points_into_a_table_of_the_master_and_at_the_settings() {
        let text = "[settings]\ngrace_seconds = 9000\n\n[campaigns.a]\nproject='p'\nname='n'\nchannels=[]\n\
                    dispositions=[]\n[campaigns.a.routing]\npolicy = 'manual'\noffer_seconds = 0\n";
        let file = MastersFile::parse("f", text).unwrap();
        let problem = |field: &str| api::Problem {
            kind: String::new(),
            title: "no".into(),
            status: 422,
            code: "no".into(),
            remedy: None,
            field: Some(field.to_owned()),
        };
        let campaign = Place { kind: "campaigns", id: Some("a".into()) };
        assert_eq!(file.refused(&campaign, &problem("offer_seconds")).line, 11);
        let settings = Place { kind: "settings", id: None };
        assert_eq!(file.refused(&settings, &problem("grace_seconds")).line, 2);
        assert_eq!(file.refused(&settings, &problem("other")).line, 1);
    }

    #[test]
    fn an_unknown_field_is_named_with_its_line() {
        let text = format!("{GOOD}colour = \"red\"\n");
        let problem = MastersFile::parse("centre.toml", &text).map(|_| ()).unwrap_err();
        assert_eq!((problem.line, problem.file.as_str()), (7, "centre.toml"));
        assert!(problem.to_string().contains("projects.help.colour"), "{problem}");
        assert!(problem.reason.contains("unknown field"), "{problem}");
    }

    #[test]
    fn a_bad_id_and_a_bad_value_are_found() {
        let bad_id = MastersFile::parse("f", "[clients.acme]\nname='x'\n[clients.'A B']\nname='y'\n");
        assert_eq!(bad_id.map(|_| ()).unwrap_err().line, 3);
        let bad_value = MastersFile::parse("f", "[clients.acme]\nname = 5\n").map(|_| ()).unwrap_err();
        assert_eq!((bad_value.line, bad_value.field.as_str()), (2, "clients.acme.name"));
    }

    #[test]
    fn a_refusal_of_the_server_points_at_the_field() {
        let file = MastersFile::parse("f", GOOD).unwrap();
        let problem = api::Problem {
            kind: String::new(),
            title: "client acme does not exist".into(),
            status: 422,
            code: "unknown_client".into(),
            remedy: None,
            field: None,
        };
        let refused = file.refused(&Place { kind: "projects", id: Some("help".into()) }, &problem);
        assert_eq!(
            refused.to_string(),
            "f:5: projects.help.client: client acme does not exist (unknown_client)"
        );
    }
}
