//! The commands that read the log without a running server, or beside one: `replay` and `rebuild`.

use std::error::Error;
use std::process::ExitCode;

use async_nats::Client;
use engine::data_dir::DataDir;
use engine::deployment::{Deployment, Wanted};
use engine::log::{Log, LogConfig};
use engine::nats_server::{NatsServer, NatsServerConfig, running_endpoint};
use indicatif::{ProgressBar, ProgressStyle};
use schemas::{ConversationId, Timestamp};

use super::{LogArgs, Outcome};
use crate::replay::replay as replay_to;
use crate::serve::Nats;

/// A connection to the log, with what must live as long.
struct Access {
    client: Client,
    started: Option<(NatsServer, DataDir)>,
}

impl Access {
    /// The NATS that is named, else the one that `serve` runs in the data directory, else one just for now.
    async fn open(args: &LogArgs) -> Result<Self, Box<dyn Error>> {
        if let Nats::Remote(remote) = args.nats()? {
            return Ok(Self { client: remote.connect().await?, started: None });
        }
        let dir = args.data_dir.join("nats");
        if !dir.is_dir() {
            return Err(format!(
                "{} holds no log; name another --data-dir, or --nats",
                args.data_dir.display()
            )
            .into());
        }
        if let Some(endpoint) = running_endpoint(&dir) {
            return Ok(Self { client: endpoint.connect().await?, started: None });
        }
        let data_dir = DataDir::open(&args.data_dir)?;
        let server = NatsServer::start(NatsServerConfig { binary: args.nats_server.clone(), dir }).await?;
        Ok(Self { client: server.connect().await?, started: Some((server, data_dir)) })
    }

    async fn log(&self, args: &LogArgs) -> Result<Log, Box<dyn Error>> {
        let deployment = Deployment::open(&self.client, Wanted::default()).await?;
        let shard = deployment.shard_of(&args.workspace);
        Ok(Log::open(&self.client, LogConfig { shard, replicas: deployment.replicas }).await?)
    }

    async fn close(self) {
        if let Some((server, _data_dir)) = self.started {
            server.stop().await;
        }
    }
}

pub(super) async fn replay(conversation: ConversationId, at: Timestamp, args: &LogArgs) -> Outcome {
    let access = Access::open(args).await?;
    let printed = match access.log(args).await {
        Ok(log) => replay_to(&log, conversation, at, &mut std::io::stdout().lock()).await.map_err(Into::into),
        Err(error) => Err(error),
    };
    access.close().await;
    if printed? == 0 {
        eprintln!("nothing of conversation {conversation} is in the log up to then");
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}

/// Throw the views away and build them again from the log. `serve` must not be running on the data directory.
pub(super) async fn rebuild(args: &LogArgs) -> Outcome {
    // Views belong to one process; with a NATS elsewhere nothing else holds the directory.
    let lock = match args.nats()? {
        Nats::Remote(_) => Some(DataDir::open(&args.data_dir)?),
        Nats::Supervised { .. } if running_endpoint(&args.data_dir.join("nats")).is_some() => {
            Some(DataDir::open(&args.data_dir)?)
        }
        Nats::Supervised { .. } => None,
    };
    let access = Access::open(args).await?;
    let bar = ProgressBar::new(0);
    let style = "{bar:40} {pos}/{len} frames, {msg}, {eta} left";
    bar.set_style(ProgressStyle::with_template(style)?);
    let result = match access.log(args).await {
        Ok(log) => {
            let bar = bar.clone();
            let show = move |progress: projections::RebuildProgress| {
                bar.set_length(progress.frames_total);
                bar.set_position(progress.frames_done);
                bar.set_message(format!("{:.0} events/s", progress.events_per_second));
            };
            projections::rebuild(&log, &args.data_dir.join("views"), show).await.map_err(Into::into)
        }
        Err(error) => Err(error),
    };
    bar.finish_and_clear();
    access.close().await;
    drop(lock);
    let rebuilt: projections::Rebuilt = result.map_err(|error: Box<dyn Error>| error)?;
    let projections::Rebuilt { frames, events, took } = rebuilt;
    println!("{events} events of {frames} frames are in the views, after {:.1} s", took.as_secs_f64());
    Ok(ExitCode::SUCCESS)
}
