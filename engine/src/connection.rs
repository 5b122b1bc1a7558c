//! How every connection to NATS behaves: it comes back by itself, soon, at another server if there is one, and notices
//! one that has gone silent.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_nats::{ConnectOptions, ReconnectToServer, Server, ServerAddr};

const RECONNECT_DELAY_MIN: Duration = Duration::from_millis(10);
const RECONNECT_DELAY_MAX: Duration = Duration::from_millis(250);
/// Two that are not answered end the connection: a server that hangs, or a network that swallows everything.
const PING_EVERY: Duration = Duration::from_secs(1);
const CONNECT_WITHIN: Duration = Duration::from_secs(2);

/// These options, with reconnects for ever at most 250 ms apart, each at another server than the last, and a server that
/// is silent for 3 s left.
pub fn steady(options: ConnectOptions) -> ConnectOptions {
    let last = Mutex::new(None);
    options
        .name("atender")
        .reconnect_to_server_callback(move |servers, _| {
            let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
            *last = another(&servers, last.as_ref());
            let next = last.clone().map(|addr| ReconnectToServer { addr, delay: None });
            async { next }
        })
        .max_reconnects(None)
        .reconnect_delay_callback(reconnect_delay)
        .ping_interval(PING_EVERY)
        .connection_timeout(CONNECT_WITHIN)
}

/// The server to try after `last`: of the others the one that failed least, by turns. None for the first connection,
/// which tries them all.
fn another(servers: &[Server], last: Option<&ServerAddr>) -> Option<ServerAddr> {
    // After the first connection there is one server that ever was connected to.
    let is_last = |server: &Server| last.map_or(server.did_connect, |last| server.addr == *last);
    let at = servers.iter().position(is_last)?;
    let others = servers[at + 1..].iter().chain(&servers[..at]);
    let next = others.min_by_key(|server| server.failed_attempts).unwrap_or(&servers[at]);
    Some(next.addr.clone())
}

fn reconnect_delay(attempts: usize) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(u32::MAX).min(5);
    (RECONNECT_DELAY_MIN * 2_u32.pow(doublings)).min(RECONNECT_DELAY_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(name: &str, failed_attempts: usize, did_connect: bool) -> Server {
        let addr = name.parse().unwrap();
        Server { addr, failed_attempts, did_connect, is_discovered: false, last_error: None }
    }

    fn next(servers: &[Server], last: Option<&str>) -> Option<String> {
        let last = last.map(|last| last.parse().unwrap());
        another(servers, last.as_ref()).map(|addr| addr.host().to_owned())
    }

    #[test]
    fn a_server_that_does_nothing_is_left_for_another_though_that_one_failed_before() {
        let servers = [server("a", 0, true), server("b", 2, false), server("c", 1, false)];
        assert_eq!(next(&servers, None).as_deref(), Some("c"));
        assert_eq!(next(&servers, Some("a")).as_deref(), Some("c"));
        assert_eq!(next(&servers, Some("c")).as_deref(), Some("a"));
        assert_eq!(next(&servers[..1], Some("a")).as_deref(), Some("a"));
    }

    #[test]
    fn servers_that_are_equal_take_turns() {
        let servers = [server("a", 0, true), server("b", 0, true), server("c", 0, true)];
        for (last, then) in [("a", "b"), ("b", "c"), ("c", "a")] {
            assert_eq!(next(&servers, Some(last)).as_deref(), Some(then));
        }
    }

    #[test]
    fn the_first_connection_tries_them_all() {
        assert_eq!(next(&[server("a", 0, false), server("b", 0, false)], None), None);
    }

    #[test]
    fn reconnects_never_wait_longer_than_the_limit() {
        assert_eq!(reconnect_delay(1), RECONNECT_DELAY_MIN);
        assert_eq!(reconnect_delay(3), Duration::from_millis(40));
        assert_eq!(reconnect_delay(usize::MAX), RECONNECT_DELAY_MAX);
    }
}
