//! A TCP proxy in front of a server: a network that can be cut, held up in one direction or in both, or slow, and
//! that can lose an answer together with its connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;
use tokio_util::sync::{CancellationToken, DropGuard};

/// A direction of the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    ToServer,
    ToClient,
}

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
    /// No connection is taken.
    cut: AtomicBool,
    /// How often the network was cut: a connection outlives none of it, however soon it is mended.
    cuts: watch::Sender<u64>,
    to_server: Line,
    to_client: Line,
}

/// What holds up one direction.
#[derive(Default)]
struct Line {
    /// What comes waits here.
    held: watch::Sender<bool>,
    delay_us: AtomicU64,
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
        self.hold(Way::ToClient, held);
    }

    /// Holds back all that goes this way, as a network does that has lost it, or lets all of it go.
    pub fn hold(&self, way: Way, held: bool) {
        self.faults.line(way).held.send_replace(held);
    }

    /// From now on what goes this way takes so much longer.
    pub fn delay(&self, way: Way, delay: Duration) {
        self.faults.line(way).delay_us.store(delay.as_micros() as u64, Ordering::SeqCst);
    }

    /// Cuts the network, and all connections with it, or mends it.
    pub fn cut(&self, cut: bool) {
        self.faults.cut.store(cut, Ordering::SeqCst);
        if cut {
            self.faults.cuts.send_modify(|cuts| *cuts += 1);
        }
    }

    /// Ends every fault.
    pub fn mend(&self) {
        for way in [Way::ToServer, Way::ToClient] {
            self.delay(way, Duration::ZERO);
            self.hold(way, false);
        }
        self.cut(false);
    }
}

impl Faults {
    fn line(&self, way: Way) -> &Line {
        match way {
            Way::ToServer => &self.to_server,
            Way::ToClient => &self.to_client,
        }
    }

    /// Waits for a cut after this many.
    async fn cut_again(&self, cuts: u64) {
        // The sender is in the faults, so this ends with the cut and in no other way.
        let _ = self.cuts.subscribe().wait_for(|now| *now > cuts).await;
    }
}

async fn accept(listener: TcpListener, server: SocketAddr, faults: Arc<Faults>, stop: CancellationToken) {
    let all = stop.clone().run_until_cancelled_owned(async move {
        while let Ok((client, _)) = listener.accept().await {
            let cuts = *faults.cuts.borrow();
            if faults.cut.load(Ordering::SeqCst) {
                continue;
            }
            let passed = pass(client, server, Arc::clone(&faults), cuts);
            tokio::spawn(stop.clone().run_until_cancelled_owned(passed));
        }
    });
    all.await;
}

async fn pass(client: TcpStream, server: SocketAddr, faults: Arc<Faults>, cuts: u64) {
    let Ok(server) = TcpStream::connect(server).await else {
        return;
    };
    // Small messages must not wait for each other twice.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::select! {
        biased;
        // First, so that what is held when the network is cut never arrives.
        () = faults.cut_again(cuts) => {}
        () = copy(from_client, to_server, &faults, Way::ToServer) => {}
        () = copy(from_server, to_client, &faults, Way::ToClient) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, faults: &Faults, way: Way) {
    let (mut buffer, line) = (vec![0; 64 * 1024], faults.line(way));
    while let Ok(length) = from.read(&mut buffer).await {
        if length == 0 {
            return;
        }
        if way == Way::ToClient && faults.lose_next_answer.swap(false, Ordering::SeqCst) {
            faults.lost.fetch_add(1, Ordering::SeqCst);
            return;
        }
        match line.delay_us.load(Ordering::SeqCst) {
            0 => {}
            delay_us => sleep(Duration::from_micros(delay_us)).await,
        }
        // The sender is in the faults, so this ends when what is held is let go.
        let _ = line.held.subscribe().wait_for(|held| !held).await;
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
