//! atender as a process of its own, to be killed.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use gateway::api_client::ApiClient;
use gateway::serve::admin_token_path;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::server::{ACCESS_TOKEN, APP_SECRET};

const READY_WITHIN: Duration = Duration::from_secs(60);

pub struct Process {
    child: Child,
    pub url: String,
    token: String,
}

impl Process {
    /// Starts `program serve` on a port the system chooses, and waits until it answers.
    pub async fn start(program: &str, data_dir: &Path, whatsapp_url: &str) -> Self {
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--whatsapp-url", whatsapp_url, "--data-dir"])
            .arg(data_dir)
            .env("ATENDER_WHATSAPP_TOKEN", ACCESS_TOKEN)
            .env("ATENDER_WHATSAPP_APP_SECRET", APP_SECRET)
            .env_remove("ATENDER_ADMIN_TOKEN")
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let answers = async {
            while let Some(line) = lines.next_line().await.unwrap() {
                if let Some((_, addr)) = line.split_once("atender answers addr=") {
                    return format!("http://{}", addr.trim());
                }
                eprintln!("{line}");
            }
            panic!("atender ended before it answered");
        };
        let url = timeout(READY_WITHIN, answers).await.expect("atender did not answer in time");
        // What it says from now on must go somewhere, or it would block.
        tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                eprintln!("{line}")
            }
        });
        let token = std::fs::read_to_string(admin_token_path(data_dir)).unwrap().trim().to_owned();
        Self { child, url, token }
    }

    pub fn admin(&self) -> ApiClient {
        ApiClient::new(&self.url, &self.token)
    }

    /// kill -9, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and waits for an orderly end.
    pub async fn terminate(mut self) {
        let id = rustix::process::Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        rustix::process::kill_process(id, rustix::process::Signal::TERM).unwrap();
        let status = timeout(READY_WITHIN, self.child.wait()).await.expect("it did not end").unwrap();
        assert!(status.success(), "{status}");
    }
}
