//! Memory stays flat however much is sent at once, and however large.

use std::net::SocketAddr;

use futures_util::future::join_all;
use reqwest::Method;
use tempfile::TempDir;
use tests::ask::{answer, eventually};
use tests::process::{Home, Process};
use tests::server::stand_in;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const PROGRAM: &str = env!("CARGO_BIN_EXE_atender-under-test");
const CLIENTS: usize = 300;
const BYTES_OF_EACH: usize = 1024 * 1024;
/// Less than half of what all of them send at once.
const MORE_MEMORY_MAX: u64 = 128 * 1024 * 1024;
static CHUNK: [u8; 64 * 1024] = [b'x'; 64 * 1024];

#[tokio::test(flavor = "multi_thread")]
async fn memory_stays_flat_under_a_flood() {
    let dir = TempDir::new().unwrap();
    let home = Home(dir.path().join("data"));
    let stand_in = stand_in().await;
    let atender = Process::start(PROGRAM, &home.0, &stand_in.base_url()).await;
    let admin = atender.admin();
    let token = std::fs::read_to_string(gateway::serve::admin_token_path(&home.0)).unwrap();
    let before = resident_peak(atender.pid().unwrap());

    let authorization = format!("authorization: Bearer {}\r\n", token.trim());
    let put = format!("PUT /v1/clients/acme HTTP/1.1\r\nhost: a\r\n{authorization}");
    let body = format!("{put}content-type: application/json\r\n");
    let announced = format!("{body}content-length: {BYTES_OF_EACH}\r\n\r\n");
    let chunked = format!("{body}transfer-encoding: chunked\r\n\r\n{BYTES_OF_EACH:x}\r\n");
    let head = format!("{put}a: ");
    let no_request = String::new();
    for (beginning, answers) in
        [(announced, &["413"][..]), (chunked, &["413"]), (head, &["431"]), (no_request, &["400", "431"])]
    {
        let answered = join_all((0..CLIENTS).map(|_| flood(atender.addr, &beginning))).await;
        for status in answered.into_iter().flatten() {
            assert!(answers.contains(&status.as_str()), "{status} for {:?}", beginning.lines().next());
        }
    }
    let more = resident_peak(atender.pid().unwrap()) - before;
    assert!(more < MORE_MEMORY_MAX, "{} MiB more", more >> 20);
    eventually("all of them are gone", async || {
        let metrics = answer(admin.request(Method::GET, "/metrics")).await.body;
        let open = metrics.lines().find_map(|line| line.strip_prefix("atender_http_connections "))?;
        (open.parse::<f64>().unwrap() <= 1.0).then_some(())
    })
    .await;
    atender.terminate().await;
    stand_in.stop().await;
}

/// Sends on and on, and gives back the status if the answer came through.
async fn flood(addr: SocketAddr, beginning: &str) -> Option<String> {
    let mut client = TcpStream::connect(addr).await.unwrap();
    client.write_all(beginning.as_bytes()).await.unwrap();
    for _ in 0..BYTES_OF_EACH / CHUNK.len() {
        // The server may have closed it by now.
        if client.write_all(&CHUNK).await.is_err() {
            break;
        }
    }
    let mut answer = [0; 12];
    client.read_exact(&mut answer).await.ok()?;
    Some(String::from_utf8_lossy(&answer[9..]).into_owned())
}

/// In bytes.
fn resident_peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}
