//! The way of this host's engine to the swarm's managers, whichever they are by then.
//!
//! An engine keeps the address by which it joined until it is started anew, and goes there again when it becomes a manager
//! itself. Were that a manager which is gone by then, its node would break down. So it joins by an address of its own host,
//! where the monitor forwards to a manager that answers. What passes is TLS from engine to engine, of which nothing is
//! read; and only this host itself is served.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::accept::accept;
use super::observe::Observation;
use super::plan::{Change, Plan};
use swarmkit_settings::{FORWARD_PORT, SWARM_PORT};

/// How many connections are held; beyond that the oldest is closed. An engine needs two or three.
const MOST: usize = 64;
/// How long a connection may last. An engine learns the managers within seconds and goes to them by itself from then on,
/// so that its place in the swarm does not hang on the monitor.
const WHOLE: Duration = Duration::from_secs(60);
/// What a try to reach a manager may take.
const CONNECT: Duration = Duration::from_secs(3);
/// How long one manager is waited for before the next one is tried too.
const STAGGER: Duration = Duration::from_millis(250);
/// The pause after the port could not be opened.
const PAUSE: Duration = Duration::from_secs(5);

/// Where to listen and where to forward to, as the latest reconcile has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Upstreams {
    own: Option<IpAddr>,
    managers: Vec<String>,
}

impl Upstreams {
    /// Takes in an observation and its plan. What a reconcile does not tell stays as it was.
    pub fn see(&mut self, seen: &Observation, plan: &Plan) {
        let Ok(metadata) = &seen.metadata else { return };
        let (advertised, joined) = match &plan.change {
            Some(Change::Join { advertise, managers, .. }) => (Some(*advertise), managers.as_slice()),
            _ => (None, [].as_slice()),
        };
        let Some(own) = advertised.or_else(|| metadata.agent_ip.parse().ok()) else { return };
        // What the engine has heard from the swarm itself is newer than the record.
        let heard = seen.engine.iter().flat_map(|engine| &engine.swarm.remote_managers).map(|peer| &peer.addr);
        let recorded = metadata.record.iter().flat_map(|record| &record.managers);
        let managers = in_order(own, heard.chain(joined).chain(recorded));
        self.own = Some(own);
        if !managers.is_empty() {
            self.managers = managers;
        }
    }
}

/// Each manager once, as they are told; this host's own engine last, as it is no help to itself, and never where this host forwards.
fn in_order<'a>(own: IpAddr, told: impl Iterator<Item = &'a String>) -> Vec<String> {
    let at = |port: u16| SocketAddr::new(own, port).to_string();
    let (listening, itself) = (at(FORWARD_PORT), at(SWARM_PORT));
    let mut managers: Vec<String> = Vec::new();
    for manager in told.filter(|manager| **manager != listening) {
        if !managers.contains(manager) {
            managers.push(manager.clone());
        }
    }
    managers.sort_by_key(|manager| *manager == itself);
    managers
}

/// Where it listens; `None` as long as it has not tried to, or does not know where.
pub type Listening = Option<Result<SocketAddr, String>>;

/// Forwards for as long as it is polled. `listening` gets where it listens, or why it does not.
pub async fn run(mut ways: watch::Receiver<Upstreams>, listening: watch::Sender<Listening>) {
    let mut told = None;
    loop {
        let own = ways.borrow_and_update().own;
        let served = async {
            let Some(own) = own else { return std::future::pending().await };
            let address = SocketAddr::new(own, FORWARD_PORT);
            match TcpListener::bind(address).await {
                Ok(listener) => {
                    listening.send_replace(Some(Ok(address)));
                    serve(listener, &ways.clone()).await;
                }
                Err(error) => {
                    let error = format!("{address} cannot be opened: {error}");
                    if told.as_ref() != Some(&error) {
                        tracing::warn!(
                            error,
                            "no forwarding: should this host become a manager after the manager by which it joined was lost, it has to join anew"
                        );
                        told = Some(error.clone());
                    }
                    listening.send_replace(Some(Err(error)));
                    sleep(PAUSE).await;
                }
            }
        };
        let mut changes = ways.clone();
        tokio::select! {
            () = served => {}
            moved = changes.wait_for(|now| now.own != own) => {
                if moved.is_err() {
                    return;
                }
                listening.send_replace(None);
            }
        }
    }
}

async fn serve(listener: TcpListener, ways: &watch::Receiver<Upstreams>) {
    let client = |stream, peer| {
        let is_own = is_of_this_host(&stream, peer);
        if !is_own {
            tracing::debug!(%peer, "only this host itself is forwarded for");
        }
        is_own.then(|| {
            let forwarded = timeout(WHOLE, forward(stream, ways.borrow().managers.clone()));
            async { forwarded.await.unwrap_or_default() }
        })
    };
    accept(listener, MOST, "forwarding", client).await;
}

