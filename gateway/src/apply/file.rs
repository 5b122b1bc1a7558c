//! The file that declares masters: a table a kind, in it a table a master, named by its id.

use std::collections::BTreeMap;
use std::fmt;

use schemas::api::requests::{
    DefineAgent, DefineCampaign, DefineChannel, DefineClient, DefineDisposition, DefineProject,
};
use schemas::{AgentId, CampaignId, ChannelId, ClientId, DispositionId, ProjectId, api};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use toml::de::DeTable;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tables {
    #[serde(default)]
    clients: BTreeMap<ClientId, DefineClient>,
    #[serde(default)]
    projects: BTreeMap<ProjectId, DefineProject>,
    #[serde(default)]
    channels: BTreeMap<ChannelId, DefineChannel>,
    #[serde(default)]
    dispositions: BTreeMap<DispositionId, DefineDisposition>,
    #[serde(default)]
    campaigns: BTreeMap<CampaignId, DefineCampaign>,
    #[serde(default)]
    agents: BTreeMap<AgentId, DefineAgent>,
}

/// One master in the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The table, which is also the path of the API: `clients`, `projects`, ...
    pub kind: &'static str,
    /// The master's id.
    pub id: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.kind, self.id)
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

    /// Every master with its body, in an order in which each comes after those it names.
    pub fn masters(&self) -> Vec<(Place, Value)> {
        let t = &self.tables;
        let mut all = Vec::new();
        list("clients", &t.clients, &mut all);
        list("projects", &t.projects, &mut all);
        list("channels", &t.channels, &mut all);
        let (top, sub): (Vec<_>, Vec<_>) = t.dispositions.iter().partition(|(_, d)| d.parent.is_none());
        list("dispositions", top, &mut all);
        list("dispositions", sub, &mut all);
        list("campaigns", &t.campaigns, &mut all);
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
        let kind = document.get_ref().get(place.kind)?.get_ref().as_table()?;
        let (name, master) = kind.iter().find(|(key, _)| key.get_ref() == place.id.as_str())?;
        let value = field.and_then(|field| master.get_ref().as_table()?.get(field));
        Some(value.map_or(name.span().start, |value| value.span().start))
    }
}

fn list<'a, K: ToString + 'a, V: Serialize + 'a>(
    kind: &'static str,
    masters: impl IntoIterator<Item = (&'a K, &'a V)>,
    all: &mut Vec<(Place, Value)>,
) {
    let rows =
        masters.into_iter().map(|(id, body)| (Place { kind, id: id.to_string() }, serde_json::json!(body)));
    all.extend(rows);
}

/// The field that a refusal of the engine is about.
fn field_of_code(kind: &str, code: &str) -> Option<&'static str> {
    match (kind, code) {
        (_, "unknown_client") => Some("client"),
        (_, "unknown_project") => Some("project"),
        (_, "unknown_channel") => Some("channels"),
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
        let refused = file.refused(&Place { kind: "projects", id: "help".into() }, &problem);
        assert_eq!(
            refused.to_string(),
            "f:5: projects.help.client: client acme does not exist (unknown_client)"
        );
    }
}
