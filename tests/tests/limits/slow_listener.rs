//! A live client that takes nothing is cut off, and goes on where it was.

use std::collections::HashSet;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use gateway::http::{ConnectionLimits, serve_within};
use gateway::tokens::Principal;
use schemas::{ConversationId, Position};
use tests::ask::{WITHIN, add_note, answer};
use tests::centre::{Centre, agent};
use tests::listener::Listener;
use tests::server::TestServer;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::{Instant, timeout};

const TAKES_NOTHING_FOR: Duration = Duration::from_millis(500);
/// The longest there are.
const NOTE_CHARS: usize = 4_000;

#[tokio::test(flavor = "multi_thread")]
async fn a_live_client_that_takes_nothing_is_cut_off_and_misses_nothing() {
    let server = TestServer::start_quiet(Centre::default()).await;
    let ana = server.agent(0).await;
    let conversation = server.opened_by(1).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let addr = listener.local_addr().unwrap();
    let limits = ConnectionLimits { write_within: TAKES_NOTHING_FOR, ..ConnectionLimits::default() };
    let impatient = tokio::spawn(serve_within(limits, listener, Arc::clone(server.server.app())));

    let token = server.server.app().tokens.create(Principal::Agent(agent(0))).await.unwrap().text;
    let mut screen = open(addr, &token).await;
    // That the agent is there now is heard too; before anything else.
    let mut heard = until(&mut screen, |text| text.contains("event: connection")).await;
    let mut told = Vec::new();
    let deadline = Instant::now() + WITHIN;
    while open_streams(&server).await > 0 {
        told.extend(write_notes(&server, conversation).await);
        assert!(Instant::now() < deadline, "it is still listened to");
    }
    // What had been sent before is taken now: not all of it, and then the end.
    heard += &until(&mut screen, |_| false).await;
    let before: Vec<Position> = ids(&heard);
    assert!(before.len() < told.len(), "nothing was kept from it");

    let last = before.last().unwrap().to_string();
    let mut screen = Listener::connect(&ana, Some(&last)).await;
    assert_eq!(screen.next().await.kind, "hello");
    let mut all: Vec<Position> = before.into_iter().filter(|id| *id >= told[0]).collect();
    while all.last() != told.last() {
        let heard = screen.next().await;
        all.extend((heard.kind == "entry").then(|| heard.position()));
    }
    assert!(all.is_sorted_by(|before, after| before < after), "something is heard twice, or out of order");
    assert_eq!(all.into_iter().collect::<HashSet<_>>(), told.into_iter().collect());
    drop(screen);
    server.stop().await;
    impatient.await.unwrap();
}

/// As a client asks whose window is small.
async fn open(addr: SocketAddr, token: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    let mut stream = socket.connect(addr).await.unwrap();
    let request = format!("GET /v1/events HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {token}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

/// What comes until `enough`, or until there is no more.
async fn until(stream: &mut TcpStream, enough: impl Fn(&str) -> bool) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while !enough(&String::from_utf8_lossy(&bytes)) {
            if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
                break;
            }
        }
    };
    timeout(WITHIN, reading).await.expect("neither more nor the end has come");
    String::from_utf8_lossy(&bytes).into_owned()
}

/// The ids of the events that have come in whole.
fn ids(heard: &str) -> Vec<Position> {
    // Chunks of the transfer begin and end anywhere.
    let whole = heard.rsplit_once("\n\n").map_or("", |(whole, _)| whole);
    whole.lines().filter_map(|line| line.strip_prefix("id: ")?.trim().parse().ok()).collect()
}

async fn write_notes(server: &TestServer, conversation: ConversationId) -> Vec<Position> {
    let ana = server.agent(0).await;
    let mut told = Vec::new();
    for _ in 0..20 {
        // Each of four bytes.
        told.push(add_note(&ana, conversation, &"😀".repeat(NOTE_CHARS)).await.position);
    }
    told
}

async fn open_streams(server: &TestServer) -> usize {
    let metrics = answer(server.admin().request(reqwest::Method::GET, "/metrics")).await.body;
    let line = metrics.lines().find_map(|line| line.strip_prefix("atender_live_streams "));
    line.unwrap().parse().unwrap()
}
