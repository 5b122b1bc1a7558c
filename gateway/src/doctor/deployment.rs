//! What the deployment was created with, against what `serve` is to be told.

use engine::deployment::{Deployment, DeploymentError, Wanted};
use schemas::WorkspaceId;

use super::finding::{Finding, count, told};

const CHECK: &str = "deployment";

pub(super) fn judge(
    deployment: &Result<Option<Deployment>, DeploymentError>,
    wanted: Wanted,
    workspace: &WorkspaceId,
    is_cluster: bool,
) -> Vec<Finding> {
    let deployment = match deployment {
        Ok(Some(deployment)) => deployment,
        Ok(None) => {
            let remedy = "nothing, if atender never ran with this NATS; else see that it is the right NATS and account";
            return vec![Finding::note(CHECK, "there is none in this NATS", remedy)];
        }
        Err(error @ DeploymentError::Damaged(_)) => {
            let remedy = "run the newest atender, or put the key back from a backup of NATS";
            return vec![Finding::error(CHECK, told(error), remedy)];
        }
        Err(error) => {
            let remedy = "see that JetStream answers, and that this account may use it";
            return vec![Finding::error(CHECK, told(error), remedy)];
        }
    };
    let Deployment { shards, replicas } = *deployment;
    let shard = deployment.shard_of(workspace);
    let (shards, copies) =
        (count(shards.into(), "shard", "shards"), count(replicas as u64, "copy", "copies"));
    let found = format!("{shards}, {copies}; workspace {workspace} is in shard {shard}");
    let mut findings = vec![Finding::ok(CHECK, found)];
    if let Err(error) = deployment.check(wanted) {
        let text = error.to_string();
        let (found, remedy) = text.split_once("; ").unwrap_or((&text, "leave both out"));
        findings.push(Finding::note(CHECK, found, format!("{remedy}; `serve` would not start")));
    }
    if is_cluster && replicas < 3 {
        let found =
            format!("{copies} of everything, in a NATS cluster: when a server is away, so is what it keeps");
        let remedy = "run new deployments in a cluster with `--replicas 3`; this one keeps its number";
        findings.push(Finding::warning(CHECK, found, remedy));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    #[test]
    fn what_differs_is_told_with_what_to_leave_out() {
        let workspace = WorkspaceId::new("default").unwrap();
        let judged = |deployment, shards, is_cluster| {
            let wanted = Wanted { shards, replicas: None };
            let findings = judge(&deployment, wanted, &workspace, is_cluster);
            let worst = findings.into_iter().max_by_key(|finding| finding.level).unwrap();
            (worst.level, worst.found + &worst.remedy.unwrap_or_default())
        };
        let four = || Ok(Some(Deployment { shards: 4, replicas: 1 }));
        assert_eq!(judged(four(), None, false).0, Level::Ok);
        assert_eq!(judged(four(), Some(4), false).0, Level::Ok);
        let (level, text) = judged(four(), Some(2), false);
        assert!(level == Level::Note && text.contains("has 4 shards, and 2"), "{text}");
        assert!(text.contains("leave --shards out"), "{text}");
        assert_eq!(judged(four(), None, true).0, Level::Warning);
        assert_eq!(judged(Ok(None), None, false).0, Level::Note);
        assert_eq!(judged(Err(DeploymentError::Nats("away".into())), None, false).0, Level::Error);
    }
}
