//! What the hot state weighs, in a process that holds nothing else.

use crate::job;
use crate::row::{Bar, Table};
use crate::scale::words;

const CONVERSATIONS: u64 = 100_000;
const BYTES_PER_CONVERSATION_MAX: f64 = 1024.0;

pub(crate) async fn measure(table: &mut Table) {
    let conversations = CONVERSATIONS;
    let name = format!("hot state: bytes per open conversation, of {}", words(conversations));
    let Some(weight) = table.attempt(&name, job::hot_state(conversations)).await else { return };
    let bar = Bar::ValueAtMost(BYTES_PER_CONVERSATION_MAX);
    table.add(name, (weight.per_conversation, "B"), ("the bar", BYTES_PER_CONVERSATION_MAX), bar);
    let name = "hot state: bytes per command of the last 8 to 12 days, sends and receipts";
    table.add(name, (weight.per_command, "B"), ("per open conversation", weight.per_conversation), Bar::None);
}
