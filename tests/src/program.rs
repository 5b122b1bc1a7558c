//! The program's other commands, run to their end.

use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

const ENDS_WITHIN: Duration = Duration::from_secs(60);

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    pub success: bool,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Its output; it must have succeeded.
    pub fn output(self) -> String {
        assert!(self.success, "{self:?}");
        self.stdout
    }
}

/// Runs `program` with these arguments and this administrator's token.
pub async fn run(program: &str, admin_token: &str, arguments: &[&str]) -> Ran {
    let running = Command::new(program)
        .args(arguments)
        .env("ATENDER_ADMIN_TOKEN", admin_token)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = timeout(ENDS_WITHIN, running).await.expect("the command did not end").unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { success: output.status.success(), stdout: text(output.stdout), stderr: text(output.stderr) }
}
