//! The data directory: there, private, writable, and who holds it.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use engine::data_dir::holder;
use rustix::fs::{Access, access};

use super::finding::{Finding, told};

const CHECK: &str = "data directory";
/// Whoever reads one of these can act as the administrator, or write to the log.
const SECRETS: [&str; 4] = ["admin.token", "name", "nats/endpoint.json", "nats/nats-server.conf"];
const OTHERS: u32 = 0o077;

/// What was found of a data directory.
#[derive(Debug, Clone)]
pub(super) struct Home {
    pub(super) path: String,
    /// The permission bits of the directory.
    pub(super) mode: u32,
    /// The files that hold secrets, with their permission bits.
    pub(super) secrets: Vec<(String, u32)>,
    pub(super) is_writable: bool,
    /// The process that holds it, as it wrote itself down.
    pub(super) holder: Option<String>,
}

impl Home {
    /// The process that holds it, if it is known.
    pub(super) fn pid(&self) -> Option<u32> {
        self.holder.as_ref()?.parse().ok()
    }
}

/// `None` when there is no such directory.
pub(super) fn look(dir: &Path) -> io::Result<Option<Home>> {
    let path = match dir.canonicalize() {
        Ok(path) => path,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mode = |path: &Path| fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777);
    let mut secrets = Vec::new();
    for name in SECRETS {
        match mode(&path.join(name)) {
            Ok(mode) => secrets.push((path.join(name).display().to_string(), mode)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    let is_writable = access(&path, Access::READ_OK | Access::WRITE_OK | Access::EXEC_OK).is_ok();
    let holder = holder(&path)?;
    Ok(Some(Home { mode: mode(&path)?, secrets, is_writable, holder, path: path.display().to_string() }))
}

pub(super) fn judge(asked: &str, home: &io::Result<Option<Home>>) -> Vec<Finding> {
    let home = match home {
        Ok(Some(home)) => home,
        Ok(None) => {
            let remedy = "name the right one with --data-dir; `atender serve` makes it when it starts first";
            return vec![Finding::warning(CHECK, format!("{asked} does not exist"), remedy)];
        }
        Err(error) => {
            let remedy = "run this as the user that runs `atender serve`, and look at the disk";
            let found = format!("{asked} cannot be looked at: {}", told(error));
            return vec![Finding::error(CHECK, found, remedy)];
        }
    };
    let mut findings = vec![holds(home)];
    findings.extend(is_private(home));
    if !home.is_writable {
        let remedy = "run this and `atender serve` as its owner, or put its permissions right";
        findings.push(Finding::error(CHECK, format!("{} cannot be written to", home.path), remedy));
    }
    findings
}

fn holds(home: &Home) -> Finding {
    let path = &home.path;
    match &home.holder {
        Some(holder) => Finding::ok(CHECK, format!("{path}, held by process {holder}")),
        None => Finding::ok(CHECK, format!("{path}, held by no process")),
    }
}

fn is_private(home: &Home) -> Vec<Finding> {
    let mut findings = Vec::new();
    if home.mode & OTHERS != 0 {
        let found = format!("{} has mode {:04o}, open to other users", home.path, home.mode);
        findings.push(Finding::warning(CHECK, found, format!("chmod 700 {}", home.path)));
    }
    let open: Vec<_> = home.secrets.iter().filter(|(_, mode)| mode & OTHERS != 0).collect();
    findings.extend(open.iter().map(|(path, mode)| {
        let found = format!("{path} has mode {mode:04o}: other users may read it");
        let remedy = format!("chmod 600 {path}; if somebody may have read it, remove it and start atender again, which makes a new one");
        Finding::error("secrets", found, remedy)
    }));
    if open.is_empty() {
        findings.push(Finding::ok(
            "secrets",
            format!("{} files, each for their owner alone", home.secrets.len()),
        ));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Level;

    fn home() -> Home {
        let secrets = vec![("/d/admin.token".to_owned(), 0o600)];
        Home { path: "/d".into(), mode: 0o700, secrets, is_writable: true, holder: Some("7".into()) }
    }

    #[test]
    fn each_fault_is_named_with_what_to_do() {
        let rows = [
            (Ok(Some(home())), Level::Ok, "held by process 7", ""),
            (Ok(Some(Home { holder: None, ..home() })), Level::Ok, "held by no process", ""),
            (Ok(None), Level::Warning, "does not exist", "--data-dir"),
            (Err(io::ErrorKind::PermissionDenied.into()), Level::Error, "cannot be looked at", "the user"),
            (Ok(Some(Home { mode: 0o755, ..home() })), Level::Warning, "mode 0755", "chmod 700 /d"),
            (Ok(Some(Home { is_writable: false, ..home() })), Level::Error, "cannot be written", "owner"),
            (
                Ok(Some(Home { secrets: vec![("/d/name".to_owned(), 0o640)], ..home() })),
                Level::Error,
                "/d/name has mode 0640",
                "chmod 600 /d/name",
            ),
        ];
        for (found, level, says, remedy) in rows {
            let findings = judge("d", &found);
            let worst = findings.iter().max_by_key(|finding| finding.level).unwrap();
            assert_eq!(worst.level, level, "{findings:?}");
            assert!(findings.iter().any(|finding| finding.found.contains(says)), "{says}: {findings:?}");
            assert!(worst.remedy.clone().unwrap_or_default().contains(remedy), "{worst:?}");
        }
    }
}
