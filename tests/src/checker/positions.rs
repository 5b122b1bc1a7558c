//! A command is where its client was told.

use std::collections::HashMap;

use schemas::{CommandId, Position};

use super::{Evidence, Findings};
use crate::record::Told;

pub(super) fn check(evidence: &Evidence) -> Findings {
    let mut places: HashMap<CommandId, Position> = HashMap::new();
    for placed in evidence.log.commits() {
        places.entry(placed.commit.header.command).or_insert(placed.position);
    }
    let mut findings = Findings::new();
    for asked in &evidence.records.asked {
        // One that is not there at all is another rule's finding.
        if let (Told::Accepted(told), Some(found)) = (&asked.told, places.get(&asked.command))
            && told != found
        {
            findings.push(format!("{asked:?} was told {told} and is at {found}"));
        }
    }
    findings
}
