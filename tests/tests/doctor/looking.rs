//! Having the doctor look at a server, and what it has to find.

use std::path::Path;

use engine::deployment::Wanted;
use gateway::doctor::{DoctorConfig, Finding, Level, Report, examine};
use gateway::serve::Nats;
use tests::centre::workspace;
use tests::server::TestServer;

/// What depends on the machine that the tests run on.
const OF_THE_MACHINE: [&str; 2] = ["disk", "open files"];

pub(crate) fn at(data_dir: &Path, url: &str, nats: Nats) -> DoctorConfig {
    DoctorConfig {
        data_dir: data_dir.to_owned(),
        nats,
        nats_monitors: Vec::new(),
        url: url.to_owned(),
        workspace: workspace(),
        wanted: Wanted::default(),
    }
}

/// Where this server is, with the nats-server that it runs itself.
pub(crate) fn of(server: &TestServer) -> DoctorConfig {
    at(&server.dir.path().join("data"), &server.url(), Nats::Supervised { binary: None })
}

pub(crate) async fn look(server: &TestServer) -> Report {
    examine(&of(server)).await
}

/// What is at least this bad and has to do with atender.
pub(crate) fn at_least(report: &Report, level: Level) -> Vec<&Finding> {
    let is_ours = |finding: &&Finding| !OF_THE_MACHINE.contains(&finding.check.as_str());
    report.findings.iter().filter(is_ours).filter(|finding| finding.level >= level).collect()
}

/// There is a finding of this check and level that says this, and what to do says that.
#[track_caller]
pub(crate) fn finds(report: &Report, check: &str, level: Level, says: &str, remedy: &str) {
    let found = report.findings.iter().any(|finding| {
        let to_do = finding.remedy.as_deref().unwrap_or_default();
        finding.check == check
            && finding.level == level
            && finding.found.contains(says)
            && to_do.contains(remedy)
    });
    assert!(found, "no {level} of {check} that says {says:?} and {remedy:?}:\n{report}");
}
