//! A contact centre on a real nats-server, with an agent who attends, and the stand-in for the WhatsApp API.

use std::collections::BTreeMap;

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::Client;
use engine::log::{FrameReader, Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig};
use engine::{Engine, EngineConfig, Outcome, SubmitError, WriterError, clock};
use gateway::demo::whatsapp_stand_in::{StandIn, StandInOptions};
use gateway::outbox::Outbox;
use gateway::whatsapp::api::{AccessToken, WhatsAppApi, WhatsAppApiConfig};
use projections::Views;
use schemas::command::InboundMessage;
use schemas::event::{
    AgentDefined, CampaignDefined, ChannelDefined, ClientDefined, ProjectDefined, WorkspaceCreated,
};
use schemas::{
    Absence, Actor, AgentId, CampaignId, ChannelId, ChannelKind, ClientId, Command, CommandId, ContactId,
    Content, ConversationId, Event, ExclusiveWait, MessageId, Presence, ProjectId, Role, Routing, ShardId,
    Skills, Submission, Timing, WorkspaceId,
};
use tempfile::TempDir;
use tokio::task::JoinHandle;
use tokio::time::timeout;

const NUMBER: &str = "1122";
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) fn whatsapp() -> ChannelId {
    ChannelId::new("wa").unwrap()
}

pub(crate) fn webchat() -> ChannelId {
    ChannelId::new("web").unwrap()
}

pub(crate) struct Centre {
    dir: TempDir,
    nats: NatsServer,
    pub(crate) client: Client,
    pub(crate) log: Log,
    pub(crate) engine: Engine,
    writer: JoinHandle<Result<(), WriterError>>,
    views: Views,
    pub(crate) meta: StandIn,
    events: FrameReader,
    pending: Vec<Event>,
    commands: AtomicU64,
}

impl Centre {
    pub(crate) async fn open() -> Self {
        let dir = TempDir::new().unwrap();
        let config = NatsServerConfig { binary: None, dir: dir.path().join("nats") };
        let nats = NatsServer::start(config).await.unwrap();
        let client = nats.connect().await.unwrap();
        let log = Log::open(&client, LogConfig { shard: ShardId(0), replicas: 1 }).await.unwrap();
        let (engine, writer) = Engine::start(log.clone(), EngineConfig::default()).await.unwrap();
        let views = start_views(&log, &dir).await;
        let options = StandInOptions::new("token", NUMBER, clock::now().millis());
        let centre = Self {
            events: log.follow(1).await.unwrap(),
            meta: StandIn::start(options).await.unwrap(),
            dir,
            nats,
            client,
            log,
            engine,
            writer,
            views,
            pending: Vec::new(),
            commands: AtomicU64::new(0),
        };
        centre.define().await;
        centre
    }

    async fn define(&self) {
        let admin = || Actor::Administrator;
        let named = |id: &str| id.to_owned();
        let channel = |id: ChannelId, kind, address: &str| {
            let name = id.to_string();
            let address = address.to_owned();
            Command::DefineChannel(ChannelDefined {
                channel: id,
                kind,
                address,
                name,
                entry_campaign: None,
                show_status: true,
            })
        };
        let client = ClientId::new("acme").unwrap();
        let project = ProjectId::new("support").unwrap();
        let campaign = CampaignId::new("help").unwrap();
        for command in [
            Command::CreateWorkspace(WorkspaceCreated { name: named("Test") }),
            Command::DefineClient(ClientDefined {
                client: client.clone(),
                name: named("Acme"),
                history_conversations: 10,
                contact_fields: Vec::new(),
            }),
            Command::DefineProject(ProjectDefined {
                project: project.clone(),
                client,
                name: named("Support"),
            }),
            channel(whatsapp(), ChannelKind::Whatsapp, NUMBER),
            channel(webchat(), ChannelKind::Webchat, "site"),
            Command::DefineCampaign(CampaignDefined {
                campaign: campaign.clone(),
                project,
                name: named("Help"),
                channels: vec![whatsapp(), webchat()],
                dispositions: vec![],
                hours_shown: 72,
                external_resources: false,
                exclusive_wait: ExclusiveWait::Forever,
                exclusive_days: None,
                routing: Routing::default(),
                absence: Absence::Queue,
                after_work_seconds: 0,
                timing: Timing::default(),
            }),
            Command::DefineAgent(AgentDefined {
                agent: ana(),
                name: named("Ana"),
                role: Role::Agent,
                campaigns: vec![campaign],
                channels: vec![whatsapp(), webchat()],
                capacity: 50,
                capacity_of: BTreeMap::new(),
                skills: Skills::new(),
                may_set_exclusive: true,
            }),
            Command::ChangePresence { agent: ana(), presence: Presence::Online },
        ] {
            self.does(admin(), command).await;
        }
    }

    pub(crate) fn api(&self) -> WhatsAppApi {
        let config = WhatsAppApiConfig {
            base_url: self.meta.base_url(),
            ..WhatsAppApiConfig::new(AccessToken::new("token"))
        };
        WhatsAppApi::new(&config).unwrap()
    }