/// One who comes from the very address that it went to is on this host.
fn is_of_this_host(stream: &TcpStream, peer: SocketAddr) -> bool {
    stream.local_addr().is_ok_and(|own| own.ip() == peer.ip())
}

async fn forward(mut engine: TcpStream, managers: Vec<String>) {
    match connect(managers).await {
        Some((manager, mut stream)) => {
            tracing::debug!(manager, "forwards");
            // What goes wrong with a connection is for its two ends to notice.
            let _ = copy_bidirectional(&mut engine, &mut stream).await;
        }
        None => tracing::debug!("forwards nowhere: no manager can be reached"),
    }
}

/// The first manager that answers, those in front tried first.
async fn connect(managers: Vec<String>) -> Option<(String, TcpStream)> {
    let mut tries = JoinSet::new();
    let mut managers = managers.into_iter();
    loop {
        let next = managers.next();
        let is_last = next.is_none();
        if let Some(manager) = next {
            tries.spawn(async move {
                let stream = timeout(CONNECT, TcpStream::connect(&manager)).await.ok()?.ok()?;
                Some((manager, stream))
            });
        }
        tokio::select! {
            Some(tried) = tries.join_next() => match tried {
                Ok(Some(reached)) => return Some(reached),
                // A refusal is an answer too: the next one is tried at once.
                _ if is_last && tries.is_empty() => return None,
                _ => {}
            },
            () = sleep(STAGGER), if !is_last => {}
            else => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpSocket;

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async { timeout(Duration::from_secs(20), test).await.unwrap() })
    }

    /// One that says its name to all who come, and then what it is told.
    async fn manager(name: &'static str) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                stream.write_all(name.as_bytes()).await.unwrap();
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            }
        });
        address
    }

    /// An address at which nothing listens.
    async fn nobody() -> String {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string()
    }

    async fn forwarding(managers: Vec<String>) -> (SocketAddr, watch::Sender<Upstreams>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (set, ways) = watch::channel(Upstreams { own: None, managers });
        tokio::spawn(async move { serve(listener, &ways).await });
        (address, set)
    }

    /// What a whole conversation brings.
    async fn talk(stream: std::io::Result<TcpStream>, say: &str) -> std::io::Result<String> {
        let mut stream = stream?;
        stream.write_all(say.as_bytes()).await?;
        stream.shutdown().await?;
        let mut heard = String::new();
        stream.read_to_string(&mut heard).await?;
        Ok(heard)
    }

    #[test]
    fn the_engine_itself_comes_last_and_the_door_leads_not_to_itself() {
        let told = ["10.0.0.1:2377", "10.0.0.2:2374", "10.0.0.2:2377", "10.0.0.3:2377", "10.0.0.1:2377"];
        let told = told.map(str::to_owned);
        let ordered = in_order("10.0.0.2".parse().unwrap(), told.iter());
        assert_eq!(ordered, ["10.0.0.1:2377", "10.0.0.3:2377", "10.0.0.2:2377"]);
        assert_eq!(in_order("fd00::2".parse().unwrap(), ["[fd00::2]:2374".to_owned()].iter()), Vec::<String>::new());
    }

    #[test]
    fn one_that_is_gone_is_passed_over() {
        run(async {
            let (address, set) = forwarding(vec![nobody().await, manager("second,").await]).await;
            assert_eq!(talk(TcpStream::connect(address).await, "hello").await.unwrap(), "second,hello");
            let managers = vec![manager("third,").await];
            set.send_replace(Upstreams { own: None, managers });
            assert_eq!(talk(TcpStream::connect(address).await, "hello").await.unwrap(), "third,hello");
        });
    }

    #[test]
    fn one_that_says_nothing_at_all_holds_nobody_up() {
        run(async {
            // Packets to a network for documentation (RFC 5737) are lost, or refused at once.
            let managers = vec!["192.0.2.1:2377".to_owned(), manager("second,").await];
            assert_eq!(connect(managers.clone()).await.unwrap().0, managers[1]);
        });
    }

    #[test]
    fn without_a_manager_the_connection_ends() {
        run(async {
            for managers in [Vec::new(), vec![nobody().await, nobody().await]] {
                let (address, _set) = forwarding(managers).await;
                assert_eq!(talk(TcpStream::connect(address).await, "").await.unwrap_or_default(), "");
            }
        });
    }

    #[test]
    fn a_stranger_is_not_forwarded_for() {
        run(async {
            let (address, _set) = forwarding(vec![manager("first,").await]).await;
            let stranger = TcpSocket::new_v4().unwrap();
            stranger.bind("127.0.0.2:0".parse().unwrap()).unwrap();
            let heard = talk(stranger.connect(address).await, "hello").await;
            assert_eq!(heard.unwrap_or_default(), "");
            assert_eq!(talk(TcpStream::connect(address).await, "hello").await.unwrap(), "first,hello");
        });
    }
}
