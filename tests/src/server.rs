//! A whole atender in this process, with a small contact centre and a stand-in for the WhatsApp API.

use std::net::Ipv4Addr;
use std::path::Path;

use gateway::api_client::ApiClient;
use gateway::demo::whatsapp_stand_in::{
    StandIn, StandInOptions, StatusScript, WebhookTarget, post_signed, webhook_client,
};
use gateway::serve::{ServeConfig, Server, WhatsAppConfig};
use gateway::tokens::Principal;
use gateway::whatsapp::api::AccessToken;
use schemas::api::Page;
use schemas::api::views::{ContactConversation, InboxItem};
use schemas::{ContactId, ConversationId, Position};
use serde_json::Value;
use tempfile::TempDir;

use crate::ask::{put, read_at};
use crate::books;
use crate::centre::{Centre, agent, campaign, identity};
use crate::whatsapp::message;

pub const APP_SECRET: &str = "app-secret-of-the-tests";
pub const ACCESS_TOKEN: &str = "access-token-of-the-tests";
pub const VERIFY_TOKEN: &str = "verify-token-of-the-tests";
/// The number that [`Centre`]'s channel has.
pub const NUMBER: &str = "100200300";

pub struct TestServer {
    pub server: Server,
    pub stand_in: StandIn,
    pub dir: TempDir,
}

impl TestServer {
    /// A server with this contact centre, whose agents are online. What is sent is received and read at once.
    pub async fn start(centre: Centre) -> Self {
        Self::start_with(centre, StatusScript::default()).await
    }

    /// As [`TestServer::start`], with a network that reports what became of messages as it is told here.
    pub async fn start_with(centre: Centre, statuses: StatusScript) -> Self {
        let stand_in = StandIn::start(StandInOptions { statuses, ..options() }).await.unwrap();
        let this = Self::start_on(centre, stand_in, |config| config).await;
        let target = WebhookTarget { url: this.webhook_url(), app_secret: APP_SECRET.into() };
        this.stand_in.deliver_to(target);
        this
    }

    /// As [`TestServer::start`], with a network that says nothing of what became of messages.
    pub async fn start_quiet(centre: Centre) -> Self {
        Self::start_on(centre, stand_in().await, |config| config).await
    }

    /// As [`TestServer::start_quiet`], with a configuration that is changed before.
    pub async fn start_on(
        centre: Centre,
        stand_in: StandIn,
        change: impl FnOnce(ServeConfig) -> ServeConfig,
    ) -> Self {
        let dir = TempDir::new().unwrap();
        let server = Server::start(change(config(&dir, &stand_in.base_url()))).await.unwrap();
        centre.open(&server.app().engine).await;
        let this = Self { server, stand_in, dir };
        // From here on whoever asks sees the whole contact centre.
        let _: Value = read_at(&this.admin(), "/v1/agents", this.head().await).await;
        this
    }

    /// Ends the server and starts it again with what it has kept, at another address.
    pub async fn restart(self) -> Self {
        self.restart_after(|_| {}).await
    }

    /// As [`TestServer::restart`], with views that have to be made anew from the log.
    pub async fn restart_without_views(self) -> Self {
        self.restart_after(|data| std::fs::remove_dir_all(data.join("views")).unwrap()).await
    }

    async fn restart_after(self, change: impl FnOnce(&Path)) -> Self {
        let Self { server, stand_in, dir } = self;
        server.stop().await;
        change(&dir.path().join("data"));
        let server = Server::start(config(&dir, &stand_in.base_url())).await.unwrap();
        Self { server, stand_in, dir }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.server.addr())
    }

    pub fn admin(&self) -> ApiClient {
        ApiClient::new(&self.url(), self.server.admin_token())
    }

    /// The API as the agent with this number.
    pub async fn agent(&self, number: usize) -> ApiClient {
        self.api(Principal::Agent(agent(number))).await
    }

    /// The API as this principal.
    pub async fn api(&self, principal: Principal) -> ApiClient {
        let created = self.server.app().tokens.create(principal).await.unwrap();
        self.admin().with_token(&created.text)
    }

    /// The id that the server has for this customer.
    pub fn contact(&self, number: u64) -> ContactId {
        ContactId::of_identity(&self.server.app().contact_key, "whatsapp", &identity(number))
    }

    /// The customer writes for the first time; gives back the conversation.
    pub async fn opened_by(&self, from: u64) -> ConversationId {
        assert_eq!(self.webhook(message(from, &format!("wamid.{from}"), "hello")).await, 200);
        self.conversation(from).await
    }

    /// How the campaign with this number is defined.
    pub async fn definition_of(&self, number: usize) -> Value {
        let path = format!("/v1/campaigns/{}", campaign(number));
        read_at::<Value>(&self.admin(), &path, self.head().await).await["definition"].take()
    }

    /// The first campaign is the same but for these fields of its definition.
    pub async fn redefine(&self, fields: &Value) {
        let mut definition = self.definition_of(0).await;
        for (name, value) in fields.as_object().unwrap() {
            definition[name] = value.clone();
        }
        put(&self.admin(), &format!("/v1/campaigns/{}", campaign(0)), &definition).await;
    }

    /// The customer's conversations, newest first.
    pub async fn conversations(&self, from: u64) -> Vec<ContactConversation> {
        let path = format!("/v1/contacts/{}/conversations", self.contact(from));
        let page: Page<ContactConversation> = read_at(&self.admin(), &path, self.head().await).await;
        page.items
    }

    /// The customer's newest conversation.
    pub async fn conversation(&self, from: u64) -> ConversationId {
        self.conversations(from).await[0].conversation
    }

    /// What the agent with this number has.
    pub async fn inbox(&self, number: usize) -> Vec<InboxItem> {
        let path = format!("/v1/inbox?limit=200&agent={}", agent(number));
        read_at::<Page<InboxItem>>(&self.admin(), &path, self.head().await).await.items
    }

    /// Where the log ends; what reflects this reflects everything that was answered before.
    pub async fn head(&self) -> Position {
        let log = &self.server.app().log;
        Position { shard: log.shard(), sequence: books::head(log).await, index: 0 }
    }

    pub fn webhook_url(&self) -> String {
        format!("{}/webhooks/whatsapp", self.url())
    }

    /// Posts a webhook and gives back the status it was answered with.
    pub async fn webhook(&self, body: Vec<u8>) -> u16 {
        let client = webhook_client().unwrap();
        post_signed(&client, &self.webhook_url(), APP_SECRET.as_bytes(), body).await.unwrap().as_u16()
    }

    pub async fn stop(self) {
        self.server.stop().await;
        self.stand_in.stop().await;
    }
}

pub async fn stand_in() -> StandIn {
    StandIn::start(options()).await.unwrap()
}

fn options() -> StandInOptions {
    StandInOptions::new(ACCESS_TOKEN, NUMBER, engine::clock::now().millis())
}

pub fn config(dir: &TempDir, whatsapp_url: &str) -> ServeConfig {
    ServeConfig {
        whatsapp: WhatsAppConfig {
            base_url: whatsapp_url.to_owned(),
            access_token: Some(AccessToken::new(ACCESS_TOKEN)),
            app_secrets: vec![APP_SECRET.as_bytes().to_vec()],
            verify_token: Some(VERIFY_TOKEN.to_owned()),
            ..WhatsAppConfig::default()
        },
        ..ServeConfig::new((Ipv4Addr::LOCALHOST, 0).into(), dir.path().join("data"))
    }
}
