//! Addresses of the loopback interface for hosts, and the ports of their engines that others reach.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};

use swarmkit_settings::{FORWARD_PORT, HEALTH_PORT, SWARM_PORT};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpSocket;
use tokio::task::AbortHandle;

use super::super::Simulation;
use super::MOST_HOSTS;

/// The port of overlay networks, which an engine opens too.
const GOSSIP_PORT: u16 = 7946;
/// The port by which a network is taken, at its last address.
const TAKEN: u16 = SWARM_PORT;

/// Why there is no such port here.
pub fn missing() -> Option<&'static str> {
    let free = |port| TcpListener::bind(SocketAddr::from(([127, 255, 255, 253], port))).is_ok();
    let all = [SWARM_PORT, HEALTH_PORT, FORWARD_PORT].into_iter().all(free);
    (!all).then_some(
        "needs the ports 2374, 2377 and 2378 of the addresses 127.0.0.0/8: another program has one of them on all",
    )
}

/// 127.x.y.0/24, which is nobody else's for as long as this is kept.
pub struct Loopback {
    network: [u8; 3],
    _taken: TcpListener,
}

impl Loopback {
    pub fn take() -> Self {
        let free = (1..=u8::MAX).flat_map(|x| (0..=u8::MAX).map(move |y| [127, x, y])).find_map(|network| {
            let [a, b, c] = network;
            let taken = TcpListener::bind(SocketAddr::from(([a, b, c, 254], TAKEN))).ok()?;
            Some(Self { network, _taken: taken })
        });
        free.expect("an address of 127.0.0.0/8 that nobody has")
    }

    /// The address of a host, one of ten by a number of its move.
    pub fn address(&self, host: usize, number: usize) -> Ipv4Addr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, u8::try_from(1 + host + MOST_HOSTS * (number % 10)).unwrap())
    }

    /// One at which no host is.
    pub fn of_rancher(&self) -> Ipv4Addr {
        let [a, b, c] = self.network;
        Ipv4Addr::new(a, b, c, 253)
    }
}

/// The swarm ports of the engines that manage.
pub struct SwarmPorts(Vec<Option<(String, AbortHandle)>>);

impl SwarmPorts {
    pub fn new(hosts: usize) -> Self {
        Self((0..hosts).map(|_| None).collect())
    }

    /// Has those be open that shall be.
    pub fn follow(&mut self, world: &Simulation) {
        for (at, open) in self.0.iter_mut().enumerate() {
            let host = &world.hosts[at];
            let manages = host.engine.seat().is_some_and(|seat| seat.manages && seat.is_alive());
            let wanted = (manages && host.answers()).then_some(&host.address);
            if open.as_ref().map(|(address, _)| address) == wanted {
                continue;
            }
            if let Some((_, task)) = open.take() {
                task.abort();
            }
            *open = wanted.map(|address| {
                let ip: IpAddr = address.parse().unwrap();
                let both = async move { tokio::join!(serve((ip, SWARM_PORT).into()), serve((ip, GOSSIP_PORT).into())) };
                (address.clone(), tokio::task::spawn_local(both).abort_handle())
            });
        }
    }
}

impl Drop for SwarmPorts {
    fn drop(&mut self) {
        for (_, task) in self.0.iter().flatten() {
            task.abort();
        }
    }
}

/// Tells everybody who connects where it is, so that it is known what forwards to it.
async fn serve(address: SocketAddr) {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_reuseaddr(true).unwrap();
    socket.bind(address).unwrap();
    let listener = socket.listen(64).unwrap();
    while let Ok((mut stream, _)) = listener.accept().await {
        let _ = stream.write_all(format!("{address}\n").as_bytes()).await;
    }
}
