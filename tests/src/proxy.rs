//! A TCP proxy in front of a server that can be told to lose what the server answers, to hold it back, or to cut
//! everything.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::{CancellationToken, DropGuard};

#[derive(Clone)]
pub struct Proxy {
    addr: SocketAddr,
    faults: Arc<Faults>,
    _stop: Arc<DropGuard>,
}

#[derive(Default)]
struct Faults {
    /// The next bytes from the server are lost, and the connection with them.
    lose_next_answer: AtomicBool,
    lost: AtomicU64,
    /// No connection is taken, and none that is there goes on.
    cut: AtomicBool,
    /// What the server answers waits here.
    held: watch::Sender<bool>,
}

impl Proxy {
    pub async fn start(server: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let addr = listener.local_addr().unwrap();
        let (faults, stop) = (Arc::new(Faults::default()), CancellationToken::new());
        tokio::spawn(accept(listener, server, Arc::clone(&faults), stop.clone()));
        Self { addr, faults, _stop: Arc::new(stop.drop_guard()) }
    }

    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// What the server answers next does not arrive, though it did what it was asked.
    pub fn lose_next_answer(&self) {
        self.faults.lose_next_answer.store(true, Ordering::SeqCst);
    }

    /// How many answers were lost.
    pub fn lost(&self) -> u64 {
        self.faults.lost.load(Ordering::SeqCst)
    }

    /// Holds back what the server answers, or lets all of it go.
    pub fn hold_answers(&self, held: bool) {
        self.faults.held.send_replace(held);
    }

    /// Cuts the network, or mends it.
    pub fn cut(&self, cut: bool) {
        self.faults.cut.store(cut, Ordering::SeqCst);
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<Faults>, stop: CancellationToken) {
    let all = stop.clone().run_until_cancelled_owned(async move {
        while let Ok((client, _)) = listener.accept().await {
            if faults.cut.load(Ordering::SeqCst) {
                continue;
            }
            tokio::spawn(stop.clone().run_until_cancelled_owned(pass(client, server, Arc::clone(&faults))));
        }
    });
    all.await;
}

async fn pass(client: TcpStream, server: SocketAddr, faults: Arc<Faults>) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        () = copy(from_client, to_server, &faults, false) => {}
        () = copy(from_server, to_client, &faults, true) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Faults, answers: bool) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 || faults.cut.load(Ordering::SeqCst) {
            return;
        }
        if answers && faults.lose_next_answer.swap(false, Ordering::SeqCst) {
            faults.lost.fetch_add(1, Ordering::SeqCst);
            return;
        }
        if answers {
            // The sender is in the faults, so this ends when the answers are let go.
            let _ = faults.held.subscribe().wait_for(|held| !held).await;
        }
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
