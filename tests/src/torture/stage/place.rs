//! Where one process of a stage runs: its data, its address, and the process itself unless it is down.

use std::path::Path;
use std::time::Duration;

use gateway::api_client::ApiClient;
use reqwest::Method;
use schemas::Position;
use serde_json::Value;
use tokio::time::timeout;

use crate::ask::{MIN_POSITION, writes};
use crate::ports;
use crate::process::{Home, Launch, Process, Starting};

/// A process that does not say so within this stands still, and writes nothing.
const SAYS_WITHIN: Duration = Duration::from_millis(500);

pub(in crate::torture) struct Place {
    launch: Launch,
    process: Option<Process>,
    pub(super) url: String,
    home: Home,
    pub(in crate::torture) admin: ApiClient,
}

impl Place {
    /// Starts a process for the first time; later ones listen at the same address.
    pub(super) async fn open(launch: Launch, admin_token: &str) -> Self {
        let home = Home(launch.data_dir().to_owned());
        let launch = launch.listen(ports::reserve());
        let process = launch.start().await;
        let url = process.url.clone();
        let admin = ApiClient::new(&url, admin_token);
        Self { launch, process: Some(process), url, home, admin }
    }

    pub(super) fn data_dir(&self) -> &Path {
        &self.home.0
    }

    pub(in crate::torture) fn process(&self) -> &Process {
        self.process.as_ref().expect("it was not taken")
    }

    pub(in crate::torture) fn take(&mut self) -> Process {
        self.process.take().expect("it was not taken")
    }

    /// As [`Place::take`], unless it has ended already.
    pub(in crate::torture) fn take_if_there(&mut self) -> Option<Process> {
        self.process.take()
    }

    /// atender is started again on what it has kept.
    pub(super) async fn restart(&mut self) {
        self.process = Some(self.launch.start().await);
    }

    /// As [`Place::restart`], with a fault at a point; it may end before it answers.
    pub(super) async fn restart_with_fault(&mut self, fault: &str) {
        self.process = self.begin_with_fault(fault).answers().await.ok();
    }

    pub(super) fn begin_with_fault(&self, fault: &str) -> Starting {
        self.launch.clone().env("ATENDER_FAULT", fault).begin()
    }

    /// What was begun has come to answer.
    pub(in crate::torture) fn is_started(&mut self, process: Process) {
        self.process = Some(process);
    }

    /// Whether it says that it writes; nothing when it says nothing.
    pub(in crate::torture) async fn writes(&self) -> Option<bool> {
        self.process.as_ref()?;
        timeout(SAYS_WITHIN, writes(&self.admin)).await.ok().flatten()
    }

    /// Whether its inbox can be read, as of this position if there is one.
    pub(in crate::torture) async fn is_read(&self, at: Option<Position>) -> bool {
        let mut request = self.admin.request(Method::GET, "/v1/inbox?queue=care");
        if let Some(position) = at {
            request = request.header(MIN_POSITION, position.to_string());
        }
        self.admin.answer::<Value>(request).await.is_ok()
    }
}
