//! Does what the plan says: one change of the engine, the claim or the swarm.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::watch;

use super::call::CallError;
use super::engine::Availability;
use super::forward::Listening;
use super::making::Making;
use super::observe::{MetadataView, Observation, Sources};
use super::plan::{self, Change, DRAINED, NodeChange};
use super::record::{Claim, Record};
use super::seal::{Joins, KeyPair, SealError};
use super::state::{Member, State, StateError, StateFile};
use swarmkit_settings::SWARM_PORT;

/// What a try to reach a manager may take.
const CONNECT: Duration = Duration::from_secs(2);
/// What an engine that has a leader may take to say so.
const AT_ONCE: Duration = Duration::from_secs(1);
/// What the port for this host's own engine may take to open.
const OPENING: Duration = Duration::from_secs(1);

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum ActError {
    /// A call brought nothing.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The state file.
    #[error(transparent)]
    State(#[from] StateError),
    /// A last reconcile showed that it must not be done.
    #[error("not done: {0}")]
    Overtaken(String),
    /// No manager can be reached.
    #[error("none of the managers can be reached: {0}; is the port open between the hosts?")]
    Unreachable(String),
    /// This host's engine cannot do what is set.
    #[error("{0}")]
    Setting(String),
    /// There is no way to Rancher's API.
    #[error("Rancher's API: {0}")]
    NoRancher(String),
    /// The token is not for this host.
    #[error("{0}; the lease holder seals another one")]
    Token(#[from] SealError),
}

/// The hands of the monitor.
pub struct Executor<'a> {
    /// What it talks to.
    pub sources: &'a Sources,
    /// What opens tokens for this host.
    pub keys: &'a KeyPair,
    /// What the host remembers.
    pub file: &'a StateFile,
    /// Where this host's engine is forwarded to the managers.
    pub listening: &'a watch::Receiver<Listening>,
    /// What the operator wants of a swarm that is made.
    pub making: &'a Making,
}

impl Executor<'_> {
    fn rancher(&self) -> Result<&super::rancher::Rancher, ActError> {
        self.sources.rancher.as_ref().map_err(|reason| ActError::NoRancher(reason.clone()))
    }

    /// Makes a change that a plan has found right on what was seen.
    ///
    /// # Errors
    /// It was not made, or it is not known whether it was; the next reconcile tells.
    pub async fn change(&self, seen: &Observation, change: &Change) -> Result<(), ActError> {
        let engine = &self.sources.engine;
        let listen = format!("0.0.0.0:{SWARM_PORT}");
        match change {
            Change::Claim => self.claim(seen).await,
            Change::Init { advertise } => {
                let further = self.making.of_swarm(engine.api_version().await?).map_err(ActError::Setting)?;
                self.last_reconcile_before_init(seen).await?;
                let state = State { init: Some(seen.own.nonce.clone()), made: None, ..seen.own.state.clone() };
                self.file.write(&state)?;
                engine.init(&advertise.to_string(), &listen, further).await?;
                let made = Some(engine.swarm().await?.id);
                Ok(self.file.write(&State { init: None, made, ..state })?)
            }
            Change::Join { advertise, cluster, managers, sealed } => {
                let token = self.keys.open(sealed, Joins { host: &metadata_host(seen)?, cluster })?;
                let mut managers = reachable(managers).await?;
                // What the engine was before is nothing any more.
                let state = State { joining: Some(cluster.clone()), member: None, ..seen.own.state.clone() };
                // A host that cannot remember it joins all the same: it is needed only if that goes wrong half-way.
                if state != seen.own.state
                    && let Err(error) = self.file.write(&state)
                {
                    tracing::warn!(%error, "that it joins is not remembered");
                }
                managers.splice(..0, self.forwarded().await);
                Ok(engine.join(&advertise.to_string(), &listen, &managers, &token).await?)
            }
            Change::Leave { node, manager } => {
                let info = match &seen.engine {
                    Ok(_) => engine.info().await?.swarm,
                    Err(_) => engine.patient_info().await?.swarm,
                };
                if info.node_id != *node || info.control_available != *manager {
                    return Err(ActError::Overtaken("the engine is another node than it was".to_owned()));
                }
                engine.leave(*manager).await?;
                let was = seen.own.state.place(Some(&info)).map(|place| place.node.to_owned());
                Ok(self.file.write(&State { left: was, ..State::default() })?)
            }
            Change::Promote(node) => self.set_role(node, "manager").await,
            Change::Demote(node) => self.set_role(node, "worker").await,
            Change::Availability { node, to } => {
                let drain = *to == Availability::Drain;
                Ok(engine
                    .alter_node(&node.id, node.version, |spec| {
                        spec["Availability"] = Value::from(if drain { "drain" } else { "active" });
                        set_label(spec, DRAINED, drain.then_some("true"));
                    })
                    .await?)
            }
            Change::Label { node, labels } => Ok(engine
                .alter_node(&node.id, node.version, |spec| {
                    for (name, value) in labels {
                        set_label(spec, name, value.as_deref());
                    }
                })
                .await?),
            Change::Remove { node, force, renew_token } => {
                // The token first: a crash in between leaves nothing undone that is not seen.
                if *renew_token {
                    engine.rotate_tokens(false).await?;
                }
                Ok(engine.remove_node(&node.id, *force).await?)
            }
            Change::ClaimRecovery => self.claim_recovery(seen).await,
            Change::ForceNewCluster { advertise } => {
                let begun = self.begin_epoch(seen).await?;
                // It counts whatever comes of it, also if Rancher writes over the record.
                let state = State { record: Some(begun.kept()), ..seen.own.state.clone() };
                self.file.write(&state)?;
                // The others may be back. Without a leader nothing can change any more until the next call is made.
                if engine.swarm().await.is_ok() {
                    return Err(ActError::Overtaken("the swarm answers again".to_owned()));
                }
                // That it does not takes seconds to tell, and the others may have taken the epoch back meanwhile.
                let stands = self.rancher()?.record(&service(seen)?).await?;
                if (stands.epoch, &stands.recovery) != (begun.epoch, &begun.recovery) {
                    return Err(ActError::Overtaken("the epoch that it has begun does not stand any more".to_owned()));
                }
                // Who has come back while that was read has not written it yet. One that has a leader says so at once.
                if matches!(tokio::time::timeout(AT_ONCE, engine.swarm()).await, Ok(Ok(_))) {
                    return Err(ActError::Overtaken("the swarm answers again".to_owned()));
                }
                let member = state.member.clone().map(|member| Member { epoch: begun.epoch, ..member });
                self.file.write(&State { member, ..state })?;
                Ok(engine.force_new_cluster(&advertise.to_string(), &listen).await?)
            }
            Change::RenewToken => Ok(engine.rotate_tokens(false).await?),
            Change::WithdrawTokens => {
                engine.rotate_tokens(true).await?;
                Ok(self.rancher()?.withdraw_plain_tokens(&service(seen)?).await?)
            }
            Change::CreateNetwork { name } => Ok(engine.create_network(name, self.making.of_network()).await?),
        }
    }

    /// The address of this host by which its engine reaches the managers for as long as it runs; none if it cannot be had.
    async fn forwarded(&self) -> Option<String> {
        let mut listening = self.listening.clone();
        let tried = tokio::time::timeout(OPENING, listening.wait_for(Option::is_some)).await;
        let open = tried.ok()?.ok()?.as_ref()?.as_ref().ok()?.to_string();
        Some(open)
    }

    async fn set_role(&self, node: &NodeChange, role: &str) -> Result<(), ActError> {
        Ok(self.sources.engine.alter_node(&node.id, node.version, |spec| spec["Role"] = Value::from(role)).await?)
    }

    async fn claim(&self, seen: &Observation) -> Result<(), ActError> {
        let claim = own_claim(seen)?;
        let before = seen.rancher_view().and_then(|view| view.record.claim.as_ref());
        let stands =
            self.rancher()?.change_record(&service(seen)?, |record| record.claimed(before, claim.clone())).await?;
        if stands.is_free_for(&claim) { Ok(()) } else { Err(overtaken()) }
    }

    async fn claim_recovery(&self, seen: &Observation) -> Result<(), ActError> {
        let claim = own_claim(seen)?;
        let stands =
            self.rancher()?.change_record(&service(seen)?, |record| seen.recovering(record, claim.clone())).await?;
        if stands.recovery.as_ref() == Some(&claim) { Ok(()) } else { Err(overtaken()) }
    }

    /// Right before a swarm is forced: the claim still stands, and from now on nobody of the epoch before acts.
    async fn begin_epoch(&self, seen: &Observation) -> Result<Record, ActError> {
        let claim = own_claim(seen)?;
        let cluster = cluster(seen).unwrap_or_default();
        // Rancher may have written over the record since.
        let kept = seen.own.state.kept_record(seen.engine.as_ref().ok().map(|info| &info.swarm));
        let mut begun = None;
        let stands = self
            .rancher()?
            .change_record(&service(seen)?, |record| {
                let next = record.or_kept(kept).next_epoch(&cluster, &claim);
                begun = next.as_ref().map(|next| next.epoch);
                next
            })
            .await?;
        Some(stands).filter(|stands| begun == Some(stands.epoch)).ok_or_else(overtaken)
    }

    /// Right before a swarm is made: the claim still stands, none is recorded, and no host says it is in one.
    async fn last_reconcile_before_init(&self, seen: &Observation) -> Result<(), ActError> {
        let rancher = self.rancher()?;
        let service = service(seen)?;
        let (hosts, record) = tokio::join!(rancher.hosts(), rancher.record(&service));
        let (hosts, record) = (hosts?, record?);
        let claim = own_claim(seen)?;
        if !record.is_free_for(&claim) {
            return Err(overtaken());
        }
        match plan::said_to_be_inside(&hosts, &claim.host) {
            Some((host, _)) => Err(ActError::Overtaken(format!("host {host} says that it is in a swarm"))),
            None => Ok(()),
        }
    }
}

