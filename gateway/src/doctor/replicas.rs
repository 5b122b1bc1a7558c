//! The copies of each stream in a NATS cluster: as many as there should be, all current, one of them leading.

use async_nats::jetstream::stream::{ClusterInfo, Info};

use super::finding::{Finding, count};

/// `wanted` is the number of copies of the deployment.
pub(super) fn judge(streams: &[Info], wanted: usize) -> Vec<Finding> {
    const CHECK: &str = "replicas";
    let mut findings: Vec<_> = streams.iter().flat_map(|info| judge_one(info, wanted)).collect();
    if findings.is_empty() {
        let streams = count(streams.len() as u64, "stream", "streams");
        let found = format!("{streams}, each with {}, all current", count(wanted as u64, "copy", "copies"));
        findings.push(Finding::ok(CHECK, found));
    }
    findings
}

fn judge_one(info: &Info, wanted: usize) -> Vec<Finding> {
    let name = &info.config.name;
    let check = format!("replicas of {name}");
    let mut findings = Vec::new();
    let has = info.config.num_replicas;
    if has != wanted {
        let found = format!("{}, and the deployment keeps {wanted}", count(has as u64, "copy", "copies"));
        let remedy = format!("`nats stream edit {name} --replicas {wanted}`");
        findings.push(Finding::warning(check.clone(), found, remedy));
    }
    let Some(cluster) = &info.cluster else { return findings };
    if cluster.leader.as_deref().unwrap_or_default().is_empty() {
        let remedy = "see that most servers of the cluster run and reach each other; until then nothing can be written";
        findings.push(Finding::error(check, "no leader", remedy));
        return findings;
    }
    let away = late(cluster);
    if !away.is_empty() {
        let remedy = "see that these servers run and are reached; they catch up by themselves";
        findings.push(Finding::warning(check.clone(), away.join(", "), remedy));
    }
    if cluster.replicas.len() + 1 < has {
        let found = format!("{} copies found of {has}", cluster.replicas.len() + 1);
        let remedy = "bring the missing servers of the cluster back, or add others";
        findings.push(Finding::warning(check, found, remedy));
    }
    findings
}

fn late(cluster: &ClusterInfo) -> Vec<String> {
    let late = cluster.replicas.iter().filter(|peer| peer.offline || !peer.current);
    late.map(|peer| match peer.offline {
        true => format!("{} is offline", peer.name),
        false => format!("{} is {} writes behind", peer.name, peer.lag.unwrap_or(0)),
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::doctor::finding::Level;

    fn info(replicas: usize, cluster: Value) -> Info {
        let config = async_nats::jetstream::stream::Config {
            name: "S".to_owned(),
            num_replicas: replicas,
            ..Default::default()
        };
        let when = "2026-01-01T00:00:00Z";
        let state = json!({
            "messages": 0, "bytes": 0, "first_seq": 1, "first_ts": when, "last_seq": 0, "last_ts": when,
            "consumer_count": 0,
        });
        let info = json!({ "config": config, "created": when, "state": state, "cluster": cluster });
        serde_json::from_value(info).unwrap()
    }

    #[test]
    fn copies_that_are_missing_late_or_without_a_leader_are_told() {
        let peer = |name: &str, current, offline| json!({ "name": name, "current": current, "active": 0, "offline": offline, "lag": 7 });
        let cluster = |leader: &str, peers: Vec<Value>| json!({ "leader": leader, "replicas": peers });
        let both = || vec![peer("b", true, false), peer("c", true, false)];
        let rows = [
            (info(1, Value::Null), 1, Level::Ok, "all current"),
            (info(3, cluster("a", both())), 3, Level::Ok, "all current"),
            (info(1, Value::Null), 3, Level::Warning, "the deployment keeps 3"),
            (info(3, cluster("", both())), 3, Level::Error, "no leader"),
            (
                info(3, cluster("a", vec![peer("b", true, false), peer("c", false, true)])),
                3,
                Level::Warning,
                "c is offline",
            ),
            (
                info(3, cluster("a", vec![peer("b", false, false), peer("c", true, false)])),
                3,
                Level::Warning,
                "b is 7 writes",
            ),
            (info(3, cluster("a", vec![peer("b", true, false)])), 3, Level::Warning, "2 copies found of 3"),
        ];
        for (info, wanted, level, says) in rows {
            let findings = judge(&[info], wanted);
            assert_eq!(findings.len(), 1, "{findings:?}");
            assert_eq!(findings[0].level, level, "{findings:?}");
            assert!(findings[0].found.contains(says), "{findings:?}");
        }
    }
}
