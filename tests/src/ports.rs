//! Ports for servers that come back at the same address after they were killed, or that must be named before they
//! start. Where the system leaves any, it gives none of these to whoever leaves the choice to it, nor to an outgoing
//! connection.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

const LOWEST: u16 = 10_000;
/// With fewer than this it is worth nothing to keep clear of the system's.
const ENOUGH: u16 = 1_000;
/// Below what systems give out that do not say what: gVisor begins at 16,000, the others above that.
const UNSAID_FROM: u16 = 15_000;

/// A port of this machine that nobody has, and that nobody else of this process is given.
pub fn reserve() -> SocketAddr {
    static RANGE: OnceLock<Range<u16>> = OnceLock::new();
    static TAKEN: AtomicUsize = AtomicUsize::new(0);
    let range = RANGE.get_or_init(|| clear_of(system_from()));
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

/// The ports below those that the system gives out; all, where it gives out nearly all.
fn clear_of(system_from: Option<u16>) -> Range<u16> {
    match system_from {
        Some(from) if from >= LOWEST + ENOUGH => LOWEST..from,
        Some(_) => LOWEST..u16::MAX,
        None => LOWEST..UNSAID_FROM,
    }
}

/// The first port that the system gives out, if it says so (`ip(7)`, `ip_local_port_range`).
fn system_from() -> Option<u16> {
    let says = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    says.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_port_is_given_twice_or_could_be_given_by_the_system() {
        let addrs: BTreeSet<SocketAddr> = (0..200).map(|_| reserve()).collect();
        assert_eq!(addrs.len(), 200);
        let clear = clear_of(system_from());
        assert!(addrs.iter().all(|addr| clear.contains(&addr.port())));
        let system = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap();
        assert!(clear.end == u16::MAX || system.port() >= clear.end, "{system} is among {clear:?}");
    }

    #[test]
    fn ports_are_below_the_systems_where_there_are_enough() {
        assert_eq!(clear_of(Some(32_768)), LOWEST..32_768);
        assert_eq!(clear_of(Some(LOWEST + ENOUGH)), LOWEST..LOWEST + ENOUGH);
        assert_eq!(clear_of(Some(1_024)), LOWEST..u16::MAX);
        assert_eq!(clear_of(None), LOWEST..UNSAID_FROM);
    }
}