/// The managers that can be reached, in their order. The engine tries the first one alone.
async fn reachable(managers: &[String]) -> Result<Vec<String>, ActError> {
    let mut tries = tokio::task::JoinSet::new();
    for (at, manager) in managers.iter().cloned().enumerate() {
        tries.spawn(async move {
            let tried = tokio::time::timeout(CONNECT, tokio::net::TcpStream::connect(&manager)).await;
            matches!(tried, Ok(Ok(_))).then_some((at, manager))
        });
    }
    let mut reached: Vec<(usize, String)> = tries.join_all().await.into_iter().flatten().collect();
    reached.sort();
    if reached.is_empty() {
        return Err(ActError::Unreachable(managers.join(", ")));
    }
    Ok(reached.into_iter().map(|(_, manager)| manager).collect())
}

fn overtaken() -> ActError {
    ActError::Overtaken("another monitor has claimed, or recorded, a swarm".to_owned())
}

/// Sets a label of a node, or takes it away.
fn set_label(spec: &mut Value, name: &str, value: Option<&str>) {
    if !spec["Labels"].is_object() {
        spec["Labels"] = json!({});
    }
    if let Some(labels) = spec["Labels"].as_object_mut() {
        match value {
            Some(value) => labels.insert(name.to_owned(), Value::from(value)),
            None => labels.remove(name),
        };
    }
}

fn metadata(seen: &Observation) -> Result<&MetadataView, ActError> {
    seen.metadata.as_ref().map_err(|reason| ActError::Overtaken(reason.clone()))
}

fn metadata_host(seen: &Observation) -> Result<String, ActError> {
    Ok(metadata(seen)?.host.clone())
}

fn service(seen: &Observation) -> Result<String, ActError> {
    Ok(metadata(seen)?.service.clone())
}

/// The swarm that this host was last seen in.
fn cluster(seen: &Observation) -> Option<String> {
    seen.own.state.member.as_ref().map(|member| member.cluster.clone())
}

fn own_claim(seen: &Observation) -> Result<Claim, ActError> {
    Ok(Claim { host: metadata_host(seen)?, nonce: seen.own.nonce.clone() })
}
