//! Every acknowledged command is in the log exactly once, and no command is there twice.

use std::collections::HashMap;

use schemas::{CommandId, Position};

use super::{Evidence, Findings};
use crate::record::Told;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut found: HashMap<CommandId, Vec<Position>> = HashMap::new();
    for placed in evidence.log.commits() {
        found.entry(placed.commit.header.command).or_default().push(placed.position);
    }
    let twice = found.iter().filter(|(_, places)| places.len() > 1);
    let mut findings: Findings = twice
        .map(|(command, places)| {
            format!("command {command} is in the log {} times, at {places:?}", places.len())
        })
        .collect();
    for asked in &evidence.records.asked {
        let is_acknowledged = matches!(asked.told, Told::Accepted(_) | Told::Received);
        if is_acknowledged && !found.contains_key(&asked.command) {
            findings.push(format!("{asked:?} was acknowledged and is not in the log"));
        }
    }
    findings
}
