//! The contact centre that the load works in: a web chat and a WhatsApp number, two campaigns, and agents with
//! little room and little time, so that queues, offers, capacities and deadlines matter; one of them supervises.

use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Accepted;
use serde_json::{Value, json};

use crate::ask::eventually;
use crate::centre::days_about_now;
use crate::server::NUMBER;

pub(super) const AGENTS: [&str; 4] = ["ana", "ben", "carla", "dani"];
pub(super) const SUPERVISOR: &str = "sue";
/// Of the predefined texts that each campaign has; *dear* cannot be sent to who has no name.
pub(super) const SHORTCUTS: [&str; 2] = ["hello", "dear"];
/// What a contact can have.
pub(super) const PLANS: [&str; 2] = ["basic", "gold"];
const CHANNELS: [&str; 2] = ["web", "wa"];
const WEEK: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
/// Who does not come back so soon counts as offline.
const GRACE_SECONDS: u32 = 1;
const CAPACITY: u16 = 3;

/// Defines it; each step is asked again until it is answered.
pub async fn open_centre(admin: &ApiClient) {
    let web = json!({"kind": "webchat", "address": "shop.example", "name": "Web chat"});
    let whatsapp = json!({"kind": "whatsapp", "address": NUMBER, "name": "WhatsApp"});
    let plan = json!({"id": "plan", "label": "Plan", "kind": "choice", "choices": PLANS});
    let mut masters = vec![
        ("clients/acme".to_owned(), json!({"name": "Acme", "contact_fields": [plan]})),
        ("projects/help".to_owned(), json!({"client": "acme", "name": "Help"})),
        ("channels/web".to_owned(), web),
        ("channels/wa".to_owned(), whatsapp),
        ("dispositions/solved".to_owned(), json!({"name": "Solved"})),
        ("dispositions/silent".to_owned(), json!({"name": "Silent"})),
        ("campaigns/sales".to_owned(), sales()),
        ("campaigns/care".to_owned(), care(true)),
        ("settings".to_owned(), json!({"grace_seconds": GRACE_SECONDS})),
    ];
    for (campaign, shortcut) in ["care", "sales"].into_iter().flat_map(|id| SHORTCUTS.map(|text| (id, text)))
    {
        let said = if shortcut == "dear" {
            "Dear {contact.name}, how can I help?"
        } else {
            "Hello {contact.name|you}, {agent.name} of {campaign.name} at {client.name} here"
        };
        let body = json!({"campaign": campaign, "name": shortcut, "shortcut": shortcut, "text": said});
        masters.push((format!("texts/{campaign}-{shortcut}"), body));
    }
    for agent in everybody() {
        let role = if agent == SUPERVISOR { "supervisor" } else { "agent" };
        let body = json!({
            "name": agent, "role": role, "campaigns": ["care", "sales"], "channels": CHANNELS,
            "capacity": CAPACITY,
        });
        masters.push((format!("agents/{agent}"), body));
    }
    for (path, body) in masters {
        let path = format!("/v1/{path}");
        let defined = async || admin.send::<Accepted>(Method::PUT, &path, &body).await.ok();
        eventually(&path, defined).await;
    }
}

fn sales() -> Value {
    let more = json!({
        "exclusive_wait_seconds": null, "after_work_seconds": 1, "absence": "exclusive_wait",
        "routing": {"policy": "longest_idle"},
    });
    campaign("Sales", more)
}

/// Whoever is offered something here has to accept it; what waits too long goes to the other campaign. New conversations
/// come here, and it is open always, or closed always.
pub(super) fn care(is_open: bool) -> Value {
    let more = json!({
        "exclusive_wait_seconds": 1, "absence": "queue",
        "routing": {
            "policy": "round_robin", "offer_seconds": 1,
            "overflow": {"after_seconds": 2, "campaign": "sales"},
        },
        "business_hours": {
            "time_zone": "UTC", "weekly": [{"days": WEEK, "from": "00:00", "to": "24:00"}],
            "holidays": if is_open { Vec::new() } else { days_about_now().to_vec() },
            "outside_text": "We are closed",
        },
    });
    campaign("Care", more)
}

/// A campaign of which this is said, and what all have: too little time for every answer, and for customers to think.
fn campaign(name: &str, more: Value) -> Value {
    let mut campaign = json!({
        "project": "help", "name": name, "channels": CHANNELS, "dispositions": ["solved", "silent"],
        "service_level": {"first_response_seconds": 1, "next_response_seconds": 1},
        "inactivity": {
            "warn_after_seconds": 1, "warn_text": "Are you still there?",
            "close_after_seconds": 1, "close_text": "Write whenever you like",
            "disposition": "silent",
        },
    });
    if let (Some(campaign), Value::Object(more)) = (campaign.as_object_mut(), more) {
        campaign.extend(more);
    }
    campaign
}

fn everybody() -> impl Iterator<Item = &'static str> {
    AGENTS.into_iter().chain([SUPERVISOR])
}

/// A token for each agent, and the supervisor.
pub(super) async fn agent_tokens(admin: &ApiClient) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for agent in everybody() {
        let body = json!({ "agent": agent });
        let created = async || admin.send::<Value>(Method::POST, "/v1/tokens", &body).await.ok();
        let created = eventually("a token is made", created).await;
        tokens.push((agent.to_owned(), created["token"].as_str().unwrap().to_owned()));
    }
    tokens
}
