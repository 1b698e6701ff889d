//! The states of hosts and services, as the API and metadata write them.

/// Under which of its names the API is asked: what `CATTLE_URL` ends in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiVersion {
    /// What Rancher's agent gives to containers.
    #[default]
    V1,
    V2Beta,
}

impl ApiVersion {
    /// As a path has it.
    pub fn text(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2Beta => "v2-beta",
        }
    }

    /// The version that a path names.
    pub fn named(text: &str) -> Option<Self> {
        [Self::V1, Self::V2Beta].into_iter().find(|version| version.text() == text)
    }
}

/// The life of a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HostState {
    Active,
    /// A write is being taken in, which takes a moment.
    UpdatingActive,
    Reconnecting,
    Disconnected,
    Deactivating,
    Inactive,
    Removed,
    Purged,
}

impl HostState {
    /// The state and the agent's state, as the API writes them: only the newer one lets the agent's show in the host's.
    pub fn texts(self, version: ApiVersion) -> (&'static str, Option<&'static str>) {
        let agent = match self {
            Self::Reconnecting => Some("reconnecting"),
            Self::Disconnected => Some("disconnected"),
            _ => None,
        };
        let own = match self {
            Self::Active | Self::Reconnecting | Self::Disconnected => "active",
            Self::UpdatingActive => "updating-active",
            Self::Deactivating => "deactivating",
            Self::Inactive => "inactive",
            Self::Removed => "removed",
            Self::Purged => "purged",
        };
        let shown = agent.filter(|_| version == ApiVersion::V2Beta).unwrap_or(own);
        (shown, agent)
    }

    /// Whether lists and metadata still show it.
    pub fn is_listed(self) -> bool {
        !matches!(self, Self::Removed | Self::Purged)
    }
}

/// What an upgrade makes of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceState {
    Active,
    Inactive,
    UpdatingActive,
    Upgrading,
    /// All containers are new, and nobody has finished the upgrade or taken it back.
    Upgraded,
    FinishingUpgrade,
    CancelingUpgrade,
    RollingBack,
}

/// What comes of a PUT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Write {
    /// The process `service.update` runs, and metadata is told.
    Told,
    /// It is stored and nothing runs: the state is one in which that process is done.
    Stored,
    /// That process cannot run now.
    Conflict,
}

impl ServiceState {
    /// As the API writes it.
    pub fn text(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::UpdatingActive => "updating-active",
            Self::Upgrading => "upgrading",
            Self::Upgraded => "upgraded",
            Self::FinishingUpgrade => "finishing-upgrade",
            Self::CancelingUpgrade => "canceling-upgrade",
            Self::RollingBack => "rolling-back",
        }
    }

    /// What comes of a PUT in this state.
    pub fn write(self) -> Write {
        match self {
            Self::Active | Self::Inactive => Write::Told,
            Self::Upgraded => Write::Stored,
            _ => Write::Conflict,
        }
    }
}
