//! What WhatsApp reports becomes commands. Every update ends in one of two durable places, the log or the dead
//! letters; until then nobody is told that it was received.

mod commands;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use engine::SubmitError;
use futures_util::future::join_all;
use metrics::{counter, histogram};
use schemas::api::views::{DeliveredLetters, FailedLetter};
use schemas::{ChannelId, ChannelKind, Position, RejectionKind, Timestamp};
use tokio::time::timeout;

use crate::app::App;
use crate::dead_letters::{DeadLettersError, Letter};
use crate::limits::UPDATES_AT_ONCE;
use crate::whatsapp::webhook::{Update, UpdateKind};
use commands::submission;

/// Dead letters taken in at a time when all are delivered.
const LETTERS_AT_ONCE: usize = 64;
/// Delivering all dead letters stops after this time, and goes on when it is asked for again.
const LETTERS_WITHIN: Duration = Duration::from_secs(20);
/// How long a webhook for a number that is not known waits for views that are behind.
const CATCH_UP_WITHIN: Duration = Duration::from_secs(2);

/// An update could be brought to none of the two places. The provider has to send the webhook again; what was
/// stored of it is recognised then.
#[derive(Debug, thiserror::Error)]
pub enum TryLater {
    /// The engine is overloaded, or the log cannot be reached.
    #[error("an update could not be written to the log: {0}")]
    Log(String),
    /// The views cannot say which channel a number belongs to.
    #[error("the channels cannot be read")]
    View(#[from] projections::ViewError),
    /// The views are behind, so that a number may only seem to be unknown.
    #[error("the channels are not up to date")]
    Behind(#[source] projections::Stale),
    /// The dead letters are full, or cannot be reached.
    #[error("an update could not be kept as a dead letter")]
    DeadLetters(#[from] DeadLettersError),
}

/// What came of one update.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Fate {
    /// The log has it.
    Stored,
    /// The log had it before.
    Repeated,
    /// The log will not take it, for this reason.
    Refused(String),
    /// Nobody has it.
    Nowhere(String),
}

impl Fate {
    fn name(&self) -> &'static str {
        match self {
            Self::Stored => "stored",
            Self::Repeated => "repeated",
            Self::Refused(_) => "dead_letter",
            Self::Nowhere(_) => "try_later",
        }
    }
}

/// Takes in the updates of one webhook, in order. When this gives `Ok`, every one of them is durable.
///
/// # Errors
/// [`TryLater`]; some of the updates may be stored.
pub async fn receive(app: &App, updates: &[Update], received_at: Timestamp) -> Result<(), TryLater> {
    let began = Instant::now();
    for part in updates.chunks(UPDATES_AT_ONCE) {
        let fates = submit(app, part).await?;
        let refused = part.iter().zip(&fates).filter_map(|(update, fate)| match fate {
            Fate::Refused(reason) => Some(app.dead_letters.keep(update, reason, received_at)),
            Fate::Stored | Fate::Repeated | Fate::Nowhere(_) => None,
        });
        for kept in join_all(refused).await {
            kept?;
        }
        for (update, fate) in part.iter().zip(&fates) {
            counter!("atender_webhook_updates_total", "kind" => kind(update), "outcome" => fate.name())
                .increment(1);
        }
        nothing_is_nowhere(&fates)?;
    }
    histogram!("atender_webhook_durable_seconds").record(began.elapsed().as_secs_f64());
    Ok(())
}

/// Takes in one dead letter; nothing when there is no such letter.
///
/// # Errors
/// [`TryLater`].
pub async fn deliver(app: &App, sequence: u64) -> Result<Option<DeliveredLetters>, TryLater> {
    let Some(letter) = app.dead_letters.get(sequence).await? else {
        return Ok(None);
    };
    deliver_letters(app, &[letter]).await.map(Some)
}

/// Takes in all dead letters, oldest first, for at most 20 s. Those that still cannot be taken in stay.
///
/// # Errors
/// [`TryLater`]; what was taken in until then is no letter any more.
pub async fn deliver_all(app: &App) -> Result<DeliveredLetters, TryLater> {
    let mut all = DeliveredLetters { delivered: 0, failed: Vec::new() };
    let (began, mut after) = (Instant::now(), 0);
    while began.elapsed() < LETTERS_WITHIN {
        let (letters, more) = app.dead_letters.list(after, LETTERS_AT_ONCE).await?;
        let part = deliver_letters(app, &letters).await?;
        all.delivered += part.delivered;
        all.failed.extend(part.failed);
        match letters.last() {
            Some(last) if more => after = last.sequence,
            Some(_) | None => break,
        }
    }
    Ok(all)
}

async fn deliver_letters(app: &App, letters: &[Letter]) -> Result<DeliveredLetters, TryLater> {
    let (mut updates, mut counts) = (Vec::new(), Vec::new());
    for letter in letters {
        let found = letter.updates().unwrap_or_default();
        counts.push(found.len());
        updates.extend(found);
    }
    let mut fates = submit(app, &updates).await?.into_iter();
    let mut result = DeliveredLetters { delivered: 0, failed: Vec::new() };
    let mut taken_in = Vec::new();
    for (letter, count) in letters.iter().zip(counts) {
        let own: Vec<Fate> = fates.by_ref().take(count).collect();
        match why_it_stays(&own) {
            Some(reason) => result.failed.push(FailedLetter { sequence: letter.sequence, reason }),
            None => taken_in.push(app.dead_letters.remove(letter.sequence)),
        }
    }
    for removed in join_all(taken_in).await {
        removed?;
        result.delivered += 1;
    }
    Ok(result)
}

fn why_it_stays(fates: &[Fate]) -> Option<String> {
    if fates.is_empty() {
        return Some("the letter holds no update that can be read".to_owned());
    }
    fates.iter().find_map(|fate| match fate {
        Fate::Refused(reason) | Fate::Nowhere(reason) => Some(reason.clone()),
        Fate::Stored | Fate::Repeated => None,
    })
}

/// Queues all commands before it waits for the first, so that they go into the log together and in order.
async fn submit(app: &App, updates: &[Update]) -> Result<Vec<Fate>, TryLater> {
    let mut channels = whatsapp_channels(app)?;
    let is_unknown = |number: &String| !channels.contains_key(number);
    if updates.iter().filter_map(|update| update.phone_number_id.as_ref()).any(is_unknown) {
        // The views may be behind, or being made anew; only then is a number nobody's.
        catch_up(app).await?;
        channels = whatsapp_channels(app)?;
    }
    let fates = updates.iter().map(|update| {
        let channel = match (&update.phone_number_id, &update.kind) {
            (Some(number), _) => channels.get(number),
            // User ids are the same for all numbers of a business: any of them may tell.
            (None, UpdateKind::IdentityChange(_)) => channels.values().min(),
            (None, _) => None,
        };
        let submitted = submission(update, channel, &app.workspace, &app.contact_key)
            .map(|submission| app.engine.submit(submission));
        async move {
            match submitted {
                Ok(outcome) => fate_of(outcome.await),
                Err(reason) => Fate::Refused(reason),
            }
        }
    });
    // Collected first: `submit` queues when it is called.
    let fates: Vec<_> = fates.collect();
    Ok(join_all(fates).await)
}

/// Waits until the views have all that the log had when this was asked.
async fn catch_up(app: &App) -> Result<(), TryLater> {
    let head = timeout(CATCH_UP_WITHIN, app.log.head()).await;
    let head = head.map_err(|_| TryLater::Log("it does not answer".to_owned()))?;
    let sequence = head.map_err(|error| TryLater::Log(error.to_string()))?;
    let head = Position { shard: app.log.shard(), sequence, index: 0 };
    app.views.wait_for(head, CATCH_UP_WITHIN).await.map_err(TryLater::Behind)
}

fn fate_of(outcome: Result<engine::Outcome, SubmitError>) -> Fate {
    match outcome {
        Ok(outcome) if outcome.repeated => Fate::Repeated,
        Ok(_) => Fate::Stored,
        // There is no room for it now, and there may be when the provider sends it again.
        Err(SubmitError::Rejected(rejection)) if rejection.kind() == RejectionKind::Overloaded => {
            Fate::Nowhere(rejection.to_string())
        }
        Err(SubmitError::Rejected(rejection)) => Fate::Refused(rejection.to_string()),
        Err(error @ (SubmitError::Overloaded | SubmitError::Unavailable(_))) => {
            Fate::Nowhere(error.to_string())
        }
    }
}

fn nothing_is_nowhere(fates: &[Fate]) -> Result<(), TryLater> {
    fates.iter().try_for_each(|fate| match fate {
        Fate::Nowhere(reason) => Err(TryLater::Log(reason.clone())),
        Fate::Stored | Fate::Repeated | Fate::Refused(_) => Ok(()),
    })
}

/// The WhatsApp channels by their `phone_number_id`.
fn whatsapp_channels(app: &App) -> Result<HashMap<String, ChannelId>, TryLater> {
    let channels = app.views.inbox().channels(&app.workspace)?.into_iter();
    let of_whatsapp = channels.filter(|channel| channel.kind == ChannelKind::Whatsapp);
    Ok(of_whatsapp.map(|channel| (channel.address, channel.channel)).collect())
}

fn kind(update: &Update) -> &'static str {
    match update.kind {
        UpdateKind::Message(_) => "message",
        UpdateKind::Status(_) => "status",
        UpdateKind::IdentityChange(_) => "identity",
        UpdateKind::Other { .. } => "other",
    }
}