    pub(crate) async fn outbox(&self) -> Outbox {
        Outbox::start(&self.client, &self.log, self.engine.clone(), self.views.clone(), self.api())
            .await
            .unwrap()
    }

    /// The command is accepted, be it only when NATS is there again.
    pub(crate) async fn does(&self, actor: Actor, command: Command) -> Outcome {
        let number = self.commands.fetch_add(1, Ordering::Relaxed);
        let workspace = workspace();
        let id = CommandId::of_step(&workspace, "test", &[], number);
        let submission = Submission { workspace, id, fingerprint: 0, actor, command };
        let accepted = async {
            loop {
                match self.engine.submit(submission.clone()).await {
                    Ok(outcome) => return outcome,
                    Err(SubmitError::Unavailable(_)) => {}
                    Err(error) => panic!("{error}"),
                }
            }
        };
        timeout(DEADLINE, accepted).await.expect("NATS is there again in time")
    }

    /// A contact writes; Ana gets the conversation.
    pub(crate) async fn conversation(&self, channel: ChannelId, identity: &str) -> ConversationId {
        let actor = Actor::Channel(channel.clone());
        let message = InboundMessage {
            contact: ContactId::of_identity(&[1; 32], channel.as_str(), identity),
            channel,
            identity: identity.to_owned(),
            also: Vec::new(),
            profile_name: None,
            provider_id: format!("first of {identity}"),
            content: Content::Text("Hello".into()),
            written_at: clock::now(),
        };
        self.does(actor, Command::ReceiveMessage(message)).await.conversation.unwrap()
    }

    pub(crate) async fn send(&self, conversation: ConversationId, text: &str) -> MessageId {
        let command = Command::Send { conversation, content: Content::Text(text.to_owned()) };
        self.does(Actor::Agent(ana()), command).await.message.unwrap()
    }

    /// Waits for the next event of this message that `pick` takes; earlier ones are passed over.
    pub(crate) async fn wait_for<T>(&mut self, message: MessageId, pick: impl Fn(&Event) -> Option<T>) -> T {
        let mut at = 0;
        loop {
            while at < self.pending.len() {
                if message_of(&self.pending[at]) == Some(message) {
                    let event = self.pending.remove(at);
                    if let Some(picked) = pick(&event) {
                        return picked;
                    }
                } else {
                    at += 1;
                }
            }
            let frame = self.events.next_within(DEADLINE).await.unwrap();
            let frame = frame.expect("the event comes in time").frame;
            self.pending.extend(frame.commits.into_iter().flat_map(|commit| commit.events));
        }
    }

    /// Waits until the network took the message, and gives its id there.
    pub(crate) async fn accepted(&mut self, message: MessageId) -> String {
        self.wait_for(message, |event| match event {
            Event::SendAccepted(accepted) => Some(accepted.provider_id.clone()),
            Event::SendUncertain(_) => panic!("{message} is uncertain"),
            _ => None,
        })
        .await
    }

    pub(crate) async fn uncertain(&mut self, message: MessageId) {
        self.wait_for(message, |event| matches!(event, Event::SendUncertain(_)).then_some(())).await;
    }

    pub(crate) async fn attempted(&mut self, message: MessageId) -> u16 {
        self.wait_for(message, |event| match event {
            Event::SendAttempted(attempted) => Some(attempted.attempt),
            _ => None,
        })
        .await
    }

    pub(crate) fn times_accepted(&self, message: MessageId) -> u32 {
        self.meta.times_accepted(&message.to_string())
    }

    /// Waits until the network took so many messages, whether or not we know of it.
    pub(crate) async fn network_has(&self, messages: u64) {
        let taken = async {
            while self.meta.accepted_total() < messages {
                tokio::task::yield_now().await;
            }
        };
        timeout(DEADLINE, taken).await.expect("the network is called in time");
    }

    /// The texts the network took, in order.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.meta.accepted().into_iter().map(|accepted| accepted.body).collect()
    }

    /// Kills nats-server, which is then started again.
    pub(crate) fn kill_nats(&self) {
        let pid = self.nats.pid().expect("it runs").to_string();
        assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }

    pub(crate) async fn close(self) {
        self.meta.stop().await;
        self.views.shutdown().await.unwrap();
        drop(self.engine);
        self.writer.await.unwrap().unwrap();
        self.nats.stop().await;
        self.dir.close().unwrap();
    }
}

pub(crate) fn ana() -> AgentId {
    AgentId::new("ana").unwrap()
}

fn workspace() -> WorkspaceId {
    WorkspaceId::new("default").unwrap()
}

async fn start_views(log: &Log, dir: &TempDir) -> Views {
    Views::start(log, &dir.path().join("views"), |_| ()).await.unwrap()
}

fn message_of(event: &Event) -> Option<MessageId> {
    match event {
        Event::MessageSubmitted(e) => Some(e.message),
        Event::SendAttempted(e) => Some(e.message),
        Event::SendAccepted(e) => Some(e.message),
        Event::SendDeferred(e) => Some(e.message),
        Event::SendUncertain(e) => Some(e.message),
        Event::DeliveryUpdated(e) => Some(e.message),
        Event::MessageResent(e) => Some(e.message),
        Event::MessageSettled(e) => Some(e.message),
        _ => None,
    }
}
