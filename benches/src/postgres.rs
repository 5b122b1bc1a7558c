//! PostgreSQL, when one is installed: started in a directory of its own on a unix socket, asked how many durable
//! inserts it takes, and ended, whatever happens in between.

use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// As the Debian packages lay them out.
const PACKAGES_DIR: &str = "/usr/lib/postgresql";
/// PostgreSQL does not run as root.
const USER: &str = "postgres";
const READY_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);
const CLIENTS: [u32; 2] = [64, 256];
const TABLE: &str =
    "create table log (id bigint generated always as identity primary key, body text not null)";

pub(crate) struct Postgres {
    bin: PathBuf,
    dir: TempDir,
    server: Child,
}

/// Where initdb, postgres and pgbench are, if they are installed.
pub(crate) fn installed() -> Option<PathBuf> {
    let on_path = std::env::var_os("PATH").unwrap_or_default();
    let mut dirs: Vec<PathBuf> = std::fs::read_dir(PACKAGES_DIR)
        .into_iter()
        .flatten()
        .filter_map(|version| Some(version.ok()?.path().join("bin")))
        .collect();
    // The newest first.
    dirs.sort_by(|a, b| b.cmp(a));
    dirs.extend(std::env::split_paths(&on_path));
    dirs.into_iter()
        .find(|dir| ["initdb", "postgres", "pgbench", "psql"].iter().all(|name| dir.join(name).is_file()))
}

impl Postgres {
    /// Makes a database and starts its server. Blocks.
    pub(crate) fn start(bin: PathBuf) -> Self {
        let dir = TempDir::new().unwrap();
        let user = rustix::process::geteuid().is_root().then(user);
        if let Some((uid, gid)) = user {
            chown(dir.path(), Some(uid), Some(gid)).unwrap();
        }
        let as_user = |program: &str| {
            let mut command = Command::new(bin.join(program));
            command.current_dir(dir.path()).stdin(Stdio::null()).stdout(Stdio::null());
            if let Some((uid, gid)) = user {
                command.uid(uid).gid(gid);
            }
            command
        };
        let data = dir.path().join("data");
        // Without syncing the empty database; what is measured is synced.
        let arguments = ["--no-sync", "--auth=trust", "--username", USER, "--pgdata"];
        succeed(as_user("initdb").args(arguments).arg(&data));
        let socket = format!("unix_socket_directories={}", dir.path().display());
        let server = as_user("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-c", "listen_addresses=", "-c", "max_connections=300", "-c", &socket])
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut postgres = Self { bin, dir, server };
        postgres.wait_until_ready();
        postgres
    }

    fn wait_until_ready(&mut self) {
        let deadline = Instant::now() + READY_WITHIN;
        while !self.psql(TABLE) {
            assert!(Instant::now() < deadline, "PostgreSQL does not answer");
            if let Some(status) = self.server.try_wait().unwrap() {
                panic!("PostgreSQL has ended with {status}");
            }
            thread::sleep(LOOK_EVERY);
        }
    }

    fn psql(&self, sql: &str) -> bool {
        let mut psql = Command::new(self.bin.join("psql"));
        psql.arg("-h").arg(self.dir.path()).args(["-U", USER, "-d", USER, "-q", "-c", sql]);
        psql.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        psql.status().unwrap().success()
    }

    /// Inserts a second of one row of so many bytes each, every one committed and synced before the next of the same
    /// client: the best of several numbers of clients, and that number. Blocks.
    pub(crate) fn inserts_per_second(&self, bytes: usize, time: Duration) -> (f64, u32) {
        let script = self.dir.path().join("insert.sql");
        std::fs::write(&script, format!("insert into log (body) values (repeat('x', {bytes}));\n")).unwrap();
        let measured = CLIENTS.map(|clients| (self.pgbench(&script, clients, time), clients));
        measured.into_iter().max_by(|a, b| a.0.total_cmp(&b.0)).unwrap()
    }

    fn pgbench(&self, script: &Path, clients: u32, time: Duration) -> f64 {
        let output = Command::new(self.bin.join("pgbench"))
            .arg("-h")
            .arg(self.dir.path())
            .args(["-U", USER, "-n", "-M", "prepared", "-j", "2", "-f"])
            .arg(script)
            .args(["-c", &clients.to_string(), "-T", &time.as_secs().max(1).to_string(), USER])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let (said, errors) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "pgbench ended with {}: {errors}", output.status);
        let tps = said.lines().find_map(|line| line.strip_prefix("tps = ")?.split(' ').next()?.parse().ok());
        // It says nothing when its time was over before the first insert.
        tps.unwrap_or(0.0)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        let pid = Pid::from_raw(self.server.id().cast_signed());
        // Its fast shutdown: a killed one would leave shared memory behind.
        let _gone = pid.map(|pid| kill_process(pid, Signal::INT));
        let _status = self.server.wait();
    }
}

fn user() -> (u32, u32) {
    let id = |flag: &str| -> u32 {
        let output = Command::new("id").args([flag, USER]).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        text.trim().parse().expect("a user for PostgreSQL: it does not run as root")
    };
    (id("-u"), id("-g"))
}

fn succeed(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?} ended with {status}");
}
