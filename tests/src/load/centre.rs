//! The contact centre that the load works in: a web chat and a WhatsApp number, two campaigns, and agents with
//! little room, so that queues, offers and capacities matter; one of them supervises.

use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Accepted;
use serde_json::{Value, json};

use crate::ask::eventually;
use crate::server::NUMBER;

pub(super) const AGENTS: [&str; 4] = ["ana", "ben", "carla", "dani"];
pub(super) const SUPERVISOR: &str = "sue";
/// Who does not come back so soon counts as offline.
const GRACE_SECONDS: u32 = 1;
const CAPACITY: u16 = 3;

/// Defines it; each step is asked again until it is answered.
pub async fn open_centre(admin: &ApiClient) {
    let channels = json!(["web", "wa"]);
    let web = json!({"kind": "webchat", "address": "shop.example", "name": "Web chat"});
    let whatsapp = json!({"kind": "whatsapp", "address": NUMBER, "name": "WhatsApp"});
    let campaign = |name: &str, more: Value| {
        let mut campaign = json!({
            "project": "help", "name": name, "channels": channels, "dispositions": ["solved"],
        });
        if let (Some(campaign), Value::Object(more)) = (campaign.as_object_mut(), more) {
            campaign.extend(more);
        }
        campaign
    };
    let sales = json!({
        "exclusive_wait_seconds": null, "after_work_seconds": 1, "absence": "exclusive_wait",
        "routing": {"policy": "longest_idle"},
    });
    // Whoever is offered something here has to accept it; what waits too long goes to the other campaign.
    let care = json!({
        "exclusive_wait_seconds": 1, "absence": "queue",
        "routing": {
            "policy": "round_robin", "offer_seconds": 1,
            "overflow": {"after_seconds": 2, "campaign": "sales"},
        },
    });
    let mut masters = vec![
        ("clients/acme".to_owned(), json!({"name": "Acme"})),
        ("projects/help".to_owned(), json!({"client": "acme", "name": "Help"})),
        ("channels/web".to_owned(), web),
        ("channels/wa".to_owned(), whatsapp),
        ("dispositions/solved".to_owned(), json!({"name": "Solved"})),
        ("campaigns/sales".to_owned(), campaign("Sales", sales)),
        ("campaigns/care".to_owned(), campaign("Care", care)),
        ("settings".to_owned(), json!({"grace_seconds": GRACE_SECONDS})),
    ];
    for agent in everybody() {
        let role = if agent == SUPERVISOR { "supervisor" } else { "agent" };
        let body = json!({
            "name": agent, "role": role, "campaigns": ["care", "sales"], "channels": channels,
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
