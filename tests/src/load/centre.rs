//! The contact centre that the load works in: a web chat and a WhatsApp number, two campaigns, and agents with
//! little room, so that queues and capacities matter.

use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::api::Accepted;
use serde_json::{Value, json};

use crate::ask::eventually;
use crate::server::NUMBER;

pub(super) const AGENTS: [&str; 4] = ["ana", "ben", "carla", "dani"];
const CAPACITY: u16 = 3;

/// Defines it; each step is asked again until it is answered.
pub async fn open_centre(admin: &ApiClient) {
    let channels = json!(["web", "wa"]);
    let web = json!({"kind": "webchat", "address": "shop.example", "name": "Web chat"});
    let whatsapp = json!({"kind": "whatsapp", "address": NUMBER, "name": "WhatsApp"});
    let campaign = |name: &str, wait: Option<u32>| {
        json!({
            "project": "help", "name": name, "channels": channels, "dispositions": ["solved"],
            "exclusive_wait_seconds": wait,
        })
    };
    let mut masters = vec![
        ("clients/acme".to_owned(), json!({"name": "Acme"})),
        ("projects/help".to_owned(), json!({"client": "acme", "name": "Help"})),
        ("channels/web".to_owned(), web),
        ("channels/wa".to_owned(), whatsapp),
        ("dispositions/solved".to_owned(), json!({"name": "Solved"})),
        ("campaigns/care".to_owned(), campaign("Care", Some(1))),
        ("campaigns/sales".to_owned(), campaign("Sales", None)),
    ];
    for agent in AGENTS {
        let body = json!({
            "name": agent, "campaigns": ["care", "sales"], "channels": channels, "capacity": CAPACITY,
        });
        masters.push((format!("agents/{agent}"), body));
    }
    for (path, body) in masters {
        let path = format!("/v1/{path}");
        let defined = async || admin.send::<Accepted>(Method::PUT, &path, &body).await.ok();
        eventually(&path, defined).await;
    }
}

/// A token for each agent.
pub(super) async fn agent_tokens(admin: &ApiClient) -> Vec<(String, String)> {
    let mut tokens = Vec::new();
    for agent in AGENTS {
        let body = json!({ "agent": agent });
        let created = async || admin.send::<Value>(Method::POST, "/v1/tokens", &body).await.ok();
        let created = eventually("a token is made", created).await;
        tokens.push((agent.to_owned(), created["token"].as_str().unwrap().to_owned()));
    }
    tokens
}
