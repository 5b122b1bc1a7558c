//! atender as processes of their own: started on a data directory, killed, stopped, woken, and started again at the
//! same address. All end when they are dropped, and so does a nats-server that one of them has left behind.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use engine::nats_server::running_endpoint;
use gateway::api_client::ApiClient;
use gateway::serve::admin_token_path;
use rustix::process::Signal;
use tokio::fs::{File, OpenOptions};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

use crate::server::{ACCESS_TOKEN, APP_SECRET};
use crate::signal;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// How an atender is started, first and again.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    data_dir: PathBuf,
    whatsapp_url: String,
    listen: SocketAddr,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    log: Option<PathBuf>,
}

impl Launch {
    /// `program serve` on a port that the system chooses.
    pub fn new(program: impl Into<PathBuf>, data_dir: &Path, whatsapp_url: &str) -> Self {
        Self {
            program: program.into(),
            data_dir: data_dir.to_owned(),
            whatsapp_url: whatsapp_url.to_owned(),
            listen: ([127, 0, 0, 1], 0).into(),
            arguments: Vec::new(),
            environment: Vec::new(),
            log: None,
        }
    }

    #[must_use]
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.arguments.extend([name.to_owned(), value.to_owned()]);
        self
    }

    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// What it says goes to the end of this file, and not to where this process writes.
    #[must_use]
    pub fn logs_to(mut self, path: PathBuf) -> Self {
        self.log = Some(path);
        self
    }

    /// From now on it is started at this address.
    #[must_use]
    pub fn listen(mut self, addr: SocketAddr) -> Self {
        self.listen = addr;
        self
    }

    pub fn data_dir(&self) -> &Path {
        &self.data_dir
    }

    /// Starts it, and waits until it answers.
    pub async fn start(&self) -> Process {
        self.try_start().await.unwrap_or_else(|status| panic!("atender ended before it answered: {status}"))
    }

    /// Starts it, and waits until it answers or has ended.
    ///
    /// # Errors
    /// How it ended.
    pub async fn try_start(&self) -> Result<Process, ExitStatus> {
        self.begin().answers().await
    }

    /// Starts it, and waits for nothing.
    pub fn begin(&self) -> Starting {
        Starting { child: self.spawn(), launch: self.clone() }
    }

    fn spawn(&self) -> Child {
        let mut command = Command::new(&self.program);
        // What the environment of whoever runs the tests has is for other programs.
        let inherited = std::env::vars_os().map(|(name, _)| name);
        let is_ours = |name: &OsString| name.to_string_lossy().starts_with("ATENDER_");
        for name in inherited.filter(|name| is_ours(name) && name != "ATENDER_NATS_SERVER") {
            command.env_remove(name);
        }
        let child = command
            .args(["serve", "--listen", &self.listen.to_string(), "--whatsapp-url", &self.whatsapp_url])
            .arg("--data-dir")
            .arg(&self.data_dir)
            .args(&self.arguments)
            .env("ATENDER_WHATSAPP_TOKEN", ACCESS_TOKEN)
            .env("ATENDER_WHATSAPP_APP_SECRET", APP_SECRET)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        child.unwrap()
    }
}

/// An atender that may not answer yet.
pub struct Starting {
    child: Child,
    launch: Launch,
}

impl Starting {
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it has not been waited for")
    }

    /// Waits until it answers or has ended.
    ///
    /// # Errors
    /// How it ended.
    pub async fn answers(mut self) -> Result<Process, ExitStatus> {
        let Launch { data_dir, environment, log, .. } = self.launch;
        let mut said = BufReader::new(self.child.stderr.take().unwrap()).lines();
        let mut log = match log {
            Some(path) => Some(OpenOptions::new().create(true).append(true).open(path).await.unwrap()),
            None => None,
        };
        let answers = timeout(READY_WITHIN, read_until_it_answers(&mut said, &mut log));
        let Some(addr) = answers.await.expect("atender did not answer in time") else {
            let ended = self.child.wait().await.unwrap();
            return Err(ended);
        };
        // What it says from now on must go somewhere, or it would block.
        tokio::spawn(async move {
            while let Ok(Some(line)) = said.next_line().await {
                write(&mut log, &line).await;
            }
        });
        let token = match environment.into_iter().find(|(name, _)| name == "ATENDER_ADMIN_TOKEN") {
            Some((_, token)) => token,
            None => std::fs::read_to_string(admin_token_path(&data_dir)).unwrap().trim().to_owned(),
        };
        Ok(Process { child: self.child, url: format!("http://{addr}"), addr, token, data_dir })
    }
}

async fn read_until_it_answers(
    said: &mut Lines<BufReader<ChildStderr>>,
    log: &mut Option<File>,
) -> Option<SocketAddr> {
    while let Some(line) = said.next_line().await.unwrap() {
        write(log, &line).await;
        if let Some((_, addr)) = line.split_once("atender answers addr=") {
            return Some(addr.trim().parse().unwrap());
        }
    }
    None
}

async fn write(log: &mut Option<File>, line: &str) {
    match log {
        Some(file) => file.write_all(format!("{line}\n").as_bytes()).await.unwrap(),
        None => eprintln!("{line}"),
    }
}

pub struct Process {
    child: Child,
    pub url: String,
    pub addr: SocketAddr,
    token: String,
    data_dir: PathBuf,
}

impl Process {
    /// Starts `program serve` on a port the system chooses, and waits until it answers.
    pub async fn start(program: &str, data_dir: &Path, whatsapp_url: &str) -> Self {
        Launch::new(program, data_dir, whatsapp_url).start().await
    }

    pub fn admin(&self) -> ApiClient {
        ApiClient::new(&self.url, &self.token)
    }

    /// `None` once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// The nats-server that it supervises.
    pub fn nats_pid(&self) -> Option<u32> {
        running_endpoint(&self.data_dir.join("nats")).map(|endpoint| endpoint.pid())
    }

    /// kill -9, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM, and waits for an orderly end.
    pub async fn terminate(mut self) {
        self.tell_to_end();
        let status = timeout(READY_WITHIN, self.child.wait()).await.expect("it did not end").unwrap();
        assert!(status.success(), "{status}");
    }

    /// SIGTERM, without waiting.
    pub fn tell_to_end(&self) {
        self.signal(Signal::TERM);
    }

    /// Waits until it has ended by itself.
    pub async fn ended(mut self) -> ExitStatus {
        timeout(READY_WITHIN, self.child.wait()).await.expect("it did not end").unwrap()
    }

    /// SIGSTOP: it stands still from now on, and its connections stay.
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Waits until a signal has stopped it.
    pub async fn stopped(&self) {
        signal::stopped(self.pid().expect("it has not been waited for")).await;
    }

    fn signal(&self, signal: Signal) {
        signal::send(self.pid().expect("it has not been waited for"), signal);
    }
}

/// A directory for the data of one atender. A nats-server that was left behind in it is ended when this is dropped.
#[derive(Debug)]
pub struct Home(pub PathBuf);

impl Drop for Home {
    fn drop(&mut self) {
        if let Some(endpoint) = running_endpoint(&self.0.join("nats")) {
            signal::send(endpoint.pid(), Signal::KILL);
        }
    }
}
