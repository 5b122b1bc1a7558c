//! What the figures were taken on.

use std::path::Path;
use std::process::Command;

use engine::nats_server::find_binary;

use crate::postgres;

/// What and its value, in the order in which a person reads them.
pub(crate) async fn description() -> Vec<(&'static str, String)> {
    let mut all = vec![
        ("taken", engine::clock::now().to_string()),
        ("processor", format!("{} cores, {}", cores(), processor())),
        ("memory", memory()),
        ("kernel", first_line("/proc/sys/kernel/osrelease")),
        ("disk", disk(&std::env::temp_dir())),
        ("load average before", first_line("/proc/loadavg")),
    ];
    if let Ok(binary) = find_binary(None).await {
        all.push(("nats-server", version(&binary)));
    }
    let postgres = postgres::installed().map(|bin| version(&bin.join("postgres")));
    all.push(("PostgreSQL", postgres.unwrap_or_else(|| "not installed".into())));
    all
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(0, usize::from)
}

fn processor() -> String {
    field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown".into())
}

fn memory() -> String {
    let kib = field("/proc/meminfo", "MemTotal").and_then(|text| text.split(' ').next()?.parse::<u64>().ok());
    kib.map_or_else(|| "unknown".into(), |kib| format!("{:.1} GiB", kib as f64 / f64::from(1 << 20)))
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(file).ok()?;
    text.lines().find_map(|line| Some(line.strip_prefix(name)?.split_once(':')?.1.trim().to_owned()))
}

fn first_line(file: &str) -> String {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

/// The device and file system that a directory is on.
fn disk(dir: &Path) -> String {
    let output = Command::new("df").args(["--output=source,fstype"]).arg(dir).output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let line = text.lines().nth(1).unwrap_or("unknown");
    line.split_whitespace().collect::<Vec<_>>().join(", ")
}

fn version(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    let last = text.lines().next().unwrap_or("unknown").split(':').next_back().unwrap_or_default();
    last.trim().to_owned()
}
