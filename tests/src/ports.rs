//! Ports for servers that come back at the same address after they were killed, or that must be named before they
//! start. The system gives none of these to anybody who leaves the choice to it, nor to an outgoing connection.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const LOWEST: u16 = 10_000;
/// Where the ports begin that the system gives out, unless it says so itself (`ip(7)`, `ip_local_port_range`).
const SYSTEM_FROM: u16 = 32_768;

/// A port of this machine that nobody has, and that nobody else of this process is given.
pub fn reserve() -> SocketAddr {
    static RANGE: OnceLock<Range<u16>> = OnceLock::new();
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let range = RANGE.get_or_init(|| LOWEST..system_from());
    let is_free = |addr: &SocketAddr| TcpListener::bind(addr).is_ok();
    // Processes that run at the same time begin at different places.
    let begin = usize::try_from(std::process::id()).unwrap() * 101;
    let next = || begin + TAKEN.fetch_add(1, Ordering::Relaxed);
    let mut addrs = range.clone().map(|_| {
        let port = range.start + u16::try_from(next() % range.len()).unwrap();
        SocketAddr::from((Ipv4Addr::LOCALHOST, port))
    });
    addrs.find(is_free).expect("a port is free")
}

fn system_from() -> u16 {
    let says = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let from = says.split_whitespace().next().and_then(|from| from.parse().ok()).unwrap_or(SYSTEM_FROM);
    // A system that gives out nearly all of them has no range of its own to keep clear of.
    if from > LOWEST + 1_000 { from } else { SYSTEM_FROM }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_port_is_given_twice_or_could_be_given_by_the_system() {
        let addrs: BTreeSet<SocketAddr> = (0..200).map(|_| reserve()).collect();
        assert_eq!(addrs.len(), 200);
        let system = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        assert!(addrs.iter().all(|addr| addr.port() < SYSTEM_FROM.min(system.port())));
    }
}
